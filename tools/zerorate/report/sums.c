/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/report/sums.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/record/record.h"
#include "tools/zerorate/ledger_files.h"

#define SQL_ROOM 1024
#define BUSY_MS  10000

struct zr_report_sums {
	sqlite3 *database; /* a temporary one, to which files are attached one at a time */
	enum zr_report_by by;
	char from[ZR_TIME_TEXT], to[ZR_TIME_TEXT];
};

static const char *const columns[] = {
#define X(id, name, column) column,
	ZR_REPORT_BY(X)
#undef X
};

const char *zr_report_by_name(enum zr_report_by by)
{
	static const char *const names[] = {
#define X(id, name, column) name,
		ZR_REPORT_BY(X)
#undef X
	};

	return names[by];
}

static bool failed(const struct zr_report_sums *sums, const char *path)
{
	fprintf(stderr, "zerorate report: %s: %s\n", path, sqlite3_errmsg(sums->database));
	return false;
}

static bool run(struct zr_report_sums *sums, const char *sql, const char *path)
{
	return sqlite3_exec(sums->database, sql, NULL, NULL, NULL) == SQLITE_OK || failed(sums, path);
}

struct zr_report_sums *zr_report_sums_make(enum zr_report_by by, uint64_t from_us, uint64_t to_us)
{
	struct zr_report_sums *sums = calloc(1, sizeof(*sums));

	if (sums == NULL) {
		fputs("zerorate report: no memory\n", stderr);
		return NULL;
	}
	sums->by = by;
	zr_time_format(from_us, sums->from);
	zr_time_format(to_us, sums->to);
	if (sqlite3_open_v2("", &sums->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, NULL) !=
	    SQLITE_OK) {
		failed(sums, "the temporary database");
		zr_report_sums_free(sums);
		return NULL;
	}
	sqlite3_busy_timeout(sums->database, BUSY_MS);
	if (!run(sums,
		 "CREATE TABLE sums (key TEXT, subscriber TEXT, records INTEGER, up_bytes INTEGER, down_bytes INTEGER);"
		 "CREATE TABLE lost (records INTEGER, up_bytes INTEGER, down_bytes INTEGER)",
		 "the temporary database")) {
		zr_report_sums_free(sums);
		return NULL;
	}
	return sums;
}

void zr_report_sums_free(struct zr_report_sums *sums)
{
	if (sums == NULL)
		return;
	sqlite3_close(sums->database);
	free(sums);
}

/* Run a statement whose parameters are the times, into its end. */
static bool run_between(struct zr_report_sums *sums, const char *sql, const char *path)
{
	sqlite3_stmt *statement = NULL;
	bool good = sqlite3_prepare_v2(sums->database, sql, -1, &statement, NULL) == SQLITE_OK;

	if (good) {
		sqlite3_bind_text(statement, 1, sums->from, -1, SQLITE_STATIC);
		sqlite3_bind_text(statement, 2, sums->to, -1, SQLITE_STATIC);
		good = sqlite3_step(statement) == SQLITE_DONE;
	}
	if (!good)
		failed(sums, path);
	sqlite3_finalize(statement);
	return good;
}

bool zr_report_sums_add(struct zr_report_sums *sums, const char *path)
{
	static const char lost[] =
		"INSERT INTO lost SELECT count(*), sum(up_bytes), sum(down_bytes) FROM ledger.records"
		" WHERE type = 'loss' AND verdict = 'free' AND last >= ?1 AND last < ?2";
	char sql[SQL_ROOM];
	bool good;

	if (!zr_ledger_attach(sums->database, path))
		return failed(sums, path);
	snprintf(sql, sizeof(sql),
		 "INSERT INTO sums SELECT %s, " ZR_LEDGER_WHO ", count(*), sum(up_bytes), sum(down_bytes) FROM "
		 "ledger.records"
		 " WHERE type = 'usage' AND verdict = 'free' AND last >= ?1 AND last < ?2 GROUP BY 1, 2",
		 columns[sums->by]);
	/* All of a file or nothing of it. */
	good = run(sums, "BEGIN", path) && run_between(sums, sql, path) && run_between(sums, lost, path);
	sqlite3_exec(sums->database, good ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL);
	return run(sums, "DETACH ledger", path) && good;
}

static struct zr_report_row row_of(sqlite3_stmt *statement)
{
	const char *key = (const char *)sqlite3_column_text(statement, 0);

	return (struct zr_report_row){
		.key = key != NULL ? key : "",
		.records = (uint64_t)sqlite3_column_int64(statement, 1),
		.subscribers = (uint64_t)sqlite3_column_int64(statement, 2),
		.up_bytes = (uint64_t)sqlite3_column_int64(statement, 3),
		.down_bytes = (uint64_t)sqlite3_column_int64(statement, 4),
	};
}

static bool select_rows(struct zr_report_sums *sums, const char *sql,
			void (*take)(void *arg, const struct zr_report_row *row), void *arg)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(sums->database, sql, -1, &statement, NULL);

	while (result == SQLITE_OK || result == SQLITE_ROW) {
		result = sqlite3_step(statement);
		if (result == SQLITE_ROW) {
			struct zr_report_row row = row_of(statement);

			take(arg, &row);
		}
	}
	if (result != SQLITE_DONE)
		failed(sums, "the temporary database");
	sqlite3_finalize(statement);
	return result == SQLITE_DONE;
}

bool zr_report_sums_rows(struct zr_report_sums *sums, void (*take)(void *arg, const struct zr_report_row *row),
			 void *arg)
{
	char sql[SQL_ROOM];

	snprintf(sql, sizeof(sql),
		 "SELECT key, sum(records), count(DISTINCT subscriber), sum(up_bytes), sum(down_bytes) FROM sums"
		 " GROUP BY key ORDER BY %s key",
		 sums->by == ZR_REPORT_HOUR ? "" : "sum(up_bytes) + sum(down_bytes) DESC,");
	return select_rows(sums, sql, take, arg);
}

static void keep_row(void *arg, const struct zr_report_row *row)
{
	struct zr_report_row *out = arg;

	*out = *row;
}

bool zr_report_sums_total(struct zr_report_sums *sums, struct zr_report_row *out)
{
	bool good = select_rows(sums,
				"SELECT NULL, sum(records), count(DISTINCT subscriber), sum(up_bytes), sum(down_bytes)"
				" FROM sums",
				keep_row, out);

	out->key = "total";
	return good;
}

bool zr_report_sums_lost(struct zr_report_sums *sums, struct zr_report_row *out)
{
	bool good = select_rows(sums, "SELECT NULL, sum(records), 0, sum(up_bytes), sum(down_bytes) FROM lost",
				keep_row, out);

	out->key = "lost";
	return good;
}

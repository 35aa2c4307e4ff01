/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/fraud/suspects.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/record/record.h"
#include "tools/zerorate/ledger_files.h"

#define BUSY_MS 10000

struct zr_suspects {
	sqlite3 *database; /* a temporary one, to which files are attached one at a time */
	enum zr_fraud_by by;
	char from[ZR_TIME_TEXT], to[ZR_TIME_TEXT];
	bool charged; /* a file had a charged flow's record */
};

/* What a record is suspected of: a free flow by its flag, a charged one by its reason. */
#define KIND                                                                                                \
	"CASE WHEN verdict = 'charged' THEN reason WHEN '|' || flags || '|' LIKE '%|spoof_suspect|%' THEN " \
	"'spoof_suspect' END"

#define ADD(column)                                                                                                    \
	"INSERT INTO suspects SELECT " column ", " KIND                                                                \
	", flow || ' ' || coalesce(epoch, '') || coalesce(gateway, '') || domain, verdict,"                            \
	" sum(up_bytes + down_bytes), max(last) FROM ledger.records WHERE type = 'usage' AND last >= ?1 AND last < ?2" \
	" AND (verdict = 'free' AND '|' || flags || '|' LIKE '%|spoof_suspect|%'"                                      \
	" OR verdict = 'charged' AND reason IN ('unlearned', 'spoof')) GROUP BY 1, 2, 3, 4"

static bool failed(const struct zr_suspects *suspects, const char *path)
{
	fprintf(stderr, "zerorate fraud: %s: %s\n", path, sqlite3_errmsg(suspects->database));
	return false;
}

static bool run(struct zr_suspects *suspects, const char *sql, const char *path)
{
	return sqlite3_exec(suspects->database, sql, NULL, NULL, NULL) == SQLITE_OK || failed(suspects, path);
}

struct zr_suspects *zr_suspects_make(enum zr_fraud_by by, uint64_t from_us, uint64_t to_us)
{
	struct zr_suspects *suspects = calloc(1, sizeof(*suspects));

	if (suspects == NULL) {
		fputs("zerorate fraud: no memory\n", stderr);
		return NULL;
	}
	suspects->by = by;
	zr_time_format(from_us, suspects->from);
	zr_time_format(to_us, suspects->to);
	if (sqlite3_open_v2("", &suspects->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI,
			    NULL) != SQLITE_OK) {
		failed(suspects, "the temporary database");
		zr_suspects_free(suspects);
		return NULL;
	}
	sqlite3_busy_timeout(suspects->database, BUSY_MS);
	if (!run(suspects,
		 "CREATE TABLE suspects (key TEXT, kind TEXT, flow TEXT, verdict TEXT, bytes INTEGER, last TEXT)",
		 "the temporary database")) {
		zr_suspects_free(suspects);
		return NULL;
	}
	return suspects;
}

void zr_suspects_free(struct zr_suspects *suspects)
{
	if (suspects == NULL)
		return;
	sqlite3_close(suspects->database);
	free(suspects);
}

static bool add(struct zr_suspects *suspects, const char *path)
{
	const char *sql = suspects->by == ZR_FRAUD_BY_RULE ? ADD("rule") : ADD(ZR_LEDGER_WHO);
	sqlite3_stmt *statement = NULL;
	bool good = sqlite3_prepare_v2(suspects->database, sql, -1, &statement, NULL) == SQLITE_OK;

	if (good) {
		sqlite3_bind_text(statement, 1, suspects->from, -1, SQLITE_STATIC);
		sqlite3_bind_text(statement, 2, suspects->to, -1, SQLITE_STATIC);
		good = sqlite3_step(statement) == SQLITE_DONE;
	}
	if (!good)
		failed(suspects, path);
	sqlite3_finalize(statement);
	return good;
}

/* Such records come in every file or in none, but for the one in which the configuration changed. */
static bool look_for_charged(struct zr_suspects *suspects, const char *path)
{
	sqlite3_stmt *statement = NULL;
	int result = SQLITE_ROW;

	if (!suspects->charged) {
		result = sqlite3_prepare_v2(
			suspects->database,
			"SELECT EXISTS (SELECT 1 FROM ledger.records WHERE type = 'usage' AND verdict = "
			"'charged')",
			-1, &statement, NULL);
		if (result == SQLITE_OK)
			result = sqlite3_step(statement);
		if (result == SQLITE_ROW)
			suspects->charged = sqlite3_column_int(statement, 0) != 0;
		sqlite3_finalize(statement);
	}
	return result == SQLITE_ROW || failed(suspects, path);
}

bool zr_suspects_charged(const struct zr_suspects *suspects)
{
	return suspects->charged;
}

bool zr_suspects_add(struct zr_suspects *suspects, const char *path)
{
	bool good;

	if (!zr_ledger_attach(suspects->database, path))
		return failed(suspects, path);
	/* One statement is all or nothing. */
	good = add(suspects, path) && look_for_charged(suspects, path);
	return run(suspects, "DETACH ledger", path) && good;
}

bool zr_suspects_each(struct zr_suspects *suspects, void (*take)(void *arg, const struct zr_suspect *suspect),
		      void *arg)
{
	static const char sql[] =
		"SELECT coalesce(key, ''), (SELECT group_concat(kind, '|') FROM (SELECT DISTINCT kind FROM suspects i"
		" WHERE i.key IS o.key ORDER BY kind)), max(last), count(DISTINCT flow),"
		" sum(iif(verdict = 'free', bytes, 0)), sum(iif(verdict = 'charged', bytes, 0)) FROM suspects o"
		" GROUP BY key ORDER BY sum(bytes) DESC, key";
	sqlite3_stmt *statement = NULL;
	int result = SQLITE_ERROR;

	if (run(suspects, "CREATE INDEX IF NOT EXISTS by_key ON suspects(key, kind)", "the temporary database"))
		result = sqlite3_prepare_v2(suspects->database, sql, -1, &statement, NULL);
	while (result == SQLITE_OK || result == SQLITE_ROW) {
		result = sqlite3_step(statement);
		if (result == SQLITE_ROW) {
			const struct zr_suspect suspect = {
				.key = (const char *)sqlite3_column_text(statement, 0),
				.kinds = (const char *)sqlite3_column_text(statement, 1),
				.last = (const char *)sqlite3_column_text(statement, 2),
				.flows = (uint64_t)sqlite3_column_int64(statement, 3),
				.free_bytes = (uint64_t)sqlite3_column_int64(statement, 4),
				.charged_bytes = (uint64_t)sqlite3_column_int64(statement, 5),
			};

			take(arg, &suspect);
		}
	}
	if (result != SQLITE_DONE)
		failed(suspects, "the temporary database");
	sqlite3_finalize(statement);
	return result == SQLITE_DONE;
}

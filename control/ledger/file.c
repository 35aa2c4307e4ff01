/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ledger/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/ledger/row.h"
#include "control/ledger/sql.h"
#include "control/record/record.h"

#define SQL_MAX 4096

/* Lengths and types of a row's header, a number of 8 bytes or its text per column: what the longest row adds to its texts. */
_Static_assert(ZR_RECORD_JSON_MAX + ZR_ROW_COLUMNS * (3 + 8) + 3 * 9 <= ZR_PAGE_BYTES - 35, "a row fits into a page");

/* Rows at the end of a file whose hashes are checked when it is opened; the others' are when they are read back. */
#define CHECKED_ROWS 1000

/* How often SQLite asks whether the time is over, in steps of its machine. */
#define STEPS_PER_QUESTION 10000

#define TEXT_OF(x)  #x
#define VERSION(x)  TEXT_OF(x)
#define PRAGMA_PAGE "PRAGMA page_size=" VERSION(ZR_PAGE_BYTES)

/* A protocol is a number or a word: its column must have no affinity that would make one of the other. */
static const char *column_type(enum zr_member member)
{
	switch (zr_member_form(member)) {
	case ZR_FORM_NUMBER:
	case ZR_FORM_BOOL:
		return member == ZR_MEMBER_SEQ ? " INTEGER PRIMARY KEY" : " INTEGER";
	case ZR_FORM_PROTO:
		return "";
	default:
		return " TEXT";
	}
}

static void create_sql(char out[SQL_MAX])
{
	char *at = out + sprintf(out, "CREATE TABLE records(");

	for (int i = 0; i < ZR_MEMBER_COUNT; i++)
		at += sprintf(at, "%s%s,", zr_member_column((enum zr_member)i), column_type((enum zr_member)i));
	sprintf(at, "checksum INTEGER);CREATE TABLE meta(name TEXT PRIMARY KEY,value) WITHOUT ROWID");
}

static int put_meta(sqlite3 *db, const struct zr_file_origin *origin)
{
	char epoch[ZR_TIME_TEXT], now[ZR_TIME_TEXT], sql[512];
	const char *const texts[] = {origin->gateway, epoch, now, origin->program, origin->salvaged_from};
	sqlite3_stmt *insert;
	int code;

	zr_time_format(origin->epoch_us, epoch);
	zr_time_format(origin->now_us, now);
	snprintf(sql, sizeof(sql),
		 "INSERT INTO meta VALUES('gateway',?1),('epoch',?2),('created',?3),('created_by',?4),"
		 "('salvaged_from',?5),('schema_version',%d),('epoch_us',%lld)",
		 ZR_SCHEMA_VERSION, (long long)origin->epoch_us);
	code = sqlite3_prepare_v2(db, sql, -1, &insert, NULL);
	for (int i = 0; i < 5 && code == SQLITE_OK; i++)
		code = sqlite3_bind_text(insert, i + 1, texts[i], -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(insert);
	sqlite3_finalize(insert);
	return zr_sql_errno(db, code);
}

static int fill_new(sqlite3 *db, const struct zr_file_origin *origin, int (*fill)(void *arg, sqlite3 *db), void *arg)
{
	char create[SQL_MAX];
	int err = zr_sql_run(
		db, PRAGMA_PAGE
		";PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA user_version=" VERSION(ZR_SCHEMA_VERSION));

	create_sql(create);
	if (err == 0)
		err = zr_sql_run(db, create);
	if (err == 0)
		err = put_meta(db, origin);
	if (err == 0 && fill != NULL)
		err = fill(arg, db);
	if (err == 0)
		err = zr_sql_errno(db, sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
	return err;
}

int zr_file_make(const struct zr_folder *folder, const char *name, const struct zr_file_origin *origin,
		 int (*fill)(void *arg, sqlite3 *db), void *arg)
{
	char path[PATH_MAX], unfinished[ZR_FILE_NAME_MAX + 8];
	sqlite3 *db = NULL;
	int err = zr_folder_path(folder, name, ".new", path, sizeof(path));

	snprintf(unfinished, sizeof(unfinished), "%s.new", name);
	if (err == 0)
		err = zr_folder_remove(folder, unfinished);
	if (err == 0)
		err = zr_sql_open(path, ZR_SQL_MAKE, &db);
	if (err == 0)
		err = fill_new(db, origin, fill, arg);
	sqlite3_close(db);
	if (err == 0)
		err = zr_folder_finish(folder, name);
	else
		zr_folder_remove(folder, unfinished);
	return err;
}

int zr_file_open_to_write(const struct zr_folder *folder, const char *name, bool synchronous_full, sqlite3 **out)
{
	char path[PATH_MAX];
	int err = zr_folder_path(folder, name, "", path, sizeof(path));

	if (err == 0)
		err = zr_sql_open(path, ZR_SQL_WRITE, out);
	if (err == 0)
		err = zr_sql_run(*out, synchronous_full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
	if (err == 0)
		err = zr_sql_run(*out, "PRAGMA wal_autocheckpoint=" VERSION(ZR_LOG_PAGES) ";PRAGMA cache_size=-8192");
	if (err != 0) {
		sqlite3_close(*out);
		*out = NULL;
	}
	return err;
}

int zr_file_open_to_read(const struct zr_folder *folder, const char *name, bool is_fixed, sqlite3 **out)
{
	char path[PATH_MAX];
	int err = zr_folder_path(folder, name, "", path, sizeof(path));

	return err == 0 ? zr_sql_open(path, is_fixed ? ZR_SQL_FIXED : ZR_SQL_READ, out) : err;
}

/* A version that is told twice, so that damage is not taken for news from the future. */
static int check_version(sqlite3 *db)
{
	uint64_t in_header, in_meta;
	int err = zr_sql_number(db, "PRAGMA user_version", &in_header);

	if (err == 0)
		err = zr_sql_number(db, "SELECT value FROM meta WHERE name='schema_version'", &in_meta);
	if (err == -ENOENT)
		err = -EBADMSG;
	if (err != 0)
		return err;
	if (in_header == in_meta && in_header > ZR_SCHEMA_VERSION && in_header <= INT32_MAX)
		return -EPROTO;
	return in_header == ZR_SCHEMA_VERSION && in_meta == ZR_SCHEMA_VERSION ? 0 : -EBADMSG;
}

/* The epoch as a number and as text must be the same one. */
static int read_epoch(sqlite3 *db, uint64_t *out_us)
{
	char text[ZR_TIME_TEXT], sql[128];
	uint64_t equal;
	int err = zr_sql_number(db, "SELECT value FROM meta WHERE name='epoch_us'", out_us);

	if (err == 0) {
		zr_time_format(*out_us, text);
		snprintf(sql, sizeof(sql), "SELECT value='%s' FROM meta WHERE name='epoch'", text);
		err = zr_sql_number(db, sql, &equal);
	}
	if (err == 0 && equal != 1)
		err = -EBADMSG;
	return err == -ENOENT ? -EBADMSG : err;
}

static int read_salvaged(sqlite3 *db, struct zr_file_facts *out)
{
	sqlite3_stmt *select;
	int code = sqlite3_prepare_v2(db, "SELECT value FROM meta WHERE name='salvaged_from'", -1, &select, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(select);
	if (code == SQLITE_ROW && sqlite3_column_type(select, 0) == SQLITE_TEXT) {
		out->is_salvaged = true;
		snprintf(out->salvaged_from, sizeof(out->salvaged_from), "%s",
			 (const char *)sqlite3_column_text(select, 0));
	}
	sqlite3_finalize(select);
	return code == SQLITE_ROW ? 0 : code == SQLITE_DONE ? -EBADMSG : zr_sql_errno(db, code);
}

int zr_file_facts(sqlite3 *db, struct zr_file_facts *out)
{
	uint64_t page_bytes = 0, count = 0;
	int err = check_version(db);

	memset(out, 0, sizeof(*out));
	if (err == 0)
		err = zr_sql_number(db, "PRAGMA page_size", &page_bytes);
	if (err == 0 && page_bytes != ZR_PAGE_BYTES)
		err = -EBADMSG;
	if (err == 0)
		err = read_epoch(db, &out->epoch_us);
	if (err == 0)
		err = read_salvaged(db, out);
	if (err == 0)
		err = zr_sql_number(db, "SELECT count(*) FROM (SELECT 1 FROM records LIMIT 1)", &count);
	if (err == 0 && count > 0)
		err = zr_sql_number(db, "SELECT min(seq) FROM records", &out->first);
	if (err == 0 && count > 0)
		err = zr_sql_number(db, "SELECT max(seq) FROM records", &out->last);
	if (err == 0 && count > 0 && (out->first == 0 || out->first > out->last || out->last > INT64_MAX))
		err = -EBADMSG;
	return err == -ENOENT ? -EBADMSG : err;
}

static uint64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int is_time_over(void *arg)
{
	const uint64_t *until_us = arg;

	return monotonic_us() > *until_us;
}

/* What is left unchecked when the time is over counts as sound. */
static int quick_check(sqlite3 *db, uint64_t limit_us)
{
	uint64_t until_us = monotonic_us() + limit_us, is_ok = 1;
	int err;

	sqlite3_progress_handler(db, STEPS_PER_QUESTION, is_time_over, &until_us);
	err = zr_sql_number(db, "SELECT quick_check='ok' FROM pragma_quick_check(1)", &is_ok);
	sqlite3_progress_handler(db, 0, NULL, NULL);
	if (err == -EINTR)
		return 0;
	return err == 0 && is_ok != 1 ? -EBADMSG : err;
}

static int check_last_rows(sqlite3 *db)
{
	char json[ZR_RECORD_JSON_MAX];
	struct zr_record record;
	sqlite3_stmt *select;
	uint64_t last, hash;
	int err = zr_sql_number(db, "SELECT max(seq) FROM records", &last);
	int code = SQLITE_DONE;

	if (err != 0)
		return err == -ENOENT ? 0 : err;
	err = zr_file_prepare_select(db, &select);
	if (err != 0)
		return err;
	sqlite3_bind_int64(select, 1, last > CHECKED_ROWS ? (sqlite3_int64)(last - CHECKED_ROWS) : 0);
	sqlite3_bind_int64(select, 2, (sqlite3_int64)last);
	while (err == 0 && (code = sqlite3_step(select)) == SQLITE_ROW) {
		if (!zr_row_read(select, &record, &hash) || zr_row_json(&record, hash, json) == 0)
			err = -EBADMSG;
	}
	if (err == 0)
		err = zr_sql_errno(db, code);
	sqlite3_finalize(select);
	return err;
}

int zr_file_check(sqlite3 *db, uint64_t limit_us)
{
	int err = quick_check(db, limit_us);

	return err == 0 ? check_last_rows(db) : err;
}

int zr_file_prepare_insert(sqlite3 *db, bool keep_first, sqlite3_stmt **out)
{
	char sql[SQL_MAX];
	char *at = sql + sprintf(sql, "INSERT %s INTO records VALUES(?", keep_first ? "OR IGNORE" : "");

	for (unsigned int i = 1; i < ZR_ROW_COLUMNS; i++)
		at += sprintf(at, ",?");
	sprintf(at, ")");
	return zr_sql_errno(db, sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL));
}

int zr_file_prepare_select(sqlite3 *db, sqlite3_stmt **out)
{
	const char *sql = "SELECT * FROM records WHERE seq>?1 AND seq<=?2 ORDER BY seq";
	int err = zr_sql_errno(db, sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL));

	if (err == 0 && sqlite3_column_count(*out) != ZR_ROW_COLUMNS) {
		sqlite3_finalize(*out);
		*out = NULL;
		err = -EBADMSG;
	}
	return err;
}

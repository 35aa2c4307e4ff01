/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ledger/cursors.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ledger/hash.h"
#include "control/ledger/sql.h"

#define VERSION 1

#define NUMBERS 10 /* columns of numbering that are numbers of ours, the epoch first */

static const char schema[] =
	"PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA user_version=1;"
	"CREATE TABLE cursors(consumer TEXT PRIMARY KEY,epoch_us INTEGER,seq INTEGER,epoch TEXT,checksum INTEGER) "
	"WITHOUT ROWID;"
	"CREATE TABLE numbering(epoch_us INTEGER PRIMARY KEY,high_water INTEGER,start INTEGER,clean INTEGER,alive_us "
	"INTEGER,"
	"last_total_seq INTEGER,free_up_bytes INTEGER,free_up_pkts INTEGER,free_down_bytes INTEGER,free_down_pkts "
	"INTEGER,"
	"epoch TEXT,checksum INTEGER);"
	"CREATE TABLE meta(name TEXT PRIMARY KEY,value) WITHOUT ROWID;INSERT INTO meta VALUES('schema_version',1)";

struct zr_cursors {
	sqlite3 *db;
	sqlite3_stmt *put_numbering, *put_cursor;
};

static void numbers_of(const struct zr_numbering *n, uint64_t out[NUMBERS])
{
	const struct zr_traffic *sum = &n->mark.free_since_total;
	const uint64_t numbers[NUMBERS] = {n->epoch_us,     n->high_water,          n->start,      n->is_clean,
					   n->alive_us,     n->mark.last_total_seq, sum->up_bytes, sum->up_pkts,
					   sum->down_bytes, sum->down_pkts};

	memcpy(out, numbers, sizeof(numbers));
}

static struct zr_numbering numbering_of(const uint64_t in[NUMBERS])
{
	return (struct zr_numbering){
		.epoch_us = in[0],
		.high_water = in[1],
		.start = (uint16_t)in[2],
		.is_clean = in[3] == 1,
		.alive_us = in[4],
		.mark = {.last_total_seq = in[5],
			 .free_since_total =
				 {.up_bytes = in[6], .up_pkts = in[7], .down_bytes = in[8], .down_pkts = in[9]}},
	};
}

static uint64_t cursor_hash(const char *consumer, const struct zr_position *position)
{
	char text[ZR_CONSUMER_MAX + 64];
	int len = snprintf(text, sizeof(text), "%.*s|%llu|%llu", ZR_CONSUMER_MAX, consumer,
			   (unsigned long long)position->epoch_us, (unsigned long long)position->seq);

	return zr_ledger_hash(text, (size_t)len);
}

int zr_cursors_numberings(struct zr_cursors *cursors, struct zr_numbering **out, unsigned int *count)
{
	uint64_t numbers[NUMBERS];
	struct zr_numbering *list;
	sqlite3_stmt *select;
	int code = sqlite3_prepare_v2(cursors->db, "SELECT * FROM numbering ORDER BY epoch_us", -1, &select, NULL);
	int err = zr_sql_errno(cursors->db, code);

	*out = NULL;
	*count = 0;
	while (err == 0 && (code = sqlite3_step(select)) == SQLITE_ROW) {
		for (int i = 0; i < NUMBERS; i++)
			numbers[i] = (uint64_t)sqlite3_column_int64(select, i);
		if (zr_ledger_hash(numbers, sizeof(numbers)) != (uint64_t)sqlite3_column_int64(select, NUMBERS + 1)) {
			err = -EBADMSG;
			break;
		}
		list = reallocarray(*out, *count + 1, sizeof(*list));
		if (list == NULL) {
			err = -ENOMEM;
			break;
		}
		list[(*count)++] = numbering_of(numbers);
		*out = list;
	}
	if (err == 0)
		err = zr_sql_errno(cursors->db, code);
	sqlite3_finalize(select);
	if (err != 0) {
		free(*out);
		*out = NULL;
	}
	return err;
}

int zr_cursors_find(struct zr_cursors *cursors, const char *consumer, struct zr_position *out)
{
	sqlite3_stmt *select;
	int code = sqlite3_prepare_v2(cursors->db, "SELECT epoch_us,seq,checksum FROM cursors WHERE consumer=?1", -1,
				      &select, NULL);
	int err;

	if (code == SQLITE_OK)
		code = sqlite3_bind_text(select, 1, consumer, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(select);
	err = code == SQLITE_DONE ? -ENOENT : zr_sql_errno(cursors->db, code);
	if (err == 0) {
		out->epoch_us = (uint64_t)sqlite3_column_int64(select, 0);
		out->seq = (uint64_t)sqlite3_column_int64(select, 1);
		if (cursor_hash(consumer, out) != (uint64_t)sqlite3_column_int64(select, 2))
			err = -EBADMSG;
	}
	sqlite3_finalize(select);
	return err;
}

/* Every cursor proves itself, also those of consumers that are no longer configured. */
static int check_cursors(struct zr_cursors *cursors)
{
	sqlite3_stmt *select;
	int code = sqlite3_prepare_v2(cursors->db, "SELECT consumer FROM cursors", -1, &select, NULL);
	int err = zr_sql_errno(cursors->db, code);

	while (err == 0 && (code = sqlite3_step(select)) == SQLITE_ROW) {
		const char *consumer = (const char *)sqlite3_column_text(select, 0);
		struct zr_position position;

		err = consumer != NULL ? zr_cursors_find(cursors, consumer, &position) : -EBADMSG;
	}
	if (err == 0)
		err = zr_sql_errno(cursors->db, code);
	sqlite3_finalize(select);
	return err == -ENOENT ? -EBADMSG : err;
}

static int check_version(sqlite3 *db)
{
	uint64_t in_header, in_meta;
	int err = zr_sql_number(db, "PRAGMA user_version", &in_header);

	if (err == 0)
		err = zr_sql_number(db, "SELECT value FROM meta WHERE name='schema_version'", &in_meta);
	if (err == 0 && in_header == in_meta && in_header > VERSION && in_header <= INT32_MAX)
		return -EPROTO;
	if (err == 0 && (in_header != VERSION || in_meta != VERSION))
		err = -EBADMSG;
	return err == -ENOENT ? -EBADMSG : err;
}

static int check(struct zr_cursors *cursors)
{
	struct zr_numbering *list = NULL;
	unsigned int count;
	uint64_t is_ok = 0;
	int err = zr_sql_number(cursors->db, "SELECT quick_check='ok' FROM pragma_quick_check(1)", &is_ok);

	if (err == 0)
		err = is_ok == 1 ? check_version(cursors->db) : -EBADMSG;
	if (err == 0)
		err = check_cursors(cursors);
	if (err == 0)
		err = zr_cursors_numberings(cursors, &list, &count);
	free(list);
	return err;
}

static int open_existing(const char *path, struct zr_cursors *cursors)
{
	static const char put_numbering[] = "INSERT OR REPLACE INTO numbering VALUES(?,?,?,?,?,?,?,?,?,?,?,?)";
	static const char put_cursor[] = "INSERT OR REPLACE INTO cursors VALUES(?,?,?,?,?)";
	int err = zr_sql_open(path, ZR_SQL_WRITE, &cursors->db);

	if (err == 0)
		err = check(cursors);
	if (err == 0)
		err = zr_sql_run(cursors->db, "PRAGMA synchronous=FULL");
	if (err == 0)
		err = zr_sql_errno(cursors->db,
				   sqlite3_prepare_v2(cursors->db, put_numbering, -1, &cursors->put_numbering, NULL));
	if (err == 0)
		err = zr_sql_errno(cursors->db,
				   sqlite3_prepare_v2(cursors->db, put_cursor, -1, &cursors->put_cursor, NULL));
	return err;
}

static void close_db(struct zr_cursors *cursors)
{
	sqlite3_finalize(cursors->put_numbering);
	sqlite3_finalize(cursors->put_cursor);
	sqlite3_close(cursors->db);
	memset(cursors, 0, sizeof(*cursors));
}

static int make(const struct zr_folder *folder)
{
	char path[PATH_MAX];
	sqlite3 *db = NULL;
	int err = zr_folder_path(folder, ZR_CURSORS_NAME, ".new", path, sizeof(path));

	if (err == 0)
		err = zr_folder_remove(folder, ZR_CURSORS_NAME ".new");
	if (err == 0)
		err = zr_sql_open(path, ZR_SQL_MAKE, &db);
	if (err == 0)
		err = zr_sql_run(db, schema);
	if (err == 0)
		err = zr_sql_errno(db, sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
	sqlite3_close(db);
	return err == 0 ? zr_folder_finish(folder, ZR_CURSORS_NAME) : err;
}

/* A damaged file must not be written to, not even by SQLite copying its log into it when it is closed. */
static int set_aside(const struct zr_folder *folder, struct zr_cursors *cursors, char aside[ZR_FILE_NAME_MAX])
{
	if (cursors->db != NULL)
		sqlite3_db_config(cursors->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	close_db(cursors);
	return zr_folder_set_aside(folder, ZR_CURSORS_NAME, aside);
}

int zr_cursors_open(const struct zr_folder *folder, struct zr_cursors **out, bool *is_new, char aside[ZR_FILE_NAME_MAX])
{
	struct zr_cursors *cursors = calloc(1, sizeof(*cursors));
	char path[PATH_MAX];
	int err = zr_folder_path(folder, ZR_CURSORS_NAME, "", path, sizeof(path));

	*is_new = false;
	aside[0] = '\0';
	if (cursors == NULL)
		return -ENOMEM;
	if (err == 0 && zr_folder_has(folder, ZR_CURSORS_NAME))
		err = open_existing(path, cursors);
	else if (err == 0)
		*is_new = true;
	if (err == -EBADMSG) {
		err = set_aside(folder, cursors, aside);
		*is_new = true;
	}
	if (err == 0 && *is_new) {
		err = make(folder);
		if (err == 0)
			err = open_existing(path, cursors);
	}
	if (err != 0) {
		zr_cursors_close(cursors);
		return err;
	}
	*out = cursors;
	return 0;
}

void zr_cursors_close(struct zr_cursors *cursors)
{
	if (cursors != NULL)
		close_db(cursors);
	free(cursors);
}

/* Run a statement whose texts were bound without a copy. */
static int run(sqlite3 *db, sqlite3_stmt *statement, int code)
{
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	sqlite3_reset(statement);
	return zr_sql_errno(db, code);
}

static int put_numbering(struct zr_cursors *cursors, const struct zr_numbering *numbering)
{
	char epoch[ZR_TIME_TEXT];
	uint64_t numbers[NUMBERS];
	int code = SQLITE_OK;

	numbers_of(numbering, numbers);
	zr_time_format(numbering->epoch_us, epoch);
	for (int i = 0; i < NUMBERS && code == SQLITE_OK; i++)
		code = sqlite3_bind_int64(cursors->put_numbering, i + 1, (sqlite3_int64)numbers[i]);
	if (code == SQLITE_OK)
		code = sqlite3_bind_text(cursors->put_numbering, NUMBERS + 1, epoch, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_bind_int64(cursors->put_numbering, NUMBERS + 2,
					  (sqlite3_int64)zr_ledger_hash(numbers, sizeof(numbers)));
	return run(cursors->db, cursors->put_numbering, code);
}

static int put_cursor(struct zr_cursors *cursors, const struct zr_cursor *cursor)
{
	char epoch[ZR_TIME_TEXT];
	sqlite3_stmt *put = cursors->put_cursor;
	int code = sqlite3_bind_text(put, 1, cursor->consumer, -1, SQLITE_STATIC);

	zr_time_format(cursor->acked.epoch_us, epoch);
	if (code == SQLITE_OK)
		code = sqlite3_bind_int64(put, 2, (sqlite3_int64)cursor->acked.epoch_us);
	if (code == SQLITE_OK)
		code = sqlite3_bind_int64(put, 3, (sqlite3_int64)cursor->acked.seq);
	if (code == SQLITE_OK)
		code = sqlite3_bind_text(put, 4, epoch, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_bind_int64(put, 5, (sqlite3_int64)cursor_hash(cursor->consumer, &cursor->acked));
	return run(cursors->db, put, code);
}

int zr_cursors_save(struct zr_cursors *cursors, const struct zr_numbering *numbering, const struct zr_cursor *list,
		    unsigned int count)
{
	int err = zr_sql_run(cursors->db, "BEGIN IMMEDIATE");

	if (err != 0)
		return err;
	err = put_numbering(cursors, numbering);
	for (unsigned int i = 0; i < count && err == 0; i++) {
		if (list[i].acked.epoch_us != list[i].kept.epoch_us || list[i].acked.seq != list[i].kept.seq)
			err = put_cursor(cursors, &list[i]);
	}
	if (err == 0)
		err = zr_sql_run(cursors->db, "COMMIT");
	if (err != 0)
		sqlite3_exec(cursors->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

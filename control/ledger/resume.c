/* SPDX-License-Identifier: BSD-3-Clause */
/* After a kill: the records that the totals which it interrupted are made of. */
#include <string.h>

#include "control/ledger/row.h"
#include "control/ledger/sql.h"
#include "control/ledger/state.h"

/* The gateway's last free total before ?1. */
static const char last_total[] =
	"SELECT seq FROM records WHERE seq<?1 AND type='total' AND verdict='free' AND rule IS NULL AND "
	"subscriber_ip IS NULL ORDER BY seq DESC LIMIT 1";

/* *seq: that of the gateway's last free total in a file before number `before`; 0 when there is none. */
static int find_total(sqlite3 *db, uint64_t before, uint64_t *seq)
{
	sqlite3_stmt *select;
	int code;

	*seq = 0;
	if (sqlite3_prepare_v2(db, last_total, -1, &select, NULL) != SQLITE_OK)
		return zr_sql_errno(db, sqlite3_errcode(db));
	sqlite3_bind_int64(select, 1, (sqlite3_int64)before);
	code = sqlite3_step(select);
	if (code == SQLITE_ROW) {
		*seq = (uint64_t)sqlite3_column_int64(select, 0);
		code = SQLITE_DONE;
	}
	sqlite3_finalize(select);
	return zr_sql_errno(db, code);
}

/* Hand over the rows of a file behind a number up to another one that are what they were written as. */
static int hand_over(const struct zr_ledger *l, sqlite3 *db, uint64_t after, uint64_t last)
{
	char json[ZR_RECORD_JSON_MAX];
	struct zr_record record;
	sqlite3_stmt *select;
	uint64_t hash;
	int code, err = zr_file_prepare_select(db, &select);

	if (err != 0)
		return err;
	sqlite3_bind_int64(select, 1, (sqlite3_int64)after);
	sqlite3_bind_int64(select, 2, (sqlite3_int64)last);
	while ((code = sqlite3_step(select)) == SQLITE_ROW)
		if (zr_row_read(select, &record, &hash) && zr_row_json(&record, hash, json) > 0)
			l->config.resume(l->config.resume_arg, &record);
	sqlite3_finalize(select);
	return zr_sql_errno(db, code);
}

static int open_file(const struct zr_ledger *l, const struct zr_file *file, sqlite3 **out)
{
	return zr_file_open_to_read(&l->folder, file->name, zr_folder_log_bytes(&l->folder, file->name) == 0, out);
}

/*
 * Behind which number to begin: the gateway's last free total but one, so that a handing-out that was interrupted is complete;
 * when it is no longer kept, the last one; when there was none, the beginning.
 */
static int find_begin(const struct zr_ledger *l, uint64_t last_total_seq, uint64_t *after)
{
	int err = 0;

	*after = 0;
	for (unsigned int i = l->index.count; i > 0 && err == 0 && *after == 0 && last_total_seq > 0; i--) {
		const struct zr_file *file = l->index.files[i - 1];
		sqlite3 *db;

		if (file->epoch_us != l->epoch_us || file->last < file->first || file->first >= last_total_seq)
			continue;
		err = open_file(l, file, &db);
		if (err == 0)
			err = find_total(db, last_total_seq, after);
		sqlite3_close(db);
		if (err == 0 && *after == 0 && file->first == 1)
			return 0;
	}
	if (*after == 0)
		*after = last_total_seq;
	return err;
}

void zr_ledger_resume(struct zr_ledger *l, const struct zr_ledger_start *start)
{
	const struct zr_file *file;
	uint64_t after, last;
	int err;

	if (l->config.resume == NULL || !start->was_killed || start->new_epoch)
		return;
	err = find_begin(l, l->writer.numbering.mark.last_total_seq, &after);
	/* Each number once, though a salvaged file may also have rows that were begun there and written elsewhere. */
	while (err == 0 && (file = zr_index_find(&l->index, l->epoch_us, after, &last)) != NULL) {
		sqlite3 *db;

		err = open_file(l, file, &db);
		if (err == 0)
			err = hand_over(l, db, after, last);
		sqlite3_close(db);
		after = last;
	}
	if (err != 0)
		zr_ledger_say(l, true, "totals do not go on: the records before the kill cannot be read: %s",
			      strerror(-err));
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The file that is written, the writer thread's: entered, left, its write-ahead log begun anew. */
#include <errno.h>

#include "control/ledger/sql.h"
#include "control/ledger/state.h"

/* Copy the log into the file and empty it; -EBUSY while a snapshot of somebody's needs it. */
static int empty_log(sqlite3 *db)
{
	sqlite3_busy_timeout(db, 0);
	return zr_sql_errno(db, sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
}

void zr_ledger_leave_file(struct zr_ledger *l)
{
	struct zr_writer *w = &l->writer;
	uint64_t log_bytes;

	if (w->file == NULL)
		return;
	sqlite3_finalize(w->insert);
	w->insert = NULL;
	empty_log(w->db);
	sqlite3_close(w->db);
	w->db = NULL;
	log_bytes = zr_folder_log_bytes(&l->folder, w->file->name);
	pthread_mutex_lock(&l->lock);
	w->file->is_closed = true;
	w->file->log_bytes = log_bytes;
	pthread_mutex_unlock(&l->lock);
	w->file = NULL;
}

/* Somebody found damage in the file: it is left, also when this run has not begun to write to it. */
void zr_ledger_leave_for_good(struct zr_ledger *l)
{
	struct zr_file *newest;

	zr_ledger_leave_file(l);
	pthread_mutex_lock(&l->lock);
	newest = zr_index_newest(&l->index, l->epoch_us);
	if (newest != NULL)
		newest->is_closed = true;
	pthread_mutex_unlock(&l->lock);
	zr_ledger_tell(l);
}

static int enter_file(struct zr_ledger *l, struct zr_file *file)
{
	struct zr_writer *w = &l->writer;
	int err = zr_file_open_to_write(&l->folder, file->name, l->config.synchronous_full, &w->db);

	if (err == 0)
		err = zr_file_prepare_insert(w->db, false, &w->insert);
	if (err != 0) {
		sqlite3_close(w->db);
		w->db = NULL;
		return err;
	}
	w->file = file;
	return 0;
}

/*
 * Go on with the file of an earlier run. Its log is emptied first: what a killed run had begun to write there bears numbers
 * that are given again.
 */
static int go_on(struct zr_ledger *l, struct zr_file *file)
{
	int err = enter_file(l, file);

	if (err == 0)
		err = empty_log(l->writer.db);
	if (err == 0)
		sqlite3_busy_timeout(l->writer.db, 1000);
	return err;
}

static int new_file(struct zr_ledger *l, uint64_t first, uint64_t now_us)
{
	const struct zr_file_origin origin = {
		.gateway = l->config.gateway, .program = l->config.program, .epoch_us = l->epoch_us, .now_us = now_us};
	struct zr_file file = {.epoch_us = l->epoch_us, .first = first, .last = first - 1}, *added;
	int err = zr_folder_free_name(&l->folder, now_us, file.name);

	if (err == 0)
		err = zr_file_make(&l->folder, file.name, &origin, NULL, NULL);
	if (err != 0)
		return err;
	pthread_mutex_lock(&l->lock);
	added = zr_index_add(&l->index, &file);
	pthread_mutex_unlock(&l->lock);
	return added != NULL ? enter_file(l, added) : -ENOMEM;
}

/* The file that takes a batch: the hour's. */
int zr_ledger_choose_file(struct zr_ledger *l, uint64_t first)
{
	uint64_t now_us = zr_ledger_now_us(l);
	struct zr_file *newest;
	bool is_wanted;

	if (l->writer.file != NULL && (l->writer.is_over || !zr_file_is_of_hour(l->writer.file->name, now_us)))
		zr_ledger_leave_file(l);
	if (l->writer.file != NULL)
		return 0;
	pthread_mutex_lock(&l->lock);
	newest = zr_index_newest(&l->index, l->epoch_us);
	is_wanted = newest != NULL && !newest->is_closed && !newest->is_salvaged && !l->writer.is_over &&
		    zr_file_is_of_hour(newest->name, now_us);
	l->writer.is_over = false;
	if (newest != NULL && !is_wanted)
		newest->is_closed = true;
	pthread_mutex_unlock(&l->lock);
	if (is_wanted) {
		if (go_on(l, newest) == 0)
			return 0;
		zr_ledger_leave_file(l);
		pthread_mutex_lock(&l->lock);
		newest->is_closed = true;
		pthread_mutex_unlock(&l->lock);
	}
	return new_file(l, first, now_us);
}

/*
 * Our own reader must not keep the log from being begun anew: when it has grown, the reader pauses once. (A foreign reader
 * cannot be asked.)
 */
void zr_ledger_begin_log_anew(struct zr_ledger *l)
{
	if (zr_folder_log_bytes(&l->folder, l->writer.file->name) < (uint64_t)2 * ZR_LOG_PAGES * ZR_PAGE_BYTES)
		return;
	pthread_mutex_lock(&l->lock);
	l->is_paused = true;
	while (l->is_reading)
		pthread_cond_wait(&l->turn, &l->lock);
	pthread_mutex_unlock(&l->lock);

	sqlite3_busy_timeout(l->writer.db, 0);
	sqlite3_wal_checkpoint_v2(l->writer.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(l->writer.db, 1000);

	pthread_mutex_lock(&l->lock);
	l->is_paused = false;
	pthread_cond_broadcast(&l->turn);
	pthread_mutex_unlock(&l->lock);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The writer thread: batches into the hour's file, then the numbering and the cursors into cursors.db, then the next. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/ledger/row.h"
#include "control/ledger/sql.h"
#include "control/ledger/state.h"

#define US_PER_S     1000000ULL
#define LOOK_US      US_PER_S /* the folder is looked after, and the time noted, that often */
#define RETRY_US     (US_PER_S / 10)
#define RETRY_MAX_US (5 * US_PER_S)
#define CLOSE_US     (5 * US_PER_S) /* how long a closing ledger tries to write */

/* What the bytes of a batch are on the disk at most: in the log, and in the file. */
#define DISK_FACTOR 2
#define DISK_EXTRA  ((uint64_t)64 * ZR_PAGE_BYTES)

static void set_state(struct zr_ledger *l, enum zr_ledger_state state, const char *text)
{
	bool is_new;

	pthread_mutex_lock(&l->lock);
	is_new = l->status.state != state;
	l->status.state = state;
	snprintf(l->status.error, sizeof(l->status.error), "%s", text);
	pthread_mutex_unlock(&l->lock);
	if (!is_new)
		return;
	if (state == ZR_LEDGER_OK)
		zr_ledger_say(l, false, "the ledger is written again");
	else if (state == ZR_LEDGER_CRAMPED)
		zr_ledger_say(
			l, true,
			"the ledger has reached its disk limit: acknowledged records go before their time; give it "
			"more room or a shorter retention");
	else
		zr_ledger_say(l, true, "the ledger cannot be written: %s", text);
	zr_ledger_tell(l);
}

static void set_good_state(struct zr_ledger *l)
{
	bool is_cramped = l->writer.cramped_us != 0;

	set_state(l, is_cramped ? ZR_LEDGER_CRAMPED : ZR_LEDGER_OK, "");
}

static int put_rows(struct zr_ledger *l, const struct zr_batch *batch)
{
	struct zr_writer *w = &l->writer;
	struct zr_record record;
	uint64_t hash;
	int err = zr_sql_run(w->db, "BEGIN IMMEDIATE");

	if (err != 0)
		return err;
	for (size_t at = 0; at < batch->used && err == 0;) {
		at = zr_batch_get(batch, at, &record, &hash);
		err = zr_row_bind(w->insert, &record, hash);
		if (err == 0)
			err = zr_sql_errno(w->db, sqlite3_step(w->insert));
		sqlite3_reset(w->insert);
	}
	if (err == 0)
		err = zr_sql_run(w->db, "COMMIT");
	if (err != 0)
		sqlite3_exec(w->db, "ROLLBACK", NULL, NULL, NULL);
	return err;
}

int zr_ledger_save(struct zr_ledger *l, struct zr_numbering numbering)
{
	struct zr_cursor *copies = NULL;
	int err;

	numbering.alive_us = zr_ledger_now_us(l);
	if (l->cursor_count > 0) {
		copies = calloc(l->cursor_count, sizeof(*copies));
		if (copies == NULL)
			return -ENOMEM;
		pthread_mutex_lock(&l->lock);
		memcpy(copies, l->cursors, l->cursor_count * sizeof(*copies));
		l->acks_due = false;
		pthread_mutex_unlock(&l->lock);
	}
	err = zr_cursors_save(l->writer.cursors, &numbering, copies, l->cursor_count);
	pthread_mutex_lock(&l->lock);
	for (unsigned int i = 0; i < l->cursor_count; i++) {
		if (err == 0)
			l->cursors[i].kept = copies[i].acked;
		else
			l->acks_due = true;
	}
	pthread_mutex_unlock(&l->lock);
	free(copies);
	if (err == 0)
		l->writer.numbering = numbering;
	return err;
}

static int write_batch(struct zr_ledger *l, const struct zr_batch *batch)
{
	struct zr_writer *w = &l->writer;
	struct zr_numbering numbering = w->numbering;
	int err;

	if (!w->has_rows) {
		if (!zr_ledger_make_room(l, batch->used * DISK_FACTOR + DISK_EXTRA, false))
			return -EDQUOT;
		err = zr_ledger_choose_file(l, batch->first);
		if (err == 0)
			zr_ledger_begin_log_anew(l);
		if (err == 0)
			err = put_rows(l, batch);
		if (err == -EBADMSG || err == -EBUSY) /* damaged, or locked by somebody: the rest goes elsewhere */
			zr_ledger_leave_file(l);
		if (err != 0)
			return err;
		w->has_rows = true;
		w->put_bytes += batch->used * DISK_FACTOR;
	}
	numbering.high_water = batch->last;
	numbering.mark = batch->mark;
	return zr_ledger_save(l, numbering);
}

/* A batch is durable: its memory goes back, consumers may see it. */
static void batch_done(struct zr_ledger *l, struct zr_batch *batch, uint64_t began_us)
{
	uint64_t took_us = zr_ledger_monotonic_us() - began_us, last = batch->last;

	l->writer.has_rows = false;
	pthread_mutex_lock(&l->lock);
	zr_batch_clear(batch);
	l->writer.file->last = last;
	l->handed = l->last;
	l->last = NULL;
	l->status.batches++;
	l->status.commit_us_last = took_us;
	if (took_us > l->status.commit_us_max)
		l->status.commit_us_max = took_us;
	atomic_store(&l->committed, last);
	pthread_mutex_unlock(&l->lock);
	zr_ledger_tell(l);
}

static void failed(struct zr_ledger *l, int err)
{
	struct zr_writer *w = &l->writer;
	uint64_t wait_us = RETRY_US << (w->failures < 6 ? w->failures : 6);
	char text[ZR_LEDGER_TEXT_MAX];

	w->failures++;
	w->retry_us = zr_ledger_monotonic_us() + (wait_us < RETRY_MAX_US ? wait_us : RETRY_MAX_US);
	if (err == -ENOSPC && zr_ledger_make_room(l, 0, true)) {
		w->retry_us = 0;
		return;
	}
	if (err == -EDQUOT)
		snprintf(text, sizeof(text),
			 "its disk limit of %llu bytes is reached, and what is there is not acknowledged by every "
			 "consumer; let them catch up, or raise disk_limit",
			 (unsigned long long)l->config.disk_limit_bytes);
	else
		snprintf(text, sizeof(text), "%s: %s; it is tried again", l->config.folder, zr_sql_why(err));
	set_state(l, err == -EDQUOT || err == -ENOSPC ? ZR_LEDGER_FULL : ZR_LEDGER_FAILING, text);
}

static void try_batch(struct zr_ledger *l, struct zr_batch *batch)
{
	uint64_t began_us = zr_ledger_monotonic_us();
	int err = write_batch(l, batch);

	if (err != 0) {
		failed(l, err);
		return;
	}
	l->writer.failures = 0;
	l->writer.retry_us = 0;
	batch_done(l, batch, began_us);
	set_good_state(l);
}

/* What is acknowledged, and that we are alive, without a batch. */
static void try_save(struct zr_ledger *l)
{
	int err = zr_ledger_save(l, l->writer.numbering);
	bool is_waiting;

	if (err != 0) {
		failed(l, err);
	} else if (l->writer.failures > 0) {
		l->writer.failures = 0;
		l->writer.retry_us = 0;
		pthread_mutex_lock(&l->lock);
		is_waiting = l->handed != NULL;
		pthread_mutex_unlock(&l->lock);
		if (!is_waiting)
			set_good_state(l);
	}
}

struct wishes {
	struct zr_batch *batch;
	bool save, leave, look, stop;
};

/* Wait for something to do. */
static struct wishes wait_for_work(struct zr_ledger *l)
{
	struct wishes wishes;

	pthread_mutex_lock(&l->lock);
	for (;;) {
		uint64_t now_us = zr_ledger_monotonic_us(), until_us = l->writer.look_us;
		bool may_write = now_us >= l->writer.retry_us;
		struct timespec until;

		wishes = (struct wishes){.batch = may_write ? l->handed : NULL,
					 .save = may_write && l->acks_due,
					 .leave = l->leave_file,
					 .look = now_us >= l->writer.look_us,
					 .stop = l->stop};
		if (wishes.batch != NULL || wishes.save || wishes.leave || wishes.look || wishes.stop)
			break;
		if (!may_write && l->writer.retry_us < until_us)
			until_us = l->writer.retry_us;
		until = (struct timespec){.tv_sec = (time_t)(until_us / US_PER_S),
					  .tv_nsec = (long)(until_us % US_PER_S * 1000)};
		pthread_cond_timedwait(&l->work, &l->lock, &until);
	}
	l->leave_file = false;
	pthread_mutex_unlock(&l->lock);
	return wishes;
}

/* The end: all that was handed over, as long as the disk takes it within the time, and that it was the end. */
static void finish(struct zr_ledger *l)
{
	uint64_t until_us = zr_ledger_monotonic_us() + CLOSE_US;
	struct zr_numbering numbering;

	/* What was acknowledged last may make the room that the last batch needs; a refusal shows again below. */
	zr_ledger_save(l, l->writer.numbering);
	while (l->handed != NULL && zr_ledger_monotonic_us() < until_us) {
		try_batch(l, l->handed);
		if (l->writer.failures > 0) {
			struct timespec pause = {.tv_nsec = RETRY_US * 1000};

			nanosleep(&pause, NULL);
		}
	}
	zr_ledger_leave_file(l);
	numbering = l->writer.numbering;
	numbering.is_clean = l->handed == NULL;
	zr_ledger_save(l, numbering);
}

void *zr_ledger_write_thread(void *arg)
{
	struct zr_ledger *l = arg;

	zr_ledger_look_after(l);
	for (;;) {
		struct wishes wishes = wait_for_work(l);

		if (wishes.stop)
			break;
		if (wishes.leave && !l->writer.has_rows)
			zr_ledger_leave_for_good(l);
		/* A batch keeps the acknowledgements as well; one that finds no room needs them first. */
		if (wishes.save && (wishes.batch == NULL || l->writer.failures > 0))
			try_save(l);
		if (wishes.batch != NULL)
			try_batch(l, wishes.batch);
		if (wishes.look) {
			if (zr_ledger_monotonic_us() >= l->writer.retry_us)
				try_save(l);
			zr_ledger_look_after(l);
			l->writer.look_us = zr_ledger_monotonic_us() + LOOK_US;
		}
	}
	finish(l);
	return NULL;
}

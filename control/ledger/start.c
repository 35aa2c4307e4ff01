/* SPDX-License-Identifier: BSD-3-Clause */
/* The start: how the numbering goes on with what the files and cursors.db know. */
#include "control/ledger/start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control/ledger/row.h"
#include "control/ledger/sql.h"

/* So many rows back the number of the last start is looked for. */
#define START_ROWS 100000

/* Make room for one more epoch. */
static int add_epoch(struct zr_ledger *l, const struct zr_numbering *numbering)
{
	struct zr_numbering *list = reallocarray(l->epochs, l->epoch_count + 1, sizeof(*list));
	unsigned int at;

	if (list == NULL)
		return -ENOMEM;
	l->epochs = list;
	for (at = l->epoch_count++; at > 0 && list[at - 1].epoch_us > numbering->epoch_us; at--)
		list[at] = list[at - 1];
	list[at] = *numbering;
	return 0;
}

/* What the files know of epochs and cursors.db does not: the epoch, or that its numbers go on. */
static int merge_epochs(struct zr_ledger *l)
{
	int err = 0;

	for (unsigned int i = 0; i < l->index.count && err == 0; i++) {
		const struct zr_file *file = l->index.files[i];
		unsigned int at = 0;

		while (at < l->epoch_count && l->epochs[at].epoch_us != file->epoch_us)
			at++;
		if (at == l->epoch_count)
			err = add_epoch(l,
					&(struct zr_numbering){.epoch_us = file->epoch_us, .high_water = file->last});
		else if (file->last > l->epochs[at].high_water)
			l->epochs[at].high_water = file->last;
	}
	return err;
}

/* The number of the last start that left a flow's record in the file; 0 when none did. */
static uint16_t last_start(sqlite3 *db, uint64_t last)
{
	char sql[200];
	sqlite3_stmt *select;
	uint16_t start = 0;

	snprintf(sql, sizeof(sql),
		 "SELECT flow FROM records WHERE flow IS NOT NULL AND seq>%llu ORDER BY seq DESC LIMIT 1",
		 (unsigned long long)(last > START_ROWS ? last - START_ROWS : 0));
	if (sqlite3_prepare_v2(db, sql, -1, &select, NULL) != SQLITE_OK)
		return 0;
	if (sqlite3_step(select) == SQLITE_ROW && sqlite3_column_type(select, 0) == SQLITE_TEXT &&
	    sqlite3_column_bytes(select, 0) == 16) {
		char digits[5] = "";

		memcpy(digits, sqlite3_column_text(select, 0), 4);
		start = (uint16_t)strtoul(digits, NULL, 16);
	}
	sqlite3_finalize(select);
	return start;
}

/* Bring the mark from the high-water mark of cursors.db to the end of the file: a killed run may have got that far. */
static int catch_up(sqlite3 *db, struct zr_numbering *numbering, uint64_t last)
{
	struct zr_record record;
	sqlite3_stmt *select;
	int code, err = zr_file_prepare_select(db, &select);
	uint64_t hash;

	if (err != 0)
		return err;
	sqlite3_bind_int64(select, 1, (sqlite3_int64)numbering->high_water);
	sqlite3_bind_int64(select, 2, (sqlite3_int64)last);
	while ((code = sqlite3_step(select)) == SQLITE_ROW) {
		if (zr_row_read(select, &record, &hash))
			zr_mark_add(&numbering->mark, &record);
	}
	sqlite3_finalize(select);
	numbering->high_water = last;
	return zr_sql_errno(db, code);
}

/* Go on with an epoch, whose newest file is sound. */
static int go_on(struct zr_ledger *l, struct zr_numbering *numbering, struct zr_file *newest)
{
	sqlite3 *db = NULL;
	uint16_t start;
	int err = 0;

	if (newest != NULL) {
		err = zr_file_open_to_read(&l->folder, newest->name, newest->log_bytes == 0, &db);
		if (err != 0)
			return err;
		start = last_start(db, newest->last);
		if (start > numbering->start)
			numbering->start = start;
		if (newest->last > numbering->high_water)
			err = catch_up(db, numbering, newest->last);
		sqlite3_close(db);
		newest->is_closed = newest->is_salvaged;
	}
	numbering->start++;
	return err;
}

/* Not for damage, and so with no loss. */
static const char starts_used_up[] = "the numbers of starts are used up";

/* Why a new epoch must begin; NULL: the last one goes on. */
static const char *reason_for_epoch(const struct zr_found *found, const struct zr_numbering *known,
				    const struct zr_file *newest)
{
	if (!found->has_cursors)
		return ZR_CURSORS_NAME " was damaged or missing";
	if (known == NULL)
		return ZR_CURSORS_NAME " does not know the newest records";
	if (found->newest_is_damaged)
		return "the newest file was damaged";
	if ((newest != NULL ? newest->last : 0) < known->high_water)
		return "the newest records are missing";
	if (known->start == UINT16_MAX)
		return starts_used_up;
	return NULL;
}

/* When the last file was written: all that is known when cursors.db is not. */
static uint64_t written_us(const struct zr_ledger *l)
{
	const struct zr_file *file = l->index.count > 0 ? l->index.files[l->index.count - 1] : NULL;
	char path[4096];
	struct stat st;

	if (file == NULL || zr_folder_path(&l->folder, file->name, "", path, sizeof(path)) != 0 || stat(path, &st) != 0)
		return 0;
	return (uint64_t)st.st_mtim.tv_sec * 1000000 + (uint64_t)st.st_mtim.tv_nsec / 1000;
}

/* Decide how the numbering goes on; the current epoch becomes the last of epochs. */
static int number(struct zr_ledger *l, struct zr_found *found, struct zr_ledger_start *start)
{
	struct zr_numbering current = {0}, *last = NULL;
	uint64_t now_us = zr_ledger_now_us(l), newest_us = 0;
	struct zr_file *newest;
	const char *reason;
	int err = 0;

	if (l->index.count > 0)
		newest_us = l->index.files[l->index.count - 1]->epoch_us;
	if (l->epoch_count > 0) {
		last = &l->epochs[l->epoch_count - 1];
		if (last->epoch_us >= newest_us)
			newest_us = last->epoch_us;
		else
			last = NULL;
	}
	newest = zr_index_newest(&l->index, newest_us);
	reason = reason_for_epoch(found, last, newest);
	if (newest_us != 0) {
		start->was_killed = last == NULL || !last->is_clean;
		start->away_from_us = last != NULL ? last->alive_us : written_us(l);
		start->away_to_us = now_us;
		if (start->away_from_us > now_us)
			start->away_from_us = now_us;
	}
	if (reason == NULL) {
		current = *last;
		err = go_on(l, &current, newest);
		*last = current;
	}
	if (err == 0)
		err = merge_epochs(l);
	if (err == 0 && reason != NULL) {
		current = (struct zr_numbering){.epoch_us = now_us > newest_us ? now_us : newest_us + 1};
		start->new_epoch = true;
		start->damaged = newest_us != 0 && reason != starts_used_up;
		if (newest_us != 0)
			zr_ledger_say(l, true, "a new epoch of the numbering begins: %s", reason);
		err = add_epoch(l, &current);
	}
	current.is_clean = false;
	l->writer.numbering = current;
	l->epoch_us = current.epoch_us;
	return err;
}

/* Where the consumers stand. Who is new begins with the oldest record that is kept. */
static int place_cursors(struct zr_ledger *l, const struct zr_found *found)
{
	const struct zr_file *oldest = l->index.count > 0 ? l->index.files[0] : NULL;

	l->cursor_count = l->config.consumer_count;
	l->cursors = calloc(l->cursor_count + 1, sizeof(*l->cursors));
	if (l->cursors == NULL)
		return -ENOMEM;
	for (unsigned int i = 0; i < l->cursor_count; i++) {
		struct zr_cursor *cursor = &l->cursors[i];
		int err;

		snprintf(cursor->consumer, sizeof(cursor->consumer), "%s", l->config.consumers[i]);
		err = zr_cursors_find(l->writer.cursors, cursor->consumer, &cursor->kept);
		if (err != 0 && err != -ENOENT)
			return err;
		cursor->acked = cursor->kept;
		if (err == 0)
			continue;
		cursor->kept = (struct zr_position){0};
		cursor->acked.epoch_us = oldest != NULL ? oldest->epoch_us : l->epoch_us;
		cursor->acked.seq = oldest != NULL ? oldest->first - 1 : l->writer.numbering.high_water;
		/* It may have been a known one: what is not there is told to be lost. */
		if (oldest != NULL && !found->has_cursors)
			cursor->acked.seq = 0;
	}
	return 0;
}

static int say(int err, const char *folder, char *error, size_t room)
{
	if (err == -EPROTO)
		snprintf(error, room,
			 "%s: its files are of a newer version of zerorate; install that one, or give an empty folder",
			 folder);
	else
		snprintf(error, room, "%s: %s", folder, zr_sql_why(err));
	return err;
}

int zr_ledger_look(struct zr_ledger *l, struct zr_ledger_start *start, char *error, size_t error_room)
{
	struct zr_found found = {0};
	char aside[ZR_FILE_NAME_MAX];
	bool is_new = false;
	int err = zr_cursors_open(&l->folder, &l->writer.cursors, &is_new, aside);

	if (err == 0 && aside[0] != '\0')
		zr_ledger_say(l, true, "%s is damaged: set aside as %s; consumers get again what is kept",
			      ZR_CURSORS_NAME, aside);
	found.has_cursors = !is_new;
	if (err == 0)
		err = zr_cursors_numberings(l->writer.cursors, &l->epochs, &l->epoch_count);
	if (err == 0)
		err = zr_ledger_survey(l, &found);
	if (err == 0)
		err = number(l, &found, start);
	if (err == 0)
		err = place_cursors(l, &found);
	return err == 0 ? 0 : say(err, l->folder.path, error, error_room);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The files at the start: which are sound, which are not, what becomes of those. */
#include "control/ledger/start.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/ledger/salvage.h"

/* Longest time that checking one whole file may take. */
#define CHECK_US 10000000ULL

struct name {
	char text[ZR_FILE_NAME_MAX];
};

/* What is found on the way. */
struct look {
	struct zr_ledger *ledger;
	struct zr_found *found;
	struct name *names; /* files of records */
	unsigned int count, room;
	struct name *unfinished;
	unsigned int unfinished_count, unfinished_room;
	struct name *without_rows;
	unsigned int without_rows_count, without_rows_room;
	int err;
};

static int add_name(struct name **names, unsigned int *count, unsigned int *room, const char *text)
{
	if (*count == *room) {
		unsigned int more = *room > 0 ? *room * 2 : 64;
		struct name *list = reallocarray(*names, more, sizeof(*list));

		if (list == NULL)
			return -ENOMEM;
		*names = list;
		*room = more;
	}
	snprintf((*names)[(*count)++].text, ZR_FILE_NAME_MAX, "%s", text);
	return 0;
}

static void note_name(void *arg, const char *name, uint64_t bytes)
{
	struct look *look = arg;
	enum zr_file_kind kind = zr_file_kind(name);

	(void)bytes;
	if (look->err == 0 && kind == ZR_FILE_RECORDS)
		look->err = add_name(&look->names, &look->count, &look->room, name);
	else if (look->err == 0 && kind == ZR_FILE_RECORDS_NEW)
		look->err = add_name(&look->unfinished, &look->unfinished_count, &look->unfinished_room, name);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static int list_files(struct look *look)
{
	const struct zr_folder *folder = &look->ledger->folder;
	int err = zr_folder_list(folder, note_name, look);

	if (err == 0)
		err = look->err;
	for (unsigned int i = 0; i < look->unfinished_count && err == 0; i++)
		err = zr_folder_remove(folder, look->unfinished[i].text);
	if (err == 0 && look->count > 1)
		qsort(look->names, look->count, sizeof(look->names[0]), by_name);
	return err;
}

/* Facts of a file, and whether it is sound all through (deep). -EBADMSG: it is not. */
static int examine(const struct zr_folder *folder, const char *name, bool deep, struct zr_file_facts *facts)
{
	sqlite3 *db;
	int err = zr_file_open_to_read(folder, name, zr_folder_log_bytes(folder, name) == 0, &db);

	if (err == 0)
		err = zr_file_facts(db, facts);
	if (err == 0 && (deep || facts->last == 0))
		err = zr_file_check(db, CHECK_US);
	sqlite3_close(db);
	return err == -EIO ? -EBADMSG : err;
}

static int salvage(struct zr_ledger *l, const char *name, uint64_t epoch_us, struct zr_salvaged *out)
{
	const struct zr_salvage what = {
		.name = name,
		.epoch_us = epoch_us,
		.origin = {.gateway = l->config.gateway, .program = l->config.program, .now_us = zr_ledger_now_us(l)}};
	int err = zr_salvage(&l->folder, &what, out);

	if (err == 0)
		zr_ledger_say(l, true, "%s is damaged: set aside as %s; %llu records that are intact are in %s now",
			      name, out->aside, (unsigned long long)out->rows, out->rows > 0 ? out->name : "no file");
	else
		zr_ledger_say(l, true, "%s is damaged, and what is intact in it cannot be taken over yet: %s", name,
			      strerror(-err));
	return err;
}

int zr_ledger_salvage(struct zr_ledger *l, struct zr_file *file)
{
	struct zr_salvaged out;
	char name[ZR_FILE_NAME_MAX];
	int err;

	snprintf(name, sizeof(name), "%s", file->name);
	err = salvage(l, name, file->epoch_us, &out);
	pthread_mutex_lock(&l->lock);
	file->pins--;
	if (err == 0 && out.rows > 0) {
		memcpy(file->name, out.name, sizeof(file->name));
		file->first = out.facts.first;
		file->last = out.facts.last;
		file->log_bytes = 0;
		file->is_salvaged = true;
		file->salvages++;
		zr_index_move(&l->index, file);
	} else if (err == 0) {
		zr_index_remove(&l->index, file);
	}
	pthread_mutex_unlock(&l->lock);
	zr_ledger_tell(l);
	return err;
}

static struct zr_file *add_file(struct zr_ledger *l, const char *name, const struct zr_file_facts *facts)
{
	struct zr_file file = {.epoch_us = facts->epoch_us,
			       .first = facts->first,
			       .last = facts->last,
			       .log_bytes = zr_folder_log_bytes(&l->folder, name),
			       .is_closed = true,
			       .is_salvaged = facts->is_salvaged};

	snprintf(file.name, sizeof(file.name), "%s", name);
	return zr_index_add(&l->index, &file);
}

/* A file that is damaged; what is intact in it goes into the index. */
static int take_damaged(struct look *look, const char *name)
{
	struct zr_ledger *l = look->ledger;
	struct zr_salvaged out;
	struct zr_file *file;
	int err = salvage(l, name, 0, &out);

	if (err != 0 || out.rows == 0)
		return err;
	file = add_file(l, out.name, &out.facts);
	if (file == NULL)
		return -ENOMEM;
	file->salvages = 1;
	return 0;
}

/* The file that another one was salvaged from, and that only had not been set aside yet when the run was killed. */
static bool is_salvaged_already(const struct look *look, const char *name)
{
	const struct zr_folder *folder = &look->ledger->folder;

	for (unsigned int i = 0; i < look->count; i++) {
		struct zr_file_facts facts;

		if (strcmp(look->names[i].text, name) != 0 &&
		    examine(folder, look->names[i].text, false, &facts) == 0 && facts.is_salvaged &&
		    strcmp(facts.salvaged_from, name) == 0)
			return true;
	}
	return false;
}

/* The same, found by the one that was made: what it was made of is no longer needed. */
static int finish_salvage(struct zr_ledger *l, const char *from)
{
	struct zr_file *file = zr_index_named(&l->index, from);
	char aside[ZR_FILE_NAME_MAX];

	if (file != NULL)
		zr_index_remove(&l->index, file);
	return zr_file_kind(from) == ZR_FILE_RECORDS && zr_folder_has(&l->folder, from)
		       ? zr_folder_set_aside(&l->folder, from, aside)
		       : 0;
}

static int take_file(struct look *look, const char *name)
{
	struct zr_ledger *l = look->ledger;
	char aside[ZR_FILE_NAME_MAX];
	struct zr_file_facts facts;
	int err;

	if (!zr_folder_has(&l->folder, name)) /* set aside meanwhile */
		return 0;
	err = examine(&l->folder, name, false, &facts);
	if (err == -EBADMSG)
		return is_salvaged_already(look, name) ? zr_folder_set_aside(&l->folder, name, aside)
						       : take_damaged(look, name);
	if (err == 0 && facts.last == 0)
		return add_name(&look->without_rows, &look->without_rows_count, &look->without_rows_room, name);
	if (err == 0 && facts.is_salvaged)
		err = finish_salvage(l, facts.salvaged_from);
	if (err == 0 && add_file(l, name, &facts) == NULL)
		err = -ENOMEM;
	return err;
}

/* Check a file of the index all through, and salvage it when that is wanted. *is_damaged: it was. */
static int check_whole(struct zr_ledger *l, struct zr_file *file, bool *is_damaged)
{
	struct zr_file_facts facts;
	int err;

	*is_damaged = false;
	if (file->is_salvaged)
		return 0;
	err = examine(&l->folder, file->name, true, &facts);
	if (err != -EBADMSG)
		return err;
	*is_damaged = true;
	file->pins++;
	return zr_ledger_salvage(l, file);
}

/* Files of one epoch follow each other without a hole; where they do not, one of them is damaged or a third is missing. */
static int check_seams(struct zr_ledger *l)
{
	int err = 0;

	for (unsigned int i = 1; i < l->index.count && err == 0; i++) {
		struct zr_file *before = l->index.files[i - 1], *file = l->index.files[i];
		bool is_damaged;

		if (before->epoch_us != file->epoch_us || before->last + 1 == file->first)
			continue;
		err = check_whole(l, before, &is_damaged);
		if (err == 0 && is_damaged) {
			i = 0; /* the order may have changed */
			continue;
		}
		if (err == 0)
			err = check_whole(l, file, &is_damaged);
		if (is_damaged)
			i = 0;
	}
	return err;
}

/* Are the newest files short of what the numbering knows? When it is not known, they may be. */
static bool is_short(const struct look *look)
{
	const struct zr_ledger *l = look->ledger;
	const struct zr_numbering *last = l->epoch_count > 0 ? &l->epochs[l->epoch_count - 1] : NULL;
	const struct zr_file *newest = last != NULL ? zr_index_newest(&l->index, last->epoch_us) : NULL;

	return last == NULL || last->high_water > (newest != NULL ? newest->last : 0);
}

/*
 * A file that was begun, and nothing was committed to it, is of no use; unless numbers are missing that may lie in a log that
 * SQLite does not believe.
 */
static int take_without_rows(struct look *look, const char *name)
{
	const struct zr_folder *folder = &look->ledger->folder;

	if (zr_folder_log_bytes(folder, name) > 0 && is_short(look))
		return take_damaged(look, name);
	return zr_folder_remove(folder, name);
}

static int check_newest(struct look *look)
{
	struct zr_ledger *l = look->ledger;
	struct zr_file *newest = l->index.count > 0 ? l->index.files[l->index.count - 1] : NULL;

	if (newest == NULL)
		return 0;
	if (newest->salvages > 0) {
		look->found->newest_is_damaged = true;
		return 0;
	}
	/* What the numbering knows and SQLite does not find may still lie in a log that SQLite does not believe. */
	if (newest->log_bytes > 0 && look->found->has_cursors && is_short(look)) {
		look->found->newest_is_damaged = true;
		newest->pins++;
		return zr_ledger_salvage(l, newest);
	}
	return check_whole(l, newest, &look->found->newest_is_damaged);
}

static int check_files(struct look *look)
{
	int err = list_files(look);

	for (unsigned int i = 0; i < look->count && err == 0; i++)
		err = take_file(look, look->names[i].text);
	for (unsigned int i = 0; i < look->without_rows_count && err == 0; i++)
		err = take_without_rows(look, look->without_rows[i].text);
	if (err == 0)
		err = check_newest(look);
	return err == 0 ? check_seams(look->ledger) : err;
}

int zr_ledger_survey(struct zr_ledger *l, struct zr_found *found)
{
	struct look look = {.ledger = l, .found = found};
	int err = check_files(&look);

	free(look.names);
	free(look.unfinished);
	free(look.without_rows);
	return err;
}

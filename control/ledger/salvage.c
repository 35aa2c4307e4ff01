/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ledger/salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/ledger/row.h"
#include "control/ledger/sql.h"
#include "control/record/record.h"
#include "rules/timestamp.h"

/* Bytes that are looked at together; a row is at most a page long and may lie across the end. */
#define WINDOW ((size_t)1 << 20)
#define BLOCK  ((size_t)4096)

/* Rows of one transaction. */
#define ROWS_PER_COMMIT 50000

struct search {
	const struct zr_folder *folder;
	const struct zr_salvage *what;
	uint8_t *window;
	int (*found)(struct search *s, const struct zr_record *record,
		     uint64_t hash); /* not 0: the search ends with it */
	sqlite3 *db;
	sqlite3_stmt *insert;
	uint64_t epoch_us;
	char epoch[ZR_TIME_TEXT]; /* "": not known yet */
	uint64_t rows, in_transaction;
};

/* "2026-11-23T05:57:05.818865Z" as Unix microseconds; 0 when it is none. */
static uint64_t epoch_of(const char *text, size_t len)
{
	char seconds[sizeof("2026-11-23T05:57:05Z")];
	uint64_t us = 0;
	int64_t s;

	if (len != ZR_TIME_TEXT - 1)
		return 0;
	memcpy(seconds, text, 19);
	memcpy(seconds + 19, "Z", 2);
	for (size_t i = 20; i < 26; i++)
		us = us * 10 + (uint64_t)(text[i] - '0');
	return zr_timestamp_parse(seconds, 20, &s) == 0 && s >= 0 ? (uint64_t)s * 1000000 + us : 0;
}

static bool is_wanted(const struct search *s, const struct zr_record *record)
{
	const struct zr_value *epoch = &record->members[ZR_MEMBER_EPOCH];

	return epoch->kind == ZR_VALUE_TEXT && epoch->len == ZR_TIME_TEXT - 1 &&
	       memcmp(epoch->text, s->epoch, epoch->len) == 0;
}

/* For a file that does not say it: the epoch of the first row that has one. */
static int learn_epoch(struct search *s, const struct zr_record *record, uint64_t hash)
{
	const struct zr_value *epoch = &record->members[ZR_MEMBER_EPOCH];

	(void)hash;
	if (epoch->kind == ZR_VALUE_TEXT)
		s->epoch_us = epoch_of(epoch->text, epoch->len);
	return s->epoch_us != 0 ? -ECANCELED : 0;
}

static int keep(struct search *s, const struct zr_record *record, uint64_t hash)
{
	int err;

	if (!is_wanted(s, record))
		return 0;
	err = zr_row_bind(s->insert, record, hash);
	if (err == 0)
		err = zr_sql_errno(s->db, sqlite3_step(s->insert));
	sqlite3_reset(s->insert);
	if (err == 0)
		s->rows += (uint64_t)sqlite3_changes(s->db);
	if (err == 0 && ++s->in_transaction >= ROWS_PER_COMMIT) {
		s->in_transaction = 0;
		err = zr_sql_run(s->db, "COMMIT;BEGIN");
	}
	return err;
}

/* Rows that begin before `begin_before`; returns where the search goes on, behind the last row found, or -errno. */
static ssize_t search_window(struct search *s, size_t at, size_t begin_before, size_t len)
{
	char json[ZR_RECORD_JSON_MAX];
	struct zr_record record;
	uint64_t hash;
	int err;

	while (at < begin_before) {
		size_t row = zr_row_parse(s->window + at, len - at, &record, &hash);

		if (row == 0 || zr_row_json(&record, hash, json) == 0) {
			at++;
			continue;
		}
		err = s->found(s, &record, hash);
		if (err != 0)
			return err;
		at += row;
	}
	return (ssize_t)at;
}

/* Fill the window from a place in the file; what the disk does not give is zero. Returns how much there is. */
static size_t fill_window(struct search *s, int fd, off_t from, size_t have)
{
	while (have < WINDOW) {
		ssize_t got = pread(fd, s->window + have, WINDOW - have, from + (off_t)have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EIO) {
			size_t bad = WINDOW - have < BLOCK ? WINDOW - have : BLOCK;

			memset(s->window + have, 0, bad);
			got = (ssize_t)bad;
		}
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	return have;
}

static int search_file(struct search *s, const char *name)
{
	int fd = openat(s->folder->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t at = 0, have = 0;
	off_t from = 0;
	int err = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	for (;;) {
		size_t len = fill_window(s, fd, from, have);
		bool is_end = len < WINDOW;
		ssize_t next = search_window(s, at, is_end ? len : len - ZR_PAGE_BYTES, len);

		if (next < 0)
			err = (int)next;
		if (next < 0 || is_end)
			break;
		/* What has been begun before may end in the rest; it is moved to the front, and the search goes on behind it. */
		have = ZR_PAGE_BYTES;
		memmove(s->window, s->window + len - have, have);
		from += (off_t)(len - have);
		at = (size_t)next - (len - have);
	}
	close(fd);
	return err;
}

static int search_both(struct search *s)
{
	char log[ZR_FILE_NAME_MAX + 8];
	int err = search_file(s, s->what->name);

	snprintf(log, sizeof(log), "%s-wal", s->what->name);
	return err == 0 ? search_file(s, log) : err;
}

static int fill(void *arg, sqlite3 *db)
{
	struct search *s = arg;
	int err;

	s->db = db;
	s->found = keep;
	err = zr_file_prepare_insert(db, true, &s->insert);
	if (err == 0)
		err = zr_sql_run(db, "BEGIN");
	if (err == 0)
		err = search_both(s);
	if (err == 0)
		err = zr_sql_run(db, "COMMIT");
	sqlite3_finalize(s->insert);
	return err == 0 && s->rows == 0 ? -ENODATA : err;
}

static int read_facts(const struct zr_folder *folder, struct zr_salvaged *out)
{
	sqlite3 *db;
	int err = zr_file_open_to_read(folder, out->name, true, &db);

	if (err != 0)
		return err;
	err = zr_file_facts(db, &out->facts);
	sqlite3_close(db);
	return err;
}

/* Make the fresh file; out->name is empty when there is nothing to put into it. */
static int take_over(struct search *s, struct zr_salvaged *out)
{
	struct zr_file_origin origin = s->what->origin;
	int err = 0;

	s->epoch_us = s->what->epoch_us;
	s->found = learn_epoch;
	if (s->epoch_us == 0)
		err = search_both(s);
	if (err != 0 && err != -ECANCELED)
		return err;
	if (s->epoch_us == 0)
		return 0;
	zr_time_format(s->epoch_us, s->epoch);
	origin.epoch_us = s->epoch_us;
	origin.salvaged_from = s->what->name;
	err = zr_folder_free_name(s->folder, zr_file_end_us(s->what->name) - 1, out->name);
	if (err == 0)
		err = zr_file_make(s->folder, out->name, &origin, fill, s);
	if (err == 0)
		err = read_facts(s->folder, out);
	if (err != 0)
		out->name[0] = '\0';
	return err == -ENODATA ? 0 : err;
}

int zr_salvage(const struct zr_folder *folder, const struct zr_salvage *what, struct zr_salvaged *out)
{
	struct search s = {.folder = folder, .what = what, .window = malloc(WINDOW)};
	int err;

	memset(out, 0, sizeof(*out));
	if (s.window == NULL)
		return -ENOMEM;
	err = take_over(&s, out);
	free(s.window);
	out->rows = s.rows;
	return err == 0 ? zr_folder_set_aside(folder, what->name, out->aside) : err;
}

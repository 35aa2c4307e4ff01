/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Serving a request: from file to file, from epoch to epoch, a row at a time. What is not as it should be in a closed file is
 * reason to salvage it once; what is missing then is a gap.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/ledger/reader.h"
#include "control/ledger/row.h"
#include "control/ledger/sql.h"
#include "control/ledger/state.h"
#include "control/record/json_writer.h"

#define BEFORE "{\"op\":\"record\",\"record\":"
#define BEHIND "}\n"

#define LINE_MAX_BYTES (sizeof(BEFORE) - 1 + ZR_RECORD_JSON_MAX + sizeof(BEHIND) - 1)

/* Fewest bytes of lines for each item that there is room for: a record has more. */
#define BYTES_PER_ITEM 128

/* A file is salvaged at most that often in a run: a disk that goes on losing what it was given is not worth more. */
#define SALVAGES_MAX 3

/* Where the next records are. */
enum place { PLACE_FILE, PLACE_GAP, PLACE_EPOCH, PLACE_END, PLACE_UNKNOWN };

struct plan {
	enum place place;
	struct zr_file *file; /* pinned */
	bool is_fixed;        /* nobody writes to it */
	uint64_t to;          /* gap: its last number; file: the last number to read; epoch: the next one */
};

static bool make_room(struct zr_ledger_reader *r)
{
	size_t room = r->most_bytes + LINE_MAX_BYTES;

	if (r->room >= room)
		return true;
	free(r->bytes);
	free(r->items);
	r->item_room = (unsigned int)(room / BYTES_PER_ITEM) + 4;
	r->bytes = malloc(room);
	r->items = calloc(r->item_room, sizeof(*r->items));
	r->room = r->bytes != NULL && r->items != NULL ? room : 0;
	return r->room > 0;
}

static void add_item(struct zr_ledger_reader *r, enum zr_ledger_item_kind kind, uint64_t from, uint64_t to)
{
	r->items[r->chunk.count++] = (struct zr_ledger_item){
		.kind = (uint8_t)kind, .epoch_us = r->chunk.next.epoch_us, .from = from, .to = to};
}

/* Everything up to `to` is lost. */
static void add_gap(struct zr_ledger_reader *r, uint64_t to)
{
	add_item(r, ZR_LEDGER_GAP, r->chunk.next.seq + 1, to);
	r->chunk.next.seq = to;
}

/* Room for a gap and a line. */
static bool is_full(const struct zr_ledger_reader *r)
{
	return (r->used > 0 && r->used >= r->most_bytes) || r->chunk.count + 2 > r->item_room;
}

/* Add the next record, with a gap before it when there is one. False: the row is damaged. */
static bool add_line(struct zr_ledger_reader *r, const struct zr_record *record, uint64_t hash)
{
	uint64_t seq = record->members[ZR_MEMBER_SEQ].number;
	char *begin = r->bytes + r->used, *json = zr_json_raw(begin, BEFORE);
	size_t len = zr_row_json(record, hash, json);
	struct zr_ledger_item *item;

	if (len == 0)
		return false;
	if (seq > r->chunk.next.seq + 1)
		add_gap(r, seq - 1);
	add_item(r, ZR_LEDGER_LINE, seq, seq);
	item = &r->items[r->chunk.count - 1];
	item->line = begin;
	item->len = (uint32_t)(zr_json_raw(json + len, BEHIND) - begin);
	r->used += item->len;
	r->chunk.next.seq = seq;
	return true;
}

/* Last number of an epoch; the one that comes behind it (0: none). Under the lock. */
static uint64_t high_water(const struct zr_ledger *l, uint64_t epoch_us, uint64_t *next_us)
{
	uint64_t last = 0;

	*next_us = 0;
	for (unsigned int i = 0; i < l->epoch_count; i++) {
		if (l->epochs[i].epoch_us == epoch_us)
			last = l->epochs[i].high_water;
		if (l->epochs[i].epoch_us > epoch_us && *next_us == 0)
			*next_us = l->epochs[i].epoch_us;
	}
	return last;
}

/* What is behind a position; a file is pinned. */
static struct plan plan_next(struct zr_ledger *l, struct zr_position at, uint64_t up_to)
{
	bool is_current = at.epoch_us == l->epoch_us;
	struct plan plan = {.place = PLACE_END};
	uint64_t limit, next_us, last;
	struct zr_file *file;

	pthread_mutex_lock(&l->lock);
	last = high_water(l, at.epoch_us, &next_us);
	limit = is_current ? atomic_load(&l->committed) : UINT64_MAX;
	if (is_current && up_to < limit)
		limit = up_to;
	file = zr_index_find(&l->index, at.epoch_us, at.seq, &plan.to);
	if (at.epoch_us > l->epoch_us) {
		plan.place = PLACE_UNKNOWN;
	} else if (file != NULL && file->first <= limit) {
		plan.place = PLACE_FILE;
		plan.to = plan.to < limit ? plan.to : limit;
		if (file->first > at.seq + 1) {
			plan.place = PLACE_GAP;
			plan.to = file->first - 1;
		} else if (at.seq >= plan.to) {
			plan.place = PLACE_END;
		}
	} else if (is_current) {
		plan.place = at.seq < limit ? PLACE_GAP : PLACE_END;
		plan.to = limit;
	} else {
		plan.place = at.seq < last ? PLACE_GAP : PLACE_EPOCH;
		plan.to = at.seq < last ? last : next_us;
	}
	if (plan.place == PLACE_FILE) {
		plan.file = file;
		plan.is_fixed = file->is_closed && file->log_bytes == 0;
		file->pins++;
	}
	pthread_mutex_unlock(&l->lock);
	return plan;
}

static int open_file(struct zr_ledger *l, const struct plan *plan)
{
	struct zr_open_file *open = &l->open;
	int err;

	if (open->file == plan->file)
		return 0;
	zr_reader_close_file(l);
	err = zr_file_open_to_read(&l->folder, plan->file->name, plan->is_fixed, &open->db);
	if (err == 0)
		err = zr_file_prepare_select(open->db, &open->select);
	if (err != 0) {
		sqlite3_close(open->db);
		memset(open, 0, sizeof(*open));
		return err;
	}
	open->file = plan->file;
	pthread_mutex_lock(&l->lock);
	open->file->pins++;
	pthread_mutex_unlock(&l->lock);
	return 0;
}

/* The file's snapshot is taken when the writer does not ask for a pause, and given back soon. */
static void begin_reading(struct zr_ledger *l)
{
	pthread_mutex_lock(&l->lock);
	while (l->is_paused)
		pthread_cond_wait(&l->turn, &l->lock);
	l->is_reading = true;
	pthread_mutex_unlock(&l->lock);
}

static void end_reading(struct zr_ledger *l)
{
	pthread_mutex_lock(&l->lock);
	l->is_reading = false;
	pthread_cond_broadcast(&l->turn);
	pthread_mutex_unlock(&l->lock);
}

/* What is taken for granted, and not for damage. */
struct patience {
	bool with_holes, with_damage;
};

/* A salvaged file has holes where nothing was left; one that was salvaged often enough is what it is. */
static struct patience patience_with(struct zr_ledger *l, const struct zr_file *file)
{
	struct patience patience;

	pthread_mutex_lock(&l->lock);
	patience.with_damage = file->salvages >= SALVAGES_MAX;
	patience.with_holes = file->is_salvaged || patience.with_damage;
	pthread_mutex_unlock(&l->lock);
	return patience;
}

/* The row that the statement stands on. -EBADMSG: it is not what it should be. */
static int take_row(struct zr_ledger_reader *r, sqlite3_stmt *select, struct patience patience)
{
	uint64_t seq = (uint64_t)sqlite3_column_int64(select, ZR_MEMBER_SEQ), hash;
	struct zr_record record;

	if (seq <= r->chunk.next.seq || (seq > r->chunk.next.seq + 1 && !patience.with_holes))
		return patience.with_damage ? 0 : -EBADMSG;
	if (!zr_row_read(select, &record, &hash) || !add_line(r, &record, hash))
		return patience.with_damage ? 0 : -EBADMSG;
	return 0;
}

/* The rows of the open file up to a number, as many as there is room for. What is missing becomes gaps. */
static int read_rows(struct zr_ledger_reader *r, uint64_t to, struct patience patience)
{
	sqlite3_stmt *select = r->ledger->open.select;
	int code = SQLITE_ROW, err = 0;

	sqlite3_bind_int64(select, 1, (sqlite3_int64)r->chunk.next.seq);
	sqlite3_bind_int64(select, 2, (sqlite3_int64)to);
	while (err == 0 && !is_full(r) && (code = sqlite3_step(select)) == SQLITE_ROW)
		err = take_row(r, select, patience);
	if (err == 0)
		err = zr_sql_errno(r->ledger->open.db, code);
	sqlite3_reset(select);
	if (err == 0 && code == SQLITE_DONE && r->chunk.next.seq < to && !patience.with_holes)
		err = -EBADMSG;
	if (err == -EBADMSG && patience.with_damage)
		err = 0;
	else if (err != 0 || code == SQLITE_ROW)
		return err;
	if (r->chunk.next.seq < to)
		add_gap(r, to);
	return 0;
}

/* A file is damaged or gone. Whoever else is busy with it must leave it first. The pin is given back. */
static int recover(struct zr_ledger *l, struct zr_file *file)
{
	bool is_ours;

	zr_reader_close_file(l);
	pthread_mutex_lock(&l->lock);
	is_ours = file->is_closed && file->pins == 1;
	if (!file->is_closed) {
		l->leave_file = true;
		pthread_cond_signal(&l->work);
	}
	if (!is_ours)
		file->pins--;
	pthread_mutex_unlock(&l->lock);
	return is_ours ? zr_ledger_salvage(l, file) : -EAGAIN;
}

static int serve_file(struct zr_ledger_reader *r, const struct plan *plan)
{
	struct zr_ledger *l = r->ledger;
	struct patience patience = patience_with(l, plan->file);
	int err = open_file(l, plan);

	if (err == 0) {
		begin_reading(l);
		err = read_rows(r, plan->to, patience);
		end_reading(l);
	} else if (patience.with_damage) {
		add_gap(r, plan->to);
		err = 0;
	}
	if (err == -EBADMSG || err == -EIO || err == -ENOENT)
		return recover(l, plan->file);
	pthread_mutex_lock(&l->lock);
	plan->file->pins--;
	pthread_mutex_unlock(&l->lock);
	return err;
}

void zr_reader_serve(struct zr_ledger_reader *r)
{
	struct zr_ledger_chunk *chunk = &r->chunk;

	r->used = 0;
	*chunk = (struct zr_ledger_chunk){.next = r->after};
	if (!make_room(r)) {
		chunk->error = -ENOMEM;
		return;
	}
	chunk->items = r->items;
	while (!is_full(r) && chunk->error == 0 && !chunk->at_end) {
		struct plan plan = plan_next(r->ledger, chunk->next, r->up_to);

		if (plan.place == PLACE_FILE) {
			chunk->error = serve_file(r, &plan);
		} else if (plan.place == PLACE_GAP) {
			add_gap(r, plan.to);
		} else if (plan.place == PLACE_EPOCH) {
			chunk->next = (struct zr_position){.epoch_us = plan.to};
			add_item(r, ZR_LEDGER_EPOCH, 0, 0);
		} else if (plan.place == PLACE_UNKNOWN) {
			chunk->error = -EINVAL;
		} else {
			chunk->at_end = true;
		}
	}
}

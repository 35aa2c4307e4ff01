/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/fake_ledger.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS_MAX 4096

struct zr_ledger_reader {
	struct zr_ledger *fake;
	struct zr_position after;
	bool asked, done;
	struct zr_ledger_item items[ITEMS_MAX];
	struct zr_ledger_chunk chunk;
	char *lines;
};

static bool is_before(struct zr_position a, struct zr_position b)
{
	return a.epoch_us != b.epoch_us ? a.epoch_us < b.epoch_us : a.seq < b.seq;
}

void fake_ledger_make(struct zr_ledger *fake, uint64_t epoch_us)
{
	*fake = (struct zr_ledger){.epoch_us = epoch_us, .room = UINT_MAX, .chunk_rows = ITEMS_MAX / 2};
}

void fake_ledger_free(struct zr_ledger *fake)
{
	for (size_t i = 0; i < fake->row_count; i++)
		free(fake->rows[i].line);
	free(fake->rows);
	fake->rows = NULL;
	fake->row_count = 0;
}

void fake_ledger_consumer(struct zr_ledger *fake, unsigned int i, const char *name, struct zr_position cursor)
{
	fake->consumers[i] = name;
	fake->cursors[i] = cursor;
}

static void add_row(struct zr_ledger *fake, struct zr_position at, const char *object, size_t len)
{
	static const char head[] = "{\"op\":\"record\",\"record\":";
	char *line = object != NULL ? malloc(sizeof(head) + len + 2) : NULL;

	if (line != NULL) {
		memcpy(line, head, sizeof(head) - 1);
		memcpy(line + sizeof(head) - 1, object, len);
		memcpy(line + sizeof(head) - 1 + len, "}\n", 3);
	}
	if ((fake->row_count & (fake->row_count - 1)) == 0)
		fake->rows = reallocarray(fake->rows, fake->row_count > 0 ? fake->row_count * 2 : 1,
					  sizeof(*fake->rows));
	fake->rows[fake->row_count++] = (struct fake_row){at, line, line != NULL ? (uint32_t)strlen(line) : 0};
}

void fake_ledger_add(struct zr_ledger *fake, uint64_t epoch_us, uint64_t from, uint64_t to, bool there)
{
	char object[64];

	for (uint64_t seq = from; seq <= to; seq++) {
		int len = snprintf(object, sizeof(object), "{\"old\":%llu,\"seq\":%llu,}", (unsigned long long)epoch_us,
				   (unsigned long long)seq);

		add_row(fake, (struct zr_position){epoch_us, seq}, there ? object : NULL, (size_t)len);
	}
	if (epoch_us == fake->epoch_us)
		fake->put = fake->committed = to;
}

void fake_ledger_lose(struct zr_ledger *fake, uint64_t epoch_us, uint64_t from, uint64_t to)
{
	for (size_t i = 0; i < fake->row_count; i++) {
		struct fake_row *row = &fake->rows[i];

		if (row->at.epoch_us == epoch_us && row->at.seq >= from && row->at.seq <= to) {
			free(row->line);
			row->line = NULL;
		}
	}
}

void fake_ledger_commit(struct zr_ledger *fake)
{
	fake->committed = fake->put;
}

bool zr_ledger_put(struct zr_ledger *fake, const struct zr_record *record, const char *line, size_t line_len)
{
	uint64_t seq = record->members[ZR_MEMBER_SEQ].number;

	if (fake->room == 0 || seq != fake->put + 1)
		return false;
	fake->room -= fake->room != UINT_MAX;
	fake->put = seq;
	add_row(fake, (struct zr_position){fake->epoch_us, seq}, line, line_len);
	if (!fake->holds_commits)
		fake->committed = fake->put;
	return true;
}

unsigned int zr_ledger_room(struct zr_ledger *fake)
{
	return fake->room;
}

uint64_t zr_ledger_committed(const struct zr_ledger *fake)
{
	return fake->committed;
}

void zr_ledger_status(struct zr_ledger *fake, struct zr_ledger_status *out)
{
	*out = (struct zr_ledger_status){
		.state = fake->state, .epoch_us = fake->epoch_us, .committed = fake->committed};
}

const char *zr_ledger_state_name(enum zr_ledger_state state)
{
	static const char *const names[] = {"ok", "cramped", "full", "failing"};

	return names[state];
}

static unsigned int find_consumer(const struct zr_ledger *fake, const char *name)
{
	unsigned int i = 0;

	while (i < FAKE_CONSUMERS && (fake->consumers[i] == NULL || strcmp(fake->consumers[i], name) != 0))
		i++;
	return i;
}

struct zr_position zr_ledger_cursor(const struct zr_ledger *fake, const char *consumer)
{
	unsigned int i = find_consumer(fake, consumer);

	return i < FAKE_CONSUMERS ? fake->cursors[i] : (struct zr_position){0};
}

bool zr_ledger_ack(struct zr_ledger *fake, const char *consumer, struct zr_position position)
{
	unsigned int i = find_consumer(fake, consumer);

	if (i == FAKE_CONSUMERS || is_before((struct zr_position){fake->epoch_us, fake->committed}, position))
		return false;
	if (is_before(fake->cursors[i], position)) {
		fake->cursors[i] = position;
		fake->acks++;
	}
	return true;
}

static bool is_committed(const struct zr_ledger *fake, const struct fake_row *row)
{
	return row->at.epoch_us != fake->epoch_us || row->at.seq <= fake->committed;
}

uint64_t zr_ledger_behind(struct zr_ledger *fake, struct zr_position after)
{
	uint64_t count = 0;

	for (size_t i = 0; i < fake->row_count; i++)
		count += is_before(after, fake->rows[i].at) && is_committed(fake, &fake->rows[i]);
	return count;
}

struct zr_position zr_ledger_back(struct zr_ledger *fake, uint64_t records)
{
	struct zr_position at = {fake->epoch_us, fake->committed};

	for (size_t i = fake->row_count; i > 0 && records > 0; i--) {
		if (!is_committed(fake, &fake->rows[i - 1]))
			continue;
		at = fake->rows[i - 1].at;
		at.seq--;
		records--;
	}
	return at;
}

int zr_ledger_reader_make(struct zr_ledger *fake, struct zr_ledger_reader **out)
{
	*out = calloc(1, sizeof(**out));
	(*out)->fake = fake;
	fake->readers++;
	return 0;
}

void zr_ledger_reader_free(struct zr_ledger_reader *reader)
{
	if (reader == NULL)
		return;
	reader->fake->readers--;
	free(reader->lines);
	free(reader);
}

void zr_ledger_read(struct zr_ledger_reader *reader, struct zr_position after, uint64_t up_to, size_t most_bytes)
{
	(void)up_to;
	(void)most_bytes;
	reader->after = after;
	reader->asked = true;
	reader->done = false;
	reader->fake->reads++;
}

/* A row's item, or one more number of the gap before it. */
static void add_item(struct zr_ledger_chunk *chunk, struct zr_ledger_item *items, const struct fake_row *row,
		     char *line)
{
	struct zr_ledger_item *last = chunk->count > 0 ? &items[chunk->count - 1] : NULL;

	if (row->at.epoch_us != chunk->next.epoch_us) {
		items[chunk->count++] = (struct zr_ledger_item){.kind = ZR_LEDGER_EPOCH, .epoch_us = row->at.epoch_us};
		last = NULL;
	}
	chunk->next = row->at;
	if (line == NULL && last != NULL && last->kind == ZR_LEDGER_GAP)
		last->to = row->at.seq;
	else
		items[chunk->count++] = (struct zr_ledger_item){.kind = line != NULL ? ZR_LEDGER_LINE : ZR_LEDGER_GAP,
								.epoch_us = row->at.epoch_us,
								.from = row->at.seq,
								.to = row->at.seq,
								.line = line,
								.len = row->len};
}

/* The first row behind a position. */
static size_t find_row(const struct zr_ledger *fake, struct zr_position after)
{
	size_t low = 0, high = fake->row_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (is_before(after, fake->rows[middle].at))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void fill(struct zr_ledger_reader *reader)
{
	const struct zr_ledger *fake = reader->fake;
	size_t first = find_row(fake, reader->after), end = first, room = 0, len = 0;

	while (end < fake->row_count && end - first < fake->chunk_rows && is_committed(fake, &fake->rows[end]))
		room += fake->rows[end++].len;
	reader->chunk = (struct zr_ledger_chunk){.items = reader->items, .next = reader->after};
	reader->chunk.at_end = end == fake->row_count || !is_committed(fake, &fake->rows[end]);
	free(reader->lines);
	reader->lines = malloc(room + 1);
	for (size_t i = first; i < end; i++) {
		const struct fake_row *row = &fake->rows[i];
		char *line = row->line != NULL ? reader->lines + len : NULL;

		if (line != NULL)
			memcpy(line, row->line, row->len);
		len += row->len;
		add_item(&reader->chunk, reader->items, row, line);
	}
}

const struct zr_ledger_chunk *zr_ledger_chunk(const struct zr_ledger_reader *reader)
{
	struct zr_ledger_reader *own = (struct zr_ledger_reader *)(uintptr_t)reader;

	if (!reader->asked || (reader->fake->holds_reads && !reader->done))
		return NULL;
	if (!reader->done)
		fill(own);
	own->done = true;
	if (reader->fake->read_error != 0)
		own->chunk = (struct zr_ledger_chunk){
			.items = own->items, .next = own->after, .error = reader->fake->read_error};
	return &own->chunk;
}

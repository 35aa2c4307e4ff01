/* SPDX-License-Identifier: BSD-3-Clause */
/* A stream cut into segments, in any order, with any overlap; and what of it has come after each of them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/workload_talk.h"

/* So far ahead of what is missing may segments run: what a client sends before it must wait for an answer. */
#define WINDOW_LEN 16384

static void piece_insert(struct pieces *p, unsigned int at, struct piece piece)
{
	if (p->count == PIECES_MAX)
		abort();
	memmove(&p->at[at + 1], &p->at[at], (p->count - at) * sizeof(p->at[0]));
	p->at[at] = piece;
	p->count++;
}

/* Where the client waits for an answer before it goes on; 0: nowhere. */
static uint32_t own_segment_at(const struct stream *s)
{
	for (unsigned int i = 0; i < s->count; i++)
		if (s->messages[i].own_segment)
			return s->messages[i].from;
	return 0;
}

/* Where the next segment must begin at the latest. Clients that cut nothing send each request by itself. */
static uint32_t boundary_after(const struct stream *s, uint32_t at, bool cut)
{
	for (unsigned int i = 0; i < s->count; i++)
		if (s->messages[i].from > at && (!cut || s->messages[i].own_segment))
			return s->messages[i].from;
	return s->len;
}

static void cut_pieces(struct talk *t, const struct stream *s, uint32_t usual_len, uint32_t largest_len,
		       struct pieces *out)
{
	const uint32_t largest[] = {1, 10, 100, usual_len, largest_len};
	bool cut = t->options->cut && random_percent(t->random, 80);
	uint32_t most = cut ? largest[random_below(t->random, 5)] : usual_len;

	out->count = out->in_turn = 0;
	if (most < s->len / 80)
		most = s->len / 80;
	for (uint32_t at = 0; at < s->len;) {
		uint32_t len = cut ? random_between(t->random, 1, most) : most;
		uint32_t left = boundary_after(s, at, cut) - at;

		piece_insert(out, out->count, (struct piece){.from = at, .len = len < left ? len : left});
		at += out->at[out->count - 1].len;
		if (at == own_segment_at(s))
			out->in_turn = out->count;
	}
}

/* One of the pieces that need not come in turn. */
static unsigned int any_piece(struct talk *t, const struct pieces *p)
{
	return random_between(t->random, p->in_turn, p->count - 1);
}

/* It comes in between, or last. */
static void insert_anywhere(struct talk *t, struct pieces *p, struct piece piece)
{
	piece_insert(p, random_between(t->random, p->in_turn, p->count), piece);
}

static void reorder(struct talk *t, struct pieces *p)
{
	unsigned int swaps = random_below(t->random, 2 * p->count);

	for (unsigned int n = 0; n < swaps; n++) {
		unsigned int i = any_piece(t, p);
		unsigned int j = i + random_below(t->random, 6);
		struct piece piece = p->at[i];

		if (j < p->count) {
			p->at[i] = p->at[j];
			p->at[j] = piece;
		}
	}
}

/* Sent again: the same segment, or one that was put together anew and covers its neighbours in part. */
static void repeat(struct talk *t, const struct stream *s, uint32_t largest_len, struct pieces *p)
{
	for (unsigned int n = random_between(t->random, 1, 8); n > 0; n--) {
		struct piece piece = p->at[any_piece(t, p)];

		if (random_percent(t->random, 50)) {
			uint32_t more = random_below(t->random, 500);
			uint32_t to = piece.from + piece.len + random_below(t->random, 500);

			piece.from -= more < piece.from ? more : piece.from;
			piece.len = (to < s->len ? to : s->len) - piece.from;
			if (piece.len > largest_len)
				piece.len = largest_len;
		}
		insert_anywhere(t, p, piece);
	}
}

/* A segment that says another name than its twin. */
static void alter(struct talk *t, const struct stream *s, uint32_t largest_len, struct pieces *p)
{
	const struct stream_message *m = &s->messages[random_below(t->random, s->count)];
	uint32_t from, to;

	if (m->name_len == 0)
		return;
	from = m->name_at[random_below(t->random, m->name_len)];
	to = random_between(t->random, from, m->name_at[m->name_len - 1]) + 1;
	if (random_percent(t->random, 50)) {
		from -= random_below(t->random, from - m->from + 1);
		to += random_below(t->random, m->to - to + 1);
	}
	if (to - from <= largest_len)
		insert_anywhere(t, p, (struct piece){.from = from, .len = to - from, .altered = true});
}

static bool is_in_name(const struct stream *s, uint32_t at)
{
	for (unsigned int i = 0; i < s->count; i++) {
		const struct stream_message *m = &s->messages[i];

		for (uint32_t n = 0; n < m->name_len; n++)
			if (m->name_at[n] == at)
				return true;
	}
	return false;
}

static uint8_t piece_byte(const struct stream *s, const struct piece *piece, uint32_t at)
{
	if (piece->altered && isalpha(s->bytes[at]) && is_in_name(s, at))
		return s->bytes[at] == 'x' ? 'y' : 'x';
	return s->bytes[at];
}

void piece_bytes(const struct stream *s, const struct piece *piece, uint8_t *out)
{
	for (uint32_t i = 0; i < piece->len; i++)
		out[i] = piece_byte(s, piece, piece->from + i);
}

void delivery_take(struct delivery *d, const struct stream *s, const struct piece *piece)
{
	for (uint32_t at = piece->from; at < piece->from + piece->len; at++) {
		uint8_t byte = piece_byte(s, piece, at);

		if (!d->seen[at])
			d->bytes[at] = byte;
		else if (d->bytes[at] != byte)
			d->differs[at] = true;
		d->seen[at] = true;
	}
	while (d->next < s->len && (d->seen[d->next] || !s->needed[d->next]))
		d->next++;
	while (d->told < s->count && s->messages[d->told].to <= d->next)
		d->told++;
}

void delivery_tell(const struct delivery *d, const struct stream *s, unsigned int n, struct talk *t)
{
	const struct stream_message *m = &s->messages[n];
	struct talk_message *out = &t->messages[t->message_count++];
	uint32_t len = m->malformed ? 0 : m->name_len;

	if (len > 0 && d->bytes[m->name_at[len - 1]] == '.')
		len--;
	out->packet = t->packet_count - 1;
	out->evidence = m->evidence;
	out->malformed = m->malformed;
	out->spoof = memchr(d->differs + m->from, true, m->to - m->from) != NULL;
	for (uint32_t i = 0; i < len; i++)
		out->name[i] = (char)tolower(d->bytes[m->name_at[i]]);
}

/* Does no segment run further ahead than a client can, counted from the message that is not complete? */
static bool is_sendable(const struct stream *s, const struct pieces *p)
{
	struct delivery *d = calloc(1, sizeof(*d));
	bool sendable = true;

	for (unsigned int i = 0; i < p->count && d->told < s->count; i++) {
		const struct piece *piece = &p->at[i];
		uint32_t base = d->next < s->messages[d->told].from ? d->next : s->messages[d->told].from;

		if (piece->from > d->next && piece->from + piece->len > base + WINDOW_LEN)
			sendable = false;
		delivery_take(d, s, piece);
	}
	free(d);
	return sendable;
}

void pieces_make(struct talk *t, const struct stream *s, uint32_t usual_len, uint32_t largest_len, struct pieces *out)
{
	struct pieces plain;

	cut_pieces(t, s, usual_len, largest_len, out);
	plain = *out;
	if (!t->options->cut)
		return;
	if (random_percent(t->random, 60))
		reorder(t, out);
	if (random_percent(t->random, 60))
		repeat(t, s, largest_len, out);
	if (!t->options->plain && s->count > 0 && random_percent(t->random, 12))
		alter(t, s, largest_len, out);
	if (!is_sendable(s, out))
		*out = plain;
}

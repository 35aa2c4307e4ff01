/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/packet/pieces.h"

#include <string.h>

_Static_assert(sizeof(struct zr_piece) == 1536, "no gaps");

static struct zr_piece *piece_at(const struct zr_piece_pool *pool, uint32_t link)
{
	return link == 0 ? NULL : &pool->pieces[link - 1];
}

static uint32_t take(struct zr_piece_pool *pool)
{
	uint32_t link = pool->free_head;

	if (link != 0)
		pool->free_head = piece_at(pool, link)->next;
	else if (pool->fresh < pool->count)
		link = ++pool->fresh;
	pool->used += link != 0;
	return link;
}

bool zr_pieces_room(const struct zr_piece_pool *pool, uint32_t len)
{
	return pool->count - pool->used >= len / ZR_PIECE_BYTES + 1;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* A new piece with the first of len bytes before the one that *link names; how many of them, 0 when there is no room. */
static uint32_t insert(struct zr_piece_pool *pool, struct zr_pieces *p, uint32_t *link, uint32_t at,
		       const uint8_t *data, uint32_t len)
{
	uint32_t fresh = p->count < ZR_PIECES_MAX ? take(pool) : 0;
	struct zr_piece *piece = piece_at(pool, fresh);

	if (piece == NULL)
		return 0;
	len = least(len, ZR_PIECE_BYTES);
	piece->next = *link;
	piece->at = (uint16_t)at;
	piece->len = (uint16_t)len;
	memcpy(piece->data, data, len);
	*link = fresh;
	p->count++;
	p->held_len += len;
	return len;
}

/* Fill the gaps that these bytes lie in; compare what is there already. False when there is no room. */
static bool fill(struct zr_piece_pool *pool, struct zr_pieces *p, uint32_t at, const uint8_t *data, uint32_t len)
{
	uint32_t *link = &p->head;

	while (len > 0) {
		struct zr_piece *next = piece_at(pool, *link);
		uint32_t done = 0;

		if (next == NULL || next->at > at) {
			done = insert(pool, p, link, at, data, next == NULL ? len : least(len, next->at - at));
			if (done == 0)
				return false;
		} else if (next->at + next->len > at) {
			done = least(len, next->at + next->len - at);
			p->contradicted |= memcmp(next->data + (at - next->at), data, done) != 0;
		}
		link = &piece_at(pool, *link)->next;
		at += done;
		data += done;
		len -= done;
	}
	return true;
}

/* Can these bytes be a part of the datagram, by what is known of it? */
static bool fits(const struct zr_pieces *p, uint32_t at, uint32_t len, bool last)
{
	if (len == 0 || len > ZR_DATAGRAM_MAX || at > ZR_DATAGRAM_MAX - len || (!last && len % 8 != 0))
		return false;
	if (last)
		return p->end_len <= at + len && (p->total_len == 0 || p->total_len == at + len);
	return p->total_len == 0 || at + len <= p->total_len;
}

void zr_pieces_add(struct zr_piece_pool *pool, struct zr_pieces *p, uint32_t at, const uint8_t *data, uint32_t len,
		   bool last)
{
	if (p->given_up)
		return;
	if (!fits(p, at, len, last) || !fill(pool, p, at, data, len)) {
		zr_pieces_give_up(pool, p);
		return;
	}
	if (at + len > p->end_len)
		p->end_len = at + len;
	if (last)
		p->total_len = at + len;
}

void zr_pieces_clear(struct zr_piece_pool *pool, struct zr_pieces *p)
{
	while (p->head != 0) {
		struct zr_piece *piece = piece_at(pool, p->head);
		uint32_t next = piece->next;

		piece->next = pool->free_head;
		pool->free_head = p->head;
		pool->used--;
		p->head = next;
	}
	*p = (struct zr_pieces){0};
}

void zr_pieces_give_up(struct zr_piece_pool *pool, struct zr_pieces *p)
{
	zr_pieces_clear(pool, p);
	p->given_up = true;
}

uint32_t zr_pieces_join(const struct zr_piece_pool *pool, const struct zr_pieces *p, uint8_t *out)
{
	for (const struct zr_piece *piece = piece_at(pool, p->head); piece != NULL; piece = piece_at(pool, piece->next))
		memcpy(out + piece->at, piece->data, piece->len);
	return p->total_len;
}

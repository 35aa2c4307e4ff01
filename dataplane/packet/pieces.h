/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams put together from fragments (RFC 791, section 3.2; RFC 8200, section 4.5), in any order, in bounded memory: one
 * pool of blocks for all of them. The first copy of a byte stays; that a later one differed is remembered. One thread.
 */
#ifndef DATAPLANE_PACKET_PIECES_H
#define DATAPLANE_PACKET_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest datagram that is put together, and most pieces of one: fragments smaller than 512 bytes are rare. */
#define ZR_DATAGRAM_MAX 65535
#define ZR_PIECES_MAX   128

/* A block holds the content of an ordinary fragment. */
#define ZR_PIECE_BYTES 1528

struct zr_piece {
	uint32_t next; /* in the datagram by offset, or in the free list: number plus 1 */
	uint16_t at, len;
	uint8_t data[ZR_PIECE_BYTES];
};

struct zr_piece_pool {
	struct zr_piece *pieces;
	uint32_t count, fresh, free_head, used; /* pieces from fresh on were never used */
};

/* What is there of one datagram. Zeroed: nothing. */
struct zr_pieces {
	uint32_t head;
	uint32_t held_len;  /* bytes that are there, each counted once */
	uint32_t end_len;   /* one behind the last of them */
	uint32_t total_len; /* of the datagram; 0: not known yet */
	uint16_t count;
	bool contradicted; /* a byte came twice with different values */
	bool given_up;     /* it will not be put together; nothing is held */
};

/* Is there room for a fragment of len bytes? */
bool zr_pieces_room(const struct zr_piece_pool *pool, uint32_t len);

/*
 * Add the len bytes at offset at of the datagram; last: no more follow. Gives the datagram up when they cannot be a part of
 * it (beyond ZR_DATAGRAM_MAX or its end, none at all, not a multiple of eight though more follow), when it has too many
 * pieces, or when there is no room.
 */
void zr_pieces_add(struct zr_piece_pool *pool, struct zr_pieces *p, uint32_t at, const uint8_t *data, uint32_t len,
		   bool last);

static inline bool zr_pieces_whole(const struct zr_pieces *p)
{
	return p->total_len != 0 && p->held_len == p->total_len;
}

/* Forget what is held and take no more, until zr_pieces_clear. */
void zr_pieces_give_up(struct zr_piece_pool *pool, struct zr_pieces *p);

/* Forget everything: the next datagram may come. */
void zr_pieces_clear(struct zr_piece_pool *pool, struct zr_pieces *p);

/* Write a whole datagram to out (ZR_DATAGRAM_MAX bytes); its length. */
uint32_t zr_pieces_join(const struct zr_piece_pool *pool, const struct zr_pieces *p, uint8_t *out);

#endif

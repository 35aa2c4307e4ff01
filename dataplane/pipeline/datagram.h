/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The datagrams that fragments are of: a table of bounded size, from which the oldest goes first, and the bytes of those
 * that are not whole yet. In the caller's memory, nothing allocated later. One thread.
 */
#ifndef DATAPLANE_PIPELINE_DATAGRAM_H
#define DATAPLANE_PIPELINE_DATAGRAM_H

#include "dataplane/flow/flow.h"
#include "dataplane/packet/pieces.h"
#include "dataplane/pipeline/usage.h"

/* How long after the first fragment the last may come: what Linux gives them (RFC 8200, section 4.5 gives them 60 s). */
#define ZR_DATAGRAM_US UINT64_C(30000000)

struct zr_datagram {
	struct zr_flow_key key;  /* who sends to whom, and in place of ports the datagram's id */
	struct zr_packet packet; /* what fragments count as: the first part; until it comes, any */
	struct zr_pieces pieces;
	uint64_t hash;
	uint64_t due_us;       /* when it is given up */
	uint32_t next;         /* in its chain or the free list: number plus 1 */
	uint32_t older, newer; /* by age: number plus 1 */
	bool located;          /* the first part of the datagram at hand was seen */
	uint8_t hops;          /* the least that a part of it had left */

	/* The owner's: fragment.c. */
	bool counted;             /* some of the datagram at hand was counted to a flow */
	bool when_whole;          /* count it when it is whole: it is a tunnel to be opened, or its TCP header is cut */
	bool tunnel;              /* … the former */
	struct zr_volume waiting; /* fragments that are not counted to a flow yet … */
	uint64_t since_us;        /* … and when the first of them came */
};

struct zr_datagrams {
	struct zr_datagram *slots;
	uint32_t *heads; /* chains; a power of two of them */
	uint32_t head_mask;
	uint32_t count, fresh, free_head;
	uint32_t oldest, newest;
	uint64_t due_us; /* of the oldest; UINT64_MAX: there is none */
	uint64_t hash_key[2];
	struct zr_piece_pool pool;
	uint8_t *joined; /* ZR_DATAGRAM_MAX bytes */

	/* Told of a datagram before it goes, unless NULL. */
	void (*ended)(void *arg, struct zr_datagram *d);
	void *arg;
};

/* Bytes of memory for a table bounded by that many, but for one datagram that is put together; and making it there. */
size_t zr_datagrams_memory(size_t bytes);
/* memory: zeroed, aligned to 64, the caller's. seed: random at every start of a gateway, fixed for capture files. */
void zr_datagrams_init(struct zr_datagrams *all, void *memory, size_t bytes, const uint64_t seed[2],
		       void (*ended)(void *arg, struct zr_datagram *d), void *arg);

/*
 * The datagram of a fragment: a new one when it is not there, for which the oldest may have to go. A new one is zero but
 * for what is known of it.
 */
struct zr_datagram *zr_datagrams_of(struct zr_datagrams *all, const struct zr_packet *part, uint64_t now_us);

/* Keep a fragment's bytes, if they can be a part. For want of room the oldest datagrams go, but never this one. */
void zr_datagrams_collect(struct zr_datagrams *all, struct zr_datagram *d, const struct zr_packet *part);

/*
 * The packet of a datagram whose pieces are whole: see zr_packet_join. Its bytes are kept here until the next is joined, and
 * the pieces are given back.
 */
void zr_datagrams_join(struct zr_datagrams *all, struct zr_datagram *d, const struct zr_packet_rules *rules,
		       struct zr_packet *whole);

/* The oldest, or NULL. */
struct zr_datagram *zr_datagrams_oldest(const struct zr_datagrams *all);

/* Its time begins anew: another datagram of the same id. */
void zr_datagrams_renew(struct zr_datagrams *all, struct zr_datagram *d, uint64_t now_us);

/* It goes, and gives back what it holds. */
void zr_datagrams_end(struct zr_datagrams *all, struct zr_datagram *d);

#endif

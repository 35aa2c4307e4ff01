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
	struct zr_volume waiting; /* fragments that are not counted to a flow yet … */
	uint64_t since_us;        /* … and when the first of them came */
	uint64_t due_us;          /* when it is given up */
	uint32_t next;            /* in its chain or the free list: number plus 1 */
	uint32_t older, newer;    /* by age: number plus 1 */
	bool located;             /* the first part of the datagram at hand was seen: its flow is known */
	bool counted;             /* some of the datagram at hand was counted to a flow */
	bool when_whole;          /* count it when it is whole: it is a tunnel to be opened, or its TCP header is cut */
	bool tunnel;
};

struct zr_datagrams {
	struct zr_datagram *slots;
	uint32_t *heads; /* chains; a power of two of them */
	uint32_t head_mask;
	uint32_t count, fresh, free_head;
	uint32_t oldest, newest;
	uint64_t due_us; /* of the oldest; UINT64_MAX: there is none */
	struct zr_piece_pool pool;
};

/* Bytes of memory, bounded by that many; and making it there (zeroed, aligned to 64). */
size_t zr_datagrams_memory(size_t bytes);
void zr_datagrams_init(struct zr_datagrams *all, void *memory, size_t bytes);

/* The key of a fragment's datagram. */
void zr_datagram_key_of(const struct zr_packet *part, struct zr_flow_key *key);

/* hash: of the key, by zr_flow_hash. NULL when it is not there. */
struct zr_datagram *zr_datagrams_find(const struct zr_datagrams *all, const struct zr_flow_key *key, uint64_t hash);

/* A new one for a key that is not there; all but its key and due_us zero. NULL when the table is full. */
struct zr_datagram *zr_datagrams_add(struct zr_datagrams *all, const struct zr_flow_key *key, uint64_t hash,
				     uint64_t now_us);

/* The oldest, or NULL. */
struct zr_datagram *zr_datagrams_oldest(const struct zr_datagrams *all);

/* Its time begins anew: another datagram of the same id. */
void zr_datagrams_renew(struct zr_datagrams *all, struct zr_datagram *d, uint64_t now_us);

/* Remove it and give back what it holds. */
void zr_datagrams_remove(struct zr_datagrams *all, struct zr_datagram *d, uint64_t hash);

#endif

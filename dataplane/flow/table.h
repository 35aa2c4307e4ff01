/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow table of one worker: buckets of 16 slots, each bucket one cache line of 8-bit signatures and 24-bit flow
 * numbers; every tuple has two possible buckets. Flows themselves lie in two arrays and never move. Sized at start, never
 * growing. One thread.
 */
#ifndef DATAPLANE_FLOW_TABLE_H
#define DATAPLANE_FLOW_TABLE_H

#include "dataplane/flow/flow.h"

/* Most flows of one table: their numbers have 24 bits. */
#define ZR_FLOWS_MAX ((1U << 24) - 1)

struct zr_flow_table {
	struct zr_flow *flows;     /* capacity of them; family 0 in the key: free */
	struct zr_flow_rest *rest; /* same index */
	void *buckets;
	uint64_t hash_key[6];
	uint32_t bucket_count;
	uint32_t capacity;
	uint32_t used;           /* flows in use */
	uint32_t high_water;     /* flows at or above were never used */
	uint32_t free_head;      /* free list through rest[].older */
	uint32_t oldest, newest; /* the undecided, in the order of creation */
	uint32_t undecided;      /* how many */
	uint32_t sweep_at;       /* the ageing hand */
	uint32_t victim_at;      /* the eviction hand */
};

/* Bytes a table for so many flows needs; 0 when capacity is 0 or above ZR_FLOWS_MAX. */
size_t zr_flow_table_memory(uint32_t capacity);

/*
 * Make a table in memory (zeroed, aligned to 64, zr_flow_table_memory bytes, the caller's). seed: random at every start
 * of a gateway, fixed for capture files.
 */
void zr_flow_table_init(struct zr_flow_table *t, void *memory, uint32_t capacity, const uint64_t seed[2]);

/*
 * The key of a parsed packet (unaccounted packets have none). Returns true when the packet's source is side b.
 */
bool zr_flow_key_of(const struct zr_packet *packet, struct zr_flow_key *key);

/*
 * Keyed hash of a key: NH of UMAC (RFC 4418, section 5.2.2) on 64-bit words, then mixed. Two tuples meet with a
 * probability of about 2^-64 for whoever does not know the seed.
 */
uint64_t zr_flow_hash(const struct zr_flow_table *t, const struct zr_flow_key *key);

/*
 * Look up count (at most ZR_BURST) keys at once, in stages with prefetch between them: out[i] is the flow's number or
 * ZR_FLOW_NONE. The flows' first parts are in the cache, or on their way, when it returns.
 */
void zr_flow_table_find(const struct zr_flow_table *t, const struct zr_flow_key *keys, const uint64_t *hashes,
			unsigned int count, uint32_t *out);

/* Look up one key: for a packet whose flow may have come or gone since its burst was looked up. */
uint32_t zr_flow_table_find_one(const struct zr_flow_table *t, const struct zr_flow_key *key, uint64_t hash);

/*
 * Take a free flow for a key that is not in the table: zeroed but for its key, context ZR_FLOW_NONE, and at the young end
 * of the undecided. ZR_FLOW_NONE when the table is full (evict, then try again). Below capacity that means that 32 slots
 * and all the places their entries could move to are taken, which practically never happens.
 */
uint32_t zr_flow_table_insert(struct zr_flow_table *t, const struct zr_flow_key *key, uint64_t hash);

/* Remove a flow; its number is free at once. */
void zr_flow_table_remove(struct zr_flow_table *t, uint32_t flow);

/* The flow's whole key. */
void zr_flow_table_key(const struct zr_flow_table *t, uint32_t flow, struct zr_flow_key *key);

/*
 * Take a flow out of the undecided: sets ZR_FLOW_DECIDED, name 0 and rule ZR_ENTRY_NONE.
 */
void zr_flow_table_decided(struct zr_flow_table *t, uint32_t flow);

/*
 * Whom to evict: the oldest undecided flow; else the most idle charged one among the next 64 flows that the eviction hand
 * passes, and the 64 behind them, up to 1024; else the most idle free one of all these. ZR_FLOW_NONE only when the table is
 * empty. Bounded work.
 */
uint32_t zr_flow_table_victim(struct zr_flow_table *t);

/*
 * The next flow in use at the ageing hand, looking at no more than *budget slots (each look takes one off); ZR_FLOW_NONE when
 * the budget is used up or a whole round is done: then budget is left and the hand is back at the first. The hand moves
 * on; removing any flow meanwhile is allowed.
 */
uint32_t zr_flow_table_sweep(struct zr_flow_table *t, uint32_t *budget);

#endif

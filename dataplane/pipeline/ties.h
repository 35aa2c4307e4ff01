/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flows whose verdict hangs on something else. A bond is that something, told by a keyed hash: answers that a subscriber may get,
 * or a service that he uses. Flows are tied to it: some hold it (free flows under the service), others wait on it. Bounded, in
 * the caller's memory, nothing allocated later. One thread.
 */
#ifndef DATAPLANE_PIPELINE_TIES_H
#define DATAPLANE_PIPELINE_TIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most flows that wait on one bond, and most that hold one: nobody can fill the table who is one of many. */
#define ZR_TIES_WAITING 64
#define ZR_TIES_HOLDING 64

enum zr_tie_role { ZR_TIE_HOLDS, ZR_TIE_WAITS };

struct zr_bond;
struct zr_tie;

/* Numbers are positions plus 1; 0: none. */
struct zr_ties {
	struct zr_bond *bonds;
	struct zr_tie *ties;
	uint32_t *bond_heads, *tie_heads;    /* chains, by key and by flow; powers of two of them */
	uint32_t bond_mask, tie_mask, count; /* of bonds as of ties */
	uint32_t bonds_fresh, ties_fresh, bonds_free, ties_free;
	uint32_t lapsing_oldest, lapsing_newest; /* bonds that no flow is tied to, which still count for a while */
	uint32_t waiting;                        /* flows */
};

/* Bytes of memory for as many ties as that many hold; and making it there (zeroed, aligned to 64). */
size_t zr_ties_memory(size_t bytes);
void zr_ties_init(struct zr_ties *t, void *memory, size_t bytes);

/* Is there room for one more flow to wait on the bond? */
bool zr_ties_room(const struct zr_ties *t, uint64_t key);

/* Tie a flow that is not tied. False: there is no room. *first: it is the only one to hold the bond. */
bool zr_ties_tie(struct zr_ties *t, uint32_t flow, uint64_t key, enum zr_tie_role role, bool *first);

/* Is the flow tied just so? */
bool zr_ties_is(const struct zr_ties *t, uint32_t flow, uint64_t key, enum zr_tie_role role);
/* Is it one that holds a bond? */
bool zr_ties_holds(const struct zr_ties *t, uint32_t flow);

/*
 * Untie a flow that is tied. When it was the last one to hold the bond, that still counts until until_us. Returns the bond's key
 * then, else 0.
 */
uint64_t zr_ties_untie(struct zr_ties *t, uint32_t flow, uint64_t until_us);

/* Until when a bond counts: UINT64_MAX while a flow holds it, 0 when it does not. Of the bond that a flow is tied to. */
uint64_t zr_ties_until(const struct zr_ties *t, uint64_t key);
uint64_t zr_ties_until_of(const struct zr_ties *t, uint32_t flow);

/* The flows that wait on a bond. Returns how many; out: ZR_TIES_WAITING. */
unsigned int zr_ties_waiting(const struct zr_ties *t, uint64_t key, uint32_t *out);

/* How many places for ties were ever used; and the flow that waits by that place (0 and up), or UINT32_MAX. */
static inline uint32_t zr_ties_places(const struct zr_ties *t)
{
	return t->ties_fresh;
}
uint32_t zr_ties_at(const struct zr_ties *t, uint32_t place);

#endif

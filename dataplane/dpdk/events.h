/* SPDX-License-Identifier: BSD-3-Clause */
/* The record ring of one worker: events from the worker, whole and by value, to control. Private to this folder. */
#ifndef DATAPLANE_DPDK_EVENTS_H
#define DATAPLANE_DPDK_EVENTS_H

#include "dataplane/pipeline/usage.h"

struct rte_ring;

/*
 * Events that a worker's ring is to have room for: one of each of its flows, but no more than packets can bring while control is
 * busy elsewhere for some tenths of a second, since all else waits for room; and the fewest allowed. Powers of two.
 */
uint32_t zr_events_wanted(uint32_t flows);
#define ZR_EVENTS_MAX 65536
#define ZR_EVENTS_MIN 4096

/* Bytes that a ring of count events takes. */
size_t zr_events_bytes(uint32_t count);

/* Make a worker's ring for count events, a power of two. Free it with rte_ring_free. NULL: no memory. */
struct rte_ring *zr_events_make(unsigned int worker, uint32_t count, int socket);

/*
 * By the worker: copy an event to the ring. False when there is no room: records have all of the ring, other events half of
 * it, so that however many charged flows end, no record waits for them.
 */
bool zr_events_put(struct rte_ring *ring, const struct zr_usage *usage);

/* By the worker: how many more events may be put into the ring by flows that can wait. They leave half of it to packets. */
uint32_t zr_events_room(const struct rte_ring *ring);

/* By control: take at most max events in order. Returns how many there were. */
unsigned int zr_events_take(struct rte_ring *ring, void (*take)(void *arg, const struct zr_usage *usage), void *arg,
			    unsigned int max);

#endif

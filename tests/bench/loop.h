/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker's loop on the bench's own thread: a dataplane that forwards between two ports over rings. Each ring is what one
 * port sends into and the other receives from, so that the same frames go round; their flows are free from the beginning.
 */
#ifndef TESTS_BENCH_LOOP_H
#define TESTS_BENCH_LOOP_H

#include "dataplane/dpdk/state.h"
#include "tests/bench/traffic.h"

struct loop_options {
	const char *name; /* of the bench */
	const char *eal;
	uint32_t flows;    /* open and free; a power of 2 */
	uint32_t frames;   /* that go round, each of another flow; a power of 2, at most as many */
	uint32_t capacity; /* of the flow table */
	const struct zr_image *image;
	const struct zr_suffix_index *index; /* for loop_seed */
};

struct loop {
	struct loop_options options;
	struct traffic traffic;
	struct rte_mempool *pool;
	struct rte_ring *rings[2];
	uint16_t ports[2];
	struct zr_dataplane *dp;
	struct zr_worker *worker;
};

extern const uint64_t loop_seed[2];

/* Start EAL, once per program, and all else. Aborts with a sentence when something cannot be had. */
void loop_make(struct loop *loop, const struct loop_options *options);

/* One round of the worker: a burst from the next port. */
void loop_round(struct loop *loop);

/* Aborts unless every frame was judged as free, went out again and is still there. */
void loop_check(const struct loop *loop);

void loop_free(struct loop *loop);

/* Takes an event of zr_dataplane_drain and forgets it. */
void loop_tell(void *arg, const struct zr_usage *usage);

#endif

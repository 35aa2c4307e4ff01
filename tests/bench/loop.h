/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The worker's loop on the bench's own thread: a dataplane that forwards between two ports over rings. Each ring is what one
 * port sends into and the other receives from, so that the same frames go round; their flows are free from the beginning. Of
 * twelve frames seven are of 78 bytes (what TCP over IPv6 takes), four of 594, and one of 1518.
 */
#ifndef TESTS_BENCH_LOOP_H
#define TESTS_BENCH_LOOP_H

#include "dataplane/dpdk/state.h"
#include "tests/bench/traffic.h"

/* Sizes of frames. */
#define LOOP_SIZES 3

struct loop_options {
	const char *name; /* of the bench */
	const char *eal;
	uint32_t flows;    /* open and free; a power of 2 */
	uint32_t frames;   /* that go round, each of another flow; a power of 2, at most as many */
	uint32_t capacity; /* of the flow table */
	uint8_t family;    /* 4 or 6 */
	bool marks;        /* every frame carries the mark that it is to carry: planned, and not written */
	void (*tell)(void *arg, const struct zr_usage *usage); /* takes what opening the flows tells; NULL: loop_tell */
	const struct zr_image *image;                          /* NULL: a list that the loop makes */
	const struct zr_suffix_index *index;                   /* of image, for loop_seed */
};

struct loop {
	struct loop_options options;
	struct traffic traffic;
	struct rte_mempool *pools[LOOP_SIZES]; /* each with mbufs as large as its frames */
	struct rte_ring *rings[2];
	uint16_t ports[2];
	struct zr_dataplane *dp;
	struct zr_worker *worker;
	struct zr_image *image; /* the loop's own, with its index and memory; NULL where it was given one */
	struct zr_suffix_index *index;
	void *block;
};

extern const uint64_t loop_seed[2];

/* Start EAL, unless an earlier loop has, and all else, and pin this thread. Aborts with a sentence when something cannot be had. */
void loop_make(struct loop *loop, const struct loop_options *options);

/* One round of the worker: a burst from the next port. */
void loop_round(struct loop *loop);

/* Aborts unless every frame that the worker had was judged as free and went out again, and all are still there. */
void loop_check(const struct loop *loop);

void loop_free(struct loop *loop);

/* Takes an event of zr_dataplane_drain and forgets it. */
void loop_tell(void *arg, const struct zr_usage *usage);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one connection was sent and has not acknowledged, so that no more than its window is in flight and only what was sent
 * can be acknowledged. Pure, one thread.
 */
#ifndef CONTROL_FLIGHT_H
#define CONTROL_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ledger/ledger.h"

/* Most runs of numbers without a gap that are told apart. */
#define ZR_FLIGHT_RUNS 64

/* Numbers that went out one after the other within an epoch; from last + 1 to to, announced as lost, may follow them. */
struct zr_flight_run {
	uint64_t epoch_us, from, last, to;
	uint64_t records; /* how many of from..last; fewer when runs were put together */
};

struct zr_flight {
	struct zr_position acked;
	struct zr_flight_run runs[ZR_FLIGHT_RUNS + 1]; /* one more for a moment */
	unsigned int count;
	uint64_t records; /* in flight */
};

/* Nothing is in flight; everything up to a position counts as acknowledged. */
void zr_flight_begin(struct zr_flight *flight, struct zr_position after);

/* May another record of this epoch be noted? Not when the runs are used up, which takes as many epochs in flight. */
bool zr_flight_has_room(const struct zr_flight *flight, uint64_t epoch_us);

/*
 * Records of an epoch, from..to, were sent, or were announced as lost. Positions only go on; epochs are at most as many as
 * zr_flight_has_room allowed.
 */
void zr_flight_sent(struct zr_flight *flight, uint64_t epoch_us, uint64_t from, uint64_t to);
void zr_flight_lost(struct zr_flight *flight, uint64_t epoch_us, uint64_t from, uint64_t to);

/*
 * Everything up to a position is safe. Returns NULL, or what is wrong, a constant: it was never sent. What was acknowledged
 * already is acknowledged again without effect.
 */
const char *zr_flight_ack(struct zr_flight *flight, struct zr_position position);

/* Is a position before another one? */
bool zr_position_before(struct zr_position a, struct zr_position b);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* How long one burst takes, not bursts on average: all of them are kept, and told as percentiles beside the machine's own. */
#ifndef TESTS_BENCH_LATENCY_H
#define TESTS_BENCH_LATENCY_H

#include <stdbool.h>
#include <stdint.h>

/* Samples in cycles of the time stamp counter. */
struct latency {
	uint32_t *cycles;
	uint32_t count, room;
};

/* What a worker's burst may be worse at the 99.9th percentile than the machine is when it does nothing (DESIGN section 6). */
#define LATENCY_OVER_IDLE_US 20

/* Room for so many samples; those beyond are left out. Aborts when memory cannot be had. */
void latency_make(struct latency *latency, uint32_t room);
void latency_free(struct latency *latency);

static inline void latency_add(struct latency *latency, uint64_t cycles)
{
	if (latency->count < latency->room)
		latency->cycles[latency->count++] = cycles < UINT32_MAX ? (uint32_t)cycles : UINT32_MAX;
}

/*
 * The idle jitter: so many times, do nothing but look at the time stamp counter until cycles have passed, and add by how many
 * they were more then. cycles: about as long as a burst takes, since what lasts longer is disturbed more often.
 */
void latency_spin(struct latency *latency, uint64_t cycles, uint32_t times);

/* The sample that this fraction of them does not exceed, in us (1: the worst); 0 when there are none. Sorts them. */
double latency_us(struct latency *latency, double fraction);

/*
 * Print three lines, NAME_median, NAME_p999 and NAME_worst, in us, each with the same of idle as its floor. With a target: of
 * the 99.9th percentile, LATENCY_OVER_IDLE_US above the floor.
 */
void latency_print(const char *name, struct latency *latency, struct latency *idle, bool with_target);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* How long each step of a start or an end took, as text for the log: what an outage is made of. One thread. */
#ifndef CONTROL_LAPS_H
#define CONTROL_LAPS_H

#include <stdint.h>

struct zr_laps {
	uint64_t begin_ms, lap_ms;
	char text[160]; /* "412 ms: list 5, ledger 20" */
	char steps[128];
};

/* The first step begins. */
void zr_laps_begin(struct zr_laps *laps);

/* A step has ended, and the next one begins. What does not fit is left out. */
void zr_laps_end(struct zr_laps *laps, const char *step);

/* All steps so far. Valid until the next call. */
const char *zr_laps_text(struct zr_laps *laps);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Since when a record is on the disk, for records of any age in little memory: moments at which numbers were committed, noted
 * in levels, each half as often as the one before. One thread.
 */
#ifndef CONTROL_LAG_H
#define CONTROL_LAG_H

#include <stdint.h>

#define ZR_LAG_LEVELS  24
#define ZR_LAG_MOMENTS 64

struct zr_lag_moment {
	uint64_t seq; /* everything up to it was committed … */
	uint64_t ms;  /* … by then */
};

/* Zeroed: nothing is known. */
struct zr_lag {
	uint64_t count;  /* of moments noted */
	uint64_t latest; /* their highest number */
	struct zr_lag_moment at[ZR_LAG_LEVELS][ZR_LAG_MOMENTS];
};

/*
 * Everything up to seq is committed now. To be called once a second with times and numbers that do not fall; the first call
 * stands for all that was committed before it.
 */
void zr_lag_note(struct zr_lag *lag, uint64_t seq, uint64_t now_ms);

/*
 * For how long the record behind seq is committed, as far as is known: no longer than it is since the first call, and shorter
 * by a sixteenth at most. 0 when it is not known to be committed.
 */
uint64_t zr_lag_ms(const struct zr_lag *lag, uint64_t seq, uint64_t now_ms);

#endif

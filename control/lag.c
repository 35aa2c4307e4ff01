/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/lag.h"

void zr_lag_note(struct zr_lag *lag, uint64_t seq, uint64_t now_ms)
{
	if (lag->count > 0 && seq == lag->latest)
		return;
	for (unsigned int level = 0; level < ZR_LAG_LEVELS && lag->count % (UINT64_C(1) << level) == 0; level++) {
		uint64_t noted = lag->count >> level;

		lag->at[level][noted % ZR_LAG_MOMENTS] = (struct zr_lag_moment){seq, now_ms};
	}
	lag->latest = seq;
	lag->count++;
}

uint64_t zr_lag_ms(const struct zr_lag *lag, uint64_t seq, uint64_t now_ms)
{
	uint64_t since_ms = now_ms;

	/* Moments that were never noted have number 0, which is behind nothing. */
	for (unsigned int level = 0; level < ZR_LAG_LEVELS; level++)
		for (unsigned int i = 0; i < ZR_LAG_MOMENTS; i++)
			if (lag->at[level][i].seq > seq && lag->at[level][i].ms < since_ms)
				since_ms = lag->at[level][i].ms;
	return now_ms - since_ms;
}

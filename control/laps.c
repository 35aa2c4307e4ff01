/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/laps.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/loop.h"

void zr_laps_begin(struct zr_laps *laps)
{
	*laps = (struct zr_laps){0};
	laps->begin_ms = laps->lap_ms = zr_loop_now_ms();
}

void zr_laps_end(struct zr_laps *laps, const char *step)
{
	uint64_t now_ms = zr_loop_now_ms();
	size_t len = strlen(laps->steps);

	snprintf(laps->steps + len, sizeof(laps->steps) - len, "%s%s %" PRIu64, len > 0 ? ", " : "", step,
		 now_ms - laps->lap_ms);
	laps->lap_ms = now_ms;
}

const char *zr_laps_text(struct zr_laps *laps)
{
	snprintf(laps->text, sizeof(laps->text), "%" PRIu64 " ms: %s", laps->lap_ms - laps->begin_ms, laps->steps);
	return laps->text;
}

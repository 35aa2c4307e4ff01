/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/list/when.h"

#include <stdio.h>
#include <time.h>

const char *zr_list_when(int64_t time_s, char out[ZR_LIST_WHEN])
{
	time_t time = (time_t)time_s;
	struct tm tm;

	/* An image made by hand may hold a time whose year is no int. */
	if (gmtime_r(&time, &tm) == NULL || strftime(out, ZR_LIST_WHEN, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, ZR_LIST_WHEN, "@%lld", (long long)time_s);
	return out;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_alarm.h"

#include <inttypes.h>
#include <stdio.h>

#include "control/record/record.h"

#define DAY_S    86400
#define HOUR_S   3600
#define US_PER_S 1000000U

unsigned int zr_list_alarm_level(int64_t left_s)
{
	static const int64_t within_s[] = {30 * DAY_S, 7 * DAY_S, DAY_S, 0};
	unsigned int level = 0;

	while (level < sizeof(within_s) / sizeof(*within_s) && left_s <= within_s[level])
		level++;
	return level;
}

bool zr_list_alarm_is_due(unsigned int *told, int64_t left_s)
{
	unsigned int before = *told;

	*told = zr_list_alarm_level(left_s);
	return *told > before;
}

void zr_list_alarm_format(uint64_t serial, const char *issuer, int64_t expires_s, int64_t left_s,
			  char out[ZR_LIST_ALARM_TEXT])
{
	char at[ZR_TIME_TEXT];

	zr_time_format(expires_s > 0 ? (uint64_t)expires_s * US_PER_S : 0, at);
	if (left_s <= 0)
		snprintf(out, ZR_LIST_ALARM_TEXT,
			 "list %" PRIu64
			 " has expired (%.19sZ): everything is charged until a newer one is in force: get it from "
			 "its issuer (%s)",
			 serial, at, issuer);
	else
		snprintf(out, ZR_LIST_ALARM_TEXT,
			 "list %" PRIu64 " expires in %" PRId64
			 " %s (%.19sZ), and from then on everything is charged: get a newer "
			 "one from its issuer (%s)",
			 serial, left_s >= DAY_S ? left_s / DAY_S : (left_s + HOUR_S - 1) / HOUR_S,
			 left_s >= DAY_S ? "days" : "hours", at, issuer);
}

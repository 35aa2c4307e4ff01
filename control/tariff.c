/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/tariff.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#define US_PER_S UINT64_C(1000000)
#define DAY_S    86400
#define MINUTE_S 60

/* No zone is further from UTC. */
#define OFFSET_MAX_S DAY_S

/* Behind it years have more than four digits, and localtime_r may fail. */
#define END_S INT64_C(253402300800)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int zr_tariff_add(struct zr_tariff_switches *switches, const char *text)
{
	unsigned int hour, minute;
	uint32_t at_s;

	if (strlen(text) != 5 || !is_digit(text[0]) || !is_digit(text[1]) || text[2] != ':' || !is_digit(text[3]) ||
	    !is_digit(text[4]))
		return -EINVAL;
	hour = (unsigned int)(text[0] - '0') * 10 + (unsigned int)(text[1] - '0');
	minute = (unsigned int)(text[3] - '0') * 10 + (unsigned int)(text[4] - '0');
	if (hour > 23 || minute > 59)
		return -EINVAL;
	at_s = (hour * 60 + minute) * MINUTE_S;
	for (unsigned int i = 0; i < switches->count; i++)
		if (switches->at_s[i] == at_s)
			return -EEXIST;
	if (switches->count == ZR_TARIFF_SWITCHES_MAX)
		return -ENOSPC;
	switches->at_s[switches->count++] = at_s;
	return 0;
}

/* What a local clock is ahead of UTC. */
static int64_t offset_of(int64_t utc_s)
{
	time_t at = (time_t)utc_s;
	struct tm local;

	return localtime_r(&at, &local) != NULL ? local.tm_gmtoff : 0;
}

/* The first reading of a switch at or behind a local time, both in seconds since a local 1970. */
static int64_t reading_from(const struct zr_tariff_switches *switches, int64_t local_s)
{
	int64_t second = local_s % DAY_S, soonest = DAY_S;

	for (unsigned int i = 0; i < switches->count; i++) {
		int64_t wait = (switches->at_s[i] - second + DAY_S) % DAY_S;

		if (wait < soonest)
			soonest = wait;
	}
	return local_s + soonest;
}

/* When the offset changes between two times at which it differs: the first second that has another one. */
static int64_t change_between(int64_t before_s, int64_t after_s)
{
	int64_t offset = offset_of(before_s);

	while (after_s - before_s > 1) {
		int64_t middle = before_s + (after_s - before_s) / 2;

		if (offset_of(middle) == offset)
			before_s = middle;
		else
			after_s = middle;
	}
	return after_s;
}

/* The clock is set from one reading to another: does it come to a switch, or over one? */
static bool is_crossed(const struct zr_tariff_switches *switches, int64_t from_s, int64_t to_s)
{
	return from_s < to_s ? reading_from(switches, from_s) <= to_s : reading_from(switches, to_s) < from_s;
}

uint64_t zr_tariff_next_us(const void *arg, uint64_t after_us)
{
	const struct zr_tariff_switches *switches = arg;
	int64_t at_s = (int64_t)(after_us / US_PER_S);

	if (switches->count == 0)
		return UINT64_MAX;
	while (at_s < END_S) {
		int64_t offset = offset_of(at_s), change_s;
		/* A day on, so that the local time is never negative. */
		int64_t next_s = reading_from(switches, at_s + 1 + offset + OFFSET_MAX_S) - OFFSET_MAX_S - offset;

		if (offset_of(next_s) == offset)
			return (uint64_t)next_s * US_PER_S;
		change_s = change_between(at_s, next_s);
		if (is_crossed(switches, change_s + offset + OFFSET_MAX_S,
			       change_s + offset_of(change_s) + OFFSET_MAX_S))
			return (uint64_t)change_s * US_PER_S;
		at_s = change_s;
	}
	return UINT64_MAX;
}

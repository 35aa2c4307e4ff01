/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * When the tariff switches: local times of the day, in the time zone that the process runs in (TZ, else /etc/localtime).
 *
 * A switch is where a local clock reads one of the times, and where it is set across one of them: a time that daylight saving
 * skips switches at the moment of the change, a time that comes twice switches both times and at the change between them. So
 * whichever reading a tariff goes by, no record spans two.
 */
#ifndef CONTROL_TARIFF_H
#define CONTROL_TARIFF_H

#include <stdint.h>

/* Most switches a day. */
#define ZR_TARIFF_SWITCHES_MAX 24

struct zr_tariff_switches {
	unsigned int count;
	uint32_t at_s[ZR_TARIFF_SWITCHES_MAX]; /* seconds of the local day, in no order */
};

/* Add a time, "HH:MM" from 00:00 to 23:59. 0, -EINVAL: it is none, -EEXIST: it is there, -ENOSPC: there are too many. */
int zr_tariff_add(struct zr_tariff_switches *switches, const char *text);

/*
 * The first switch behind a time, in Unix microseconds; UINT64_MAX when there are no switches. arg: struct
 * zr_tariff_switches. For the dataplane's tariff_next_us: pure but for the time zone, which is read once, any thread.
 */
uint64_t zr_tariff_next_us(const void *arg, uint64_t after_us);

#endif

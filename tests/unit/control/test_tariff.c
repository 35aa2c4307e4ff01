/* SPDX-License-Identifier: BSD-3-Clause */
/* Switches of the tariff at local times, in zones with and without daylight saving. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <errno.h>

#include "control/tariff.h"

#define US_PER_S UINT64_C(1000000)

static struct zr_tariff_switches switches;

/* Zones, and their present rules for machines without a time zone database. */
#define HANOI  "Asia/Ho_Chi_Minh", "<+07>-7"
#define BERLIN "Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"

static bool is_known(const char *zone)
{
	char path[64];

	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zone);
	return access(path, R_OK) == 0;
}

/* The zone, and the times, separated by spaces. */
static void set(const char *zone, const char *rules, const char *times)
{
	char time[6] = "";

	assert_int_equal(setenv("TZ", is_known(zone) ? zone : rules, 1), 0);
	tzset();
	memset(&switches, 0, sizeof(switches));
	for (; *times != '\0'; times += strspn(times, " ")) {
		size_t len = strcspn(times, " ");

		assert_int_equal(len, 5);
		memcpy(time, times, len);
		assert_int_equal(zr_tariff_add(&switches, time), 0);
		times += len;
	}
}

/* "2026-03-29T01:00:00" in UTC. */
static uint64_t us_of(const char *utc)
{
	struct tm tm = {0};

	assert_non_null(strptime(utc, "%Y-%m-%dT%H:%M:%S", &tm));
	return (uint64_t)timegm(&tm) * US_PER_S;
}

static void assert_next(const char *after, const char *expected)
{
	time_t found = (time_t)(zr_tariff_next_us(&switches, us_of(after)) / US_PER_S);
	char text[32];

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", gmtime(&found));
	assert_string_equal(text, expected);
}

/* All switches between two times, and none beside them. */
static void assert_all(const char *from, const char *until, const char *const *expected)
{
	uint64_t at_us = us_of(from);

	for (; *expected != NULL; expected++) {
		at_us = zr_tariff_next_us(&switches, at_us);
		if (at_us != us_of(*expected))
			fail_msg("%llu instead of %s", (unsigned long long)(at_us / US_PER_S), *expected);
	}
	assert_true(zr_tariff_next_us(&switches, at_us) > us_of(until));
}

static void times_of_the_day_are_read_and_others_refused(void **state)
{
	static const char *const bad[] = {"",      "0",      "24:00", "00:60", "0:00",  "00:0",    "00:000",
					  "00-00", "00:00 ", " 00:0", "+1:00", "00:-1", "00:00:00"};

	(void)state;
	set("UTC", "UTC0", "00:00 23:59");
	assert_int_equal(switches.at_s[1], 86340);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(zr_tariff_add(&switches, bad[i]), -EINVAL);
	assert_int_equal(zr_tariff_add(&switches, "23:59"), -EEXIST);
	assert_int_equal(switches.count, 2);
	for (unsigned int i = 2; i < ZR_TARIFF_SWITCHES_MAX; i++) {
		char time[6];

		snprintf(time, sizeof(time), "%02u:30", i % 24);
		assert_int_equal(zr_tariff_add(&switches, time), 0);
	}
	assert_int_equal(zr_tariff_add(&switches, "12:01"), -ENOSPC);
}

static void without_switches_there_is_none(void **state)
{
	(void)state;
	set(HANOI, "");
	assert_true(zr_tariff_next_us(&switches, us_of("2026-11-22T00:00:00")) == UINT64_MAX);
}

/* UTC+7 all the year. */
static void midnight_in_hanoi(void **state)
{
	(void)state;
	set(HANOI, "00:00");
	assert_next("2026-11-22T00:00:00", "2026-11-22T17:00:00");
	assert_next("2026-11-22T16:59:59", "2026-11-22T17:00:00");
	assert_next("2026-12-31T17:00:00", "2027-01-01T17:00:00");
}

/* Strictly behind, to the microsecond. */
static void switch_is_behind_the_time_it_is_asked_for(void **state)
{
	uint64_t at_us = us_of("2026-11-22T17:00:00");

	(void)state;
	set(HANOI, "00:00");
	assert_true(zr_tariff_next_us(&switches, at_us - 1) == at_us);
	assert_true(zr_tariff_next_us(&switches, at_us) == at_us + 86400 * US_PER_S);
	assert_true(zr_tariff_next_us(&switches, at_us + 1) == at_us + 86400 * US_PER_S);
}

static void several_times_a_day_come_in_order(void **state)
{
	static const char *const all[] = {"2026-11-22T15:00:00", "2026-11-22T17:00:00", "2026-11-22T23:30:00",
					  "2026-11-23T15:00:00", NULL};

	(void)state;
	set(HANOI, "22:00 00:00 06:30");
	assert_all("2026-11-22T00:00:00", "2026-11-23T16:59:59", all);
}

/* Berlin: +1 until 2026-03-29T01:00Z, then +2 until 2026-10-25T01:00Z. */
static void midnight_in_berlin_follows_daylight_saving(void **state)
{
	static const char *const spring[] = {"2026-03-27T23:00:00", "2026-03-28T23:00:00", "2026-03-29T22:00:00",
					     "2026-03-30T22:00:00", NULL};
	static const char *const autumn[] = {"2026-10-23T22:00:00", "2026-10-24T22:00:00", "2026-10-25T23:00:00",
					     "2026-10-26T23:00:00", NULL};

	(void)state;
	set(BERLIN, "00:00");
	assert_all("2026-03-27T12:00:00", "2026-03-31T12:00:00", spring);
	assert_all("2026-10-23T12:00:00", "2026-10-27T12:00:00", autumn);
}

/* From 02:00 to 03:00 in one moment. */
static void time_that_does_not_exist_switches_at_the_change(void **state)
{
	static const char *const half_past[] = {"2026-03-28T01:30:00", "2026-03-29T01:00:00", "2026-03-30T00:30:00",
						NULL};
	static const char *const two[] = {"2026-03-28T01:00:00", "2026-03-29T01:00:00", "2026-03-30T00:00:00", NULL};
	static const char *const three[] = {"2026-03-28T02:00:00", "2026-03-29T01:00:00", "2026-03-30T01:00:00", NULL};
	static const char *const before[] = {"2026-03-28T00:59:00", "2026-03-29T00:59:00", "2026-03-29T23:59:00", NULL};

	(void)state;
	set(BERLIN, "02:30");
	assert_all("2026-03-27T12:00:00", "2026-03-30T12:00:00", half_past);
	set(BERLIN, "02:00");
	assert_all("2026-03-27T12:00:00", "2026-03-30T12:00:00", two);
	set(BERLIN, "03:00");
	assert_all("2026-03-27T12:00:00", "2026-03-30T12:00:00", three);
	set(BERLIN, "01:59");
	assert_all("2026-03-27T12:00:00", "2026-03-30T12:00:00", before);
}

/* From 03:00 back to 02:00. */
static void time_that_comes_twice_switches_both_times_and_between(void **state)
{
	static const char *const half_past[] = {"2026-10-24T00:30:00", "2026-10-25T00:30:00", "2026-10-25T01:00:00",
						"2026-10-25T01:30:00", "2026-10-26T01:30:00", NULL};
	static const char *const two[] = {"2026-10-24T00:00:00", "2026-10-25T00:00:00", "2026-10-25T01:00:00",
					  "2026-10-26T01:00:00", NULL};
	static const char *const three[] = {"2026-10-24T01:00:00", "2026-10-25T02:00:00", "2026-10-26T02:00:00", NULL};

	(void)state;
	set(BERLIN, "02:30");
	assert_all("2026-10-23T12:00:00", "2026-10-26T12:00:00", half_past);
	set(BERLIN, "02:00");
	assert_all("2026-10-23T12:00:00", "2026-10-26T12:00:00", two);
	set(BERLIN, "03:00");
	assert_all("2026-10-23T12:00:00", "2026-10-26T12:00:00", three);
}

/* Samoa went over the date line: there was no 2011-12-30. */
static void day_that_does_not_exist(void **state)
{
	static const char *const all[] = {"2011-12-29T22:00:00", "2011-12-30T10:00:00", "2011-12-30T22:00:00", NULL};

	(void)state;
	if (!is_known("Pacific/Apia")) {
		print_message("skipped: this machine has no time zone database\n");
		skip();
	}
	set("Pacific/Apia", "", "12:00");
	assert_all("2011-12-29T00:00:00", "2011-12-31T12:00:00", all);
}

static void there_is_an_end(void **state)
{
	(void)state;
	set(BERLIN, "00:00");
	assert_true(zr_tariff_next_us(&switches, UINT64_MAX) == UINT64_MAX);
	assert_true(zr_tariff_next_us(&switches, 0) == 23 * 3600 * US_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_of_the_day_are_read_and_others_refused),
		cmocka_unit_test(without_switches_there_is_none),
		cmocka_unit_test(midnight_in_hanoi),
		cmocka_unit_test(switch_is_behind_the_time_it_is_asked_for),
		cmocka_unit_test(several_times_a_day_come_in_order),
		cmocka_unit_test(midnight_in_berlin_follows_daylight_saving),
		cmocka_unit_test(time_that_does_not_exist_switches_at_the_change),
		cmocka_unit_test(time_that_comes_twice_switches_both_times_and_between),
		cmocka_unit_test(day_that_does_not_exist),
		cmocka_unit_test(there_is_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

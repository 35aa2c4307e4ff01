/* SPDX-License-Identifier: BSD-3-Clause */
/* Times, written and read: leap years, the ends of years, truncation, both ends of the range, and every day against the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "control/record/record.h"
#include "tests/support/guard.h"

#define US_PER_S 1000000ULL

static void check(uint64_t us, const char *expected)
{
	char text[ZR_TIME_TEXT];

	assert_int_equal(zr_time_format(us, text), ZR_TIME_TEXT - 1);
	assert_string_equal(text, expected);
}

static void test_known(void **state)
{
	(void)state;
	check(0, "1970-01-01T00:00:00.000000Z");
	check(1, "1970-01-01T00:00:00.000001Z");
	check(999999, "1970-01-01T00:00:00.999999Z");
	check(951782400 * US_PER_S, "2000-02-29T00:00:00.000000Z"); /* divisible by 400: a leap year */
	check(1709210096 * US_PER_S + 789012, "2024-02-29T12:34:56.789012Z");
	check(1709251200 * US_PER_S, "2024-03-01T00:00:00.000000Z");
	check(1767225599 * US_PER_S + 999999, "2025-12-31T23:59:59.999999Z");
	check(1767225600 * US_PER_S, "2026-01-01T00:00:00.000000Z");
	check(4107542399 * US_PER_S, "2100-02-28T23:59:59.000000Z");
	check(4107542400 * US_PER_S, "2100-03-01T00:00:00.000000Z"); /* divisible by 100 only: none */
}

static void test_ends(void **state)
{
	(void)state;
	check(253402300799 * US_PER_S + 999999, "9999-12-31T23:59:59.999999Z");
	check(253402300800 * US_PER_S, "9999-12-31T23:59:59.999999Z");
	check(UINT64_MAX, "9999-12-31T23:59:59.999999Z");
}

/* The text ends at a guard page. */
static bool parses(const char *text, size_t len, uint64_t *us)
{
	struct guard guard;
	bool parsed = zr_time_parse((const char *)guard_copy(&guard, text, len), len, us);

	guard_free(&guard);
	return parsed;
}

static void test_parse(void **state)
{
	static const char *const bad[] = {"",
					  "2026-11-22T00:00:00.000000",
					  "2026-11-22T00:00:00.000000Z ",
					  "2026-11-22t00:00:00.000000Z",
					  "2026-11-22T00:00:00,000000Z",
					  "2026-11-22 00:00:00.000000Z",
					  "2026-11-22T00:00:00.000000z",
					  "2026-02-29T00:00:00.000000Z",
					  "2026-00-22T00:00:00.000000Z",
					  "2026-13-22T00:00:00.000000Z",
					  "2026-11-00T00:00:00.000000Z",
					  "2026-11-31T00:00:00.000000Z",
					  "2026-11-22T24:00:00.000000Z",
					  "2026-11-22T00:60:00.000000Z",
					  "2026-11-22T00:00:60.000000Z",
					  "2026-11-22T00:00:00.00000\xffZ",
					  "1969-12-31T23:59:59.999999Z",
					  "0000-01-01T00:00:00.000000Z",
					  "+026-11-22T00:00:00.000000Z"};
	uint64_t us = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(parses(bad[i], strlen(bad[i]), &us));
		assert_int_equal(us, 7);
	}
	assert_true(parses("9999-12-31T23:59:59.999999Z", ZR_TIME_TEXT - 1, &us));
	assert_int_equal(us, 253402300799 * US_PER_S + 999999);
	assert_true(parses("2024-02-29T12:34:56.789012Z", ZR_TIME_TEXT - 1, &us));
	assert_int_equal(us, 1709210096 * US_PER_S + 789012);
}

static void check_parse(const char *text, uint64_t expected)
{
	uint64_t us = 1;

	assert_true(zr_time_parse(text, ZR_TIME_TEXT - 1, &us));
	assert_int_equal(us, expected);
}

static void test_every_day(void **state)
{
	(void)state;
	for (time_t s = 0; s < 253402300800; s += 86400) {
		char expected[40], text[ZR_TIME_TEXT];
		struct tm tm;

		assert_non_null(gmtime_r(&s, &tm));
		assert_int_not_equal(strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.000000Z", &tm), 0);
		zr_time_format((uint64_t)s * US_PER_S, text);
		if (strcmp(text, expected) != 0)
			fail_msg("%s, not %s", text, expected);
		check_parse(text, (uint64_t)s * US_PER_S);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_every_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

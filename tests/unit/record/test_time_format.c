/* SPDX-License-Identifier: BSD-3-Clause */
/* Times: leap years, the ends of years, truncation, both ends of the range, and every day against the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "control/record/record.h"

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
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_every_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/rules/lists.h"

#include <errno.h>

#include "rules/timestamp.h"
#include "tests/support/guard.h"

static int parse(const char *text, size_t len, int64_t *out_s)
{
	struct guard guard;
	int result = zr_timestamp_parse((const char *)guard_copy(&guard, text, len), len, out_s);

	guard_free(&guard);
	return result;
}

static void expect(const char *text, int64_t wanted_s)
{
	int64_t at_s = -1;

	assert_int_equal(parse(text, strlen(text), &at_s), 0);
	assert_int_equal(at_s, wanted_s);
}

static void reads_offsets_east_and_west(void **state)
{
	(void)state;
	expect("1970-01-01T00:00:00Z", 0);
	expect("2026-11-22T00:00:00+07:00", 1795280400);
	expect("2026-11-21T17:00:00Z", 1795280400);
	expect("2026-11-21T12:30:00-04:30", 1795280400);
	expect("2026-11-21t17:00:00z", 1795280400);
	expect("2027-06-30T23:59:59+07:00", 1814374799);
	expect("0000-01-01T00:00:00Z", -62167219200);
	expect("9999-12-31T23:59:59Z", 253402300799);
}

static void knows_how_long_months_are(void **state)
{
	int64_t at_s;

	(void)state;
	expect("2024-02-29T00:00:00Z", 1709164800);
	assert_int_equal(parse("2026-02-29T00:00:00Z", 20, &at_s), -EINVAL);
	assert_int_equal(parse("2026-06-31T00:00:00Z", 20, &at_s), -EINVAL);
	assert_int_equal(parse("2026-06-00T00:00:00Z", 20, &at_s), -EINVAL);
	assert_int_equal(parse("2026-00-10T00:00:00Z", 20, &at_s), -EINVAL);
	assert_int_equal(parse("2026-13-10T00:00:00Z", 20, &at_s), -EINVAL);
}

static void refuses_what_is_no_whole_second_with_an_offset(void **state)
{
	static const char *const bad[] = {
		"2026-06-01",
		"2026-06-01T00:00:00",
		"2026-06-01 00:00:00+07:00",
		"2026-06-01T00:00:00.5Z",
		"2026-06-01T24:00:00Z",
		"2026-06-01T00:60:00Z",
		"2016-12-31T23:59:60Z",
		"2026-06-01T00:00:00+7:00",
		"2026-06-01T00:00:00+0700",
		"2026-06-01T00:00:00+24:00",
		"2026-06-01T00:00:00+07:60",
		"2026-06-01T00:00:00Z ",
		"2026-6-1T00:00:00Z..",
		"26-06-01T00:00:00+07:00",
		"+026-06-01T00:00:00Z",
		"01/06/2026 00:00:00 AM",
	};
	int64_t at_s = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i], strlen(bad[i]), &at_s), -EINVAL);
	assert_int_equal(at_s, 7);
}

static void every_shorter_copy_is_refused(void **state)
{
	const char text[] = "2026-11-22T00:00:00+07:00";
	int64_t at_s;

	(void)state;
	for (size_t len = 0; len < strlen(text); len++)
		assert_int_equal(parse(text, len, &at_s), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_offsets_east_and_west),
		cmocka_unit_test(knows_how_long_months_are),
		cmocka_unit_test(refuses_what_is_no_whole_second_with_an_offset),
		cmocka_unit_test(every_shorter_copy_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

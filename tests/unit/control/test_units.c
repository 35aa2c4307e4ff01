/* SPDX-License-Identifier: BSD-3-Clause */
/* Sizes, counts and times with units. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "control/units.h"

typedef int parse(const char *text, uint64_t *value);

static void is(parse *read, const char *text, uint64_t expected)
{
	uint64_t value = 0;

	assert_int_equal(read(text, &value), 0);
	assert_int_equal(value, expected);
}

static void is_wrong(parse *read, const char *text, int err)
{
	uint64_t value;

	assert_int_equal(read(text, &value), err);
}

static void test_sizes(void **state)
{
	(void)state;
	is(zr_units_size, "64MiB", 64 << 20);
	is(zr_units_size, "50GiB", 50ULL << 30);
	is(zr_units_size, "2TB", 2000000000000);
	is(zr_units_size, "0B", 0);
	is(zr_units_size, "18446744073709551615B", UINT64_MAX);
	is_wrong(zr_units_size, "18446744073709551616B", -ERANGE);
	is_wrong(zr_units_size, "16777216TiB", -ERANGE);
	is_wrong(zr_units_size, "64", -EINVAL);
	is_wrong(zr_units_size, "64 MiB", -EINVAL);
	is_wrong(zr_units_size, "64mib", -EINVAL);
	is_wrong(zr_units_size, "-1B", -EINVAL);
	is_wrong(zr_units_size, "", -EINVAL);
	is_wrong(zr_units_size, "1KiB1B", -EINVAL);
}

static void test_counts(void **state)
{
	(void)state;
	is(zr_units_count, "1M", 1000000);
	is(zr_units_count, "7", 7);
	is(zr_units_count, "2K", 2000);
	is(zr_units_count, "1G", 1000000000);
	is_wrong(zr_units_count, "1Mi", -EINVAL);
	is_wrong(zr_units_count, "M", -EINVAL);
	is_wrong(zr_units_count, "1M1", -EINVAL);
}

static void test_times(void **state)
{
	(void)state;
	is(zr_units_time, "2h4m", 7440ULL * 1000000);
	is(zr_units_time, "60s", 60000000);
	is(zr_units_time, "200ms", 200000);
	is(zr_units_time, "1d2h3m4s5ms6us", 93784005006);
	is_wrong(zr_units_time, "60", -EINVAL);
	is_wrong(zr_units_time, "4m2h", -EINVAL);
	is_wrong(zr_units_time, "1m1m", -EINVAL);
	is_wrong(zr_units_time, "1.5h", -EINVAL);
	is_wrong(zr_units_time, "99999999999999d", -ERANGE);
	is_wrong(zr_units_time, "", -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* For how long records are on the disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/lag.h"

#define SECOND 1000

static void nothing_is_known_at_first(void **state)
{
	static struct zr_lag lag;

	(void)state;
	assert_int_equal(zr_lag_ms(&lag, 0, 5 * SECOND), 0);
}

static void what_was_there_counts_from_the_start(void **state)
{
	static struct zr_lag lag;

	(void)state;
	zr_lag_note(&lag, 700, 10 * SECOND);
	assert_int_equal(zr_lag_ms(&lag, 0, 13 * SECOND), 3 * SECOND);
	assert_int_equal(zr_lag_ms(&lag, 699, 13 * SECOND), 3 * SECOND);
	assert_int_equal(zr_lag_ms(&lag, 700, 13 * SECOND), 0);
	assert_int_equal(zr_lag_ms(&lag, UINT64_MAX, 13 * SECOND), 0);
}

static void each_record_counts_from_its_commit(void **state)
{
	static struct zr_lag lag;

	(void)state;
	zr_lag_note(&lag, 0, 10 * SECOND);
	zr_lag_note(&lag, 5, 11 * SECOND);
	zr_lag_note(&lag, 5, 12 * SECOND);
	zr_lag_note(&lag, 9, 13 * SECOND);
	/* Behind 4 comes 5, behind 5 comes 6. */
	assert_int_equal(zr_lag_ms(&lag, 0, 20 * SECOND), 9 * SECOND);
	assert_int_equal(zr_lag_ms(&lag, 4, 20 * SECOND), 9 * SECOND);
	assert_int_equal(zr_lag_ms(&lag, 5, 20 * SECOND), 7 * SECOND);
	assert_int_equal(zr_lag_ms(&lag, 8, 20 * SECOND), 7 * SECOND);
	assert_int_equal(zr_lag_ms(&lag, 9, 20 * SECOND), 0);
}

static void a_silent_night_takes_no_room(void **state)
{
	static struct zr_lag lag;

	(void)state;
	for (uint64_t second = 1; second <= 100000; second++)
		zr_lag_note(&lag, 1, second * SECOND);
	assert_int_equal(lag.count, 1);
	assert_int_equal(zr_lag_ms(&lag, 0, 100000 * SECOND), 99999 * SECOND);
}

/* A record a second for a month: never too long, shorter by a sixteenth at most, and lately exact. */
static void a_long_time_fits(void **state)
{
	static struct zr_lag lag;
	const uint64_t month = 30 * 86400;

	(void)state;
	for (uint64_t second = 1; second <= month; second++)
		zr_lag_note(&lag, second, second * SECOND);
	for (uint64_t acked = 0; acked < month; acked += 1 + acked / 977) {
		uint64_t age = (month - acked - 1) * SECOND, told = zr_lag_ms(&lag, acked, month * SECOND);

		assert_true(told <= age);
		assert_true(told >= age - age / 16);
	}
	for (uint64_t age = 0; age < ZR_LAG_MOMENTS; age++)
		assert_int_equal(zr_lag_ms(&lag, month - age - 1, month * SECOND), age * SECOND);
	assert_int_equal(zr_lag_ms(&lag, 0, month * SECOND), (month - 1) * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_known_at_first),
		cmocka_unit_test(what_was_there_counts_from_the_start),
		cmocka_unit_test(each_record_counts_from_its_commit),
		cmocka_unit_test(a_silent_night_takes_no_room),
		cmocka_unit_test(a_long_time_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums by key: found again, kept apart, bounded in number and in bytes, gone after clearing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "control/sums.h"

#define MANY 100000U

static void test_many_keys(void **state)
{
	struct zr_sums *sums;

	(void)state;
	assert_int_equal(zr_sums_make(MANY, MANY * sizeof(uint32_t), &sums), 0);
	for (unsigned int round = 0; round < 2; round++) {
		assert_int_equal(zr_sums_count(sums), 0);
		for (uint32_t i = 0; i < MANY; i++) {
			assert_null(zr_sums_find(sums, &i, sizeof(i)));
			zr_sums_take(sums, &i, sizeof(i))->traffic[1].up_bytes += i;
			zr_sums_take(sums, &i, sizeof(i))->traffic[1].up_bytes += 1;
		}
		assert_int_equal(zr_sums_count(sums), MANY);
		for (uint32_t i = 0; i < MANY; i++) {
			const void *key;
			size_t len;

			assert_int_equal(zr_sums_find(sums, &i, sizeof(i))->traffic[1].up_bytes, i + 1);
			assert_ptr_equal(zr_sums_at(sums, i, &key, &len), zr_sums_find(sums, &i, sizeof(i)));
			assert_int_equal(len, sizeof(i));
			assert_memory_equal(key, &i, sizeof(i));
		}
		zr_sums_clear(sums);
	}
	zr_sums_free(sums);
}

/* One key is the beginning of another. */
static void test_lengths(void **state)
{
	struct zr_sums *sums;

	(void)state;
	assert_int_equal(zr_sums_make(3, 100, &sums), 0);
	zr_sums_take(sums, "ab", 2)->traffic[0].up_pkts = 2;
	zr_sums_take(sums, "abc", 3)->traffic[0].up_pkts = 3;
	assert_int_equal(zr_sums_find(sums, "ab", 2)->traffic[0].up_pkts, 2);
	assert_int_equal(zr_sums_find(sums, "abc", 3)->traffic[0].up_pkts, 3);
	assert_null(zr_sums_find(sums, "a", 1));
	zr_sums_free(sums);
}

static void test_full(void **state)
{
	struct zr_sums *sums;

	(void)state;
	assert_int_equal(zr_sums_make(2, 100, &sums), 0);
	assert_non_null(zr_sums_take(sums, "a", 1));
	assert_non_null(zr_sums_take(sums, "b", 1));
	assert_null(zr_sums_take(sums, "c", 1));
	assert_non_null(zr_sums_take(sums, "a", 1));
	assert_int_equal(zr_sums_count(sums), 2);
	zr_sums_clear(sums);
	assert_non_null(zr_sums_take(sums, "c", 1));
	zr_sums_free(sums);
}

static void test_no_room_for_keys(void **state)
{
	struct zr_sums *sums;

	(void)state;
	assert_int_equal(zr_sums_make(100, 5, &sums), 0);
	assert_non_null(zr_sums_take(sums, "abc", 3));
	assert_null(zr_sums_take(sums, "def", 3));
	assert_non_null(zr_sums_take(sums, "de", 2));
	assert_null(zr_sums_take(sums, "f", 1));
	zr_sums_free(sums);
}

static void test_refused(void **state)
{
	struct zr_sums *sums = NULL;

	(void)state;
	assert_int_equal(zr_sums_make(0, 10, &sums), -EINVAL);
	assert_int_equal(zr_sums_make(10, 0, &sums), -EINVAL);
	assert_int_equal(zr_sums_make(ZR_SUMS_MOST + 1, 10, &sums), -EINVAL);
	assert_null(sums);
	zr_sums_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many_keys),        cmocka_unit_test(test_lengths), cmocka_unit_test(test_full),
		cmocka_unit_test(test_no_room_for_keys), cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

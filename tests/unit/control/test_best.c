/* SPDX-License-Identifier: BSD-3-Clause */
/* The best of many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "control/best.h"

#define OFFERS 5000

static int descending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x > y ? -1 : x < y;
}

static void best_of_any_order_are_kept_in_places_of_their_own(void **state)
{
	static uint64_t values[OFFERS];
	uint64_t held[64];
	struct zr_best best;

	(void)state;
	for (uint32_t room = 1; room <= 64; room++) {
		assert_int_equal(zr_best_make(&best, room), 0);
		for (unsigned int i = 0; i < OFFERS; i++) {
			uint32_t place;

			values[i] = (i * 7919ULL) % (room % 2 == 0 ? 4096 : 50);
			place = zr_best_offer(&best, values[i]);
			if (place == ZR_BEST_NONE)
				continue;
			assert_true(place < room);
			held[place] = values[i];
		}
		qsort(values, OFFERS, sizeof(*values), descending);
		zr_best_sort(&best);
		assert_int_equal(best.count, room);
		for (uint32_t i = 0; i < room; i++) {
			assert_int_equal(best.items[i].value, values[i]);
			assert_int_equal(held[best.items[i].place], values[i]);
		}
		zr_best_clear(&best);
	}
}

static void of_equal_ones_the_first_stay(void **state)
{
	struct zr_best best;

	(void)state;
	assert_int_equal(zr_best_make(&best, 3), 0);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(zr_best_offer(&best, 7), i);
	assert_int_equal(zr_best_offer(&best, 7), ZR_BEST_NONE);
	zr_best_sort(&best);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(best.items[i].place, i);
	zr_best_clear(&best);
}

static void fewer_than_there_is_room_for(void **state)
{
	struct zr_best best;

	(void)state;
	assert_int_equal(zr_best_make(&best, 10), 0);
	zr_best_sort(&best);
	assert_int_equal(best.count, 0);
	zr_best_offer(&best, 1);
	zr_best_offer(&best, UINT64_MAX);
	zr_best_sort(&best);
	assert_int_equal(best.count, 2);
	assert_int_equal(best.items[0].value, UINT64_MAX);
	zr_best_clear(&best);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(best_of_any_order_are_kept_in_places_of_their_own),
		cmocka_unit_test(of_equal_ones_the_first_stay),
		cmocka_unit_test(fewer_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

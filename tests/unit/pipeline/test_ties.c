/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows and what their verdicts hang on: against a plain table of the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/pipeline/ties.h"
#include "tests/support/random.h"

#define FLOWS 200
#define KEYS  12

static struct zr_ties ties;
static uint8_t *map;

static void make(size_t bytes)
{
	size_t len = zr_ties_memory(bytes);

	assert_true(len <= bytes + 64);
	map = aligned_alloc(64, (len + 127) / 64 * 64);
	assert_non_null(map);
	memset(map, 0, len);
	zr_ties_init(&ties, map, bytes);
}

static void a_bond_counts_while_it_is_held_and_a_while_longer(void **state)
{
	bool first;

	(void)state;
	make(4096);
	assert_int_equal(zr_ties_until(&ties, 77), 0);
	assert_true(zr_ties_tie(&ties, 1, 77, ZR_TIE_WAITS, &first));
	assert_false(first);
	assert_int_equal(zr_ties_until(&ties, 77), 0);
	assert_int_equal(zr_ties_until_of(&ties, 1), 0);
	assert_true(zr_ties_tie(&ties, 2, 77, ZR_TIE_HOLDS, &first));
	assert_true(first);
	assert_true(zr_ties_tie(&ties, 3, 77, ZR_TIE_HOLDS, &first));
	assert_false(first);
	assert_true(zr_ties_until(&ties, 77) == UINT64_MAX);
	assert_true(zr_ties_until_of(&ties, 1) == UINT64_MAX);
	assert_int_equal(zr_ties_untie(&ties, 2, 500), 0);
	assert_int_equal(zr_ties_untie(&ties, 3, 600), 77);
	assert_int_equal(zr_ties_until(&ties, 77), 600);
	assert_int_equal(zr_ties_untie(&ties, 1, 999), 0);
	assert_int_equal(zr_ties_until(&ties, 77), 600);
	assert_true(zr_ties_tie(&ties, 4, 77, ZR_TIE_HOLDS, &first));
	assert_true(first);
	free(map);
}

/* When all places are taken, the bond that lapses longest makes room; ties do not. */
static void full_tables_refuse_ties_and_forget_bonds_that_lapse(void **state)
{
	uint32_t count;
	bool first;

	(void)state;
	make(4096);
	count = ties.count;
	for (uint32_t i = 0; i < count; i++) {
		assert_true(zr_ties_tie(&ties, i, 1000 + i, ZR_TIE_HOLDS, &first));
		if (i < 2)
			assert_int_equal(zr_ties_untie(&ties, i, 50 + i), 1000 + i);
	}
	for (uint32_t i = 0; i < 2; i++)
		assert_true(zr_ties_tie(&ties, i, 2000 + i, ZR_TIE_HOLDS, &first));
	assert_int_equal(zr_ties_until(&ties, 1000), 0);
	assert_int_equal(zr_ties_until(&ties, 1001), 0);
	assert_false(zr_ties_tie(&ties, count, 3000, ZR_TIE_HOLDS, &first));
	assert_false(zr_ties_tie(&ties, count, 2000, ZR_TIE_WAITS, &first));
	assert_false(zr_ties_room(&ties, 2000));
	zr_ties_untie(&ties, 5, 1);
	assert_true(zr_ties_tie(&ties, count, 3000, ZR_TIE_WAITS, &first));
	free(map);
}

static void so_many_flows_hold_one_bond(void **state)
{
	uint32_t flow = 0;
	bool first;

	(void)state;
	make(1 << 16);
	for (; flow < ZR_TIES_HOLDING; flow++)
		assert_true(zr_ties_tie(&ties, flow, 5, ZR_TIE_HOLDS, &first));
	assert_false(zr_ties_tie(&ties, flow, 5, ZR_TIE_HOLDS, &first));
	assert_true(zr_ties_tie(&ties, flow, 5, ZR_TIE_WAITS, &first));
	assert_int_equal(zr_ties_untie(&ties, 0, 1), 0);
	assert_true(zr_ties_tie(&ties, 0, 5, ZR_TIE_HOLDS, &first));
	free(map);
}

/* What is known of a flow and of a bond, plainly. */
struct flow_model {
	uint64_t key;
	bool tied, holds;
};

static struct flow_model flows[FLOWS];
static uint64_t until[KEYS];

static unsigned int count_of(uint64_t key, bool holds)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < FLOWS; i++)
		n += flows[i].tied && flows[i].key == key && flows[i].holds == holds;
	return n;
}

static void check(void)
{
	uint32_t waiting[ZR_TIES_WAITING];
	unsigned int all = 0, listed = 0;

	for (uint64_t key = 1; key <= KEYS; key++) {
		unsigned int n = zr_ties_waiting(&ties, key, waiting);

		assert_int_equal(n, count_of(key, false));
		for (unsigned int i = 0; i < n; i++)
			assert_true(flows[waiting[i]].tied && !flows[waiting[i]].holds && flows[waiting[i]].key == key);
		assert_true(zr_ties_until(&ties, key) == (count_of(key, true) > 0 ? UINT64_MAX : until[key - 1]));
		assert_int_equal(zr_ties_room(&ties, key), n < ZR_TIES_WAITING);
		all += n;
	}
	assert_int_equal(ties.waiting, all);
	for (uint32_t i = 0; i < zr_ties_places(&ties); i++)
		listed += zr_ties_at(&ties, i) != UINT32_MAX;
	assert_int_equal(listed, all);
	for (uint32_t i = 0; i < FLOWS; i++)
		assert_int_equal(zr_ties_is(&ties, i, flows[i].key, flows[i].holds ? ZR_TIE_HOLDS : ZR_TIE_WAITS),
				 flows[i].tied);
}

static void ties_are_what_was_tied(void **state)
{
	struct random r = {.state = 5};
	bool first;

	(void)state;
	make(65536);
	for (unsigned int step = 1; step < 20000; step++) {
		uint32_t flow = random_below(&r, FLOWS);
		struct flow_model *f = &flows[flow];

		if (f->tied) {
			bool last = f->holds && count_of(f->key, true) == 1;

			assert_true(zr_ties_untie(&ties, flow, step) == (last ? f->key : 0));
			if (last)
				until[f->key - 1] = step;
			f->tied = false;
		} else {
			struct flow_model wanted = {.key = 1 + random_below(&r, random_percent(&r, 50) ? 2 : KEYS),
						    .holds = random_percent(&r, 30),
						    .tied = true};
			bool room = wanted.holds || count_of(wanted.key, false) < ZR_TIES_WAITING;
			bool none = count_of(wanted.key, true) == 0;

			assert_int_equal(zr_ties_tie(&ties, flow, wanted.key,
						     wanted.holds ? ZR_TIE_HOLDS : ZR_TIE_WAITS, &first),
					 room);
			if (room) {
				assert_int_equal(first, wanted.holds && none);
				*f = wanted;
			}
		}
		if (step % 50 == 0)
			check();
	}
	free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bond_counts_while_it_is_held_and_a_while_longer),
		cmocka_unit_test(full_tables_refuse_ties_and_forget_bonds_that_lapse),
		cmocka_unit_test(so_many_flows_hold_one_bond),
		cmocka_unit_test(ties_are_what_was_tied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

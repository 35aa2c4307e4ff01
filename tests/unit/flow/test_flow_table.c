/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/flow/bucket.h"
#include "dataplane/flow/table.h"
#include "rules/image.h"

static const uint64_t seed[2] = {20261122, 7};

static struct zr_flow_table make_table(uint32_t capacity)
{
	size_t bytes = (zr_flow_table_memory(capacity) + 63) / 64 * 64;
	void *memory = aligned_alloc(64, bytes);
	struct zr_flow_table t;

	assert_non_null(memory);
	memset(memory, 0, bytes);
	zr_flow_table_init(&t, memory, capacity, seed);
	return t;
}

static void free_table(struct zr_flow_table *t)
{
	free(t->buckets);
}

static struct zr_flow_key key4(uint32_t number)
{
	return (struct zr_flow_key){.addr = {number}, .port_a = 443, .port_b = 50000, .proto = 6, .family = 4};
}

static struct zr_flow_key key6(uint32_t number)
{
	return (struct zr_flow_key){.addr = {number}, .proto = 17, .family = 6, .addr6 = {1, 2, 3}};
}

static uint32_t insert(struct zr_flow_table *t, struct zr_flow_key key)
{
	return zr_flow_table_insert(t, &key, zr_flow_hash(t, &key));
}

/* Both ways to look up must agree. */
static uint32_t find(const struct zr_flow_table *t, struct zr_flow_key key)
{
	uint64_t hash = zr_flow_hash(t, &key);
	uint32_t flow = ZR_FLOW_NONE - 1;

	zr_flow_table_find(t, &key, &hash, 1, &flow);
	assert_int_equal(flow, zr_flow_table_find_one(t, &key, hash));
	return flow;
}

static uint32_t insert_decided(struct zr_flow_table *t, uint32_t number, bool is_free, uint64_t last_us)
{
	uint32_t flow = insert(t, key4(number));

	assert_int_not_equal(flow, ZR_FLOW_NONE);
	zr_flow_table_decided(t, flow);
	t->flows[flow].last_us = last_us;
	if (is_free)
		t->flows[flow].flags |= ZR_FLOW_FREE;
	return flow;
}

static void test_memory_is_bounded_and_capacity_checked(void **state)
{
	(void)state;
	assert_int_equal(zr_flow_table_memory(0), 0);
	assert_int_equal(zr_flow_table_memory(ZR_FLOWS_MAX + 1), 0);
	assert_int_equal(zr_flow_table_memory(UINT32_MAX), 0);
	assert_true(zr_flow_table_memory(1) > 0);
	assert_true(zr_flow_table_memory(1000000) / 1000000.0 <= 126);
	assert_true(zr_flow_table_memory(ZR_FLOWS_MAX) / (double)ZR_FLOWS_MAX <= 126);
}

static void test_arrays_fill_the_memory_and_are_aligned(void **state)
{
	struct zr_flow_table t = make_table(100);
	uintptr_t begin = (uintptr_t)t.buckets, end = begin + zr_flow_table_memory(100);

	(void)state;
	assert_int_equal((uintptr_t)t.flows % 64, 0);
	assert_int_equal((uintptr_t)t.rest % 64, 0);
	assert_true((uintptr_t)t.flows >= begin + t.bucket_count * sizeof(struct zr_bucket));
	assert_true((uintptr_t)t.rest >= (uintptr_t)(t.flows + 100));
	assert_true((uintptr_t)(t.rest + 100) <= end);
	free_table(&t);
}

static void test_empty_table_finds_nothing(void **state)
{
	struct zr_flow_table t = make_table(1);
	uint32_t budget = 5;

	(void)state;
	assert_int_equal(find(&t, key4(1)), ZR_FLOW_NONE);
	assert_int_equal(find(&t, key4(0)), ZR_FLOW_NONE);
	assert_int_equal(find(&t, key6(0)), ZR_FLOW_NONE);
	assert_int_equal(zr_flow_table_victim(&t), ZR_FLOW_NONE);
	assert_int_equal(zr_flow_table_sweep(&t, &budget), ZR_FLOW_NONE);
	free_table(&t);
}

static void test_new_flow_is_blank_and_undecided(void **state)
{
	struct zr_flow_table t = make_table(4);
	struct zr_flow_key key = key6(9), kept;
	uint32_t flow = insert(&t, key);

	(void)state;
	memset((char *)&t.flows[flow] + sizeof(key.words[0]) * 2, 0xFF, sizeof(struct zr_flow) - 16);
	t.flows[flow].flags = 0;
	zr_flow_table_remove(&t, flow);
	assert_int_equal(insert(&t, key), flow);
	assert_int_equal(t.flows[flow].up_bytes, 0);
	assert_int_equal(t.flows[flow].flags, 0);
	assert_int_equal(t.flows[flow].path, 0);
	assert_int_equal(t.flows[flow].context, ZR_FLOW_NONE);
	assert_int_equal(t.rest[flow].id, 0);
	zr_flow_table_key(&t, flow, &kept);
	assert_memory_equal(&kept, &key, sizeof(key));
	assert_int_equal(t.undecided, 1);
	assert_int_equal(t.used, 1);
	free_table(&t);
}

static void test_full_table_takes_no_more_until_one_goes(void **state)
{
	struct zr_flow_table t = make_table(1000);

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(insert(&t, i % 2 ? key4(i) : key6(i)), i);
	assert_int_equal(insert(&t, key4(5000)), ZR_FLOW_NONE);
	assert_int_equal(t.high_water, 1000);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(find(&t, i % 2 ? key4(i) : key6(i)), i);
	zr_flow_table_remove(&t, 500);
	assert_int_equal(find(&t, key6(500)), ZR_FLOW_NONE);
	assert_int_equal(insert(&t, key4(5000)), 500);
	assert_int_equal(find(&t, key4(5000)), 500);
	free_table(&t);
}

static void test_families_domains_protocols_are_distinct_flows(void **state)
{
	struct zr_flow_table t = make_table(8);
	struct zr_flow_key keys[5] = {key4(1), key4(1), key4(1), key6(1), key6(1)};

	(void)state;
	keys[1].domain = 1;
	keys[2].proto = 17;
	keys[4].addr6[2] = 4; /* differs in the part that is not in the first cache line */
	for (uint32_t i = 0; i < 5; i++) {
		assert_int_equal(find(&t, keys[i]), ZR_FLOW_NONE);
		assert_int_equal(insert(&t, keys[i]), i);
	}
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(find(&t, keys[i]), i);
	free_table(&t);
}

/* The next key from number on with a home bucket (any: UINT32_MAX) and a signature (any: 0). */
static struct zr_flow_key key_at(const struct zr_flow_table *t, uint32_t home, uint8_t signature, uint32_t *number)
{
	for (;;) {
		struct zr_flow_key key = key4((*number)++);
		uint64_t hash = zr_flow_hash(t, &key);
		uint32_t at = (uint32_t)(zr_bucket_home(t, hash) - (struct zr_bucket *)t->buckets);

		if ((home == UINT32_MAX || at == home) && (signature == 0 || zr_bucket_signature(hash) == signature))
			return key;
	}
}

static void test_one_bucket_of_equal_signatures_is_searched_whole(void **state)
{
	struct zr_flow_table t = make_table(12);
	struct zr_flow_key keys[12];
	uint64_t hashes[12];
	uint32_t number = 1, flows[12];

	(void)state;
	assert_int_equal(t.bucket_count, 1);
	for (uint32_t i = 0; i < 12; i++) {
		keys[i] = key_at(&t, 0, 77, &number);
		hashes[i] = zr_flow_hash(&t, &keys[i]);
		assert_int_equal(insert(&t, keys[i]), i);
	}
	zr_flow_table_find(&t, keys, hashes, 12, flows);
	for (uint32_t i = 0; i < 12; i++)
		assert_int_equal(flows[i], i);
	assert_int_equal(find(&t, key_at(&t, 0, 77, &number)), ZR_FLOW_NONE);
	free_table(&t);
}

static void test_other_bucket_is_an_involution(void **state)
{
	struct zr_flow_table t = make_table(12 * 37);
	struct zr_bucket *first = t.buckets;

	(void)state;
	assert_int_equal(t.bucket_count, 37);
	for (uint32_t i = 0; i < 37; i++) {
		for (int signature = 1; signature < 256; signature++) {
			struct zr_bucket *other = zr_bucket_other(&t, first + i, (uint8_t)signature);

			assert_true(other >= first && other < first + 37);
			assert_ptr_equal(zr_bucket_other(&t, other, (uint8_t)signature), first + i);
		}
	}
	free_table(&t);
}

/*
 * Keys of one home and one signature have the same two buckets: 32 fit. The 33rd fits only once an entry with another way
 * to go stands among them, which then moves.
 */
static void check_displacement(bool from_home)
{
	struct zr_flow_table t = make_table(1200);
	struct zr_bucket *first = t.buckets, *home = first + 10, *other, *mixed;
	uint32_t number = 1, replaced = from_home ? 3 : 19;
	struct zr_flow_key keys[33];
	uint8_t signature = 1;

	while (zr_bucket_other(&t, home, signature) == home)
		signature++;
	other = zr_bucket_other(&t, home, signature);
	mixed = from_home ? home : other;
	for (uint32_t i = 0; i < 33; i++)
		keys[i] = key_at(&t, 10, signature, &number);
	for (uint32_t i = 0; i < 32; i++)
		assert_int_equal(insert(&t, keys[i]), i);
	assert_int_equal(zr_bucket_match(home, signature), 0xFFFF);
	assert_int_equal(zr_bucket_match(other, signature), 0xFFFF);
	assert_int_equal(insert(&t, keys[32]), ZR_FLOW_NONE);
	assert_int_equal(t.used, 32);

	zr_flow_table_remove(&t, replaced);
	keys[replaced] = key_at(&t, (uint32_t)(mixed - first), (uint8_t)(signature + 1), &number);
	assert_int_equal(insert(&t, keys[replaced]), replaced);
	assert_int_not_equal(zr_bucket_match(mixed, (uint8_t)(signature + 1)), 0);
	assert_int_equal(insert(&t, keys[32]), 32);
	assert_int_equal(zr_bucket_match(mixed, signature), 0xFFFF);
	for (uint32_t i = 0; i < 33; i++)
		assert_int_equal(find(&t, keys[i]), i);
	zr_flow_table_remove(&t, replaced);
	assert_int_equal(find(&t, keys[replaced]), ZR_FLOW_NONE);
	free_table(&t);
}

static void test_entry_of_the_home_bucket_is_displaced(void **state)
{
	(void)state;
	check_displacement(true);
}

static void test_entry_of_the_other_bucket_is_displaced(void **state)
{
	(void)state;
	check_displacement(false);
}

static void test_stranger_at_home_does_not_hide_the_other_bucket(void **state)
{
	struct zr_flow_table t = make_table(1200);
	uint32_t number = 1;

	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		struct zr_flow_key key = key_at(&t, 20, 9, &number);

		assert_int_equal(insert(&t, key), i);
		assert_int_equal(find(&t, key), i);
	}
	free_table(&t);
}

static void test_burst_of_known_and_unknown_keys(void **state)
{
	struct zr_flow_table t = make_table(1000);
	struct zr_flow_key keys[ZR_BURST];
	uint64_t hashes[ZR_BURST];
	uint32_t flows[ZR_BURST];

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		insert(&t, i % 2 ? key4(i) : key6(i));
	for (unsigned int count = 0; count <= ZR_BURST; count++) {
		for (unsigned int i = 0; i < count; i++) {
			uint32_t number = i * 61; /* above 1000 in its second half */

			keys[i] = number % 2 ? key4(number) : key6(number);
			hashes[i] = zr_flow_hash(&t, &keys[i]);
		}
		zr_flow_table_find(&t, keys, hashes, count, flows);
		for (unsigned int i = 0; i < count; i++)
			assert_int_equal(flows[i], i * 61 < 1000 ? i * 61 : ZR_FLOW_NONE);
	}
	free_table(&t);
}

static void test_victim_is_oldest_undecided(void **state)
{
	struct zr_flow_table t = make_table(10);

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		insert(&t, key4(i));
	insert_decided(&t, 5, false, 1);
	assert_int_equal(zr_flow_table_victim(&t), 0);
	zr_flow_table_remove(&t, 0); /* the first */
	assert_int_equal(zr_flow_table_victim(&t), 1);
	zr_flow_table_remove(&t, 2); /* in the middle */
	zr_flow_table_decided(&t, 1);
	assert_int_equal(zr_flow_table_victim(&t), 3);
	insert(&t, key4(6)); /* takes number 2: younger than 4 all the same */
	zr_flow_table_remove(&t, 3);
	zr_flow_table_remove(&t, 4);
	assert_int_equal(zr_flow_table_victim(&t), 2);
	assert_int_equal(t.undecided, 1);
	zr_flow_table_remove(&t, 2);
	assert_int_equal(t.undecided, 0);
	assert_int_equal(t.newest, ZR_FLOW_NONE);
	free_table(&t);
}

static void test_decided_flow_has_no_name_and_no_rule(void **state)
{
	struct zr_flow_table t = make_table(1);
	uint32_t flow = insert(&t, key4(1));

	(void)state;
	zr_flow_table_decided(&t, flow);
	assert_int_equal(t.flows[flow].flags, ZR_FLOW_DECIDED);
	assert_int_equal(t.rest[flow].name, 0);
	assert_int_equal(t.rest[flow].rule, ZR_ENTRY_NONE);
	assert_int_equal(t.oldest, ZR_FLOW_NONE);
	free_table(&t);
}

static void test_victim_is_most_idle_charged_before_any_free(void **state)
{
	struct zr_flow_table t = make_table(10);

	(void)state;
	insert_decided(&t, 0, true, 1); /* idle longest, but free */
	insert_decided(&t, 1, false, 30);
	insert_decided(&t, 2, false, 20);
	insert_decided(&t, 3, true, 2);
	insert_decided(&t, 4, false, 25);
	assert_int_equal(zr_flow_table_victim(&t), 2);
	zr_flow_table_remove(&t, 2);
	assert_int_equal(zr_flow_table_victim(&t), 4);
	zr_flow_table_remove(&t, 4);
	assert_int_equal(zr_flow_table_victim(&t), 1);
	zr_flow_table_remove(&t, 1);
	assert_int_equal(zr_flow_table_victim(&t), 0);
	zr_flow_table_remove(&t, 0);
	assert_int_equal(zr_flow_table_victim(&t), 3);
	free_table(&t);
}

static void test_victim_is_looked_for_64_flows_on(void **state)
{
	struct zr_flow_table t = make_table(200);

	(void)state;
	for (uint32_t i = 0; i < 200; i++)
		insert_decided(&t, i, false, 1000 - i); /* the later, the more idle */
	assert_int_equal(zr_flow_table_victim(&t), 63);
	assert_int_equal(zr_flow_table_victim(&t), 127);
	assert_int_equal(zr_flow_table_victim(&t), 191);
	assert_int_equal(zr_flow_table_victim(&t), 199); /* 192 to 199, then 0 to 55 */
	free_table(&t);
}

static void test_victim_is_charged_though_hundreds_of_free_flows_come_first(void **state)
{
	struct zr_flow_table t = make_table(2000);

	(void)state;
	for (uint32_t i = 0; i < 2000; i++)
		insert_decided(&t, i, i != 1000 && i != 1999, 1000 - i % 7);
	assert_int_equal(zr_flow_table_victim(&t), 1000);
	assert_int_equal(zr_flow_table_victim(&t), 1999);
	free_table(&t);
}

static void test_victim_is_found_behind_many_empty_slots(void **state)
{
	struct zr_flow_table t = make_table(1000);

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		insert_decided(&t, i, i == 900, 1);
	for (uint32_t i = 0; i < 1000; i++)
		if (i != 900)
			zr_flow_table_remove(&t, i);
	assert_int_equal(zr_flow_table_victim(&t), 900);
	assert_int_equal(zr_flow_table_victim(&t), 900);
	zr_flow_table_remove(&t, 900);
	assert_int_equal(zr_flow_table_victim(&t), ZR_FLOW_NONE);
	free_table(&t);
}

static void test_sweep_takes_one_off_the_budget_a_look(void **state)
{
	struct zr_flow_table t = make_table(100);
	uint32_t budget = 3;

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		insert(&t, key4(i));
	for (uint32_t i = 0; i < 8; i++)
		if (i != 1)
			zr_flow_table_remove(&t, i);
	assert_int_equal(zr_flow_table_sweep(&t, &budget), 1);
	assert_int_equal(budget, 1);
	assert_int_equal(zr_flow_table_sweep(&t, &budget), ZR_FLOW_NONE);
	assert_int_equal(budget, 0);
	assert_int_equal(zr_flow_table_sweep(&t, &budget), ZR_FLOW_NONE);
	budget = 100;
	assert_int_equal(zr_flow_table_sweep(&t, &budget), 8);
	assert_int_equal(zr_flow_table_sweep(&t, &budget), 9);
	assert_int_equal(zr_flow_table_sweep(&t, &budget), ZR_FLOW_NONE); /* the round is over: budget is left */
	assert_int_equal(budget, 93);
	assert_int_equal(zr_flow_table_sweep(&t, &budget), 1);
	free_table(&t);
}

/* Flows come and go, at the hand and elsewhere, while it goes round: those that stay are seen exactly once. */
static void test_sweep_sees_every_flow_once_a_round(void **state)
{
	enum { COUNT = 500 };
	struct zr_flow_table t = make_table(2 * COUNT);
	uint8_t seen[2 * COUNT] = {0};
	uint32_t flow, number = COUNT, rounds_over = 0;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++)
		insert(&t, key4(i));
	while (rounds_over == 0) {
		uint32_t budget = 7;

		while ((flow = zr_flow_table_sweep(&t, &budget)) != ZR_FLOW_NONE) {
			seen[flow]++;
			if (flow % 5 == 0)
				zr_flow_table_remove(&t, flow);
		}
		rounds_over += budget > 0;
		insert(&t, key4(number++));
	}
	for (uint32_t i = 0; i < COUNT; i++)
		assert_int_equal(seen[i], 1);
	for (uint32_t i = COUNT; i < t.high_water; i++)
		assert_true(seen[i] <= 1);
	free_table(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_is_bounded_and_capacity_checked),
		cmocka_unit_test(test_arrays_fill_the_memory_and_are_aligned),
		cmocka_unit_test(test_empty_table_finds_nothing),
		cmocka_unit_test(test_new_flow_is_blank_and_undecided),
		cmocka_unit_test(test_full_table_takes_no_more_until_one_goes),
		cmocka_unit_test(test_families_domains_protocols_are_distinct_flows),
		cmocka_unit_test(test_one_bucket_of_equal_signatures_is_searched_whole),
		cmocka_unit_test(test_other_bucket_is_an_involution),
		cmocka_unit_test(test_entry_of_the_home_bucket_is_displaced),
		cmocka_unit_test(test_entry_of_the_other_bucket_is_displaced),
		cmocka_unit_test(test_stranger_at_home_does_not_hide_the_other_bucket),
		cmocka_unit_test(test_burst_of_known_and_unknown_keys),
		cmocka_unit_test(test_victim_is_oldest_undecided),
		cmocka_unit_test(test_decided_flow_has_no_name_and_no_rule),
		cmocka_unit_test(test_victim_is_most_idle_charged_before_any_free),
		cmocka_unit_test(test_victim_is_looked_for_64_flows_on),
		cmocka_unit_test(test_victim_is_charged_though_hundreds_of_free_flows_come_first),
		cmocka_unit_test(test_victim_is_found_behind_many_empty_slots),
		cmocka_unit_test(test_sweep_takes_one_off_the_budget_a_look),
		cmocka_unit_test(test_sweep_sees_every_flow_once_a_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

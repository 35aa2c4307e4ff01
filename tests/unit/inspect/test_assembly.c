/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/inspect/assembly.h"
#include "dataplane/inspect/inspect.h"
#include "tests/support/guard.h"

#define POOL_BYTES 65536
#define SMALL      2560
#define OWNER      7

struct fixture {
	void *memory;
	struct zr_assembly_pool *pool;
	uint32_t lost[64];
	unsigned int lost_count;
};

static void given_up(void *arg, uint32_t owner)
{
	struct fixture *f = arg;

	assert_true(f->lost_count < 64);
	f->lost[f->lost_count++] = owner;
}

static void open_pool(struct fixture *f, size_t bytes)
{
	size_t room = (zr_assembly_pool_memory(bytes) + 63) / 64 * 64;

	*f = (struct fixture){0};
	f->memory = aligned_alloc(64, room);
	assert_non_null(f->memory);
	memset(f->memory, 0, room);
	f->pool = zr_assembly_pool_init(f->memory, bytes, given_up, f);
	assert_non_null(f->pool);
}

static int setup(void **state)
{
	struct fixture *f = malloc(sizeof(*f));

	assert_non_null(f);
	open_pool(f, POOL_BYTES);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->memory);
	free(f);
	return 0;
}

static void pattern(uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(i * 7 + i / 256);
}

static uint32_t contiguous(const struct zr_assembly *a)
{
	uint32_t len;

	zr_assembly_bytes(a, &len);
	return len;
}

static void assert_holds(const struct zr_assembly *a, const uint8_t *bytes, uint32_t len)
{
	uint32_t held_len;
	const uint8_t *held = zr_assembly_bytes(a, &held_len);

	assert_int_equal(held_len, len);
	assert_memory_equal(held, bytes, len);
}

static void add(struct fixture *f, struct zr_assembly **a, uint32_t offset, const void *data, uint32_t len)
{
	struct guard guard;
	const uint8_t *copy = guard_copy(&guard, data, len);

	assert_int_equal(zr_assembly_add(f->pool, a, offset, copy, len), 0);
	assert_non_null(*a);
	guard_free(&guard);
}

static void test_pieces_in_order(void **state)
{
	struct fixture *f = *state;
	struct zr_assembly *a = zr_assembly_get(f->pool, OWNER);
	uint8_t bytes[2000];

	pattern(bytes, sizeof(bytes));
	for (uint32_t at = 0; at < sizeof(bytes); at += 100) {
		assert_int_equal(contiguous(a), at);
		add(f, &a, at, bytes + at, 100);
	}
	assert_holds(a, bytes, sizeof(bytes));
	assert_false(zr_assembly_conflict(a, UINT32_MAX));
	zr_assembly_put(f->pool, a);
}

static void test_single_bytes_in_reverse(void **state)
{
	struct fixture *f = *state;
	struct zr_assembly *a = zr_assembly_get(f->pool, OWNER);
	uint8_t bytes[300];

	pattern(bytes, sizeof(bytes));
	for (uint32_t at = sizeof(bytes) - 1; at > 0; at--) {
		add(f, &a, at, bytes + at, 1);
		assert_int_equal(contiguous(a), 0);
	}
	add(f, &a, 0, bytes, 1);
	assert_holds(a, bytes, sizeof(bytes));
	zr_assembly_put(f->pool, a);
}

static void test_first_copy_stays_and_conflict_is_told(void **state)
{
	struct fixture *f = *state;
	struct zr_assembly *a = zr_assembly_get(f->pool, OWNER);

	add(f, &a, 2, "cdef", 4);
	add(f, &a, 0, "abcXefgh", 8);
	assert_holds(a, (const uint8_t *)"abcdefgh", 8);
	assert_false(zr_assembly_conflict(a, 3));
	assert_true(zr_assembly_conflict(a, 4));
	zr_assembly_put(f->pool, a);
}

static void test_equal_copies_are_no_conflict(void **state)
{
	struct fixture *f = *state;
	struct zr_assembly *a = zr_assembly_get(f->pool, OWNER);

	add(f, &a, 0, "abcd", 4);
	add(f, &a, 0, "abcd", 4);
	add(f, &a, 1, "bcde", 4);
	assert_holds(a, (const uint8_t *)"abcde", 5);
	assert_false(zr_assembly_conflict(a, UINT32_MAX));
	zr_assembly_put(f->pool, a);
}

static void test_empty_piece_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct zr_assembly *a = zr_assembly_get(f->pool, OWNER);

	add(f, &a, 0, "", 0);
	add(f, &a, 100, "", 0);
	assert_int_equal(contiguous(a), 0);
	assert_int_equal(zr_assembly_add(f->pool, &a, ZR_HELLO_MAX, (const uint8_t *)"", 0), -EFBIG);
	zr_assembly_put(f->pool, a);
}

static void test_grows_with_holes_and_conflicts(void **state)
{
	struct fixture *f = *state;
	struct zr_assembly *a = zr_assembly_get(f->pool, OWNER);
	static uint8_t bytes[ZR_HELLO_MAX];

	pattern(bytes, sizeof(bytes));
	add(f, &a, 0, bytes, 10);
	add(f, &a, 5, "!", 1);
	add(f, &a, 20, bytes + 20, SMALL - 20);
	add(f, &a, SMALL, bytes + SMALL, sizeof(bytes) - SMALL);
	assert_holds(a, bytes, 10);
	add(f, &a, 10, bytes + 10, 10);
	assert_holds(a, bytes, sizeof(bytes));
	assert_false(zr_assembly_conflict(a, 5));
	assert_true(zr_assembly_conflict(a, 6));
	zr_assembly_put(f->pool, a);
}

static void test_upper_bound(void **state)
{
	struct fixture *f = *state;
	struct zr_assembly *a = zr_assembly_get(f->pool, OWNER);
	static uint8_t bytes[ZR_HELLO_MAX + 1];

	pattern(bytes, sizeof(bytes));
	assert_int_equal(zr_assembly_add(f->pool, &a, ZR_HELLO_MAX, bytes, 1), -EFBIG);
	assert_int_equal(zr_assembly_add(f->pool, &a, UINT32_MAX, bytes, UINT32_MAX), -EFBIG);
	assert_int_equal(contiguous(a), 0);
	assert_int_equal(zr_assembly_add(f->pool, &a, 0, bytes, ZR_HELLO_MAX + 1), -EFBIG);
	assert_holds(a, bytes, ZR_HELLO_MAX);
	zr_assembly_put(f->pool, a);
}

static void test_consume_moves_the_rest_down(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[600];

	pattern(bytes, sizeof(bytes));
	for (uint32_t n = 0; n <= 200; n++) {
		struct zr_assembly *a = zr_assembly_get(f->pool, OWNER);

		add(f, &a, 0, bytes, 200);
		add(f, &a, 201, bytes + 201, 399);
		zr_assembly_consume(a, n);
		assert_holds(a, bytes + n, 200 - n);
		add(f, &a, 200 - n, bytes + 200, 1);
		assert_holds(a, bytes + n, 600 - n);
		assert_false(zr_assembly_conflict(a, UINT32_MAX));
		zr_assembly_put(f->pool, a);
	}
}

static void test_consume_keeps_later_conflicts(void **state)
{
	struct fixture *f = *state;
	struct zr_assembly *a = zr_assembly_get(f->pool, OWNER);

	add(f, &a, 0, "abcdefgh", 8);
	add(f, &a, 1, "B", 1);
	zr_assembly_consume(a, 1);
	assert_true(zr_assembly_conflict(a, 1));
	zr_assembly_consume(a, 1);
	assert_false(zr_assembly_conflict(a, UINT32_MAX));
	add(f, &a, 4, "G", 1);
	zr_assembly_consume(a, 2);
	assert_false(zr_assembly_conflict(a, 2));
	assert_true(zr_assembly_conflict(a, 3));
	/* On both sides of what is dropped: the rest counts as in conflict from its start. */
	add(f, &a, 0, "E", 1);
	zr_assembly_consume(a, 1);
	assert_true(zr_assembly_conflict(a, 1));
	zr_assembly_put(f->pool, a);
}

static void test_consume_drops_holes(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[600];

	pattern(bytes, sizeof(bytes));
	for (uint32_t n = 0; n <= 650; n++) {
		struct zr_assembly *a = zr_assembly_get(f->pool, OWNER);

		add(f, &a, 100, bytes + 100, 100);
		add(f, &a, 300, bytes + 300, 300);
		zr_assembly_consume(a, n);
		assert_int_equal(zr_assembly_end(a), n < 600 ? 600 - n : 0);
		if (n >= 100 && n < 200)
			assert_holds(a, bytes + n, 200 - n);
		else if (n >= 300 && n < 600)
			assert_holds(a, bytes + n, 600 - n);
		else
			assert_int_equal(contiguous(a), 0);
		zr_assembly_put(f->pool, a);
	}
}

static void test_precede_opens_a_hole_in_front(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[ZR_HELLO_MAX];

	pattern(bytes, sizeof(bytes));
	for (uint32_t n = 1; n <= ZR_HELLO_MAX - 400; n += n < 200 ? 1 : 511) {
		struct zr_assembly *a = zr_assembly_get(f->pool, OWNER);
		uint8_t other = bytes[n + 350] ^ 1;

		add(f, &a, 0, bytes + n, 100);
		add(f, &a, 300, bytes + n + 300, 100);
		add(f, &a, 350, &other, 1);
		assert_int_equal(zr_assembly_precede(f->pool, &a, n), 0);
		assert_int_equal(contiguous(a), 0);
		assert_int_equal(zr_assembly_end(a), n + 400);
		add(f, &a, 0, bytes, n);
		assert_holds(a, bytes, n + 100);
		assert_false(zr_assembly_conflict(a, n + 350));
		assert_true(zr_assembly_conflict(a, n + 351));
		add(f, &a, n + 100, bytes + n + 100, 200);
		assert_holds(a, bytes, n + 400);
		zr_assembly_put(f->pool, a);
	}
}

static void test_precede_is_bounded(void **state)
{
	struct fixture *f = *state;
	struct zr_assembly *a = zr_assembly_get(f->pool, OWNER);

	assert_int_equal(zr_assembly_precede(f->pool, &a, 100), 0);
	assert_int_equal(zr_assembly_end(a), 0);
	add(f, &a, 0, "abc", 3);
	assert_int_equal(zr_assembly_precede(f->pool, &a, UINT32_MAX), -EFBIG);
	assert_int_equal(zr_assembly_precede(f->pool, &a, ZR_HELLO_MAX - 2), -EFBIG);
	assert_holds(a, (const uint8_t *)"abc", 3);
	assert_int_equal(zr_assembly_precede(f->pool, &a, ZR_HELLO_MAX - 3), 0);
	assert_int_equal(zr_assembly_end(a), ZR_HELLO_MAX);
	zr_assembly_put(f->pool, a);
}

static void test_a_used_buffer_comes_back_empty(void **state)
{
	struct fixture *f = *state;
	struct zr_assembly *a = zr_assembly_get(f->pool, OWNER);

	add(f, &a, 0, "abcd", 4);
	add(f, &a, 0, "abcX", 4);
	zr_assembly_put(f->pool, a);
	a = zr_assembly_get(f->pool, OWNER);
	assert_int_equal(contiguous(a), 0);
	assert_false(zr_assembly_conflict(a, UINT32_MAX));
	add(f, &a, 1, "b", 1);
	assert_int_equal(contiguous(a), 0);
	zr_assembly_put(f->pool, a);
}

static void test_the_oldest_is_given_up(void **state)
{
	struct fixture *f = *state;
	struct zr_assembly_stats stats;
	struct zr_assembly *held[64];
	uint32_t count = 0;

	while (f->lost_count == 0) {
		assert_true(count < 64);
		held[count] = zr_assembly_get(f->pool, count);
		assert_non_null(held[count]);
		count++;
	}
	assert_int_equal(f->lost[0], 0);
	/* The second oldest goes back by itself; then the third is the oldest. */
	zr_assembly_put(f->pool, held[1]);
	assert_non_null(zr_assembly_get(f->pool, 100));
	assert_int_equal(f->lost_count, 1);
	assert_non_null(zr_assembly_get(f->pool, 101));
	assert_int_equal(f->lost_count, 2);
	assert_int_equal(f->lost[1], 2);
	zr_assembly_pool_stats(f->pool, &stats);
	assert_int_equal(stats.given_up, 2);
	assert_int_equal(stats.in_use, count - 1);
	assert_true(stats.in_use_bytes <= POOL_BYTES);
}

static void test_growing_takes_the_oldest_large_one(void **state)
{
	struct fixture *f = *state;
	struct zr_assembly *first = zr_assembly_get(f->pool, 1);
	struct zr_assembly *second = zr_assembly_get(f->pool, 2);
	struct zr_assembly_stats stats;

	add(f, &first, SMALL, "a", 1);
	add(f, &second, 0, "abcd", 4);
	add(f, &second, SMALL, "e", 1);
	assert_int_equal(f->lost_count, 1);
	assert_int_equal(f->lost[0], 1);
	assert_holds(second, (const uint8_t *)"abcd", 4);
	zr_assembly_pool_stats(f->pool, &stats);
	assert_int_equal(stats.in_use, 1);
	assert_int_equal(stats.given_up, 1);
	zr_assembly_put(f->pool, second);
	zr_assembly_pool_stats(f->pool, &stats);
	assert_int_equal(stats.in_use, 0);
	assert_int_equal(stats.in_use_bytes, 0);
}

static void test_a_flood_of_large_ones_spares_the_small(void **state)
{
	struct fixture *f = *state;
	struct zr_assembly *kept = zr_assembly_get(f->pool, OWNER);

	add(f, &kept, 0, "abcd", 4);
	for (uint32_t i = 0; i < 50; i++) {
		struct zr_assembly *a = zr_assembly_get(f->pool, 1000 + i);

		add(f, &a, ZR_HELLO_MAX - 1, "x", 1);
	}
	for (unsigned int i = 0; i < f->lost_count; i++)
		assert_int_not_equal(f->lost[i], OWNER);
	assert_holds(kept, (const uint8_t *)"abcd", 4);
}

static void test_pools_too_small(void **state)
{
	struct zr_assembly_stats stats;
	struct zr_assembly *a;
	struct fixture f;

	(void)state;
	open_pool(&f, 0);
	assert_null(zr_assembly_get(f.pool, OWNER));
	free(f.memory);

	/* Room for small ones only: growing fails and gives the small one back. */
	open_pool(&f, 8192);
	a = zr_assembly_get(f.pool, OWNER);
	assert_non_null(a);
	assert_int_equal(zr_assembly_add(f.pool, &a, SMALL, (const uint8_t *)"x", 1), -ENOMEM);
	assert_null(a);
	zr_assembly_pool_stats(f.pool, &stats);
	assert_int_equal(stats.in_use, 0);
	assert_int_equal(stats.given_up, 1);
	assert_int_equal(f.lost_count, 0);
	free(f.memory);
}

/* The same, one byte at a time and without any thought to speed. */
struct model {
	uint8_t data[ZR_HELLO_MAX];
	bool there[ZR_HELLO_MAX], conflict[ZR_HELLO_MAX];
};

static void model_add(struct model *m, uint32_t offset, const uint8_t *data, uint32_t len)
{
	for (uint32_t i = offset; i < offset + len && i < ZR_HELLO_MAX; i++) {
		if (m->there[i])
			m->conflict[i] |= m->data[i] != data[i - offset];
		else
			m->data[i] = data[i - offset];
		m->there[i] = true;
	}
}

static void assert_like_model(const struct zr_assembly *a, const struct model *m)
{
	uint32_t len = 0, conflict = 0;

	while (len < ZR_HELLO_MAX && m->there[len])
		len++;
	while (conflict < ZR_HELLO_MAX && !m->conflict[conflict])
		conflict++;
	assert_holds(a, m->data, len);
	assert_false(zr_assembly_conflict(a, conflict));
	assert_int_equal(zr_assembly_conflict(a, conflict + 1), conflict < ZR_HELLO_MAX);
}

static void test_any_pieces_like_the_model(void **state)
{
	struct fixture *f = *state;
	static struct model m;
	uint8_t piece[400];

	srandom(20261122);
	for (unsigned int round = 0; round < 200; round++) {
		struct zr_assembly *a = zr_assembly_get(f->pool, OWNER);
		uint32_t spread = round % 4 == 0 ? ZR_HELLO_MAX : 1 + (uint32_t)random() % 3000;

		memset(&m, 0, sizeof(m));
		for (unsigned int i = 0; i < 60; i++) {
			uint32_t offset = (uint32_t)random() % spread;
			uint32_t len = (uint32_t)random() % (round % 3 == 0 ? 4 : sizeof(piece));
			int fits = offset + len > ZR_HELLO_MAX ? -EFBIG : 0;

			for (uint32_t k = 0; k < len; k++)
				piece[k] = (uint8_t)((offset + k) * 31 + (random() % 5000 == 0));
			assert_int_equal(zr_assembly_add(f->pool, &a, offset, piece, len), fits);
			model_add(&m, offset, piece, len);
			assert_like_model(a, &m);
		}
		zr_assembly_put(f->pool, a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pieces_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_single_bytes_in_reverse, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_copy_stays_and_conflict_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(test_equal_copies_are_no_conflict, setup, teardown),
		cmocka_unit_test_setup_teardown(test_empty_piece_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_grows_with_holes_and_conflicts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_upper_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(test_consume_moves_the_rest_down, setup, teardown),
		cmocka_unit_test_setup_teardown(test_consume_keeps_later_conflicts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_consume_drops_holes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_precede_opens_a_hole_in_front, setup, teardown),
		cmocka_unit_test_setup_teardown(test_precede_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_used_buffer_comes_back_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_oldest_is_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_growing_takes_the_oldest_large_one, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_flood_of_large_ones_spares_the_small, setup, teardown),
		cmocka_unit_test(test_pools_too_small),
		cmocka_unit_test_setup_teardown(test_any_pieces_like_the_model, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

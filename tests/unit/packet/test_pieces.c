/* SPDX-License-Identifier: BSD-3-Clause */
/* Datagrams put together from pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/packet/pieces.h"
#include "tests/support/guard.h"

#define PIECES 200

static struct zr_piece memory[PIECES];
static struct zr_piece_pool pool;
static struct zr_pieces p;
static uint8_t truth[ZR_DATAGRAM_MAX + 1], joined[ZR_DATAGRAM_MAX];
static uint64_t random_state;

static unsigned int pick(unsigned int below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned int)(random_state >> 33) % below;
}

static int setup(void **state)
{
	(void)state;
	pool = (struct zr_piece_pool){.pieces = memory, .count = PIECES};
	p = (struct zr_pieces){0};
	random_state = 1;
	for (size_t i = 0; i < sizeof(truth); i++)
		truth[i] = (uint8_t)(i * 7 + i / 256);
	return 0;
}

/* Nothing is lost of the pool. */
static int teardown(void **state)
{
	(void)state;
	zr_pieces_clear(&pool, &p);
	return pool.used == 0 ? 0 : -1;
}

static void add(uint32_t at, uint32_t len, bool last)
{
	struct guard guard;

	zr_pieces_add(&pool, &p, at, guard_copy(&guard, truth + at, len), len, last);
	guard_free(&guard);
}

static void assert_whole(uint32_t len)
{
	assert_true(zr_pieces_whole(&p));
	assert_int_equal(zr_pieces_join(&pool, &p, joined), len);
	assert_memory_equal(joined, truth, len);
}

static void any_order_any_overlap(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 2000; round++) {
		uint32_t len = 1 + pick(round % 10 == 0 ? ZR_DATAGRAM_MAX : 5000), blocks = (len + 7) / 8;
		static uint8_t seen[ZR_DATAGRAM_MAX / 8 + 1];
		uint32_t missing = blocks;

		memset(seen, 0, blocks);
		while (missing > 0 && !p.given_up) {
			uint32_t from = pick(blocks), to = from + 1 + pick(blocks - from);

			assert_false(zr_pieces_whole(&p));
			zr_pieces_add(&pool, &p, from * 8, truth + from * 8,
				      to == blocks ? len - from * 8 : (to - from) * 8, to == blocks);
			for (uint32_t b = from; b < to; b++) {
				missing -= seen[b] == 0;
				seen[b] = 1;
			}
		}
		if (p.given_up)
			assert_true(len > ZR_PIECE_BYTES);
		else
			assert_whole(len);
		assert_false(p.contradicted);
		zr_pieces_clear(&pool, &p);
		assert_int_equal(pool.used, 0);
	}
}

static void longest_datagram(void **state)
{
	uint32_t step = ZR_PIECE_BYTES;

	(void)state;
	for (uint32_t at = 0; at < ZR_DATAGRAM_MAX; at += step)
		add(at, ZR_DATAGRAM_MAX - at < step ? ZR_DATAGRAM_MAX - at : step, at + step >= ZR_DATAGRAM_MAX);
	assert_whole(ZR_DATAGRAM_MAX);
	/* In one fragment's bytes all the same. */
	zr_pieces_clear(&pool, &p);
	add(0, 8, false);
	add(8, ZR_DATAGRAM_MAX - 8, true);
	assert_whole(ZR_DATAGRAM_MAX);
}

static void what_cannot_be_a_part_gives_the_datagram_up(void **state)
{
	static const struct {
		uint32_t at, len;
		bool last;
	} first = {80, 16, true}, cases[] = {
					  {65528, 8, true},      {65528, 8, false}, {0, ZR_DATAGRAM_MAX + 1, true},
					  {8, UINT32_MAX, true}, {8, 0, false},     {8, 0, true},
					  {8, 9, false},         {80, 24, true},    {80, 8, true},
					  {88, 16, false},       {96, 8, true},     {0, 80, true},
				  };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		add(first.at, first.len, first.last);
		assert_false(p.given_up);
		zr_pieces_add(&pool, &p, cases[i].at, truth, cases[i].len, cases[i].last);
		assert_true(p.given_up);
		assert_int_equal(pool.used, 0);
		add(0, 8, false);
		assert_int_equal(pool.used, 0);
		assert_false(zr_pieces_whole(&p));
		zr_pieces_clear(&pool, &p);
		assert_false(p.given_up);
	}
	add(65520, 8, false);
	add(65528, 7, true);
	assert_false(p.given_up);
}

static void first_copy_stays_and_another_is_told(void **state)
{
	static const uint8_t other[24] = {0};

	(void)state;
	add(8, 8, false);
	zr_pieces_add(&pool, &p, 0, other, 24, true);
	assert_true(zr_pieces_whole(&p) && p.contradicted);
	assert_int_equal(zr_pieces_join(&pool, &p, joined), 24);
	assert_memory_equal(joined, other, 8);
	assert_memory_equal(joined + 8, truth + 8, 8);
	assert_memory_equal(joined + 16, other, 8);
}

static void repetition_is_no_contradiction(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		add(8, 16, false);
		add(0, 16, false);
	}
	assert_int_equal(pool.used, 2);
	add(24, 3, true);
	add(24, 3, true);
	assert_whole(27);
	assert_false(p.contradicted);
}

static void too_many_pieces(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ZR_PIECES_MAX; i++)
		add(i * 16, 8, false);
	assert_false(p.given_up);
	add(ZR_PIECES_MAX * 16, 8, false);
	assert_true(p.given_up);
	assert_int_equal(pool.used, 0);
}

static void no_room(void **state)
{
	struct zr_pieces other = {0};

	(void)state;
	pool.count = 2;
	assert_true(zr_pieces_room(&pool, 2 * ZR_PIECE_BYTES - 1));
	assert_false(zr_pieces_room(&pool, 2 * ZR_PIECE_BYTES));
	zr_pieces_add(&pool, &other, 0, truth, 8, false);
	add(0, ZR_PIECE_BYTES + 8, true);
	assert_true(p.given_up);
	assert_int_equal(pool.used, 1);
	zr_pieces_clear(&pool, &other);
	zr_pieces_clear(&pool, &p);
	add(0, ZR_PIECE_BYTES + 8, true);
	assert_whole(ZR_PIECE_BYTES + 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_order_any_overlap, setup, teardown),
		cmocka_unit_test_setup_teardown(longest_datagram, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_a_part_gives_the_datagram_up, setup, teardown),
		cmocka_unit_test_setup_teardown(first_copy_stays_and_another_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(repetition_is_no_contradiction, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(no_room, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS over TCP: messages out of segments that are cut, joined, lost and out of order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/inspect/dns_stream.h"
#include "dataplane/inspect/inspect.h"
#include "tests/support/dns_make.h"
#include "tests/support/guard.h"

#define POOL_BYTES 262144
#define ISN        0xfffffff0U /* sequence numbers wrap on the way */
#define IDS_MAX    4096

struct fixture {
	void *memory;
	struct zr_assembly_pool *pool;
	struct zr_dns_stream s;
	struct dns_bytes stream; /* messages behind their lengths */
	uint16_t ids[IDS_MAX];   /* of the messages that were found */
	unsigned int count;
};

static void given_up(void *arg, uint32_t owner)
{
	struct fixture *f = arg;

	assert_int_equal(owner, 9);
	zr_dns_stream_lost(&f->s);
}

static void start(struct fixture *f, bool anchored)
{
	zr_dns_stream_stop(&f->s, f->pool);
	zr_dns_stream_start(&f->s, 9, anchored ? ISN : 0, anchored);
	f->count = 0;
}

static int setup(void **state)
{
	size_t room = (zr_assembly_pool_memory(POOL_BYTES) + 63) / 64 * 64;
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->memory = aligned_alloc(64, room);
	assert_non_null(f->memory);
	memset(f->memory, 0, room);
	f->pool = zr_assembly_pool_init(f->memory, POOL_BYTES, given_up, f);
	start(f, true);
	*state = f;
	return 0;
}

static void assert_nothing_held(const struct fixture *f)
{
	struct zr_assembly_stats stats;

	zr_assembly_pool_stats(f->pool, &stats);
	assert_int_equal(stats.in_use, 0);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	zr_dns_stream_stop(&f->s, f->pool);
	assert_nothing_held(f);
	free(f->memory);
	free(f);
	return 0;
}

/* Put a message of at least min_len bytes; returns how long it is, its length of two bytes included. */
static size_t put_message(struct fixture *f, uint16_t id, size_t min_len)
{
	static struct dns_bytes m;
	size_t record;

	dns_begin(&m, id, true, "olm.vn", DNS_A);
	record = dns_record(&m, DNS_COUNT_ADDITIONAL, ".", DNS_OPT, 0);
	while (m.len < min_len)
		dns_put(&m, "", 1);
	dns_record_end(&m, record);
	dns_put_u16(&f->stream, (unsigned int)m.len);
	dns_put(&f->stream, m.at, m.len);
	return 2 + m.len;
}

static void on_message(void *arg, const uint8_t *data, size_t len)
{
	struct fixture *f = arg;

	assert_true(len >= 12);
	assert_true(f->count < IDS_MAX);
	f->ids[f->count++] = (uint16_t)(data[0] << 8 | data[1]);
}

/* Feed bytes of the stream, which end at a guard page. */
static void feed(struct fixture *f, size_t at, size_t len)
{
	struct guard guard;
	const uint8_t *copy = guard_copy(&guard, f->stream.at + at, len);

	zr_dns_stream_feed(&f->s, f->pool, ISN + (uint32_t)at, copy, (uint32_t)len, on_message, f);
	guard_free(&guard);
}

static void assert_found(const struct fixture *f, unsigned int count)
{
	assert_int_equal(f->count, count);
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(f->ids[i], i);
}

static void test_one_message(void **state)
{
	struct fixture *f = *state;

	put_message(f, 0, 0);
	feed(f, 0, f->stream.len);
	assert_found(f, 1);
	assert_nothing_held(f);
}

static void test_every_cut(void **state)
{
	struct fixture *f = *state;
	size_t first = put_message(f, 0, 0);

	put_message(f, 1, 0);
	for (size_t cut = 1; cut < f->stream.len; cut++) {
		start(f, true);
		feed(f, 0, cut);
		assert_found(f, cut >= first ? 1 : 0);
		feed(f, cut, f->stream.len - cut);
		assert_found(f, 2);
		assert_nothing_held(f);
	}
}

static void test_every_cut_the_second_part_first(void **state)
{
	struct fixture *f = *state;

	put_message(f, 0, 0);
	put_message(f, 1, 0);
	for (size_t cut = 1; cut < f->stream.len; cut++) {
		start(f, true);
		feed(f, cut, f->stream.len - cut);
		assert_found(f, 0);
		feed(f, 0, cut);
		assert_found(f, 2);
	}
}

static void test_single_bytes(void **state)
{
	struct fixture *f = *state;

	for (uint16_t id = 0; id < 10; id++)
		put_message(f, id, 0);
	for (size_t at = 0; at < f->stream.len; at++)
		feed(f, at, 1);
	assert_found(f, 10);
}

static void test_many_messages_in_one_segment(void **state)
{
	struct fixture *f = *state;
	uint16_t id = 0;

	while (f->stream.len < 60000)
		put_message(f, id++, 500);
	feed(f, 0, f->stream.len);
	assert_found(f, id);
	assert_nothing_held(f);
}

static void test_segments_sent_again(void **state)
{
	struct fixture *f = *state;

	put_message(f, 0, 0);
	put_message(f, 1, 0);
	feed(f, 0, 50);
	feed(f, 0, 50);
	feed(f, 0, f->stream.len);
	feed(f, 0, f->stream.len);
	feed(f, 10, 20);
	assert_found(f, 2);
	assert_nothing_held(f);
}

static void test_a_message_with_two_contents_is_passed_over(void **state)
{
	struct fixture *f = *state;
	size_t first = put_message(f, 5, 0);

	put_message(f, 0, 0);
	feed(f, 0, 30);
	f->stream.at[20] ^= 1;
	feed(f, 20, f->stream.len - 20);
	assert_found(f, 1);
	assert_true(first > 30);
}

static void test_the_largest_message(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put_message(f, 0, ZR_HELLO_MAX - 2), ZR_HELLO_MAX);
	put_message(f, 1, 0);
	for (size_t at = 0; at < f->stream.len; at += 1000)
		feed(f, at, f->stream.len - at < 1000 ? f->stream.len - at : 1000);
	assert_found(f, 2);
}

static void test_a_larger_message_is_passed_over(void **state)
{
	struct fixture *f = *state;

	put_message(f, 7, ZR_HELLO_MAX - 1);
	put_message(f, 8, 40000);
	put_message(f, 0, 0);
	for (size_t at = 0; at < f->stream.len; at += 1000)
		feed(f, at, f->stream.len - at < 1000 ? f->stream.len - at : 1000);
	assert_found(f, 1);
	start(f, true);
	feed(f, 0, f->stream.len);
	assert_found(f, 1);
}

static void test_a_stream_of_another_protocol(void **state)
{
	static const uint8_t tls[20] = {0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3};
	struct fixture *f = *state;

	dns_put(&f->stream, tls, sizeof(tls));
	put_message(f, 0, 0);
	feed(f, 0, f->stream.len);
	assert_found(f, 0);
	assert_true(f->s.other);
	assert_nothing_held(f);
	start(f, true);
	for (size_t at = 0; at < f->stream.len; at++)
		feed(f, at, 1);
	assert_found(f, 0);
	assert_nothing_held(f);
}

static void test_a_message_of_no_length(void **state)
{
	struct fixture *f = *state;

	dns_put_u16(&f->stream, 0);
	put_message(f, 0, 0);
	feed(f, 0, f->stream.len);
	assert_true(f->s.other);
}

static void test_a_stream_whose_start_was_not_seen(void **state)
{
	struct fixture *f = *state;
	size_t first = put_message(f, 9, 0);

	start(f, false);
	put_message(f, 0, 0);
	feed(f, 5, first - 5); /* no message begins here */
	assert_found(f, 0);
	feed(f, first, f->stream.len - first);
	assert_found(f, 1);
}

static void test_a_hole_is_waited_for_in_bounds(void **state)
{
	struct fixture *f = *state;
	size_t first = put_message(f, 7, 0), at;

	while (f->stream.len < ZR_HELLO_MAX)
		put_message(f, 6, 500);
	at = f->stream.len;
	put_message(f, 0, 0);
	feed(f, 0, first - 1); /* the last byte never comes */
	for (size_t from = first; from < at; from += 502)
		feed(f, from, at - from < 502 ? at - from : 502);
	assert_found(f, 0);
	feed(f, at, f->stream.len - at);
	assert_found(f, 1);
}

static void test_given_up_for_want_of_memory(void **state)
{
	struct fixture *f = *state;
	size_t first = put_message(f, 9, 0);

	put_message(f, 0, 0);
	feed(f, 0, first - 1);
	zr_assembly_put(f->pool, f->s.held);
	zr_dns_stream_lost(&f->s);
	feed(f, first - 1, 1);
	assert_found(f, 0);
	feed(f, first, f->stream.len - first);
	assert_found(f, 1);
}

/* A strict stream finds no place again: neither behind a hole, nor without memory, nor behind what is passed over. */
static void test_a_strict_stream_ends_where_it_is_lost(void **state)
{
	struct fixture *f = *state;
	size_t first = put_message(f, 0, 0), at;

	while (f->stream.len < first + ZR_HELLO_MAX)
		put_message(f, 6, 500);
	at = f->stream.len;
	put_message(f, 7, 0);
	for (unsigned int how = 0; how < 4; how++) {
		start(f, how != 3);
		f->s.strict = true;
		if (how != 3)
			feed(f, 0, first);
		if (how == 1) {
			feed(f, first, 5);
			zr_assembly_put(f->pool, f->s.held);
			zr_dns_stream_lost(&f->s);
		} else if (how == 2) {
			/* What comes twice differs. */
			feed(f, first, 20);
			f->stream.at[first + 18] ^= 1;
			feed(f, first + 18, 484);
			f->stream.at[first + 18] ^= 1;
		}
		feed(f, at, f->stream.len - at);
		assert_found(f, how != 3);
		assert_true(f->s.other);
		assert_nothing_held(f);
	}
}

static void test_a_strict_stream_ends_behind_what_is_too_long(void **state)
{
	struct fixture *f = *state;
	size_t first = put_message(f, 0, 0);

	put_message(f, 6, ZR_HELLO_MAX);
	f->s.strict = true;
	feed(f, 0, first);
	assert_false(f->s.other);
	feed(f, first, 100);
	assert_true(f->s.other);
	assert_found(f, 1);
	assert_nothing_held(f);
}

/* Segments of any length in any order within a window; every message is found, in order. */
static void test_any_segments(void **state)
{
	struct fixture *f = *state;

	srandom(7766);
	for (unsigned int round = 0; round < 300; round++) {
		size_t cuts[64], count = 0;
		uint16_t id = 0;

		f->stream.len = 0;
		start(f, true);
		while (f->stream.len < 12000)
			put_message(f, id++, (size_t)random() % 1500);
		for (size_t at = 0; at < f->stream.len && count < 63; at += 1 + (size_t)random() % 900)
			cuts[count++] = at;
		cuts[count] = f->stream.len;
		for (size_t left = count; left > 0; left--) {
			size_t k = (size_t)random() % left;
			size_t at = cuts[k], end = k + 1 < left ? cuts[k + 1] : f->stream.len;

			/* Each segment reaches to the end of what is not yet sent behind it: pieces overlap. */
			feed(f, at, end - at);
			memmove(&cuts[k], &cuts[k + 1], (left - k - 1) * sizeof(cuts[0]));
		}
		assert_found(f, id);
		assert_nothing_held(f);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one_message),
		TEST(test_every_cut),
		TEST(test_every_cut_the_second_part_first),
		TEST(test_single_bytes),
		TEST(test_many_messages_in_one_segment),
		TEST(test_segments_sent_again),
		TEST(test_a_message_with_two_contents_is_passed_over),
		TEST(test_the_largest_message),
		TEST(test_a_larger_message_is_passed_over),
		TEST(test_a_stream_of_another_protocol),
		TEST(test_a_message_of_no_length),
		TEST(test_a_stream_whose_start_was_not_seen),
		TEST(test_a_hole_is_waited_for_in_bounds),
		TEST(test_given_up_for_want_of_memory),
		TEST(test_a_strict_stream_ends_where_it_is_lost),
		TEST(test_a_strict_stream_ends_behind_what_is_too_long),
		TEST(test_any_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

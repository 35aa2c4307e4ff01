/* SPDX-License-Identifier: BSD-3-Clause */
/* Which answers were asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/inspect/dns_match.h"

#define QUERIES 4
#define MEMORY  4096

struct fixture {
	_Alignas(64) uint8_t memory[MEMORY];
	struct zr_dns_match *match;
	struct zr_packet up, down; /* of a query and of its answer */
	struct zr_dns_message query, answer;
};

static int setup(void **state)
{
	static const uint64_t key[2] = {0x0123456789abcdef, 0xfedcba9876543210};
	struct fixture *f = aligned_alloc(64, (sizeof(*f) + 63) / 64 * 64);

	if (f == NULL || zr_dns_match_memory(QUERIES) > MEMORY)
		return -1;
	memset(f, 0, sizeof(*f));
	f->match = zr_dns_match_init(f->memory, QUERIES, key);
	f->up = (struct zr_packet){
		.src = {.b = {10, 0, 0, 1}},
		.dst = {.b = {10, 0, 0, 53}},
		.src_port = 40000,
		.dst_port = 53,
		.family = 4,
		.proto = ZR_PROTO_UDP,
	};
	f->down = f->up;
	f->down.src = f->up.dst;
	f->down.dst = f->up.src;
	f->down.src_port = 53;
	f->down.dst_port = 40000;
	f->query = (struct zr_dns_message){.id = 7, .type = ZR_DNS_A, .class_ = ZR_DNS_CLASS_IN};
	f->query.name.len = 6;
	strcpy(f->query.name.text, "olm.vn");
	f->answer = f->query;
	f->answer.answer = true;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void ask(struct fixture *f, uint64_t us)
{
	zr_dns_match_query(f->match, &f->up, &f->query, us);
}

static bool answered(struct fixture *f, uint64_t us)
{
	return zr_dns_match_answer(f->match, &f->down, &f->answer, us);
}

static void test_an_answer_nobody_asked_for(void **state)
{
	assert_false(answered(*state, 0));
}

static void test_a_query_is_answered_once(void **state)
{
	struct fixture *f = *state;

	ask(f, 100);
	assert_true(answered(f, 200));
	assert_false(answered(f, 300));
}

static void test_a_query_sent_again_is_answered_again(void **state)
{
	struct fixture *f = *state;

	ask(f, 100);
	ask(f, 150);
	assert_true(answered(f, 200));
	assert_true(answered(f, 300));
	assert_false(answered(f, 400));
}

static void test_a_query_is_no_answer(void **state)
{
	struct fixture *f = *state;

	/* What comes back the same way is not from whom it was asked of. */
	ask(f, 100);
	assert_false(zr_dns_match_answer(f->match, &f->up, &f->answer, 200));
}

static void test_everything_must_agree(void **state)
{
	struct fixture *f = *state;
	const struct fixture good = *f;

	ask(f, 100);
	f->answer.id++;
	assert_false(answered(f, 200));
	f->answer = good.answer;
	f->answer.type = ZR_DNS_AAAA;
	assert_false(answered(f, 200));
	f->answer = good.answer;
	f->answer.name.text[0] = 'p';
	assert_false(answered(f, 200));
	f->answer = good.answer;
	f->down.src.b[3]++;
	assert_false(answered(f, 200));
	f->down = good.down;
	f->down.dst.b[0]++;
	assert_false(answered(f, 200));
	f->down = good.down;
	f->down.src_port++;
	assert_false(answered(f, 200));
	f->down = good.down;
	f->down.dst_port++;
	assert_false(answered(f, 200));
	f->down = good.down;
	f->down.domain++;
	assert_false(answered(f, 200));
	f->down = good.down;
	f->down.proto = ZR_PROTO_TCP;
	assert_false(answered(f, 200));
	f->down = good.down;
	f->down.family = 6;
	assert_false(answered(f, 200));
	f->down = good.down;
	assert_true(answered(f, 200));
}

static void test_an_answer_may_take_ten_seconds(void **state)
{
	struct fixture *f = *state;

	ask(f, 100);
	assert_false(answered(f, 100 + ZR_DNS_MATCH_US + 1));
	assert_true(answered(f, 100 + ZR_DNS_MATCH_US));
}

static void test_the_oldest_is_forgotten(void **state)
{
	struct fixture *f = *state;

	for (uint16_t id = 0; id <= QUERIES; id++) {
		f->query.id = id;
		ask(f, 100U + id);
	}
	for (uint16_t id = 0; id <= QUERIES; id++) {
		f->answer.id = id;
		assert_int_equal(answered(f, 200), id > 0);
	}
}

/* Random queries and answers against a list that is searched from its end. */
static void test_against_a_model(void **state)
{
	struct asked {
		uint16_t id;
		uint64_t us;
		bool open;
	} asked[20000];
	struct fixture *f = *state;
	unsigned int count = 0;
	uint64_t us = 0;

	srandom(1035);
	while (count < sizeof(asked) / sizeof(asked[0])) {
		uint16_t id = (uint16_t)(random() % 8);
		bool expected = false;

		us += (uint64_t)random() % (ZR_DNS_MATCH_US / 2);
		if (random() % 2 == 0) {
			f->query.id = id;
			ask(f, us);
			asked[count++] = (struct asked){.id = id, .us = us, .open = true};
			continue;
		}
		for (unsigned int i = count; i > 0 && i + QUERIES > count && !expected; i--) {
			struct asked *a = &asked[i - 1];

			expected = a->open && a->id == id && us - a->us <= ZR_DNS_MATCH_US;
			a->open &= !expected;
		}
		f->answer.id = id;
		assert_int_equal(answered(f, us), expected);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_answer_nobody_asked_for),
		TEST(test_a_query_is_answered_once),
		TEST(test_a_query_sent_again_is_answered_again),
		TEST(test_a_query_is_no_answer),
		TEST(test_everything_must_agree),
		TEST(test_an_answer_may_take_ten_seconds),
		TEST(test_the_oldest_is_forgotten),
		TEST(test_against_a_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

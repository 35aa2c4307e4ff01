/* SPDX-License-Identifier: BSD-3-Clause */
/* What one worker learned: who knows what, until when, and who goes when memory is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/flow/flow.h"
#include "dataplane/pipeline/lessons.h"
#include "tests/support/random.h"

static const uint64_t key[2] = {3, 5};

struct fixture {
	struct zr_lessons lessons;
	uint8_t *map;
};

/* Memory with a canary behind it. */
static void make(struct fixture *f, size_t bytes)
{
	size_t len = zr_lessons_memory(bytes);

	assert_true(len <= bytes + 4096);
	f->map = aligned_alloc(64, (len + 127) / 64 * 64);
	assert_non_null(f->map);
	memset(f->map, 0, len);
	memset(f->map + len, 0xa5, 64);
	zr_lessons_init(&f->lessons, f->map, bytes, key);
}

static void drop(struct fixture *f, size_t bytes)
{
	size_t len = zr_lessons_memory(bytes);

	for (unsigned int i = 0; i < 64; i++)
		assert_int_equal(f->map[len + i], 0xa5);
	free(f->map);
}

static struct zr_learner learner_of(uint32_t n)
{
	union zr_ip ip = {.v4_be = n};

	return zr_learner_of(&ip, 4, 0);
}

static struct zr_server server_of(uint32_t n)
{
	return (struct zr_server){.ip = {.v4_be = n}, .family = 4};
}

static struct zr_suffixes name_of(uint64_t n)
{
	return (struct zr_suffixes){.count = 2, .hash = {n, n + 1}};
}

static bool teach(struct fixture *f, uint32_t learner, uint32_t server, uint64_t name, uint64_t until_us)
{
	struct zr_learner l = learner_of(learner);
	struct zr_server s = server_of(server);
	struct zr_suffixes n = name_of(name);

	return zr_lessons_teach(&f->lessons, &l, &s, &n, until_us);
}

static bool knows(struct fixture *f, uint32_t learner, uint32_t server, uint64_t name, uint64_t at_us)
{
	struct zr_suffixes out[ZR_LESSONS_NAMES], wanted = name_of(name);
	struct zr_learner l = learner_of(learner);
	struct zr_server s = server_of(server);
	unsigned int count = zr_lessons_find(&f->lessons, &l, &s, at_us, out);

	for (unsigned int i = 0; i < count; i++)
		if (out[i].count == 2 && !out[i].cut && memcmp(out[i].hash, wanted.hash, 2 * sizeof(uint64_t)) == 0)
			return true;
	return false;
}

static void a_lesson_is_one_learners_for_its_time(void **state)
{
	struct fixture f;

	(void)state;
	make(&f, 65536);
	assert_true(teach(&f, 1, 10, 100, 1000));
	assert_true(knows(&f, 1, 10, 100, 999));
	assert_false(knows(&f, 1, 10, 100, 1000));
	assert_false(knows(&f, 2, 10, 100, 0));
	assert_false(knows(&f, 1, 11, 100, 0));
	assert_false(knows(&f, 1, 10, 101, 0));
	/* Another answer prolongs it and never shortens it. */
	assert_true(teach(&f, 1, 10, 100, 2000));
	assert_true(teach(&f, 1, 10, 100, 1500));
	assert_true(knows(&f, 1, 10, 100, 1999));
	assert_int_equal(f.lessons.used, 1);
	assert_true(teach(&f, 1, 10, 200, 2000));
	assert_true(knows(&f, 1, 10, 100, 0) && knows(&f, 1, 10, 200, 0));
	drop(&f, 65536);
}

static void who_learns_much_forgets_his_own(void **state)
{
	struct fixture f;

	(void)state;
	make(&f, 65536);
	for (uint32_t i = 0; i < 10; i++)
		assert_true(teach(&f, 100 + i, 1, i, 1000));
	for (uint32_t i = 0; i < 5000; i++)
		assert_true(teach(&f, 7, i, i % 50, 1000));
	for (uint32_t i = 0; i < 10; i++)
		assert_true(knows(&f, 100 + i, 1, i, 0));
	for (uint32_t i = 5000 - ZR_LESSONS_EACH; i < 5000; i++)
		assert_true(knows(&f, 7, i, i % 50, 0));
	assert_false(knows(&f, 7, 4999 - ZR_LESSONS_EACH, (4999 - ZR_LESSONS_EACH) % 50, 0));
	assert_int_equal(f.lessons.used, 10 + ZR_LESSONS_EACH);
	assert_int_equal(f.lessons.evicted, 0);
	drop(&f, 65536);
}

static void the_oldest_goes_when_memory_is_full(void **state)
{
	uint32_t most, i;
	struct fixture f;

	(void)state;
	make(&f, 65536);
	most = f.lessons.lesson_count;
	for (i = 0; i < most; i++)
		assert_true(teach(&f, i / 16, i, 1, 1000));
	/* What was taught again is not the oldest. */
	assert_true(teach(&f, 0, 0, 1, 1000));
	assert_true(teach(&f, 9999, 1, 1, 1000));
	assert_int_equal(f.lessons.used, most);
	assert_int_equal(f.lessons.evicted, 1);
	assert_true(knows(&f, 0, 0, 1, 0));
	assert_false(knows(&f, 0, 1, 1, 0));
	assert_true(knows(&f, 0, 2, 1, 0));
	drop(&f, 65536);
}

static void the_subscriber_heard_of_least_lately_goes_with_all_he_learned(void **state)
{
	struct fixture f;
	uint32_t most;

	(void)state;
	make(&f, 65536);
	most = f.lessons.pupil_count;
	assert_true(most < f.lessons.lesson_count);
	for (uint32_t i = 0; i < most; i++)
		assert_true(teach(&f, i, 1, 1, 1000));
	assert_true(teach(&f, 0, 2, 1, 1000));
	assert_true(teach(&f, most, 1, 1, 1000));
	assert_true(knows(&f, 0, 1, 1, 0));
	assert_false(knows(&f, 1, 1, 1, 0));
	assert_true(knows(&f, 2, 1, 1, 0));
	assert_int_equal(f.lessons.used, most + 1);
	drop(&f, 65536);
}

static void without_memory_for_a_name_nothing_is_learned(void **state)
{
	uint64_t learned = 0;
	struct fixture f;

	(void)state;
	make(&f, 65536);
	for (uint32_t i = 0; i < 2000; i++)
		learned += teach(&f, i / 32, i, i * 10, 1000);
	assert_in_range(learned, 50, 1000);
	assert_int_equal(f.lessons.used, learned);
	assert_true(teach(&f, 0, 0, 0, 2000));
	drop(&f, 65536);
}

static void other_names_mark_an_address_for_their_time(void **state)
{
	const uint64_t tick = UINT64_C(1) << ZR_TICK_BITS;
	struct zr_server one = server_of(1), two = server_of(2);
	struct fixture f;

	(void)state;
	make(&f, 65536);
	assert_false(zr_lessons_is_other(&f.lessons, &one, 0));
	assert_true(zr_lessons_other(&f.lessons, &one, 0, 5 * tick));
	assert_false(zr_lessons_other(&f.lessons, &one, tick, 4 * tick));
	assert_true(zr_lessons_is_other(&f.lessons, &one, 5 * tick));
	assert_false(zr_lessons_is_other(&f.lessons, &one, 6 * tick));
	assert_false(zr_lessons_is_other(&f.lessons, &two, 0));
	assert_true(zr_lessons_other(&f.lessons, &one, 6 * tick, 7 * tick));
	drop(&f, 65536);
}

static void a_day_has_its_bytes(void **state)
{
	struct zr_learner one = learner_of(1), two = learner_of(2);
	struct fixture f;

	(void)state;
	make(&f, 65536);
	assert_true(zr_lessons_spend(&f.lessons, &one, 1, 60, 100));
	assert_false(zr_lessons_spend(&f.lessons, &one, 1, 41, 100));
	assert_true(zr_lessons_spend(&f.lessons, &one, 1, 40, 100));
	assert_false(zr_lessons_spend(&f.lessons, &one, 1, 1, 100));
	assert_true(zr_lessons_spend(&f.lessons, &one, 1, 0, 100));
	assert_true(zr_lessons_spend(&f.lessons, &two, 1, 100, 100));
	assert_false(zr_lessons_spend(&f.lessons, &two, 2, UINT64_MAX, 100));
	assert_true(zr_lessons_spend(&f.lessons, &one, 2, 100, 100));
	drop(&f, 65536);
}

/* Random lessons, within bounds, against a plain list of them; beyond bounds nothing is known that was not taught. */
#define LEARNERS 6
#define SERVERS  8
#define NAMES    5

static void lessons_are_what_was_taught(void **state)
{
	static uint64_t until[LEARNERS * 100][SERVERS][NAMES];
	struct random r = {.state = 11};

	(void)state;
	for (unsigned int round = 0; round < 20; round++) {
		bool crowded = round % 2 != 0;
		uint32_t learners = crowded ? LEARNERS * 100 : LEARNERS;
		uint64_t now_us = 1;
		struct fixture f;

		make(&f, 65536);
		memset(until, 0, sizeof(until));
		for (unsigned int i = 0; i < 4000; i++) {
			uint32_t l = random_below(&r, learners), s = random_below(&r, SERVERS),
				 n = random_below(&r, NAMES);
			uint64_t *known = &until[l][s][n], until_us = now_us + 1 + random_below(&r, 500);

			now_us += random_below(&r, 3);
			if (random_percent(&r, 50)) {
				assert_true(teach(&f, l, s, n * 10, until_us));
				*known = until_us > *known ? until_us : *known;
			} else if (crowded) {
				assert_true(!knows(&f, l, s, n * 10, now_us) || *known > now_us);
			} else {
				assert_int_equal(knows(&f, l, s, n * 10, now_us), *known > now_us);
			}
		}
		assert_true(!crowded || f.lessons.evicted > 0);
		drop(&f, 65536);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lesson_is_one_learners_for_its_time),
		cmocka_unit_test(who_learns_much_forgets_his_own),
		cmocka_unit_test(the_oldest_goes_when_memory_is_full),
		cmocka_unit_test(the_subscriber_heard_of_least_lately_goes_with_all_he_learned),
		cmocka_unit_test(without_memory_for_a_name_nothing_is_learned),
		cmocka_unit_test(other_names_mark_an_address_for_their_time),
		cmocka_unit_test(a_day_has_its_bytes),
		cmocka_unit_test(lessons_are_what_was_taught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What workers learned comes to all of them as a table: in time, one after the other, and never while an older one is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "control/learning.h"
#include "control/loop.h"
#include "tests/support/fake_dataplane.h"

static struct zr_prefix resolver = {.family = 4, .len = 32};

#define PATIENCE_MS 120000

struct scene {
	struct zr_loop *loop;
	struct zr_config config;
	struct zr_learning learning;
	struct zr_learned lesson;
	uint64_t now_ms;
};

static void begin(struct scene *s)
{
	uint64_t now_us = (uint64_t)time(NULL) * 1000000;

	*s = (struct scene){.now_ms = zr_loop_now_ms()};
	fake_dataplane_reset();
	s->config.trusted_resolvers = (struct zr_prefix_set){.prefixes = &resolver, .count = 1};
	s->config.evidence.network_bytes = 1 << 20;
	s->learning.config = &s->config;
	s->lesson = (struct zr_learned){.name = "a.olm.vn",
					.family = 4,
					.address.b = {192, 0, 2, 1},
					.time_us = now_us,
					.until_us = now_us + UINT64_C(3600000000)};
	assert_int_equal(zr_loop_make(&s->loop), 0);
	assert_int_equal(zr_learning_start(&s->learning, s->loop, &fake_dataplane), 0);
}

static void end(struct scene *s)
{
	zr_learning_clear(&s->learning);
	zr_loop_free(s->loop);
}

static void nothing(void *arg)
{
	(void)arg;
}

/* Rounds at a time of the test's own until no table is on its way. */
static void settle(struct scene *s, uint64_t now_ms)
{
	struct zr_timer timer = {.every_ms = 1, .expired = nothing};
	uint64_t since_ms = zr_loop_now_ms();

	zr_loop_timer_add(s->loop, &timer);
	zr_learning_round(&s->learning, now_ms);
	while (s->learning.step != ZR_LEARNING_IDLE) {
		assert_true(zr_loop_now_ms() - since_ms < PATIENCE_MS);
		assert_int_equal(zr_loop_round(s->loop), 0);
		zr_learning_round(&s->learning, now_ms);
	}
	zr_loop_timer_remove(s->loop, &timer);
}

/* A worker tells it, and a round passes at a time. */
static void learn(struct scene *s, uint8_t last, uint64_t after_ms)
{
	s->lesson.address.b[3] = last;
	fake_dataplane.lessons = &s->lesson;
	fake_dataplane.lesson_count = 1;
	settle(s, s->now_ms + after_ms);
	assert_int_equal(fake_dataplane.lesson_count, 0);
}

static bool is_taught(uint8_t last)
{
	const uint8_t address[4] = {192, 0, 2, last};
	struct zr_learned_names names;

	return fake_dataplane.taught != NULL &&
	       zr_learned_find(fake_dataplane.taught, 4, address, 0, time(NULL), &names) && names.count == 1;
}

static void test_at_most_once_a_second(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	zr_learning_round(&s.learning, s.now_ms);
	assert_int_equal(fake_dataplane.tables, 0);
	learn(&s, 1, 0);
	assert_int_equal(fake_dataplane.tables, 1);
	assert_true(is_taught(1));
	learn(&s, 2, 999);
	assert_int_equal(fake_dataplane.tables, 1);
	/* However long building takes on a loaded machine, a table comes. */
	settle(&s, s.learning.next_ms);
	assert_int_equal(fake_dataplane.tables, 2);
	assert_true(is_taught(1));
	assert_true(is_taught(2));
	/* Nothing new, no table. */
	learn(&s, 2, UINT32_MAX);
	assert_int_equal(fake_dataplane.tables, 2);
	end(&s);
}

static void test_waits_for_readers(void **state)
{
	const struct zr_learned_table *before;
	struct scene s;

	(void)state;
	begin(&s);
	learn(&s, 1, 0);
	fake_dataplane.unlearned = true;
	learn(&s, 2, UINT32_MAX);
	assert_int_equal(fake_dataplane.tables, 1);
	assert_true(is_taught(1));
	fake_dataplane.unlearned = false;
	settle(&s, s.now_ms + UINT32_MAX);
	assert_int_equal(fake_dataplane.tables, 2);
	assert_true(is_taught(2));
	/* The one before is there as long as somebody may read it, however much is learned. */
	fake_dataplane.unlearned = true;
	before = s.learning.before;
	assert_non_null(before);
	learn(&s, 3, 2 * (uint64_t)UINT32_MAX);
	assert_ptr_equal(s.learning.before, before);
	assert_int_equal(s.learning.step, ZR_LEARNING_IDLE);
	assert_int_equal(fake_dataplane.tables, 2);
	end(&s);
}

/* It ends while a table is copied, made, or made and not taught. */
static void test_ends_at_any_step(void **state)
{
	struct scene s;

	(void)state;
	for (enum zr_learning_step step = ZR_LEARNING_COPY; step <= ZR_LEARNING_MADE; step++) {
		begin(&s);
		fake_dataplane.lessons = &s.lesson;
		fake_dataplane.lesson_count = 1;
		while (s.learning.step != step)
			if (s.learning.step == ZR_LEARNING_MAKE)
				assert_int_equal(zr_loop_round(s.loop), 0);
			else
				zr_learning_round(&s.learning, s.now_ms);
		end(&s);
		assert_int_equal(fake_dataplane.tables, 0);
	}
}

/* A capture of long ago is played: what it teaches counts by the clock of its packets. */
static void test_old_packets(void **state)
{
	const uint8_t address[4] = {192, 0, 2, 1};
	struct zr_learned_names names;
	struct scene s;

	(void)state;
	begin(&s);
	s.lesson.time_us = UINT64_C(1000000000) * 1000000;
	s.lesson.until_us = UINT64_C(1000000060) * 1000000;
	learn(&s, 1, 0);
	assert_int_equal(fake_dataplane.tables, 1);
	assert_true(zr_learned_find(fake_dataplane.taught, 4, address, 0, 1000000059, &names));
	assert_int_equal(names.count, 1);
	assert_true(zr_learning_now_s(&s.learning) >= 1000000000);
	/* Time goes on with the packets. */
	s.lesson.time_us += UINT64_C(60000000);
	s.lesson.until_us += UINT64_C(60000000);
	learn(&s, 2, UINT32_MAX);
	assert_int_equal(fake_dataplane.tables, 2);
	assert_false(zr_learned_find(fake_dataplane.taught, 4, address, 0, 1000000059, &names));
	end(&s);
}

static void test_nobody_is_trusted(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	end(&s);
	assert_int_equal(zr_loop_make(&s.loop), 0);
	s.config.trusted_resolvers.count = 0;
	s.learning = (struct zr_learning){.config = &s.config};
	assert_int_equal(zr_learning_start(&s.learning, s.loop, &fake_dataplane), 0);
	fake_dataplane.lessons = &s.lesson;
	fake_dataplane.lesson_count = 1;
	zr_learning_round(&s.learning, s.now_ms);
	assert_int_equal(fake_dataplane.lesson_count, 1);
	assert_int_equal(fake_dataplane.tables, 0);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_most_once_a_second), cmocka_unit_test(test_waits_for_readers),
		cmocka_unit_test(test_ends_at_any_step),      cmocka_unit_test(test_old_packets),
		cmocka_unit_test(test_nobody_is_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Another list comes into force while flows run. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/scene.h"

#define HEADERS 40

/* One scene runs, the other only lends its list. */
static struct scene s, next;

static void begin(const char *rows, const char *next_rows)
{
	scene_init(&s, rows);
	scene_open(&s);
	scene_init(&next, next_rows);
	scene_open(&next);
}

static void end(void)
{
	scene_free(&s);
	scene_free(&next);
}

static void publish(void)
{
	assert_int_equal(zr_pipeline_list(s.pipeline, next.image, next.index), 0);
}

static const struct scene_event *part(unsigned int n)
{
	return scene_event(&s, ZR_USAGE_PART, n);
}

static void name_that_was_added_frees_from_its_next_packet(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin(".hocmai.vn,hocmai,1,,,,,\n", ".olm.vn,olm,2,,,,,\n");
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "olm.vn");
	publish();
	scene_down(&s, 20, &c, 100);
	scene_close(&s);
	assert_int_equal(part(0)->usage.reason, ZR_REASON_NO_MATCH);
	assert_int_equal(part(0)->usage.cause, ZR_CAUSE_LIST);
	assert_int_equal(part(0)->usage.up_pkts, 3);
	assert_int_equal(part(1)->usage.reason, ZR_REASON_SNI);
	assert_string_equal(part(1)->rule, ".olm.vn");
	assert_string_equal(part(1)->name, "");
	assert_int_equal(part(1)->usage.down_bytes, HEADERS + 100);
	assert_int_equal(part(1)->usage.retro_down_bytes, 0);
	end();
}

static void name_that_was_removed_is_charged_and_forgotten(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin(".olm.vn,olm,2,,,,,\n", ".hocmai.vn,hocmai,1,,,,,\n");
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "olm.vn");
	publish();
	scene_down(&s, 20, &c, 100);
	scene_close(&s);
	assert_int_equal(part(0)->usage.reason, ZR_REASON_SNI);
	assert_string_equal(part(0)->rule, ".olm.vn");
	assert_int_equal(part(0)->usage.cause, ZR_CAUSE_LIST);
	assert_int_equal(part(1)->usage.reason, ZR_REASON_NO_MATCH);
	assert_string_equal(part(1)->name, "");
	end();
}

/* Free, but not for its name any more: the name is as much the subscriber's own as a charged one's. */
static void name_that_gives_way_to_an_address_is_forgotten(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin(".olm.vn,olm,2,,,,,\n", "203.0.113.1/32,live,3,,,,,\n");
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "olm.vn");
	publish();
	scene_down(&s, 20, &c, 100);
	scene_close(&s);
	assert_string_equal(part(0)->name, "olm.vn");
	assert_int_equal(part(1)->usage.reason, ZR_REASON_PREFIX);
	assert_string_equal(part(1)->name, "");
	assert_string_equal(scene_event(&s, ZR_USAGE_TAG, 1)->name, "");
	end();
}

static void same_entry_in_both_cuts_nothing(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin(".olm.vn,olm,2,,,,,\n", ".hocmai.vn,hocmai,1,,,,,\n.a.vn,a,1,,,,,\n.olm.vn,olm,2,,,,,\n");
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "olm.vn");
	publish();
	scene_down(&s, 20, &c, 100);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 1);
	assert_string_equal(part(0)->rule, ".olm.vn");
	end();
}

static void another_rating_group_cuts_and_tags(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin(".olm.vn,olm,2,,,,,\n", ".olm.vn,olm,3,,,,,\n");
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "olm.vn");
	publish();
	scene_down(&s, 20, &c, 100);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 2);
	assert_string_equal(part(1)->name, "olm.vn");
	end();
}

static void undecided_volume_before_a_list_is_never_retro_credited(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin(".hocmai.vn,hocmai,1,,,,,\n", ".olm.vn,olm,2,,,,,\n");
	scene_handshake(&s, 0, &c);
	publish();
	scene_hello(&s, 10, &c, "olm.vn");
	scene_close(&s);
	assert_int_equal(part(0)->usage.reason, ZR_REASON_NO_NAME);
	assert_int_equal(part(0)->usage.cause, ZR_CAUSE_LIST);
	assert_int_equal(part(1)->usage.reason, ZR_REASON_SNI);
	assert_int_equal(part(1)->usage.retro_up_bytes, 0);
	end();
}

static void silent_flows_settle_by_polls(void **state)
{
	unsigned int polls = 0;

	(void)state;
	begin(".olm.vn,olm,2,,,,,\n", ".hocmai.vn,hocmai,1,,,,,\n");
	for (uint16_t port = 1; port <= 500; port++) {
		struct scene_conn c = scene_conn(port);

		scene_hello(&s, 0, &c, "olm.vn");
	}
	assert_true(zr_pipeline_list_settled(s.pipeline));
	publish();
	assert_false(zr_pipeline_list_settled(s.pipeline));
	assert_int_equal(zr_pipeline_list(s.pipeline, s.image, s.index), -EBUSY);
	for (; !zr_pipeline_list_settled(s.pipeline); polls++)
		zr_pipeline_poll(s.pipeline, (s.base_us + 10000) * 1000);
	assert_in_range(polls, 10, 40);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 500);
	assert_int_equal(part(499)->usage.cause, ZR_CAUSE_LIST);
	assert_string_equal(part(499)->rule, ".olm.vn");
	end();
}

/* The window of the old list closed before the new list came: its edge is passed first. */
static void edges_of_the_old_list_before_the_new_one_are_passed_by_the_old(void **state)
{
	struct scene_conn c = scene_conn(40000), other = scene_conn(1);

	(void)state;
	begin("olm.vn,olm,2,," SCENE_DAY "00:59Z,,,\n", ".hocmai.vn,hocmai,1,,,,,\n");
	scene_hello(&s, 0, &c, "olm.vn");
	scene_udp(&s, 90000, &other, true, "x", 1);
	publish();
	scene_down(&s, 100000, &c, 1);
	scene_close(&s);
	for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++)
		if (part(i)->usage.client_port == 40000 && part(i)->usage.reason == ZR_REASON_SNI)
			assert_int_equal(part(i)->usage.cause, ZR_CAUSE_WINDOW);
	end();
}

/* Windows of the new list that closed or opened before it came never were in force. */
static void windows_before_the_list_cut_nothing(void **state)
{
	struct scene_conn c = scene_conn(40000), other = scene_conn(1);

	(void)state;
	begin("olm.vn,olm,2,,,,,\n", "olm.vn,olm,2," SCENE_DAY "01:00Z," SCENE_DAY "01:59Z,,,\n"
				     "olm.vn,olm,2," SCENE_DAY "03:00Z,,,,\n");
	scene_hello(&s, 0, &c, "olm.vn");
	scene_udp(&s, 240000, &other, true, "x", 1);
	publish();
	scene_down(&s, 250000, &c, 1);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 1);
	for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++)
		assert_int_not_equal(part(i)->usage.cause, ZR_CAUSE_WINDOW);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_that_was_added_frees_from_its_next_packet),
		cmocka_unit_test(name_that_was_removed_is_charged_and_forgotten),
		cmocka_unit_test(name_that_gives_way_to_an_address_is_forgotten),
		cmocka_unit_test(same_entry_in_both_cuts_nothing),
		cmocka_unit_test(another_rating_group_cuts_and_tags),
		cmocka_unit_test(undecided_volume_before_a_list_is_never_retro_credited),
		cmocka_unit_test(silent_flows_settle_by_polls),
		cmocka_unit_test(edges_of_the_old_list_before_the_new_one_are_passed_by_the_old),
		cmocka_unit_test(windows_before_the_list_cut_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The tariff switches: every open flow is cut there, at the wall clock's time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/pipeline/state.h"
#include "tests/support/scene.h"

#define SECOND  UINT64_C(1000)
#define MINUTE  (60 * SECOND)
#define HOUR    (60 * MINUTE)
#define HEADERS 40
#define LIST    ".olm.vn,olm,90001,,,,,\n"

static struct scene s;
static struct scene_conn c;

/* Switches, in milliseconds of the script, rising; and how often they were asked for. */
static uint64_t switches[8];
static unsigned int switch_count, asked;

static uint64_t tariff_next_us(const void *arg, uint64_t after_us)
{
	assert_ptr_equal(arg, switches);
	asked++;
	for (unsigned int i = 0; i < switch_count; i++)
		if (s.base_us + switches[i] * 1000 > after_us)
			return s.base_us + switches[i] * 1000;
	return UINT64_MAX;
}

static void switches_at(unsigned int count, const uint64_t *at_ms)
{
	memcpy(switches, at_ms, count * sizeof(*at_ms));
	switch_count = count;
	asked = 0;
	s.config.tariff_next_us = tariff_next_us;
	s.config.tariff_arg = switches;
}

static void begin(const char *rows, uint64_t switch_ms)
{
	scene_init(&s, rows);
	switches_at(1, &switch_ms);
	c = scene_conn(40000);
}

static void open_free(uint64_t ms)
{
	scene_open(&s);
	scene_handshake(&s, ms, &c);
	scene_hello(&s, ms, &c, "olm.vn");
}

static const struct zr_usage *part(unsigned int n)
{
	return &scene_event(&s, ZR_USAGE_PART, n)->usage;
}

static void packet_at_the_switch_belongs_to_the_new_part(void **state)
{
	(void)state;
	begin(LIST, 5 * MINUTE);
	open_free(0);
	scene_down(&s, 5 * MINUTE - 1, &c, 100);
	scene_down(&s, 5 * MINUTE, &c, 200);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 1);
	assert_int_equal(part(0)->cause, ZR_CAUSE_TARIFF);
	assert_false(part(0)->final);
	assert_int_equal(part(0)->down_bytes, 2 * HEADERS + 100);
	assert_int_equal(part(0)->last_us, s.base_us + (5 * MINUTE - 1) * 1000);
	assert_int_equal(part(1)->down_bytes, HEADERS + 200);
	assert_int_equal(part(1)->first_us, s.base_us + 5 * MINUTE * 1000);
	assert_int_equal(part(1)->part, 1);
	scene_free(&s);
}

/* No packet comes: the ageing hand cuts it, once. Behind the cut there is nothing to cut at the next switch. */
static void silent_flow_is_cut_once(void **state)
{
	(void)state;
	begin(LIST, 0);
	switches_at(2, (uint64_t[]){5 * MINUTE, 6 * MINUTE});
	open_free(0);
	for (uint64_t ms = 0; ms < 10 * MINUTE; ms += 500)
		zr_pipeline_poll(s.pipeline, (s.base_us + ms * 1000) * 1000);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part(0)->cause, ZR_CAUSE_TARIFF);
	scene_close(&s);
	assert_int_equal(part(1)->cause, ZR_CAUSE_SHUTDOWN);
	assert_int_equal(part(1)->up_pkts + part(1)->down_pkts, 0);
	scene_free(&s);
}

static void undecided_volume_before_a_switch_is_charged_for_good(void **state)
{
	(void)state;
	begin(LIST, 10 * SECOND);
	scene_open(&s);
	scene_handshake(&s, 9 * SECOND, &c);
	scene_hello(&s, 10 * SECOND, &c, "olm.vn");
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(part(0)->reason, ZR_REASON_NO_NAME);
	assert_int_equal(part(0)->cause, ZR_CAUSE_TARIFF);
	assert_int_equal(part(0)->up_pkts + part(0)->down_pkts, 3);
	assert_int_equal(part(1)->reason, ZR_REASON_SNI);
	assert_int_equal(part(1)->retro_up_bytes + part(1)->retro_down_bytes, 0);
	scene_free(&s);
}

static void charged_flow_without_records_is_summed_up(void **state)
{
	struct zr_untold untold;

	(void)state;
	begin(LIST, 5 * MINUTE);
	s.config.charged_records = false;
	scene_open(&s);
	scene_hello(&s, 0, &c, "game.example.net");
	scene_down(&s, 5 * MINUTE, &c, 200);
	zr_pipeline_untold(s.pipeline, &untold);
	assert_int_equal(untold.cut_charged.up_pkts, 1);
	assert_int_equal(untold.cut_charged.down_pkts, 0);
	scene_close(&s);
	assert_int_equal(s.count, 0);
	scene_free(&s);
}

/* Switch, window and interim, each with a packet of its own before it, whoever notices them: here nobody does until the end. */
static void edges_are_cut_in_time_order(void **state)
{
	(void)state;
	begin("olm.vn,olm,90001," SCENE_DAY "00:00Z," SCENE_DAY "06:59Z,,,\n", 6 * MINUTE);
	s.config.interim_us = 5 * MINUTE * 1000;
	open_free(0);
	scene_down(&s, 5 * MINUTE + 1, &c, 1);
	scene_down(&s, 6 * MINUTE + 1, &c, 1);
	scene_down(&s, 7 * MINUTE + 1, &c, 1);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 4);
	assert_int_equal(part(0)->cause, ZR_CAUSE_INTERIM);
	assert_int_equal(part(1)->cause, ZR_CAUSE_TARIFF);
	assert_int_equal(part(2)->cause, ZR_CAUSE_WINDOW);
	assert_int_equal(part(3)->cause, ZR_CAUSE_SHUTDOWN);
	scene_free(&s);
}

/* At midnight a tariff switches, a window closes and an interim is due: one record. */
static void edges_of_one_moment_leave_one_record(void **state)
{
	(void)state;
	begin("olm.vn,olm,90001," SCENE_DAY "00:00Z," SCENE_DAY "04:59Z,,,\n", 5 * MINUTE);
	s.config.interim_us = 5 * MINUTE * 1000;
	open_free(0);
	scene_down(&s, 6 * MINUTE, &c, 1);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(part(0)->cause, ZR_CAUSE_WINDOW);
	scene_free(&s);
}

/* A cut for the tariff cannot wait. */
static bool refuses_switches(const struct zr_usage *u)
{
	return u->type == ZR_USAGE_PART && u->cause == ZR_CAUSE_TARIFF;
}

static bool refuses_parts(const struct zr_usage *u)
{
	return u->type == ZR_USAGE_PART;
}

static void switch_that_is_refused_is_lost_and_counted(void **state)
{
	struct zr_untold untold;

	(void)state;
	begin(LIST, 5 * MINUTE);
	s.refuses = refuses_switches;
	open_free(0);
	scene_down(&s, 5 * MINUTE, &c, 1);
	zr_pipeline_untold(s.pipeline, &untold);
	assert_int_equal(untold.lost[ZR_FREE].records, 1);
	assert_int_equal(untold.lost[ZR_FREE].traffic.up_pkts, 3);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part(0)->part, 0);
	scene_free(&s);
}

/* A thousand flows pass three switches, some of them speaking on meanwhile; the function is asked a few times. */
static void switches_are_asked_for_once(void **state)
{
	struct zr_untold untold;

	(void)state;
	begin(LIST, 0);
	switches_at(3, (uint64_t[]){20 * SECOND, 30 * SECOND, 40 * SECOND});
	s.config.charged_records = false;
	scene_open(&s);
	for (uint64_t ms = 0; ms < 50 * SECOND; ms += 10)
		if (ms < 10 * SECOND || ms % 1000 == 0) {
			struct scene_conn other = scene_conn((uint16_t)(1000 + ms / 10 % 1000));

			scene_tcp(&s, ms, &other, true, ZR_TCP_ACK, NULL, 0);
		} else {
			zr_pipeline_poll(s.pipeline, (s.base_us + ms * 1000) * 1000);
		}
	zr_pipeline_untold(s.pipeline, &untold);
	assert_int_equal(untold.cut_charged.up_pkts, 1000 + 30);
	assert_true(asked <= 12);
	scene_close(&s);
	scene_free(&s);
}

/* The wall clock is set over the switch, there and back: what was counted before goes with the clock before. */
static void clock_set_over_a_switch_cuts(void **state)
{
	(void)state;
	begin(LIST, 60 * MINUTE);
	open_free(0);
	assert_int_equal(zr_pipeline_clock(s.pipeline, (int64_t)HOUR * 1000), 0);
	scene_down(&s, 1 * MINUTE, &c, 100);
	assert_true(zr_pipeline_list_settled(s.pipeline));
	assert_int_equal(zr_pipeline_clock(s.pipeline, 0), 0);
	scene_down(&s, 2 * MINUTE, &c, 200);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(part(0)->cause, ZR_CAUSE_TARIFF);
	assert_int_equal(part(0)->last_us, s.base_us);
	assert_int_equal(part(1)->cause, ZR_CAUSE_TARIFF);
	assert_int_equal(part(1)->first_us, s.base_us + (HOUR + 1 * MINUTE) * 1000);
	/* And now it comes once more by itself. */
	scene_down(&s, 59 * MINUTE, &c, 300);
	scene_down(&s, 60 * MINUTE, &c, 400);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 5);
	assert_int_equal(part(2)->cause, ZR_CAUSE_INTERIM);
	assert_int_equal(part(2)->down_bytes, HEADERS + 200);
	assert_int_equal(part(3)->cause, ZR_CAUSE_TARIFF);
	assert_int_equal(part(3)->down_bytes, HEADERS + 300);
	scene_free(&s);
}

static void clock_set_on_one_side_of_a_switch_cuts_nothing(void **state)
{
	(void)state;
	begin(LIST, 60 * MINUTE);
	open_free(0);
	assert_int_equal(zr_pipeline_clock(s.pipeline, (int64_t)(50 * MINUTE * 1000)), 0);
	scene_down(&s, 9 * MINUTE, &c, 100);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 0);
	scene_down(&s, 10 * MINUTE, &c, 100);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part(0)->cause, ZR_CAUSE_TARIFF);
	assert_int_equal(part(0)->down_pkts, 2);
	scene_close(&s);
	scene_free(&s);
}

/* Set back, on one side of a switch: but what the flow counted began before it, by the clock that was set. */
static void clock_set_back_cuts_what_would_span_a_switch(void **state)
{
	(void)state;
	begin(LIST, 60 * MINUTE);
	open_free(61 * MINUTE);
	scene_down(&s, 70 * MINUTE, &c, 100);
	assert_int_equal(zr_pipeline_clock(s.pipeline, -(int64_t)(9 * MINUTE + 30 * SECOND) * 1000), 0);
	scene_down(&s, 71 * MINUTE, &c, 200);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(part(0)->cause, ZR_CAUSE_TARIFF);
	assert_int_equal(part(0)->first_us, s.base_us + 61 * MINUTE * 1000);
	assert_int_equal(part(0)->last_us, s.base_us + 70 * MINUTE * 1000);
	assert_int_equal(part(1)->first_us, s.base_us + (61 * MINUTE + 30 * SECOND) * 1000);
	scene_free(&s);
}

/* However far the switch lies back: a part that nobody takes lasts for days. */
static void clock_set_back_finds_a_switch_days_ago(void **state)
{
	(void)state;
	begin(LIST, 1 * MINUTE);
	s.config.timeout_us[ZR_TIMEOUT_TCP] = 24 * HOUR * 1000;
	open_free(2 * MINUTE);
	s.refuses = refuses_parts;
	for (uint64_t ms = 20 * HOUR; ms <= 100 * HOUR; ms += 20 * HOUR)
		scene_down(&s, ms, &c, 1);
	s.refuses = NULL;
	assert_int_equal(zr_pipeline_clock(s.pipeline, -(int64_t)(10 * MINUTE) * 1000), 0);
	scene_down(&s, 100 * HOUR + 1, &c, 1);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part(0)->cause, ZR_CAUSE_INTERIM);
	assert_int_equal(part(0)->first_us, s.base_us + 2 * MINUTE * 1000);
	assert_int_equal(part(0)->last_us, s.base_us + 100 * HOUR * 1000);
	scene_close(&s);
	scene_free(&s);
}

static void clock_set_back_a_little_cuts_nothing(void **state)
{
	(void)state;
	begin(LIST, 60 * MINUTE);
	open_free(61 * MINUTE);
	scene_down(&s, 70 * MINUTE, &c, 100);
	assert_int_equal(zr_pipeline_clock(s.pipeline, -(int64_t)MINUTE * 1000), 0);
	scene_down(&s, 71 * MINUTE, &c, 200);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 0);
	scene_close(&s);
	assert_int_equal(part(0)->first_us, s.base_us + 60 * MINUTE * 1000);
	scene_free(&s);
}

/* The first part of a datagram is behind the switch, the other was before it: what counts now is of now. */
static void fragments_that_waited_over_a_switch_are_of_the_new_part(void **state)
{
	struct frame_spec spec;

	(void)state;
	begin(LIST, 5 * MINUTE);
	scene_open(&s);
	spec = scene_spec(&c, true, ZR_PROTO_UDP);
	spec.data = "sixteen bytes...";
	spec.len = 16;
	scene_part(&s, 5 * MINUTE - 1, &spec, 1, 8, 16);
	scene_part(&s, 5 * MINUTE + 1, &spec, 1, 0, 8);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part(0)->up_pkts, 2);
	assert_int_equal(part(0)->first_us, s.base_us + (5 * MINUTE + 1) * 1000);
	scene_free(&s);
}

/* The switch has passed, nobody has looked at the flow since, and then the clock is set: it is cut all the same. */
static void switch_before_the_clock_was_set_is_not_missed(void **state)
{
	(void)state;
	begin(LIST, 5 * MINUTE);
	open_free(0);
	s.pipeline->now_us = s.base_us + (5 * MINUTE + 1) * 1000;
	assert_int_equal(zr_pipeline_clock(s.pipeline, (int64_t)HOUR * 1000), 0);
	scene_down(&s, 6 * MINUTE, &c, 100);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(part(0)->cause, ZR_CAUSE_TARIFF);
	assert_int_equal(part(0)->last_us, s.base_us);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packet_at_the_switch_belongs_to_the_new_part),
		cmocka_unit_test(silent_flow_is_cut_once),
		cmocka_unit_test(undecided_volume_before_a_switch_is_charged_for_good),
		cmocka_unit_test(charged_flow_without_records_is_summed_up),
		cmocka_unit_test(edges_are_cut_in_time_order),
		cmocka_unit_test(edges_of_one_moment_leave_one_record),
		cmocka_unit_test(switch_that_is_refused_is_lost_and_counted),
		cmocka_unit_test(switches_are_asked_for_once),
		cmocka_unit_test(clock_set_over_a_switch_cuts),
		cmocka_unit_test(clock_set_on_one_side_of_a_switch_cuts_nothing),
		cmocka_unit_test(clock_set_back_cuts_what_would_span_a_switch),
		cmocka_unit_test(clock_set_back_finds_a_switch_days_ago),
		cmocka_unit_test(clock_set_back_a_little_cuts_nothing),
		cmocka_unit_test(fragments_that_waited_over_a_switch_are_of_the_new_part),
		cmocka_unit_test(switch_before_the_clock_was_set_is_not_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

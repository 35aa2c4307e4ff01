/* SPDX-License-Identifier: BSD-3-Clause */
/* What time brings: interims, windows, silence, connections that end and begin again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scene.h"

#define SECOND  UINT64_C(1000)
#define MINUTE  (60 * SECOND)
#define HEADERS 40
#define LIST    ".olm.vn,olm,90001,,,,,\n"

static struct scene s;

static void begin(const char *rows)
{
	scene_init(&s, rows);
	scene_open(&s);
}

static const struct zr_usage *part(unsigned int n)
{
	return &scene_event(&s, ZR_USAGE_PART, n)->usage;
}

/* Packets of a flow of its own, so that time passes and the ageing hand moves. */
static void others_pass_time(uint64_t ms)
{
	struct scene_conn other = scene_conn(50000);

	other.client = "10.0.0.99";
	for (unsigned int i = 0; i < 8; i++)
		scene_udp(&s, ms, &other, true, "x", 1);
}

static void free_flow(struct scene_conn *c, uint64_t ms)
{
	scene_handshake(&s, ms, c);
	scene_hello(&s, ms, c, "olm.vn");
}

static void packet_at_the_interim_belongs_to_the_new_part(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin(LIST);
	free_flow(&c, 0);
	scene_down(&s, 15 * MINUTE - 1, &c, 100);
	scene_down(&s, 15 * MINUTE, &c, 200);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(part(0)->cause, ZR_CAUSE_INTERIM);
	assert_false(part(0)->final);
	assert_int_equal(part(0)->down_bytes, 2 * HEADERS + 100);
	assert_int_equal(part(0)->last_us, s.base_us + (15 * MINUTE - 1) * 1000);
	assert_int_equal(part(1)->down_bytes, HEADERS + 200);
	assert_int_equal(part(1)->retro_down_bytes, 0);
	assert_int_equal(part(1)->first_us, s.base_us + 15 * MINUTE * 1000);
	scene_free(&s);
}

/* The same script with and without others' traffic that lets the ageing hand find the edges: the same parts. */
static void parts_do_not_depend_on_who_notices_the_edge(void **state)
{
	struct zr_usage told[2][8];
	unsigned int counts[2];

	(void)state;
	for (unsigned int noticed = 0; noticed < 2; noticed++) {
		struct scene_conn c = scene_conn(40000);

		begin(LIST);
		counts[noticed] = 0;
		free_flow(&c, 0);
		scene_down(&s, 1 * MINUTE, &c, 100);
		for (uint64_t m = 2; noticed && m < 40; m++)
			others_pass_time(m * MINUTE);
		scene_down(&s, 40 * MINUTE, &c, 200);
		for (uint64_t m = 41; noticed && m < 200; m++)
			others_pass_time(m * MINUTE);
		scene_down(&s, 200 * MINUTE, &c, 300);
		scene_close(&s);
		for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++)
			if (part(i)->client_port != 50000)
				told[noticed][counts[noticed]++] = *part(i);
		scene_free(&s);
	}
	assert_int_equal(counts[0], 4);
	assert_int_equal(counts[1], 4);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(told[0][i].cause, told[1][i].cause);
		assert_int_equal(told[0][i].final, told[1][i].final);
		assert_int_equal(told[0][i].down_bytes, told[1][i].down_bytes);
		assert_int_equal(told[0][i].up_bytes, told[1][i].up_bytes);
		assert_int_equal(told[0][i].first_us, told[1][i].first_us);
		assert_int_equal(told[0][i].last_us, told[1][i].last_us);
		assert_int_equal(told[0][i].reason, told[1][i].reason);
	}
	/* 0 to 15 minutes; 40 to 45; then 2 h 4 min of silence, and a final without volume; a flow of its own. */
	assert_int_equal(told[0][0].cause, ZR_CAUSE_INTERIM);
	assert_int_equal(told[0][1].cause, ZR_CAUSE_INTERIM);
	assert_int_equal(told[0][2].cause, ZR_CAUSE_IDLE);
	assert_true(told[0][2].final);
	assert_int_equal(told[0][2].up_pkts + told[0][2].down_pkts, 0);
	assert_int_equal(told[0][2].first_us, 0);
	assert_int_equal(told[0][3].reason, ZR_REASON_MIDSTREAM);
}

static void silence_of_exactly_the_timeout_ends_the_flow(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	scene_init(&s, LIST);
	s.config.charged_records = false;
	s.config.interim_us = UINT64_C(86400000000);
	scene_open(&s);
	free_flow(&c, 0);
	scene_down(&s, 124 * MINUTE - 1, &c, 1);
	scene_down(&s, 248 * MINUTE - 1, &c, 1);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part(0)->cause, ZR_CAUSE_IDLE);
	assert_int_equal(part(0)->down_pkts, 2);
	scene_free(&s);
}

static void window_frees_and_charges_at_its_seconds(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin("olm.vn,olm,90001," SCENE_DAY "05:00Z," SCENE_DAY "09:59Z,,,\n");
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "olm.vn");
	scene_down(&s, 5 * MINUTE - 1, &c, 100);
	scene_down(&s, 5 * MINUTE, &c, 200);
	/* until includes its whole second. */
	scene_down(&s, 10 * MINUTE - 1, &c, 300);
	scene_down(&s, 10 * MINUTE, &c, 400);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 3);
	assert_int_equal(part(0)->reason, ZR_REASON_NO_MATCH);
	assert_int_equal(part(0)->cause, ZR_CAUSE_WINDOW);
	assert_int_equal(part(0)->down_bytes, 2 * HEADERS + 100);
	assert_int_equal(part(1)->reason, ZR_REASON_SNI);
	assert_int_equal(part(1)->cause, ZR_CAUSE_WINDOW);
	assert_int_equal(part(1)->down_bytes, 2 * HEADERS + 500);
	assert_int_equal(part(1)->retro_down_bytes, 0);
	/* Freed by a hash of its name: the name was never kept, so it cannot be told. */
	assert_string_equal(scene_event(&s, ZR_USAGE_PART, 1)->name, "");
	assert_string_equal(scene_event(&s, ZR_USAGE_PART, 1)->rule, "olm.vn");
	assert_int_equal(part(2)->reason, ZR_REASON_NO_MATCH);
	assert_int_equal(part(2)->down_bytes, HEADERS + 400);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 1);
	scene_free(&s);
}

/* The window opens at five minutes. */
static void tag_of_a_window_comes_with_the_first_packet_in_it(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin("olm.vn,olm,90001," SCENE_DAY "05:00Z,,,,\n");
	scene_hello(&s, 0, &c, "olm.vn");
	others_pass_time(6 * MINUTE);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 0);
	scene_down(&s, 7 * MINUTE, &c, 1);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 1);
	scene_close(&s);
	assert_int_equal(scene_event(&s, ZR_USAGE_TAG, 0)->usage.first_us, s.base_us);
	assert_int_equal(scene_event(&s, ZR_USAGE_TAG, 0)->usage.last_us, s.base_us + 7 * MINUTE * 1000);
	scene_free(&s);
}

/* No packet is counted under the verdict: without other records of the flow, nobody hears of it. */
static void window_that_frees_nothing_leaves_no_record(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	scene_init(&s, "olm.vn,olm,90001," SCENE_DAY "05:00Z,,,,\n");
	s.config.charged_records = false;
	scene_open(&s);
	scene_hello(&s, 0, &c, "olm.vn");
	others_pass_time(6 * MINUTE);
	assert_int_equal(zr_pipeline_flows_free(s.pipeline), 1);
	scene_close(&s);
	assert_int_equal(s.count, 0);
	scene_free(&s);
}

static void expiry_charges_running_flows(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin("#! expires: " SCENE_DAY "00:59Z\n" LIST);
	free_flow(&c, 0);
	scene_down(&s, 1 * MINUTE - 1, &c, 1);
	scene_down(&s, 1 * MINUTE, &c, 1);
	scene_close(&s);
	assert_int_equal(part(0)->reason, ZR_REASON_SNI);
	assert_int_equal(part(0)->cause, ZR_CAUSE_WINDOW);
	assert_int_equal(part(0)->down_pkts, 2);
	assert_int_equal(part(1)->reason, ZR_REASON_EXPIRED);
	assert_string_equal(scene_event(&s, ZR_USAGE_PART, 1)->name, "");
	scene_free(&s);
}

/* By default charged flows leave no records, but a flow that left one is told to have ended. */
static void flow_that_left_a_record_leaves_a_final_one(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	scene_init(&s, "#! expires: " SCENE_DAY "00:59Z\n" LIST);
	s.config.charged_records = false;
	scene_open(&s);
	free_flow(&c, 0);
	scene_down(&s, 2 * MINUTE, &c, 1);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_true(part(1)->final);
	assert_int_equal(part(1)->verdict, ZR_CHARGED);
	assert_int_equal(part(1)->down_bytes, HEADERS + 1);
	scene_free(&s);
}

static void undecided_volume_before_a_window_is_never_retro_credited(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin("olm.vn,olm,90001," SCENE_DAY "00:10Z,,,,\n");
	scene_handshake(&s, 9 * SECOND, &c);
	scene_hello(&s, 10 * SECOND, &c, "olm.vn");
	scene_close(&s);
	assert_int_equal(part(0)->reason, ZR_REASON_NO_NAME);
	assert_int_equal(part(0)->cause, ZR_CAUSE_WINDOW);
	assert_int_equal(part(1)->reason, ZR_REASON_SNI);
	assert_int_equal(part(1)->retro_up_bytes, 0);
	scene_free(&s);
}

static void linger_keeps_late_packets_and_then_ends(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin(LIST);
	free_flow(&c, 0);
	scene_tcp(&s, 1 * SECOND, &c, true, ZR_TCP_FIN | ZR_TCP_ACK, NULL, 0);
	/* One side's FIN changes nothing. */
	scene_down(&s, 20 * SECOND, &c, 10);
	scene_tcp(&s, 21 * SECOND, &c, false, ZR_TCP_FIN | ZR_TCP_ACK, NULL, 0);
	scene_tcp(&s, 30 * SECOND, &c, true, ZR_TCP_ACK, NULL, 0);
	scene_tcp(&s, 39 * SECOND, &c, true, ZR_TCP_ACK, NULL, 0);
	others_pass_time(49 * SECOND);
	scene_close(&s);
	assert_int_equal(part(0)->cause, ZR_CAUSE_FIN);
	assert_int_equal(part(0)->up_pkts, 6);
	assert_int_equal(part(0)->down_pkts, 3);
	scene_free(&s);
}

static void reset_ends_after_the_linger(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin(LIST);
	free_flow(&c, 0);
	scene_tcp(&s, 1 * SECOND, &c, false, ZR_TCP_RST, NULL, 0);
	others_pass_time(11 * SECOND);
	scene_close(&s);
	assert_int_equal(part(0)->cause, ZR_CAUSE_RST);
	scene_free(&s);
}

static void syn_again_is_a_retransmission_and_another_syn_a_new_flow(void **state)
{
	struct scene_conn c = scene_conn(40000), again = c, other = c;

	(void)state;
	begin(LIST);
	scene_tcp(&s, 0, &c, true, ZR_TCP_SYN, NULL, 0);
	scene_tcp(&s, 1 * SECOND, &again, true, ZR_TCP_SYN, NULL, 0);
	other.up_seq = 777777;
	free_flow(&other, 2 * SECOND);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(part(0)->cause, ZR_CAUSE_NEW_FLOW);
	assert_int_equal(part(0)->up_pkts, 2);
	assert_int_equal(part(1)->reason, ZR_REASON_SNI);
	assert_int_equal(part(1)->up_pkts, 3);
	scene_free(&s);
}

/* The client is the subscriber, though it is the server here: whose SYN it is does not matter. */
static void syn_again_towards_the_subscriber_is_a_retransmission(void **state)
{
	struct scene_conn c = scene_conn(40000), again = c;

	(void)state;
	scene_init(&s, LIST);
	scene_subscribers(&s, "203.0.113.0/24");
	scene_open(&s);
	scene_tcp(&s, 0, &c, true, ZR_TCP_SYN, NULL, 0);
	scene_handshake(&s, 1 * SECOND, &again);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part(0)->client_port, 443);
	assert_int_equal(part(0)->down_pkts, 3);
	scene_free(&s);
}

/* Its own stream has another initial sequence number than the SYN that came to it. */
static void hello_of_a_subscriber_that_was_called_is_found(void **state)
{
	struct scene_conn c = scene_conn(40000);
	uint8_t hello[600];

	(void)state;
	scene_init(&s, LIST);
	scene_subscribers(&s, "203.0.113.0/24");
	scene_open(&s);
	c.down_seq = c.up_seq + 100000;
	scene_handshake(&s, 0, &c);
	scene_tcp(&s, 1, &c, false, ZR_TCP_ACK, hello, frame_hello("olm.vn", 300, hello, sizeof(hello)));
	scene_close(&s);
	assert_int_equal(part(0)->reason, ZR_REASON_SNI);
	scene_free(&s);
}

static void clock_that_goes_back_is_held(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin(LIST);
	free_flow(&c, 10 * SECOND);
	scene_down(&s, 5 * SECOND, &c, 1);
	scene_close(&s);
	assert_int_equal(part(0)->first_us, s.base_us + 10 * SECOND * 1000);
	assert_int_equal(part(0)->last_us, s.base_us + 10 * SECOND * 1000);
	scene_free(&s);
}

/* The wall clock is set an hour ahead, and back: stamps follow it, silence and interims do not notice. */
static void wall_clock_that_is_set_moves_stamps_only(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin(LIST);
	free_flow(&c, 0);
	assert_int_equal(zr_pipeline_clock(s.pipeline, INT64_C(3600000000)), 0);
	scene_down(&s, 1 * MINUTE, &c, 1);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part(0)->down_pkts, 2);
	assert_int_equal(part(0)->last_us, s.base_us + UINT64_C(3660000000));
	scene_free(&s);
}

static void wall_clock_that_is_set_opens_and_closes_windows(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin("olm.vn,olm,90001," SCENE_DAY "05:00Z," SCENE_DAY "09:59Z,,,\n");
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "olm.vn");
	assert_int_equal(zr_pipeline_clock(s.pipeline, 6 * MINUTE * 1000), 0);
	scene_down(&s, 20, &c, 100);
	/* The window closes four minutes later. */
	scene_down(&s, 4 * MINUTE - 1, &c, 200);
	scene_down(&s, 4 * MINUTE, &c, 300);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 3);
	assert_int_equal(part(0)->reason, ZR_REASON_NO_MATCH);
	assert_int_equal(part(0)->cause, ZR_CAUSE_WINDOW);
	assert_int_equal(part(1)->reason, ZR_REASON_SNI);
	assert_int_equal(part(1)->down_bytes, 2 * HEADERS + 300);
	assert_int_equal(part(2)->reason, ZR_REASON_NO_MATCH);
	scene_free(&s);
}

static void advance_ends_silent_flows_without_packets(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin(LIST);
	scene_udp(&s, 0, &c, true, "x", 1);
	zr_pipeline_advance(s.pipeline, (s.base_us + 1 * MINUTE * 1000) * 1000);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 0);
	assert_int_equal(part(0)->cause, ZR_CAUSE_IDLE);
	scene_close(&s);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packet_at_the_interim_belongs_to_the_new_part),
		cmocka_unit_test(parts_do_not_depend_on_who_notices_the_edge),
		cmocka_unit_test(silence_of_exactly_the_timeout_ends_the_flow),
		cmocka_unit_test(window_frees_and_charges_at_its_seconds),
		cmocka_unit_test(tag_of_a_window_comes_with_the_first_packet_in_it),
		cmocka_unit_test(window_that_frees_nothing_leaves_no_record),
		cmocka_unit_test(expiry_charges_running_flows),
		cmocka_unit_test(flow_that_left_a_record_leaves_a_final_one),
		cmocka_unit_test(undecided_volume_before_a_window_is_never_retro_credited),
		cmocka_unit_test(linger_keeps_late_packets_and_then_ends),
		cmocka_unit_test(reset_ends_after_the_linger),
		cmocka_unit_test(syn_again_is_a_retransmission_and_another_syn_a_new_flow),
		cmocka_unit_test(syn_again_towards_the_subscriber_is_a_retransmission),
		cmocka_unit_test(hello_of_a_subscriber_that_was_called_is_found),
		cmocka_unit_test(clock_that_goes_back_is_held),
		cmocka_unit_test(wall_clock_that_is_set_moves_stamps_only),
		cmocka_unit_test(wall_clock_that_is_set_opens_and_closes_windows),
		cmocka_unit_test(advance_ends_silent_flows_without_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

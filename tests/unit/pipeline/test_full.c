/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens when memory is full: who goes first, and that every byte is still counted once. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/flow/bucket.h"
#include "dataplane/pipeline/state.h"
#include "tests/support/scene.h"

#define LIST  ".olm.vn,olm,90001,,,,,\n"
#define NAMES 1200

static struct scene s;

static void oldest_undecided_flow_goes_first_and_free_flows_last(void **state)
{
	struct scene_conn free_conn = scene_conn(1), charged = scene_conn(2), undecided = scene_conn(3);
	struct scene_conn udp = scene_conn(4);
	unsigned int evicted = 0;

	(void)state;
	scene_init(&s, LIST);
	s.config.flows = 3;
	scene_open(&s);
	scene_handshake(&s, 0, &undecided);
	scene_handshake(&s, 1, &free_conn);
	scene_hello(&s, 1, &free_conn, "olm.vn");
	scene_handshake(&s, 2, &charged);
	scene_hello(&s, 2, &charged, "game.example.net");
	for (uint16_t port = 100; port < 140; port++) {
		udp.client_port = port;
		scene_udp(&s, 3, &udp, true, "x", 1);
	}
	scene_close(&s);
	for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++) {
		const struct zr_usage *u = &scene_event(&s, ZR_USAGE_PART, i)->usage;

		evicted += u->cause == ZR_CAUSE_EVICTED;
		if (i == 0) {
			assert_int_equal(u->client_port, 3);
			assert_int_equal(u->reason, ZR_REASON_TABLE_FULL);
		}
		/* One flood of undecided flows evicts itself, and touches neither decided flow. */
		if (u->client_port < 3)
			assert_int_equal(u->cause, ZR_CAUSE_SHUTDOWN);
	}
	assert_int_equal(evicted, 40);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_EVICTED_UNDECIDED), 40);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_EVICTED_FREE), 0);
	scene_free(&s);
}

/*
 * A connection whose flow, of a protocol, has its place in the first two buckets of the table, or nowhere there. Other ports
 * from *port on.
 */
static struct scene_conn conn_in(bool first_two, uint8_t proto, uint16_t *port)
{
	const struct zr_flow_table *t = &s.pipeline->table;
	const struct zr_bucket *first = t->buckets;

	for (;;) {
		struct scene_conn c = scene_conn((*port)++);
		struct zr_packet packet = {.family = 4, .proto = proto, .src_port = c.client_port, .dst_port = 443};
		const struct zr_bucket *home;
		struct zr_flow_key key;
		uint64_t hash;

		inet_pton(AF_INET, c.client, packet.src.b);
		inet_pton(AF_INET, c.server, packet.dst.b);
		zr_flow_key_of(&packet, &key);
		hash = zr_flow_hash(t, &key);
		home = zr_bucket_home(t, hash);
		if (home == zr_bucket_other(t, home, zr_bucket_signature(hash)))
			continue;
		if ((home - first < 2 && zr_bucket_other(t, home, zr_bucket_signature(hash)) - first < 2) == first_two)
			return c;
	}
}

/* Its two buckets are full, and the flows that are evicted for it are in others: charged, by direction, and told by nobody. */
static void packet_without_a_flow_is_summed_up(void **state)
{
	struct zr_untold untold;
	struct scene_conn c;
	uint16_t port = 1;

	(void)state;
	scene_init(&s, LIST);
	s.config.flows = 36;
	scene_open(&s);
	for (unsigned int i = 0; i < 36; i++) {
		c = conn_in(i >= 4, ZR_PROTO_UDP, &port);
		scene_udp(&s, 0, &c, true, "x", 1);
	}
	c = conn_in(true, ZR_PROTO_UDP, &port);
	s.port.role = ZR_ROLE_CORE;
	scene_udp(&s, 0, &c, false, "four", 4);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 32);
	zr_pipeline_untold(s.pipeline, &untold);
	assert_int_equal(untold.cut_charged.up_pkts, 0);
	assert_int_equal(untold.cut_charged.down_pkts, 1);
	assert_int_equal(untold.cut_charged.down_bytes, 32);
	scene_check_sums(&s);
	scene_close(&s);
	scene_free(&s);
}

static void evicted_free_flow_leaves_its_record(void **state)
{
	(void)state;
	scene_init(&s, LIST);
	s.config.flows = 1;
	s.config.charged_records = false;
	scene_open(&s);
	for (uint16_t port = 1; port < 4; port++) {
		struct scene_conn c = scene_conn(port);

		scene_handshake(&s, port, &c);
		scene_hello(&s, port, &c, "olm.vn");
	}
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 3);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.cause, ZR_CAUSE_EVICTED);
	assert_true(scene_event(&s, ZR_USAGE_PART, 0)->usage.final);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.up_pkts, 3);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_EVICTED_FREE), 2);
	scene_free(&s);
}

/* With it the time of a free flow's fragment is over, whose mark it must not take along. */
static void packet_without_a_flow_has_no_mark(void **state)
{
	static uint8_t frame[FRAME_MAX];
	struct zr_view view = {.data = frame, .port = &s.port};
	struct scene_conn listed, c;
	struct frame_spec spec;
	struct zr_totals totals;
	uint8_t mark = 0;
	uint16_t port = 1;

	(void)state;
	scene_init(&s, LIST);
	s.config.flows = 37;
	s.config.marks.otherwise = 10;
	scene_open(&s);
	listed = conn_in(false, ZR_PROTO_TCP, &port);
	scene_handshake(&s, 0, &listed);
	scene_hello(&s, 0, &listed, "olm.vn");
	for (unsigned int i = 0; i < 36; i++) {
		c = conn_in(i >= 4, ZR_PROTO_UDP, &port);
		scene_udp(&s, 1, &c, true, "x", 1);
	}
	spec = scene_spec(&listed, false, ZR_PROTO_TCP);
	spec.data = frame;
	spec.len = 100;
	scene_part(&s, 1, &spec, 7, 0, 8);
	c = conn_in(true, ZR_PROTO_UDP, &port);
	spec = scene_spec(&c, true, ZR_PROTO_UDP);
	view.len = view.wire_len = (uint32_t)frame_make(&spec, frame);
	view.time_ns = (s.base_us + 40000000) * 1000;
	zr_pipeline_burst_marks(s.pipeline, &view, 1, &mark);
	zr_pipeline_totals(s.pipeline, &totals);
	assert_int_equal(totals.reason[ZR_REASON_UNDECIDED].pkts, 32);
	assert_int_equal(totals.reason[ZR_REASON_TABLE_FULL].pkts, 5);
	assert_int_equal(totals.reason[ZR_REASON_SNI].pkts, 5);
	assert_int_equal(mark, ZR_MARK_NONE);
	scene_close(&s);
	scene_free(&s);
}

/* It was silent for so long that it had ended, though nobody had noticed yet. */
static void flow_that_has_ended_is_not_evicted(void **state)
{
	struct scene_conn old = scene_conn(1), fresh = scene_conn(2);

	(void)state;
	scene_init(&s, LIST);
	s.config.flows = 1;
	scene_open(&s);
	scene_handshake(&s, 0, &old);
	scene_udp(&s, 60000, &fresh, true, "x", 1);
	scene_close(&s);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.cause, ZR_CAUSE_IDLE);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.reason, ZR_REASON_NO_NAME);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_EVICTED_UNDECIDED), 0);
	scene_free(&s);
}

static void oldest_unfinished_hello_is_given_up(void **state)
{
	uint8_t hello[1400];
	size_t len = frame_hello("olm.vn", 900, hello, sizeof(hello));
	unsigned int given_up = 0, freed = 0;

	(void)state;
	scene_init(&s, LIST);
	s.config.reassembly_bytes = 262144;
	scene_open(&s);
	for (uint16_t port = 1; port <= 500; port++) {
		struct scene_conn c = scene_conn(port);

		scene_handshake(&s, port, &c);
		scene_up(&s, port, &c, hello, 500);
		if (port % 50 == 0)
			scene_up(&s, port, &c, hello + 500, len - 500);
	}
	scene_close(&s);
	for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++) {
		given_up += scene_event(&s, ZR_USAGE_PART, i)->usage.reason == ZR_REASON_INSPECT_LIMIT;
		freed += scene_event(&s, ZR_USAGE_PART, i)->usage.reason == ZR_REASON_SNI;
	}
	assert_int_equal(given_up, zr_pipeline_counter(s.pipeline, ZR_COUNTER_HELLOS_GIVEN_UP));
	assert_true(given_up > 300);
	/* A hello whose segments follow each other is read all the same. */
	assert_int_equal(freed, 10);
	scene_free(&s);
}

/* Whoever opens many HTTP connections and leaves them so makes nobody pay for a hello of two segments. */
static void connections_that_are_followed_leave_room_for_hellos(void **state)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: game.example.net\r\n\r\n";
	struct scene_conn c = scene_conn(1);
	uint8_t hello[1400];
	size_t len = frame_hello("olm.vn", 900, hello, sizeof(hello));

	(void)state;
	scene_init(&s, LIST);
	s.config.reassembly_bytes = 262144;
	scene_open(&s);
	for (uint16_t port = 1000; port < 1500; port++) {
		struct scene_conn other = scene_conn(port);

		scene_handshake(&s, 0, &other);
		scene_up(&s, 0, &other, head, sizeof(head) - 1);
	}
	scene_handshake(&s, 1, &c);
	scene_up(&s, 2, &c, hello, 500);
	scene_up(&s, 3, &c, hello + 500, len - 500);
	assert_true(zr_pipeline_counter(s.pipeline, ZR_COUNTER_HELLOS_GIVEN_UP) > 0);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 1);
	scene_free(&s);
}

static void hello_of_a_flow_that_has_ended_is_not_given_up(void **state)
{
	uint64_t given_up = 0;
	uint8_t hello[1400];

	(void)state;
	frame_hello("olm.vn", 900, hello, sizeof(hello));
	scene_init(&s, LIST);
	s.config.reassembly_bytes = 262144;
	scene_open(&s);
	for (uint16_t port = 1; port <= 100; port++) {
		struct scene_conn c = scene_conn(port);

		scene_handshake(&s, 0, &c);
		scene_up(&s, port == 100 ? 60000 : 0, &c, hello, 500);
		if (port == 99)
			given_up = zr_pipeline_counter(s.pipeline, ZR_COUNTER_HELLOS_GIVEN_UP);
	}
	assert_true(given_up > 0);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_HELLOS_GIVEN_UP), given_up);
	scene_close(&s);
	for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++)
		given_up -= scene_event(&s, ZR_USAGE_PART, i)->usage.reason == ZR_REASON_INSPECT_LIMIT;
	assert_int_equal(given_up, 0);
	scene_free(&s);
}

static void open_many_names(const char *rows)
{
	scene_init(&s, rows);
	s.config.names_bytes = 65536;
	s.config.flows = 2000;
	scene_open(&s);
	for (uint16_t port = 1; port <= NAMES; port++) {
		struct scene_conn c = scene_conn(port);
		char name[64];

		snprintf(name, sizeof(name), "lop-%u.olm.vn", port);
		scene_hello(&s, port, &c, name);
	}
	assert_true(zr_pipeline_counter(s.pipeline, ZR_COUNTER_NAMES_FULL) > 0);
}

static void names_beyond_the_memory_are_left_out_not_miscounted(void **state)
{
	unsigned int named = 0;

	(void)state;
	open_many_names(LIST);
	scene_close(&s);
	for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++) {
		assert_int_equal(scene_event(&s, ZR_USAGE_PART, i)->usage.reason, ZR_REASON_SNI);
		named += scene_event(&s, ZR_USAGE_PART, i)->name[0] != '\0';
	}
	assert_int_equal(named + zr_pipeline_counter(s.pipeline, ZR_COUNTER_NAMES_FULL), NAMES);
	assert_true(named > 500 && named < NAMES);
	scene_free(&s);
}

/* Another entry's window opens; then the list expires. */
static void flow_without_its_name_stays_free_while_its_entry_does(void **state)
{
	(void)state;
	open_many_names("#! expires: " SCENE_DAY "01:59Z\n" LIST "thi.moet.gov.vn,moet,1," SCENE_DAY "01:00Z,,,,\n");
	zr_pipeline_advance(s.pipeline, (s.base_us + 119 * UINT64_C(1000000)) * 1000);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 0);
	zr_pipeline_advance(s.pipeline, (s.base_us + 120 * UINT64_C(1000000)) * 1000);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2 * NAMES);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, NAMES)->usage.reason, ZR_REASON_EXPIRED);
	scene_free(&s);
}

/* Segmentation offload leaves the IP length 0, and a capture file may claim any length of a frame. */
static void part_is_cut_before_its_bytes_would_wrap(void **state)
{
	struct frame_spec spec = {
		.src = "10.0.0.1", .dst = "203.0.113.1", .proto = ZR_PROTO_UDP, .data = "x", .len = 1};
	static uint8_t frame[FRAME_MAX];
	struct zr_view view = {.data = frame, .len = (uint32_t)frame_make(&spec, frame), .wire_len = UINT32_MAX};
	struct zr_totals totals;
	uint64_t told = 0;

	(void)state;
	frame[16] = frame[17] = 0;
	scene_init(&s, LIST);
	scene_open(&s);
	view.port = &s.port;
	view.time_ns = s.base_us * 1000;
	for (unsigned int i = 0; i < 1U << 11; i++)
		zr_pipeline_burst(s.pipeline, &view, 1);
	scene_close(&s);
	zr_pipeline_totals(s.pipeline, &totals);
	for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++)
		told += scene_event(&s, ZR_USAGE_PART, i)->usage.up_bytes;
	assert_true(told > UINT64_C(1) << 42);
	assert_int_equal(told, totals.received.bytes);
	scene_free(&s);
}

static void configuration_out_of_bounds_has_no_memory_figure(void **state)
{
	struct zr_pipeline_config config;

	(void)state;
	scene_init(&s, LIST);
	config = s.config;
	config.flows = 0;
	assert_int_equal(zr_pipeline_memory(&config), 0);
	config = s.config;
	config.interim_us = UINT64_C(86400000001);
	assert_int_equal(zr_pipeline_memory(&config), 0);
	config = s.config;
	config.timeout_us[ZR_TIMEOUT_UDP] = 0;
	assert_int_equal(zr_pipeline_memory(&config), 0);
	scene_open(&s);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(oldest_undecided_flow_goes_first_and_free_flows_last),
		cmocka_unit_test(packet_without_a_flow_is_summed_up),
		cmocka_unit_test(packet_without_a_flow_has_no_mark),
		cmocka_unit_test(evicted_free_flow_leaves_its_record),
		cmocka_unit_test(flow_that_has_ended_is_not_evicted),
		cmocka_unit_test(oldest_unfinished_hello_is_given_up),
		cmocka_unit_test(connections_that_are_followed_leave_room_for_hellos),
		cmocka_unit_test(hello_of_a_flow_that_has_ended_is_not_given_up),
		cmocka_unit_test(names_beyond_the_memory_are_left_out_not_miscounted),
		cmocka_unit_test(flow_without_its_name_stays_free_while_its_entry_does),
		cmocka_unit_test(part_is_cut_before_its_bytes_would_wrap),
		cmocka_unit_test(configuration_out_of_bounds_has_no_memory_figure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

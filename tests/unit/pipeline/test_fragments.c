/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose volume fragments are, and when they are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scene.h"

#define LIST    ".olm.vn,olm,90001,,,,,\n"
#define TIMEOUT 30000
#define ID      77

static struct scene s;
static uint8_t zeros[FRAME_MAX];

static void open_scene(void)
{
	scene_init(&s, LIST);
	scene_open(&s);
}

static struct scene_conn conn6(uint16_t client_port)
{
	struct scene_conn c = scene_conn(client_port);

	c.client = "2001:db8:1::1";
	c.server = "2001:db8:ffff::53";
	return c;
}

/* A UDP datagram of that many bytes behind the IP header. */
static struct frame_spec udp_spec(const struct scene_conn *c, size_t content)
{
	struct frame_spec spec = scene_spec(c, true, ZR_PROTO_UDP);

	spec.data = zeros;
	spec.len = content - 8;
	return spec;
}

static const struct zr_usage *part_of(uint16_t client_port)
{
	const struct zr_usage *found = NULL;

	for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++) {
		const struct zr_usage *u = &scene_event(&s, ZR_USAGE_PART, i)->usage;

		if (u->client_port == client_port) {
			assert_null(found);
			found = u;
		}
	}
	assert_non_null(found);
	return found;
}

static struct zr_volume undecided(void)
{
	struct zr_totals totals;

	zr_pipeline_totals(s.pipeline, &totals);
	return totals.reason[ZR_REASON_UNDECIDED];
}

static void assert_times(const struct zr_usage *u, uint64_t first_ms, uint64_t last_ms)
{
	assert_int_equal(u->first_us - s.base_us, first_ms * 1000);
	assert_int_equal(u->last_us - s.base_us, last_ms * 1000);
}

/* The n-th order of four things. */
static void order_of(unsigned int n, unsigned int order[4])
{
	unsigned int left[4] = {0, 1, 2, 3};

	for (unsigned int i = 0; i < 4; i++) {
		unsigned int at = n % (4 - i);

		n /= 4 - i;
		order[i] = left[at];
		memmove(left + at, left + at + 1, (3 - at) * sizeof(left[0]));
	}
}

static void every_order(struct scene_conn c, size_t header_len)
{
	struct frame_spec spec = udp_spec(&c, 3900);

	for (unsigned int n = 0; n < 24; n++) {
		unsigned int order[4];
		const struct zr_usage *u;

		open_scene();
		order_of(n, order);
		for (unsigned int i = 0; i < 4; i++)
			scene_part(&s, 5 * i, &spec, ID, order[i] * 1000, order[i] == 3 ? 900 : 1000);
		scene_close(&s);
		assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
		u = part_of(c.client_port);
		assert_int_equal(u->server_port, 443);
		assert_int_equal(u->up_pkts, 4);
		assert_int_equal(u->up_bytes, 3900 + 4 * header_len);
		assert_times(u, 0, 15);
		assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_DATAGRAMS_GIVEN_UP), 0);
		scene_free(&s);
	}
}

static void every_order_of_ipv4(void **state)
{
	(void)state;
	every_order(scene_conn(1), 20);
}

static void every_order_of_ipv6(void **state)
{
	(void)state;
	every_order(conn6(1), 48);
}

static void what_waits_is_undecided(void **state)
{
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec = udp_spec(&c, 3000);

	(void)state;
	open_scene();
	scene_part(&s, 0, &spec, ID, 2000, 1000);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 0);
	assert_int_equal(undecided().bytes, 1020);
	scene_part(&s, 1, &spec, ID, 1000, 1000);
	assert_int_equal(undecided().pkts, 2);
	scene_part(&s, 2, &spec, ID, 0, 1000);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 1);
	assert_int_equal(undecided().pkts, 3);
	scene_close(&s);
	scene_free(&s);
}

static void fragments_of_other_datagrams_are_told_apart(void **state)
{
	struct scene_conn a = scene_conn(1), b = scene_conn(2), back = scene_conn(3), tcp = scene_conn(4);
	struct frame_spec first = udp_spec(&a, 2000), second = udp_spec(&b, 2000), down = udp_spec(&back, 2000);
	struct frame_spec other = scene_spec(&tcp, true, ZR_PROTO_TCP);

	(void)state;
	open_scene();
	down.src = back.server;
	down.dst = back.client;
	down.src_port = back.server_port;
	down.dst_port = back.client_port;
	other.data = zeros;
	other.len = 1980;
	/* Another id, another direction, another protocol. */
	scene_part(&s, 0, &first, ID, 1000, 1000);
	scene_part(&s, 1, &second, ID + 1, 1000, 1000);
	scene_part(&s, 2, &down, ID, 1000, 1000);
	scene_part(&s, 3, &other, ID, 1000, 1000);
	scene_part(&s, 4, &other, ID, 0, 1000);
	scene_part(&s, 5, &down, ID, 0, 1000);
	scene_part(&s, 6, &second, ID + 1, 0, 1000);
	scene_part(&s, 7, &first, ID, 0, 1000);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 4);
	assert_int_equal(part_of(1)->up_pkts, 2);
	assert_int_equal(part_of(2)->up_pkts, 2);
	assert_int_equal(part_of(4)->up_pkts, 2);
	scene_free(&s);
}

static void domains_are_told_apart(void **state)
{
	struct scene_conn a = scene_conn(1), b = scene_conn(2);
	struct frame_spec first = udp_spec(&a, 2000), second = udp_spec(&b, 2000);

	(void)state;
	open_scene();
	scene_part(&s, 0, &first, ID, 1000, 1000);
	s.port.domain = 1;
	scene_part(&s, 1, &second, ID, 0, 1000);
	scene_part(&s, 2, &second, ID, 1000, 1000);
	s.port.domain = 0;
	scene_part(&s, 3, &first, ID, 0, 1000);
	scene_close(&s);
	assert_int_equal(part_of(1)->up_pkts, 2);
	assert_int_equal(part_of(1)->domain, 0);
	assert_int_equal(part_of(2)->up_pkts, 2);
	assert_int_equal(part_of(2)->domain, 1);
	scene_free(&s);
}

static void repeated_fragments_count(void **state)
{
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec = udp_spec(&c, 2000);

	(void)state;
	open_scene();
	for (unsigned int i = 0; i < 3; i++)
		scene_part(&s, 0, &spec, ID, 1000, 1000);
	for (unsigned int i = 0; i < 3; i++)
		scene_part(&s, 1, &spec, ID, 0, 1000);
	/* Behind the end of the datagram, too: they wait for a first one, and go to the same flow without it. */
	scene_part(&s, 2, &spec, ID, 1000, 1000);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part_of(1)->up_pkts, 7);
	assert_int_equal(part_of(1)->up_bytes, 7 * 1020);
	scene_free(&s);
}

static void an_id_may_be_used_again(void **state)
{
	struct scene_conn a = scene_conn(1), b = scene_conn(2);
	struct frame_spec first = udp_spec(&a, 2000), second = udp_spec(&b, 2000);

	(void)state;
	open_scene();
	for (unsigned int i = 0; i < 4; i++) {
		const struct frame_spec *spec = i % 2 == 0 ? &first : &second;

		scene_part(&s, 20000 * i, spec, ID, i < 2 ? 0 : 1000, 1000);
		scene_part(&s, 20000 * i, spec, ID, i < 2 ? 1000 : 0, 1000);
	}
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(part_of(1)->up_pkts, 4);
	assert_int_equal(part_of(2)->up_pkts, 4);
	scene_free(&s);
}

/* The last part of the first datagram is lost; the second has its id. */
static void later_first_fragment_takes_over(void **state)
{
	struct scene_conn a = scene_conn(1), b = scene_conn(2);
	struct frame_spec first = udp_spec(&a, 2000), second = udp_spec(&b, 2000);

	(void)state;
	open_scene();
	scene_part(&s, 0, &first, ID, 0, 1000);
	scene_part(&s, 1, &second, ID, 0, 1000);
	scene_part(&s, 2, &second, ID, 1000, 1000);
	scene_close(&s);
	assert_int_equal(part_of(1)->up_pkts, 1);
	assert_int_equal(part_of(2)->up_pkts, 2);
	scene_free(&s);
}

static void first_fragment_that_never_comes(void **state)
{
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec = udp_spec(&c, 2000);
	const struct zr_usage *u;

	(void)state;
	open_scene();
	scene_part(&s, 100, &spec, ID, 1000, 1000);
	scene_udp(&s, 100 + TIMEOUT - 1, &c, true, "x", 1);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 1);
	scene_udp(&s, 100 + TIMEOUT, &c, true, "x", 1);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 2);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_DATAGRAMS_GIVEN_UP), 1);
	scene_close(&s);
	u = part_of(0);
	assert_int_equal(u->proto, ZR_PROTO_UDP);
	assert_int_equal(u->server_port, 0);
	assert_int_equal(u->up_bytes, 1020);
	assert_times(u, 100, 100 + TIMEOUT);
	assert_int_equal(part_of(1)->up_pkts, 2);
	scene_free(&s);
}

/* Too late, it has a flow of its own again. */
static void first_fragment_after_the_timeout(void **state)
{
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec = udp_spec(&c, 2000);

	(void)state;
	open_scene();
	scene_part(&s, 0, &spec, ID, 1000, 1000);
	scene_part(&s, TIMEOUT, &spec, ID, 0, 1000);
	scene_close(&s);
	assert_int_equal(part_of(0)->up_pkts, 1);
	assert_int_equal(part_of(1)->up_pkts, 1);
	scene_free(&s);
}

/* Whoever notices that the time is over: the parts are the same. */
static void timeout_follows_from_packet_time(void **state)
{
	struct scene_conn c = scene_conn(1), other = scene_conn(2);
	struct frame_spec spec = udp_spec(&c, 2000);
	uint64_t hour_ms = 3600000;

	(void)state;
	for (unsigned int way = 0; way < 4; way++) {
		const struct zr_usage *u;

		open_scene();
		scene_part(&s, 0, &spec, ID, 1000, 1000);
		scene_part(&s, 10, &spec, ID, 1000, 1000);
		if (way == 0)
			scene_udp(&s, hour_ms, &other, true, "x", 1);
		else if (way == 1)
			scene_part(&s, hour_ms, &spec, ID, 0, 1000);
		else if (way == 2)
			zr_pipeline_advance(s.pipeline, (s.base_us + hour_ms * 1000) * 1000);
		else
			for (uint64_t ms = 0; ms < hour_ms; ms += 7000)
				scene_udp(&s, ms, &other, true, "x", 1);
		u = &scene_event(&s, ZR_USAGE_PART, 0)->usage;
		assert_int_equal(u->client_port, 0);
		assert_int_equal(u->cause, ZR_CAUSE_IDLE);
		assert_int_equal(u->up_pkts, 2);
		assert_times(u, 0, TIMEOUT);
		scene_close(&s);
		scene_free(&s);
	}
}

static void shutdown_counts_what_waits(void **state)
{
	struct scene_conn c = conn6(1);
	struct frame_spec spec = udp_spec(&c, 2000);

	(void)state;
	open_scene();
	scene_part(&s, 3, &spec, ID, 1000, 1000);
	scene_close(&s);
	assert_int_equal(part_of(0)->up_bytes, 1048);
	assert_int_equal(part_of(0)->cause, ZR_CAUSE_SHUTDOWN);
	assert_times(part_of(0), 3, 3);
	scene_free(&s);
}

/* Interims are cut in time order, waiting or not. */
static void edges_hold_while_fragments_wait(void **state)
{
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec = udp_spec(&c, 2000);

	(void)state;
	scene_init(&s, LIST);
	s.config.interim_us = 20000000;
	scene_open(&s);
	scene_udp(&s, 0, &c, true, "x", 1);
	scene_part(&s, 15000, &spec, ID, 1000, 1000);
	scene_part(&s, 25000, &spec, ID, 0, 1000);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.cause, ZR_CAUSE_INTERIM);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.up_pkts, 1);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.up_pkts, 2);
	assert_times(&scene_event(&s, ZR_USAGE_PART, 1)->usage, 15000, 25000);
	scene_free(&s);
}

/* An interim lies between the datagram's parts, and a packet of the flow: the new part does not begin before the old one ended. */
static void parts_do_not_overlap_when_fragments_wait(void **state)
{
	const uint64_t interim_ms = 20000;
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec = udp_spec(&c, 2000);

	(void)state;
	scene_init(&s, LIST);
	s.config.interim_us = interim_ms * 1000;
	scene_open(&s);
	scene_udp(&s, 0, &c, true, "x", 1);
	scene_part(&s, interim_ms - 3, &spec, ID, 1000, 1000);
	scene_udp(&s, interim_ms - 2, &c, true, "x", 1);
	scene_part(&s, interim_ms + 1, &spec, ID, 0, 1000);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_times(&scene_event(&s, ZR_USAGE_PART, 0)->usage, 0, interim_ms - 2);
	assert_times(&scene_event(&s, ZR_USAGE_PART, 1)->usage, interim_ms + 1, interim_ms + 1);
	scene_free(&s);
}

/* Another list came meanwhile: what is told with it came behind it. */
static void what_waited_is_of_the_list_in_force(void **state)
{
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec = udp_spec(&c, 2000);

	(void)state;
	open_scene();
	scene_part(&s, 1, &spec, ID, 1000, 1000);
	zr_pipeline_poll(s.pipeline, (s.base_us + 2000) * 1000);
	assert_int_equal(zr_pipeline_list(s.pipeline, s.image, s.index), 0);
	scene_part(&s, 3, &spec, ID, 0, 1000);
	scene_close(&s);
	assert_times(part_of(1), 3, 3);
	scene_free(&s);
}

/* The window of what frees it opened meanwhile: no free part begins before it. */
static void what_waited_is_of_the_window(void **state)
{
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec = udp_spec(&c, 2000);

	(void)state;
	scene_init(&s, "203.0.113.0/24,exam,90003," SCENE_DAY "00:01Z,,,,\n");
	scene_open(&s);
	scene_part(&s, 999, &spec, ID, 1000, 1000);
	scene_part(&s, 1001, &spec, ID, 0, 1000);
	scene_close(&s);
	assert_int_equal(part_of(1)->reason, ZR_REASON_PREFIX);
	assert_int_equal(part_of(1)->up_pkts, 2);
	assert_times(part_of(1), 1001, 1001);
	scene_free(&s);
}

/* By what a capture file says frames carry petabytes, by lengths of 0. No flow's fields run over into their neighbours. */
static void no_more_waits_than_a_flow_can_count(void **state)
{
	enum { PARTS = 3000 };
	struct scene_conn c = scene_conn(1);

	(void)state;
	for (unsigned int up = 0; up < 2; up++) {
		struct frame_spec spec = scene_spec(&c, up, ZR_PROTO_UDP);
		static uint8_t frame[FRAME_MAX];
		struct zr_view view = {.data = frame, .wire_len = UINT32_MAX};
		uint64_t pkts = 0, bytes = 0;

		spec.data = zeros;
		spec.len = 1992;
		spec.part = (struct frame_part){.id = ID, .from = 1000, .len = 1000, .last = true};
		scene_init(&s, LIST);
		scene_subscribers(&s, "10.0.0.0/24");
		scene_open(&s);
		view.len = (uint32_t)frame_make(&spec, frame);
		frame[16] = frame[17] = 0;
		view.port = &s.port;
		view.time_ns = s.base_us * 1000;
		for (unsigned int i = 0; i < PARTS; i++)
			zr_pipeline_burst(s.pipeline, &view, 1);
		assert_true(undecided().bytes < UINT64_C(1) << 40);
		scene_close(&s);
		for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++) {
			const struct zr_usage *u = &scene_event(&s, ZR_USAGE_PART, i)->usage;

			pkts += up ? u->up_pkts : u->down_pkts;
			bytes += up ? u->up_bytes : u->down_bytes;
			assert_int_equal(up ? u->down_bytes : u->up_bytes, 0);
		}
		assert_int_equal(pkts, PARTS);
		assert_int_equal(bytes, PARTS * (uint64_t)(UINT32_MAX - 14));
		scene_free(&s);
	}
}

static void oldest_datagram_goes_when_memory_is_full(void **state)
{
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec = udp_spec(&c, 2000);

	(void)state;
	scene_init(&s, LIST);
	s.config.reassembly_bytes = 262144;
	scene_open(&s);
	for (uint32_t id = 0; id < 1000; id++)
		scene_part(&s, id, &spec, id, 1000, 8);
	assert_true(undecided().pkts < 100);
	/* The youngest still waits. */
	scene_part(&s, 1000, &spec, 999, 0, 1000);
	scene_close(&s);
	assert_int_equal(part_of(1)->up_pkts, 2);
	assert_int_equal(part_of(0)->up_pkts, 999);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_DATAGRAMS_GIVEN_UP), 1000);
	scene_free(&s);
}

/* What is done with stays in the table, for repeated fragments, until something new needs the place. */
static void datagrams_that_are_done_make_room(void **state)
{
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec = udp_spec(&c, 16);

	(void)state;
	scene_init(&s, LIST);
	s.config.reassembly_bytes = 262144;
	scene_open(&s);
	for (uint32_t id = 0; id < 500; id++) {
		scene_part(&s, id, &spec, id, 8, 8);
		scene_part(&s, id, &spec, id, 0, 8);
	}
	scene_part(&s, 500, &spec, 0, 8, 8);
	scene_part(&s, 500, &spec, 499, 8, 8);
	scene_close(&s);
	assert_int_equal(part_of(1)->up_pkts, 1001);
	assert_int_equal(part_of(0)->up_pkts, 1);
	scene_free(&s);
}

static void lengths_that_cannot_be_are_counted_all_the_same(void **state)
{
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec = udp_spec(&c, 65560);

	(void)state;
	open_scene();
	scene_part(&s, 0, &spec, ID, 0, 1480);
	scene_part(&s, 1, &spec, ID, 65528, 32);  /* ends behind 65535 */
	scene_part(&s, 2, &spec, ID, 1480, 1001); /* odd, though more follows */
	scene_part(&s, 3, &spec, ID, 65528, 8);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part_of(1)->up_pkts, 4);
	assert_int_equal(part_of(1)->up_bytes, 1480 + 32 + 1001 + 8 + 80);
	scene_free(&s);
}

/* RFC 6946: offset 0 and no more. */
static void atomic_fragment_is_an_ordinary_packet(void **state)
{
	struct scene_conn c = conn6(1);
	struct frame_spec spec = udp_spec(&c, 500);

	(void)state;
	open_scene();
	scene_part(&s, 0, &spec, ID, 0, 500);
	scene_part(&s, 1, &spec, ID, 0, 500);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 1);
	scene_close(&s);
	assert_int_equal(part_of(1)->up_bytes, 2 * 548);
	scene_free(&s);
}

static void protocols_without_ports(void **state)
{
	struct frame_spec spec = {.src = "10.0.0.1", .dst = "203.0.113.1", .proto = 1, .data = zeros, .len = 2000};

	(void)state;
	open_scene();
	scene_part(&s, 0, &spec, ID, 1000, 1000);
	scene_part(&s, 1, &spec, ID, 0, 1000);
	scene_close(&s);
	assert_int_equal(part_of(0)->proto, 1);
	assert_int_equal(part_of(0)->up_pkts, 2);
	assert_times(part_of(0), 0, 1);
	scene_free(&s);
}

/* What waited may be more than an undecided flow is inspected for. */
static void volume_that_waited_counts_against_the_bound(void **state)
{
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec = udp_spec(&c, 60000);

	(void)state;
	open_scene();
	for (unsigned int i = 0; i < 400; i++)
		scene_part(&s, i, &spec, ID, 8000, 52000);
	scene_part(&s, 400, &spec, ID, 0, 8000);
	scene_close(&s);
	assert_int_equal(part_of(1)->up_pkts, 401);
	assert_int_equal(part_of(1)->reason, ZR_REASON_INSPECT_LIMIT);
	scene_free(&s);
}

static void vlan_and_client_are_known_without_the_first_fragment(void **state)
{
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec;

	(void)state;
	open_scene();
	c.vlan = 7;
	spec = udp_spec(&c, 2000);
	s.port.role = ZR_ROLE_CORE;
	scene_part(&s, 0, &spec, ID, 1000, 1000);
	scene_close(&s);
	assert_int_equal(part_of(0)->down_pkts, 1);
	assert_int_equal(part_of(0)->vlan_count, 1);
	assert_int_equal(part_of(0)->vlans[0], 7);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_of_ipv4),
		cmocka_unit_test(every_order_of_ipv6),
		cmocka_unit_test(what_waits_is_undecided),
		cmocka_unit_test(fragments_of_other_datagrams_are_told_apart),
		cmocka_unit_test(domains_are_told_apart),
		cmocka_unit_test(repeated_fragments_count),
		cmocka_unit_test(an_id_may_be_used_again),
		cmocka_unit_test(later_first_fragment_takes_over),
		cmocka_unit_test(first_fragment_that_never_comes),
		cmocka_unit_test(first_fragment_after_the_timeout),
		cmocka_unit_test(timeout_follows_from_packet_time),
		cmocka_unit_test(shutdown_counts_what_waits),
		cmocka_unit_test(edges_hold_while_fragments_wait),
		cmocka_unit_test(parts_do_not_overlap_when_fragments_wait),
		cmocka_unit_test(what_waited_is_of_the_list_in_force),
		cmocka_unit_test(what_waited_is_of_the_window),
		cmocka_unit_test(no_more_waits_than_a_flow_can_count),
		cmocka_unit_test(oldest_datagram_goes_when_memory_is_full),
		cmocka_unit_test(datagrams_that_are_done_make_room),
		cmocka_unit_test(lengths_that_cannot_be_are_counted_all_the_same),
		cmocka_unit_test(atomic_fragment_is_an_ordinary_packet),
		cmocka_unit_test(protocols_without_ports),
		cmocka_unit_test(volume_that_waited_counts_against_the_bound),
		cmocka_unit_test(vlan_and_client_are_known_without_the_first_fragment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

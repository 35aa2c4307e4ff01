/* SPDX-License-Identifier: BSD-3-Clause */
/* Fragments of tunnels go to the worker of the subscriber inside, all of a datagram to one, in a table that no flood can grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/dpdk/spread.h"
#include "dataplane/dpdk/spread_parts.h"
#include "dataplane/pipeline/datagram.h"
#include "tests/support/frame.h"

/* So many that two addresses seldom have the same one. */
#define WORKERS   61
#define FIRST_LEN 1000
#define INNER_LEN 1400
#define SECOND_NS UINT64_C(1000000000)
#define NOW_NS    (UINT64_C(1800000000) * SECOND_NS)

static const uint8_t content[INNER_LEN];
static const uint64_t seed[2] = {UINT64_C(0x243f6a8885a308d3), UINT64_C(0x13198a2e03707344)};
static struct zr_prefix endpoint_prefixes[] = {{.family = 4, .len = 24, .addr = {10, 200, 0}},
					       {.family = 6, .len = 48, .addr = {0x20, 0x01, 0x0d, 0xb8, 0x02, 0}}};
static struct zr_prefix_set endpoints = {.prefixes = endpoint_prefixes, .count = 2};
static const struct zr_packet_rules rules = {.tunnel_endpoints = &endpoints};
static struct zr_spread_parts *parts;

static int begin(void **state)
{
	(void)state;
	parts = aligned_alloc(64, sizeof(*parts));
	assert_non_null(parts);
	memset(parts, 0xa5, sizeof(*parts));
	zr_spread_parts_init(parts, &rules, NULL, WORKERS, seed);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(parts);
	return 0;
}

static unsigned int remembered(void)
{
	unsigned int count = 0;

	for (unsigned int set = 0; set < ZR_SPREAD_SETS; set++)
		for (unsigned int way = 0; way < ZR_SPREAD_WAYS; way++)
			count += parts->sets[set][way] != 0;
	return count;
}

static struct frame_spec towards(const char *subscriber, enum frame_tunnel tunnel)
{
	return (struct frame_spec){
		.src = strchr(subscriber, ':') != NULL ? "2001:db8::1" : "203.0.113.1",
		.dst = subscriber,
		.src_port = 443,
		.dst_port = 40000,
		.proto = 17,
		.data = content,
		.len = sizeof(content),
		.outer_src = "10.200.0.1",
		.outer_dst = "10.200.0.2",
		.tunnel = tunnel,
		.teid = 77,
	};
}

static struct zr_packet parse(const struct frame_spec *spec, uint8_t role, uint16_t domain)
{
	static uint8_t frame[FRAME_MAX];
	struct zr_port port = {.role = role, .domain = domain};
	struct zr_view view = {.data = frame, .port = &port};
	struct zr_packet packet;

	view.len = view.wire_len = (uint32_t)frame_make(spec, frame);
	zr_packet_parse(&rules, &view, &packet);
	return packet;
}

/* Where a packet goes in one frame. */
static unsigned int whole(const struct frame_spec *spec, uint8_t role)
{
	struct zr_packet packet = parse(spec, role, 0);

	assert_int_equal(packet.tunnels, 1);
	return zr_spread_worker(&packet, parts->subscribers, WORKERS);
}

/* … and in two fragments: the first, or the one behind it. */
static unsigned int fragment_at(const struct frame_spec *spec, uint8_t role, uint32_t id, bool first, uint64_t now_ns)
{
	struct frame_spec part = *spec;
	struct zr_packet packet;

	part.outer_part = (struct frame_part){.id = id, .len = FIRST_LEN};
	if (!first)
		part.outer_part = (struct frame_part){
			.id = id, .from = FIRST_LEN, .len = frame_outer_content(spec) - FIRST_LEN, .last = true};
	packet = parse(&part, role, 0);
	assert_true(packet.fragment && packet.first_fragment == first);
	return zr_spread_part(parts, &packet, now_ns);
}

static unsigned int first_part(const struct frame_spec *spec, uint32_t id)
{
	return fragment_at(spec, ZR_ROLE_CORE, id, true, NOW_NS);
}

static unsigned int later_part(const struct frame_spec *spec, uint32_t id)
{
	return fragment_at(spec, ZR_ROLE_CORE, id, false, NOW_NS);
}

/* The worker of the tunnel's own addresses. */
static unsigned int outer(const struct frame_spec *spec, uint8_t role)
{
	struct frame_spec own = {.src = spec->outer_src, .dst = spec->outer_dst, .proto = 17};
	struct zr_packet packet = parse(&own, role, 0);

	return zr_spread_worker(&packet, parts->subscribers, WORKERS);
}

/* One of many datagrams: of all kinds of tunnels, families and sides. */
static struct frame_spec datagram_of(uint32_t who, uint8_t *role)
{
	static char subscriber[40];
	struct frame_spec spec;

	snprintf(subscriber, sizeof(subscriber), who % 3 == 0 ? "2405:4800:%x::7" : "10.0.0.%u", who);
	spec = towards(subscriber, who % 4);
	if (who % 7 == 0) {
		spec.outer_src = "2001:db8:200::1";
		spec.outer_dst = "2001:db8:200::2";
	}
	*role = who % 5 == 0 ? ZR_ROLE_ACCESS : ZR_ROLE_CORE;
	return spec;
}

static void parts_meet_at_the_subscribers_worker(void **state)
{
	unsigned int elsewhere = 0;
	uint8_t role;

	(void)state;
	for (uint32_t who = 1; who <= 200; who++) {
		struct frame_spec spec = datagram_of(who, &role);

		assert_int_equal(fragment_at(&spec, role, who, true, NOW_NS), whole(&spec, role));
		elsewhere += whole(&spec, role) != outer(&spec, role);
	}
	assert_true(elsewhere > 150);
	for (uint32_t who = 200; who >= 1; who--) {
		struct frame_spec spec = datagram_of(who, &role);

		for (unsigned int again = 0; again < 3; again++)
			assert_int_equal(fragment_at(&spec, role, who, false, NOW_NS + 1), whole(&spec, role));
	}
	assert_int_equal(remembered(), 200);
}

static void subscribers_prefixes_hold_inside(void **state)
{
	struct zr_prefix pool = {.family = 4, .len = 16, .addr = {10, 0}};
	struct zr_prefix_set subscribers = {.prefixes = &pool, .count = 1};
	struct frame_spec down = towards("10.0.0.7", FRAME_GTPU), up = down;

	(void)state;
	up.src = down.dst;
	up.dst = down.src;
	parts->subscribers = &subscribers;
	assert_int_equal(fragment_at(&down, ZR_ROLE_BOTH, 1, true, NOW_NS), whole(&up, ZR_ROLE_BOTH));
	assert_int_equal(fragment_at(&up, ZR_ROLE_BOTH, 2, true, NOW_NS), whole(&up, ZR_ROLE_BOTH));
	assert_int_equal(fragment_at(&down, ZR_ROLE_BOTH, 1, false, NOW_NS), whole(&up, ZR_ROLE_BOTH));
}

/* All of the datagram; the next one of its id, in order again, goes to the subscriber's. */
static void a_later_part_that_comes_first_keeps_all_at_the_tunnels_worker(void **state)
{
	struct frame_spec spec = towards("10.0.0.7", FRAME_GTPU);

	(void)state;
	assert_int_not_equal(whole(&spec, ZR_ROLE_CORE), outer(&spec, ZR_ROLE_CORE));
	assert_int_equal(later_part(&spec, 5), outer(&spec, ZR_ROLE_CORE));
	assert_int_equal(later_part(&spec, 5), outer(&spec, ZR_ROLE_CORE));
	assert_int_equal(first_part(&spec, 5), outer(&spec, ZR_ROLE_CORE));
	assert_int_equal(later_part(&spec, 5), outer(&spec, ZR_ROLE_CORE));
	assert_int_equal(first_part(&spec, 5), whole(&spec, ZR_ROLE_CORE));
	assert_int_equal(later_part(&spec, 5), whole(&spec, ZR_ROLE_CORE));
	assert_int_equal(remembered(), 1);
}

static void an_id_that_comes_again_is_another_datagram(void **state)
{
	struct frame_spec one = towards("10.0.0.7", FRAME_GTPU), two = towards("10.0.0.8", FRAME_GTPU);

	(void)state;
	assert_int_not_equal(whole(&one, ZR_ROLE_CORE), whole(&two, ZR_ROLE_CORE));
	assert_int_equal(first_part(&one, 5), whole(&one, ZR_ROLE_CORE));
	assert_int_equal(first_part(&two, 5), whole(&two, ZR_ROLE_CORE));
	assert_int_equal(later_part(&one, 5), whole(&two, ZR_ROLE_CORE));
}

static void datagrams_differ_by_all_that_names_them(void **state)
{
	struct frame_spec spec = towards("10.0.0.7", FRAME_GTPU), other = spec;
	struct zr_packet packet;

	(void)state;
	assert_int_not_equal(whole(&spec, ZR_ROLE_CORE), outer(&spec, ZR_ROLE_CORE));
	first_part(&spec, 5);
	assert_int_equal(later_part(&spec, 6), outer(&spec, ZR_ROLE_CORE));
	other.outer_src = "10.200.0.3";
	assert_int_equal(later_part(&other, 5), outer(&other, ZR_ROLE_CORE));
	other = spec;
	other.outer_dst = "10.200.0.3";
	assert_int_equal(later_part(&other, 5), outer(&other, ZR_ROLE_CORE));
	other = towards("10.0.0.7", FRAME_GRE);
	assert_int_equal(later_part(&other, 5), outer(&other, ZR_ROLE_CORE));
	other = spec;
	other.outer_part = (struct frame_part){.id = 5, .from = FIRST_LEN, .len = 8, .last = true};
	packet = parse(&other, ZR_ROLE_CORE, 1);
	assert_int_equal(zr_spread_part(parts, &packet, NOW_NS), outer(&spec, ZR_ROLE_CORE));
	assert_int_equal(remembered(), 6);
	assert_int_equal(later_part(&spec, 5), whole(&spec, ZR_ROLE_CORE));
}

/* Forged, or not a tunnel's: by its own addresses, and no room is taken. */
static void others_fragments_are_not_remembered(void **state)
{
	static const char *const strangers[][2] = {
		{"10.200.0.1", "192.0.2.2"}, {"192.0.2.1", "10.200.0.2"}, {"10.0.0.7", "203.0.113.1"}};
	struct frame_spec inside;
	struct zr_packet packet;

	(void)state;
	for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
		struct frame_spec spec = towards("10.0.0.7", FRAME_GTPU);

		spec.outer_src = strangers[i][0];
		spec.outer_dst = strangers[i][1];
		assert_int_equal(first_part(&spec, 5), outer(&spec, ZR_ROLE_CORE));
		assert_int_equal(later_part(&spec, 5), outer(&spec, ZR_ROLE_CORE));
	}
	/* A subscriber's own fragment, in a tunnel that came whole: each names the subscriber. */
	inside = towards("10.0.0.7", FRAME_GTPU);
	for (size_t from = 0; from < INNER_LEN; from += 800) {
		struct frame_spec part = inside;

		part.part = (struct frame_part){.id = 5, .from = from, .len = 600, .last = from > 0};
		packet = parse(&part, ZR_ROLE_CORE, 0);
		assert_true(packet.fragment && packet.tunnels == 1);
		assert_int_equal(zr_spread_part(parts, &packet, NOW_NS), whole(&inside, ZR_ROLE_CORE));
	}
	assert_int_equal(remembered(), 0);
}

/* A first part that ends before the inner addresses, or is no tunnel's; also when its id was a subscriber's before. */
static void what_does_not_name_a_subscriber_is_the_tunnels_own(void **state)
{
	struct frame_spec spec = towards("10.0.0.7", FRAME_GTPU), small = spec, control;
	struct zr_packet packet;

	(void)state;
	assert_int_equal(first_part(&spec, 5), whole(&spec, ZR_ROLE_CORE));
	small.outer_part = (struct frame_part){.id = 5, .len = 32};
	packet = parse(&small, ZR_ROLE_CORE, 0);
	assert_int_equal(zr_spread_part(parts, &packet, NOW_NS), outer(&spec, ZR_ROLE_CORE));
	assert_int_equal(later_part(&spec, 5), outer(&spec, ZR_ROLE_CORE));

	assert_int_equal(first_part(&spec, 5), whole(&spec, ZR_ROLE_CORE));
	control = (struct frame_spec){
		.src = spec.outer_src, .dst = spec.outer_dst, .src_port = 2123, .dst_port = 2123, .proto = 17};
	control.data = content;
	control.len = sizeof(content);
	control.part = (struct frame_part){.id = 5, .len = 800};
	packet = parse(&control, ZR_ROLE_CORE, 0);
	assert_int_equal(zr_spread_part(parts, &packet, NOW_NS), outer(&spec, ZR_ROLE_CORE));
	assert_int_equal(later_part(&spec, 5), outer(&spec, ZR_ROLE_CORE));
}

/* A tunnel that came whole, with another one inside that did not. */
static void tunnels_in_each_other(void **state)
{
	struct frame_spec spec = towards("10.0.0.7", FRAME_GTPU);
	unsigned int expected = whole(&spec, ZR_ROLE_CORE);

	(void)state;
	assert_int_not_equal(expected, outer(&spec, ZR_ROLE_CORE));
	for (unsigned int later = 0; later < 2; later++) {
		static uint8_t frame[FRAME_MAX], carried[FRAME_MAX] = {[2] = 0x08};
		struct frame_spec part = spec, around = {.src = "10.200.0.8", .dst = "10.200.0.9", .proto = 47};
		struct zr_packet packet;

		part.outer_part = (struct frame_part){.id = 5, .len = FIRST_LEN};
		if (later)
			part.outer_part = (struct frame_part){.id = 5, .from = FIRST_LEN, .len = 64, .last = true};
		around.len = frame_make(&part, frame) - 14 + 4;
		memcpy(carried + 4, frame + 14, around.len - 4);
		around.data = carried;
		packet = parse(&around, ZR_ROLE_CORE, 0);
		assert_true(packet.fragment && packet.tunnels == 1);
		assert_int_equal(zr_spread_part(parts, &packet, NOW_NS), expected);
	}
	assert_int_equal(remembered(), 1);
}

static void remembered_as_long_as_parts_are_waited_for(void **state)
{
	const uint64_t life_ns = ZR_DATAGRAM_US * 1000;
	struct frame_spec spec = towards("10.0.0.7", FRAME_GTPU);
	unsigned int inner = whole(&spec, ZR_ROLE_CORE), own = outer(&spec, ZR_ROLE_CORE);

	(void)state;
	assert_int_not_equal(inner, own);
	first_part(&spec, 5);
	/* Another worker's clock may be read earlier. */
	assert_int_equal(fragment_at(&spec, ZR_ROLE_CORE, 5, false, NOW_NS - SECOND_NS), inner);
	assert_int_equal(fragment_at(&spec, ZR_ROLE_CORE, 5, false, NOW_NS + life_ns - SECOND_NS), inner);
	assert_int_equal(fragment_at(&spec, ZR_ROLE_CORE, 5, false, NOW_NS + life_ns + SECOND_NS), own);
	/* That one waits for a first part, but not longer either. */
	assert_int_equal(fragment_at(&spec, ZR_ROLE_CORE, 5, true, NOW_NS + 2 * life_ns + 2 * SECOND_NS), inner);
	assert_int_equal(remembered(), 1);
}

static void a_flood_pushes_out_the_oldest_only(void **state)
{
	const uint32_t room = ZR_SPREAD_SETS * ZR_SPREAD_WAYS;
	struct frame_spec spec = towards("10.0.0.7", FRAME_GTPU), flood = towards("10.0.0.9", FRAME_GTPU);
	unsigned int inner = whole(&spec, ZR_ROLE_CORE);

	(void)state;
	assert_int_not_equal(inner, outer(&spec, ZR_ROLE_CORE));
	flood.outer_src = "2001:db8:200::1";
	flood.outer_dst = "2001:db8:200::2";
	for (uint32_t i = 0; i < 8 * room; i++)
		fragment_at(&flood, ZR_ROLE_CORE, i, i % 2, NOW_NS + i * 1000);
	assert_true(remembered() > room - room / 100);
	for (uint32_t id = 0; id < 50; id++) {
		uint64_t now_ns = NOW_NS + SECOND_NS * (id + 1);

		fragment_at(&spec, ZR_ROLE_CORE, id, true, now_ns);
		for (uint32_t i = 0; i < room / 8; i++)
			fragment_at(&flood, ZR_ROLE_CORE, 10 * room + id * room + i, i % 2, now_ns + i * 20000);
		assert_int_equal(fragment_at(&spec, ZR_ROLE_CORE, id, false, now_ns + SECOND_NS / 2), inner);
	}
	assert_int_equal(remembered(), room);
}

static void places_are_not_known_outside(void **state)
{
	const uint64_t seeds[][2] = {{seed[0], seed[1]}, {seed[1], seed[1]}, {seed[0], seed[0]}};
	struct frame_spec spec = towards("10.0.0.7", FRAME_GTPU);
	unsigned int places[3] = {0};

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		zr_spread_parts_init(parts, &rules, NULL, WORKERS, seeds[i]);
		first_part(&spec, 5);
		while (parts->sets[places[i]][0] == 0)
			places[i]++;
	}
	assert_true(places[0] != places[1] && places[0] != places[2] && places[1] != places[2]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parts_meet_at_the_subscribers_worker),
		TEST(subscribers_prefixes_hold_inside),
		TEST(a_later_part_that_comes_first_keeps_all_at_the_tunnels_worker),
		TEST(an_id_that_comes_again_is_another_datagram),
		TEST(datagrams_differ_by_all_that_names_them),
		TEST(others_fragments_are_not_remembered),
		TEST(what_does_not_name_a_subscriber_is_the_tunnels_own),
		TEST(tunnels_in_each_other),
		TEST(remembered_as_long_as_parts_are_waited_for),
		TEST(a_flood_pushes_out_the_oldest_only),
		TEST(places_are_not_known_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

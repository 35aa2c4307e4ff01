/* SPDX-License-Identifier: BSD-3-Clause */
/* All packets of one subscriber meet in one worker; and what hardware must be able to do to be trusted with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <rte_ethdev.h>

#include "dataplane/dpdk/spread.h"
#include "tests/support/frame.h"

#define WORKERS 7

static const struct zr_packet_rules open_all = {.open_all_tunnels = true};

static struct zr_packet parse(const uint8_t *frame, size_t len, uint8_t role)
{
	struct zr_port port = {.role = role};
	struct zr_view view = {.data = frame, .len = (uint32_t)len, .wire_len = (uint32_t)len, .port = &port};
	struct zr_packet packet;

	zr_packet_parse(&open_all, &view, &packet);
	return packet;
}

static unsigned int worker_of(const struct frame_spec *spec, uint8_t role, const struct zr_prefix_set *subscribers)
{
	static uint8_t frame[FRAME_MAX];
	struct zr_packet packet = parse(frame, frame_make(spec, frame), role);

	return zr_spread_worker(&packet, subscribers, WORKERS);
}

static struct frame_spec udp(const char *src, const char *dst, uint16_t src_port, uint16_t dst_port)
{
	return (struct frame_spec){.src = src, .dst = dst, .src_port = src_port, .dst_port = dst_port, .proto = 17};
}

static void both_directions_meet(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 200; i++) {
		char client[32];
		struct frame_spec up, down, dns;

		snprintf(client, sizeof(client), "10.0.%u.%u", i / 250, i % 250 + 1);
		up = udp(client, "203.0.113.1", 40000, 443);
		down = udp("203.0.113.1", client, 443, 40000);
		dns = udp("198.51.100.53", client, 53, 5353);
		assert_int_equal(worker_of(&up, ZR_ROLE_ACCESS, NULL), worker_of(&down, ZR_ROLE_CORE, NULL));
		assert_int_equal(worker_of(&up, ZR_ROLE_ACCESS, NULL), worker_of(&dns, ZR_ROLE_CORE, NULL));
		assert_int_equal(worker_of(&up, ZR_ROLE_BOTH, NULL), worker_of(&down, ZR_ROLE_BOTH, NULL));
	}
}

static void prefixes_tell_the_subscriber_where_the_port_does_not(void **state)
{
	struct frame_spec up = udp("10.0.0.7", "203.0.113.1", 40000, 443),
			  down = udp("203.0.113.1", "10.0.0.7", 443, 40000);
	struct frame_spec dns = udp("198.51.100.53", "10.0.0.7", 53, 5353);
	struct frame_spec to = udp("10.0.0.7", "10.0.0.8", 1, 2), back = udp("10.0.0.8", "10.0.0.7", 2, 1);
	struct zr_prefix_set set = {0};
	struct zr_prefix prefix;

	(void)state;
	assert_int_equal(zr_prefix_parse("10.0.0.0/8", 10, &prefix), 0);
	assert_int_equal(zr_prefix_set_add(&set, &prefix), 0);
	assert_int_equal(worker_of(&up, ZR_ROLE_BOTH, &set), worker_of(&down, ZR_ROLE_BOTH, &set));
	assert_int_equal(worker_of(&up, ZR_ROLE_BOTH, &set), worker_of(&dns, ZR_ROLE_BOTH, &set));
	assert_int_equal(worker_of(&up, ZR_ROLE_BOTH, &set), worker_of(&up, ZR_ROLE_ACCESS, &set));
	assert_int_equal(worker_of(&to, ZR_ROLE_BOTH, &set), worker_of(&back, ZR_ROLE_BOTH, &set));
	zr_prefix_set_clear(&set);
}

static void addresses_of_one_slash_64_meet(void **state)
{
	struct frame_spec one = udp("2405:4800:1:2::1", "2001:db8::1", 1, 2);
	struct frame_spec two = udp("2405:4800:1:2:ffff:ffff:ffff:ffff", "2001:db8:ffff::9", 3, 4);
	unsigned int elsewhere = 0;

	(void)state;
	assert_int_equal(worker_of(&one, ZR_ROLE_ACCESS, NULL), worker_of(&two, ZR_ROLE_ACCESS, NULL));
	for (unsigned int i = 3; i < 40; i++) {
		char client[40];
		struct frame_spec other;

		snprintf(client, sizeof(client), "2405:4800:1:%x::1", i);
		other = udp(client, "2001:db8::1", 1, 2);
		elsewhere += worker_of(&other, ZR_ROLE_ACCESS, NULL) != worker_of(&one, ZR_ROLE_ACCESS, NULL);
	}
	assert_true(elsewhere > 20);
}

/* Ethernet and IPv4 without options: flags and fragment offset stand at 20. */
static void fragments_meet(void **state)
{
	static const uint8_t offsets[][2] = {{0x20, 0x00}, {0x20, 0xb9}, {0x01, 0x72}};
	struct frame_spec spec = udp("10.0.0.7", "203.0.113.1", 40000, 443);
	static uint8_t frame[FRAME_MAX];
	size_t len = frame_make(&spec, frame);

	(void)state;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		struct zr_packet packet;

		memcpy(frame + 20, offsets[i], 2);
		packet = parse(frame, len, ZR_ROLE_BOTH);
		assert_true(packet.fragment);
		assert_int_equal(zr_spread_worker(&packet, NULL, WORKERS), worker_of(&spec, ZR_ROLE_BOTH, NULL));
	}
}

static void tunnels_go_by_the_inner_address(void **state)
{
	struct frame_spec plain = udp("203.0.113.1", "10.0.0.7", 443, 40000), tunnelled = plain;

	(void)state;
	tunnelled.outer_src = "192.0.2.1";
	tunnelled.outer_dst = "192.0.2.2";
	tunnelled.teid = 77;
	assert_int_equal(worker_of(&plain, ZR_ROLE_CORE, NULL), worker_of(&tunnelled, ZR_ROLE_CORE, NULL));
}

static void what_has_no_address_goes_to_the_first(void **state)
{
	static const uint8_t arp[60] = {[12] = 0x08, [13] = 0x06};
	struct zr_packet packet = parse(arp, sizeof(arp), ZR_ROLE_BOTH);

	(void)state;
	assert_int_equal(zr_spread_worker(&packet, NULL, WORKERS), 0);
	packet = parse(arp, 0, ZR_ROLE_ACCESS);
	assert_int_equal(zr_spread_worker(&packet, NULL, WORKERS), 0);
}

static void neighbours_spread_evenly(void **state)
{
	unsigned int counts[WORKERS] = {0};

	(void)state;
	for (unsigned int i = 0; i < 7000; i++) {
		char client[32];
		struct frame_spec spec;

		snprintf(client, sizeof(client), "10.%u.%u.%u", i / 2500, i / 250 % 10, i % 250 + 1);
		spec = udp(client, "203.0.113.1", 40000, 443);
		counts[worker_of(&spec, ZR_ROLE_ACCESS, NULL)]++;
	}
	for (unsigned int i = 0; i < WORKERS; i++)
		assert_in_range(counts[i], 850, 1150);
}

static struct zr_spread_port able_port(uint8_t role)
{
	return (struct zr_spread_port){
		.driver = "net_some",
		.hash_types = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6 |
			      RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_L3_SRC_ONLY | RTE_ETH_RSS_L3_DST_ONLY |
			      RTE_ETH_RSS_L3_PRE64 | RTE_ETH_RSS_ETH,
		.queues_max = 16,
		.table_len = 128,
		.key_len = 40,
		.role = role,
	};
}

static bool pair_can(const struct zr_spread_port *core)
{
	struct zr_spread_port ports[2] = {able_port(ZR_ROLE_ACCESS), *core};

	return zr_spread_in_hardware(ports, 2, 4, false);
}

static void hardware_that_does_all_of_it_is_used(void **state)
{
	struct zr_spread_port ports[2] = {able_port(ZR_ROLE_ACCESS), able_port(ZR_ROLE_CORE)};
	uint64_t access = zr_spread_hash(&ports[0]), core = zr_spread_hash(&ports[1]);

	(void)state;
	assert_true(zr_spread_in_hardware(ports, 2, 4, false));
	assert_int_equal(access & (RTE_ETH_RSS_L3_SRC_ONLY | RTE_ETH_RSS_L3_DST_ONLY), RTE_ETH_RSS_L3_SRC_ONLY);
	assert_int_equal(core & (RTE_ETH_RSS_L3_SRC_ONLY | RTE_ETH_RSS_L3_DST_ONLY), RTE_ETH_RSS_L3_DST_ONLY);
	assert_int_equal(access & ~ports[0].hash_types, 0);
	assert_true((access & RTE_ETH_RSS_NONFRAG_IPV4_TCP) != 0);
	assert_int_equal(access & RTE_ETH_RSS_ETH, 0);
}

static void hardware_that_lacks_anything_is_not(void **state)
{
	const uint64_t needed[] = {RTE_ETH_RSS_IPV4,      RTE_ETH_RSS_FRAG_IPV4, RTE_ETH_RSS_IPV6,
				   RTE_ETH_RSS_FRAG_IPV6, RTE_ETH_RSS_L3_PRE64,  RTE_ETH_RSS_L3_DST_ONLY};
	struct zr_spread_port core = able_port(ZR_ROLE_CORE);

	(void)state;
	assert_true(pair_can(&core));
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		core = able_port(ZR_ROLE_CORE);
		core.hash_types &= ~needed[i];
		assert_false(pair_can(&core));
	}
	core = able_port(ZR_ROLE_BOTH);
	assert_false(pair_can(&core));
	core = able_port(ZR_ROLE_CORE);
	core.queues_max = 3;
	assert_false(pair_can(&core));
	core = able_port(ZR_ROLE_CORE);
	core.table_len = 512;
	assert_false(pair_can(&core));
	core = able_port(ZR_ROLE_CORE);
	core.key_len = 52;
	assert_false(pair_can(&core));
	core = able_port(ZR_ROLE_CORE);
	core.driver = "net_other";
	assert_false(pair_can(&core));
}

static void tunnels_and_single_workers_need_none(void **state)
{
	struct zr_spread_port port = able_port(ZR_ROLE_ACCESS);

	(void)state;
	assert_true(zr_spread_in_hardware(&port, 1, 2, false));
	assert_false(zr_spread_in_hardware(&port, 1, 2, true));
	assert_false(zr_spread_in_hardware(&port, 1, 1, false));
	assert_false(zr_spread_in_hardware(&port, 0, 2, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_meet),
		cmocka_unit_test(prefixes_tell_the_subscriber_where_the_port_does_not),
		cmocka_unit_test(addresses_of_one_slash_64_meet),
		cmocka_unit_test(fragments_meet),
		cmocka_unit_test(tunnels_go_by_the_inner_address),
		cmocka_unit_test(what_has_no_address_goes_to_the_first),
		cmocka_unit_test(neighbours_spread_evenly),
		cmocka_unit_test(hardware_that_does_all_of_it_is_used),
		cmocka_unit_test(hardware_that_lacks_anything_is_not),
		cmocka_unit_test(tunnels_and_single_workers_need_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

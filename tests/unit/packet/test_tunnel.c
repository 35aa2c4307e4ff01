/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnels: which are opened, which are not, and whose flow the packet is then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/packet/compose.h"

static void test_ip_in_ip(void **state)
{
	(void)state;
	for (uint8_t outer = 4; outer <= 6; outer += 2) {
		for (uint8_t inner = 4; inner <= 6; inner += 2) {
			struct frame f = {0};
			struct parsed parsed;

			put_outer(&f, outer, inner == 4 ? IP_IPV4 : IP_IPV6);
			put_inner(&f, inner);
			parsed = parse_ethernet(&f);
			assert_inner(&parsed, &f, inner);
			assert_false(parsed.packet.has_teid);
		}
	}
}

static void test_gre(void **state)
{
	static const uint16_t flags[] = {0, 0x8000, 0x2000, 0x1000, 0xa000, 0xb000};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		for (uint8_t inner = 4; inner <= 6; inner += 2) {
			struct frame f = {0};
			struct parsed parsed;

			put_outer(&f, 4, IP_GRE);
			put_gre(&f, flags[i], inner == 4 ? ETH_IPV4 : ETH_IPV6);
			put_inner(&f, inner);
			parsed = parse_ethernet(&f);
			assert_inner(&parsed, &f, inner);
		}
	}
}

/* PPTP (RFC 2637): version 1, key always, sequence and acknowledgement numbers at will. */
static void test_gre_pptp(void **state)
{
	static const uint16_t flags[] = {0x2001, 0x3001, 0x2081, 0x3081};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct frame f = {0};
		struct parsed parsed;

		put_outer(&f, 4, IP_GRE);
		put_gre(&f, flags[i], 0x880b);
		put_u32(&f, 0xff030021);
		put_inner(&f, 4);
		parsed = parse_ethernet(&f);
		assert_inner(&parsed, &f, 4);
	}
}

static void test_gre_not_opened(void **state)
{
	static const struct {
		uint16_t flags, type;
	} heads[] = {
		{0, 0x6558},      {0, 0x88be},      {0, 0x880b},      {0, 0}, /* types that are not read */
		{0x4000, 0x0800}, {0x0800, 0x0800}, {0x0400, 0x0800},         /* RFC 1701's flags */
		{0x2001, 0x0800}, {0x0002, 0x0800}, {0x0007, 0x0800},         /* versions */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct frame f = {0};
		struct parsed parsed;

		put_outer(&f, 4, IP_GRE);
		put_gre(&f, heads[i].flags, heads[i].type);
		put_inner(&f, 4);
		parsed = parse_ethernet(&f);
		assert_outer(&parsed, &f, IP_GRE);
	}
}

/* Offload inside: the inner length ends where the tunnel's does, not at the frame's padding. */
static void test_inner_length_left_to_offload(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_outer(&f, 4, IP_IPV4);
	put_inner(&f, 4);
	set_u16(&f, 36, 0);
	put_zeros(&f, 30);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 4, INNER, IP_TCP, 45);
	assert_payload(&parsed, 74, 5, 5);
}

/* An inner length that reaches into the padding is longer than the outer packet. */
static void test_inner_longer_than_outer(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_outer(&f, 4, IP_IPV4);
	put_inner(&f, 4);
	set_u16(&f, 36, 46);
	put_zeros(&f, 30);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 4, OUTER, IP_IPV4, 65);
	assert_ports(&parsed, 0, 0);
}

static void test_tunnel_without_content(void **state)
{
	static const uint8_t protos[] = {IP_IPV4, IP_IPV6, IP_GRE, IP_UDP};

	(void)state;
	for (size_t i = 0; i < sizeof(protos); i++) {
		struct frame f = {0};
		struct parsed parsed;

		put_outer(&f, 4, protos[i]);
		frame_finish(&f);
		parsed = parse_ethernet(&f);
		assert_ip(&parsed, 4, OUTER, protos[i], f.len - 14);
		assert_false(parsed.packet.has_teid);
	}
}

static void test_fragmented_tunnel(void **state)
{
	static const uint16_t fields[] = {0x2000, 0x2001, 0x0001};

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct frame f = {0};
		struct parsed parsed;

		put_outer(&f, 4, IP_IPV4);
		put_inner(&f, 4);
		set_u16(&f, 20, fields[i]);
		parsed = parse_ethernet(&f);
		assert_ip(&parsed, 4, OUTER, IP_IPV4, 65);
		assert_true(parsed.packet.fragment);
		assert_int_equal(parsed.packet.first_fragment, fields[i] == 0x2000);
	}
}

/* A whole tunnel packet may carry a fragment. */
static void test_fragment_in_tunnel(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_outer(&f, 4, IP_IPV4);
	put_inner(&f, 4);
	set_u16(&f, 40, 0x2000);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 4, INNER, IP_TCP, 45);
	assert_ports(&parsed, SRC_PORT, DST_PORT);
	assert_payload(&parsed, f.len - 25, 25, 25);
	assert_true(parsed.packet.fragment && parsed.packet.first_fragment);
	assert_int_equal(parsed.packet.tunnels, 1);
}

/* Four tunnels are opened, a fifth stays closed. */
static void test_depth(void **state)
{
	(void)state;
	for (unsigned int tunnels = 1; tunnels <= 5; tunnels++) {
		struct frame f = {0};
		struct parsed parsed;

		put_ethernet(&f, ETH_IPV4);
		for (unsigned int i = 1; i <= tunnels; i++)
			put_ipv4(&f, 20 + i, IP_IPV4, 0);
		put_inner(&f, 4);
		parsed = parse_ethernet(&f);
		if (tunnels <= 4)
			assert_inner(&parsed, &f, 4);
		else
			assert_ip(&parsed, 4, 25, IP_IPV4, 65);
	}
}

static void test_vlans_outside_tunnel(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_ethernet(&f, ETH_QINQ);
	put_vlan(&f, 5, ETH_VLAN);
	put_vlan(&f, 6, ETH_IPV4);
	put_ipv4(&f, OUTER, IP_IPV6, 0);
	put_inner(&f, 6);
	parsed = parse_ethernet(&f);
	assert_inner(&parsed, &f, 6);
	assert_int_equal(parsed.packet.vlan_count, 2);
	assert_int_equal(parsed.packet.vlans[0], 5);
	assert_int_equal(parsed.packet.vlans[1], 6);
}

/* The outer packet's two addresses as prefixes; how many of them are endpoints. */
static struct parsed parse_with_endpoints(const struct frame *f, uint8_t family, bool src, bool dst)
{
	struct zr_prefix prefixes[2];
	struct zr_prefix_set set = {.prefixes = prefixes};
	struct zr_packet_rules rules = {.tunnel_endpoints = &set};

	for (unsigned int i = 0; i < 2; i++) {
		union zr_ip ip = frame_address(family, OUTER, i != 0);

		if (i == 0 ? !src : !dst)
			continue;
		prefixes[set.count] = (struct zr_prefix){.family = family, .len = family == 4 ? 32 : 128};
		memcpy(prefixes[set.count].addr, ip.b, sizeof(ip.b));
		set.count++;
	}
	return parse_part(f, ZR_LINK_ETHERNET, f->len, f->len, &rules);
}

static void test_endpoints(void **state)
{
	(void)state;
	for (unsigned int ends = 0; ends < 4; ends++) {
		for (uint8_t family = 4; family <= 6; family += 2) {
			struct frame f = {0};
			struct parsed parsed;

			put_outer(&f, family, IP_UDP);
			put_gtpu(&f, 7, 0);
			put_inner(&f, 4);
			parsed = parse_with_endpoints(&f, family, ends & 1, ends & 2);
			if (ends == 3)
				assert_inner(&parsed, &f, 4);
			else
				assert_ip(&parsed, family, OUTER, IP_UDP, f.len - 14);
		}
	}
}

static void test_no_endpoints(void **state)
{
	const struct zr_packet_rules none = {.open_all_tunnels = false};
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_outer(&f, 4, IP_IPV4);
	put_inner(&f, 4);
	parsed = parse_part(&f, ZR_LINK_ETHERNET, f.len, f.len, &none);
	assert_outer(&parsed, &f, IP_IPV4);
}

/* Between endpoints a tunnel may lie in another; each one's addresses are asked. */
static void test_endpoints_asked_each_time(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_outer(&f, 4, IP_GRE);
	put_gre(&f, 0, ETH_IPV4);
	put_ipv4(&f, OUTER, IP_UDP, 0);
	put_udp(&f, SRC_PORT, GTPU_PORT);
	put_gtpu(&f, 7, 0);
	put_ipv4(&f, 2, IP_IPV4, 0);
	put_inner(&f, 4);
	parsed = parse_with_endpoints(&f, 4, true, true);
	assert_ip(&parsed, 4, 2, IP_IPV4, 65);
	assert_int_equal(parsed.packet.teid, 7);
}

/* What a subscriber sends through GTP-U stays closed though its addresses, which anybody can write, are endpoints'. */
static void test_subscriber_forges_tunnel(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_outer(&f, 4, IP_UDP);
	put_gtpu(&f, 7, 0);
	put_ipv4(&f, OUTER, IP_IPV4, 0);
	put_inner(&f, 4);
	parsed = parse_with_endpoints(&f, 4, true, true);
	assert_ip(&parsed, 4, OUTER, IP_IPV4, 65);
	assert_int_equal(parsed.packet.teid, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ip_in_ip),
		cmocka_unit_test(test_gre),
		cmocka_unit_test(test_gre_pptp),
		cmocka_unit_test(test_gre_not_opened),
		cmocka_unit_test(test_inner_length_left_to_offload),
		cmocka_unit_test(test_inner_longer_than_outer),
		cmocka_unit_test(test_tunnel_without_content),
		cmocka_unit_test(test_fragmented_tunnel),
		cmocka_unit_test(test_fragment_in_tunnel),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_vlans_outside_tunnel),
		cmocka_unit_test(test_endpoints),
		cmocka_unit_test(test_no_endpoints),
		cmocka_unit_test(test_endpoints_asked_each_time),
		cmocka_unit_test(test_subscriber_forges_tunnel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Link headers, and what may lie between them and IP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/packet/compose.h"

/* An IPv4 or IPv6 packet of 28 or 48 bytes that a link header can carry. */
static void put_ip(struct frame *f, uint8_t family)
{
	if (family == 4)
		put_ipv4(f, 1, IP_UDP, 0);
	else
		put_ipv6(f, 1, IP_UDP);
	put_udp(f, SRC_PORT, DST_PORT);
	frame_finish(f);
}

static void assert_carried(const struct frame *f, enum zr_link link, uint8_t family)
{
	struct parsed parsed = parse_part(f, link, f->len, f->len, NULL);

	assert_ip(&parsed, family, 1, IP_UDP, family == 4 ? 28 : 48);
	assert_ports(&parsed, SRC_PORT, DST_PORT);
	assert_int_equal(parsed.packet.vlan_count, 0);
}

static void assert_not_ip(const struct frame *f, enum zr_link link)
{
	struct parsed parsed = parse_part(f, link, f->len, f->len, NULL);

	assert_unaccounted(&parsed, ZR_UNACCOUNTED_NOT_IP, f->len);
}

static void test_ethernet(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct frame f = {0};

		put_ethernet(&f, family == 4 ? ETH_IPV4 : ETH_IPV6);
		put_ip(&f, family);
		assert_carried(&f, ZR_LINK_ETHERNET, family);
	}
}

static void test_padding_is_no_volume(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_ethernet(&f, ETH_IPV4);
	put_ip(&f, 4);
	put_zeros(&f, 18);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 4, 1, IP_UDP, 28);
	assert_payload(&parsed, NO_PAYLOAD, 0, 0);
}

static void test_ethernet_without_ip(void **state)
{
	static const uint16_t types[] = {ETH_ARP, 0x88cc, 0, 1500, 1501, 1536, 0xffff};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct frame f = {0};

		put_ethernet(&f, types[i]);
		put_ip(&f, 4);
		assert_not_ip(&f, ZR_LINK_ETHERNET);
	}
}

static void test_snap(void **state)
{
	struct frame f = {0};

	(void)state;
	put_llc_ethernet(&f);
	put_snap(&f, ETH_IPV4);
	put_ip(&f, 4);
	assert_carried(&f, ZR_LINK_ETHERNET, 4);
}

/* 1500 is the greatest length; from there to 1535 the field has no meaning. */
static void test_llc_length_edge(void **state)
{
	struct frame f = {0};

	(void)state;
	put_ethernet(&f, 1500);
	put_snap(&f, ETH_IPV4);
	put_ip(&f, 4);
	assert_carried(&f, ZR_LINK_ETHERNET, 4);
	set_u16(&f, 12, 1501);
	assert_not_ip(&f, ZR_LINK_ETHERNET);
}

/* Each octet of LLC and OUI counts: another service, control field or organisation is something else. */
static void test_llc_other_than_snap(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 6; i++) {
		struct frame f = {0};

		put_llc_ethernet(&f);
		put_snap(&f, ETH_IPV4);
		put_ip(&f, 4);
		f.bytes[14 + i] ^= 1;
		assert_not_ip(&f, ZR_LINK_ETHERNET);
	}
}

static void test_snap_in_vlan(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_ethernet(&f, ETH_VLAN);
	put_vlan(&f, 5, 100);
	put_snap(&f, ETH_IPV6);
	put_ip(&f, 6);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 6, 1, IP_UDP, 48);
	assert_int_equal(parsed.packet.vlan_count, 1);
	assert_int_equal(parsed.packet.vlans[0], 5);
}

static void test_vlans_outermost_first(void **state)
{
	static const uint16_t tpids[4] = {ETH_QINQ, ETH_QINQ_OLD, ETH_VLAN, ETH_VLAN};
	static const uint16_t tags[4] = {0xffff, 0xe000, 0x1001, 0x0fff};
	static const uint16_t ids[4] = {0x0fff, 0, 1, 0x0fff};

	(void)state;
	for (unsigned int depth = 1; depth <= 4; depth++) {
		struct frame f = {0};
		struct parsed parsed;

		put_ethernet(&f, tpids[0]);
		for (unsigned int i = 0; i < depth; i++)
			put_vlan(&f, tags[i], i + 1 < depth ? tpids[i + 1] : ETH_IPV4);
		put_ip(&f, 4);
		parsed = parse_ethernet(&f);
		assert_ip(&parsed, 4, 1, IP_UDP, 28);
		assert_int_equal(parsed.packet.vlan_count, depth);
		assert_memory_equal(parsed.packet.vlans, ids, depth * sizeof(ids[0]));
	}
}

static void test_fifth_vlan(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_ethernet(&f, ETH_VLAN);
	for (unsigned int i = 0; i < 5; i++)
		put_vlan(&f, 1, i < 4 ? ETH_VLAN : ETH_IPV4);
	put_ip(&f, 4);
	parsed = parse_ethernet(&f);
	assert_unaccounted(&parsed, ZR_UNACCOUNTED_NOT_IP, f.len);
	assert_int_equal(parsed.packet.vlan_count, 4);
}

static void test_vlan_without_ip(void **state)
{
	struct frame f = {0};

	(void)state;
	put_ethernet(&f, ETH_VLAN);
	put_vlan(&f, 7, ETH_ARP);
	put_ip(&f, 4);
	assert_not_ip(&f, ZR_LINK_ETHERNET);
}

static void test_mpls(void **state)
{
	(void)state;
	for (unsigned int labels = 1; labels <= 16; labels++) {
		for (uint8_t family = 4; family <= 6; family += 2) {
			struct frame f = {0};

			put_ethernet(&f, labels % 2 != 0 ? ETH_MPLS : 0x8848);
			for (unsigned int i = 1; i <= labels; i++)
				put_mpls(&f, 1000 + i, i == labels);
			put_ip(&f, family);
			assert_carried(&f, ZR_LINK_ETHERNET, family);
		}
	}
}

static void test_mpls_without_bottom(void **state)
{
	struct frame f = {0};

	(void)state;
	put_ethernet(&f, ETH_MPLS);
	for (unsigned int i = 1; i <= 17; i++)
		put_mpls(&f, 16, i == 17);
	put_ip(&f, 4);
	assert_not_ip(&f, ZR_LINK_ETHERNET);
}

/* A pseudowire's control word begins with a nibble of 0. */
static void test_mpls_pseudowire(void **state)
{
	struct frame f = {0};

	(void)state;
	put_ethernet(&f, ETH_MPLS);
	put_mpls(&f, 16, true);
	put_u32(&f, 0);
	put_ip(&f, 4);
	assert_not_ip(&f, ZR_LINK_ETHERNET);
}

static void test_mpls_carries_nothing(void **state)
{
	struct frame f = {0};

	(void)state;
	put_ethernet(&f, ETH_MPLS);
	put_mpls(&f, 16, true);
	assert_not_ip(&f, ZR_LINK_ETHERNET);
}

static void test_pppoe(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct frame f = {0};

		put_ethernet(&f, ETH_PPPOE);
		put_pppoe(&f);
		put_u16(&f, family == 4 ? 0x0021 : 0x0057);
		put_ip(&f, family);
		assert_carried(&f, ZR_LINK_ETHERNET, family);
	}
}

static void test_pppoe_other_version_or_code(void **state)
{
	static const struct {
		uint32_t at;
		uint8_t value;
	} changes[] = {{14, 0x21}, {14, 0x12}, {15, 0x09}, {15, 0xa7}};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct frame f = {0};

		put_ethernet(&f, ETH_PPPOE);
		put_pppoe(&f);
		put_u16(&f, 0x0021);
		put_ip(&f, 4);
		f.bytes[changes[i].at] = changes[i].value;
		assert_not_ip(&f, ZR_LINK_ETHERNET);
	}
}

static void test_ppp(void **state)
{
	static const struct {
		uint8_t bytes[4];
		uint32_t len;
		uint8_t family;
	} heads[] = {
		{{0x00, 0x21}, 2, 4},
		{{0x00, 0x57}, 2, 6},
		{{0x21}, 1, 4},
		{{0x57}, 1, 6},
		{{0xff, 0x03, 0x00, 0x21}, 4, 4},
		{{0xff, 0x03, 0x57}, 3, 6},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		struct frame f = {0};

		put_bytes(&f, heads[i].bytes, heads[i].len);
		put_ip(&f, heads[i].family);
		assert_carried(&f, ZR_LINK_PPP, heads[i].family);
	}
}

static void test_ppp_without_ip(void **state)
{
	static const uint16_t protos[] = {0xc021, 0x8021, 0x00fd, 0x0000, 0xff03, 0xff04};

	(void)state;
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		struct frame f = {0};

		put_u16(&f, protos[i]);
		put_u16(&f, 0xc021);
		put_ip(&f, 4);
		assert_not_ip(&f, ZR_LINK_PPP);
	}
}

static void test_raw(void **state)
{
	struct frame v4 = {0}, v6 = {0}, other = {0};

	(void)state;
	put_ip(&v4, 4);
	assert_carried(&v4, ZR_LINK_RAW, 4);
	put_ip(&v6, 6);
	assert_carried(&v6, ZR_LINK_RAW, 6);
	put_ip(&other, 4);
	for (unsigned int nibble = 0; nibble < 16; nibble++) {
		other.bytes[0] = (uint8_t)(nibble << 4 | 5);
		if (nibble != 4 && nibble != 6)
			assert_not_ip(&other, ZR_LINK_RAW);
	}
}

static void test_linux_cooked(void **state)
{
	(void)state;
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct frame v1 = {0}, v2 = {0};

		put_sll(&v1, family == 4 ? ETH_IPV4 : ETH_IPV6);
		put_ip(&v1, family);
		assert_carried(&v1, ZR_LINK_SLL, family);
		put_sll2(&v2, family == 4 ? ETH_IPV4 : ETH_IPV6);
		put_ip(&v2, family);
		assert_carried(&v2, ZR_LINK_SLL2, family);
	}
}

static void test_linux_cooked_vlan(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_sll(&f, ETH_VLAN);
	put_vlan(&f, 42, ETH_IPV4);
	put_ip(&f, 4);
	parsed = parse_part(&f, ZR_LINK_SLL, f.len, f.len, NULL);
	assert_ip(&parsed, 4, 1, IP_UDP, 28);
	assert_int_equal(parsed.packet.vlans[0], 42);
}

/* Type 4 of a cooked frame: 802.2 LLC follows. */
static void test_linux_cooked_llc(void **state)
{
	struct frame f = {0};

	(void)state;
	put_sll(&f, 4);
	put_snap(&f, ETH_IPV4);
	put_ip(&f, 4);
	assert_carried(&f, ZR_LINK_SLL, 4);
}

static void test_loopback(void **state)
{
	static const uint8_t families[][2] = {{2, 4}, {10, 6}, {24, 6}, {28, 6}, {30, 6}};

	(void)state;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		struct frame big = {0}, little = {0};

		put_u32(&big, families[i][0]);
		put_ip(&big, families[i][1]);
		assert_carried(&big, ZR_LINK_NULL, families[i][1]);
		put_u32(&little, (uint32_t)families[i][0] << 24);
		put_ip(&little, families[i][1]);
		assert_carried(&little, ZR_LINK_NULL, families[i][1]);
	}
}

static void test_loopback_without_ip(void **state)
{
	static const uint32_t families[] = {0,          1,          3,          7,          26,        31,
					    0x02000002, 0x00020000, 0x00000200, 0x01000001, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		struct frame f = {0};

		put_u32(&f, families[i]);
		put_ip(&f, 4);
		assert_not_ip(&f, ZR_LINK_NULL);
	}
}

static void test_other_link_types(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_ethernet(&f, ETH_IPV4);
	put_ip(&f, 4);
	parsed = parse_part(&f, ZR_LINK_OTHER, f.len, f.len, NULL);
	assert_unaccounted(&parsed, ZR_UNACCOUNTED_LINK_TYPE, f.len);
	parsed = parse_part(&f, (enum zr_link)200, 10, f.len, NULL);
	assert_unaccounted(&parsed, ZR_UNACCOUNTED_LINK_TYPE, f.len);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(zr_unaccounted_name(ZR_UNACCOUNTED_LINK_TYPE), "link_type");
	assert_string_equal(zr_unaccounted_name(ZR_UNACCOUNTED_NOT_IP), "not_ip");
	assert_string_equal(zr_unaccounted_name(ZR_UNACCOUNTED_MALFORMED), "malformed");
	assert_string_equal(zr_unaccounted_name(ZR_UNACCOUNTED_TRUNCATED), "truncated");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ethernet),
		cmocka_unit_test(test_padding_is_no_volume),
		cmocka_unit_test(test_ethernet_without_ip),
		cmocka_unit_test(test_snap),
		cmocka_unit_test(test_llc_length_edge),
		cmocka_unit_test(test_llc_other_than_snap),
		cmocka_unit_test(test_snap_in_vlan),
		cmocka_unit_test(test_vlans_outermost_first),
		cmocka_unit_test(test_fifth_vlan),
		cmocka_unit_test(test_vlan_without_ip),
		cmocka_unit_test(test_mpls),
		cmocka_unit_test(test_mpls_without_bottom),
		cmocka_unit_test(test_mpls_pseudowire),
		cmocka_unit_test(test_mpls_carries_nothing),
		cmocka_unit_test(test_pppoe),
		cmocka_unit_test(test_pppoe_other_version_or_code),
		cmocka_unit_test(test_ppp),
		cmocka_unit_test(test_ppp_without_ip),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_linux_cooked),
		cmocka_unit_test(test_linux_cooked_vlan),
		cmocka_unit_test(test_linux_cooked_llc),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_loopback_without_ip),
		cmocka_unit_test(test_other_link_types),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

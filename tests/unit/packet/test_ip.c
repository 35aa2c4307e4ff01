/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 and IPv6: volume, options and extension headers, fragments, contradictions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/packet/compose.h"

static void test_ipv4_options(void **state)
{
	(void)state;
	for (uint32_t words = 0; words <= 10; words++) {
		struct frame f = {0};
		struct parsed parsed;

		put_ethernet(&f, ETH_IPV4);
		put_ipv4(&f, 3, IP_TCP, words);
		put_tcp(&f, 0);
		put_zeros(&f, 9);
		frame_finish(&f);
		parsed = parse_ethernet(&f);
		assert_ip(&parsed, 4, 3, IP_TCP, 49 + words * 4);
		assert_ports(&parsed, SRC_PORT, DST_PORT);
		assert_payload(&parsed, 54 + words * 4, 9, 9);
	}
}

/* IPv4 of 20 + 20 + 9 bytes, one field of two bytes changed. */
static struct parsed parse_changed_ipv4(uint32_t at, uint16_t value)
{
	struct frame f = {0};

	put_ethernet(&f, ETH_IPV4);
	put_ipv4(&f, 3, IP_TCP, 0);
	put_tcp(&f, 0);
	put_zeros(&f, 9);
	frame_finish(&f);
	set_u16(&f, 14 + at, value);
	return parse_ethernet(&f);
}

static void test_ipv4_contradictions(void **state)
{
	static const struct {
		uint32_t at;
		uint16_t value;
	} changes[] = {
		{0, 0x5500}, {0, 0x6500}, {0, 0x0500}, {0, 0xf500}, /* version */
		{0, 0x4400}, {0, 0x4000},                           /* header shorter than it can be */
		{0, 0x4d00},                                        /* header longer than the packet */
		{2, 19},     {2, 1},                                /* packet shorter than its header */
		{2, 50},     {2, 0xffff},                           /* packet longer than the frame */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct parsed parsed = parse_changed_ipv4(changes[i].at, changes[i].value);

		assert_unaccounted(&parsed, ZR_UNACCOUNTED_MALFORMED, 63);
	}
}

static void test_ipv4_length_edges(void **state)
{
	struct parsed parsed;

	(void)state;
	parsed = parse_changed_ipv4(2, 49);
	assert_ip(&parsed, 4, 3, IP_TCP, 49);
	parsed = parse_changed_ipv4(2, 20);
	assert_ip(&parsed, 4, 3, IP_TCP, 20);
	assert_ports(&parsed, 0, 0);
	parsed = parse_changed_ipv4(0, 0x4c00); /* 48 bytes of header, 1 behind */
	assert_ip(&parsed, 4, 3, IP_TCP, 49);
	assert_ports(&parsed, 0, 0);
}

static void test_ipv4_length_left_to_offload(void **state)
{
	struct parsed parsed;

	(void)state;
	parsed = parse_changed_ipv4(2, 0);
	assert_ip(&parsed, 4, 3, IP_TCP, 49);
	assert_payload(&parsed, 54, 9, 9);
}

/* Offload's frames are larger than a length field can say, and may be cut by the capture. */
static void test_offload_beyond_64k(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_ethernet(&f, ETH_IPV4);
	put_ipv4(&f, 3, IP_TCP, 0);
	put_tcp(&f, 0);
	put_zeros(&f, 46);
	frame_finish(&f);
	set_u16(&f, 16, 0);
	parsed = parse_part(&f, ZR_LINK_ETHERNET, f.len, 200014, NULL);
	assert_ip(&parsed, 4, 3, IP_TCP, 200000);
	assert_payload(&parsed, 54, 46, 199960);
}

static void test_ipv6_length_left_to_offload(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_ethernet(&f, ETH_IPV6);
	put_ipv6(&f, 3, IP_TCP);
	put_tcp(&f, 0);
	put_zeros(&f, 5);
	frame_finish(&f);
	set_u16(&f, 18, 0);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 6, 3, IP_TCP, 65);
	assert_payload(&parsed, 74, 5, 5);
}

/* Here a payload length of 0 is the truth, and what follows is padding. */
static void test_ipv6_no_next_header(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_ethernet(&f, ETH_IPV6);
	put_ipv6(&f, 3, EXT_NONE);
	frame_finish(&f);
	put_zeros(&f, 6);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 6, 3, EXT_NONE, 40);
}

static void test_ipv6_contradictions(void **state)
{
	static const struct {
		uint32_t at;
		uint16_t value;
	} changes[] = {{0, 0x4500}, {0, 0x7000}, {0, 0}, {4, 21}, {4, 0xffff}};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct frame f = {0};
		struct parsed parsed;

		put_ethernet(&f, ETH_IPV6);
		put_ipv6(&f, 3, IP_TCP);
		put_tcp(&f, 0);
		frame_finish(&f);
		set_u16(&f, 14 + changes[i].at, changes[i].value);
		parsed = parse_ethernet(&f);
		assert_unaccounted(&parsed, ZR_UNACCOUNTED_MALFORMED, f.len);
	}
}

static void test_protocols_without_ports(void **state)
{
	(void)state;
	for (unsigned int proto = 0; proto < 256; proto++) {
		struct frame f = {0};
		struct parsed parsed;

		if (proto == IP_TCP || proto == IP_UDP)
			continue;
		put_ethernet(&f, ETH_IPV4);
		put_ipv4(&f, 3, (uint8_t)proto, 0);
		put_tcp(&f, 0);
		frame_finish(&f);
		parsed = parse_ethernet(&f);
		assert_ip(&parsed, 4, 3, (uint8_t)proto, 40);
		assert_ports(&parsed, 0, 0);
		assert_payload(&parsed, NO_PAYLOAD, 0, 0);
	}
}

static void test_ipv6_extensions(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_ethernet(&f, ETH_IPV6);
	put_ipv6(&f, 3, EXT_HOP);
	put_ipv6_extension(&f, EXT_DST, 0);
	put_ipv6_extension(&f, EXT_ROUTING, 1);
	put_ipv6_extension(&f, EXT_FRAGMENT, 2);
	put_ipv6_fragment(&f, EXT_AH, 0, false);
	put_ah(&f, EXT_DST, 3);
	put_ipv6_extension(&f, IP_UDP, 0);
	put_udp(&f, SRC_PORT, DST_PORT);
	put_zeros(&f, 3);
	frame_finish(&f);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 6, 3, IP_UDP, f.len - 14);
	assert_ports(&parsed, SRC_PORT, DST_PORT);
	assert_payload(&parsed, f.len - 3, 3, 3);
	assert_false(parsed.packet.fragment); /* an atomic fragment is a whole datagram */
}

static void test_ipv6_extensions_bounded(void **state)
{
	(void)state;
	for (unsigned int count = 8; count <= 9; count++) {
		struct frame f = {0};
		struct parsed parsed;

		put_ethernet(&f, ETH_IPV6);
		put_ipv6(&f, 3, EXT_DST);
		for (unsigned int i = 1; i <= count; i++)
			put_ipv6_extension(&f, i == count ? IP_UDP : EXT_DST, 0);
		put_udp(&f, SRC_PORT, DST_PORT);
		frame_finish(&f);
		parsed = parse_ethernet(&f);
		if (count == 8) {
			assert_ip(&parsed, 6, 3, IP_UDP, f.len - 14);
			assert_ports(&parsed, SRC_PORT, DST_PORT);
		} else {
			assert_ip(&parsed, 6, 3, EXT_DST, f.len - 14);
			assert_ports(&parsed, 0, 0);
		}
	}
}

/* An extension header that claims more than the packet has: a flow of that header's number. */
static void test_ipv6_extension_too_long(void **state)
{
	static const uint8_t kinds[] = {EXT_HOP, EXT_ROUTING, EXT_DST, EXT_AH};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds); i++) {
		struct frame f = {0};
		struct parsed parsed;
		uint32_t at;

		put_ethernet(&f, ETH_IPV6);
		put_ipv6(&f, 3, kinds[i]);
		at = kinds[i] == EXT_AH ? put_ah(&f, IP_UDP, 3) : put_ipv6_extension(&f, IP_UDP, 2);
		frame_finish(&f);
		parsed = parse_ethernet(&f);
		assert_ip(&parsed, 6, 3, IP_UDP, f.len - 14);
		f.bytes[at + 1]++;
		put_zeros(&f, 64); /* padding is not part of it */
		parsed = parse_ethernet(&f);
		assert_ip(&parsed, 6, 3, kinds[i], f.len - 14 - 64);
	}
}

static void test_ipv4_fragments(void **state)
{
	static const struct {
		uint16_t field;
		bool fragment, first;
	} cases[] = {
		{0x4000, false, false}, {0x0000, false, false}, {0x8000, false, false}, {0x2000, true, true},
		{0x2001, true, false},  {0x0001, true, false},  {0x1fff, true, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct parsed parsed = parse_changed_ipv4(6, cases[i].field);
		bool later = cases[i].fragment && !cases[i].first;

		assert_ip(&parsed, 4, 3, IP_TCP, 49);
		assert_int_equal(parsed.packet.fragment, cases[i].fragment);
		assert_int_equal(parsed.packet.first_fragment, cases[i].first);
		assert_ports(&parsed, later ? 0 : SRC_PORT, later ? 0 : DST_PORT);
		if (!cases[i].fragment) {
			assert_payload(&parsed, 54, 9, 9);
			continue;
		}
		assert_payload(&parsed, 34, 29, 29); /* the part that it is, headers included */
		assert_int_equal(parsed.packet.fragment_at, (cases[i].field & 0x1fff) * 8);
		assert_int_equal(parsed.packet.more_fragments, (cases[i].field & 0x2000) != 0);
		assert_int_equal(parsed.packet.fragment_proto, IP_TCP);
	}
}

static void test_ipv4_fragment_id(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_ethernet(&f, ETH_IPV4);
	put_ipv4(&f, 3, IP_ICMP, 0);
	put_zeros(&f, 16);
	frame_finish(&f);
	set_u16(&f, 18, 0xbeef);
	set_u16(&f, 20, 0x2003);
	parsed = parse_ethernet(&f);
	assert_int_equal(parsed.packet.fragment_id, 0xbeef);
	assert_int_equal(parsed.packet.fragment_at, 24);
	assert_payload(&parsed, 34, 16, 16);
}

/* A first fragment too small for the ports is a first fragment all the same. */
static void test_tiny_first_fragment(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_ethernet(&f, ETH_IPV4);
	put_ipv4(&f, 3, IP_TCP, 0);
	put_zeros(&f, 3);
	frame_finish(&f);
	set_u16(&f, 20, 0x2000);
	put_tcp(&f, 0);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 4, 3, IP_TCP, 23);
	assert_true(parsed.packet.first_fragment);
	assert_ports(&parsed, 0, 0);
}

/* UDP's length is the datagram's; the first fragment has a part of it. */
static void test_first_fragment_payload(void **state)
{
	struct frame f = {0};
	struct parsed parsed;
	uint32_t udp;

	(void)state;
	put_ethernet(&f, ETH_IPV6);
	put_ipv6(&f, 3, EXT_FRAGMENT);
	put_ipv6_fragment(&f, IP_UDP, 0, true);
	udp = put_udp(&f, SRC_PORT, DST_PORT);
	put_zeros(&f, 24);
	frame_finish(&f);
	set_u16(&f, udp + 4, 3000);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 6, 3, IP_UDP, f.len - 14);
	assert_true(parsed.packet.fragment && parsed.packet.first_fragment);
	assert_ports(&parsed, SRC_PORT, DST_PORT);
	assert_payload(&parsed, udp, 32, 32);
}

/* Where the datagram's content begins is behind the Fragment header, though ports lie behind further headers. */
static void test_ipv6_first_fragment_with_extensions(void **state)
{
	struct frame f = {0};
	struct parsed parsed;
	uint32_t content;

	(void)state;
	put_ethernet(&f, ETH_IPV6);
	put_ipv6(&f, 3, EXT_HOP);
	put_ipv6_extension(&f, EXT_FRAGMENT, 0);
	put_ipv6_fragment(&f, EXT_DST, 0, true);
	content = put_ipv6_extension(&f, IP_UDP, 1);
	put_udp(&f, SRC_PORT, DST_PORT);
	put_zeros(&f, 8);
	frame_finish(&f);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 6, 3, IP_UDP, f.len - 14);
	assert_ports(&parsed, SRC_PORT, DST_PORT);
	assert_int_equal(parsed.packet.fragment_proto, EXT_DST);
	assert_payload(&parsed, content, 32, 32);
}

/* A datagram is cut into fragments once: a second Fragment header is not passed. */
static void test_ipv6_fragment_of_fragment(void **state)
{
	struct frame f = {0};
	struct parsed parsed;
	uint32_t content;

	(void)state;
	put_ethernet(&f, ETH_IPV6);
	put_ipv6(&f, 3, EXT_FRAGMENT);
	put_ipv6_fragment(&f, EXT_FRAGMENT, 0, true);
	content = put_ipv6_fragment(&f, IP_UDP, 8, true);
	put_udp(&f, SRC_PORT, DST_PORT);
	frame_finish(&f);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 6, 3, EXT_FRAGMENT, f.len - 14);
	assert_true(parsed.packet.first_fragment);
	assert_ports(&parsed, 0, 0);
	assert_payload(&parsed, content, 16, 16);
}

/* Behind a later fragment's header there is data, whatever it looks like. */
static void test_ipv6_later_fragment(void **state)
{
	static const uint8_t protos[] = {IP_UDP, EXT_DST, EXT_FRAGMENT};

	(void)state;
	for (size_t i = 0; i < sizeof(protos); i++) {
		for (unsigned int more = 0; more < 2; more++) {
			struct frame f = {0};
			struct parsed parsed;

			put_ethernet(&f, ETH_IPV6);
			put_ipv6(&f, 3, EXT_FRAGMENT);
			put_ipv6_fragment(&f, protos[i], 8, more != 0);
			put_udp(&f, SRC_PORT, DST_PORT);
			frame_finish(&f);
			parsed = parse_ethernet(&f);
			assert_ip(&parsed, 6, 3, protos[i], 56);
			assert_true(parsed.packet.fragment);
			assert_false(parsed.packet.first_fragment);
			assert_ports(&parsed, 0, 0);
			assert_payload(&parsed, 62, 8, 8);
			assert_int_equal(parsed.packet.more_fragments, more != 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ipv4_options),
		cmocka_unit_test(test_ipv4_contradictions),
		cmocka_unit_test(test_ipv4_length_edges),
		cmocka_unit_test(test_ipv4_length_left_to_offload),
		cmocka_unit_test(test_offload_beyond_64k),
		cmocka_unit_test(test_ipv6_length_left_to_offload),
		cmocka_unit_test(test_ipv6_no_next_header),
		cmocka_unit_test(test_ipv6_contradictions),
		cmocka_unit_test(test_protocols_without_ports),
		cmocka_unit_test(test_ipv6_extensions),
		cmocka_unit_test(test_ipv6_extensions_bounded),
		cmocka_unit_test(test_ipv6_extension_too_long),
		cmocka_unit_test(test_ipv4_fragments),
		cmocka_unit_test(test_tiny_first_fragment),
		cmocka_unit_test(test_first_fragment_payload),
		cmocka_unit_test(test_ipv6_later_fragment),
		cmocka_unit_test(test_ipv4_fragment_id),
		cmocka_unit_test(test_ipv6_first_fragment_with_extensions),
		cmocka_unit_test(test_ipv6_fragment_of_fragment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

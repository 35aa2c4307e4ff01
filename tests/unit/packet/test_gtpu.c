/* SPDX-License-Identifier: BSD-3-Clause */
/* GTP-U: its header, optional fields and extension headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/packet/compose.h"

/* The flag that brings extension headers. */
enum { GTPU_E = 4 };

static void test_gtpu(void **state)
{
	(void)state;
	for (uint8_t outer = 4; outer <= 6; outer += 2) {
		for (uint8_t inner = 4; inner <= 6; inner += 2) {
			struct frame f = {0};
			struct parsed parsed;

			put_outer(&f, outer, IP_UDP);
			put_gtpu(&f, 0xdeadbeef, 0);
			put_inner(&f, inner);
			parsed = parse_ethernet(&f);
			assert_inner(&parsed, &f, inner);
			assert_true(parsed.packet.has_teid);
			assert_int_equal(parsed.packet.teid, 0xdeadbeef);
		}
	}
}

/* Any of the flags brings four bytes; the last of them counts with E only. */
static void test_gtpu_optional_fields(void **state)
{
	(void)state;
	for (uint8_t flags = 1; flags < 8; flags++) {
		struct frame f = {0};
		struct parsed parsed;

		put_outer(&f, 4, IP_UDP);
		put_gtpu(&f, 7, flags);
		put_u32(&f, 0x12345685);
		if ((flags & GTPU_E) != 0)
			put_u32(&f, 0x01100900); /* PDU session container: one word, PDU type 1, QFI 9, no next */
		put_inner(&f, 4);
		parsed = parse_ethernet(&f);
		assert_inner(&parsed, &f, 4);
		assert_int_equal(parsed.packet.teid, 7);
	}
}

static void test_gtpu_extension_chain(void **state)
{
	(void)state;
	for (unsigned int count = 1; count <= 9; count++) {
		struct frame f = {0};
		struct parsed parsed;

		put_outer(&f, 4, IP_UDP);
		put_gtpu(&f, 7, GTPU_E);
		put_u32(&f, 0x00000085);
		for (unsigned int i = 1; i <= count; i++) {
			put_u8(&f, (uint8_t)i); /* words */
			put_zeros(&f, i * 4 - 2);
			put_u8(&f, i < count ? 0x40 : 0);
		}
		put_inner(&f, 4);
		parsed = parse_ethernet(&f);
		if (count <= 8)
			assert_inner(&parsed, &f, 4);
		else
			assert_outer(&parsed, &f, IP_UDP);
	}
}

static void test_gtpu_extension_broken(void **state)
{
	static const uint8_t words[] = {0, 13, 255}; /* none; one more than there is; far more */

	(void)state;
	for (size_t i = 0; i < sizeof(words); i++) {
		struct frame f = {0};
		struct parsed parsed;

		put_outer(&f, 4, IP_UDP);
		put_gtpu(&f, 7, GTPU_E);
		put_u32(&f, 0x00000085);
		put_u8(&f, words[i]);
		put_zeros(&f, 3);
		put_inner(&f, 4);
		parsed = parse_ethernet(&f);
		assert_outer(&parsed, &f, IP_UDP);
	}
}

/* One byte of the GTP-U header changed; it lies at 42. */
static void test_gtpu_not_opened(void **state)
{
	static const struct {
		uint32_t at;
		uint8_t value;
	} changes[] = {
		{42, 0x10}, {42, 0x50}, {42, 0x20},            /* version 0, 2; GTP' */
		{43, 1},    {43, 2},    {43, 26},   {43, 254}, /* echo, error indication, end marker */
		{45, 46},   {44, 1},                           /* longer than the datagram */
		{45, 44},                                      /* shorter than the packet inside */
		{50, 0x55}, {50, 0x44}, {50, 0x05}, {53, 46},  /* what is inside does not parse */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct frame f = {0};
		struct parsed parsed;

		put_outer(&f, 4, IP_UDP);
		put_gtpu(&f, 7, 0);
		put_inner(&f, 4);
		f.bytes[changes[i].at] = changes[i].value;
		parsed = parse_ethernet(&f);
		assert_outer(&parsed, &f, IP_UDP);
	}
}

/* The port that counts is the one it is sent to. */
static void test_gtpu_port(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_ethernet(&f, ETH_IPV4);
	put_ipv4(&f, OUTER, IP_UDP, 0);
	put_udp(&f, GTPU_PORT, 2153);
	put_gtpu(&f, 7, 0);
	put_inner(&f, 4);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 4, OUTER, IP_UDP, f.len - 14);
	assert_ports(&parsed, GTPU_PORT, 2153);
}

static void test_gtpu_wrong_udp_length(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_outer(&f, 4, IP_UDP);
	put_gtpu(&f, 7, 0);
	put_inner(&f, 4);
	set_u16(&f, 38, 7);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 4, OUTER, IP_UDP, f.len - 14);
	assert_payload(&parsed, NO_PAYLOAD, 0, 0);
}

static void test_fragmented_gtpu(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_outer(&f, 4, IP_UDP);
	put_gtpu(&f, 7, 0);
	put_inner(&f, 4);
	set_u16(&f, 20, 0x2000);
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 4, OUTER, IP_UDP, f.len - 14);
	assert_ports(&parsed, SRC_PORT, GTPU_PORT);
	assert_true(parsed.packet.first_fragment && !parsed.packet.has_teid);
	assert_payload(&parsed, 34, f.len - 34, f.len - 34);
}

static void test_innermost_teid(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_outer(&f, 4, IP_UDP);
	put_gtpu(&f, 7, 0);
	put_ipv6(&f, 2, IP_UDP);
	put_udp(&f, SRC_PORT, GTPU_PORT);
	put_gtpu(&f, 8, 0);
	put_ipv4(&f, 3, IP_GRE, 0);
	put_gre(&f, 0, ETH_IPV4);
	put_inner(&f, 4);
	parsed = parse_ethernet(&f);
	assert_inner(&parsed, &f, 4);
	assert_int_equal(parsed.packet.teid, 8);
	f.bytes[f.len - 45] = 0; /* the innermost does not parse: the GRE packet stands, with the TEID around it */
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 4, 3, IP_GRE, 69);
	assert_true(parsed.packet.has_teid);
	assert_int_equal(parsed.packet.teid, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gtpu),
		cmocka_unit_test(test_gtpu_optional_fields),
		cmocka_unit_test(test_gtpu_extension_chain),
		cmocka_unit_test(test_gtpu_extension_broken),
		cmocka_unit_test(test_gtpu_not_opened),
		cmocka_unit_test(test_gtpu_port),
		cmocka_unit_test(test_gtpu_wrong_udp_length),
		cmocka_unit_test(test_fragmented_gtpu),
		cmocka_unit_test(test_innermost_teid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

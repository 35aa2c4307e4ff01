/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP and UDP: ports, flags, where the payload lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/packet/compose.h"

static void test_tcp(void **state)
{
	(void)state;
	for (uint32_t words = 0; words <= 10; words++) {
		struct frame f = {0};
		struct parsed parsed;

		put_ethernet(&f, ETH_IPV4);
		put_ipv4(&f, 1, IP_TCP, 0);
		put_tcp(&f, words);
		put_zeros(&f, 100);
		frame_finish(&f);
		parsed = parse_ethernet(&f);
		assert_ip(&parsed, 4, 1, IP_TCP, 140 + words * 4);
		assert_ports(&parsed, SRC_PORT, DST_PORT);
		assert_int_equal(parsed.packet.tcp_seq, TCP_SEQ);
		assert_int_equal(parsed.packet.tcp_ack, TCP_ACK);
		assert_int_equal(parsed.packet.tcp_flags, TCP_FLAGS);
		assert_payload(&parsed, 54 + words * 4, 100, 100);
	}
}

static void test_tcp_without_payload(void **state)
{
	struct frame f = {0};
	struct parsed parsed;

	(void)state;
	put_ethernet(&f, ETH_IPV4);
	put_ipv4(&f, 1, IP_TCP, 0);
	put_tcp(&f, 0);
	frame_finish(&f);
	put_zeros(&f, 6); /* to the least frame */
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 4, 1, IP_TCP, 40);
	assert_payload(&parsed, NO_PAYLOAD, 0, 0);
}

static void test_tcp_data_offset(void **state)
{
	(void)state;
	for (uint32_t offset = 0; offset < 16; offset++) {
		struct frame f = {0};
		struct parsed parsed;
		uint32_t tcp;

		put_ethernet(&f, ETH_IPV4);
		put_ipv4(&f, 1, IP_TCP, 0);
		tcp = put_tcp(&f, 0);
		put_zeros(&f, 30); /* room for 7 words of options, and 2 bytes */
		frame_finish(&f);
		put_zeros(&f, 60);
		f.bytes[tcp + 12] = (uint8_t)(offset << 4);
		parsed = parse_ethernet(&f);
		assert_ip(&parsed, 4, 1, IP_TCP, 70);
		assert_ports(&parsed, SRC_PORT, DST_PORT);
		assert_int_equal(parsed.packet.tcp_seq, TCP_SEQ);
		if (offset >= 5 && offset <= 12)
			assert_payload(&parsed, tcp + offset * 4, 50 - offset * 4, 50 - offset * 4);
		else
			assert_payload(&parsed, NO_PAYLOAD, 0, 0);
	}
}

/* IP carries only so many bytes of the header. */
static void test_tcp_header_cut_by_ip(void **state)
{
	(void)state;
	for (uint32_t len = 0; len < 20; len++) {
		struct frame f = {0};
		struct parsed parsed;

		put_ethernet(&f, ETH_IPV4);
		put_ipv4(&f, 1, IP_TCP, 0);
		put_tcp(&f, 0);
		frame_finish(&f);
		set_u16(&f, 16, (uint16_t)(20 + len));
		parsed = parse_ethernet(&f);
		assert_ip(&parsed, 4, 1, IP_TCP, 20 + len);
		assert_ports(&parsed, len >= 4 ? SRC_PORT : 0, len >= 4 ? DST_PORT : 0);
		assert_int_equal(parsed.packet.tcp_seq, 0);
		assert_int_equal(parsed.packet.tcp_flags, 0);
		assert_payload(&parsed, NO_PAYLOAD, 0, 0);
	}
}

static void test_udp_length(void **state)
{
	static const struct {
		uint16_t udp_len;
		uint32_t payload_len;
	} cases[] = {{0, 0}, {1, 0}, {7, 0}, {8, 0}, {9, 1}, {107, 99}, {108, 100}, {109, 100}, {65535, 100}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct frame f = {0};
		struct parsed parsed;
		uint32_t udp, len = cases[i].payload_len;

		put_ethernet(&f, ETH_IPV4);
		put_ipv4(&f, 1, IP_UDP, 0);
		udp = put_udp(&f, SRC_PORT, DST_PORT);
		put_zeros(&f, 100);
		frame_finish(&f);
		put_zeros(&f, 20);
		set_u16(&f, udp + 4, cases[i].udp_len);
		parsed = parse_ethernet(&f);
		assert_ip(&parsed, 4, 1, IP_UDP, 128);
		assert_ports(&parsed, SRC_PORT, DST_PORT);
		assert_payload(&parsed, len > 0 ? udp + 8 : NO_PAYLOAD, len, len);
		assert_int_equal(parsed.packet.tcp_flags, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_tcp_without_payload),
		cmocka_unit_test(test_tcp_data_offset),
		cmocka_unit_test(test_tcp_header_cut_by_ip),
		cmocka_unit_test(test_udp_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

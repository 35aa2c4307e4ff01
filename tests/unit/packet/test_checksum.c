/* SPDX-License-Identifier: BSD-3-Clause */
/* Which TCP and UDP checksums hold. Every segment is copied so that it ends at a guard page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/packet/checksum.h"
#include "tests/support/guard.h"

#define SEGMENT_MAX 65535

/* A segment or datagram with what IP says of it. */
struct segment {
	uint8_t family, proto;
	uint8_t src[16], dst[16];
	uint8_t header_len;
	uint32_t len; /* header and payload */
	uint8_t bytes[SEGMENT_MAX];
};

static struct segment s;

static void make(uint8_t family, uint8_t proto, uint32_t payload_len, uint8_t fill)
{
	memset(&s, 0, sizeof(s));
	s.family = family;
	s.proto = proto;
	s.header_len = proto == ZR_PROTO_TCP ? 20 : 8;
	s.len = s.header_len + payload_len;
	assert_true(s.len <= SEGMENT_MAX);
	for (uint8_t i = 0; i < 16; i++) {
		s.src[i] = family == 6 || i < 4 ? (uint8_t)(0x1d * (i + 1)) : 0;
		s.dst[i] = family == 6 || i < 4 ? (uint8_t)(0xfb - 7 * i) : 0;
	}
	memset(s.bytes, fill, s.len);
	if (proto == ZR_PROTO_UDP) {
		s.bytes[4] = (uint8_t)(s.len >> 8);
		s.bytes[5] = (uint8_t)s.len;
	} else {
		s.bytes[12] = 0x50;
	}
}

static uint8_t *field(void)
{
	return s.bytes + (s.proto == ZR_PROTO_TCP ? 16 : 6);
}

static void set_field(uint16_t value)
{
	field()[0] = (uint8_t)(value >> 8);
	field()[1] = (uint8_t)value;
}

/* 16 bits at a time, carried around at once, as RFC 1071 says it. */
static uint16_t add(uint16_t sum, const uint8_t *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i += 2) {
		uint32_t word = (uint32_t)bytes[i] << 8 | (i + 1 < len ? bytes[i + 1] : 0);
		uint32_t total = sum + word;

		sum = (uint16_t)(total > 0xffff ? total - 0xffff : total);
	}
	return sum;
}

static uint16_t right_checksum(void)
{
	const uint8_t tail[8] = {0, 0, (uint8_t)(s.len >> 8), (uint8_t)s.len, 0, 0, 0, s.proto};
	uint16_t sum = add(add(add(0, s.src, 16), s.dst, 16), tail, 8);

	set_field(0);
	return (uint16_t)~add(sum, s.bytes, s.len);
}

static struct zr_packet packet_of(const uint8_t *bytes)
{
	struct zr_packet packet = {.family = s.family, .proto = s.proto, .header_len = s.header_len};

	memcpy(packet.src.b, s.src, 16);
	memcpy(packet.dst.b, s.dst, 16);
	packet.payload = bytes + s.header_len;
	packet.payload_len = packet.payload_wire_len = s.len - s.header_len;
	return packet;
}

static bool holds(void)
{
	struct guard guard;
	const struct zr_packet packet = packet_of(guard_copy(&guard, s.bytes, s.len));
	bool result = zr_checksum_holds(&packet);

	guard_free(&guard);
	return result;
}

static const uint8_t families[] = {4, 6}, protos[] = {ZR_PROTO_TCP, ZR_PROTO_UDP};

/* Every length around the words that are summed at once, every byte value that carries most and least. */
static void right_ones_hold_and_others_do_not(void **state)
{
	static const uint8_t fills[] = {0x00, 0x01, 0x7f, 0x80, 0xa5, 0xff};

	(void)state;
	for (unsigned int i = 0; i < 2 * 2 * 6 * 40; i++) {
		make(families[i & 1], protos[i >> 1 & 1], 1 + i / 4 % 40, fills[i / 160]);
		set_field(right_checksum());
		assert_true(holds());
		for (uint32_t bit = 0; bit < 8 * s.len; bit++) {
			/* UDP's length is not only summed, and a UDP checksum may not come out as none. */
			if (s.proto == ZR_PROTO_UDP && bit / 8 >= 4 && bit / 8 < 8)
				continue;
			s.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_false(holds());
			s.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
	}
}

/* With options of every length. */
static void ipv4_headers_checksum_counts(void **state)
{
	static uint8_t packet_bytes[60 + SEGMENT_MAX];
	struct zr_packet packet;
	struct guard guard;

	(void)state;
	make(4, ZR_PROTO_TCP, 5, 0xa5);
	set_field(right_checksum());
	for (uint8_t header_len = 20; header_len <= 60; header_len += 4) {
		uint16_t right;

		memset(packet_bytes, 0x5a, header_len);
		packet_bytes[10] = packet_bytes[11] = 0;
		right = (uint16_t)~add(0, packet_bytes, header_len);
		packet_bytes[10] = (uint8_t)(right >> 8);
		packet_bytes[11] = (uint8_t)right;
		memcpy(packet_bytes + header_len, s.bytes, s.len);
		for (uint32_t bit = 0; bit <= 8U * header_len; bit++) {
			bool none = bit == 8U * header_len;

			packet_bytes[bit / 8] ^= none ? 0 : (uint8_t)(1U << bit % 8);
			packet = packet_of((const uint8_t *)guard_copy(&guard, packet_bytes, header_len + s.len) +
					   header_len);
			packet.ip_header_len = header_len;
			assert_int_equal(zr_checksum_holds(&packet), none);
			packet.ip_header_len = 0;
			assert_true(zr_checksum_holds(&packet));
			guard_free(&guard);
			packet_bytes[bit / 8] ^= none ? 0 : (uint8_t)(1U << bit % 8);
		}
	}
}

static void carries_of_the_longest_are_kept(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		for (uint32_t less = 0; less < 9; less++) {
			make(families[i & 1], protos[i >> 1], SEGMENT_MAX - 20 - less, 0xff);
			memset(s.src, 0xff, s.family == 4 ? 4 : 16);
			memset(s.dst, 0xff, s.family == 4 ? 4 : 16);
			set_field(right_checksum());
			assert_true(holds());
			s.bytes[s.len - 1] = 0xfe;
			assert_false(holds());
		}
	}
}

/* The numbers of RFC 1071, section 3: 0001, f203, f4f5 and f6f7 come to ddf2. Addresses, length and protocol to 2d. */
static void known_sum(void **state)
{
	static const uint8_t example[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	(void)state;
	make(4, ZR_PROTO_UDP, sizeof(example), 0);
	memset(s.src, 0, sizeof(s.src));
	memset(s.dst, 0, sizeof(s.dst));
	s.dst[3] = 0x0c;
	memcpy(s.bytes + 8, example, sizeof(example));
	/* 0c address + 10 length + 11 protocol + 10 UDP's own length + ddf2 = de2f */
	set_field((uint16_t)~0xde2f);
	assert_true(holds());
	set_field((uint16_t)~0xde30);
	assert_false(holds());
}

/* Two ways to write zero: both are right in a sum, but UDP's 0000 says that none was given. */
static void zero_has_two_forms(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		make(families[i & 1], protos[i >> 1], 10, 0x33);
		/* What is added at an even offset makes the sum ffff with a field of 0. */
		s.bytes[s.len - 2] = s.bytes[s.len - 1] = 0;
		uint16_t missing = right_checksum();
		s.bytes[s.len - 2] = (uint8_t)(missing >> 8);
		s.bytes[s.len - 1] = (uint8_t)missing;
		assert_int_equal(right_checksum(), 0);
		set_field(0xffff);
		assert_true(holds());
		set_field(0);
		assert_int_equal(holds(), s.proto == ZR_PROTO_TCP || s.family == 4);
	}
}

static void udp_over_ipv4_may_have_none(void **state)
{
	(void)state;
	make(4, ZR_PROTO_UDP, 33, 0x5a);
	set_field(0);
	assert_true(holds());
	s.bytes[20] ^= 1;
	assert_true(holds());
	make(6, ZR_PROTO_UDP, 33, 0x5a);
	set_field(0);
	assert_false(holds());
	make(4, ZR_PROTO_TCP, 33, 0x5a);
	set_field(0);
	assert_false(holds());
}

static void udp_longer_than_ip_does_not_hold(void **state)
{
	(void)state;
	make(4, ZR_PROTO_UDP, 33, 0x5a);
	s.bytes[5]++;
	set_field(right_checksum());
	assert_false(holds());
	set_field(0);
	assert_false(holds());
}

static void what_is_not_whole_cannot_be_told(void **state)
{
	struct zr_packet packet;

	(void)state;
	make(4, ZR_PROTO_TCP, 40, 0x5a);
	packet = packet_of(s.bytes);
	assert_false(zr_checksum_holds(&packet));
	packet.payload_wire_len++;
	assert_true(zr_checksum_holds(&packet));
	packet.payload_wire_len--;
	packet.fragment = true;
	assert_true(zr_checksum_holds(&packet));
}

static void tcp_options_are_summed(void **state)
{
	(void)state;
	make(6, ZR_PROTO_TCP, 45, 0x5a);
	s.header_len = 60;
	s.bytes[12] = 0xf0;
	set_field(right_checksum());
	assert_true(holds());
	s.bytes[59] ^= 0x10;
	assert_false(holds());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(right_ones_hold_and_others_do_not),
		cmocka_unit_test(ipv4_headers_checksum_counts),
		cmocka_unit_test(carries_of_the_longest_are_kept),
		cmocka_unit_test(known_sum),
		cmocka_unit_test(zero_has_two_forms),
		cmocka_unit_test(udp_over_ipv4_may_have_none),
		cmocka_unit_test(udp_longer_than_ip_does_not_hold),
		cmocka_unit_test(what_is_not_whole_cannot_be_told),
		cmocka_unit_test(tcp_options_are_summed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

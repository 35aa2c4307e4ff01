/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/flow/bucket.h"
#include "dataplane/flow/table.h"

#define TCP 6
#define UDP 17

static struct zr_packet packet4(uint32_t src, uint16_t src_port, uint32_t dst, uint16_t dst_port)
{
	struct zr_packet packet = {.family = 4, .proto = TCP, .src_port = src_port, .dst_port = dst_port};

	for (int i = 0; i < 4; i++) {
		packet.src.b[i] = (uint8_t)(src >> (24 - 8 * i));
		packet.dst.b[i] = (uint8_t)(dst >> (24 - 8 * i));
	}
	return packet;
}

/* Addresses of zeros but for byte at, which is src and dst. */
static struct zr_packet packet6(unsigned int at, uint8_t src, uint16_t src_port, uint8_t dst, uint16_t dst_port)
{
	struct zr_packet packet = {.family = 6, .proto = UDP, .src_port = src_port, .dst_port = dst_port};

	packet.src.b[at] = src;
	packet.dst.b[at] = dst;
	return packet;
}

static struct zr_packet turned(const struct zr_packet *packet)
{
	struct zr_packet other = *packet;

	other.src = packet->dst;
	other.dst = packet->src;
	other.src_port = packet->dst_port;
	other.dst_port = packet->src_port;
	return other;
}

static bool same_key(const struct zr_packet *x, const struct zr_packet *y)
{
	struct zr_flow_key a, b;

	zr_flow_key_of(x, &a);
	zr_flow_key_of(y, &b);
	return memcmp(&a, &b, sizeof(a)) == 0;
}

/* The packet's source is side a, or side b when source_is_b; the packet turned round has the same key from the other side. */
static void check_sides(struct zr_packet packet, bool source_is_b)
{
	struct zr_packet back = turned(&packet);
	struct zr_flow_key key;
	union zr_ip ip;
	uint16_t port;

	assert_int_equal(zr_flow_key_of(&packet, &key), source_is_b);
	zr_flow_key_side(&key, source_is_b, &ip, &port);
	assert_memory_equal(&ip, &packet.src, sizeof(ip));
	assert_int_equal(port, packet.src_port);
	zr_flow_key_side(&key, !source_is_b, &ip, &port);
	assert_memory_equal(&ip, &packet.dst, sizeof(ip));
	assert_int_equal(port, packet.dst_port);
	assert_int_equal(key.proto, packet.proto);
	assert_int_equal(key.family, packet.family);
	assert_int_equal(key.domain, packet.domain);
	assert_int_equal(zr_flow_key_of(&back, &key), !source_is_b);
	assert_true(same_key(&packet, &back));
}

static void test_lower_ipv4_address_is_a(void **state)
{
	(void)state;
	check_sides(packet4(0x0A000002, 9, 0x0A00000A, 1), false);
	check_sides(packet4(0x0A00000A, 1, 0x0A000002, 9), true);
	check_sides(packet4(0x010000FF, 1, 0x02000000, 1), false); /* the first byte counts most */
	check_sides(packet4(0xFF000000, 1, 0x000000FF, 1), true);
	check_sides(packet4(0, 65535, 0xFFFFFFFF, 0), false);
}

static void test_lower_port_is_a_between_equal_addresses(void **state)
{
	(void)state;
	check_sides(packet4(0x7F000001, 53, 0x7F000001, 40000), false);
	check_sides(packet4(0x7F000001, 40000, 0x7F000001, 53), true);
	check_sides(packet6(15, 1, 53, 1, 40000), false);
	check_sides(packet6(15, 1, 40000, 1, 53), true);
}

static void test_source_of_a_packet_to_itself_is_a(void **state)
{
	struct zr_packet v4 = packet4(0x7F000001, 7, 0x7F000001, 7), v6 = packet6(15, 1, 7, 1, 7);
	struct zr_flow_key key;

	(void)state;
	assert_false(zr_flow_key_of(&v4, &key));
	assert_false(zr_flow_key_of(&v6, &key));
}

static void test_lower_ipv6_address_is_a_whichever_byte_differs(void **state)
{
	(void)state;
	for (unsigned int at = 0; at < 16; at++) {
		check_sides(packet6(at, 1, 9, 2, 1), false);
		check_sides(packet6(at, 0x80, 1, 0x7F, 9), true);
	}
}

static void test_ipv6_byte_in_front_counts_more(void **state)
{
	struct zr_packet packet = packet6(0, 1, 1, 2, 1);

	(void)state;
	packet.src.b[15] = 0xFF;
	packet.src.b[8] = 0xFF;
	check_sides(packet, false);
}

static void test_ipv4_key_has_no_further_words(void **state)
{
	struct zr_packet packet = packet4(1, 2, 3, 4);
	struct zr_flow_key key;

	(void)state;
	memset(&key, 0xFF, sizeof(key));
	zr_flow_key_of(&packet, &key);
	for (int i = 0; i < 3; i++)
		assert_int_equal(key.addr6[i], 0);
}

static void test_domain_protocol_and_every_port_bit_distinguish(void **state)
{
	const struct zr_packet packet = packet4(1, 1000, 2, 2000);
	struct zr_packet other = packet;

	(void)state;
	other.domain = 1;
	assert_false(same_key(&packet, &other));
	other = packet;
	other.proto = UDP;
	assert_false(same_key(&packet, &other));
	for (int bit = 0; bit < 16; bit++) {
		other = packet;
		other.src_port ^= (uint16_t)(1 << bit);
		assert_false(same_key(&packet, &other));
		other = packet;
		other.dst_port ^= (uint16_t)(1 << bit);
		assert_false(same_key(&packet, &other));
	}
}

static void test_ports_belong_to_their_addresses(void **state)
{
	struct zr_packet packet = packet4(1, 1000, 2, 2000), crossed = packet4(1, 2000, 2, 1000);

	(void)state;
	assert_false(same_key(&packet, &crossed));
}

static void test_mapped_ipv6_is_not_ipv4(void **state)
{
	struct zr_packet v4 = packet4(0x0A000001, 1, 0x0A000002, 2), v6 = v4;

	(void)state;
	v6.family = 6;
	memset(&v6.src, 0, sizeof(v6.src));
	memset(&v6.dst, 0, sizeof(v6.dst));
	memset(v6.src.b + 10, 0xFF, 2);
	memset(v6.dst.b + 10, 0xFF, 2);
	memcpy(v6.src.b + 12, v4.src.b, 4);
	memcpy(v6.dst.b + 12, v4.dst.b, 4);
	assert_false(same_key(&v4, &v6));
	v6 = v4; /* the same bytes, another family */
	v6.family = 6;
	assert_false(same_key(&v4, &v6));
}

#define BUCKETS    256
#define SIGNATURES 256
#define SAMPLES    (1 << 20)

/* Spread keys over bucket and signature: the sum of squared deviations must be what chance gives. */
static void check_spread(void (*make)(uint32_t i, struct zr_packet *packet))
{
	static uint32_t cells[BUCKETS][SIGNATURES];
	const uint64_t seed[2] = {3, 4};
	void *memory = aligned_alloc(64, (zr_flow_table_memory(BUCKETS * 12) + 63) / 64 * 64);
	double expected = SAMPLES / (double)(BUCKETS * (SIGNATURES - 1)), sum = 0;
	struct zr_flow_table t;

	memset(cells, 0, sizeof(cells));
	zr_flow_table_init(&t, memory, BUCKETS * 12, seed);
	assert_int_equal(t.bucket_count, BUCKETS);
	for (uint32_t i = 0; i < SAMPLES; i++) {
		struct zr_packet packet;
		struct zr_flow_key key;

		make(i, &packet);
		zr_flow_key_of(&packet, &key);

		uint64_t hash = zr_flow_hash(&t, &key);

		cells[zr_bucket_home(&t, hash) - (struct zr_bucket *)t.buckets][zr_bucket_signature(hash)]++;
	}
	for (int b = 0; b < BUCKETS; b++) {
		assert_int_equal(cells[b][0], 0);
		for (int s = 1; s < SIGNATURES; s++)
			sum += (cells[b][s] - expected) * (cells[b][s] - expected) / expected;
	}
	sum /= BUCKETS * (SIGNATURES - 1);
	assert_true(sum > 0.95 && sum < 1.05);
	free(memory);
}

static void sequential_ports(uint32_t i, struct zr_packet *packet)
{
	*packet = packet4(0x0A000001, (uint16_t)i, 0xC6120001, (uint16_t)(443 + (i >> 16)));
}

static void sequential_addresses(uint32_t i, struct zr_packet *packet)
{
	*packet = packet4(0x0A000000 + i, 40000, 0xC6120001, 443);
}

static void sequential_ipv6_prefixes(uint32_t i, struct zr_packet *packet)
{
	*packet = packet6(15, 1, 40000, 2, 443);
	packet->dst.b[0] = 0x20;
	for (int k = 0; k < 4; k++)
		packet->src.b[4 + k] = (uint8_t)(i >> (24 - 8 * k));
}

static void test_hash_spreads_regular_tuples_evenly(void **state)
{
	(void)state;
	check_spread(sequential_ports);
	check_spread(sequential_addresses);
	check_spread(sequential_ipv6_prefixes);
}

static void test_hash_depends_on_seed_and_on_every_word(void **state)
{
	const uint64_t seeds[3][2] = {{1, 2}, {1, 3}, {2, 2}};
	static alignas(64) uint8_t memory[192];
	struct zr_flow_table t[3];
	struct zr_flow_key key = {.family = 6};
	uint64_t hash[3];

	(void)state;
	assert_int_equal(zr_flow_table_memory(1), sizeof(memory));
	for (int i = 0; i < 3; i++) {
		zr_flow_table_init(&t[i], memory, 1, seeds[i]);
		hash[i] = zr_flow_hash(&t[i], &key);
	}
	assert_true(hash[0] != hash[1] && hash[0] != hash[2] && hash[1] != hash[2]);
	for (int word = 0; word < 5; word++) {
		struct zr_flow_key other = key;

		other.words[word] ^= 1;
		assert_true(zr_flow_hash(&t[0], &other) != hash[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lower_ipv4_address_is_a),
		cmocka_unit_test(test_lower_port_is_a_between_equal_addresses),
		cmocka_unit_test(test_source_of_a_packet_to_itself_is_a),
		cmocka_unit_test(test_lower_ipv6_address_is_a_whichever_byte_differs),
		cmocka_unit_test(test_ipv6_byte_in_front_counts_more),
		cmocka_unit_test(test_ipv4_key_has_no_further_words),
		cmocka_unit_test(test_domain_protocol_and_every_port_bit_distinguish),
		cmocka_unit_test(test_ports_belong_to_their_addresses),
		cmocka_unit_test(test_mapped_ipv6_is_not_ipv4),
		cmocka_unit_test(test_hash_spreads_regular_tuples_evenly),
		cmocka_unit_test(test_hash_depends_on_seed_and_on_every_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

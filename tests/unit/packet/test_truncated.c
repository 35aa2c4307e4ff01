/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every length at which a capture, or the wire itself, can stop. The views end at a guard page, so that a byte read too far
 * is a fault.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/packet/compose.h"

/* A packet and where its headers end. */
struct landmarks {
	enum zr_link link;
	uint8_t family, number, proto;
	uint32_t ip_at, ip_end;               /* with IPv4 options, without IPv6 extension headers */
	uint32_t transport_at, transport_len; /* its fixed part */
	uint32_t payload_at;
};

static void assert_transport(const struct parsed *parsed, const struct frame *f, const struct landmarks *m,
			     uint32_t held_len)
{
	bool ports = held_len >= m->transport_at + 4;
	bool header = held_len >= m->transport_at + m->transport_len;
	uint32_t len = held_len > m->payload_at ? held_len - m->payload_at : 0;

	assert_ports(parsed, ports ? SRC_PORT : 0, ports ? DST_PORT : 0);
	assert_int_equal(parsed->packet.tcp_seq, header && m->proto == IP_TCP ? TCP_SEQ : 0);
	assert_int_equal(parsed->packet.tcp_ack, header && m->proto == IP_TCP ? TCP_ACK : 0);
	assert_int_equal(parsed->packet.tcp_flags, header && m->proto == IP_TCP ? TCP_FLAGS : 0);
	if (header)
		assert_payload(parsed, len > 0 ? m->payload_at : NO_PAYLOAD, len, f->len - m->payload_at);
	else
		assert_payload(parsed, NO_PAYLOAD, 0, 0);
}

/* The capture stops after n bytes, or the wire does. */
static void assert_every_length(const struct frame *f, const struct landmarks *m)
{
	for (uint32_t n = 0; n <= f->len; n++) {
		struct parsed parsed = parse_part(f, m->link, n, f->len, NULL);

		if (n < m->ip_end) {
			assert_unaccounted(&parsed, ZR_UNACCOUNTED_TRUNCATED, f->len);
		} else {
			assert_ip(&parsed, m->family, m->number, m->proto, f->len - m->ip_at);
			assert_transport(&parsed, f, m, n);
		}
	}
	for (uint32_t n = 0; n < f->len; n++) {
		struct parsed parsed = parse_part(f, m->link, n, n, NULL);
		bool link = n >= m->ip_at && n > 0;

		assert_unaccounted(&parsed, link ? ZR_UNACCOUNTED_MALFORMED : ZR_UNACCOUNTED_NOT_IP, n);
	}
}

static void put_tcp_to_end(struct frame *f, struct landmarks *m)
{
	m->proto = IP_TCP;
	m->transport_at = put_tcp(f, 3);
	m->transport_len = 20;
	m->payload_at = f->len;
	put_zeros(f, 11);
	frame_finish(f);
}

static void put_udp_to_end(struct frame *f, struct landmarks *m)
{
	m->proto = IP_UDP;
	m->transport_at = put_udp(f, SRC_PORT, DST_PORT);
	m->transport_len = 8;
	m->payload_at = f->len;
	put_zeros(f, 11);
	frame_finish(f);
}

static void test_ethernet_ipv4_tcp(void **state)
{
	struct frame f = {0};
	struct landmarks m = {.link = ZR_LINK_ETHERNET, .family = 4, .number = 2};

	(void)state;
	put_ethernet(&f, ETH_QINQ);
	put_vlan(&f, 100, ETH_VLAN);
	put_vlan(&f, 200, ETH_IPV4);
	m.ip_at = put_ipv4(&f, 2, IP_TCP, 2);
	m.ip_end = f.len;
	put_tcp_to_end(&f, &m);
	assert_every_length(&f, &m);
}

static void test_ethernet_ipv6_udp(void **state)
{
	struct frame f = {0};
	struct landmarks m = {.link = ZR_LINK_ETHERNET, .family = 6, .number = 2};

	(void)state;
	put_ethernet(&f, ETH_IPV6);
	m.ip_at = put_ipv6(&f, 2, IP_UDP);
	m.ip_end = f.len;
	put_udp_to_end(&f, &m);
	assert_every_length(&f, &m);
}

static void test_pppoe_in_vlan(void **state)
{
	struct frame f = {0};
	struct landmarks m = {.link = ZR_LINK_ETHERNET, .family = 6, .number = 2};

	(void)state;
	put_ethernet(&f, ETH_VLAN);
	put_vlan(&f, 100, ETH_PPPOE);
	put_pppoe(&f);
	put_u16(&f, 0x0057);
	m.ip_at = put_ipv6(&f, 2, IP_TCP);
	m.ip_end = f.len;
	put_tcp_to_end(&f, &m);
	assert_every_length(&f, &m);
}

static void test_snap(void **state)
{
	struct frame f = {0};
	struct landmarks m = {.link = ZR_LINK_ETHERNET, .family = 4, .number = 2};

	(void)state;
	put_llc_ethernet(&f);
	put_snap(&f, ETH_IPV4);
	m.ip_at = put_ipv4(&f, 2, IP_UDP, 0);
	m.ip_end = f.len;
	put_udp_to_end(&f, &m);
	assert_every_length(&f, &m);
}

static void test_cooked_and_raw(void **state)
{
	static const enum zr_link links[] = {ZR_LINK_RAW, ZR_LINK_SLL, ZR_LINK_SLL2, ZR_LINK_NULL, ZR_LINK_PPP};

	(void)state;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct frame f = {0};
		struct landmarks m = {.link = links[i], .family = 4, .number = 2};

		if (links[i] == ZR_LINK_SLL)
			put_sll(&f, ETH_IPV4);
		else if (links[i] == ZR_LINK_SLL2)
			put_sll2(&f, ETH_IPV4);
		else if (links[i] == ZR_LINK_NULL)
			put_u32(&f, 2);
		else if (links[i] == ZR_LINK_PPP)
			put_u32(&f, 0xff030021);
		m.ip_at = put_ipv4(&f, 2, IP_TCP, 0);
		m.ip_end = f.len;
		put_tcp_to_end(&f, &m);
		assert_every_length(&f, &m);
	}
}

/* The nibble behind the labels decides what it is: without it the frame says nothing of IP. */
static void test_mpls(void **state)
{
	struct frame f = {0};
	struct parsed parsed;
	uint32_t ip;

	(void)state;
	put_ethernet(&f, ETH_MPLS);
	put_mpls(&f, 17, false);
	put_mpls(&f, 18, true);
	ip = put_ipv4(&f, 2, IP_UDP, 0);
	frame_finish(&f);
	for (uint32_t n = 0; n < f.len; n++) {
		parsed = parse_part(&f, ZR_LINK_ETHERNET, n, f.len, NULL);
		assert_unaccounted(&parsed, ZR_UNACCOUNTED_TRUNCATED, f.len);
		parsed = parse_part(&f, ZR_LINK_ETHERNET, n, n, NULL);
		assert_unaccounted(&parsed, n > ip ? ZR_UNACCOUNTED_MALFORMED : ZR_UNACCOUNTED_NOT_IP, n);
	}
	parsed = parse_ethernet(&f);
	assert_ip(&parsed, 4, 2, IP_UDP, 20);
}

/* Behind the fixed header the packet has a flow: of the first extension header that is not whole. */
static void test_ipv6_extensions(void **state)
{
	static const uint8_t kinds[] = {EXT_HOP, EXT_ROUTING, EXT_FRAGMENT, EXT_AH, EXT_DST, IP_TCP};
	struct frame f = {0};
	uint32_t at[6];

	(void)state;
	put_ethernet(&f, ETH_IPV6);
	put_ipv6(&f, 2, EXT_HOP);
	at[0] = put_ipv6_extension(&f, EXT_ROUTING, 0);
	at[1] = put_ipv6_extension(&f, EXT_FRAGMENT, 1);
	at[2] = put_ipv6_fragment(&f, EXT_AH, 0, true);
	at[3] = put_ah(&f, EXT_DST, 1);
	at[4] = put_ipv6_extension(&f, IP_TCP, 0);
	at[5] = put_tcp(&f, 0);
	frame_finish(&f);
	for (uint32_t n = at[0]; n <= f.len; n++) {
		struct parsed parsed = parse_part(&f, ZR_LINK_ETHERNET, n, f.len, NULL);
		unsigned int reached = 0;

		while (reached < 5 && n >= at[reached + 1])
			reached++;
		assert_ip(&parsed, 6, 2, kinds[reached], f.len - 14);
		assert_int_equal(parsed.packet.fragment, n >= at[3]);
		assert_int_equal(parsed.packet.first_fragment, n >= at[3]);
		assert_int_equal(parsed.packet.src_port, n >= at[5] + 4 ? SRC_PORT : 0);
	}
}

/* Until the inner IP header is whole the packet is the outer one's flow. */
static void test_gtpu(void **state)
{
	struct frame f = {0};
	struct landmarks inner = {.link = ZR_LINK_ETHERNET, .family = 4, .number = 9};
	uint32_t outer, gtpu;

	(void)state;
	put_ethernet(&f, ETH_IPV6);
	outer = put_ipv6(&f, 2, IP_UDP);
	put_udp(&f, SRC_PORT, GTPU_PORT);
	gtpu = put_gtpu(&f, 7, 6);
	put_u32(&f, 0x00010085);
	put_u32(&f, 0x01100900);
	inner.ip_at = put_ipv4(&f, 9, IP_TCP, 1);
	inner.ip_end = f.len;
	put_tcp_to_end(&f, &inner);
	for (uint32_t n = outer + 40; n <= f.len; n++) {
		struct parsed parsed = parse_part(&f, ZR_LINK_ETHERNET, n, f.len, NULL);

		assert_int_equal(parsed.packet.has_teid, n >= inner.ip_end);
		assert_int_equal(parsed.packet.teid, n >= inner.ip_end ? 7 : 0);
		if (n >= inner.ip_end) {
			assert_ip(&parsed, 4, 9, IP_TCP, f.len - inner.ip_at);
			assert_transport(&parsed, &f, &inner, n);
			continue;
		}
		assert_ip(&parsed, 6, 2, IP_UDP, f.len - outer);
		if (n > gtpu)
			assert_payload(&parsed, gtpu, n - gtpu, f.len - gtpu);
		else
			assert_payload(&parsed, NO_PAYLOAD, 0, n == gtpu ? f.len - gtpu : 0);
	}
}

static void test_gre(void **state)
{
	struct frame f = {0};
	struct landmarks inner = {.link = ZR_LINK_ETHERNET, .family = 6, .number = 9};
	uint32_t outer;

	(void)state;
	put_ethernet(&f, ETH_IPV4);
	outer = put_ipv4(&f, 2, IP_GRE, 0);
	put_gre(&f, 0xb000, ETH_IPV6);
	inner.ip_at = put_ipv6(&f, 9, IP_UDP);
	inner.ip_end = f.len;
	put_udp_to_end(&f, &inner);
	for (uint32_t n = outer + 20; n <= f.len; n++) {
		struct parsed parsed = parse_part(&f, ZR_LINK_ETHERNET, n, f.len, NULL);

		if (n >= inner.ip_end) {
			assert_ip(&parsed, 6, 9, IP_UDP, f.len - inner.ip_at);
			assert_transport(&parsed, &f, &inner, n);
		} else {
			assert_ip(&parsed, 4, 2, IP_GRE, f.len - outer);
			assert_ports(&parsed, 0, 0);
			assert_payload(&parsed, NO_PAYLOAD, 0, 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ethernet_ipv4_tcp),
		cmocka_unit_test(test_ethernet_ipv6_udp),
		cmocka_unit_test(test_pppoe_in_vlan),
		cmocka_unit_test(test_snap),
		cmocka_unit_test(test_cooked_and_raw),
		cmocka_unit_test(test_mpls),
		cmocka_unit_test(test_ipv6_extensions),
		cmocka_unit_test(test_gtpu),
		cmocka_unit_test(test_gre),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

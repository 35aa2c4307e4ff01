/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random stacks of headers, each put together with the truth about it, cut at random and parsed: the result must be that
 * of the innermost packet whose IP header is held, and its members those of the headers that are held.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/packet/compose.h"

#define STACKS     5000
#define CUTS       8
#define LEVELS_MAX 5 /* four tunnels */

/* The truth about one IP packet of a stack. */
struct level {
	uint8_t family, proto;
	uint32_t ip_at, ip_end; /* with IPv4 options, without IPv6 extension headers */
	uint32_t extension_count;
	uint8_t extension_kind[4];
	uint32_t extension_end[4];
	bool fragment, first_fragment;
	uint32_t fragment_from; /* held length from which that is known */
	uint32_t transport_at, transport_len, payload_at;
	uint16_t dst_port;
	bool has_teid;
	uint32_t teid;
};

struct stack {
	struct frame f;
	enum zr_link link;
	uint32_t end; /* of the outermost IP packet; padding follows */
	unsigned int vlan_count;
	uint16_t vlans[ZR_VLANS_MAX];
	unsigned int level_count;
	struct level levels[LEVELS_MAX];
};

static uint64_t random_state;

/* xorshift64* (Vigna 2014): the same stacks in every run. */
static uint32_t random_below(uint32_t bound)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (uint32_t)((random_state * 0x2545f4914f6cdd1dU) >> 33) % bound;
}

/* An Ethernet type is due: tags, LLC, MPLS or PPPoE as chance has it, then IP. type_at: where to write the type. */
static void put_behind_type(struct stack *s, uint32_t type_at, uint8_t family)
{
	static const uint16_t tpids[] = {ETH_VLAN, ETH_QINQ, ETH_QINQ_OLD};
	uint16_t ip_type = family == 4 ? ETH_IPV4 : ETH_IPV6;
	struct frame *f = &s->f;

	s->vlan_count = random_below(2) != 0 ? random_below(ZR_VLANS_MAX + 1) : 0;
	for (unsigned int i = 0; i < s->vlan_count; i++) {
		s->vlans[i] = (uint16_t)random_below(4096);
		set_u16(f, type_at, tpids[random_below(3)]);
		type_at = f->len + 2;
		put_vlan(f, (uint16_t)(s->vlans[i] | random_below(16) << 12), 0);
	}
	switch (random_below(6)) {
	case 0:
		set_u16(f, type_at, (uint16_t)random_below(1501));
		put_snap(f, ip_type);
		break;
	case 1:
		set_u16(f, type_at, ETH_MPLS);
		for (uint32_t labels = 1 + random_below(16); labels > 0; labels--)
			put_mpls(f, random_below(1 << 20), labels == 1);
		break;
	case 2:
		set_u16(f, type_at, ETH_PPPOE);
		put_pppoe(f);
		put_u16(f, family == 4 ? 0x0021 : 0x0057);
		break;
	default:
		set_u16(f, type_at, ip_type);
	}
}

static void put_link(struct stack *s, uint8_t family)
{
	static const uint8_t families6[] = {10, 24, 28, 30};
	struct frame *f = &s->f;
	uint32_t af;

	s->link = (enum zr_link)random_below(ZR_LINK_OTHER);
	switch (s->link) {
	case ZR_LINK_ETHERNET:
		put_ethernet(f, 0);
		put_behind_type(s, 12, family);
		break;
	case ZR_LINK_SLL:
		put_sll(f, 0);
		put_behind_type(s, 14, family);
		break;
	case ZR_LINK_SLL2:
		put_sll2(f, 0);
		put_behind_type(s, 0, family);
		break;
	case ZR_LINK_NULL:
		af = family == 4 ? 2 : families6[random_below(4)];
		put_u32(f, random_below(2) != 0 ? af : af << 24);
		break;
	case ZR_LINK_PPP:
		if (random_below(2) != 0)
			put_u16(f, 0xff03);
		if (random_below(2) != 0)
			put_u8(f, 0);
		put_u8(f, family == 4 ? 0x21 : 0x57);
		break;
	default:
		break;
	}
}

static uint8_t random_extension(bool last, bool may_fragment)
{
	static const uint8_t kinds[] = {EXT_HOP, EXT_ROUTING, EXT_DST, EXT_AH, EXT_FRAGMENT};

	return kinds[random_below(last && may_fragment ? 5 : 4)];
}

/* Extension headers between the IPv6 header, whose next-header byte is at next_at, and the transport header. */
static void put_extensions(struct frame *f, struct level *l, uint32_t next_at, bool may_fragment)
{
	l->extension_count = random_below(3) == 0 ? 1 + random_below(4) : 0;
	for (uint32_t i = 0; i < l->extension_count; i++) {
		uint8_t kind = random_extension(i + 1 == l->extension_count, may_fragment);
		uint16_t offset = random_below(2) != 0 ? (uint16_t)(8 * random_below(8192)) : 0;

		f->bytes[next_at] = kind;
		next_at = f->len;
		if (kind == EXT_FRAGMENT) {
			l->first_fragment = offset == 0 && random_below(2) != 0;
			l->fragment = offset != 0 || l->first_fragment;
			put_ipv6_fragment(f, 0, offset, l->first_fragment);
			l->fragment_from = f->len;
		} else if (kind == EXT_AH) {
			put_ah(f, 0, (uint8_t)random_below(8));
		} else {
			put_ipv6_extension(f, 0, (uint8_t)random_below(4));
		}
		l->extension_kind[i] = kind;
		l->extension_end[i] = f->len;
	}
	f->bytes[next_at] = l->proto;
}

/* The IP header of level number, which carries proto. */
static void put_level_ip(struct stack *s, unsigned int number, uint8_t proto, bool may_fragment)
{
	struct level *l = &s->levels[number];
	struct frame *f = &s->f;

	l->proto = proto;
	if (l->family == 6) {
		l->ip_at = put_ipv6(f, number, 0);
		l->ip_end = f->len;
		put_extensions(f, l, l->ip_at + 6, may_fragment);
		return;
	}
	l->ip_at = put_ipv4(f, number, proto, random_below(11));
	l->ip_end = l->fragment_from = f->len;
	if (may_fragment && random_below(4) == 0) {
		uint16_t offset = (uint16_t)(random_below(2) * random_below(8192));

		l->first_fragment = offset == 0;
		l->fragment = true;
		set_u16(f, l->ip_at + 6, (uint16_t)(offset | (offset == 0 || random_below(2) != 0 ? 0x2000 : 0)));
	}
}

/* The tunnel from level number to the next, IP header included. */
static void put_tunnel(struct stack *s, unsigned int number)
{
	static const uint16_t gre_flags[] = {0, 0x8000, 0x2000, 0x1000, 0xa000, 0x9000, 0x3000, 0xb000};
	struct level *l = &s->levels[number], *next = l + 1;
	uint8_t flags = (uint8_t)random_below(8);
	struct frame *f = &s->f;

	next->has_teid = l->has_teid;
	next->teid = l->teid;
	switch (random_below(3)) {
	case 0:
		put_level_ip(s, number, next->family == 4 ? IP_IPV4 : IP_IPV6, false);
		l->transport_at = f->len;
		return;
	case 1:
		put_level_ip(s, number, IP_GRE, false);
		l->transport_at = put_gre(f, gre_flags[random_below(8)], next->family == 4 ? ETH_IPV4 : ETH_IPV6);
		return;
	default:
		break;
	}
	put_level_ip(s, number, IP_UDP, false);
	l->dst_port = GTPU_PORT;
	l->transport_at = put_udp(f, SRC_PORT, GTPU_PORT);
	l->transport_len = 8;
	l->payload_at = f->len;
	next->has_teid = true;
	next->teid = random_below(1U << 31);
	put_gtpu(f, next->teid, flags);
	if (flags != 0)
		put_u32(f, 0x00000085);
	for (uint32_t more = random_below(4); (flags & 4) != 0; more--) {
		uint8_t words = (uint8_t)(1 + random_below(3));

		put_u8(f, words);
		put_zeros(f, words * 4U - 2);
		put_u8(f, more > 0 ? 0xc0 : 0);
		if (more == 0)
			break;
	}
}

/* What the innermost packet carries. */
static void put_content(struct stack *s)
{
	static const uint8_t protos[] = {IP_TCP, IP_TCP, IP_UDP, IP_UDP, IP_ICMP, 132};
	struct level *l = &s->levels[s->level_count - 1];
	struct frame *f = &s->f;

	put_level_ip(s, s->level_count - 1, protos[random_below(6)], true);
	l->dst_port = DST_PORT;
	l->transport_at = f->len;
	if (l->proto == IP_TCP) {
		put_tcp(f, random_below(11));
		l->transport_len = 20;
	} else if (l->proto == IP_UDP) {
		put_udp(f, SRC_PORT, DST_PORT);
		l->transport_len = 8;
	}
	l->payload_at = f->len;
	if (l->transport_len == 0) /* an IPv6 payload length of 0 would mean offload */
		put_zeros(f, 1);
	put_zeros(f, random_below(3) != 0 ? random_below(200) : 0);
}

static void put_stack(struct stack *s)
{
	memset(s, 0, sizeof(*s));
	s->level_count = 1 + (random_below(2) != 0 ? random_below(LEVELS_MAX) : 0);
	for (unsigned int i = 0; i < s->level_count; i++)
		s->levels[i].family = random_below(2) != 0 ? 4 : 6;
	put_link(s, s->levels[0].family);
	for (unsigned int i = 0; i + 1 < s->level_count; i++)
		put_tunnel(s, i);
	put_content(s);
	frame_finish(&s->f);
	s->end = s->f.len;
	put_zeros(&s->f, random_below(3) == 0 ? random_below(50) : 0);
}

/* The protocol of a level as far as it can be known from held_len bytes. */
static uint8_t level_proto(const struct level *l, uint32_t held_len)
{
	for (uint32_t i = 0; i < l->extension_count; i++) {
		if (held_len < l->extension_end[i])
			return l->extension_kind[i];
	}
	return l->proto;
}

static void assert_level(const struct parsed *parsed, const struct stack *s, unsigned int number, uint32_t held_len)
{
	const struct level *l = &s->levels[number];
	bool fragment = l->fragment && held_len >= l->fragment_from;
	bool transport = l->transport_len > 0 && (!l->fragment || l->first_fragment);
	bool ports = transport && held_len >= l->transport_at + 4;
	bool header = transport && held_len >= l->transport_at + l->transport_len;
	uint32_t held_end = held_len < s->end ? held_len : s->end;
	uint32_t payload_at = fragment ? l->fragment_from : l->payload_at;
	uint32_t len = held_end > payload_at ? held_end - payload_at : 0;

	assert_ip(parsed, l->family, number, level_proto(l, held_len), s->end - l->ip_at);
	assert_int_equal(parsed->packet.fragment, fragment);
	assert_int_equal(parsed->packet.first_fragment, fragment && l->first_fragment);
	assert_int_equal(parsed->packet.has_teid, l->has_teid);
	assert_int_equal(parsed->packet.teid, l->teid);
	assert_ports(parsed, ports ? SRC_PORT : 0, ports ? l->dst_port : 0);
	assert_int_equal(parsed->packet.tcp_seq, header && l->proto == IP_TCP ? TCP_SEQ : 0);
	assert_int_equal(parsed->packet.tcp_flags, header && l->proto == IP_TCP ? TCP_FLAGS : 0);
	if (fragment || header)
		assert_payload(parsed, len > 0 ? payload_at : NO_PAYLOAD, len, s->end - payload_at);
	else
		assert_payload(parsed, NO_PAYLOAD, 0, 0);
}

static void assert_stack(const struct stack *s, uint32_t held_len)
{
	struct parsed parsed = parse_part(&s->f, s->link, held_len, s->f.len, NULL);
	unsigned int number = s->level_count;

	while (number > 0 && held_len < s->levels[number - 1].ip_end)
		number--;
	if (number == 0) {
		assert_unaccounted(&parsed, ZR_UNACCOUNTED_TRUNCATED, s->f.len);
		return;
	}
	assert_level(&parsed, s, number - 1, held_len);
	assert_int_equal(parsed.packet.vlan_count, s->vlan_count);
	assert_memory_equal(parsed.packet.vlans, s->vlans, sizeof(s->vlans));
}

static void test_random_stacks(void **state)
{
	static struct stack s;

	(void)state;
	random_state = 1;
	for (unsigned int i = 0; i < STACKS; i++) {
		put_stack(&s);
		assert_stack(&s, s.f.len);
		for (unsigned int cut = 0; cut < CUTS; cut++)
			assert_stack(&s, random_below(s.f.len + 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_stacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

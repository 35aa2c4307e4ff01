/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/packet/compose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/guard.h"

static uint8_t *grow(struct frame *f, uint32_t len)
{
	uint8_t *at = f->bytes + f->len;

	assert_true(f->len + len <= sizeof(f->bytes));
	f->len += len;
	return at;
}

void put_bytes(struct frame *f, const void *bytes, uint32_t len)
{
	memcpy(grow(f, len), bytes, len);
}

void put_zeros(struct frame *f, uint32_t len)
{
	memset(grow(f, len), 0, len);
}

void put_u8(struct frame *f, uint8_t v)
{
	*grow(f, 1) = v;
}

void put_u16(struct frame *f, uint16_t v)
{
	put_u8(f, (uint8_t)(v >> 8));
	put_u8(f, (uint8_t)v);
}

void put_u32(struct frame *f, uint32_t v)
{
	put_u16(f, (uint16_t)(v >> 16));
	put_u16(f, (uint16_t)v);
}

void set_u16(struct frame *f, uint32_t at, uint16_t v)
{
	f->bytes[at] = (uint8_t)(v >> 8);
	f->bytes[at + 1] = (uint8_t)v;
}

/* A length field comes next, which counts from there on. */
static void put_length(struct frame *f, uint32_t from)
{
	assert_true(f->length_count < sizeof(f->lengths) / sizeof(f->lengths[0]));
	f->lengths[f->length_count].at = f->len;
	f->lengths[f->length_count].from = from;
	f->length_count++;
	put_u16(f, 0);
}

void frame_finish(struct frame *f)
{
	for (unsigned int i = 0; i < f->length_count; i++)
		set_u16(f, f->lengths[i].at, (uint16_t)(f->len - f->lengths[i].from));
	f->length_count = 0;
}

static void put_macs(struct frame *f)
{
	static const uint8_t macs[12] = {0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2};

	put_bytes(f, macs, sizeof(macs));
}

void put_ethernet(struct frame *f, uint16_t type)
{
	put_macs(f);
	put_u16(f, type);
}

void put_llc_ethernet(struct frame *f)
{
	put_macs(f);
	put_length(f, f->len + 2);
}

void put_snap(struct frame *f, uint16_t type)
{
	static const uint8_t snap[6] = {0xaa, 0xaa, 0x03, 0, 0, 0};

	put_bytes(f, snap, sizeof(snap));
	put_u16(f, type);
}

void put_vlan(struct frame *f, uint16_t vlan, uint16_t type)
{
	put_u16(f, vlan);
	put_u16(f, type);
}

void put_mpls(struct frame *f, uint32_t label, bool bottom)
{
	put_u32(f, label << 12 | (uint32_t)bottom << 8 | 64);
}

void put_pppoe(struct frame *f)
{
	put_u8(f, 0x11);
	put_u8(f, 0);
	put_u16(f, 0x1234);
	put_length(f, f->len + 2);
}

void put_sll(struct frame *f, uint16_t type)
{
	put_zeros(f, 2);
	put_u16(f, 1);
	put_u16(f, 6);
	put_zeros(f, 8);
	put_u16(f, type);
}

void put_sll2(struct frame *f, uint16_t type)
{
	put_u16(f, type);
	put_zeros(f, 2);
	put_u32(f, 3);
	put_u16(f, 1);
	put_u8(f, 0);
	put_u8(f, 6);
	put_zeros(f, 8);
}

union zr_ip frame_address(uint8_t family, unsigned int number, bool dst)
{
	uint8_t last = (uint8_t)(number * 2 + dst);

	if (family == 4)
		return (union zr_ip){.b = {10, 1, 2, last}};
	return (union zr_ip){.b = {0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, last}};
}

static void put_addresses(struct frame *f, uint8_t family, unsigned int number)
{
	for (unsigned int dst = 0; dst < 2; dst++) {
		union zr_ip ip = frame_address(family, number, dst);

		put_bytes(f, ip.b, family == 4 ? 4 : 16);
	}
}

uint32_t put_ipv4(struct frame *f, unsigned int number, uint8_t proto, uint32_t words)
{
	uint32_t at = f->len;

	put_u8(f, (uint8_t)(0x45 + words));
	put_u8(f, 0);
	put_length(f, at);
	put_u32(f, 0x00074000); /* id, don't fragment */
	put_u8(f, 64);
	put_u8(f, proto);
	put_u16(f, 0);
	put_addresses(f, 4, number);
	for (uint32_t i = 0; i < words; i++)
		put_u32(f, 0x01010101);
	return at;
}

uint32_t put_ipv6(struct frame *f, unsigned int number, uint8_t next)
{
	uint32_t at = f->len;

	put_u32(f, 0x6db12345);
	put_length(f, at + 40);
	put_u8(f, next);
	put_u8(f, 64);
	put_addresses(f, 6, number);
	return at;
}

uint32_t put_ipv6_extension(struct frame *f, uint8_t next, uint8_t units)
{
	uint32_t at = f->len;

	put_u8(f, next);
	put_u8(f, units);
	put_zeros(f, 6 + units * 8U);
	return at;
}

uint32_t put_ipv6_fragment(struct frame *f, uint8_t next, uint16_t offset, bool more)
{
	uint32_t at = f->len;

	put_u8(f, next);
	put_u8(f, 0xee); /* reserved: not a length */
	put_u16(f, (uint16_t)(offset | more));
	put_u32(f, 99);
	return at;
}

uint32_t put_ah(struct frame *f, uint8_t next, uint8_t words)
{
	uint32_t at = f->len;

	put_u8(f, next);
	put_u8(f, (uint8_t)(words + 1));
	put_zeros(f, 10 + words * 4U);
	return at;
}

uint32_t put_tcp(struct frame *f, uint32_t words)
{
	uint32_t at = f->len;

	put_u16(f, SRC_PORT);
	put_u16(f, DST_PORT);
	put_u32(f, TCP_SEQ);
	put_u32(f, TCP_ACK);
	put_u8(f, (uint8_t)((5 + words) << 4));
	put_u8(f, TCP_FLAGS);
	put_u16(f, 65535);
	put_u32(f, 0);
	for (uint32_t i = 0; i < words; i++)
		put_u32(f, 0x01010101);
	return at;
}

uint32_t put_udp(struct frame *f, uint16_t src_port, uint16_t dst_port)
{
	uint32_t at = f->len;

	put_u16(f, src_port);
	put_u16(f, dst_port);
	put_length(f, at);
	put_u16(f, 0);
	return at;
}

uint32_t put_gtpu(struct frame *f, uint32_t teid, uint8_t flags)
{
	uint32_t at = f->len;

	put_u8(f, 0x30 | flags);
	put_u8(f, 255);
	put_length(f, at + 8);
	put_u32(f, teid);
	return at;
}

uint32_t put_gre(struct frame *f, uint16_t flags, uint16_t type)
{
	uint32_t at = f->len;

	put_u16(f, flags);
	put_u16(f, type);
	for (uint16_t bit = 0x8000; bit != 0; bit >>= 1) {
		if ((flags & bit & 0xb080) != 0)
			put_u32(f, 0x45454545);
	}
	return at;
}

/* Read only as far as it takes, a packet is still the same subscriber's. */
static void assert_whose(const struct zr_packet_rules *rules, const struct zr_view *view,
			 const struct zr_packet *parsed)
{
	struct zr_packet whose;

	memset(&whose, 0xa5, sizeof(whose));
	zr_packet_whose(rules, view, &whose);
	assert_int_equal(whose.unaccounted, parsed->unaccounted);
	assert_int_equal(whose.family, parsed->family);
	assert_memory_equal(&whose.src, &parsed->src, sizeof(whose.src));
	assert_memory_equal(&whose.dst, &parsed->dst, sizeof(whose.dst));
	assert_int_equal(whose.domain, parsed->domain);
	assert_int_equal(whose.role, parsed->role);
	assert_int_equal(whose.fragment, parsed->fragment);
	if (!whose.fragment)
		return;
	assert_int_equal(whose.first_fragment, parsed->first_fragment);
	assert_int_equal(whose.fragment_id, parsed->fragment_id);
	assert_int_equal(whose.fragment_proto, parsed->fragment_proto);
	assert_int_equal(whose.tunnels, parsed->tunnels);
	assert_int_equal(whose.has_teid, parsed->has_teid);
	assert_ptr_equal(whose.payload, parsed->payload);
	assert_int_equal(whose.payload_len, parsed->payload_len);
}

struct parsed parse_part(const struct frame *f, enum zr_link link, uint32_t held_len, uint32_t wire_len,
			 const struct zr_packet_rules *rules)
{
	static const struct zr_packet_rules open_all = {.open_all_tunnels = true};
	const struct zr_port port = {.link = (uint8_t)link, .role = ZR_ROLE_ACCESS, .domain = DOMAIN_ID};
	struct zr_view view = {.len = held_len, .wire_len = wire_len, .time_ns = TIME_NS, .port = &port};
	struct parsed parsed;
	struct guard guard;

	view.data = guard_copy(&guard, f->bytes, held_len);
	memset(&parsed, 0xa5, sizeof(parsed));
	if (rules == NULL)
		rules = &open_all;
	zr_packet_parse(rules, &view, &parsed.packet);
	assert_whose(rules, &view, &parsed.packet);
	parsed.payload_at = NO_PAYLOAD;
	if (parsed.packet.payload != NULL)
		parsed.payload_at = (uint32_t)(parsed.packet.payload - view.data);
	guard_free(&guard);

	assert_int_equal(parsed.packet.domain, DOMAIN_ID);
	assert_int_equal(parsed.packet.role, ZR_ROLE_ACCESS);
	return parsed;
}

struct parsed parse_ethernet(const struct frame *f)
{
	return parse_part(f, ZR_LINK_ETHERNET, f->len, f->len, NULL);
}

void assert_unaccounted(const struct parsed *parsed, enum zr_unaccounted reason, uint32_t wire_len)
{
	static const union zr_ip none;
	const struct zr_packet *p = &parsed->packet;

	assert_int_equal(p->unaccounted, reason);
	assert_int_equal(p->volume_bytes, wire_len);
	assert_int_equal(p->family, 0);
	assert_int_equal(p->proto, 0);
	assert_memory_equal(&p->src, &none, sizeof(none));
	assert_memory_equal(&p->dst, &none, sizeof(none));
	assert_false(p->fragment || p->first_fragment || p->has_teid);
	assert_int_equal(p->tcp_flags, 0);
	assert_ports(parsed, 0, 0);
	assert_payload(parsed, NO_PAYLOAD, 0, 0);
}

void assert_ip(const struct parsed *parsed, uint8_t family, unsigned int number, uint8_t proto, uint32_t volume_bytes)
{
	union zr_ip src = frame_address(family, number, false), dst = frame_address(family, number, true);
	const struct zr_packet *p = &parsed->packet;

	assert_int_equal(p->unaccounted, ZR_ACCOUNTED);
	assert_int_equal(p->family, family);
	assert_int_equal(p->proto, proto);
	assert_int_equal(p->volume_bytes, volume_bytes);
	assert_memory_equal(&p->src, &src, sizeof(src));
	assert_memory_equal(&p->dst, &dst, sizeof(dst));
}

void assert_ports(const struct parsed *parsed, uint16_t src_port, uint16_t dst_port)
{
	assert_int_equal(parsed->packet.src_port, src_port);
	assert_int_equal(parsed->packet.dst_port, dst_port);
}

void assert_payload(const struct parsed *parsed, uint32_t at, uint32_t len, uint32_t wire_len)
{
	assert_int_equal(parsed->payload_at, at);
	assert_int_equal(parsed->packet.payload_len, len);
	assert_int_equal(parsed->packet.payload_wire_len, wire_len);
}

void put_outer(struct frame *f, uint8_t family, uint8_t proto)
{
	put_ethernet(f, family == 4 ? ETH_IPV4 : ETH_IPV6);
	if (family == 4)
		put_ipv4(f, OUTER, proto, 0);
	else
		put_ipv6(f, OUTER, proto);
	if (proto == IP_UDP)
		put_udp(f, SRC_PORT, GTPU_PORT);
}

void put_inner(struct frame *f, uint8_t family)
{
	if (family == 4)
		put_ipv4(f, INNER, IP_TCP, 0);
	else
		put_ipv6(f, INNER, IP_TCP);
	put_tcp(f, 0);
	put_zeros(f, 5);
	frame_finish(f);
}

void assert_inner(const struct parsed *parsed, const struct frame *f, uint8_t family)
{
	assert_ip(parsed, family, INNER, IP_TCP, family == 4 ? 45 : 65);
	assert_ports(parsed, SRC_PORT, DST_PORT);
	assert_int_equal(parsed->packet.tcp_seq, TCP_SEQ);
	assert_payload(parsed, f->len - 5, 5, 5);
}

void assert_outer(const struct parsed *parsed, const struct frame *f, uint8_t proto)
{
	assert_ip(parsed, 4, OUTER, proto, f->len - 14);
	assert_false(parsed->packet.has_teid);
	assert_int_equal(parsed->packet.tcp_seq, 0);
	if (proto == IP_UDP) {
		assert_ports(parsed, SRC_PORT, GTPU_PORT);
		assert_payload(parsed, 42, f->len - 42, f->len - 42);
	} else {
		assert_ports(parsed, 0, 0);
		assert_payload(parsed, NO_PAYLOAD, 0, 0);
	}
}

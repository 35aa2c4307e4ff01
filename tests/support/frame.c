/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/frame.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/quic_make.h"

enum { ETHER_IPV4 = 0x0800, ETHER_IPV6 = 0x86dd, ETHER_VLAN = 0x8100, ETHER_QINQ = 0x88a8 };
enum { ETHER_MPLS = 0x8847, ETHER_PPPOE = 0x8864 };
enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057 };
enum { PROTO_IPV4 = 4, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_IPV6 = 41, PROTO_FRAGMENT = 44, PROTO_GRE = 47 };

#define GTP_PORT 2152

struct writer {
	uint8_t *at;
};

static void put_u8(struct writer *w, unsigned int value)
{
	*w->at++ = (uint8_t)value;
}

static void put_u16(struct writer *w, unsigned int value)
{
	put_u8(w, value >> 8);
	put_u8(w, value & 0xff);
}

static void put_u32(struct writer *w, uint32_t value)
{
	put_u16(w, value >> 16);
	put_u16(w, value & 0xffff);
}

static void put_bytes(struct writer *w, const void *data, size_t len)
{
	if (len > 0)
		memcpy(w->at, data, len);
	w->at += len;
}

static bool is_v6(const char *address)
{
	return strchr(address, ':') != NULL;
}

static void put_address(struct writer *w, const char *text)
{
	size_t len = is_v6(text) ? 16 : 4;

	if (inet_pton(is_v6(text) ? AF_INET6 : AF_INET, text, w->at) != 1)
		abort();
	w->at += len;
}

static size_t transport_len(const struct frame_spec *s)
{
	return s->proto == PROTO_TCP ? 20 : s->proto == PROTO_UDP ? 8 : 0;
}

static void put_ip(struct writer *w, const char *src, const char *dst, unsigned int proto, size_t payload_len,
		   unsigned int hops)
{
	if (is_v6(src)) {
		put_u32(w, 0x60000000);
		put_u16(w, (unsigned int)payload_len);
		put_u8(w, proto);
		put_u8(w, hops);
	} else {
		put_u16(w, 0x4500);
		put_u16(w, (unsigned int)payload_len + 20);
		put_u32(w, 0x00004000);
		put_u8(w, hops);
		put_u8(w, proto);
		put_u16(w, 0);
	}
	put_address(w, src);
	put_address(w, dst);
}

/* Of the IP packet from ip on that is there whole, leave one fragment. */
static void cut(struct writer *w, uint8_t *ip, const struct frame_part *part)
{
	bool v6 = ip[0] >> 4 == 6;
	uint8_t *content = ip + (v6 ? 40 : 20);
	struct writer header = {.at = v6 ? content : ip + 2};

	if (part->len == 0)
		return;
	if (part->from + part->len > (size_t)(w->at - content))
		abort();
	w->at = content + (v6 ? 8 : 0);
	memmove(w->at, content + part->from, part->len);
	w->at += part->len;
	if (v6) {
		put_u16(&header, (unsigned int)ip[6] << 8);
		put_u16(&header, (unsigned int)part->from | (part->last ? 0 : 1));
		put_u32(&header, part->id);
		header.at = ip + 4;
		put_u16(&header, (unsigned int)part->len + 8);
		put_u8(&header, PROTO_FRAGMENT);
	} else {
		put_u16(&header, (unsigned int)part->len + 20);
		put_u16(&header, part->id & 0xffff);
		put_u16(&header, (unsigned int)(part->from / 8) | (part->last ? 0 : 0x2000));
	}
}

static void put_udp(struct writer *w, unsigned int src_port, unsigned int dst_port, size_t len)
{
	put_u16(w, src_port);
	put_u16(w, dst_port);
	put_u16(w, (unsigned int)len + 8);
	put_u16(w, 0);
}

/* Sum of 16-bit numbers, the last byte padded. */
static uint32_t sum(const uint8_t *at, size_t len, uint32_t from)
{
	for (size_t i = 0; i < len; i++)
		from += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
	return from;
}

/* header: TCP or UDP, its checksum 0; end: one behind its payload. */
static void fill_checksum(const struct frame_spec *s, uint8_t *header, const uint8_t *end)
{
	uint8_t *field = header + (s->proto == PROTO_TCP ? 16 : 6);
	size_t len = (size_t)(end - header), addresses_len = is_v6(s->src) ? 32 : 8;
	uint32_t total = sum(header - addresses_len, addresses_len, (uint32_t)len + s->proto);

	total = sum(header, len, total);
	while (total > 0xffff)
		total = (total & 0xffff) + (total >> 16);
	total = ~total & 0xffff;
	if (total == 0 && s->proto == PROTO_UDP)
		total = 0xffff;
	if (s->checksum == FRAME_CHECKSUM_WRONG)
		total ^= 0x0100;
	field[0] = (uint8_t)(total >> 8);
	field[1] = (uint8_t)total;
}

static void fill_ipv4_checksum(uint8_t *ip, bool wrong)
{
	uint32_t total = sum(ip, 20, 0);

	while (total > 0xffff)
		total = (total & 0xffff) + (total >> 16);
	total = ~total ^ (wrong ? 0x0100 : 0);
	ip[10] = (uint8_t)(total >> 8);
	ip[11] = (uint8_t)total;
}

static void put_packet(struct writer *w, const struct frame_spec *s)
{
	uint8_t *ip = w->at, *header;

	put_ip(w, s->src, s->dst, s->proto, frame_content(s), s->hops != 0 ? s->hops : 64);
	header = w->at;
	if (s->proto == PROTO_TCP) {
		put_u16(w, s->src_port);
		put_u16(w, s->dst_port);
		put_u32(w, s->seq);
		put_u32(w, s->ack);
		put_u8(w, (5U + s->tcp_option_words) << 4);
		put_u8(w, s->tcp_flags);
		put_u16(w, 65535);
		put_u32(w, 0);
	} else if (s->proto == PROTO_UDP) {
		put_udp(w, s->src_port, s->dst_port, s->len);
	}
	put_bytes(w, s->data, s->len);
	if (s->checksum != FRAME_CHECKSUM_ZERO)
		fill_checksum(s, header, w->at);
	cut(w, ip, &s->part);
	if (s->checksum != FRAME_CHECKSUM_ZERO && !is_v6(s->src))
		fill_ipv4_checksum(ip, s->checksum == FRAME_CHECKSUM_WRONG_IP);
}

size_t frame_content(const struct frame_spec *s)
{
	return transport_len(s) + s->len;
}

size_t frame_volume(const struct frame_spec *s)
{
	if (s->part.len > 0)
		return (is_v6(s->src) ? 48 : 20) + s->part.len;
	return (is_v6(s->src) ? 40 : 20) + frame_content(s);
}

/* Bytes of a tunnel's own header. */
static size_t tunnel_len(const struct frame_spec *s)
{
	static const size_t lens[] = {
		[FRAME_GTPU] = 8, [FRAME_GTPU_EXTENDED] = 16, [FRAME_GRE] = 4, [FRAME_IP_IN_IP] = 0};

	return lens[s->tunnel];
}

size_t frame_outer_content(const struct frame_spec *s)
{
	bool gtpu = s->tunnel == FRAME_GTPU || s->tunnel == FRAME_GTPU_EXTENDED;

	return (gtpu ? 8 : 0) + tunnel_len(s) + frame_volume(s);
}

/* 3GPP TS 29.281, section 5: the length counts what is behind the first eight bytes. */
static void put_gtpu(struct writer *w, const struct frame_spec *s)
{
	bool extended = s->tunnel == FRAME_GTPU_EXTENDED;
	size_t len = tunnel_len(s) - 8 + frame_volume(s);

	put_udp(w, GTP_PORT, GTP_PORT, 8 + len);
	put_u16(w, extended ? 0x34ff : 0x30ff);
	put_u16(w, (unsigned int)len);
	put_u32(w, s->teid);
	if (extended)
		put_bytes(w, "\0\0\0\x85\x01\x10\x09\0", 8);
}

static void put_tunnel(struct writer *w, const struct frame_spec *s)
{
	size_t len = frame_outer_content(s);

	switch (s->tunnel) {
	case FRAME_GTPU:
	case FRAME_GTPU_EXTENDED:
		put_ip(w, s->outer_src, s->outer_dst, PROTO_UDP, len, 64);
		put_gtpu(w, s);
		break;
	case FRAME_GRE:
		put_ip(w, s->outer_src, s->outer_dst, PROTO_GRE, len, 64);
		put_u16(w, 0);
		put_u16(w, is_v6(s->src) ? ETHER_IPV6 : ETHER_IPV4);
		break;
	case FRAME_IP_IN_IP:
		put_ip(w, s->outer_src, s->outer_dst, is_v6(s->src) ? PROTO_IPV6 : PROTO_IPV4, len, 64);
		break;
	}
}

/* The Ethernet type of what comes first, and what stands between it and the IP header. len: from there on. */
static void put_link(struct writer *w, const struct frame_spec *s, bool v6, size_t len)
{
	if (s->vlan != 0) {
		put_u16(w, s->inner_vlan != 0 ? ETHER_QINQ : ETHER_VLAN);
		put_u16(w, s->vlan);
	}
	if (s->inner_vlan != 0) {
		put_u16(w, ETHER_VLAN);
		put_u16(w, s->inner_vlan);
	}
	if (s->mpls) {
		put_u16(w, ETHER_MPLS);
		put_u32(w, 16U << 12 | 64);
		put_u32(w, 17U << 12 | 1U << 8 | 64);
	} else if (s->pppoe) {
		put_u16(w, ETHER_PPPOE);
		put_u16(w, 0x1100);
		put_u16(w, 1);
		put_u16(w, (unsigned int)len + 2);
		put_u16(w, v6 ? PPP_IPV6 : PPP_IPV4);
	} else {
		put_u16(w, v6 ? ETHER_IPV6 : ETHER_IPV4);
	}
}

size_t frame_make(const struct frame_spec *s, uint8_t *out)
{
	struct writer w = {.at = out};
	bool tunneled = s->outer_src != NULL;
	uint8_t *ip;

	if (frame_content(s) + 150 > FRAME_MAX)
		abort();
	put_bytes(&w, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
	put_link(&w, s, is_v6(tunneled ? s->outer_src : s->src), frame_volume(s));
	ip = w.at;
	if (tunneled)
		put_tunnel(&w, s);
	put_packet(&w, s);
	cut(&w, ip, &s->outer_part);
	return (size_t)(w.at - out);
}

size_t frame_hello(const char *name, size_t min_len, uint8_t *out, size_t room)
{
	size_t len = quic_make_hello(name, min_len, out + 5, room - 5);

	memcpy(out, "\x16\x03\x01", 3);
	out[3] = (uint8_t)(len >> 8);
	out[4] = (uint8_t)len;
	return len + 5;
}

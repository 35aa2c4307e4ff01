/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/frame.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/quic_make.h"

#define ETHER_IPV4 0x0800
#define ETHER_IPV6 0x86dd
#define ETHER_VLAN 0x8100
#define GTP_PORT   2152
#define PROTO_TCP  6
#define PROTO_UDP  17

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

static void put_ip(struct writer *w, const char *src, const char *dst, unsigned int proto, size_t payload_len)
{
	if (is_v6(src)) {
		put_u32(w, 0x60000000);
		put_u16(w, (unsigned int)payload_len);
		put_u8(w, proto);
		put_u8(w, 64);
	} else {
		put_u16(w, 0x4500);
		put_u16(w, (unsigned int)payload_len + 20);
		put_u32(w, 0x00004000);
		put_u8(w, 64);
		put_u8(w, proto);
		put_u16(w, 0);
	}
	put_address(w, src);
	put_address(w, dst);
}

static void put_udp(struct writer *w, unsigned int src_port, unsigned int dst_port, size_t len)
{
	put_u16(w, src_port);
	put_u16(w, dst_port);
	put_u16(w, (unsigned int)len + 8);
	put_u16(w, 0);
}

static void put_packet(struct writer *w, const struct frame_spec *s)
{
	put_ip(w, s->src, s->dst, s->proto, transport_len(s) + s->len);
	if (s->proto == PROTO_TCP) {
		put_u16(w, s->src_port);
		put_u16(w, s->dst_port);
		put_u32(w, s->seq);
		put_u32(w, s->ack);
		put_u8(w, 0x50);
		put_u8(w, s->tcp_flags);
		put_u16(w, 65535);
		put_u32(w, 0);
	} else if (s->proto == PROTO_UDP) {
		put_udp(w, s->src_port, s->dst_port, s->len);
	}
	put_bytes(w, s->data, s->len);
}

size_t frame_volume(const struct frame_spec *s)
{
	return (is_v6(s->src) ? 40 : 20) + transport_len(s) + s->len;
}

size_t frame_make(const struct frame_spec *s, uint8_t *out)
{
	struct writer w = {.at = out};
	const char *outermost = s->outer_src != NULL ? s->outer_src : s->src;

	if (frame_volume(s) + 100 > FRAME_MAX)
		abort();
	put_bytes(&w, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01", 12);
	if (s->vlan != 0) {
		put_u16(&w, ETHER_VLAN);
		put_u16(&w, s->vlan);
	}
	put_u16(&w, is_v6(outermost) ? ETHER_IPV6 : ETHER_IPV4);
	if (s->outer_src != NULL) {
		put_ip(&w, s->outer_src, s->outer_dst, PROTO_UDP, 16 + frame_volume(s));
		put_udp(&w, GTP_PORT, GTP_PORT, 8 + frame_volume(s));
		put_u16(&w, 0x30ff);
		put_u16(&w, (unsigned int)frame_volume(s));
		put_u32(&w, s->teid);
	}
	put_packet(&w, s);
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

/* SPDX-License-Identifier: BSD-3-Clause */
/* IPv4 with options, IPv6 with extension headers: addresses, protocol, fragments, volume. */
#include <string.h>

#include "dataplane/packet/walk.h"

#define IPV4_HEADER_LEN 20
#define IPV6_HEADER_LEN 40

/* Extension headers (IANA, "IPv6 Extension Header Types") that lie before the transport header in clear. */
enum {
	EXT_HOP_BY_HOP = 0,
	EXT_ROUTING = 43,
	EXT_FRAGMENT = 44,
	EXT_AUTH = 51,
	EXT_NONE = 59, /* nothing follows (RFC 8200, section 4.7) */
	EXT_DESTINATION = 60,
};

/* Extension headers that are read of one packet; RFC 8200, section 4.1 has use for seven. */
#define EXTENSIONS_MAX 8

struct zr_walk zr_ip_version(struct zr_walk w, struct zr_packet *p)
{
	uint8_t version;

	if (w.held_len == 0)
		return zr_walk_short(w, p, 1, ZR_UNACCOUNTED_NOT_IP);
	version = w.at[0] >> 4;
	if (version != 4 && version != 6)
		return zr_walk_leave(w, p, ZR_UNACCOUNTED_NOT_IP);
	return zr_walk_to_ip(w, p, version);
}

/* A fragment, whose part of the datagram begins here. at: of that part, in bytes. */
static void note_fragment(struct zr_walk w, struct zr_packet *p, uint32_t id, uint16_t at, bool more)
{
	p->fragment = true;
	p->first_fragment = at == 0;
	p->more_fragments = more;
	p->fragment_proto = p->proto;
	p->fragment_at = at;
	p->fragment_id = id;
	zr_walk_to_payload(w, p);
}

/* RFC 791, section 3.1. */
static struct zr_walk pass_ipv4(struct zr_walk w, struct zr_packet *p)
{
	uint32_t room_len = w.wire_len;
	const uint8_t *h = zr_walk_take(&w, IPV4_HEADER_LEN);
	uint32_t header_len, total_len;
	uint16_t fragment;

	if (h == NULL)
		return zr_walk_short(w, p, IPV4_HEADER_LEN, ZR_UNACCOUNTED_MALFORMED);
	header_len = (h[0] & 0x0fU) * 4;
	total_len = zr_be16(h + 2);
	if (total_len == 0) /* left to segmentation offload */
		total_len = room_len;
	if (h[0] >> 4 != 4 || header_len < IPV4_HEADER_LEN || total_len < header_len || total_len > room_len)
		return zr_walk_leave(w, p, ZR_UNACCOUNTED_MALFORMED);
	if (header_len > IPV4_HEADER_LEN && zr_walk_take(&w, header_len - IPV4_HEADER_LEN) == NULL)
		return zr_walk_leave(w, p, ZR_UNACCOUNTED_TRUNCATED);
	zr_walk_limit(&w, total_len - header_len);

	p->hops = h[8];
	p->proto = h[9];
	p->ip_header_len = (uint8_t)header_len;
	fragment = zr_be16(h + 6) & 0x3fffU; /* more fragments, offset in words of eight bytes */
	if (fragment != 0)
		note_fragment(w, p, zr_be16(h + 4), (uint16_t)(fragment << 3), (fragment & 0x2000) != 0);
	p->volume_bytes = total_len;
	memcpy(p->src.b, h + 12, 4);
	memcpy(p->dst.b, h + 16, 4);
	return w;
}

/* RFC 8200, section 4.5. Returns whether a transport header may follow. w: behind the Fragment header. */
static bool read_fragment(struct zr_walk w, const uint8_t *h, struct zr_packet *p)
{
	uint16_t at = zr_be16(h + 2) & 0xfff8U;
	bool more = h[3] & 1;

	/* Neither offset nor more: the datagram is whole (RFC 6946). */
	if (at != 0 || more)
		note_fragment(w, p, zr_be32(h + 4), at, more);
	return at == 0;
}

/* Bytes of an extension header that begins with these two; 0 when it is none that we pass. */
static uint32_t extension_len(uint8_t proto, const uint8_t *h)
{
	switch (proto) {
	case EXT_HOP_BY_HOP:
	case EXT_ROUTING:
	case EXT_DESTINATION:
		return (h[1] + 1U) * 8;
	case EXT_FRAGMENT:
		return 8;
	case EXT_AUTH: /* words of four bytes, less two (RFC 4302, section 2.2) */
		return (h[1] + 2U) * 4;
	default:
		return 0;
	}
}

/*
 * Pass the extension headers and leave in p->proto what is behind them. A header that cannot be read stays the packet's
 * protocol: it has a flow, without ports. So does a Fragment header inside a fragment (RFC 8200, section 4.1 has one).
 */
static struct zr_walk pass_extensions(struct zr_walk w, struct zr_packet *p)
{
	for (unsigned int i = 0; i < EXTENSIONS_MAX && w.held_len >= 2; i++) {
		uint8_t proto = p->proto;
		uint32_t len = extension_len(proto, w.at);
		const uint8_t *h;

		if (len == 0 || (proto == EXT_FRAGMENT && p->fragment))
			return w;
		h = zr_walk_take(&w, len);
		if (h == NULL)
			return w;
		p->proto = h[0];
		if (proto == EXT_FRAGMENT && !read_fragment(w, h, p))
			return w;
	}
	return w;
}

/* RFC 8200, section 3. */
static struct zr_walk pass_ipv6(struct zr_walk w, struct zr_packet *p)
{
	uint32_t room_len = w.wire_len;
	const uint8_t *h = zr_walk_take(&w, IPV6_HEADER_LEN);
	uint32_t total_len;

	if (h == NULL)
		return zr_walk_short(w, p, IPV6_HEADER_LEN, ZR_UNACCOUNTED_MALFORMED);
	total_len = IPV6_HEADER_LEN + zr_be16(h + 4);
	if (total_len == IPV6_HEADER_LEN && h[6] != EXT_NONE) /* left to segmentation offload */
		total_len = room_len;
	if (h[0] >> 4 != 6 || total_len > room_len)
		return zr_walk_leave(w, p, ZR_UNACCOUNTED_MALFORMED);
	zr_walk_limit(&w, total_len - IPV6_HEADER_LEN);

	p->hops = h[7];
	p->proto = h[6];
	p->volume_bytes = total_len;
	memcpy(p->src.b, h + 8, 16);
	memcpy(p->dst.b, h + 24, 16);
	return pass_extensions(w, p);
}

struct zr_walk zr_ip_pass(struct zr_walk w, struct zr_packet *p)
{
	return p->family == 4 ? pass_ipv4(w, p) : pass_ipv6(w, p);
}

struct zr_walk zr_ip_join(struct zr_walk w, struct zr_packet *p)
{
	p->proto = p->fragment_proto;
	p->ip_header_len = 0;
	if (p->family == 6)
		w = pass_extensions(w, p);
	p->fragment = p->first_fragment = p->more_fragments = false;
	return w;
}

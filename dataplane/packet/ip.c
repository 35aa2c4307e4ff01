/* SPDX-License-Identifier: BSD-3-Clause */
/* Behind the IP header: extension headers, fragments. The headers themselves: stations.h. */
#include "dataplane/packet/walk.h"

/* Extension headers (IANA, "IPv6 Extension Header Types") that lie before the transport header in clear. */
enum {
	EXT_HOP_BY_HOP = 0,
	EXT_ROUTING = 43,
	EXT_FRAGMENT = 44,
	EXT_AUTH = 51,
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

void zr_ip_note_fragment(struct zr_walk w, struct zr_packet *p, uint32_t id, uint16_t at, bool more)
{
	p->fragment = true;
	p->first_fragment = at == 0;
	p->more_fragments = more;
	p->fragment_proto = p->proto;
	p->fragment_at = at;
	p->fragment_id = id;
	zr_walk_to_payload(w, p);
}

/* RFC 8200, section 4.5. Returns whether a transport header may follow. w: behind the Fragment header. */
static bool read_fragment(struct zr_walk w, const uint8_t *h, struct zr_packet *p)
{
	uint16_t at = zr_be16(h + 2) & 0xfff8U;
	bool more = h[3] & 1;

	/* Neither offset nor more: the datagram is whole (RFC 6946). */
	if (at != 0 || more)
		zr_ip_note_fragment(w, p, zr_be32(h + 4), at, more);
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

struct zr_walk zr_ip_pass_extensions(struct zr_walk w, struct zr_packet *p)
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
		p->ip_options |= proto != EXT_FRAGMENT;
		if (proto == EXT_FRAGMENT && !read_fragment(w, h, p))
			return w;
	}
	return w;
}

struct zr_walk zr_ip_join(struct zr_walk w, struct zr_packet *p)
{
	p->proto = p->fragment_proto;
	p->ip_header_len = 0;
	if (p->family == 6)
		w = zr_ip_pass_extensions(w, p);
	p->fragment = p->first_fragment = p->more_fragments = false;
	return w;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnels: which may be opened, and what stands before the inner IP header. */
#include <endian.h>

#include "dataplane/packet/stations.h"

#define GTPU_HEADER_LEN 8
#define GTPU_G_PDU      255
/* Extension headers that are read of one packet; 3GPP TS 29.281, section 5.2.1 knows a handful, each used once. */
#define GTPU_EXTENSIONS_MAX 8

/* Flags of the first byte (3GPP TS 29.281, section 5.1). */
enum { GTPU_PN = 0x01, GTPU_S = 0x02, GTPU_E = 0x04, GTPU_V1 = 0x30 /* version 1, protocol type GTP */ };

/* Flags of the first two bytes (RFC 2784, RFC 2890; PPTP: RFC 2637, section 4.1). */
enum {
	GRE_WORDS = 0xb000,    /* checksum, key, sequence number: each brings four bytes */
	GRE_ACK = 0x0080,      /* so does PPTP's acknowledgement number */
	GRE_RESERVED = 0x4c00, /* routing and its kin (RFC 1701): not to be accepted */
	GRE_VERSION = 0x0007,
};
#define GRE_HEADER_LEN 4
enum { GRE_IPV4 = 0x0800, GRE_IPV6 = 0x86dd, GRE_PPP = 0x880b };

/* Inside a tunnel every reason not to go on has the same effect. */
static struct zr_walk leave(struct zr_walk w, struct zr_packet *inner)
{
	return zr_walk_leave(w, inner, ZR_UNACCOUNTED_NOT_IP);
}

/* Chain of extension headers: length in words of four bytes, content, type of the next; then IP. */
static struct zr_walk pass_gtpu_extensions(struct zr_walk w, uint8_t next, struct zr_packet *inner)
{
	for (unsigned int i = 0; next != 0; i++) {
		uint32_t len = w.held_len > 0 ? w.at[0] * 4U : 0;
		const uint8_t *h = zr_walk_take(&w, len);

		if (len == 0 || h == NULL || i == GTPU_EXTENSIONS_MAX)
			return leave(w, inner);
		next = h[len - 1];
	}
	return zr_ip_version(w, inner);
}

/* A G-PDU of GTP-U version 1 (3GPP TS 29.281, section 5). */
static struct zr_walk pass_gtpu(struct zr_walk w, struct zr_packet *inner)
{
	const uint8_t *h = zr_walk_take(&w, GTPU_HEADER_LEN);
	const uint8_t *optional;

	if (h == NULL || (h[0] & 0xf0) != GTPU_V1 || h[1] != GTPU_G_PDU || zr_be16(h + 2) > w.wire_len)
		return leave(w, inner);
	zr_walk_limit(&w, zr_be16(h + 2));
	inner->has_teid = true;
	inner->teid = zr_be32(h + 4);
	if ((h[0] & (GTPU_E | GTPU_S | GTPU_PN)) == 0)
		return zr_ip_version(w, inner);

	optional = zr_walk_take(&w, 4); /* one flag brings the fields of all three */
	if (optional == NULL)
		return leave(w, inner);
	return pass_gtpu_extensions(w, (h[0] & GTPU_E) != 0 ? optional[3] : 0, inner);
}

/* GRE version 0, and PPTP's version 1, whose only payload is PPP. */
static struct zr_walk pass_gre(struct zr_walk w, struct zr_packet *inner)
{
	const uint8_t *h = zr_walk_take(&w, GRE_HEADER_LEN);
	uint16_t flags, type, version;
	unsigned int words;

	if (h == NULL)
		return leave(w, inner);
	flags = zr_be16(h);
	type = zr_be16(h + 2);
	version = flags & GRE_VERSION;
	words = (unsigned int)__builtin_popcount(flags & (version == 0 ? GRE_WORDS : GRE_WORDS | GRE_ACK));
	if ((flags & GRE_RESERVED) != 0 || zr_walk_take(&w, words * 4) == NULL)
		return leave(w, inner);
	if (version == 0 && type == GRE_IPV4)
		return zr_walk_to_ip(w, inner, 4);
	if (version == 0 && type == GRE_IPV6)
		return zr_walk_to_ip(w, inner, 6);
	if (version == 1 && type == GRE_PPP)
		return zr_ppp_pass(w, inner);
	return leave(w, inner);
}

bool zr_packet_may_open(const struct zr_packet_rules *rules, const struct zr_packet *p)
{
	const struct zr_prefix_set *endpoints = rules->tunnel_endpoints;

	if (p->tunnels == ZR_TUNNELS_MAX)
		return false;
	if (rules->open_all_tunnels)
		return true;
	/* GTP-U carries what subscribers send: between which endpoints that claims to run proves nothing. */
	return !p->has_teid && endpoints != NULL && zr_prefix_set_contains(endpoints, p->family, p->src.b) &&
	       zr_prefix_set_contains(endpoints, p->family, p->dst.b);
}

bool zr_packet_opens(const struct zr_packet_rules *rules, const struct zr_packet *p)
{
	return zr_tunnel_is(p) && zr_packet_may_open(rules, p);
}

/* From the header of a tunnel with that protocol number to an IP header of inner->family. */
static struct zr_walk pass_tunnel(struct zr_walk w, uint8_t proto, struct zr_packet *inner)
{
	switch (proto) {
	case ZR_PROTO_UDP:
		return pass_gtpu(w, inner);
	case ZR_PROTO_GRE:
		return pass_gre(w, inner);
	default:
		return zr_walk_to_ip(w, inner, proto == ZR_PROTO_IPV4 ? 4 : 6);
	}
}

/* The order of memcmp. */
static bool is_below(const union zr_ip *a, const union zr_ip *b)
{
	bool differ = a->half[0] != b->half[0];

	return be64toh(a->half[!differ]) < be64toh(b->half[!differ]);
}

struct zr_walk zr_tunnel_enter(struct zr_walk w, struct zr_packet *p)
{
	uint8_t proto = p->proto, way = is_below(&p->src, &p->dst) ? 1 : 2;

	zr_walk_clear_ip(p);
	p->tunnels++;
	p->tunnel_way = way;
	return pass_tunnel(w, proto, p);
}

void zr_tunnels_pass(struct zr_walk w, const struct zr_packet_rules *rules, struct zr_packet *p)
{
	while (!p->fragment && zr_packet_opens(rules, p)) {
		struct zr_packet outer = *p;

		w = zr_tunnel_enter(w, p);
		if (p->unaccounted == ZR_ACCOUNTED)
			w = zr_ip_pass(w, p);
		/* What does not parse inside leaves the packet to the tunnel's own flow. */
		if (p->unaccounted != ZR_ACCOUNTED) {
			*p = outer;
			return;
		}
		w = zr_transport_pass(w, p);
	}
}

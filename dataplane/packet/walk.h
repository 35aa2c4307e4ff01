/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walk over a frame's headers, from the outside in, and the stations it passes. Private to this folder.
 *
 * A station takes the walk before its header, checks that the header is there, reads it into the packet and returns the
 * walk behind it. When it cannot, it says why in p->unaccounted, and where the walk stands then means nothing.
 */
#ifndef DATAPLANE_PACKET_WALK_H
#define DATAPLANE_PACKET_WALK_H

#include <stddef.h>
#include <string.h>

#include "dataplane/packet/packet.h"

/* Passed by value: it fits into two registers, and kept in memory it costs more than the reading does. */
struct zr_walk {
	const uint8_t *at; /* the next header */
	uint32_t held_len; /* bytes from there on that the view holds */
	uint32_t wire_len; /* bytes from there on that were on the wire; never less */
};

/* Tunnels inside each other that are opened. */
#define ZR_TUNNELS_MAX 4

/* Protocol numbers (IANA) of tunnels. */
enum { ZR_PROTO_IPV4 = 4, ZR_PROTO_IPV6 = 41, ZR_PROTO_GRE = 47 };

/* Ethernet's header, and where its type stands; types of IP (IANA, "IEEE 802 Numbers"). */
enum { ZR_ETHERNET_LEN = 14, ZR_ETHERNET_TYPE_AT = 12, ZR_TYPE_IPV4 = 0x0800, ZR_TYPE_IPV6 = 0x86dd };

/* Where GTP-U is sent to (3GPP TS 29.281, section 4.4.2). */
#define ZR_GTPU_PORT 2152

static inline uint16_t zr_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t zr_be32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* Set what is known of a packet before its first header. */
static inline void zr_walk_clear_frame(struct zr_packet *p, const struct zr_view *view)
{
	p->unaccounted = ZR_ACCOUNTED;
	p->domain = view->port->domain;
	p->role = view->port->role;
	p->volume_bytes = view->wire_len;
	p->vlan_count = 0;
	memset(p->vlans, 0, sizeof(p->vlans));
	p->tunnels = 0;
	p->has_teid = false;
	p->teid = 0;
}

/*
 * Clear what IP and transport headers fill. Member by member: gcc 12 clears a whole packet with a string instruction that
 * takes longer than all of the parsing.
 */
static inline void zr_walk_clear_ip(struct zr_packet *p)
{
	p->src = p->dst = (union zr_ip){.half = {0, 0}};
	p->src_port = p->dst_port = 0;
	p->family = p->proto = 0;
	p->hops = p->ip_header_len = 0;
	p->ip_options = false;
	p->tcp_flags = p->header_len = 0;
	p->fragment = p->first_fragment = p->more_fragments = p->contradicted = false;
	p->fragment_proto = 0;
	p->fragment_at = 0;
	p->fragment_id = 0;
	p->tcp_seq = p->tcp_ack = 0;
	p->payload = NULL;
	p->payload_len = p->payload_wire_len = 0;
}

/* Step over len bytes and return where they begin; NULL, and no step, when the view does not hold them. */
static inline const uint8_t *zr_walk_take(struct zr_walk *w, uint32_t len)
{
	const uint8_t *at = w->at;

	if (w->held_len < len)
		return NULL;
	w->at += len;
	w->held_len -= len;
	w->wire_len -= len;
	return at;
}

/* Step over len bytes, in the view or not; len is at most wire_len. */
static inline void zr_walk_skip(struct zr_walk *w, uint32_t len)
{
	uint32_t held_len = len < w->held_len ? len : w->held_len;

	w->at += held_len;
	w->held_len -= held_len;
	w->wire_len -= len;
}

/* End the walk len bytes from here; len is at most wire_len. */
static inline void zr_walk_limit(struct zr_walk *w, uint32_t len)
{
	w->wire_len = len;
	if (w->held_len > len)
		w->held_len = len;
}

/* Leave the walk for a reason. */
static inline struct zr_walk zr_walk_leave(struct zr_walk w, struct zr_packet *p, enum zr_unaccounted reason)
{
	p->unaccounted = (uint8_t)reason;
	return w;
}

/* Leave it because len bytes could not be taken: the view stops before them, or, if the wire did, reason. */
static inline struct zr_walk zr_walk_short(struct zr_walk w, struct zr_packet *p, uint32_t len,
					   enum zr_unaccounted reason)
{
	return zr_walk_leave(w, p, w.wire_len < len ? reason : ZR_UNACCOUNTED_TRUNCATED);
}

/* Go on to an IP header. */
static inline struct zr_walk zr_walk_to_ip(struct zr_walk w, struct zr_packet *p, uint8_t family)
{
	p->family = family;
	return w;
}

/*
 * From a link header of the given type (enum zr_link) to an IP header of p->family, past VLAN tags (to p->vlans),
 * LLC/SNAP, MPLS labels and PPPoE.
 */
struct zr_walk zr_link_pass_any(struct zr_walk w, uint8_t link, struct zr_packet *p);

/* From a PPP header (RFC 1661, section 2, with or without the FF 03 of RFC 1662) to an IP header of p->family. */
struct zr_walk zr_ppp_pass(struct zr_walk w, struct zr_packet *p);

/* The version nibble of the next byte says of which family the IP header is that comes: to p->family. No step. */
struct zr_walk zr_ip_version(struct zr_walk w, struct zr_packet *p);

/* A fragment, whose part of the datagram begins here. at: of that part, in bytes. */
void zr_ip_note_fragment(struct zr_walk w, struct zr_packet *p, uint32_t id, uint16_t at, bool more);

/*
 * Pass the extension headers and leave in p->proto what is behind them. A header that cannot be read stays the packet's
 * protocol: it has a flow, without ports. So does a Fragment header inside a fragment (RFC 8200, section 4.1 has one).
 */
struct zr_walk zr_ip_pass_extensions(struct zr_walk w, struct zr_packet *p);

/* What a datagram of p's first fragment carries, put together: past extension headers to the transport header. */
struct zr_walk zr_ip_join(struct zr_walk w, struct zr_packet *p);

/* What is left of the walk is the payload. */
static inline struct zr_walk zr_walk_to_payload(struct zr_walk w, struct zr_packet *p)
{
	p->payload = w.held_len > 0 ? w.at : NULL;
	p->payload_len = w.held_len;
	p->payload_wire_len = w.wire_len;
	return w;
}

/* Does p, read in full, carry what may be a tunnel? Apart from zr_tunnels_pass, since nearly every packet says no. */
static inline bool zr_tunnel_is(const struct zr_packet *p)
{
	switch (p->proto) {
	case ZR_PROTO_UDP:
		return p->dst_port == ZR_GTPU_PORT && p->payload_len > 0;
	case ZR_PROTO_IPV4:
	case ZR_PROTO_IPV6:
	case ZR_PROTO_GRE:
		return true;
	default:
		return false;
	}
}

/*
 * From the header of the tunnel that p carries, which w is at, to the IP header inside: p becomes the packet inside, of
 * p->family; when that cannot be, it is unaccounted. The caller asks zr_packet_opens first.
 */
struct zr_walk zr_tunnel_enter(struct zr_walk w, struct zr_packet *p);

/*
 * Every tunnel that the rules let be opened, one in the other: p, read in full, becomes the innermost packet that can be
 * read. w: behind p's headers, as zr_transport_pass (stations.h) left it.
 */
void zr_tunnels_pass(struct zr_walk w, const struct zr_packet_rules *rules, struct zr_packet *p);

#endif

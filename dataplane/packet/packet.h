/* SPDX-License-Identifier: BSD-3-Clause */
/* Headers: from a packet view to addresses, ports, payload and volume. */
#ifndef DATAPLANE_PACKET_PACKET_H
#define DATAPLANE_PACKET_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/packet/view.h"
#include "rules/prefix.h"

/*
 * Why a packet has no flow. Its volume is then its frame length on the wire, counted as unaccounted under this name.
 * TUNNEL_FRAGMENT is no packet's: of a tunnel's datagram that was put together from fragments the packet inside is counted,
 * once; this is the rest (the other frames, the tunnel's headers).
 */
#define ZR_UNACCOUNTED(X)                                                                                       \
	X(LINK_TYPE, "link_type") /* the capture's link type is not one we read */                              \
	X(NOT_IP, "not_ip")       /* ARP, LLDP, a VLAN control frame…: no IP header behind the link header */ \
	X(MALFORMED, "malformed") /* an IP header that contradicts itself or the frame's length */              \
	X(TRUNCATED, "truncated") /* the capture stops before the end of the IP header */                       \
	X(TUNNEL_FRAGMENT, "tunnel_fragment") /* what a tunnel's fragments had beyond the packet inside */

enum zr_unaccounted {
	ZR_ACCOUNTED, /* the packet has a flow */
#define X(id, name) ZR_UNACCOUNTED_##id,
	ZR_UNACCOUNTED(X)
#undef X
		ZR_UNACCOUNTED_COUNT
};

/* The name of an unaccounted reason as records and counters show it. */
const char *zr_unaccounted_name(enum zr_unaccounted reason);

#define ZR_VLANS_MAX 4

/* An IPv4 address stands in b[0..3], the rest is zero. Network order. */
union zr_ip {
	uint8_t b[16];
	uint32_t v4_be;
	uint64_t half[2];
};

/* IP protocol numbers that the core knows by name (IANA). */
enum { ZR_PROTO_TCP = 6, ZR_PROTO_UDP = 17 };

/* TCP flags as on the wire (RFC 9293, section 3.1). */
enum {
	ZR_TCP_FIN = 0x01,
	ZR_TCP_SYN = 0x02,
	ZR_TCP_RST = 0x04,
	ZR_TCP_PSH = 0x08,
	ZR_TCP_ACK = 0x10,
	ZR_TCP_URG = 0x20
};

/* A parsed packet: the innermost IP header that may be opened, and what is behind it. */
struct zr_packet {
	union zr_ip src, dst;
	uint16_t src_port, dst_port; /* host order; 0 when the protocol has none or they cannot be read */
	uint16_t domain;
	uint8_t family; /* 4 or 6 */
	uint8_t proto;  /* IP protocol number, behind extension headers */

	uint8_t unaccounted; /* enum zr_unaccounted */
	uint8_t role;        /* enum zr_role of the port */
	uint8_t vlan_count;
	uint8_t tunnels; /* opened on the way to this packet */
	bool has_teid;

	uint8_t hops;          /* left to it: time to live, hop limit; of fragments put together the least */
	bool ip_options;       /* it has IPv4 options, or IPv6 extension headers but for a Fragment header */
	uint8_t ip_header_len; /* of IPv4, where no datagram was put together: so far before TCP's or UDP's header; else 0 */
	uint8_t tcp_flags;
	uint8_t header_len;  /* of TCP or UDP: payload, if there is one, begins so far behind */
	bool fragment;       /* part of a fragmented datagram: its payload is this part, with what headers are in it */
	bool first_fragment; /* … the first part: ports are readable */
	bool more_fragments; /* … not the last part */
	bool contradicted;   /* put together from fragments of which some came twice with different contents */
	uint8_t fragment_proto; /* … what the datagram begins with: behind it may be IPv6 extension headers */
	uint16_t fragment_at;   /* … where this part lies in the datagram, in bytes */
	uint32_t fragment_id;   /* … which datagram it is of */

	uint32_t volume_bytes; /* IP total length; the frame's length when unaccounted */
	uint32_t tcp_seq, tcp_ack;
	uint32_t teid;                /* GTP-U, when has_teid */
	uint16_t vlans[ZR_VLANS_MAX]; /* VLAN ids, outermost first */
	uint8_t tunnel_way; /* with tunnels: which way through the last of them, 1 or 2; the other one is the way back */

	const uint8_t *payload; /* behind the TCP or UDP header (of fragments: see there); NULL when payload_len is 0 */
	uint32_t payload_len;   /* bytes of it that the view holds */
	uint32_t payload_wire_len; /* bytes of it by the IP length; more than payload_len when the view is cut short */
};

/* How to read packets; constant while a pipeline runs. */
struct zr_packet_rules {
	/* Tunnels are opened only when both outer addresses lie in here. */
	const struct zr_prefix_set *tunnel_endpoints;
	bool open_all_tunnels; /* for capture files: open whatever the endpoints are */
};

/*
 * Parse one view. Never fails: what cannot be read is told by out->unaccounted. out points into the view's bytes.
 * Lengths are checked in memory order before any byte is read. Every member of out is set. Pure; any thread.
 *
 * Link: Ethernet with up to ZR_VLANS_MAX tags (0x8100, 0x88a8, 0x9100), LLC/SNAP, up to 16 MPLS labels, PPPoE session.
 * IP: an IP length of 0 (segmentation offload) means all that follows the link header; one beyond the frame is malformed.
 * Behind an IPv6 extension header that cannot be read (or the eighth) the packet has a flow: of that header's number.
 * TCP, UDP: ports when four bytes are there; a data offset or UDP length that cannot be leaves no payload.
 * Tunnels: GTP-U version 1 G-PDUs sent to port 2152, GRE with IP (or PPTP's PPP), IP in IP, up to four in each other, none
 * in a fragment. Unless open_all_tunnels, none inside GTP-U: that is what subscribers send. When what is inside is no IP
 * packet that parses, out is the tunnel's own packet.
 */
void zr_packet_parse(const struct zr_packet_rules *rules, const struct zr_view *view, struct zr_packet *out);

/*
 * Parse as far as it takes to know whose the packet is: unaccounted, family, addresses, role and domain of out, and whether it
 * is a fragment, are those that zr_packet_parse leaves. A fragment is read as far as zr_packet_peek and
 * zr_packet_may_open ask; of other packets the rest means nothing. Pure; any thread.
 */
void zr_packet_whose(const struct zr_packet_rules *rules, const struct zr_view *view, struct zr_packet *out);

/* Is p a tunnel that the rules let be opened? Asked of a first fragment: may its datagram be opened once it is whole? */
bool zr_packet_opens(const struct zr_packet_rules *rules, const struct zr_packet *p);

/* Do the rules let tunnels between p's ends be opened? All that a later fragment can tell of it. */
bool zr_packet_may_open(const struct zr_packet_rules *rules, const struct zr_packet *p);

/*
 * The packet that a first fragment would have been, had its datagram come whole. datagram: what its fragments carried, len
 * (at most 65535) bytes, put together. Tunnels are opened as by zr_packet_parse, those opened on the way to the fragment
 * counted in; out->tunnels says whether any was. When none was, out->volume_bytes is still the fragment's: fragments count
 * each for itself. out may not be first. Pure; any thread.
 */
void zr_packet_join(const struct zr_packet_rules *rules, const struct zr_packet *first, const uint8_t *datagram,
		    uint32_t len, struct zr_packet *out);

/*
 * Of whom will the datagram of a first fragment be, when it is put together? As far as the bytes that first carries tell:
 * family, addresses, role and domain of out are those that zr_packet_join would leave; the rest means nothing, since how long
 * the datagram is nobody knows yet. out may not be first. Pure; any thread.
 */
void zr_packet_peek(const struct zr_packet_rules *rules, const struct zr_packet *first, struct zr_packet *out);

#endif

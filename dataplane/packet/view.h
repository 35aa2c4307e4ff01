/* SPDX-License-Identifier: BSD-3-Clause */
/* What the core is given: bursts of packet views over memory that somebody else owns. */
#ifndef DATAPLANE_PACKET_VIEW_H
#define DATAPLANE_PACKET_VIEW_H

#include <stdint.h>

/* Most views in one burst. */
#define ZR_BURST 32

/* Where a frame begins. Names follow libpcap's link types. */
enum zr_link {
	ZR_LINK_ETHERNET,
	ZR_LINK_RAW,  /* IPv4 or IPv6, told apart by the version nibble */
	ZR_LINK_SLL,  /* Linux cooked v1 */
	ZR_LINK_SLL2, /* Linux cooked v2 */
	ZR_LINK_NULL, /* BSD loopback: address family in either byte order */
	ZR_LINK_PPP,  /* PPP (RFC 1661), with or without the HDLC-like FF 03 */
	ZR_LINK_OTHER,
};

/* Which side of the gateway a port faces. */
enum zr_role {
	ZR_ROLE_BOTH,
	ZR_ROLE_ACCESS, /* frames received here come from subscribers */
	ZR_ROLE_CORE,   /* frames received here go to subscribers */
};

struct zr_port {
	uint8_t link;    /* enum zr_link */
	uint8_t role;    /* enum zr_role */
	uint16_t domain; /* flows of different domains are different flows (private addresses overlap) */
};

/* One packet. data stays valid during the call that it is passed to. */
struct zr_view {
	const uint8_t *data;        /* the first contiguous bytes of the frame */
	uint32_t len;               /* how many of them; at most wire_len */
	uint32_t wire_len;          /* the frame's length on the wire */
	uint64_t time_ns;           /* Unix time */
	const struct zr_port *port; /* where it came in */
	void *handle;               /* the caller's own; never looked at */
};

#endif

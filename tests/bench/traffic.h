/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets of established flows for benches: real bytes (Ethernet, IPv4 or IPv6, in GTP-U or not, TCP or UDP, checksums left
 * 0), one packet of every flow, in either direction. Each packet's headers begin on a cache line of their own, as in mbufs,
 * and packets lie in memory one behind the other. Where flows are many, packets are made for a part of them at a time.
 */
#ifndef TESTS_BENCH_TRAFFIC_H
#define TESTS_BENCH_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/packet/view.h"

enum traffic_mix { TRAFFIC_TCP, TRAFFIC_UDP, TRAFFIC_BOTH };

/* Mixed sizes: of twelve packets seven of 64 bytes with their frame, four of 594, one of 1518 ("simple IMIX"). */
#define TRAFFIC_IMIX 0

/* Bytes of any packet's headers, tunnel included, at most. */
#define TRAFFIC_HEADERS_MAX 128

struct traffic_options {
	uint32_t flows;  /* at most 2^24 */
	uint32_t window; /* packets made at a time, a divisor of flows; 0: of all flows */
	uint8_t family;  /* 4 or 6 */
	uint8_t mix;     /* enum traffic_mix */
	bool gtpu;       /* in GTP-U between two IPv4 addresses */
	uint16_t
		ip_bytes; /* (inner) IP total length of each packet, or TRAFFIC_IMIX; the view holds the headers at least */
	bool huge;        /* hint for huge pages */
	uint64_t seed;
};

/* Subscribers lie in 10.0.0.0/8 or 2001:db8::/32, servers in 198.18.0.0/15 or 2001:db9::/32. */
struct traffic {
	struct traffic_options options;
	struct zr_view *views; /* the packets of the window, in the order of their bytes in memory */
	uint32_t count;        /* of them */
	uint32_t first;        /* the flow of the window's first packet: they are in order of their flows */
	uint64_t made;         /* packets made so far: what time it is */
	struct zr_port port;
	uint8_t *bytes;
};

/* The first window. Aborts when memory cannot be had. traffic must stay where it is: the views point to its port. */
void traffic_make(struct traffic *traffic, const struct traffic_options *options);
/* The packets of the next flows, later; behind the last flow it begins anew. */
void traffic_next(struct traffic *traffic);
void traffic_free(struct traffic *traffic);

/* When opening packet number n comes: 100 ns from packet to packet, before any packet of a window. Unix nanoseconds. */
uint64_t traffic_opening_ns(uint32_t n);

/*
 * The headers of a packet of a flow, from its client or its server, with payload_len bytes behind them. Returns their length,
 * at most TRAFFIC_HEADERS_MAX.
 */
size_t traffic_headers(const struct traffic_options *options, uint32_t flow, bool from_client, size_t payload_len,
		       uint8_t *out);

#endif

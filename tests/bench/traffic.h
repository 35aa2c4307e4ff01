/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets of established flows for benches: real bytes (Ethernet, IPv4 or IPv6, TCP or UDP, checksums left 0), one packet
 * of every flow, in random order, in either direction. Each packet's headers begin on a cache line of their own, as in
 * mbufs, and packets lie in memory one behind the other.
 */
#ifndef TESTS_BENCH_TRAFFIC_H
#define TESTS_BENCH_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/packet/view.h"

enum traffic_mix { TRAFFIC_TCP, TRAFFIC_UDP, TRAFFIC_BOTH };

struct traffic_options {
	uint32_t flows; /* at most 2^24 */
	uint8_t family; /* 4 or 6 */
	uint8_t mix;    /* enum traffic_mix */
	uint16_t
		ip_bytes; /* IP total length of each packet; the view holds the headers and the payload's first bytes */
	bool huge;        /* hint for huge pages */
	uint64_t seed;
};

/* Subscribers lie in 10.0.0.0/8 or 2001:db8::/32, servers in 198.18.0.0/15 or 2001:db9::/32. */
struct traffic {
	struct zr_view *opening; /* one packet of each flow, to open the flows with: in an order of its own */
	struct zr_view *views;   /* the same packets later, in the order of their bytes in memory */
	uint32_t count;          /* of either */
	struct zr_port port;
	uint8_t *bytes;
};

/* Aborts when memory cannot be had. traffic must stay where it is: the views point to its port. */
void traffic_make(struct traffic *traffic, const struct traffic_options *options);
void traffic_free(struct traffic *traffic);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What new flows begin with, as whole frames with right checksums: a SYN and a TLS hello, in one segment or in two, or a QUIC
 * Initial with keys of its own. Packets of some hundred flows are interleaved, as they come from many subscribers.
 */
#ifndef TESTS_BENCH_HELLOS_H
#define TESTS_BENCH_HELLOS_H

#include "tests/bench/traffic.h"

enum hellos_kind {
	HELLOS_TLS, /* SYN, a hello of 517 bytes in one segment */
	HELLOS_TLS_LARGE, /* SYN, a hello of 1,800 bytes, as post-quantum key shares make it, in two; its name is in the second */
	HELLOS_QUIC, /* a version 1 Initial in a datagram of 1,250 bytes; the client's connection id is empty, the other 8 bytes */
};

/* Flows whose packets are interleaved. */
#define HELLOS_BLOCK 256

/* Where the fields of a QUIC Initial lie in its datagram. */
#define HELLOS_DCID_OFFSET 6
#define HELLOS_DCID_LEN    8
#define HELLOS_PN_OFFSET   18

struct hellos {
	struct traffic
		traffic; /* views and count: all packets in order, the handle of each its flow's number; no window of it is made */
	uint32_t flows;
	unsigned int pkts_each; /* of a flow */
	size_t bytes_len;
};

/* Every name lies below olm.vn. Aborts when memory cannot be had. hellos must stay where it is. */
void hellos_make(struct hellos *hellos, enum hellos_kind kind, uint32_t flows);
void hellos_free(struct hellos *hellos);

/* The flow's number of a packet. */
uint32_t hellos_flow(const struct zr_view *view);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The DNS in a stream of packets: bursts of views in, learned addresses out. On every port, over UDP and TCP. One thread; all
 * memory is the caller's, nothing is allocated per packet.
 */
#ifndef DATAPLANE_PIPELINE_DNS_WATCH_H
#define DATAPLANE_PIPELINE_DNS_WATCH_H

#include "dataplane/inspect/dns_learn.h"
#include "dataplane/packet/view.h"

struct zr_dns_watch;

struct zr_dns_watch_config {
	uint32_t queries;        /* outstanding ones that are remembered; the oldest goes first */
	uint32_t connections;    /* over TCP, likewise */
	size_t reassembly_bytes; /* bound of the memory for messages over TCP, and IP fragments, that are not complete */
	/* Read TCP from its SYN on, without a gap, or not at all (zr_dns_stream): for who believes what he is taught. */
	bool strict;
	struct zr_packet_rules packets;
	uint64_t seed[2]; /* random at every start of a gateway, fixed for capture files */

	/* Takes each address; called from inside zr_dns_watch_burst. */
	void (*learned)(void *arg, const struct zr_dns_learned *learned);
	/* Takes the name of each query (of len 0 when it is none of a host); NULL: nobody does. */
	void (*asked)(void *arg, const struct zr_packet *packet, const struct zr_dns_name *name);
	void *arg;
};

/* Bytes of memory; 0 when the configuration is out of bounds. */
size_t zr_dns_watch_memory(const struct zr_dns_watch_config *config);

/* Make a watch in memory (zeroed, aligned to 64, the caller's, for its lifetime). Nothing need be given back. */
struct zr_dns_watch *zr_dns_watch_init(void *memory, const struct zr_dns_watch_config *config);

/* Take up to ZR_BURST packets, in order. Times that go back are raised to the latest seen. */
void zr_dns_watch_burst(struct zr_dns_watch *w, const struct zr_view *views, unsigned int count);

/*
 * Take one packet that somebody else has parsed and put together: one that is no fragment and not contradicted. now_us never goes
 * back. False: what its sender says on this TCP connection is not looked at any more.
 */
bool zr_dns_watch_packet(struct zr_dns_watch *w, const struct zr_packet *packet, uint64_t now_us);

uint64_t zr_dns_watch_counter(const struct zr_dns_watch *w, enum zr_dns_counter counter);

#endif

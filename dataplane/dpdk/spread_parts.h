/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which worker a fragment belongs to. Fragments of a subscriber's own packets name the subscriber, each of them. Those of a
 * tunnel's packets do not: the first one holds the inner header, and the later ones follow it, by a table of bounded size.
 * Private to this folder.
 *
 * One table for all workers, since the parts of a datagram may come in at several ports or queues. An entry is one word, so
 * nothing is locked: who looks sees it as it was or as it is. Workers touch it for tunnels' fragments only.
 */
#ifndef DATAPLANE_DPDK_SPREAD_PARTS_H
#define DATAPLANE_DPDK_SPREAD_PARTS_H

#include <stdalign.h>
#include <stdatomic.h>

#include "dataplane/packet/packet.h"

/* Datagrams that are remembered: as many as come in 10 ms when packets of 1500 bytes, in two parts each, fill 10 Gbit/s. */
#define ZR_SPREAD_SETS 1024
#define ZR_SPREAD_WAYS 8 /* a line of the cache */

struct zr_spread_parts {
	const struct zr_packet_rules *rules;
	const struct zr_prefix_set *subscribers;
	unsigned int workers;
	uint64_t hash_key[2];
	alignas(64) _Atomic uint64_t sets[ZR_SPREAD_SETS][ZR_SPREAD_WAYS];
};

/* Nothing is remembered yet. rules and subscribers (may be NULL) must outlive it; seed: random at every start. */
void zr_spread_parts_init(struct zr_spread_parts *parts, const struct zr_packet_rules *rules,
			  const struct zr_prefix_set *subscribers, unsigned int workers, const uint64_t seed[2]);

/*
 * The worker of a parsed fragment. Unless both its addresses may be a tunnel's ends that is zr_spread_worker's answer, and
 * nothing is remembered. Else a datagram has one worker, remembered for as long as its parts are waited for (ZR_DATAGRAM_US),
 * if others do not need the room; the oldest goes first:
 * - when its first part comes first, that of the subscriber inside, as far as this part's bytes tell who that is;
 * - when a later part comes first, that of the tunnel's own addresses, also for the first part. What is inside is judged
 *   there, and volumes are right; but the subscriber's hello was seen elsewhere.
 * now_ns: the packet's time. Any worker.
 */
unsigned int zr_spread_part(struct zr_spread_parts *parts, const struct zr_packet *part, uint64_t now_ns);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which worker a packet belongs to: the one of its subscriber, so that fragments, both directions and a subscriber's other
 * flows meet in one worker. Pure. Private to this folder.
 */
#ifndef DATAPLANE_DPDK_SPREAD_H
#define DATAPLANE_DPDK_SPREAD_H

#include "dataplane/packet/packet.h"

/*
 * The worker, below workers, of a parsed packet: by the address of its source on an access port and of its destination on
 * a core port; on a port that faces both, of the side that lies in subscribers (NULL: not known) when exactly one does,
 * else of both in no order. IPv6 by its /64. What has no IP header that can be read belongs to worker 0. A tunnel's fragments
 * do not name the subscriber: see spread_parts.h.
 */
unsigned int zr_spread_worker(const struct zr_packet *packet, const struct zr_prefix_set *subscribers,
			      unsigned int workers);

/*
 * The worker of a flow's packets, as above. role: of the ports of its domain, ZR_ROLE_BOTH when one faces both sides; facing
 * one, they make the client the subscriber.
 */
unsigned int zr_spread_flow(uint8_t family, const union zr_ip *client, const union zr_ip *server, uint8_t role,
			    const struct zr_prefix_set *subscribers, unsigned int workers);

/* What a port says of itself (struct rte_eth_dev_info), as far as spreading asks. */
struct zr_spread_port {
	const char *driver;
	uint64_t hash_types; /* flow_type_rss_offloads */
	uint16_t queues_max, table_len, key_len;
	uint8_t role; /* enum zr_role */
};

/*
 * Can the ports spread subscribers over that many queues exactly as zr_spread_worker would want it: packets of one subscriber
 * on all ports to queues of one number? They can when tunnels are not opened, every port faces one side only and hashes
 * that side's address of every IP packet, fragments included, IPv6 by its /64, and all ports hash alike (one driver, one
 * size of table and key).
 */
bool zr_spread_in_hardware(const struct zr_spread_port *ports, unsigned int count, unsigned int workers, bool tunnels);

/* The hash (rss_hf) to ask of a port that can do so. */
uint64_t zr_spread_hash(const struct zr_spread_port *port);

#endif

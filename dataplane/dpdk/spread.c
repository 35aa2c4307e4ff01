/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/spread.h"

#include <string.h>

#include <rte_ethdev.h>

#define IPV4_TYPES (RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4)
#define IPV6_TYPES (RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6)
/* Kinds of IP packets that some ports tell from the rest: with them asked for as well, none stays unhashed. */
#define FINER_TYPES                                                                                     \
	(RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP | RTE_ETH_RSS_NONFRAG_IPV4_SCTP |  \
	 RTE_ETH_RSS_NONFRAG_IPV4_OTHER | RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP | \
	 RTE_ETH_RSS_NONFRAG_IPV6_SCTP | RTE_ETH_RSS_NONFRAG_IPV6_OTHER)

/* The finisher of MurmurHash3's 128-bit form (public domain): every bit of a subscriber's number reaches every other. */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= UINT64_C(0xff51afd7ed558ccd);
	x ^= x >> 33;
	x *= UINT64_C(0xc4ceb9fe1a85ec53);
	return x ^ x >> 33;
}

static uint64_t address_hash(uint8_t family, const union zr_ip *ip)
{
	return mix(family == 4 ? ip->v4_be : ip->half[0]);
}

static bool is_subscriber(const struct zr_prefix_set *subscribers, uint8_t family, const union zr_ip *ip)
{
	return subscribers != NULL && zr_prefix_set_contains(subscribers, family, ip->b);
}

static uint64_t subscriber_hash(const struct zr_packet *p, const struct zr_prefix_set *subscribers)
{
	uint64_t source = address_hash(p->family, &p->src), destination = address_hash(p->family, &p->dst);
	bool source_is, destination_is;

	if (p->role == ZR_ROLE_ACCESS)
		return source;
	if (p->role == ZR_ROLE_CORE)
		return destination;
	source_is = is_subscriber(subscribers, p->family, &p->src);
	destination_is = is_subscriber(subscribers, p->family, &p->dst);
	if (source_is != destination_is)
		return source_is ? source : destination;
	return mix(source + destination);
}

unsigned int zr_spread_worker(const struct zr_packet *packet, const struct zr_prefix_set *subscribers,
			      unsigned int workers)
{
	uint64_t hash;

	if (packet->unaccounted != ZR_ACCOUNTED)
		return 0;
	hash = subscriber_hash(packet, subscribers);
	return (unsigned int)(((hash >> 32) * workers) >> 32);
}

unsigned int zr_spread_flow(uint8_t family, const union zr_ip *client, const union zr_ip *server, uint8_t role,
			    const struct zr_prefix_set *subscribers, unsigned int workers)
{
	const struct zr_packet packet = {
		.family = family,
		.src = *client,
		.dst = *server,
		.role = role == ZR_ROLE_BOTH ? ZR_ROLE_BOTH : ZR_ROLE_ACCESS,
	};

	return zr_spread_worker(&packet, subscribers, workers);
}

static uint64_t side_of(uint8_t role)
{
	switch (role) {
	case ZR_ROLE_ACCESS:
		return RTE_ETH_RSS_L3_SRC_ONLY;
	case ZR_ROLE_CORE:
		return RTE_ETH_RSS_L3_DST_ONLY;
	default:
		return 0;
	}
}

static bool port_can(const struct zr_spread_port *port, unsigned int workers)
{
	uint64_t wanted = IPV4_TYPES | IPV6_TYPES | RTE_ETH_RSS_L3_PRE64 | side_of(port->role);

	return side_of(port->role) != 0 && (port->hash_types & wanted) == wanted && port->queues_max >= workers &&
	       port->table_len >= workers;
}

bool zr_spread_in_hardware(const struct zr_spread_port *ports, unsigned int count, unsigned int workers, bool tunnels)
{
	for (unsigned int i = 0; i < count; i++)
		if (!port_can(&ports[i], workers) || strcmp(ports[i].driver, ports[0].driver) != 0 ||
		    ports[i].table_len != ports[0].table_len || ports[i].key_len != ports[0].key_len)
			return false;
	return count > 0 && workers > 1 && !tunnels;
}

uint64_t zr_spread_hash(const struct zr_spread_port *port)
{
	return IPV4_TYPES | IPV6_TYPES | RTE_ETH_RSS_L3_PRE64 | side_of(port->role) | (port->hash_types & FINER_TYPES);
}

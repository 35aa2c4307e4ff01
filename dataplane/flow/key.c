/* SPDX-License-Identifier: BSD-3-Clause */
/* From a packet to the key of its tuple. */
#include "dataplane/flow/table.h"

#include <endian.h>

_Static_assert(__BYTE_ORDER == __LITTLE_ENDIAN, "keys are put together as words");

__extension__ typedef unsigned __int128 u128;

/* Which side is a must not cost a branch: packets come from either side in no order that a predictor could learn. */
static bool key_of_ipv4(const struct zr_packet *packet, struct zr_flow_key *key)
{
	uint64_t src_order = (uint64_t)be32toh(packet->src.v4_be) << 16 | packet->src_port;
	uint64_t dst_order = (uint64_t)be32toh(packet->dst.v4_be) << 16 | packet->dst_port;
	uint64_t addr = (uint64_t)packet->dst.v4_be << 32 | packet->src.v4_be;
	bool source_is_b = src_order > dst_order;
	unsigned int turn = source_is_b ? 32 : 0;

	key->words[0] = addr << turn | addr >> (-turn & 63);
	key->words[2] = 0;
	key->words[3] = 0;
	key->words[4] = 0;
	return source_is_b;
}

static u128 order_ipv6(const union zr_ip *ip)
{
	return (u128)be64toh(ip->half[0]) << 64 | be64toh(ip->half[1]);
}

static bool key_of_ipv6(const struct zr_packet *packet, struct zr_flow_key *key)
{
	u128 src_order = order_ipv6(&packet->src), dst_order = order_ipv6(&packet->dst);
	bool same_address = src_order == dst_order;
	bool source_is_b = (src_order > dst_order) | (same_address & (packet->src_port > packet->dst_port));
	const uint64_t *src = packet->src.half, *dst = packet->dst.half;
	uint64_t turn = -(uint64_t)source_is_b;
	uint64_t high_swap = (src[0] ^ dst[0]) & turn, low_swap = (src[1] ^ dst[1]) & turn;

	key->words[0] = src[1] ^ low_swap;
	key->words[2] = src[0] ^ high_swap;
	key->words[3] = dst[0] ^ high_swap;
	key->words[4] = dst[1] ^ low_swap;
	return source_is_b;
}

bool zr_flow_key_of(const struct zr_packet *packet, struct zr_flow_key *key)
{
	bool source_is_b = packet->family == 4 ? key_of_ipv4(packet, key) : key_of_ipv6(packet, key);
	uint32_t ports = (uint32_t)packet->dst_port << 16 | packet->src_port;
	unsigned int turn = source_is_b ? 16 : 0;

	/* One store of the whole word: the hash reads it at once, and narrow stores would not be forwarded to that load. */
	key->words[1] = (ports << turn | ports >> (-turn & 31)) | (uint64_t)packet->domain << 32 |
			(uint64_t)packet->proto << 48 | (uint64_t)packet->family << 56;
	return source_is_b;
}

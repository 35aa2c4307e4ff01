/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/spread_parts.h"

#include <string.h>

#include "dataplane/dpdk/spread.h"
#include "dataplane/packet/keyed_hash.h"
#include "dataplane/pipeline/datagram.h"

/*
 * An entry, from the lowest bit: worker (8 bits), whether the first part is still to come, whether it is one, when it was
 * made (30 bits, in ticks), what of the hash is not its place (24 bits).
 */
#define WORKER        UINT64_C(0xff)
#define FIRST_TO_COME (UINT64_C(1) << 8)
#define USED          (UINT64_C(1) << 9)
#define TICK_SHIFT    10
#define TICK_MASK     UINT64_C(0x3fffffff)
#define TAG_SHIFT     40

/* A tick is about 16 µs; their number comes round in five hours, and only ages are asked for. */
#define TICK_NS_SHIFT 14
#define LIFE_TICKS    (ZR_DATAGRAM_US * 1000 >> TICK_NS_SHIFT)

/* 2^64 by the golden ratio: ids that differ in low bits then differ in the high ones too, whatever the key. */
#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

/* RFC 791, section 3.2: addresses, id, protocol. RFC 8200, section 4.5: addresses, id. No padding. */
struct key {
	union zr_ip src, dst;
	uint32_t id;
	uint16_t domain;
	uint8_t family, proto;
};

void zr_spread_parts_init(struct zr_spread_parts *parts, const struct zr_packet_rules *rules,
			  const struct zr_prefix_set *subscribers, unsigned int workers, const uint64_t seed[2])
{
	memset(parts, 0, sizeof(*parts));
	parts->rules = rules;
	parts->subscribers = subscribers;
	parts->workers = workers;
	parts->hash_key[0] = seed[0] | 1;
	parts->hash_key[1] = seed[1] | 1;
}

static uint64_t hash_of(const struct zr_spread_parts *parts, const struct zr_packet *part)
{
	struct key key = {
		.src = part->src,
		.dst = part->dst,
		.id = part->fragment_id,
		.domain = part->domain,
		.family = part->family,
		.proto = part->family == 4 ? part->fragment_proto : 0,
	};

	return zr_keyed_hash(parts->hash_key, 0, &key, sizeof(key)) * GOLDEN;
}

/* From an entry to now, in ticks, and a life more: another worker's clock may be a little ahead. */
static uint64_t age_of(uint64_t entry, uint64_t tick)
{
	return (tick - (entry >> TICK_SHIFT) + LIFE_TICKS) & TICK_MASK;
}

/* The place of a datagram's entry, or for it; *found: that entry, 0 when there is none that still holds. */
static _Atomic uint64_t *find(_Atomic uint64_t *set, uint64_t tag, uint64_t tick, uint64_t *found)
{
	_Atomic uint64_t *oldest = &set[0];
	uint64_t oldest_age = 0;

	*found = 0;
	for (unsigned int i = 0; i < ZR_SPREAD_WAYS; i++) {
		uint64_t entry = atomic_load_explicit(&set[i], memory_order_relaxed);
		uint64_t age = (entry & USED) != 0 ? age_of(entry, tick) : UINT64_MAX;

		if ((entry & USED) != 0 && entry >> TAG_SHIFT == tag) {
			*found = age <= 2 * LIFE_TICKS ? entry : 0;
			return &set[i];
		}
		if (age > oldest_age) {
			oldest = &set[i];
			oldest_age = age;
		}
	}
	return oldest;
}

unsigned int zr_spread_part(struct zr_spread_parts *parts, const struct zr_packet *part, uint64_t now_ns)
{
	unsigned int worker = zr_spread_worker(part, parts->subscribers, parts->workers);
	uint64_t hash, tick = now_ns >> TICK_NS_SHIFT, entry;
	_Atomic uint64_t *place;
	struct zr_packet inner;

	if (!zr_packet_may_open(parts->rules, part))
		return worker;
	hash = hash_of(parts, part);
	place = find(parts->sets[hash % ZR_SPREAD_SETS], hash >> TAG_SHIFT, tick, &entry);
	if (entry != 0 && !part->first_fragment)
		return entry & WORKER;
	/* A first part is of another datagram than the entry, or the one that it waits for. */
	if (part->first_fragment && (entry & FIRST_TO_COME) == 0) {
		zr_packet_peek(parts->rules, part, &inner);
		worker = zr_spread_worker(&inner, parts->subscribers, parts->workers);
	}
	entry = hash >> TAG_SHIFT << TAG_SHIFT | (tick & TICK_MASK) << TICK_SHIFT | USED | worker;
	if (!part->first_fragment)
		entry |= FIRST_TO_COME;
	atomic_store_explicit(place, entry, memory_order_relaxed);
	return worker;
}

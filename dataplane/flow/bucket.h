/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The buckets of a flow table: where a flow's number is kept. Private to dataplane/flow.
 * A hash gives a home bucket and a signature; bucket number and signature give the other bucket, and back.
 */
#ifndef DATAPLANE_FLOW_BUCKET_H
#define DATAPLANE_FLOW_BUCKET_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "dataplane/flow/table.h"

#define ZR_BUCKET_SLOTS 16

/* One cache line. A slot with signature 0 is empty. */
struct zr_bucket {
	alignas(64) uint8_t signature[ZR_BUCKET_SLOTS];
	uint8_t number_high[ZR_BUCKET_SLOTS];
	uint16_t number_low[ZR_BUCKET_SLOTS];
};

_Static_assert(sizeof(struct zr_bucket) == 64, "one cache line");

/* 32 random bits to 0 … n - 1 without a division. */
static inline uint32_t zr_bucket_reduce(uint32_t random, uint32_t n)
{
	return (uint32_t)(((uint64_t)random * n) >> 32);
}

static inline uint8_t zr_bucket_signature(uint64_t hash)
{
	return (uint8_t)(1 + (((hash & 0xFFFF) * 255) >> 16));
}

static inline struct zr_bucket *zr_bucket_home(const struct zr_flow_table *t, uint64_t hash)
{
	return (struct zr_bucket *)t->buckets + zr_bucket_reduce((uint32_t)(hash >> 32), t->bucket_count);
}

/* The two buckets of an entry add up to a sum that depends on its signature alone, modulo the bucket count. */
static inline struct zr_bucket *zr_bucket_other(const struct zr_flow_table *t, const struct zr_bucket *bucket,
						uint8_t signature)
{
	struct zr_bucket *first = t->buckets;
	uint32_t at = (uint32_t)(bucket - first);
	uint32_t sum = zr_bucket_reduce(signature * UINT32_C(0x9E3779B1), t->bucket_count);

	return first + (sum >= at ? sum - at : sum + t->bucket_count - at);
}

/* Bit i is set when slot i has that signature. */
static inline uint32_t zr_bucket_match(const struct zr_bucket *bucket, uint8_t signature)
{
#ifdef __SSE2__
	__m128i all = _mm_load_si128((const __m128i *)(const void *)bucket->signature);

	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(all, _mm_set1_epi8((char)signature)));
#else
	uint32_t mask = 0;

	for (unsigned int i = 0; i < ZR_BUCKET_SLOTS; i++)
		mask |= (uint32_t)(bucket->signature[i] == signature) << i;
	return mask;
#endif
}

static inline uint32_t zr_bucket_number(const struct zr_bucket *bucket, unsigned int slot)
{
	return (uint32_t)bucket->number_high[slot] << 16 | bucket->number_low[slot];
}

/*
 * Keep a flow's number: in its home bucket, else in its other, else in place of an entry of either that can move to that
 * entry's own other bucket. Returns false, and changes nothing, when not even that makes room.
 */
bool zr_bucket_add(struct zr_flow_table *t, uint64_t hash, uint32_t flow);

/* Forget a flow's number, which was added with that hash. */
void zr_bucket_forget(struct zr_flow_table *t, uint64_t hash, uint32_t flow);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A hash table in buckets of one cache line: eight tags (the low half of a 64-bit hash) and eight values. The high half
 * chooses the bucket; what finds it full goes to the next one. Nothing is ever removed, so a bucket with room ends a
 * search. The table knows no keys: a tag that agrees is a candidate, and the caller compares.
 */
#ifndef RULES_BUCKETS_H
#define RULES_BUCKETS_H

#include <emmintrin.h>
#include <stdint.h>
#include <string.h>

#define ZR_HASH_BUCKET_SLOTS 8
/* A slot that holds nothing, and the answer when there is no candidate. */
#define ZR_SLOT_NONE UINT32_MAX
/* Most buckets: slot numbers have 32 bits. */
#define ZR_BUCKETS_MAX (UINT32_MAX / ZR_HASH_BUCKET_SLOTS)

struct zr_hash_bucket {
	uint32_t tag[ZR_HASH_BUCKET_SLOTS];
	uint32_t value[ZR_HASH_BUCKET_SLOTS]; /* filled from the first on; ZR_SLOT_NONE: free */
};

struct zr_buckets {
	const struct zr_hash_bucket *at;
	uint32_t count; /* at least 1; some bucket has room */
};

/* Buckets for so many values: five of eight slots are filled on average, so that few searches go to a second bucket. */
static inline uint64_t zr_buckets_for(uint64_t values)
{
	return values / 5 + 1;
}

/* Free all slots of count buckets. */
static inline void zr_buckets_clear(struct zr_hash_bucket *at, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		memset(at[i].tag, 0, sizeof(at[i].tag));
		memset(at[i].value, 0xff, sizeof(at[i].value));
	}
}

/* The first slot that a hash is looked for in. */
static inline uint32_t zr_buckets_home(uint32_t count, uint64_t hash)
{
	return (uint32_t)((hash >> 32) * count >> 32) * ZR_HASH_BUCKET_SLOTS;
}

/* Put a value into a table (of zr_buckets_for at least as many values) that may hold equal hashes already. */
static inline void zr_buckets_insert(struct zr_hash_bucket *at, uint32_t count, uint64_t hash, uint32_t value)
{
	uint32_t bucket = zr_buckets_home(count, hash) / ZR_HASH_BUCKET_SLOTS;
	unsigned int slot = 0;

	while (at[bucket].value[ZR_HASH_BUCKET_SLOTS - 1] != ZR_SLOT_NONE)
		bucket = bucket + 1 < count ? bucket + 1 : 0;
	while (at[bucket].value[slot] != ZR_SLOT_NONE)
		slot++;
	at[bucket].tag[slot] = (uint32_t)hash;
	at[bucket].value[slot] = value;
}

/* Bit i: tag i of the bucket is this one. */
static inline unsigned int zr_hash_bucket_hits(const struct zr_hash_bucket *bucket, uint32_t tag)
{
	__m128i wanted = _mm_set1_epi32((int)tag);
	__m128i low = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)&bucket->tag[0]), wanted);
	__m128i high = _mm_cmpeq_epi32(_mm_loadu_si128((const __m128i *)&bucket->tag[4]), wanted);

	return (unsigned int)_mm_movemask_epi8(_mm_packs_epi16(_mm_packs_epi32(low, high), _mm_setzero_si128()));
}

/* The first candidate for hash at or behind slot, which lies in the table. */
static inline uint32_t zr_buckets_search(const struct zr_buckets *table, uint64_t hash, uint32_t slot)
{
	unsigned int wanted = 0xffU << slot % ZR_HASH_BUCKET_SLOTS;
	uint32_t index = slot / ZR_HASH_BUCKET_SLOTS;

	for (;;) {
		const struct zr_hash_bucket *bucket = &table->at[index];
		unsigned int hits = zr_hash_bucket_hits(bucket, (uint32_t)hash) & wanted;

		if (hits != 0) {
			unsigned int hit = (unsigned int)__builtin_ctz(hits);

			/* The tag of a free slot may agree by chance; only free slots follow it. */
			return bucket->value[hit] == ZR_SLOT_NONE ? ZR_SLOT_NONE : index * ZR_HASH_BUCKET_SLOTS + hit;
		}
		if (bucket->value[ZR_HASH_BUCKET_SLOTS - 1] == ZR_SLOT_NONE)
			return ZR_SLOT_NONE;
		index = index + 1 < table->count ? index + 1 : 0;
		wanted = 0xffU;
	}
}

/* The slot of the first candidate for hash, ZR_SLOT_NONE when there is none. */
static inline uint32_t zr_buckets_first(const struct zr_buckets *table, uint64_t hash)
{
	return zr_buckets_search(table, hash, zr_buckets_home(table->count, hash));
}

/* The slot of the candidate behind the one in slot. */
static inline uint32_t zr_buckets_next(const struct zr_buckets *table, uint64_t hash, uint32_t slot)
{
	uint32_t next = slot + 1;

	if (next % ZR_HASH_BUCKET_SLOTS == 0 && next / ZR_HASH_BUCKET_SLOTS == table->count)
		next = 0;
	return zr_buckets_search(table, hash, next);
}

/* What a slot holds. */
static inline uint32_t zr_buckets_value(const struct zr_buckets *table, uint32_t slot)
{
	return table->at[slot / ZR_HASH_BUCKET_SLOTS].value[slot % ZR_HASH_BUCKET_SLOTS];
}

#endif

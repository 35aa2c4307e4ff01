/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/flow/bucket.h"

static void set(struct zr_bucket *bucket, unsigned int slot, uint8_t signature, uint32_t flow)
{
	bucket->signature[slot] = signature;
	bucket->number_high[slot] = (uint8_t)(flow >> 16);
	bucket->number_low[slot] = (uint16_t)flow;
}

static bool put(struct zr_bucket *bucket, uint8_t signature, uint32_t flow)
{
	uint32_t empty = zr_bucket_match(bucket, 0);

	if (empty == 0)
		return false;
	set(bucket, (unsigned int)__builtin_ctz(empty), signature, flow);
	return true;
}

/* Put into a full bucket by moving one of its entries to that entry's other bucket. */
static bool put_by_moving(struct zr_flow_table *t, struct zr_bucket *bucket, uint8_t signature, uint32_t flow)
{
	for (unsigned int slot = 0; slot < ZR_BUCKET_SLOTS; slot++) {
		uint8_t moving = bucket->signature[slot];

		if (put(zr_bucket_other(t, bucket, moving), moving, zr_bucket_number(bucket, slot))) {
			set(bucket, slot, signature, flow);
			return true;
		}
	}
	return false;
}

bool zr_bucket_add(struct zr_flow_table *t, uint64_t hash, uint32_t flow)
{
	uint8_t signature = zr_bucket_signature(hash);
	struct zr_bucket *home = zr_bucket_home(t, hash);
	struct zr_bucket *other = zr_bucket_other(t, home, signature);

	return put(home, signature, flow) || put(other, signature, flow) || put_by_moving(t, home, signature, flow) ||
	       put_by_moving(t, other, signature, flow);
}

static bool forget_in(struct zr_bucket *bucket, uint8_t signature, uint32_t flow)
{
	for (uint32_t mask = zr_bucket_match(bucket, signature); mask != 0; mask &= mask - 1) {
		unsigned int slot = (unsigned int)__builtin_ctz(mask);

		if (zr_bucket_number(bucket, slot) == flow) {
			bucket->signature[slot] = 0;
			return true;
		}
	}
	return false;
}

void zr_bucket_forget(struct zr_flow_table *t, uint64_t hash, uint32_t flow)
{
	uint8_t signature = zr_bucket_signature(hash);
	struct zr_bucket *home = zr_bucket_home(t, hash);

	if (!forget_in(home, signature, flow))
		forget_in(zr_bucket_other(t, home, signature), signature, flow);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sums of traffic by key: a hash table of a fixed most, in memory that is taken as it is used. Keys are bytes, copied. The hash
 * is keyed at random, so that nobody can make chains long by choosing addresses. One thread.
 */
#ifndef CONTROL_SUMS_H
#define CONTROL_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/record/record.h"

struct zr_sums;

/* One sum: by enum zr_verdict. */
struct zr_sum {
	struct zr_traffic traffic[2];
};

/*
 * most: keys at a time (1 to ZR_SUMS_MOST). key_bytes: what all of them may take together. 0, -EINVAL, -ENOMEM or -EIO (no
 * random key). Free with zr_sums_free, which takes NULL too.
 */
#define ZR_SUMS_MOST (1U << 24)
int zr_sums_make(uint32_t most, size_t key_bytes, struct zr_sums **out);
void zr_sums_free(struct zr_sums *sums);

/* The sum of a key, NULL when it has none. Valid until zr_sums_clear. */
struct zr_sum *zr_sums_find(const struct zr_sums *sums, const void *key, size_t len);
/* The same; a key that has none gets one, of zeroes. NULL when there is no room. */
struct zr_sum *zr_sums_take(struct zr_sums *sums, const void *key, size_t len);

/* How many keys there are; the sum and the key of number i of them, in the order in which they came. */
uint32_t zr_sums_count(const struct zr_sums *sums);
struct zr_sum *zr_sums_at(const struct zr_sums *sums, uint32_t i, const void **key, size_t *len);

/* The number of a sum that find, take or at has told. */
uint32_t zr_sums_number(const struct zr_sums *sums, const struct zr_sum *sum);

/* Forget all keys and give their memory back. */
void zr_sums_clear(struct zr_sums *sums);

#endif

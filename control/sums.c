/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/sums.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct slot {
	struct zr_sum sum;
	uint64_t key_at;
	uint32_t key_len;
	uint32_t hash;
};

/* Slots and keys lie one behind the other as they came; index has places of slots by hash, 0: none, else its number + 1. */
struct zr_sums {
	uint32_t most, count, mask;
	size_t key_bytes, key_end;
	uint32_t *index;
	struct slot *slots;
	uint8_t *keys;
	uint8_t secret[crypto_shorthash_KEYBYTES];
};

/* Zeroed memory whose pages are taken when they are written. */
static void *map(size_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory != MAP_FAILED ? memory : NULL;
}

static size_t index_bytes(const struct zr_sums *sums)
{
	return ((size_t)sums->mask + 1) * sizeof(*sums->index);
}

int zr_sums_make(uint32_t most, size_t key_bytes, struct zr_sums **out)
{
	struct zr_sums *sums;

	if (most == 0 || most > ZR_SUMS_MOST || key_bytes == 0)
		return -EINVAL;
	if (sodium_init() < 0) /* no source of random numbers */
		return -EIO;
	sums = calloc(1, sizeof(*sums));
	if (sums == NULL)
		return -ENOMEM;
	sums->most = most;
	sums->key_bytes = key_bytes;
	/* Never more than half full, so that looking is short. */
	for (sums->mask = 1; sums->mask < 2 * most;)
		sums->mask = sums->mask * 2 + 1;
	sums->index = map(index_bytes(sums));
	sums->slots = map(most * sizeof(*sums->slots));
	sums->keys = map(key_bytes);
	if (sums->index == NULL || sums->slots == NULL || sums->keys == NULL) {
		zr_sums_free(sums);
		return -ENOMEM;
	}
	crypto_shorthash_keygen(sums->secret);
	*out = sums;
	return 0;
}

void zr_sums_free(struct zr_sums *sums)
{
	if (sums == NULL)
		return;
	if (sums->index != NULL)
		munmap(sums->index, index_bytes(sums));
	if (sums->slots != NULL)
		munmap(sums->slots, sums->most * sizeof(*sums->slots));
	if (sums->keys != NULL)
		munmap(sums->keys, sums->key_bytes);
	free(sums);
}

static uint32_t hash_of(const struct zr_sums *sums, const void *key, size_t len)
{
	uint32_t hash[crypto_shorthash_BYTES / sizeof(uint32_t)];

	crypto_shorthash((unsigned char *)hash, key, len, sums->secret);
	return hash[0];
}

/* The place in the index where the key is, or would be. */
static uint32_t *place_of(const struct zr_sums *sums, uint32_t hash, const void *key, size_t len)
{
	for (uint32_t at = hash;; at++) {
		uint32_t *place = &sums->index[at & sums->mask];
		const struct slot *slot;

		if (*place == 0)
			return place;
		slot = &sums->slots[*place - 1];
		if (slot->hash == hash && slot->key_len == len && memcmp(sums->keys + slot->key_at, key, len) == 0)
			return place;
	}
}

struct zr_sum *zr_sums_find(const struct zr_sums *sums, const void *key, size_t len)
{
	uint32_t number = *place_of(sums, hash_of(sums, key, len), key, len);

	return number != 0 ? &sums->slots[number - 1].sum : NULL;
}

struct zr_sum *zr_sums_take(struct zr_sums *sums, const void *key, size_t len)
{
	uint32_t hash = hash_of(sums, key, len);
	uint32_t *place = place_of(sums, hash, key, len);

	if (*place == 0) {
		if (sums->count == sums->most || len > sums->key_bytes - sums->key_end)
			return NULL;
		sums->slots[sums->count] = (struct slot){
			.key_at = sums->key_end, .key_len = (uint32_t)len, .hash = hash};
		memcpy(sums->keys + sums->key_end, key, len);
		sums->key_end += len;
		*place = ++sums->count;
	}
	return &sums->slots[*place - 1].sum;
}

uint32_t zr_sums_count(const struct zr_sums *sums)
{
	return sums->count;
}

struct zr_sum *zr_sums_at(const struct zr_sums *sums, uint32_t i, const void **key, size_t *len)
{
	struct slot *slot = &sums->slots[i];

	*key = sums->keys + slot->key_at;
	*len = slot->key_len;
	return &slot->sum;
}

uint32_t zr_sums_number(const struct zr_sums *sums, const struct zr_sum *sum)
{
	/* The first member of its slot. */
	return (uint32_t)((const struct slot *)(const void *)sum - sums->slots);
}

void zr_sums_clear(struct zr_sums *sums)
{
	/* Pages that were never written cost nothing here; those that were come back as zeroes. */
	madvise(sums->index, index_bytes(sums), MADV_DONTNEED);
	madvise(sums->slots, sums->most * sizeof(*sums->slots), MADV_DONTNEED);
	madvise(sums->keys, sums->key_bytes, MADV_DONTNEED);
	sums->count = 0;
	sums->key_end = 0;
}

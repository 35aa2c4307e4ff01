/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hash of names and blocks in an image: FNV-1a with 64 bits, then mixed so that all of its bits are of use. It is not
 * keyed, so that an image is the same on every machine: whoever finds collisions gains nothing, since names are compared
 * in full and the tables were filled from the list alone.
 */
#ifndef RULES_HASH_H
#define RULES_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZR_HASH_START 0xcbf29ce484222325ULL

static inline uint64_t zr_hash_step(uint64_t hash, uint8_t octet)
{
	return (hash ^ octet) * 0x100000001b3ULL;
}

static inline uint64_t zr_hash_finish(uint64_t hash)
{
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

static inline uint64_t zr_hash_bytes(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t hash = ZR_HASH_START;

	for (size_t i = 0; i < len; i++)
		hash = zr_hash_step(hash, at[i]);
	return zr_hash_finish(hash);
}

/* The hash of a name: from its end, so that the hashes of its suffixes come on the way. */
static inline uint64_t zr_hash_name(const char *name, size_t len)
{
	uint64_t hash = ZR_HASH_START;

	while (len > 0)
		hash = zr_hash_step(hash, (uint8_t)name[--len]);
	return zr_hash_finish(hash);
}

/*
 * A name's suffixes of whole labels, the shortest first, each with its hash, in one pass from the name's end. Begin with
 * at = the name's length, hash = ZR_HASH_START and labels = 0.
 */
struct zr_suffix_walk {
	const char *name;
	size_t at;           /* where the suffix begins */
	unsigned int labels; /* how many it has */
	uint64_t hash;       /* not finished */
};

static inline struct zr_suffix_walk zr_suffix_walk_of(const char *name, size_t len)
{
	return (struct zr_suffix_walk){.name = name, .at = len, .hash = ZR_HASH_START};
}

/* Step to the next longer suffix; false when there is none. */
static inline bool zr_suffix_walk_next(struct zr_suffix_walk *walk)
{
	if (walk->at == 0)
		return false;
	if (walk->labels++ > 0)
		walk->hash = zr_hash_step(walk->hash, (uint8_t)walk->name[--walk->at]);
	while (walk->at > 0 && walk->name[walk->at - 1] != '.')
		walk->hash = zr_hash_step(walk->hash, (uint8_t)walk->name[--walk->at]);
	return true;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ledger/hash.h"

#include <endian.h>
#include <string.h>

#define FACTOR 0x9e3779b97f4a7c15ULL

static uint64_t step(uint64_t hash, uint64_t word)
{
	hash = (hash ^ le64toh(word)) * FACTOR;
	return hash ^ hash >> 32;
}

uint64_t zr_ledger_hash(const void *bytes, size_t len)
{
	const char *at = bytes;
	uint64_t hash = len, word;

	for (; len >= sizeof(word); len -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = step(hash, word);
	}
	if (len > 0) {
		word = 0;
		memcpy(&word, at, len);
		hash = step(hash, word);
	}
	return hash;
}

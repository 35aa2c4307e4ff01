/* SPDX-License-Identifier: BSD-3-Clause */
/* A hash keyed with what a sender of packets does not know, so that nobody can make the chains of a table long. */
#ifndef DATAPLANE_PACKET_KEYED_HASH_H
#define DATAPLANE_PACKET_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

__extension__ typedef unsigned __int128 zr_product128;

/* Of len bytes and a tag. key: two odd numbers. Depends on the machine's byte order. Pure. */
static inline uint64_t zr_keyed_hash(const uint64_t key[2], uint32_t tag, const void *data, size_t len)
{
	uint64_t h = key[0] ^ ((uint64_t)tag << 32 | len);

	for (size_t i = 0; i < len; i += 8) {
		zr_product128 product;
		uint64_t word = 0;

		memcpy(&word, (const uint8_t *)data + i, len - i < 8 ? len - i : 8);
		product = (zr_product128)(h ^ word) * (key[1] + 2 * i);
		h = (uint64_t)product ^ (uint64_t)(product >> 64) ^ key[0];
	}
	return h ^ h >> 32;
}

#endif

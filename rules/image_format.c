/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/image_format.h"

#include <string.h>

#include "rules/hash.h"

uint64_t zr_image_layout(struct zr_image_section sections[ZR_SECTION_COUNT])
{
	static const uint32_t sizes[ZR_SECTION_COUNT] = {
#define X(id, size) size,
		ZR_IMAGE_SECTIONS(X)
#undef X
	};
	uint64_t at = sizeof(struct zr_image_header);

	for (unsigned int i = 0; i < ZR_SECTION_COUNT; i++) {
		if (sections[i].count >= UINT32_MAX)
			return 0;
		at = (at + ZR_IMAGE_ALIGN - 1) / ZR_IMAGE_ALIGN * ZR_IMAGE_ALIGN;
		sections[i].offset_bytes = at;
		at += sections[i].count * sizes[i];
	}
	return (at + ZR_IMAGE_ALIGN - 1) / ZR_IMAGE_ALIGN * ZR_IMAGE_ALIGN;
}

uint64_t zr_image_checksum(const void *block, size_t len)
{
	const char *at = block;
	uint64_t sum = ZR_HASH_START;

	for (size_t i = 0; i < len; i += sizeof(uint64_t)) {
		uint64_t word;

		if (i == offsetof(struct zr_image_header, checksum))
			continue;
		memcpy(&word, at + i, sizeof(word));
		/* Every step is a bijection of sum and of word: one changed word cannot be made up for by the others. */
		sum = (sum ^ word) * 0x9e3779b97f4a7c15ULL;
		sum ^= sum >> 32;
	}
	return sum;
}

uint64_t zr_block_hash(const struct zr_block *block)
{
	return zr_hash_bytes(block, offsetof(struct zr_block, proto));
}

bool zr_block_same_addresses(const struct zr_block *a, const struct zr_block *b)
{
	return memcmp(a, b, offsetof(struct zr_block, proto)) == 0;
}

unsigned int zr_block_rank(const struct zr_block *block)
{
	if (block->proto == 0)
		return 2;
	return block->port_from == 0 && block->port_to == UINT16_MAX ? 1 : 0;
}

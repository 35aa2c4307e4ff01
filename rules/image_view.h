/* SPDX-License-Identifier: BSD-3-Clause */
/* The view of a checked image: where its sections lie. Private to the files that read images. */
#ifndef RULES_IMAGE_VIEW_H
#define RULES_IMAGE_VIEW_H

#include "rules/hash.h"
#include "rules/image.h"
#include "rules/image_format.h"

/* Entries of one name up to which a lookup looks at one after the other. */
#define ZR_GROUP_SMALL 8

/* A larger group: its first entry and the one behind its last. */
struct zr_group {
	uint32_t first, end;
};

struct zr_image {
	const struct zr_image_header *header;
	const char *texts;
	const struct zr_tariff *tariffs;
	const struct zr_window *windows;
	const struct zr_image_entry *entries;
	const struct zr_block *blocks;
	const int64_t *edges;
	struct zr_buckets name_buckets, block_buckets; /* values are numbers of entries */
	uint32_t text_bytes, tariff_count, window_count, entry_count, block_count, edge_count;
	uint32_t name_count; /* entries before the first block entry */
	unsigned int most_labels;
	unsigned int verifies;   /* bit n: some entry has enum zr_verify n */
	struct zr_group *groups; /* of names, the large ones only, ascending; all else lies in the block */
	size_t group_count;
};

static inline const char *zr_image_entry_name(const struct zr_image *image, const struct zr_image_entry *entry)
{
	return image->texts + entry->rule + entry->name_skip;
}

/* The hash of the name or the addresses of entry number i. Groups lie in the order of this hash. */
static inline uint64_t zr_image_group_hash(const struct zr_image *image, uint32_t i)
{
	const struct zr_image_entry *entry = &image->entries[i];

	if (i < image->name_count)
		return zr_hash_name(zr_image_entry_name(image, entry), entry->name_len);
	return zr_block_hash(&image->blocks[i - image->name_count]);
}

static inline bool zr_image_in_force(const struct zr_image *image, const struct zr_image_entry *entry, int64_t now_s)
{
	const struct zr_window *window = &image->windows[entry->window];

	return now_s >= window->from_s && now_s < window->until_s;
}

/*
 * What the group of names that begins with entry number first says of a name with this suffix at now_s; whole: the suffix
 * is the name itself. Time grows with the logarithm of the group's entries.
 */
struct zr_match zr_image_judge(const struct zr_image *image, uint32_t first, bool whole, int64_t now_s);

/* Check everything that lookups trust. Returns NULL, or what is wrong as a constant sentence. */
const char *zr_image_check(const struct zr_image *image);

#endif

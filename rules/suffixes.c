/* SPDX-License-Identifier: BSD-3-Clause */
/* Matching by keyed hashes of a name's suffixes, without the name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/hash.h"
#include "rules/image_view.h"
#include "rules/siphash.h"

/* Suffixes of more labels than these are left out, but for the whole name. */
#define SUFFIX_LABELS_MAX (ZR_SUFFIXES_MAX - 1)

struct zr_suffix_index {
	const struct zr_image *image;
	struct zr_hash_bucket *buckets;
	struct zr_buckets table; /* of them: hash to the first entry of a name */
	uint64_t *hashes;        /* of the names of these entries, by number of entry */
	uint64_t *deep;          /* ascending: hashes of the last five labels of names that have more */
	size_t deep_count;
};

void zr_suffixes_make(const uint64_t key[2], const char *name, size_t len, struct zr_suffixes *out)
{
	struct zr_suffix_walk walk = zr_suffix_walk_of(name, len);
	size_t starts[SUFFIX_LABELS_MAX];
	unsigned int found = 0;

	*out = (struct zr_suffixes){.count = 0};
	while (found < SUFFIX_LABELS_MAX && zr_suffix_walk_next(&walk))
		starts[found++] = walk.at;
	if (found == 0)
		return;
	/* One more label still fits: the whole name is that suffix. */
	if (walk.at > 0 && zr_suffix_walk_next(&walk))
		out->cut = walk.at > 0;
	else
		found--;
	out->hash[out->count++] = zr_siphash(key, name, len);
	while (found-- > 0)
		out->hash[out->count++] = zr_siphash(key, name + starts[found], len - starts[found]);
}

static int compare_hashes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Where the last five labels of a name begin; 0 when it has no more. */
static size_t deep_start(const char *name, size_t len)
{
	struct zr_suffix_walk walk = zr_suffix_walk_of(name, len);

	while (walk.labels < SUFFIX_LABELS_MAX && zr_suffix_walk_next(&walk))
		;
	return walk.at;
}

static void fill_index(struct zr_suffix_index *index, const uint64_t key[2])
{
	const struct zr_image *image = index->image;

	zr_buckets_clear(index->buckets, index->table.count);
	for (uint32_t i = 0; i < image->name_count; i++) {
		const struct zr_image_entry *entry = &image->entries[i];
		const char *name = zr_image_entry_name(image, entry);
		size_t start = deep_start(name, entry->name_len);

		if (start > 0 && entry->kind != ZR_RULE_EXACT)
			index->deep[index->deep_count++] = zr_siphash(key, name + start, entry->name_len - start);
		if (i > 0 && !image->entries[i - 1].last)
			continue;
		index->hashes[i] = zr_siphash(key, name, entry->name_len);
		zr_buckets_insert(index->buckets, index->table.count, index->hashes[i], i);
	}
	qsort(index->deep, index->deep_count, sizeof(*index->deep), compare_hashes);
}

/* Names of more than five labels, other than exact ones. */
static size_t count_deep(const struct zr_image *image)
{
	size_t count = 0;

	for (uint32_t i = 0; i < image->name_count; i++) {
		const struct zr_image_entry *entry = &image->entries[i];

		count += entry->kind != ZR_RULE_EXACT &&
			 deep_start(zr_image_entry_name(image, entry), entry->name_len) > 0;
	}
	return count;
}

int zr_suffix_index_make(const struct zr_image *image, const uint64_t key[2], struct zr_suffix_index **out)
{
	struct zr_suffix_index *index = calloc(1, sizeof(*index));

	if (index == NULL)
		return -ENOMEM;
	index->image = image;
	/* The image's own table holds as many names. */
	index->table.count = image->name_buckets.count;
	index->buckets = aligned_alloc(sizeof(*index->buckets), index->table.count * sizeof(*index->buckets));
	index->table.at = index->buckets;
	index->hashes = calloc(image->name_count + (size_t)1, sizeof(*index->hashes));
	index->deep = calloc(count_deep(image) + 1, sizeof(*index->deep));
	if (index->buckets == NULL || index->hashes == NULL || index->deep == NULL) {
		zr_suffix_index_free(index);
		return -ENOMEM;
	}
	fill_index(index, key);
	*out = index;
	return 0;
}

void zr_suffix_index_free(struct zr_suffix_index *index)
{
	if (index == NULL)
		return;
	free(index->buckets);
	free(index->hashes);
	free(index->deep);
	free(index);
}

/* The first entry of the name with that hash, or ZR_ENTRY_NONE. */
static uint32_t find_name(const struct zr_suffix_index *index, uint64_t hash)
{
	uint32_t slot = zr_buckets_first(&index->table, hash);

	while (slot != ZR_SLOT_NONE) {
		uint32_t entry = zr_buckets_value(&index->table, slot);

		if (index->hashes[entry] == hash)
			return entry;
		slot = zr_buckets_next(&index->table, hash, slot);
	}
	return ZR_ENTRY_NONE;
}

struct zr_match zr_suffix_index_match(const struct zr_suffix_index *index, const struct zr_suffixes *suffixes,
				      int64_t now_s)
{
	struct zr_match match = {.kind = ZR_MATCH_NONE, .entry = ZR_ENTRY_NONE};

	for (unsigned int i = 0; i < suffixes->count && match.kind == ZR_MATCH_NONE; i++) {
		uint32_t first = find_name(index, suffixes->hash[i]);

		/* What the left-out suffixes would say is not known: do not let a shorter one free the flow. */
		if (i == 1 && suffixes->cut && index->deep_count > 0 &&
		    bsearch(&suffixes->hash[1], index->deep, index->deep_count, sizeof(*index->deep), compare_hashes))
			return match;
		if (first != ZR_ENTRY_NONE)
			match = zr_image_judge(index->image, first, i == 0, now_s);
	}
	return match;
}

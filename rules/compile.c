/* SPDX-License-Identifier: BSD-3-Clause */
/* From a list to its image: sections are filled in the list's order, so that groups lie together. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "rules/entries.h"
#include "rules/hash.h"
#include "rules/list_bind.h"

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

struct compiling {
	const struct zr_list *list;
	char *block;
	struct zr_image_header *header; /* the block's beginning */
	int64_t *edges;
	size_t edge_count;
};

static int compare_edges(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The moments at which answers change, ascending, each once. */
static int collect_edges(struct compiling *c)
{
	const struct zr_window *windows = (const void *)c->list->windows.bytes;
	size_t window_count = c->list->windows.len / sizeof(*windows), count = 0, kept = 0;

	c->edges = calloc(window_count * 2 + 1, sizeof(*c->edges));
	if (c->edges == NULL)
		return -ENOMEM;
	c->edges[count++] = c->list->expires_s;
	for (size_t i = 0; i < window_count; i++) {
		if (windows[i].from_s != INT64_MIN)
			c->edges[count++] = windows[i].from_s;
		if (windows[i].until_s != INT64_MAX)
			c->edges[count++] = windows[i].until_s;
	}
	qsort(c->edges, count, sizeof(*c->edges), compare_edges);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || c->edges[kept - 1] != c->edges[i])
			c->edges[kept++] = c->edges[i];
	c->edge_count = kept;
	return 0;
}

static bool begins_group(const struct zr_list *list, const struct zr_order *order, size_t i)
{
	return i == 0 || !zr_list_same_key(list, &list->entries[order->items[i - 1].entry],
					   &list->entries[order->items[i].entry]);
}

static size_t count_groups(const struct zr_list *list, const struct zr_order *order)
{
	size_t groups = 0;

	for (size_t i = 0; i < order->count; i++)
		groups += begins_group(list, order, i);
	return groups;
}

/* Lookups go anywhere in a large block: on huge pages, where they are granted, fewer of them wait for address translation. */
static void *alloc_block(size_t len)
{
	void *block = NULL;

	if (posix_memalign(&block, len >= HUGE_PAGE_BYTES ? HUGE_PAGE_BYTES : ZR_IMAGE_ALIGN, len) != 0)
		return NULL;
	if (len >= HUGE_PAGE_BYTES)
		madvise(block, len, MADV_HUGEPAGE);
	return block;
}

/* Sizes are known: get the block and write the header, but for the checksum. */
static int make_block(struct compiling *c)
{
	const struct zr_list *list = c->list;
	struct zr_image_header header = {
		.version = ZR_IMAGE_VERSION,
		.serial = list->serial,
		.expires_s = list->expires_s,
		.issued_s = list->issued_s,
		.issuer = list->issuer,
		.sections[ZR_SECTION_TEXTS].count = list->texts.len + 1,
		.sections[ZR_SECTION_TARIFFS].count = list->tariffs.len / sizeof(struct zr_tariff),
		.sections[ZR_SECTION_WINDOWS].count = list->windows.len / sizeof(struct zr_window),
		.sections[ZR_SECTION_ENTRIES].count = list->entry_count,
		.sections[ZR_SECTION_BLOCKS].count = list->block_count,
		.sections[ZR_SECTION_NAME_BUCKETS].count = zr_buckets_for(count_groups(list, &list->names)),
		.sections[ZR_SECTION_BLOCK_BUCKETS].count = zr_buckets_for(count_groups(list, &list->addresses)),
		.sections[ZR_SECTION_EDGES].count = c->edge_count,
	};

	memcpy(header.magic, ZR_IMAGE_MAGIC, sizeof(header.magic));
	header.len_bytes = zr_image_layout(header.sections);
	if (header.len_bytes == 0 || list->entry_count > ZR_BUCKETS_MAX)
		return -E2BIG;
	c->block = alloc_block(header.len_bytes);
	if (c->block == NULL)
		return -ENOMEM;
	memset(c->block, 0, header.len_bytes);
	c->header = (void *)c->block;
	*c->header = header;
	return 0;
}

static void *section(const struct compiling *c, enum zr_image_section_id id)
{
	return c->block + c->header->sections[id].offset_bytes;
}

static void copy_section(const struct compiling *c, enum zr_image_section_id id, const void *bytes, size_t len)
{
	if (len > 0)
		memcpy(section(c, id), bytes, len);
}

/*
 * Write the entries of one order from number first on, and the beginnings of their groups into buckets.
 */
static void write_order(const struct compiling *c, const struct zr_order *order, uint32_t first,
			enum zr_image_section_id buckets_id)
{
	struct zr_image_entry *entries = (struct zr_image_entry *)section(c, ZR_SECTION_ENTRIES) + first;
	uint32_t bucket_count = (uint32_t)c->header->sections[buckets_id].count;
	struct zr_hash_bucket *buckets = section(c, buckets_id);

	zr_buckets_clear(buckets, bucket_count);
	for (size_t i = 0; i < order->count; i++) {
		entries[i] = c->list->entries[order->items[i].entry].image;
		entries[i].last = i + 1 == order->count || begins_group(c->list, order, i + 1);
		if (begins_group(c->list, order, i))
			zr_buckets_insert(buckets, bucket_count, order->items[i].hash, first + (uint32_t)i);
	}
}

static void write_names(const struct compiling *c)
{
	const struct zr_list *list = c->list;

	write_order(c, &list->names, 0, ZR_SECTION_NAME_BUCKETS);
	for (size_t i = 0; i < list->names.count; i++) {
		const struct zr_list_entry *entry = &list->entries[list->names.items[i].entry];
		struct zr_suffix_walk walk = zr_suffix_walk_of(zr_list_name(list, entry), entry->image.name_len);

		while (zr_suffix_walk_next(&walk))
			;
		zr_bit_set(c->header->label_counts, walk.labels);
	}
}

static void write_blocks(const struct compiling *c)
{
	const struct zr_list *list = c->list;
	struct zr_block *blocks = section(c, ZR_SECTION_BLOCKS);

	write_order(c, &list->addresses, (uint32_t)list->names.count, ZR_SECTION_BLOCK_BUCKETS);
	for (size_t i = 0; i < list->addresses.count; i++) {
		blocks[i] = list->blocks[list->entries[list->addresses.items[i].entry].block];
		zr_bit_set(c->header->prefix_lens[blocks[i].family == 6], blocks[i].len);
	}
}

int zr_list_compile(const struct zr_list *list, void **block, size_t *len)
{
	struct compiling c = {.list = list};
	int error = collect_edges(&c);

	if (error == 0)
		error = make_block(&c);
	if (error == 0) {
		copy_section(&c, ZR_SECTION_TEXTS, list->texts.bytes, list->texts.len);
		copy_section(&c, ZR_SECTION_TARIFFS, list->tariffs.bytes, list->tariffs.len);
		zr_list_bind_mark(list, section(&c, ZR_SECTION_TARIFFS), c.header->sections[ZR_SECTION_TARIFFS].count);
		copy_section(&c, ZR_SECTION_WINDOWS, list->windows.bytes, list->windows.len);
		copy_section(&c, ZR_SECTION_EDGES, c.edges, c.edge_count * sizeof(*c.edges));
		write_names(&c);
		write_blocks(&c);
		c.header->checksum = zr_image_checksum(c.block, c.header->len_bytes);
		*block = c.block;
		*len = c.header->len_bytes;
	}
	free(c.edges);
	return error;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a loaded image must hold to be trusted: every index in range, every string terminated, names canonical, groups in
 * order, and every group, and nothing else, in the hash tables. The sections lie inside the block already.
 */
#include <string.h>

#include "rules/image_view.h"
#include "rules/name.h"
#include "rules/utf8.h"

/* Is offset the beginning of a text of 0 to max printable octets? The last text is known to be terminated. */
static bool text_is_good(const struct zr_image *image, uint32_t offset, size_t max)
{
	size_t len;

	if (offset >= image->text_bytes)
		return false;
	len = strnlen(image->texts + offset, max + 1);
	return len <= max && zr_utf8_is_printable(image->texts + offset, len);
}

static bool edge_is_listed(const struct zr_image *image, int64_t edge_s)
{
	return edge_s == INT64_MIN || edge_s == INT64_MAX || zr_image_next_edge_s(image, edge_s - 1) == edge_s;
}

static const char *check_tables(const struct zr_image *image)
{
	if (image->text_bytes == 0 || image->texts[image->text_bytes - 1] != '\0')
		return "the texts are not terminated";
	if (image->block_count > image->entry_count)
		return "there are more blocks than entries";
	if (!text_is_good(image, image->header->issuer, ZR_ISSUER_MAX))
		return "the issuer is no text";
	for (uint32_t i = 0; i < image->tariff_count; i++)
		if (!text_is_good(image, image->tariffs[i].service, ZR_SERVICE_MAX) ||
		    !text_is_good(image, image->tariffs[i].bind, ZR_SERVICE_MAX) || image->tariffs[i].binds > 1)
			return "a service is no text";
	for (uint32_t i = 1; i < image->edge_count; i++)
		if (image->edges[i - 1] >= image->edges[i])
			return "the edges are not in order";
	/* What is said of an expiry is its last second before, and before all time there is none. */
	if (image->header->expires_s == INT64_MIN || !edge_is_listed(image, image->header->expires_s))
		return "the expiry is no edge";
	for (uint32_t i = 0; i < image->window_count; i++) {
		const struct zr_window *window = &image->windows[i];

		if (window->from_s >= window->until_s)
			return "a window ends before it begins";
		if (!edge_is_listed(image, window->from_s) || !edge_is_listed(image, window->until_s))
			return "a window's end is no edge";
	}
	return NULL;
}

static bool entry_is_good(const struct zr_image *image, const struct zr_image_entry *entry)
{
	return entry->tariff < image->tariff_count && entry->window < image->window_count &&
	       text_is_good(image, entry->rule, ZR_RULE_MAX);
}

static bool name_is_good(const struct zr_image *image, const struct zr_image_entry *entry)
{
	uint64_t at = (uint64_t)entry->rule + entry->name_skip;
	char canonical[ZR_NAME_MAX + 1];
	unsigned int labels = 1;
	const char *name;

	if (entry->kind > ZR_RULE_BELOW || at + entry->name_len >= image->text_bytes)
		return false;
	name = image->texts + at;
	if (zr_name_canonical((const uint8_t *)name, entry->name_len, canonical) != entry->name_len ||
	    memcmp(name, canonical, entry->name_len) != 0)
		return false;
	for (unsigned int i = 0; i < entry->name_len; i++)
		labels += name[i] == '.';
	return zr_bit_test(image->header->label_counts, labels);
}

/* Does it ask for what its kind can be asked for? */
static bool verify_is_good(const struct zr_image *image, const struct zr_image_entry *entry)
{
	bool has_bind = image->texts[image->tariffs[entry->tariff].bind] != '\0';

	if (entry->verify >= ZR_VERIFY_COUNT || (entry->shared && entry->verify != ZR_VERIFY_LEARN))
		return false;
	if (entry->kind == ZR_RULE_BLOCK)
		return entry->verify <= ZR_VERIFY_OFF;
	return !has_bind && (entry->kind != ZR_RULE_EXCLUDED || entry->verify == ZR_VERIFY_DEFAULT);
}

static bool block_is_good(const struct zr_image *image, const struct zr_block *block)
{
	unsigned int addr_bits = block->family == 4 ? 32 : 128;
	unsigned int kept = (block->len + 7U) / 8;

	if ((block->family != 4 && block->family != 6) || block->len > addr_bits || block->zero != 0 ||
	    block->port_from > block->port_to)
		return false;
	if (block->len % 8 != 0 && (block->addr[kept - 1] & (0xffU >> block->len % 8)) != 0)
		return false;
	for (unsigned int i = kept; i < sizeof(block->addr); i++)
		if (block->addr[i] != 0)
			return false;
	return zr_bit_test(image->header->prefix_lens[block->family == 6], block->len);
}

/* Have entry number i and the one before it, both names or both blocks, the same name or addresses? */
static bool same_key(const struct zr_image *image, uint32_t i)
{
	const struct zr_image_entry *a = &image->entries[i - 1], *b = &image->entries[i];

	if (i >= image->name_count)
		return zr_block_same_addresses(&image->blocks[i - image->name_count - 1],
					       &image->blocks[i - image->name_count]);
	return a->name_len == b->name_len &&
	       memcmp(zr_image_entry_name(image, a), zr_image_entry_name(image, b), a->name_len) == 0;
}

/* The lower wins. */
static unsigned int rank(const struct zr_image *image, uint32_t i)
{
	if (i >= image->name_count)
		return zr_block_rank(&image->blocks[i - image->name_count]);
	return zr_rule_rank(image->entries[i].kind);
}

/*
 * May entry number i, of one name or block with the one before it, stand behind it? Lookups search the windows of one name and
 * rank by their beginnings. Blocks of one rank may differ in ports, and are looked through.
 */
static bool is_in_order(const struct zr_image *image, uint32_t i)
{
	if (rank(image, i - 1) != rank(image, i))
		return rank(image, i - 1) < rank(image, i);
	return i >= image->name_count ||
	       image->windows[image->entries[i - 1].window].until_s <= image->windows[image->entries[i].window].from_s;
}

static const char *check_entries(const struct zr_image *image)
{
	for (uint32_t i = 0; i < image->entry_count; i++) {
		const struct zr_image_entry *entry = &image->entries[i];
		bool is_name = i < image->name_count;
		bool begins = i == 0 || i == image->name_count || image->entries[i - 1].last;

		if (!entry_is_good(image, entry))
			return "an entry refers to nothing";
		if (is_name && !name_is_good(image, entry))
			return "an entry's name is not canonical";
		if (!is_name &&
		    (entry->kind != ZR_RULE_BLOCK || !block_is_good(image, &image->blocks[i - image->name_count])))
			return "an entry's block is no prefix";
		if (!verify_is_good(image, entry))
			return "an entry asks for what it cannot have";
		if (!begins && (!same_key(image, i) || !is_in_order(image, i)))
			return "a group of entries is not in order";
		if ((i + 1 == image->name_count || i + 1 == image->entry_count) && !entry->last)
			return "a group of entries does not end";
	}
	return NULL;
}

/*
 * Does the table hold exactly count values, every bucket filled from its front? It is larger than that, so that the last
 * slot of some bucket is free: there every search ends.
 */
static bool buckets_are_full_of(const struct zr_buckets *table, uint64_t count)
{
	uint64_t used = 0;

	if (table->count != zr_buckets_for(count) || table->count > ZR_BUCKETS_MAX)
		return false;
	for (uint32_t i = 0; i < table->count; i++) {
		const uint32_t *value = table->at[i].value;

		for (unsigned int slot = 0; slot < ZR_HASH_BUCKET_SLOTS; slot++) {
			if (value[slot] == ZR_SLOT_NONE)
				continue;
			if (slot > 0 && value[slot - 1] == ZR_SLOT_NONE)
				return false;
			used++;
		}
	}
	return used == count;
}

/* Is value among the candidates for hash? */
static bool buckets_hold(const struct zr_buckets *table, uint64_t hash, uint32_t value)
{
	uint32_t slot = zr_buckets_first(table, hash);

	while (slot != ZR_SLOT_NONE && zr_buckets_value(table, slot) != value)
		slot = zr_buckets_next(table, hash, slot);
	return slot != ZR_SLOT_NONE;
}

/*
 * Entries from begin to end: is each group's first one found in the table? Groups come in the order of their hashes, so
 * that two groups of one name or block would be neighbours. A table of as many values as groups then holds nothing else.
 */
static const char *check_buckets(const struct zr_image *image, const struct zr_buckets *table, uint32_t begin,
				 uint32_t end)
{
	uint64_t groups = 0, hash, hash_before = 0;

	for (uint32_t i = begin; i < end; i++)
		groups += image->entries[i].last;
	if (!buckets_are_full_of(table, groups))
		return "a hash table is not filled as it should be";
	for (uint32_t i = begin; i < end; i++) {
		if (i > begin && !image->entries[i - 1].last)
			continue;
		hash = zr_image_group_hash(image, i);
		if (i > begin && (hash < hash_before || (hash == hash_before && same_key(image, i))))
			return "the groups of entries are not in order";
		if (!buckets_hold(table, hash, i))
			return "an entry is not in its hash table";
		hash_before = hash;
	}
	return NULL;
}

const char *zr_image_check(const struct zr_image *image)
{
	const char *wrong = check_tables(image);

	if (wrong == NULL)
		wrong = check_entries(image);
	if (wrong == NULL)
		wrong = check_buckets(image, &image->name_buckets, 0, image->name_count);
	if (wrong == NULL)
		wrong = check_buckets(image, &image->block_buckets, image->name_count, image->entry_count);
	return wrong;
}

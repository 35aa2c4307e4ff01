/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lookups in an image. Bulk lookups of names go in stages, so that the cache misses of all names overlap: hash every
 * suffix that may be listed, look at its bucket, at the candidate's entry, at the candidate's text.
 */
#include <string.h>

#include "rules/hash.h"
#include "rules/image_view.h"

/* Suffixes looked up in one round of the stages. */
#define PROBES_MAX 256

struct probe {
	uint64_t hash;
	uint32_t slot; /* of the candidate, or ZR_SLOT_NONE */
	uint8_t start; /* where in the name the suffix begins */
};

/* The probes of one round: those of name i are probes[end[i - 1]] (i = 0: the first) up to end[i], the shortest first. */
struct round {
	struct probe probes[PROBES_MAX];
	unsigned int end[ZR_MATCH_BULK];
};

static const struct zr_match no_match = {.kind = ZR_MATCH_NONE, .entry = ZR_ENTRY_NONE};

static struct zr_match match_of(const struct zr_image *image, uint32_t entry)
{
	bool excluded = image->entries[entry].kind == ZR_RULE_EXCLUDED;

	return (struct zr_match){.kind = excluded ? ZR_MATCH_EXCLUDED : ZR_MATCH_LISTED, .entry = entry};
}

/* Does the entry say something of a name with its suffix (whole: of exactly its name) at now_s? */
static bool speaks(const struct zr_image *image, const struct zr_image_entry *entry, bool whole, int64_t now_s)
{
	return !(entry->kind == ZR_RULE_EXACT && !whole) && !(entry->kind == ZR_RULE_BELOW && whole) &&
	       zr_image_in_force(image, entry, now_s);
}

/* The end of the large group that begins with entry number first. */
static uint32_t group_end(const struct zr_image *image, uint32_t first)
{
	size_t low = 0, high = image->group_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (image->groups[middle].first <= first)
			low = middle;
		else
			high = middle;
	}
	return image->groups[low].end;
}

/* The first entry from begin up to end that is of a greater rank, or of this one and begins after now_s; end if none is. */
static uint32_t begins_after(const struct zr_image *image, uint32_t begin, uint32_t end, unsigned int rank,
			     int64_t now_s)
{
	while (begin < end) {
		uint32_t middle = begin + (end - begin) / 2;
		const struct zr_image_entry *entry = &image->entries[middle];
		unsigned int its_rank = zr_rule_rank(entry->kind);

		if (its_rank < rank || (its_rank == rank && image->windows[entry->window].from_s <= now_s))
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

/* Windows of one rank come by their beginnings and do not overlap: only the last that has begun can be in force. */
static struct zr_match judge_large(const struct zr_image *image, uint32_t first, bool whole, int64_t now_s)
{
	uint32_t end = group_end(image, first), begin = first;

	for (unsigned int rank = ZR_RULE_EXCLUDED; rank <= ZR_RULE_SUBTREE; rank++) {
		uint32_t behind = begins_after(image, begin, end, rank, now_s);

		if (behind > begin && speaks(image, &image->entries[behind - 1], whole, now_s))
			return match_of(image, behind - 1);
		begin = behind;
	}
	return no_match;
}

struct zr_match zr_image_judge(const struct zr_image *image, uint32_t first, bool whole, int64_t now_s)
{
	for (uint32_t i = first; i < first + ZR_GROUP_SMALL; i++) {
		if (speaks(image, &image->entries[i], whole, now_s))
			return match_of(image, i);
		if (image->entries[i].last)
			return no_match;
	}
	return judge_large(image, first, whole, now_s);
}

/* Stage 1: the hashes of all suffixes with as many labels as some name of the list has. */
static unsigned int hash_suffixes(const struct zr_image *image, const struct zr_name_ref *name, struct probe *probes)
{
	struct zr_suffix_walk walk = zr_suffix_walk_of(name->text, name->len);
	unsigned int count = 0;

	while (walk.labels < image->most_labels && zr_suffix_walk_next(&walk)) {
		if (!zr_bit_test(image->header->label_counts, walk.labels))
			continue;
		probes[count].hash = zr_hash_finish(walk.hash);
		probes[count].start = (uint8_t)walk.at;
		__builtin_prefetch(
			&image->name_buckets.at[zr_buckets_home(image->name_buckets.count, probes[count].hash) /
						ZR_HASH_BUCKET_SLOTS]);
		count++;
	}
	return count;
}

static const struct zr_image_entry *candidate(const struct zr_image *image, uint32_t slot)
{
	return &image->entries[zr_buckets_value(&image->name_buckets, slot)];
}

/* Stages 2 and 3: the candidates' entries, then their texts. */
static void fetch_candidates(const struct zr_image *image, struct probe *probes, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		probes[i].slot = zr_buckets_first(&image->name_buckets, probes[i].hash);
		if (probes[i].slot != ZR_SLOT_NONE)
			__builtin_prefetch(candidate(image, probes[i].slot));
	}
	for (unsigned int i = 0; i < count; i++) {
		if (probes[i].slot != ZR_SLOT_NONE) {
			const struct zr_image_entry *entry = candidate(image, probes[i].slot);
			const char *text = zr_image_entry_name(image, entry);

			/* Of short names one in four lies on two cache lines. */
			__builtin_prefetch(text);
			__builtin_prefetch(text + entry->name_len - 1);
		}
	}
}

/* Stage 4: the first candidate whose text agrees judges, if it is in force; else the next shorter suffix is asked. */
static struct zr_match judge_name(const struct zr_image *image, const struct zr_name_ref *name,
				  const struct probe *probes, unsigned int count, int64_t now_s)
{
	while (count-- > 0) {
		const struct probe *probe = &probes[count];
		const char *suffix = name->text + probe->start;
		size_t len = name->len - (size_t)probe->start;
		uint32_t slot = probe->slot;

		while (slot != ZR_SLOT_NONE) {
			const struct zr_image_entry *entry = candidate(image, slot);

			if (entry->name_len == len && memcmp(zr_image_entry_name(image, entry), suffix, len) == 0)
				break;
			slot = zr_buckets_next(&image->name_buckets, probe->hash, slot);
		}
		if (slot != ZR_SLOT_NONE) {
			struct zr_match match = zr_image_judge(image, zr_buckets_value(&image->name_buckets, slot),
							       probe->start == 0, now_s);

			if (match.kind != ZR_MATCH_NONE)
				return match;
		}
	}
	return no_match;
}

static void match_round(const struct zr_image *image, const struct zr_name_ref *names, unsigned int count,
			int64_t now_s, struct zr_match *out)
{
	struct round round;
	unsigned int used = 0;

	for (unsigned int i = 0; i < count; i++) {
		used += hash_suffixes(image, &names[i], &round.probes[used]);
		round.end[i] = used;
	}
	fetch_candidates(image, round.probes, used);
	used = 0;
	for (unsigned int i = 0; i < count; i++) {
		out[i] = judge_name(image, &names[i], &round.probes[used], round.end[i] - used, now_s);
		used = round.end[i];
	}
}

void zr_image_match_names(const struct zr_image *image, const struct zr_name_ref *names, unsigned int count,
			  int64_t now_s, struct zr_match *out)
{
	/* A name has at most as many probes as the image has label counts: no round can need more than there are. */
	unsigned int most_probes = (unsigned int)__builtin_popcountll(image->header->label_counts[0]) +
				   (unsigned int)__builtin_popcountll(image->header->label_counts[1]);
	unsigned int round_names = PROBES_MAX / (most_probes > 0 ? most_probes : 1);

	if (round_names > ZR_MATCH_BULK)
		round_names = ZR_MATCH_BULK;
	for (unsigned int done = 0; done < count; done += round_names) {
		unsigned int now = count - done < round_names ? count - done : round_names;

		match_round(image, names + done, now, now_s, out + done);
	}
}

static bool block_covers_port(const struct zr_block *block, uint8_t proto, uint16_t port)
{
	return block->proto == 0 || (block->proto == proto && port >= block->port_from && port <= block->port_to);
}

/* The group of blocks with exactly these addresses: its first entry, or ZR_ENTRY_NONE. */
static uint32_t find_block(const struct zr_image *image, const struct zr_block *wanted)
{
	uint64_t hash = zr_block_hash(wanted);
	uint32_t slot = zr_buckets_first(&image->block_buckets, hash);

	while (slot != ZR_SLOT_NONE) {
		uint32_t entry = zr_buckets_value(&image->block_buckets, slot);

		if (zr_block_same_addresses(&image->blocks[entry - image->name_count], wanted))
			return entry;
		slot = zr_buckets_next(&image->block_buckets, hash, slot);
	}
	return ZR_ENTRY_NONE;
}

struct zr_match zr_image_match_address(const struct zr_image *image, uint8_t family, const uint8_t *addr, uint8_t proto,
				       uint16_t port, int64_t now_s)
{
	const uint64_t *lens = image->header->prefix_lens[family == 6];
	unsigned int addr_bytes = family == 6 ? 16 : 4;
	struct zr_block wanted = {.family = family};

	memcpy(wanted.addr, addr, addr_bytes);
	for (unsigned int len = addr_bytes * 8 + 1; len-- > 0;) {
		uint32_t entry;

		/* The next shorter prefix: one more bit is cleared. */
		if (len < addr_bytes * 8)
			wanted.addr[len / 8] &= (uint8_t)(0xff00 >> len % 8);
		wanted.len = (uint8_t)len;
		if (!zr_bit_test(lens, len))
			continue;
		entry = find_block(image, &wanted);
		for (; entry != ZR_ENTRY_NONE; entry = image->entries[entry].last ? ZR_ENTRY_NONE : entry + 1)
			if (block_covers_port(&image->blocks[entry - image->name_count], proto, port) &&
			    zr_image_in_force(image, &image->entries[entry], now_s))
				return match_of(image, entry);
	}
	return no_match;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Entries that contradict each other at some time: duplicates, .x beside *.x, equal blocks with overlapping ports, and
 * names at or under an exclusion. Entries that can contradict each other are neighbours in the list's order, sorted by the
 * beginning of their windows, so nothing is compared with everything.
 */
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "rules/entries.h"
#include "rules/hash.h"

/* A range of ports that an entry holds until its window ends. Names hold port 0. */
struct claim {
	uint16_t port_from, port_to;
	int64_t until_s;
	uint32_t entry;
};

static void report_pair(struct zr_list *list, struct zr_report *report, uint32_t one, uint32_t other)
{
	struct zr_list_entry *later = &list->entries[one > other ? one : other];
	const struct zr_list_entry *earlier = &list->entries[one > other ? other : one];
	const char *what = later->image.kind != earlier->image.kind ? "cover the same subdomains"
			   : later->image.kind == ZR_RULE_BLOCK     ? "cover the same addresses and ports"
								    : "are the same name";

	if (later->in_conflict)
		return;
	later->in_conflict = true;
	zr_report(report, later->place,
		  "\"%s\" and \"%s\" in line %u %s at the same time: remove one of them, or give them from and until "
		  "that do not overlap",
		  zr_list_rule(list, later), zr_list_rule(list, earlier), earlier->place.line, what);
}

/* Claims with a port in common are equal: a tree of disjoint claims then finds any that overlaps another one. */
static int compare_claims(const void *x, const void *y)
{
	const struct claim *a = x, *b = y;

	return (a->port_from > b->port_to) - (a->port_to < b->port_from);
}

static struct claim make_claim(const struct zr_list *list, uint32_t entry)
{
	const struct zr_list_entry *e = &list->entries[entry];
	struct claim claim = {.until_s = zr_list_window(list, e).until_s, .entry = entry};

	if (e->image.kind == ZR_RULE_BLOCK) {
		claim.port_from = list->blocks[e->block].port_from;
		claim.port_to = list->blocks[e->block].port_to;
	}
	return claim;
}

/*
 * Add a claim whose window begins at from_s, no earlier than those of the tree. A claim that ended by then makes room; one
 * that did not is a contradiction, and the new one then takes its place if it lasts longer. 0 or -ENOMEM.
 */
static int add_claim(struct zr_list *list, struct zr_report *report, void **tree, struct claim *claim, int64_t from_s)
{
	void *const *found;

	while ((found = tfind(claim, tree, compare_claims)) != NULL) {
		struct claim *old = *(struct claim *const *)found;

		if (old->until_s > from_s) {
			report_pair(list, report, old->entry, claim->entry);
			if (old->until_s < claim->until_s && old->port_from == claim->port_from &&
			    old->port_to == claim->port_to)
				*old = *claim;
			return 0;
		}
		tdelete(old, tree, compare_claims);
	}
	return tsearch(claim, tree, compare_claims) != NULL ? 0 : -ENOMEM;
}

static void keep_claim(void *claim)
{
	(void)claim;
}

/* Check count entries of one run. */
static int report_run(struct zr_list *list, struct zr_report *report, const struct zr_order_item *run, size_t count)
{
	struct claim *claims = calloc(count, sizeof(*claims));
	void *tree = NULL;
	int error = claims != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && error == 0; i++) {
		claims[i] = make_claim(list, run[i].entry);
		error = add_claim(list, report, &tree, &claims[i],
				  zr_list_window(list, &list->entries[run[i].entry]).from_s);
	}
	tdestroy(tree, keep_claim);
	free(claims);
	return error;
}

/* Can the two, neighbours in the order, contradict each other? */
static bool same_run(const struct zr_list *list, const struct zr_order_item *a, const struct zr_order_item *b)
{
	const struct zr_list_entry *x = &list->entries[a->entry], *y = &list->entries[b->entry];

	if (a->hash != b->hash || !zr_list_same_key(list, x, y) || zr_list_rank(list, x) != zr_list_rank(list, y))
		return false;
	return x->image.kind != ZR_RULE_BLOCK || list->blocks[x->block].proto == list->blocks[y->block].proto;
}

static int report_duplicates(struct zr_list *list, struct zr_report *report, const struct zr_order *order)
{
	int error = 0;

	for (size_t begin = 0, end; begin < order->count && error == 0; begin = end) {
		for (end = begin + 1; end < order->count; end++)
			if (!same_run(list, &order->items[end - 1], &order->items[end]))
				break;
		if (end - begin > 1)
			error = report_run(list, report, &order->items[begin], end - begin);
	}
	return error;
}

/* The exclusions of a list in its order of names, and which numbers of labels they have. */
struct exclusions {
	struct zr_order order;
	uint64_t label_counts[2];
};

static int collect_exclusions(const struct zr_list *list, struct exclusions *out)
{
	*out = (struct exclusions){0};
	out->order.items = calloc(list->names.count + 1, sizeof(*out->order.items));
	if (out->order.items == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < list->names.count; i++) {
		const struct zr_list_entry *entry = &list->entries[list->names.items[i].entry];
		struct zr_suffix_walk walk = zr_suffix_walk_of(zr_list_name(list, entry), entry->image.name_len);

		if (entry->image.kind != ZR_RULE_EXCLUDED)
			continue;
		out->order.items[out->order.count++] = list->names.items[i];
		while (zr_suffix_walk_next(&walk))
			;
		zr_bit_set(out->label_counts, walk.labels);
	}
	return 0;
}

/* Does the exclusion stand before (hash, suffix, until_s) in the order of names, where until_s counts as a beginning? */
static bool stands_before(const struct zr_list *list, const struct zr_order_item *item, uint64_t hash,
			  const char *suffix, size_t len, int64_t until_s)
{
	const struct zr_list_entry *entry = &list->entries[item->entry];
	int order;

	if (item->hash != hash)
		return item->hash < hash;
	if (entry->image.name_len != len)
		return entry->image.name_len < len;
	order = memcmp(zr_list_name(list, entry), suffix, len);
	return order != 0 ? order < 0 : zr_list_window(list, entry).from_s < until_s;
}

/*
 * The exclusion of exactly this suffix whose window overlaps, or NULL. Windows of one exclusion do not overlap (or that
 * was reported), so only the last one that begins before until_s can.
 */
static const struct zr_list_entry *find_exclusion(const struct zr_list *list, const struct zr_order *exclusions,
						  uint64_t hash, const char *suffix, size_t len,
						  struct zr_window window)
{
	size_t low = 0, high = exclusions->count;
	const struct zr_list_entry *entry;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (stands_before(list, &exclusions->items[middle], hash, suffix, len, window.until_s))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	entry = &list->entries[exclusions->items[low - 1].entry];
	if (entry->image.name_len != len || memcmp(zr_list_name(list, entry), suffix, len) != 0 ||
	    zr_list_window(list, entry).until_s <= window.from_s)
		return NULL;
	return entry;
}

static void report_excluded(struct zr_list *list, struct zr_report *report, const struct exclusions *exclusions,
			    struct zr_list_entry *entry)
{
	const char *name = zr_list_name(list, entry);
	struct zr_suffix_walk walk = zr_suffix_walk_of(name, entry->image.name_len);

	while (zr_suffix_walk_next(&walk)) {
		const struct zr_list_entry *exclusion;

		if (!zr_bit_test(exclusions->label_counts, walk.labels))
			continue;
		exclusion = find_exclusion(list, &exclusions->order, zr_hash_finish(walk.hash), name + walk.at,
					   entry->image.name_len - walk.at, zr_list_window(list, entry));
		if (exclusion != NULL) {
			zr_report(
				report, entry->place,
				"\"%s\" is excluded by \"%s\" in line %u at the same time: remove one of them, or give "
				"them from and until that do not overlap",
				zr_list_rule(list, entry), zr_list_rule(list, exclusion), exclusion->place.line);
			return;
		}
	}
}

int zr_conflicts_report(struct zr_list *list, struct zr_report *report)
{
	struct exclusions exclusions;
	int error = report_duplicates(list, report, &list->names);

	if (error == 0)
		error = report_duplicates(list, report, &list->addresses);
	if (error == 0)
		error = collect_exclusions(list, &exclusions);
	if (error != 0)
		return error;
	if (exclusions.order.count > 0)
		for (size_t i = 0; i < list->entry_count; i++)
			if (list->entries[i].image.kind != ZR_RULE_BLOCK &&
			    list->entries[i].image.kind != ZR_RULE_EXCLUDED && !list->entries[i].in_conflict)
				report_excluded(list, report, &exclusions, &list->entries[i]);
	free(exclusions.order.items);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both images have their subjects in the order of their hashes: one walk over both finds the subjects of either and of both.
 */
#include "rules/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/image_view.h"

/* Which names of a subject an entry covers. Exclusions meet nothing else. */
enum part { PART_SELF = 1, PART_BELOW = 2, PART_EXCLUDED = 4 };

/* What an entry covers of its subject. */
struct traffic {
	uint8_t parts; /* of enum part; blocks: PART_SELF */
	uint8_t proto; /* 0: every */
	uint16_t port_from, port_to;
};

/* An entry of the subject at hand. */
struct item {
	struct traffic traffic;
	struct zr_window window;
	uint32_t entry;
	uint32_t next; /* the next one of its list that has no pair */
};

/* The entries of one subject in one of the lists. Item 0 is none: its next is the first one without a pair. */
struct subject {
	const struct zr_image *image;
	struct item *items;
	uint32_t count, room;
};

struct difference {
	enum zr_change change;
	uint32_t before, after;
};

struct comparing {
	struct subject before, after;
	bool keep; /* the differences, to tell them */
	struct difference *differences;
	size_t count, room;
	uint64_t *counts;
};

/* A walk over the subjects of one image, from one of its entries on. */
struct walk {
	const struct zr_image *image;
	uint32_t at, end; /* the first entry of the subject; behind the last of the walk */
	uint64_t hash;    /* of the subject */
};

static bool traffic_meets(struct traffic a, struct traffic b)
{
	return (a.parts & b.parts) != 0 && (a.proto == b.proto || a.proto == 0 || b.proto == 0) &&
	       a.port_from <= b.port_to && b.port_from <= a.port_to;
}

static bool traffic_holds(struct traffic a, struct traffic b)
{
	return (a.parts & b.parts) == b.parts && (a.proto == b.proto || a.proto == 0) && a.port_from <= b.port_from &&
	       a.port_to >= b.port_to;
}

static int traffic_compare(struct traffic a, struct traffic b)
{
	if (a.parts != b.parts)
		return a.parts < b.parts ? -1 : 1;
	if (a.proto != b.proto)
		return a.proto < b.proto ? -1 : 1;
	if (a.port_from != b.port_from)
		return a.port_from < b.port_from ? -1 : 1;
	return (a.port_to > b.port_to) - (a.port_to < b.port_to);
}

static int window_compare(struct zr_window a, struct zr_window b)
{
	if (a.from_s != b.from_s)
		return a.from_s < b.from_s ? -1 : 1;
	return (a.until_s > b.until_s) - (a.until_s < b.until_s);
}

static bool windows_meet(struct zr_window a, struct zr_window b)
{
	return a.from_s < b.until_s && b.from_s < a.until_s;
}

static bool item_holds(const struct item *a, const struct item *b)
{
	return traffic_holds(a->traffic, b->traffic) && a->window.from_s <= b->window.from_s &&
	       a->window.until_s >= b->window.until_s;
}

static int item_compare(const void *x, const void *y)
{
	const struct item *a = x, *b = y;
	int order = traffic_compare(a->traffic, b->traffic);

	if (order == 0)
		order = window_compare(a->window, b->window);
	return order != 0 ? order : (a->entry > b->entry) - (a->entry < b->entry);
}

/* The steps of pairing, in their order. */
static bool is_equal(const struct item *a, const struct item *b)
{
	return traffic_compare(a->traffic, b->traffic) == 0 && window_compare(a->window, b->window) == 0;
}

static bool is_same_at_once(const struct item *a, const struct item *b)
{
	return traffic_compare(a->traffic, b->traffic) == 0 && windows_meet(a->window, b->window);
}

static bool is_met(const struct item *a, const struct item *b)
{
	return traffic_meets(a->traffic, b->traffic) && windows_meet(a->window, b->window);
}

static bool is_same(const struct item *a, const struct item *b)
{
	return traffic_compare(a->traffic, b->traffic) == 0;
}

static struct traffic traffic_of(const struct zr_image *image, uint32_t entry)
{
	static const uint8_t parts[] = {
		[ZR_RULE_EXCLUDED] = PART_EXCLUDED,
		[ZR_RULE_EXACT] = PART_SELF,
		[ZR_RULE_SUBTREE] = PART_SELF | PART_BELOW,
		[ZR_RULE_BELOW] = PART_BELOW,
		[ZR_RULE_BLOCK] = PART_SELF,
	};
	struct traffic traffic = {.parts = parts[image->entries[entry].kind], .port_to = UINT16_MAX};

	if (entry >= image->name_count) {
		const struct zr_block *block = &image->blocks[entry - image->name_count];

		traffic.proto = block->proto;
		/* Without a protocol the ports do not count. */
		if (block->proto != 0) {
			traffic.port_from = block->port_from;
			traffic.port_to = block->port_to;
		}
	}
	return traffic;
}

static int subject_add(struct subject *subject, uint32_t entry)
{
	const struct zr_image *image = subject->image;

	if (subject->count + 1 >= subject->room) {
		uint32_t room = subject->room == 0 ? 16 : subject->room * 2;
		struct item *items = reallocarray(subject->items, room, sizeof(*items));

		if (items == NULL)
			return -ENOMEM;
		subject->items = items;
		subject->room = room;
	}
	subject->items[++subject->count] = (struct item){
		.traffic = traffic_of(image, entry),
		.window = image->windows[image->entries[entry].window],
		.entry = entry,
	};
	return 0;
}

/* Take the subject that a walk is at, or nothing when walk is NULL. */
static int subject_take(struct subject *subject, const struct walk *walk)
{
	int error = 0;
	uint32_t entry;

	subject->count = 0;
	if (walk == NULL)
		return 0;
	for (entry = walk->at; error == 0 && entry < walk->end; entry++) {
		error = subject_add(subject, entry);
		if (walk->image->entries[entry].last)
			break;
	}
	if (error != 0)
		return error;
	if (subject->count > 1)
		qsort(subject->items + 1, subject->count, sizeof(*subject->items), item_compare);
	for (uint32_t i = 0; i <= subject->count; i++)
		subject->items[i].next = i < subject->count ? i + 1 : 0;
	return 0;
}

/* Count a difference between two items, of which one may be NULL, and keep it. 0 or -ENOMEM. */
static int differ(struct comparing *c, enum zr_change change, const struct item *before, const struct item *after)
{
	c->counts[change]++;
	if (!c->keep)
		return 0;
	if (c->count == c->room) {
		size_t room = c->room == 0 ? 64 : c->room * 2;
		struct difference *differences = reallocarray(c->differences, room, sizeof(*differences));

		if (differences == NULL)
			return -ENOMEM;
		c->differences = differences;
		c->room = room;
	}
	c->differences[c->count++] = (struct difference){
		.change = change,
		.before = before != NULL ? before->entry : ZR_ENTRY_NONE,
		.after = after != NULL ? after->entry : ZR_ENTRY_NONE,
	};
	return 0;
}

/* Are both counted under the same, and ask for the same? */
static bool same_terms(const struct comparing *c, const struct item *before, const struct item *after)
{
	struct zr_entry a, b;

	zr_image_entry(c->before.image, before->entry, &a);
	zr_image_entry(c->after.image, after->entry, &b);
	return a.rating_group == b.rating_group && strcmp(a.service, b.service) == 0 && a.verify == b.verify &&
	       a.shared_intended == b.shared_intended && strcmp(a.bind, b.bind) == 0;
}

static int judge_pair(struct comparing *c, const struct item *before, const struct item *after)
{
	bool grew = item_holds(after, before), shrank = item_holds(before, after);
	/* What an exclusion gains is no longer free. */
	bool excludes = before->traffic.parts == PART_EXCLUDED;

	if (grew && shrank)
		return same_terms(c, before, after) ? 0 : differ(c, ZR_CHANGE_CHANGED, before, after);
	if (grew || shrank)
		return differ(c, grew != excludes ? ZR_CHANGE_WIDENED : ZR_CHANGE_NARROWED, before, after);
	return differ(c, ZR_CHANGE_CHANGED, before, after);
}

/* Pair items that are equal; both lists are in order. */
static int pair_equal(struct comparing *c)
{
	struct item *before = c->before.items, *after = c->after.items;
	uint32_t before_last = 0, after_last = 0;
	int error = 0;

	while (error == 0 && before[before_last].next != 0 && after[after_last].next != 0) {
		struct item *a = &before[before[before_last].next], *b = &after[after[after_last].next];

		if (is_equal(a, b)) {
			error = judge_pair(c, a, b);
			before[before_last].next = a->next;
			after[after_last].next = b->next;
		} else if (item_compare(a, b) < 0) {
			before_last = before[before_last].next;
		} else {
			after_last = after[after_last].next;
		}
	}
	return error;
}

/* Pair what has no pair yet by one of the later steps. */
static int pair_by(struct comparing *c, bool (*fits)(const struct item *a, const struct item *b))
{
	struct item *before = c->before.items, *after = c->after.items;
	uint32_t before_last = 0;
	int error = 0;

	while (error == 0 && before[before_last].next != 0) {
		struct item *a = &before[before[before_last].next];
		uint32_t after_last = 0, looked = 0;

		while (after[after_last].next != 0 && looked < ZR_DIFF_LOOK &&
		       !fits(a, &after[after[after_last].next])) {
			after_last = after[after_last].next;
			looked++;
		}
		if (after[after_last].next != 0 && looked < ZR_DIFF_LOOK) {
			error = judge_pair(c, a, &after[after[after_last].next]);
			after[after_last].next = after[after[after_last].next].next;
			before[before_last].next = a->next;
		} else {
			before_last = before[before_last].next;
		}
	}
	return error;
}

/* Compare the entries of one subject; a walk is NULL when its image lacks the subject. */
static int compare_subject(struct comparing *c, const struct walk *before, const struct walk *after)
{
	int error = subject_take(&c->before, before);

	if (error == 0)
		error = subject_take(&c->after, after);
	if (error == 0 && before != NULL && after != NULL) {
		error = pair_equal(c);
		if (error == 0)
			error = pair_by(c, is_same_at_once);
		if (error == 0)
			error = pair_by(c, is_met);
		if (error == 0)
			error = pair_by(c, is_same);
	}
	if (before != NULL)
		for (uint32_t i = c->before.items[0].next; i != 0 && error == 0; i = c->before.items[i].next)
			error = differ(c, ZR_CHANGE_REMOVED, &c->before.items[i], NULL);
	if (after != NULL)
		for (uint32_t i = c->after.items[0].next; i != 0 && error == 0; i = c->after.items[i].next)
			error = differ(c, ZR_CHANGE_ADDED, NULL, &c->after.items[i]);
	return error;
}

static struct walk walk_from(const struct zr_image *image, uint32_t at, uint32_t end)
{
	struct walk walk = {.image = image, .at = at, .end = end};

	if (at < end)
		walk.hash = zr_image_group_hash(image, at);
	return walk;
}

static void walk_step(struct walk *walk)
{
	while (!walk->image->entries[walk->at].last)
		walk->at++;
	*walk = walk_from(walk->image, walk->at + 1, walk->end);
}

/* The order of the subjects that two walks are at: that of their hashes, then of their names or addresses. */
static int walk_compare(const struct walk *a, const struct walk *b)
{
	const struct zr_image_entry *x = &a->image->entries[a->at], *y = &b->image->entries[b->at];

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	if (a->at >= a->image->name_count)
		return memcmp(&a->image->blocks[a->at - a->image->name_count],
			      &b->image->blocks[b->at - b->image->name_count], offsetof(struct zr_block, proto));
	if (x->name_len != y->name_len)
		return x->name_len < y->name_len ? -1 : 1;
	return memcmp(zr_image_entry_name(a->image, x), zr_image_entry_name(b->image, y), x->name_len);
}

static int compare_walks(struct comparing *c, struct walk before, struct walk after)
{
	int error = 0;

	while (error == 0 && (before.at < before.end || after.at < after.end)) {
		int order;

		if (before.at == before.end)
			order = 1;
		else
			order = after.at == after.end ? -1 : walk_compare(&before, &after);
		error = compare_subject(c, order <= 0 ? &before : NULL, order >= 0 ? &after : NULL);
		if (order <= 0)
			walk_step(&before);
		if (order >= 0)
			walk_step(&after);
	}
	return error;
}

/* The entry that a difference is sorted by. */
static void entry_of(const struct comparing *c, const struct difference *d, struct zr_entry *out)
{
	if (d->before != ZR_ENTRY_NONE)
		zr_image_entry(c->before.image, d->before, out);
	else
		zr_image_entry(c->after.image, d->after, out);
}

static int compare_differences(const void *x, const void *y, void *arg)
{
	const struct difference *a = x, *b = y;
	struct zr_entry entry_a, entry_b;
	int order;

	entry_of(arg, a, &entry_a);
	entry_of(arg, b, &entry_b);
	order = strcmp(entry_a.rule, entry_b.rule);
	if (order == 0)
		order = (entry_a.from_s > entry_b.from_s) - (entry_a.from_s < entry_b.from_s);
	if (order == 0)
		order = (a->before > b->before) - (a->before < b->before);
	return order != 0 ? order : (a->after > b->after) - (a->after < b->after);
}

int zr_list_diff(const struct zr_image *before, const struct zr_image *after,
		 void (*tell)(void *arg, enum zr_change change, uint32_t before, uint32_t after), void *arg,
		 uint64_t counts[ZR_CHANGE_COUNT])
{
	struct comparing c = {.before.image = before, .after.image = after, .keep = tell != NULL, .counts = counts};
	int error;

	memset(counts, 0, ZR_CHANGE_COUNT * sizeof(*counts));
	error = compare_walks(&c, walk_from(before, 0, before->name_count), walk_from(after, 0, after->name_count));
	if (error == 0)
		error = compare_walks(&c, walk_from(before, before->name_count, before->entry_count),
				      walk_from(after, after->name_count, after->entry_count));
	if (error == 0 && c.count > 0)
		qsort_r(c.differences, c.count, sizeof(*c.differences), compare_differences, &c);
	for (size_t i = 0; error == 0 && i < c.count; i++)
		tell(arg, c.differences[i].change, c.differences[i].before, c.differences[i].after);
	free(c.differences);
	free(c.before.items);
	free(c.after.items);
	return error;
}

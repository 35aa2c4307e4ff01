/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/entries.h"

/* Order of the name or the addresses of two entries whose hashes agree. */
static int compare_keys(const struct zr_list *list, const struct zr_list_entry *a, const struct zr_list_entry *b)
{
	if (a->image.kind == ZR_RULE_BLOCK)
		return memcmp(&list->blocks[a->block], &list->blocks[b->block], offsetof(struct zr_block, proto));
	if (a->image.name_len != b->image.name_len)
		return a->image.name_len < b->image.name_len ? -1 : 1;
	return memcmp(zr_list_name(list, a), zr_list_name(list, b), a->image.name_len);
}

bool zr_list_same_key(const struct zr_list *list, const struct zr_list_entry *a, const struct zr_list_entry *b)
{
	return a->hash == b->hash && compare_keys(list, a, b) == 0;
}

unsigned int zr_list_rank(const struct zr_list *list, const struct zr_list_entry *entry)
{
	if (entry->image.kind == ZR_RULE_BLOCK)
		return zr_block_rank(&list->blocks[entry->block]);
	return zr_rule_rank(entry->image.kind);
}

static unsigned int proto(const struct zr_list *list, const struct zr_list_entry *entry)
{
	return entry->image.kind == ZR_RULE_BLOCK ? list->blocks[entry->block].proto : 0;
}

static int compare_items(const void *x, const void *y, void *arg)
{
	const struct zr_order_item *item_a = x, *item_b = y;
	const struct zr_list *list = arg;
	const struct zr_list_entry *a = &list->entries[item_a->entry], *b = &list->entries[item_b->entry];
	int64_t from_a, from_b;
	int order;

	if (item_a->hash != item_b->hash)
		return item_a->hash < item_b->hash ? -1 : 1;
	order = compare_keys(list, a, b);
	if (order == 0)
		order = (int)zr_list_rank(list, a) - (int)zr_list_rank(list, b);
	if (order == 0)
		order = (int)proto(list, a) - (int)proto(list, b);
	if (order != 0)
		return order;
	from_a = zr_list_window(list, a).from_s;
	from_b = zr_list_window(list, b).from_s;
	if (from_a != from_b)
		return from_a < from_b ? -1 : 1;
	return (item_a->entry > item_b->entry) - (item_a->entry < item_b->entry);
}

static int make_one(struct zr_list *list, struct zr_order *order, size_t count, bool blocks)
{
	order->items = calloc(count + 1, sizeof(*order->items));
	if (order->items == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < list->entry_count; i++)
		if ((list->entries[i].image.kind == ZR_RULE_BLOCK) == blocks)
			order->items[order->count++] = (struct zr_order_item){.hash = list->entries[i].hash,
									      .entry = (uint32_t)i};
	qsort_r(order->items, order->count, sizeof(*order->items), compare_items, list);
	return 0;
}

int zr_order_make(struct zr_list *list)
{
	int error = make_one(list, &list->names, list->entry_count - list->block_count, false);

	return error != 0 ? error : make_one(list, &list->addresses, list->block_count, true);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/best.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

int zr_best_make(struct zr_best *best, uint32_t room)
{
	*best = (struct zr_best){.items = calloc(room, sizeof(*best->items)), .room = room};
	return best->items != NULL ? 0 : -ENOMEM;
}

void zr_best_clear(struct zr_best *best)
{
	free(best->items);
	*best = (struct zr_best){0};
}

static bool is_better(const struct zr_best_item *a, const struct zr_best_item *b)
{
	return a->value != b->value ? a->value > b->value : a->order < b->order;
}

static void rise(struct zr_best *best, uint32_t at)
{
	struct zr_best_item item = best->items[at];

	for (; at > 0 && is_better(&best->items[(at - 1) / 2], &item); at = (at - 1) / 2)
		best->items[at] = best->items[(at - 1) / 2];
	best->items[at] = item;
}

static void sink(struct zr_best *best, uint32_t at)
{
	struct zr_best_item item = best->items[at];

	for (;;) {
		uint32_t worse = 2 * at + 1;

		if (worse + 1 < best->count && is_better(&best->items[worse], &best->items[worse + 1]))
			worse++;
		if (worse >= best->count || !is_better(&item, &best->items[worse]))
			break;
		best->items[at] = best->items[worse];
		at = worse;
	}
	best->items[at] = item;
}

uint32_t zr_best_offer(struct zr_best *best, uint64_t value)
{
	struct zr_best_item item = {.value = value, .order = best->offered++, .place = best->count};

	if (best->count < best->room) {
		best->items[best->count] = item;
		rise(best, best->count++);
		return item.place;
	}
	if (!is_better(&item, &best->items[0]))
		return ZR_BEST_NONE;
	item.place = best->items[0].place;
	best->items[0] = item;
	sink(best, 0);
	return item.place;
}

static int compare(const void *a, const void *b)
{
	return is_better(a, b) ? -1 : 1;
}

void zr_best_sort(struct zr_best *best)
{
	qsort(best->items, best->count, sizeof(*best->items), compare);
}

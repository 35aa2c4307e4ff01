/* SPDX-License-Identifier: BSD-3-Clause */
/* The best of many, by a number: as many as there are places for, whatever comes. One thread. */
#ifndef CONTROL_BEST_H
#define CONTROL_BEST_H

#include <stdint.h>

#define ZR_BEST_NONE UINT32_MAX

/* What has a place. Of equal values the one that was offered first is better. */
struct zr_best_item {
	uint64_t value, order;
	uint32_t place; /* 0 up to room */
};

struct zr_best {
	struct zr_best_item *items; /* count of them, a heap with the worst at the top; in order after zr_best_sort */
	uint32_t count, room;
	uint64_t offered;
};

/* 0 or -ENOMEM. room is at least 1. */
int zr_best_make(struct zr_best *best, uint32_t room);
void zr_best_clear(struct zr_best *best);

/* Offer a value: the place that it gets, whose former holder is no more among the best; ZR_BEST_NONE: it gets none. */
uint32_t zr_best_offer(struct zr_best *best, uint64_t value);

/* Put the items in order, the best first. Nothing may be offered afterwards. */
void zr_best_sort(struct zr_best *best);

#endif

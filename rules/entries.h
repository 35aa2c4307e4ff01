/* SPDX-License-Identifier: BSD-3-Clause */
/* What a list holds once it is read. Private to the reader and the compiler. */
#ifndef RULES_ENTRIES_H
#define RULES_ENTRIES_H

#include "rules/image_format.h"
#include "rules/intern.h"
#include "rules/list.h"
#include "rules/report.h"

struct zr_list_entry {
	struct zr_image_entry image; /* as it goes into the image; last is settled there */
	struct zr_place place;       /* of its match column */
	uint64_t hash;               /* of its name, or of its block's addresses */
	uint32_t block;              /* index; blocks only */
	bool in_conflict;            /* reported already */
};

/* A cell of the bind column. */
struct zr_list_bind {
	uint32_t service; /* offset in the texts */
	struct zr_place place;
};

struct zr_order_item {
	uint64_t hash;
	uint32_t entry;
};

/* Entries in the order of the image: by hash, then by name or addresses, then the one that wins first. */
struct zr_order {
	struct zr_order_item *items;
	size_t count;
};

struct zr_list {
	uint64_t serial;
	int64_t issued_s;
	uint32_t issuer;   /* offset in the texts */
	int64_t expires_s; /* first second of expiry */
	struct zr_list_intern texts;
	struct zr_list_intern tariffs; /* of struct zr_tariff */
	struct zr_list_intern windows; /* of struct zr_window */
	struct zr_list_entry *entries; /* in the order of the file */
	size_t entry_count, entry_room;
	struct zr_block *blocks;
	size_t block_count, block_room;
	struct zr_list_bind *binds; /* sorted by service when the list is read */
	size_t bind_count, bind_room;
	struct zr_order names, addresses; /* the two kinds of entries; empty until zr_order_make */
};

static inline const char *zr_list_name(const struct zr_list *list, const struct zr_list_entry *entry)
{
	return list->texts.bytes + entry->image.rule + entry->image.name_skip;
}

static inline const char *zr_list_rule(const struct zr_list *list, const struct zr_list_entry *entry)
{
	return list->texts.bytes + entry->image.rule;
}

static inline struct zr_window zr_list_window(const struct zr_list *list, const struct zr_list_entry *entry)
{
	return ((const struct zr_window *)(const void *)list->windows.bytes)[entry->image.window];
}

/* Have two entries, both names or both blocks, the same name or addresses? */
bool zr_list_same_key(const struct zr_list *list, const struct zr_list_entry *a, const struct zr_list_entry *b);
/* Which of them wins: the lower. */
unsigned int zr_list_rank(const struct zr_list *list, const struct zr_list_entry *entry);

/* Sort the list's entries into names and addresses. 0 or -ENOMEM. */
int zr_order_make(struct zr_list *list);

/* Report entries that contradict each other; the orders are made. 0 or -ENOMEM. */
int zr_conflicts_report(struct zr_list *list, struct zr_report *report);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What trusted resolvers' answers have taught, network-wide: which listed names each server address stands for. One immutable,
 * position-independent block, built from rows; lookups are const, allocation-free and may run in any number of threads. Names
 * are text, so that a table is right with every list: whoever asks matches them against the list in force.
 */
#ifndef RULES_LEARNED_H
#define RULES_LEARNED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/image.h"

/* Most names of one address that are kept, the ones that hold longest; an address with more is shared whatever the list says. */
#define ZR_LEARNED_NAMES ZR_MATCH_BULK

/* One lesson: in this domain the address stands for the name. */
struct zr_learned_row {
	uint8_t family; /* 4 or 6 */
	uint8_t addr[16];
	uint16_t domain;
	uint8_t name_len; /* 0: for a name that is not listed, whichever */
	const char *name; /* canonical (rules/name.h), need not be terminated */
	int64_t until_s;  /* first second at which it no longer does, Unix time */
};

struct zr_learned_table;

/*
 * Build a table from rows in any order; those of one address and name are one, which holds as long as the longest. Rows are only
 * read. Returns 0 with *out (free it with zr_learned_free when nobody reads it any more), -ENOMEM, -E2BIG.
 */
int zr_learned_make(const struct zr_learned_row *rows, size_t count, struct zr_learned_table **out);
void zr_learned_free(struct zr_learned_table *table);
/* Length of the block; and how many addresses are in it. */
size_t zr_learned_len_bytes(const struct zr_learned_table *table);
uint32_t zr_learned_addresses(const struct zr_learned_table *table);

/* What the table says of an address at a time. */
struct zr_learned_names {
	uint8_t count;        /* of names that hold */
	bool other;           /* it stands for names that are not listed too, or for more than are kept */
	uint32_t names_total; /* how many names it was learned for, kept or not, whether they hold or not */
	struct zr_name_ref names[ZR_LEARNED_NAMES];
	int64_t until_s[ZR_LEARNED_NAMES];
};

/* False, and *out is not to be used, when it is not in the table. addr: 4 or 16 bytes in network order. */
bool zr_learned_find(const struct zr_learned_table *table, uint8_t family, const uint8_t *addr, uint16_t domain,
		     int64_t now_s, struct zr_learned_names *out);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Byte strings kept once each, one behind the other: the texts and small tables of a list, as they go into its image. */
#ifndef RULES_INTERN_H
#define RULES_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct zr_list_intern_slot;

/* Zero is an empty one. bytes may be read; the rest is its own. */
struct zr_list_intern {
	char *bytes;
	size_t len, room;
	struct zr_list_intern_slot *slots;
	size_t slot_count, used;
};

/*
 * Find or add len (at least 1) bytes; *offset is where they begin in bytes. Strings are added with their terminator, so
 * that none is found in the front of another. Returns 0, -ENOMEM, or -E2BIG beyond 4 GiB.
 */
int zr_list_intern_add(struct zr_list_intern *intern, const void *bytes, size_t len, uint32_t *offset);
void zr_list_intern_clear(struct zr_list_intern *intern);

#endif

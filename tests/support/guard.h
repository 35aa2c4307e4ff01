/* SPDX-License-Identifier: BSD-3-Clause */
/* Inputs that end at a guard page: one byte too far is a fault, not luck. */
#ifndef TESTS_SUPPORT_GUARD_H
#define TESTS_SUPPORT_GUARD_H

#include <stddef.h>
#include <stdint.h>

struct guard {
	uint8_t *map;
	size_t map_len;
};

/*
 * Copy len bytes (0 allowed) so that the last one is the last before an inaccessible page. Aborts when memory cannot be
 * had. Free with guard_free.
 */
uint8_t *guard_copy(struct guard *guard, const void *data, size_t len);
void guard_free(struct guard *guard);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* How much two spellings differ. */
#ifndef RULES_SPELLING_H
#define RULES_SPELLING_H

#include <stddef.h>

/*
 * Characters (octets) that must be put in, left out, replaced, or swapped with their neighbour to make b of a; anything
 * above most when they are more than most. Texts are of at most ZR_NAME_MAX octets. Costs a_len times 2 * most + 1 steps at
 * the worst, and little for texts that differ much. Pure.
 */
unsigned int zr_spelling_distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned int most);

#endif

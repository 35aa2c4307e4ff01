/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/spelling.h"

#include "rules/name.h"

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment: the table of distances between the beginnings of a and b, of which three rows are kept. Only those
 * beginnings are compared whose lengths differ by most at the most: the others are further apart than that.
 */
unsigned int zr_spelling_distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned int most)
{
	unsigned int rows[3][ZR_NAME_MAX + 2];

	if ((a_len > b_len ? a_len - b_len : b_len - a_len) > most)
		return most + 1;
	for (size_t j = 0; j <= b_len + 1; j++)
		rows[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned int *row = rows[i % 3], *before = rows[(i - 1) % 3], *two_before = rows[(i + 1) % 3];
		size_t first = i > most ? i - most : 1, last = i + most < b_len ? i + most : b_len;
		unsigned int best = most + 1;

		/* Beside the ends of what is compared: what was left there is of another row. */
		row[first - 1] = first == 1 ? (unsigned int)i : most + 1;
		row[last + 1] = most + 1;
		for (size_t j = first; j <= last; j++) {
			row[j] = least(least(before[j] + 1, row[j - 1] + 1), before[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], two_before[j - 2] + 1);
			best = least(best, row[j]);
		}
		/* A swap skips this row, but the row before has nothing below most either: it would come to more. */
		if (best > most && i > most)
			return most + 1;
	}
	return rows[a_len % 3][b_len];
}

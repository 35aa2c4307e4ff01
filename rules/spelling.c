/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/spelling.h"

#include "rules/name.h"

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment: the table of distances between the beginnings of a and b, of which three rows are kept.
 */
unsigned int zr_spelling_distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned int most)
{
	unsigned int rows[3][ZR_NAME_MAX + 1];

	if ((a_len > b_len ? a_len - b_len : b_len - a_len) > most)
		return most + 1;
	for (unsigned int j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (unsigned int i = 1; i <= a_len; i++) {
		unsigned int *row = rows[i % 3], *before = rows[(i - 1) % 3], *two_before = rows[(i + 1) % 3];
		unsigned int best = i;

		row[0] = i;
		for (unsigned int j = 1; j <= b_len; j++) {
			row[j] = least(least(before[j] + 1, row[j - 1] + 1), before[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], two_before[j - 2] + 1);
			best = least(best, row[j]);
		}
		/* A swap skips this row, but the row before has nothing below most either: it would come to more. */
		if (best > most)
			return most + 1;
	}
	return rows[a_len % 3][b_len];
}

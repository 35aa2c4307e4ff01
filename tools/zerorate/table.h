/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Usage records as an aligned table for eyes: a header, then a line for each. Rows are kept until a block of them is full
 * or the end has come, since only then the columns' widths are known; each block has its header.
 */
#ifndef TOOLS_ZERORATE_TABLE_H
#define TOOLS_ZERORATE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "dataplane/pipeline/usage.h"
#include "tools/zerorate/output.h"

#define ZR_TABLE_COLUMNS 14

/* Rows of a block, and bytes of their cells. */
#define ZR_TABLE_ROWS  1000
#define ZR_TABLE_BYTES (256 * 1024)

struct zr_table {
	unsigned int width;                    /* of the terminal; 0: as wide as it needs to be */
	unsigned int widths[ZR_TABLE_COLUMNS]; /* in characters; they only grow, so that blocks look alike */
	unsigned int rows;
	size_t used;
	char cells[ZR_TABLE_BYTES]; /* row by row, column by column, each terminated */
};

/*
 * Begin a table. On a terminal of that width (0: no terminal) the less important columns are left out, and the last one is
 * cut, until a row fits.
 */
void zr_table_init(struct zr_table *t, unsigned int width);

/* Keep a row for a usage event; not when zr_table_full. */
void zr_table_add(struct zr_table *t, const struct zr_usage *usage);

/* Must the block be written before the next row? */
bool zr_table_full(const struct zr_table *t);

/* Write the block, if it has rows, and begin the next. */
void zr_table_write(struct zr_table *t, struct zr_output *out);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An aligned table for eyes: a header, then rows. Rows are kept until a block of them is full or the end has come, since only
 * then the columns' widths are known. A block has a header, unless the last one still fits and stands near.
 */
#ifndef TOOLS_ZERORATE_TABLE_H
#define TOOLS_ZERORATE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/zerorate/output.h"

#define ZR_TABLE_COLUMNS_MAX 16

/* Rows of a block, bytes of their cells, and bytes of one cell, terminator included: longer text is cut. */
#define ZR_TABLE_ROWS  1000
#define ZR_TABLE_BYTES (256 * 1024)
#define ZR_TABLE_CELL  320

struct zr_table_column {
	const char *title;
	bool right;         /* aligned to the right */
	unsigned int leave; /* the order in which columns make room on a narrow terminal; 0 stays */
};

struct zr_table {
	const struct zr_table_column *columns;
	unsigned int count;                        /* of columns */
	unsigned int width;                        /* of the terminal; 0: as wide as it needs to be */
	unsigned int widths[ZR_TABLE_COLUMNS_MAX]; /* in characters; they only grow, so that blocks look alike */
	unsigned int at;                           /* column of the next cell */
	unsigned int rows;
	size_t used;
	/* What the last header said, and rows written below it: a short block needs none of its own. */
	unsigned int header_widths[ZR_TABLE_COLUMNS_MAX], below_header;
	char cells[ZR_TABLE_BYTES]; /* row by row, column by column, each terminated */
};

/*
 * Begin a table. columns stay the caller's, at most ZR_TABLE_COLUMNS_MAX. On a terminal of that width (0: no terminal) the
 * less important columns are left out, and the last one is cut, until a row fits.
 */
void zr_table_init(struct zr_table *t, const struct zr_table_column *columns, unsigned int count, unsigned int width);

/* Put the next cell: a row's cells from left to right, then the next row's. No row is begun when zr_table_full. */
void zr_table_cell(struct zr_table *t, const char *text);
void zr_table_cell_number(struct zr_table *t, uint64_t value);
/* A time in UTC, to the second. */
void zr_table_cell_time(struct zr_table *t, uint64_t us);

/* Must the block be written before the next row? */
bool zr_table_full(const struct zr_table *t);

/* Write the block, if it has rows, and begin the next. */
void zr_table_write(struct zr_table *t, struct zr_output *out);

#endif

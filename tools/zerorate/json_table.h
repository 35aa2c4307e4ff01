/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON objects as a table on standard output. Members that are missing are shown as "-". */
#ifndef TOOLS_ZERORATE_JSON_TABLE_H
#define TOOLS_ZERORATE_JSON_TABLE_H

#include <jansson.h>

#include "tools/zerorate/table.h"

/* A member's text, "-" without one. */
const char *zr_json_member(const json_t *object, const char *member);

/* Put a cell: a member's text; its number; the sum of the numbers of two members; a time to the second. */
void zr_json_cell_text(struct zr_table *t, const json_t *object, const char *member);
void zr_json_cell_number(struct zr_table *t, const json_t *object, const char *member);
void zr_json_cell_sum(struct zr_table *t, const json_t *object, const char *a, const char *b);
void zr_json_cell_time(struct zr_table *t, const json_t *object, const char *member);

struct zr_json_table {
	const char *command; /* in whose name is told what goes wrong */
	const struct zr_table_column *columns;
	unsigned int column_count;
	void (*add_row)(struct zr_table *t, const json_t *object);
};

/*
 * Write a table of the objects of an array, then of another one (NULL: none), behind what stdio holds. Exit status: of
 * printing.
 */
int zr_json_table_print(const struct zr_json_table *table, const json_t *objects, const json_t *more);

#endif

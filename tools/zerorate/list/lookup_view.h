/* SPDX-License-Identifier: BSD-3-Clause */
/* How `zerorate list lookup` shows an answer. */
#ifndef TOOLS_ZERORATE_LIST_LOOKUP_VIEW_H
#define TOOLS_ZERORATE_LIST_LOOKUP_VIEW_H

#include <stdbool.h>

#include "rules/explain.h"
#include "tools/zerorate/list/lookup_query.h"
#include "tools/zerorate/table.h"

/* One question and what became of it. explanation is empty when the question is bad. */
struct zr_answer {
	const struct zr_image *image;
	const struct zr_query *query;
	struct zr_explanation explanation;
	int64_t at_s; /* the time for which it was asked */
};

/* Does the list free it? */
bool zr_answer_is_free(const struct zr_answer *answer);

/* A line of JSON, malloc'ed; NULL when there is no memory. */
char *zr_answer_json(const struct zr_answer *answer);

void zr_answer_table_init(struct zr_table *table);
/* Put an answer into the table; what is full of it is written to out. */
void zr_answer_table_add(struct zr_table *table, struct zr_output *out, const struct zr_answer *answer);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands before the rows of a list: directives and the header row. */
#ifndef RULES_LIST_HEAD_H
#define RULES_LIST_HEAD_H

#include "rules/csv.h"
#include "rules/entries.h"

enum zr_column {
	ZR_COLUMN_MATCH,
	ZR_COLUMN_SERVICE,
	ZR_COLUMN_RATING_GROUP,
	ZR_COLUMN_FROM,
	ZR_COLUMN_UNTIL,
	ZR_COLUMN_VERIFY,
	ZR_COLUMN_BIND,
	ZR_COLUMN_OWNER,
	ZR_COLUMN_NOTE,
	ZR_COLUMN_COUNT
};

enum zr_directive {
	ZR_DIRECTIVE_SERIAL,
	ZR_DIRECTIVE_ISSUER,
	ZR_DIRECTIVE_ISSUED,
	ZR_DIRECTIVE_EXPIRES,
	ZR_DIRECTIVE_COUNT
};

/* What was seen so far. Zero at the beginning. */
struct zr_list_head {
	bool has_header;
	unsigned int columns;             /* of the header row */
	int column_at[ZR_COLUMN_COUNT];   /* field of each column, -1 when it is absent; valid with has_header */
	bool has[ZR_DIRECTIVE_COUNT];     /* the directive was given, right or wrong */
	bool is_good[ZR_DIRECTIVE_COUNT]; /* … and could be read */
	struct zr_place expires;          /* the directive's value */
};

/* Read a comment record; one that begins with "#!" is a directive, whose value goes into list. 0 or -ENOMEM. */
int zr_list_head_comment(struct zr_list_head *head, struct zr_list *list, const struct zr_csv *csv,
			 const struct zr_csv_record *record);

/* Read the header row. */
void zr_list_head_columns(struct zr_list_head *head, const struct zr_csv *csv, const struct zr_csv_record *record);

/* The end of the list: report what never came. */
void zr_list_head_finish(const struct zr_list_head *head, const struct zr_list *list, const struct zr_csv *csv);

#endif

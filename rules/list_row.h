/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows of a list. */
#ifndef RULES_LIST_ROW_H
#define RULES_LIST_ROW_H

#include "rules/csv.h"
#include "rules/entries.h"
#include "rules/list_head.h"

/*
 * Read one row, report what is wrong with it, and add its entry to list when its match and its window could be read.
 * Returns 0 or -ENOMEM.
 */
int zr_list_row_read(const struct zr_list_head *head, struct zr_list *list, const struct zr_csv *csv,
		     const struct zr_csv_record *record);

#endif

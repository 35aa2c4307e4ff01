/* SPDX-License-Identifier: BSD-3-Clause */
/* Usage records as a table: a line for each. */
#ifndef TOOLS_ZERORATE_USAGE_TABLE_H
#define TOOLS_ZERORATE_USAGE_TABLE_H

#include "dataplane/pipeline/usage.h"
#include "tools/zerorate/table.h"

/* Begin a table of usage events; width as in zr_table_init. */
void zr_usage_table_init(struct zr_table *t, unsigned int width);

/* Keep a row for a usage event; not when zr_table_full. */
void zr_usage_table_add(struct zr_table *t, const struct zr_usage *usage);

#endif

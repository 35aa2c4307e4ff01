/* SPDX-License-Identifier: BSD-3-Clause */
/* The summary for eyes. */
#ifndef TOOLS_ZERORATE_SUMMARY_TABLE_H
#define TOOLS_ZERORATE_SUMMARY_TABLE_H

#include <stdio.h>

#include "dataplane/pipeline/usage.h"

/* Write what was received, free, charged and unaccounted, each with its reasons, as an aligned table. */
void zr_summary_table(const struct zr_totals *totals, FILE *out);

#endif

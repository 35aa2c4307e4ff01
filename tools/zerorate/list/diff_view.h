/* SPDX-License-Identifier: BSD-3-Clause */
/* Differences between two lists as text for people, as a table, or as JSON lines. */
#ifndef TOOLS_ZERORATE_LIST_DIFF_VIEW_H
#define TOOLS_ZERORATE_LIST_DIFF_VIEW_H

#include "rules/diff.h"
#include "tools/zerorate/output.h"

enum zr_diff_format { ZR_DIFF_TEXT, ZR_DIFF_TABLE, ZR_DIFF_JSON };

/*
 * Compare and write all differences, then their numbers. width: of the terminal, 0 when there is none. Returns how many
 * differences there are, directives included, or -ENOMEM.
 */
int64_t zr_diff_view(const struct zr_image *before, const struct zr_image *after, enum zr_diff_format format,
		     unsigned int width, struct zr_output *out);

#endif

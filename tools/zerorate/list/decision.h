/* SPDX-License-Identifier: BSD-3-Clause */
/* What a daemon decided about a list. */
#ifndef TOOLS_ZERORATE_LIST_DECISION_H
#define TOOLS_ZERORATE_LIST_DECISION_H

#include <jansson.h>
#include <stdbool.h>

/*
 * Show the reply to list_push or reload, what is wrong on standard error, or as JSON; file: what the list is called. Returns
 * the exit status.
 */
int zr_list_decision_show(const char *command, const json_t *reply, const char *file, bool json);

#endif

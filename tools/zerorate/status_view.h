/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon's status for eyes. */
#ifndef TOOLS_ZERORATE_STATUS_VIEW_H
#define TOOLS_ZERORATE_STATUS_VIEW_H

#include <jansson.h>
#include <stdio.h>

/* Write a status object (control/README.md) as text. Members that are missing are shown as 0 or "-". */
void zr_status_view(const json_t *status, FILE *out);

/* Write what is wrong with the daemon's state, one line each. Returns how many. */
unsigned int zr_status_wrongs(const json_t *status, FILE *out);

#endif

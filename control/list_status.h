/* SPDX-License-Identifier: BSD-3-Clause */
/* The list's part of the status object. */
#ifndef CONTROL_LIST_STATUS_H
#define CONTROL_LIST_STATUS_H

#include <jansson.h>

#include "control/list.h"

/* The list in force and the last one that was refused, a new reference; NULL without memory. */
json_t *zr_list_status_json(const struct zr_lists *lists);

/* Add what an operator should know to an array of texts. */
void zr_list_status_warnings(const struct zr_lists *lists, json_t *warnings);

#endif

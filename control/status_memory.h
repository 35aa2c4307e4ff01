/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory that the dataplane has taken, for those who look at it. */
#ifndef CONTROL_STATUS_MEMORY_H
#define CONTROL_STATUS_MEMORY_H

#include <jansson.h>

#include "dataplane/dpdk/dataplane.h"

/* Room of a sentence of zr_status_memory_text. */
#define ZR_MEMORY_TEXT 320

/* The member `memory` of a status. NULL: no memory. */
json_t *zr_status_memory(const struct zr_dataplane_status *now);

/* "512 MiB of memory, …": how much for what. */
void zr_status_memory_text(const struct zr_memory *memory, char text[ZR_MEMORY_TEXT]);

#endif

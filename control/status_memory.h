/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory that the dataplane has taken, for those who look at it. */
#ifndef CONTROL_STATUS_MEMORY_H
#define CONTROL_STATUS_MEMORY_H

#include <jansson.h>

#include "control/config.h"
#include "dataplane/dpdk/dataplane.h"

/* Room of a sentence of zr_status_memory_text. */
#define ZR_MEMORY_TEXT 320

/* The member `memory` of a status. NULL: no memory. */
json_t *zr_status_memory(const struct zr_dataplane_status *now);

/* All of it together. */
uint64_t zr_status_memory_mib(const struct zr_memory *memory);

/* "512 MiB of memory, …": how much for what. */
void zr_status_memory_text(const struct zr_memory *memory, char text[ZR_MEMORY_TEXT]);

/* What the rest of the daemon may take at most as it uses it, beside the list. */
uint64_t zr_status_memory_later(const struct zr_config *config);

/* Log what was taken, of which pages, and when too little is left for the rest. */
void zr_status_memory_log(const struct zr_dataplane_status *now, const struct zr_config *config);

#endif

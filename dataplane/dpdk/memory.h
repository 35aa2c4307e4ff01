/* SPDX-License-Identifier: BSD-3-Clause */
/* A dataplane's memory: how much it takes, and where it comes from. Private to this folder. */
#ifndef DATAPLANE_DPDK_MEMORY_H
#define DATAPLANE_DPDK_MEMORY_H

#include "dataplane/dpdk/dataplane.h"

/* Each of so many workers' share of a pipeline that is configured for all. */
struct zr_pipeline_config zr_memory_share(const struct zr_pipeline_config *all, unsigned int workers);

/* How eal is told to have no huge pages: does the text say so? */
bool zr_memory_ordinary(const char *eal);

/*
 * Zeroed memory for a worker's pipeline, aligned to 64, every page of it there: EAL's when it has huge pages, which lie on the
 * socket then, else the process's own, transparent huge pages where the kernel gives them. NULL: there is none.
 */
void *zr_memory_take(size_t len, int socket);
void zr_memory_give_back(void *memory, size_t len);

/*
 * MiB that EAL is to reserve of ordinary pages, for buffers and rings: the machine has no huge pages, and eal does not say
 * --no-huge. 0: EAL takes huge pages, or the configuration says how much. What is reserved and not used costs nothing.
 */
unsigned int zr_memory_eal_mib(const struct zr_dataplane_config *config, unsigned int workers);

/* Are so many bytes there for EAL's memory to be touched? With huge pages EAL knows. */
bool zr_memory_fits(uint64_t bytes);

/* Memory that EAL gave is there from now on, and not only when it is first written. Whoever works in it must not run yet. */
void zr_memory_touch(void *memory, size_t len);

/* Of which pages zr_memory_take takes. EAL runs. */
enum zr_pages zr_memory_pages(void);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A dataplane's memory: how much it takes, and where it comes from. Private to this folder. */
#ifndef DATAPLANE_DPDK_MEMORY_H
#define DATAPLANE_DPDK_MEMORY_H

#include "dataplane/dpdk/dataplane.h"

/* Each of so many workers' share of a pipeline that is configured for all. */
struct zr_pipeline_config zr_memory_share(const struct zr_pipeline_config *all, unsigned int workers);

/*
 * Zeroed memory for the pipeline of a worker on an lcore, aligned to 64, every page of it there and on the lcore's NUMA node:
 * EAL's when it has huge pages, else the process's own, transparent huge pages where the kernel gives them. NULL: there is none.
 */
void *zr_memory_take(size_t len, unsigned int lcore);
void zr_memory_give_back(void *memory, size_t len);

/* Are so many bytes there for EAL's memory to be touched? With huge pages EAL knows. */
bool zr_memory_fits(uint64_t bytes);

/*
 * Memory that EAL gave is there from now on, and not only when it is first written: on the lcore's node, in no core dump, and
 * locked where the process may lock so much. The lcore waits for work, or touches nothing of the memory yet.
 */
void zr_memory_touch(void *memory, size_t len, unsigned int lcore);

/* Of which pages zr_memory_take takes. EAL runs. */
enum zr_pages zr_memory_pages(void);

#endif

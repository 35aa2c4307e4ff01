/* SPDX-License-Identifier: BSD-3-Clause */
/* What answers teach: from workers to control, and as one table back to all of them. Private to this folder. */
#ifndef DATAPLANE_DPDK_TEACH_H
#define DATAPLANE_DPDK_TEACH_H

#include "dataplane/dpdk/state.h"

/* Make the ring of a worker for what it learned. Free it with rte_ring_free. NULL: no memory. */
struct rte_ring *zr_teach_ring(unsigned int worker, int socket);

/* What a worker's pipeline calls with what an answer taught. No room: it is counted, and told again with a later answer. */
void zr_teach_tell(void *arg, const struct zr_learned *learned);

/* By a worker, each round: use the table that control published last. */
static inline void zr_teach_notice(struct zr_worker *w)
{
	const struct zr_learned_table *table = atomic_load_explicit(&w->dp->taught, memory_order_acquire);

	if (table == w->taught)
		return;
	w->taught = table;
	zr_pipeline_learned(w->pipeline, table);
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A list for all workers: announced, taken up, and the one before given up. */
#include <errno.h>

#include "dataplane/dpdk/state.h"

static void announce(struct zr_dataplane *dp, uint64_t generation, const struct zr_image *image,
		     const struct zr_suffix_index *index)
{
	struct zr_announcement *list = &dp->lists[generation % 2];

	*list = (struct zr_announcement){.image = image, .index = index, .generation = generation};
	atomic_store_explicit(&dp->published, list, memory_order_release);
}

static uint64_t generation_of(const struct zr_dataplane *dp)
{
	return atomic_load_explicit(&dp->published, memory_order_relaxed)->generation;
}

void zr_lists_init(struct zr_dataplane *dp, const struct zr_image *image, const struct zr_suffix_index *index)
{
	announce(dp, 0, image, index);
	dp->token = rte_rcu_qsbr_start(dp->qsbr);
}

int zr_dataplane_publish(struct zr_dataplane *dp, const struct zr_image *image, const struct zr_suffix_index *index)
{
	if (!zr_dataplane_settled(dp))
		return -EBUSY;
	announce(dp, generation_of(dp) + 1, image, index);
	dp->token = rte_rcu_qsbr_start(dp->qsbr);
	return 0;
}

/*
 * Three things hold the list before: the announcement, which a worker looks at within a round (a grace period ends that);
 * its flows, until they are judged anew; and events in its ring, until they are drained.
 */
bool zr_dataplane_settled(const struct zr_dataplane *dp)
{
	if (rte_rcu_qsbr_check(dp->qsbr, dp->token, false) != 1)
		return false;
	for (unsigned int i = 0; i < dp->worker_count; i++) {
		struct zr_worker *w = dp->workers[i];

		if (atomic_load_explicit(&w->settled, memory_order_acquire) != generation_of(dp) ||
		    w->taken < atomic_load_explicit(&w->settled_events, memory_order_relaxed))
			return false;
	}
	return true;
}

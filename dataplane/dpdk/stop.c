/* SPDX-License-Identifier: BSD-3-Clause */
/* The way out, one phase after the other: what a worker does in a phase relies on all others having finished the one before. */
#include <errno.h>

#include <rte_launch.h>

#include "dataplane/dpdk/state.h"

static bool all_reached(const struct zr_dataplane *dp, enum zr_phase phase)
{
	for (unsigned int i = 0; i < dp->worker_count; i++)
		if (atomic_load_explicit(&dp->workers[i]->reached, memory_order_acquire) < phase)
			return false;
	return true;
}

static uint64_t latest_of_all_ns(const struct zr_dataplane *dp)
{
	uint64_t latest_ns = 0;

	for (unsigned int i = 0; i < dp->worker_count; i++) {
		uint64_t ns = atomic_load_explicit(&dp->workers[i]->reached_ns, memory_order_relaxed);

		latest_ns = ns > latest_ns ? ns : latest_ns;
	}
	return latest_ns;
}

/* Have all workers ended, and has control everything that they told? */
static bool all_done(const struct zr_dataplane *dp)
{
	for (unsigned int i = 0; i < dp->worker_count; i++)
		if (rte_eal_get_lcore_state(dp->workers[i]->lcore) == RUNNING ||
		    !rte_ring_empty(dp->workers[i]->events))
			return false;
	return true;
}

static void enter(struct zr_dataplane *dp, enum zr_phase phase)
{
	atomic_store_explicit(&dp->phase, phase, memory_order_release);
}

int zr_dataplane_stop(struct zr_dataplane *dp)
{
	enum zr_phase phase = atomic_load_explicit(&dp->phase, memory_order_relaxed);

	switch (phase) {
	case ZR_PHASE_RUN:
		enter(dp, ZR_PHASE_HOLD);
		return -EAGAIN;
	case ZR_PHASE_HOLD:
		if (all_reached(dp, phase))
			enter(dp, ZR_PHASE_EMPTY);
		return -EAGAIN;
	case ZR_PHASE_EMPTY:
		if (all_reached(dp, phase)) {
			atomic_store_explicit(&dp->end_ns, latest_of_all_ns(dp), memory_order_relaxed);
			enter(dp, ZR_PHASE_CUT);
		}
		return -EAGAIN;
	default:
		return all_done(dp) ? 0 : -EAGAIN;
	}
}

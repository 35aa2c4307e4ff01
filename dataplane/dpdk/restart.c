/* SPDX-License-Identifier: BSD-3-Clause */
/* Open flows of all workers, out at the end of a run and in at the start of the next. */
#include <rte_launch.h>

#include "dataplane/dpdk/spread.h"
#include "dataplane/dpdk/state.h"
#include "dataplane/pipeline/save.h"

#define NS_PER_US 1000

/* Flows between two signs of life: well below a millisecond. */
#define PROGRESS_LOOKS 1024

bool zr_saved_run_check(const struct zr_saved_run *run, uint64_t *count)
{
	struct zr_saved_flow flow;
	enum zr_result result;
	size_t at = 0, used;

	for (*count = 0; (result = zr_saved_read(run->flows + at, run->len - at, &used, &flow)) == ZR_OK; at += used)
		++*count;
	return result == ZR_NONE;
}

/* The role of the ports of a domain. */
static uint8_t role_of(const struct zr_dataplane *dp, uint16_t domain)
{
	uint8_t role = ZR_ROLE_ACCESS;

	for (unsigned int i = 0; i < dp->config.port_count; i++)
		if (dp->devices[i].domain == domain && dp->devices[i].role == ZR_ROLE_BOTH)
			role = ZR_ROLE_BOTH;
	return role;
}

/* Can nobody say which worker its packets will come to? Ports that spread subscribers by themselves do as they did before. */
static bool is_lost(const struct zr_dataplane *dp)
{
	const struct zr_saved_run *run = dp->config.saved;

	return dp->hardware && !(run->hardware && run->workers == dp->worker_count);
}

static unsigned int worker_of(const struct zr_dataplane *dp, const struct zr_saved_flow *flow)
{
	if (dp->hardware)
		return flow->worker % dp->worker_count;
	return zr_spread_flow(flow->family, &flow->client, &flow->server, role_of(dp, flow->domain),
			      dp->config.pipeline.subscribers, dp->worker_count);
}

/* The next flow of the run at *at, which is moved on; false at its end. */
static bool next(const struct zr_saved_run *run, size_t *at, struct zr_saved_flow *flow)
{
	size_t used;

	if (zr_saved_read(run->flows + *at, run->len - *at, &used, flow) != ZR_OK)
		return false;
	*at += used;
	return true;
}

void zr_restart_count(struct zr_dataplane *dp, uint32_t identities[ZR_WORKERS_MAX])
{
	const struct zr_saved_run *run = dp->config.saved;
	struct zr_saved_flow flow;
	size_t at = 0;

	while (run != NULL && run->same_epoch && next(run, &at, &flow))
		identities[worker_of(dp, &flow)] += flow.id != 0;
}

/* There is no round yet, but it goes on. */
static void tell_progress(struct zr_worker *w)
{
	w->status.total_cycles++;
	zr_worker_publish(w);
}

void zr_worker_restore(struct zr_worker *w, uint64_t now_ns)
{
	const struct zr_saved_run *run = w->dp->config.saved;
	uint16_t domains[ZR_PORTS_MAX];
	struct zr_saved_flow flow;
	struct zr_restore from;
	size_t at = 0;

	if (run != NULL) {
		from = (struct zr_restore){
			.list = run->list,
			.saved_us = run->saved_us,
			.same_epoch = run->same_epoch,
			.domains = domains,
			.domain_count = is_lost(w->dp) ? 0 : w->dp->config.port_count,
		};
		for (unsigned int i = 0; i < w->dp->config.port_count; i++)
			domains[i] = w->dp->devices[i].domain;
		/* Where no clock is read, the captures go on when the run ended. */
		zr_pipeline_poll(w->pipeline, now_ns != 0 ? now_ns : run->saved_us * NS_PER_US);
		w->waits = true;
		for (uint64_t looks = 1; next(run, &at, &flow); looks++) {
			if (worker_of(w->dp, &flow) == w->index)
				zr_pipeline_restore(w->pipeline, &from, &flow);
			if (looks % PROGRESS_LOOKS == 0)
				tell_progress(w);
		}
		w->waits = false;
		zr_worker_publish(w);
	}
	atomic_store_explicit(&w->restored, true, memory_order_release);
}

bool zr_dataplane_restored(const struct zr_dataplane *dp)
{
	for (unsigned int i = 0; i < dp->worker_count; i++)
		if (!atomic_load_explicit(&dp->workers[i]->restored, memory_order_acquire))
			return false;
	return true;
}

int zr_dataplane_save(struct zr_dataplane *dp, struct zr_saved_run *run,
		      int (*write)(void *arg, const void *bytes, size_t len), void *arg)
{
	int status = 0;

	run->list = zr_image_identity(atomic_load_explicit(&dp->published, memory_order_relaxed)->image);
	run->saved_us = (dp->file_time ? dp->end_ns : zr_clock_ns(CLOCK_REALTIME)) / NS_PER_US;
	run->workers = dp->worker_count;
	run->hardware = dp->hardware;
	for (unsigned int i = 0; status == 0 && i < dp->worker_count; i++)
		status = zr_pipeline_save(dp->workers[i]->pipeline, write, arg);
	return status;
}

void zr_dataplane_forget(struct zr_dataplane *dp)
{
	for (unsigned int i = 0; i < dp->worker_count; i++)
		rte_eal_remote_launch(zr_worker_forget, dp->workers[i], dp->workers[i]->lcore);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* A dataplane's making and unmaking. */
#include "dataplane/dpdk/dataplane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/events.h"
#include "dataplane/dpdk/memory.h"
#include "dataplane/dpdk/port.h"
#include "dataplane/dpdk/ports.h"
#include "dataplane/dpdk/spread_parts.h"
#include "dataplane/dpdk/state.h"
#include "dataplane/dpdk/teach.h"
#include "dataplane/dpdk/telemetry.h"

#define CACHE_LINE 64
#define MIB        (1024.0 * 1024.0)

static int no_memory(char *error, size_t error_len, const char *what, size_t bytes)
{
	snprintf(error, error_len,
		 "no memory for %s (%.0f MiB); give EAL more (-m, or more hugepages) or configure less", what,
		 (double)bytes / MIB);
	return -ENOMEM;
}

/* A worker's share of what is configured for all. */
static struct zr_pipeline_config share_of(const struct zr_dataplane *dp, struct zr_worker *w)
{
	struct zr_pipeline_config config = zr_memory_share(&dp->config.pipeline, dp->worker_count);

	config.worker = (uint8_t)w->index;
	config.identities = w->identities;
	config.usage = zr_worker_tell;
	config.room = zr_worker_room;
	config.learned = w->lessons != NULL ? zr_teach_tell : NULL;
	config.arg = w;
	return config;
}

static int pipeline_make(struct zr_dataplane *dp, struct zr_worker *w, char *error, size_t error_len)
{
	struct zr_pipeline_config config = share_of(dp, w);
	size_t len = zr_pipeline_memory(&config);
	char what[64];

	w->memory = zr_memory_take(len, w->lcore);
	w->memory_len = len;
	if (w->memory == NULL) {
		snprintf(what, sizeof(what), "a worker's flows and lessons on NUMA node %u",
			 rte_lcore_to_socket_id(w->lcore));
		return no_memory(error, error_len, what, len);
	}
	w->pipeline = zr_pipeline_init(w->memory, &config, dp->lists[0].image, dp->lists[0].index);
	if (w->pipeline == NULL) {
		snprintf(error, error_len,
			 "the cipher library (libcrypto) gives no AES; is its default provider there?");
		return -ENOTSUP;
	}
	return 0;
}

/* Do workers receive frames for each other? Known when ports are open. */
static bool hands_over(const struct zr_dataplane *dp)
{
	return dp->worker_count > 1 && !dp->hardware;
}

/* What frames need that another worker receives. */
static int handover_make(struct zr_dataplane *dp, struct zr_worker *w, int socket, char *error, size_t error_len)
{
	unsigned int frames = zr_port_ring_frames(dp);
	char name[RTE_RING_NAMESIZE];

	if (!hands_over(dp))
		return 0;
	snprintf(name, sizeof(name), "zr_frames_%u", w->index);
	w->ring = rte_ring_create(name, frames, socket, RING_F_SC_DEQ | RING_F_EXACT_SZ);
	w->outboxes = rte_zmalloc_socket(NULL, dp->worker_count * sizeof(*w->outboxes), CACHE_LINE, socket);
	if (w->ring == NULL || w->outboxes == NULL)
		return no_memory(error, error_len, "the rings between workers", frames * sizeof(void *));
	return 0;
}

/* Where frames are held that go out. */
static int forward_make(struct zr_dataplane *dp, struct zr_worker *w, int socket, char *error, size_t error_len)
{
	size_t len = dp->config.port_count * sizeof(*w->tx);

	if (!dp->config.forwards)
		return 0;
	w->tx = rte_zmalloc_socket(NULL, len, alignof(struct zr_tx), socket);
	if (w->tx == NULL)
		return no_memory(error, error_len, "what workers send", len);
	for (unsigned int i = 0; i < dp->config.port_count; i++)
		w->tx[i].device = &dp->devices[i];
	return 0;
}

/* Where what answers teach waits for control. */
static int lessons_make(const struct zr_dataplane *dp, struct zr_worker *w, int socket, char *error, size_t error_len)
{
	const struct zr_prefix_set *resolvers = dp->config.pipeline.trusted_resolvers;

	if (resolvers == NULL || resolvers->count == 0)
		return 0;
	w->lessons = zr_teach_ring(w->index, socket);
	return w->lessons != NULL ? 0 : no_memory(error, error_len, "what answers teach", 0);
}

static int worker_make(struct zr_dataplane *dp, unsigned int index, unsigned int lcore, char *error, size_t error_len)
{
	int socket = (int)rte_lcore_to_socket_id(lcore);
	struct zr_worker *w = rte_zmalloc_socket(NULL, sizeof(*w), alignof(struct zr_worker), socket);
	int status;

	dp->workers[index] = w;
	if (w == NULL)
		return no_memory(error, error_len, "a worker", sizeof(*w));
	w->dp = dp;
	w->index = w->turn = index;
	w->identities = dp->identities[index];
	w->lcore = w->status.lcore = lcore;
	w->status.flows_max = dp->flows_max;
	zr_snapshot_write(&w->snapshot, &w->status);
	w->contiguous = rte_malloc_socket(NULL, ZR_CONTIGUOUS_BYTES, CACHE_LINE, socket);
	if (w->contiguous == NULL)
		return no_memory(error, error_len, "a worker", ZR_CONTIGUOUS_BYTES);
	status = lessons_make(dp, w, socket, error, error_len);
	if (status == 0)
		status = pipeline_make(dp, w, error, error_len);
	if (status == 0)
		status = handover_make(dp, w, socket, error, error_len);
	if (status == 0)
		status = forward_make(dp, w, socket, error, error_len);
	return status;
}

/* Record rings of so many events for all workers, or for none. */
static bool events_try(struct zr_dataplane *dp, uint32_t count)
{
	for (unsigned int i = 0; i < dp->worker_count; i++) {
		struct zr_worker *w = dp->workers[i];

		w->events = zr_events_make(i, count, (int)rte_lcore_to_socket_id(w->lcore));
		if (w->events != NULL)
			continue;
		for (; i > 0; i--) {
			rte_ring_free(dp->workers[i - 1]->events);
			dp->workers[i - 1]->events = NULL;
		}
		return false;
	}
	return true;
}

/* They come last and take what memory allows, up to what a list can cut at once. */
static int events_make(struct zr_dataplane *dp, char *error, size_t error_len)
{
	for (uint32_t count = zr_events_wanted(dp->flows_max); count >= ZR_EVENTS_MIN; count /= 2) {
		dp->memory.records_bytes = dp->worker_count * zr_events_bytes(count);
		if (!zr_memory_fits(dp->memory.records_bytes) || !events_try(dp, count))
			continue;
		for (unsigned int i = 0; i < dp->worker_count; i++)
			zr_memory_touch(dp->workers[i]->events, zr_events_bytes(count), dp->workers[i]->lcore);
		return 0;
	}
	snprintf(error, error_len, "no memory for the records of %u workers; give EAL more (-m, or more hugepages)",
		 dp->worker_count);
	return -ENOMEM;
}

static int qsbr_make(struct zr_dataplane *dp, char *error, size_t error_len)
{
	size_t len = rte_rcu_qsbr_get_memsize(dp->worker_count);

	dp->qsbr = rte_zmalloc(NULL, len, CACHE_LINE);
	if (dp->qsbr == NULL)
		return no_memory(error, error_len, "the workers' grace periods", len);
	rte_rcu_qsbr_init(dp->qsbr, dp->worker_count);
	for (unsigned int i = 0; i < dp->worker_count; i++)
		rte_rcu_qsbr_thread_register(dp->qsbr, i);
	return 0;
}

static int launch(struct zr_dataplane *dp, char *error, size_t error_len)
{
	for (unsigned int i = 0; i < dp->worker_count; i++) {
		int status = rte_eal_remote_launch(zr_worker_run, dp->workers[i], dp->workers[i]->lcore);

		if (status != 0) {
			snprintf(error, error_len, "lcore %u is busy with another dataplane; stop that first",
				 dp->workers[i]->lcore);
			return status;
		}
		dp->workers[i]->launched = true;
	}
	return 0;
}

static int parts_make(struct zr_dataplane *dp, char *error, size_t error_len)
{
	const struct zr_pipeline_config *config = &dp->config.pipeline;

	if (!hands_over(dp))
		return 0;
	dp->parts = rte_malloc(NULL, sizeof(*dp->parts), alignof(struct zr_spread_parts));
	if (dp->parts == NULL)
		return no_memory(error, error_len, "fragments of tunnels", sizeof(*dp->parts));
	zr_spread_parts_init(dp->parts, &config->packets, config->subscribers, dp->worker_count, config->seed);
	return 0;
}

/* What was planned, as it is now that all of it is there: with flows of an earlier run, and ports. */
static void memory_count(struct zr_dataplane *dp)
{
	struct zr_memory *m = &dp->memory;

	dp->pages = zr_memory_pages();
	m->bounded_bytes = m->frames_bytes = 0;
	for (unsigned int i = 0; i < dp->worker_count; i++)
		m->bounded_bytes += dp->workers[i]->memory_len;
	m->bounded_bytes -= m->flows_bytes;
	for (unsigned int i = 0; i < dp->config.port_count; i++)
		m->frames_bytes += zr_port_pool_bytes(&dp->devices[i]);
}

static int make(struct zr_dataplane *dp, const struct zr_lcores *lcores, const struct zr_image *image,
		const struct zr_suffix_index *index, char *error, size_t error_len)
{
	int status = qsbr_make(dp, error, error_len);

	if (status == 0) {
		zr_lists_init(dp, image, index);
		status = zr_ports_open(dp, error, error_len);
	}
	if (status == 0)
		status = parts_make(dp, error, error_len);
	/* Frames have theirs, so that there may be too little by now. EAL has huge pages in its hands. */
	if (status == 0 && rte_eal_has_hugepages() == 0)
		status = zr_dataplane_memory(&dp->config, false, &dp->memory, error, error_len);
	if (status == 0)
		zr_restart_count(dp, dp->identities);
	for (unsigned int i = 0; status == 0 && i < lcores->count; i++)
		status = worker_make(dp, i, lcores->ids[i], error, error_len);
	if (status == 0)
		status = zr_ports_start(dp, error, error_len);
	if (status == 0)
		status = events_make(dp, error, error_len);
	if (status != 0)
		return status;
	memory_count(dp);
	return launch(dp, error, error_len);
}

int zr_dataplane_start(const struct zr_dataplane_config *config, const struct zr_image *image,
		       const struct zr_suffix_index *index, struct zr_dataplane **out, char *error, size_t error_len)
{
	struct zr_dataplane *dp;
	struct zr_memory memory;
	struct zr_lcores lcores;
	bool shared_cpus;
	int status;

	if (config->port_count == 0 || config->port_count > ZR_PORTS_MAX) {
		snprintf(error, error_len, "%u ports are configured; 1 to %u can be had", config->port_count,
			 ZR_PORTS_MAX);
		return -EINVAL;
	}
	status = zr_lcores_parse(config->workers, &lcores, error, error_len);
	if (status == 0)
		status = zr_dataplane_memory(config, false, &memory, error, error_len);
	if (status == 0)
		status = zr_eal_start(config->eal, &lcores, memory.eal_mib, &shared_cpus, error, error_len);
	if (status == 0)
		status = zr_telemetry_register(error, error_len);
	if (status != 0)
		return status;
	dp = rte_zmalloc(NULL, sizeof(*dp), alignof(struct zr_dataplane));
	if (dp == NULL)
		return no_memory(error, error_len, "the dataplane", sizeof(*dp));
	dp->config = *config;
	dp->marks = config->pipeline.marks.count > 0 || config->pipeline.marks.otherwise != ZR_MARK_NONE;
	dp->worker_count = lcores.count;
	dp->shared_cpus = shared_cpus;
	dp->memory = memory;
	dp->flows_max = (uint32_t)(memory.flows_max / lcores.count);
	status = make(dp, &lcores, image, index, error, error_len);
	if (status != 0) {
		zr_dataplane_free(dp);
		return status;
	}
	*out = dp;
	return 0;
}

unsigned int zr_dataplane_drain(struct zr_dataplane *dp, void (*take)(void *arg, const struct zr_usage *usage),
				void *arg, unsigned int max)
{
	unsigned int count = 0;

	/* Answers that nobody wants any more do not lie about until the next question. */
	zr_ask_reap(dp);
	/* The next call goes on with the worker after the one at which max was reached, so that none has to wait for ever. */
	for (unsigned int i = 0; i < dp->worker_count && count < max; i++) {
		struct zr_worker *w = dp->workers[dp->drain_turn];
		unsigned int taken = zr_events_take(w->events, take, arg, max - count);

		w->taken += taken;
		count += taken;
		dp->drain_turn = (dp->drain_turn + 1) % dp->worker_count;
	}
	return count;
}

static void frames_free(struct rte_ring *ring)
{
	struct rte_mbuf *frame;

	while (ring != NULL && rte_ring_dequeue(ring, (void **)&frame) == 0)
		rte_pktmbuf_free(frame);
	rte_ring_free(ring);
}

static void worker_free(struct zr_worker *w)
{
	if (w->pipeline != NULL)
		zr_pipeline_fini(w->pipeline);
	zr_memory_give_back(w->memory, w->memory_len);
	frames_free(w->ring);
	rte_ring_free(w->events);
	rte_ring_free(w->lessons);
	rte_free(w->outboxes);
	rte_free(w->tx);
	rte_free(w->contiguous);
	rte_free(w);
}

void zr_dataplane_free(struct zr_dataplane *dp)
{
	atomic_store_explicit(&dp->phase, ZR_PHASE_QUIT, memory_order_release);
	for (unsigned int i = 0; i < dp->worker_count; i++)
		if (dp->workers[i] != NULL && dp->workers[i]->launched)
			rte_eal_wait_lcore(dp->workers[i]->lcore);
	for (unsigned int i = 0; i < dp->worker_count; i++)
		if (dp->workers[i] != NULL)
			worker_free(dp->workers[i]);
	zr_ports_close(dp);
	zr_ask_clear(dp);
	rte_free(dp->qsbr);
	rte_free(dp->parts);
	rte_free(dp);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "dataplane/dpdk/eal.h"
#include "tests/bench/opening.h"

#define IP_BYTES 1400

const uint64_t loop_seed[2] = {20261122};

static _Noreturn void fail(const struct loop *loop, const char *what)
{
	fprintf(stderr, "%s: %s\n", loop->options.name, what);
	exit(1);
}

static void eal_start(struct loop *loop)
{
	struct zr_lcores lcores;
	char error[512] = "";
	bool shared;

	if (zr_lcores_parse("1", &lcores, error, sizeof(error)) != 0 ||
	    zr_eal_start(loop->options.eal, &lcores, 0, &shared, error, sizeof(error)) != 0)
		fail(loop, error);
}

/* Port 0 sends into the ring that port 1 receives from, and the other way round. */
static void ports_make(struct loop *loop)
{
	static const char *const names[2] = {"loop0", "loop1"};

	for (unsigned int i = 0; i < 2; i++) {
		loop->rings[i] = rte_ring_create(names[i], loop->options.frames * 2, SOCKET_ID_ANY,
						 RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (loop->rings[i] == NULL)
			fail(loop, "no memory for rings");
	}
	for (unsigned int i = 0; i < 2; i++) {
		int id = rte_eth_from_rings(names[i], &loop->rings[i], 1, &loop->rings[1 - i], 1, SOCKET_ID_ANY);

		if (id < 0)
			fail(loop, "no port over rings");
		loop->ports[i] = (uint16_t)id;
	}
}

void loop_tell(void *arg, const struct zr_usage *usage)
{
	(void)arg;
	(void)usage;
}

/* The worker ends at once: from then on this thread goes its rounds. */
static void dataplane_make(struct loop *loop)
{
	const struct loop_options *o = &loop->options;
	struct zr_dataplane_config config = {
		.eal = o->eal, .workers = "1", .port_count = 2, .forwards = true, .frame_max = 1522};
	char error[512] = "";

	for (unsigned int i = 0; i < 2; i++) {
		rte_eth_dev_get_name_by_port(loop->ports[i], config.ports[i].device);
		config.ports[i].peer = (uint8_t)(1 - i);
	}
	zr_pipeline_defaults(&config.pipeline);
	config.pipeline.flows = o->capacity;
	memcpy(config.pipeline.seed, loop_seed, sizeof(loop_seed));
	if (zr_dataplane_start(&config, o->image, o->index, &loop->dp, error, sizeof(error)) != 0)
		fail(loop, error);
	while (zr_dataplane_stop(loop->dp) != 0)
		zr_dataplane_drain(loop->dp, loop_tell, NULL, 1000);
	loop->worker = loop->dp->workers[0];
	atomic_store(&loop->dp->phase, ZR_PHASE_RUN);
	rte_rcu_qsbr_thread_online(loop->dp->qsbr, 0);
	opening_run(loop->worker->pipeline, &loop->traffic, &loop->dp->views[loop->ports[0]],
		    zr_clock_ns(CLOCK_REALTIME));
	zr_dataplane_drain(loop->dp, loop_tell, NULL, UINT32_MAX);
}

static void frames_put(struct loop *loop)
{
	uint32_t frames = loop->options.frames;

	loop->pool = rte_pktmbuf_pool_create("loop", frames + 512, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (loop->pool == NULL)
		fail(loop, "no memory for frames");
	for (uint32_t i = 0; i < frames; i++) {
		const struct zr_view *view = &loop->traffic.views[i];
		struct rte_mbuf *m = rte_pktmbuf_alloc(loop->pool);
		uint8_t *data = m != NULL ? (uint8_t *)rte_pktmbuf_append(m, (uint16_t)view->wire_len) : NULL;

		if (data == NULL)
			fail(loop, "no memory for frames");
		memset(data, 0, view->wire_len);
		memcpy(data, view->data, view->len);
		if (rte_ring_enqueue(loop->rings[i % 2], m) != 0)
			fail(loop, "a ring is too small");
	}
}

void loop_make(struct loop *loop, const struct loop_options *options)
{
	*loop = (struct loop){.options = *options};
	eal_start(loop);
	traffic_make(
		&loop->traffic,
		&(struct traffic_options){
			.flows = options->flows, .family = 4, .mix = TRAFFIC_TCP, .ip_bytes = IP_BYTES, .seed = 7});
	ports_make(loop);
	dataplane_make(loop);
	frames_put(loop);
	loop->worker->round_cycles = rte_rdtsc();
}

void loop_round(struct loop *loop)
{
	zr_worker_round(loop->worker, ZR_PHASE_RUN);
}

void loop_check(const struct loop *loop)
{
	const struct zr_totals *totals;
	struct zr_dataplane_status status;

	zr_dataplane_status(loop->dp, &status);
	totals = &status.workers[0].totals;
	if (status.ports[0].rx_pkts + status.ports[1].rx_pkts != status.workers[0].pkts ||
	    status.ports[0].tx.pkts + status.ports[1].tx.pkts != status.workers[0].pkts)
		fail(loop, "not every frame that came in went out again");
	if (rte_ring_count(loop->rings[0]) + rte_ring_count(loop->rings[1]) != loop->options.frames)
		fail(loop, "frames are missing");
	if (totals->reason[ZR_REASON_SNI].pkts < status.workers[0].pkts)
		fail(loop, "not every frame was judged as free");
}

void loop_free(struct loop *loop)
{
	zr_dataplane_free(loop->dp);
	for (unsigned int i = 0; i < 2; i++) {
		struct rte_mbuf *m = NULL;

		while (rte_ring_dequeue(loop->rings[i], (void **)&m) == 0)
			rte_pktmbuf_free(m);
		rte_ring_free(loop->rings[i]);
	}
	rte_mempool_free(loop->pool);
	traffic_free(&loop->traffic);
}

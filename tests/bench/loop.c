/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ip.h>

#include "dataplane/dpdk/eal.h"
#include "tests/bench/harness.h"
#include "tests/bench/opening.h"

#define FREE_MARK 10
#define CRC_BYTES 4 /* counted in a frame's size, and not in its mbuf */
#define SHARES    12

const uint64_t loop_seed[2] = {20261122};

/* Sizes of frames, and how many of every twelve have each. */
static const struct {
	uint16_t bytes;
	unsigned int share;
} sizes[LOOP_SIZES] = {{78 - CRC_BYTES, 7}, {594 - CRC_BYTES, 4}, {1518 - CRC_BYTES, 1}};

static _Noreturn void fail(const struct loop *loop, const char *what)
{
	fprintf(stderr, "%s: %s\n", loop->options.name, what);
	exit(1);
}

static void eal_start(struct loop *loop)
{
	static bool is_started;
	struct zr_lcores lcores;
	char error[512] = "";
	bool shared;

	if (is_started)
		return;
	if (zr_lcores_parse("1", &lcores, error, sizeof(error)) != 0 ||
	    zr_eal_start(loop->options.eal, &lcores, 0, &shared, error, sizeof(error)) != 0)
		fail(loop, error);
	bench_pin();
	is_started = true;
}

/* Port 0 sends into the ring that port 1 receives from, and the other way round. */
static void ports_make(struct loop *loop)
{
	static unsigned int number;
	char names[2][16];

	for (unsigned int i = 0; i < 2; i++) {
		snprintf(names[i], sizeof(names[i]), "loop%u", number++);
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

static void list_make(struct loop *loop)
{
	if (loop->options.image != NULL)
		return;
	loop->image = opening_image(&loop->block);
	if (zr_suffix_index_make(loop->image, loop_seed, &loop->index) != 0)
		fail(loop, "no memory");
	loop->options.image = loop->image;
	loop->options.index = loop->index;
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
	if (o->marks) {
		config.pipeline.marks.otherwise = FREE_MARK;
		config.marks.cleared = UINT64_C(1) << FREE_MARK;
	}
	if (zr_dataplane_start(&config, o->image, o->index, &loop->dp, error, sizeof(error)) != 0)
		fail(loop, error);
	while (zr_dataplane_stop(loop->dp) != 0)
		zr_dataplane_drain(loop->dp, loop_tell, NULL, 1000);
	loop->worker = loop->dp->workers[0];
	atomic_store(&loop->dp->phase, ZR_PHASE_RUN);
	rte_rcu_qsbr_thread_online(loop->dp->qsbr, 0);
	opening_run(loop->worker->pipeline, &loop->traffic, &loop->dp->views[loop->ports[0]],
		    zr_clock_ns(CLOCK_REALTIME));
	zr_dataplane_drain(loop->dp, o->tell != NULL ? o->tell : loop_tell, NULL, UINT32_MAX);
}

/* Which size the next of many frames has. */
static unsigned int size_of(uint64_t *random)
{
	unsigned int share = (unsigned int)(bench_random(random) % SHARES), size = 0;

	while (share >= sizes[size].share)
		share -= sizes[size++].share;
	return size;
}

/* The IP length to the frame's. */
static void fit(uint8_t *frame, uint16_t len)
{
	struct rte_ether_hdr *ethernet = (void *)frame;
	struct rte_ipv4_hdr *ipv4 = (void *)(ethernet + 1);
	struct rte_ipv6_hdr *ipv6 = (void *)(ethernet + 1);

	if (ethernet->ether_type == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		ipv4->total_length = rte_cpu_to_be_16((uint16_t)(len - sizeof(*ethernet)));
	else
		ipv6->payload_len = rte_cpu_to_be_16((uint16_t)(len - sizeof(*ethernet) - sizeof(*ipv6)));
}

static void pools_make(struct loop *loop)
{
	for (unsigned int i = 0; i < LOOP_SIZES; i++) {
		uint32_t count = loop->options.frames / SHARES * (sizes[i].share + 1) + 512;
		char name[16];

		snprintf(name, sizeof(name), "loop%u", i);
		loop->pools[i] = rte_pktmbuf_pool_create(
			name, count, 0, 0, (uint16_t)(RTE_PKTMBUF_HEADROOM + sizes[i].bytes), SOCKET_ID_ANY);
		if (loop->pools[i] == NULL)
			fail(loop, "no memory for frames");
	}
}

static void frames_put(struct loop *loop)
{
	uint64_t random = 20261123;

	pools_make(loop);
	for (uint32_t i = 0; i < loop->options.frames; i++) {
		const struct zr_view *view = &loop->traffic.views[i];
		unsigned int size = size_of(&random);
		uint16_t len = sizes[size].bytes;
		struct rte_mbuf *m = rte_pktmbuf_alloc(loop->pools[size]);
		uint8_t *data = m != NULL ? (uint8_t *)rte_pktmbuf_append(m, len) : NULL;

		if (data == NULL)
			fail(loop, "no memory for frames");
		memset(data, 0, len);
		memcpy(data, view->data, RTE_MIN(view->len, len));
		fit(data, len);
		if (rte_ring_enqueue(loop->rings[i % 2], m) != 0)
			fail(loop, "a ring is too small");
	}
}

void loop_make(struct loop *loop, const struct loop_options *options)
{
	*loop = (struct loop){.options = *options};
	eal_start(loop);
	list_make(loop);
	traffic_make(&loop->traffic, &(struct traffic_options){.flows = options->flows,
							       .family = options->family,
							       .mix = TRAFFIC_TCP,
							       .ip_bytes = sizes[0].bytes,
							       .seed = 7});
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

	zr_worker_publish(loop->worker);
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
	for (unsigned int i = 0; i < LOOP_SIZES; i++)
		rte_mempool_free(loop->pools[i]);
	traffic_free(&loop->traffic);
	zr_suffix_index_free(loop->index);
	zr_image_free(loop->image);
	free(loop->block);
}

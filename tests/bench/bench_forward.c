/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwarding through the worker's loop between two ports over rings, against a bare loop that swaps addresses and ports and
 * sends on, over the same rings and mbufs. Each ring is what one port sends into and the other receives from, so that the
 * same frames go round, and one thread does all of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/state.h"
#include "tests/bench/harness.h"
#include "tests/bench/opening.h"

#define EAL_TEXT  "--no-huge --no-pci --no-shconf --no-telemetry -m 1024"
#define IP_BYTES  1400
#define ETHERNET  14
#define FREE_MARK 10

struct setting {
	struct traffic traffic;
	struct rte_mempool *pool;
	struct rte_ring *rings[2];
	uint16_t ports[2];
	struct zr_dataplane *dp;
	uint32_t frames;
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_forward: %s\n", what);
	exit(1);
}

static void eal_start(void)
{
	struct zr_lcores lcores;
	char error[512] = "";
	bool shared;

	if (zr_lcores_parse("1", &lcores, error, sizeof(error)) != 0 ||
	    zr_eal_start(EAL_TEXT, &lcores, &shared, error, sizeof(error)) != 0)
		fail(error);
}

/* Port 0 sends into the ring that port 1 receives from, and the other way round. */
static void ports_make(struct setting *s, const char *name)
{
	static unsigned int number;

	for (unsigned int i = 0; i < 2; i++) {
		char ring[32];

		snprintf(ring, sizeof(ring), "%s_%u", name, i);
		s->rings[i] = rte_ring_create(ring, rte_align32pow2(s->frames + 1), SOCKET_ID_ANY,
					      RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (s->rings[i] == NULL)
			fail("no memory for rings");
	}
	for (unsigned int i = 0; i < 2; i++) {
		char port[16];
		int id;

		snprintf(port, sizeof(port), "bench%u", number++);
		id = rte_eth_from_rings(port, &s->rings[i], 1, &s->rings[1 - i], 1, SOCKET_ID_ANY);
		if (id < 0)
			fail("no port over rings");
		s->ports[i] = (uint16_t)id;
	}
}

static void tell(void *arg, const struct zr_usage *usage)
{
	(void)arg;
	(void)usage;
}

/* A dataplane whose worker has ended, so that this thread can go its rounds. */
static void dataplane_make(struct setting *s, const struct zr_image *image, const struct zr_suffix_index *index,
			   const uint64_t seed[2], bool marks)
{
	struct zr_dataplane_config config = {
		.eal = EAL_TEXT, .workers = "1", .port_count = 2, .forwards = true, .frame_max = 1522};
	char error[512] = "";

	for (unsigned int i = 0; i < 2; i++) {
		rte_eth_dev_get_name_by_port(s->ports[i], config.ports[i].device);
		config.ports[i].peer = (uint8_t)(1 - i);
	}
	zr_pipeline_defaults(&config.pipeline);
	config.pipeline.flows = s->frames;
	memcpy(config.pipeline.seed, seed, sizeof(config.pipeline.seed));
	if (marks) {
		config.pipeline.marks.otherwise = FREE_MARK;
		config.marks.cleared = UINT64_C(1) << FREE_MARK;
	}
	if (zr_dataplane_start(&config, image, index, &s->dp, error, sizeof(error)) != 0)
		fail(error);
	while (zr_dataplane_stop(s->dp) != 0)
		zr_dataplane_drain(s->dp, tell, NULL, 1000);
	atomic_store(&s->dp->phase, ZR_PHASE_RUN);
	rte_rcu_qsbr_thread_online(s->dp->qsbr, 0);
	opening_run(s->dp->workers[0]->pipeline, &s->traffic, &s->dp->views[s->ports[0]], zr_clock_ns(CLOCK_REALTIME));
	zr_dataplane_drain(s->dp, tell, NULL, UINT32_MAX);
}

static void frames_put(struct setting *s)
{
	s->pool = rte_pktmbuf_pool_create("bench", s->frames + 512, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (s->pool == NULL)
		fail("no memory for frames");
	for (uint32_t i = 0; i < s->frames; i++) {
		const struct zr_view *view = &s->traffic.views[i];
		struct rte_mbuf *m = rte_pktmbuf_alloc(s->pool);
		uint8_t *data = m != NULL ? (uint8_t *)rte_pktmbuf_append(m, (uint16_t)view->wire_len) : NULL;

		if (data == NULL)
			fail("no memory for frames");
		memset(data, 0, view->wire_len);
		memcpy(data, view->data, view->len);
		if (rte_ring_enqueue(s->rings[i % 2], m) != 0)
			fail("a ring is too small");
	}
}

/* As many frames as there are, in bursts from either port. */
static void run_worker(void *arg)
{
	struct setting *s = arg;
	struct zr_worker *w = s->dp->workers[0];
	uint64_t until = w->status.pkts + s->frames;

	while (w->status.pkts < until)
		zr_worker_round(w, ZR_PHASE_RUN);
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t kept[16];

	memcpy(kept, a, len);
	memcpy(a, b, len);
	memcpy(b, kept, len);
}

/* Addresses of Ethernet and IP, and ports. */
static void turn_round(uint8_t *data)
{
	swap(data, data + 6, 6);
	if (data[12] == 0x08) {
		swap(data + ETHERNET + 12, data + ETHERNET + 16, 4);
		swap(data + ETHERNET + 20, data + ETHERNET + 22, 2);
	} else {
		swap(data + ETHERNET + 8, data + ETHERNET + 24, 16);
		swap(data + ETHERNET + 40, data + ETHERNET + 42, 2);
	}
}

static void run_bare(void *arg)
{
	struct setting *s = arg;
	unsigned int port = 0;

	for (uint32_t done = 0; done < s->frames; port = 1 - port) {
		struct rte_mbuf *frames[ZR_BURST];
		uint16_t count = rte_eth_rx_burst(s->ports[port], 0, frames, ZR_BURST), sent = 0;

		for (unsigned int i = 0; i < count; i++)
			rte_prefetch0(rte_pktmbuf_mtod(frames[i], const void *));
		for (unsigned int i = 0; i < count; i++)
			turn_round(rte_pktmbuf_mtod(frames[i], uint8_t *));
		while (sent < count)
			sent = (uint16_t)(sent + rte_eth_tx_burst(s->ports[1 - port], 0, frames + sent,
								  (uint16_t)(count - sent)));
		done += count;
	}
}

/* The figures mean nothing unless every frame is of a free flow and all are still there. */
static void check(const struct setting *s)
{
	struct zr_dataplane_status status;
	struct zr_totals *totals = &status.workers[0].totals;

	zr_dataplane_status(s->dp, &status);
	if (totals->reason[ZR_REASON_SNI].pkts != totals->received.pkts ||
	    status.ports[0].tx.pkts + status.ports[1].tx.pkts != status.workers[0].pkts ||
	    rte_ring_count(s->rings[0]) + rte_ring_count(s->rings[1]) != s->frames)
		fail("not every frame belongs to a free flow and goes round");
}

static void frames_free(struct setting *s)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct rte_mbuf *m = NULL;

		while (rte_ring_dequeue(s->rings[i], (void **)&m) == 0)
			rte_pktmbuf_free(m);
		rte_ring_free(s->rings[i]);
	}
	rte_mempool_free(s->pool);
}

static void bench(const char *name, uint32_t flows, uint8_t family, bool marks)
{
	static const uint64_t seed[2] = {20261122};
	struct setting s = {.frames = flows};
	const struct bench_side sides[2] = {{run_bare, &s, flows}, {run_worker, &s, flows}};
	struct bench_time time[2];
	struct zr_suffix_index *index;
	struct zr_image *image;
	void *block;

	image = opening_image(&block);
	if (zr_suffix_index_make(image, seed, &index) != 0)
		fail("no memory");
	traffic_make(&s.traffic,
		     &(struct traffic_options){
			     .flows = flows, .family = family, .mix = TRAFFIC_TCP, .ip_bytes = IP_BYTES, .seed = 7});
	ports_make(&s, name);
	dataplane_make(&s, image, index, seed, marks);
	frames_put(&s);
	bench_measure(sides, 2, time);
	check(&s);
	bench_print(&(struct bench_result){.name = name, .time = time[1], .floor = time[0], .ratio_max = 2.0});
	zr_dataplane_free(s.dp);
	frames_free(&s);
	zr_suffix_index_free(index);
	zr_image_free(image);
	free(block);
	traffic_free(&s.traffic);
}

int main(void)
{
	eal_start();
	bench_pin();
	bench("forward_ipv4_4k", 4096, 4, false);
	bench("forward_ipv6_4k", 4096, 6, false);
	bench("forward_ipv4_64k", 1 << 16, 4, false);
	bench("forward_ipv4_64k_marks", 1 << 16, 4, true);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forwarding through the worker's loop between two ports over rings, against a bare loop over the same rings and mbufs that
 * does what testpmd does under the name 5tswap: walk through the headers, swap addresses and ports, note the headers' lengths in
 * the mbuf, send on. Each ring is what one port sends into and the other receives from, so that the same frames go round,
 * and one thread does all of it. Of twelve frames seven are of 78 bytes (what TCP over IPv6 takes), four of 594, and one
 * of 1518.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_prefetch.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/state.h"
#include "tests/bench/harness.h"
#include "tests/bench/opening.h"

#define EAL_TEXT    "--no-huge --no-pci --no-shconf --no-telemetry -m 3072"
#define HELLO_BYTES 1400 /* IP length of what opens a flow */
#define FREE_MARK   10
#define CRC_BYTES   4 /* counted in a frame's size, and not in its mbuf */

/* Sizes of frames, and how many of every twelve have each. */
static const struct {
	uint16_t bytes;
	unsigned int share;
} sizes[] = {{78 - CRC_BYTES, 7}, {594 - CRC_BYTES, 4}, {1518 - CRC_BYTES, 1}};
#define SIZES  (sizeof(sizes) / sizeof(sizes[0]))
#define SHARES 12

struct setting {
	struct traffic traffic;
	struct rte_mempool *pools[SIZES]; /* each with mbufs as large as its frames */
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
	    zr_eal_start(EAL_TEXT, &lcores, 0, &shared, error, sizeof(error)) != 0)
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

static void pools_make(struct setting *s)
{
	for (unsigned int i = 0; i < SIZES; i++) {
		uint32_t count = s->frames / SHARES * (sizes[i].share + 1) + 512;
		char name[16];

		snprintf(name, sizeof(name), "bench%u", i);
		s->pools[i] = rte_pktmbuf_pool_create(name, count, 0, 0,
						      (uint16_t)(RTE_PKTMBUF_HEADROOM + sizes[i].bytes), SOCKET_ID_ANY);
		if (s->pools[i] == NULL)
			fail("no memory for frames");
	}
}

static void frames_put(struct setting *s)
{
	uint64_t random = 20261123;

	pools_make(s);
	for (uint32_t i = 0; i < s->frames; i++) {
		const struct zr_view *view = &s->traffic.views[i];
		unsigned int size = size_of(&random);
		uint16_t len = sizes[size].bytes;
		struct rte_mbuf *m = rte_pktmbuf_alloc(s->pools[size]);
		uint8_t *data = m != NULL ? (uint8_t *)rte_pktmbuf_append(m, len) : NULL;

		if (data == NULL)
			fail("no memory for frames");
		memset(data, 0, len);
		memcpy(data, view->data, RTE_MIN(view->len, len));
		fit(data, len);
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

/* IPv4's, IPv6's or no header: addresses swapped. Returns what follows, or NULL. */
static uint8_t *swap_ip(struct rte_mbuf *m, rte_be16_t type, uint8_t *at, uint8_t *proto)
{
	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV4)) {
		struct rte_ipv4_hdr *ipv4 = (void *)at;

		swap((uint8_t *)&ipv4->src_addr, (uint8_t *)&ipv4->dst_addr, sizeof(ipv4->src_addr));
		m->l3_len = rte_ipv4_hdr_len(ipv4);
		*proto = ipv4->next_proto_id;
	} else if (type == RTE_BE16(RTE_ETHER_TYPE_IPV6)) {
		struct rte_ipv6_hdr *ipv6 = (void *)at;

		swap(ipv6->src_addr, ipv6->dst_addr, sizeof(ipv6->src_addr));
		m->l3_len = sizeof(*ipv6);
		*proto = ipv6->proto;
	} else {
		return NULL;
	}
	return at + m->l3_len;
}

/* Stations, addresses and ports. */
static void turn_round(struct rte_mbuf *m)
{
	uint8_t *at = rte_pktmbuf_mtod(m, uint8_t *), proto;
	struct rte_ether_hdr *ethernet = (void *)at;
	rte_be16_t type = ethernet->ether_type;

	swap(ethernet->dst_addr.addr_bytes, ethernet->src_addr.addr_bytes, RTE_ETHER_ADDR_LEN);
	m->ol_flags &= RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
	m->l2_len = sizeof(*ethernet);
	at += sizeof(*ethernet);
	while (type == RTE_BE16(RTE_ETHER_TYPE_VLAN) || type == RTE_BE16(RTE_ETHER_TYPE_QINQ)) {
		type = ((struct rte_vlan_hdr *)(void *)at)->eth_proto;
		m->l2_len += sizeof(struct rte_vlan_hdr);
		at += sizeof(struct rte_vlan_hdr);
	}
	at = swap_ip(m, type, at, &proto);
	if (at == NULL || (proto != IPPROTO_TCP && proto != IPPROTO_UDP))
		return;
	swap(at, at + 2, 2);
	m->l4_len = proto == IPPROTO_TCP ? (((struct rte_tcp_hdr *)(void *)at)->data_off >> 4) * 4
					 : sizeof(struct rte_udp_hdr);
}

static void run_bare(void *arg)
{
	struct setting *s = arg;
	unsigned int port = 0;

	for (uint32_t done = 0; done < s->frames; port = 1 - port) {
		struct rte_mbuf *frames[ZR_BURST];
		uint16_t count = rte_eth_rx_burst(s->ports[port], 0, frames, ZR_BURST), sent = 0;

		for (unsigned int i = 0; i < count; i++) {
			if (i + 1U < count)
				rte_prefetch0(rte_pktmbuf_mtod(frames[i + 1], const void *));
			turn_round(frames[i]);
		}
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

	zr_worker_publish(s->dp->workers[0]);
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
	for (unsigned int i = 0; i < SIZES; i++)
		rte_mempool_free(s->pools[i]);
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
			     .flows = flows, .family = family, .mix = TRAFFIC_TCP, .ip_bytes = HELLO_BYTES, .seed = 7});
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
	bench("forward_ipv4_1m", 1 << 20, 4, false);
	bench("forward_ipv6_1m", 1 << 20, 6, false);
	bench("forward_ipv4_1m_marks", 1 << 20, 4, true);
	return 0;
}

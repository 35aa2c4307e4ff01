/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two workers against one: the dataplane with its own threads, each on a CPU of its own, forwards between two ports over rings,
 * in which the same frames go round. `sorted`: each port brings only what is the subscribers' of the worker that polls it, as a
 * port that spreads them itself does (frames are sorted out all the same). `mixed`: half of the frames are handed over to the
 * other worker. Packets a second of CPU time of the workers, times their number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "dataplane/dpdk/eal.h"
#include "dataplane/dpdk/spread.h"
#include "dataplane/dpdk/state.h"
#include "tests/bench/harness.h"
#include "tests/bench/opening.h"
#include "tests/bench/traffic.h"
#include "tests/support/frame.h"

#define EAL_TEXT    "--no-huge --no-pci --no-shconf --no-telemetry -m 1024"
#define FRAMES      2048 /* that go round: fewer than a ring between workers takes */
#define IP_BYTES    1400
#define HELLO_MIN   300
#define REPETITIONS 7
#define WARM_UP_MS  100
#define MEASURE_MS  bench_size(400, 50)
#define RATIO_MIN   1.5 /* README.md says why */

enum way { ONE, SORTED, MIXED, WAYS };

struct setting {
	struct traffic traffic;
	struct rte_mempool *pool;
	struct rte_ring *rings[2];
	struct zr_image *image;
	struct zr_suffix_index *index;
	char workers[2][16]; /* lcores: of one, of two */
	uint64_t overload;   /* packets that passed by since a ring was full */
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "bench_workers: %s\n", what);
	exit(1);
}

/* The first two CPUs that this process may use. */
static void workers_choose(struct setting *s)
{
	unsigned int cpus[2], count = 0;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		fail("CPUs cannot be asked for");
	for (unsigned int cpu = 0; cpu < ZR_LCORES_MAX && count < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[count++] = cpu;
	if (count < 2) {
		fprintf(stderr, "bench_workers: left out: two CPUs are needed\n");
		exit(BENCH_LEFT_OUT);
	}
	snprintf(s->workers[0], sizeof(s->workers[0]), "%u", cpus[0]);
	snprintf(s->workers[1], sizeof(s->workers[1]), "%u,%u", cpus[0], cpus[1]);
}

static void eal_start(const struct setting *s)
{
	struct zr_lcores lcores;
	char error[512] = "";
	bool shared;

	if (zr_lcores_parse(s->workers[1], &lcores, error, sizeof(error)) != 0 ||
	    zr_eal_start(EAL_TEXT, &lcores, 0, &shared, error, sizeof(error)) != 0)
		fail(error);
}

/* Port 0 sends into the ring that port 1 receives from, and the other way round; each worker has a queue to send. */
static void ports_make(struct setting *s, struct zr_dataplane_config *config)
{
	static unsigned int number;

	for (unsigned int i = 0; i < 2; i++) {
		char name[RTE_RING_NAMESIZE];

		snprintf(name, sizeof(name), "workers_%u_%u", number, i);
		s->rings[i] = rte_ring_create(name, 2 * FRAMES, SOCKET_ID_ANY, RING_F_SC_DEQ);
		if (s->rings[i] == NULL)
			fail("no memory for rings");
	}
	for (unsigned int i = 0; i < 2; i++) {
		struct rte_ring *out[2] = {s->rings[1 - i], s->rings[1 - i]};
		char name[16];
		int id;

		snprintf(name, sizeof(name), "workers%u_%u", number, i);
		id = rte_eth_from_rings(name, &s->rings[i], 1, out, 2, SOCKET_ID_ANY);
		if (id < 0)
			fail("no port over rings");
		rte_eth_dev_get_name_by_port((uint16_t)id, config->ports[i].device);
		config->ports[i].peer = (uint8_t)(1 - i);
	}
	number++;
}

static unsigned int worker_of(const struct zr_view *view)
{
	static const struct zr_packet_rules rules;
	struct zr_packet packet;

	zr_packet_parse(&rules, view, &packet);
	return zr_spread_worker(&packet, NULL, 2);
}

/* Every frame has a hello: the first time round it opens its flow, later it is sent again. */
static void frames_put(struct setting *s, enum way way)
{
	uint8_t hello[1024];
	size_t hello_len = frame_hello("olm.vn", HELLO_MIN, hello, sizeof(hello));

	for (uint32_t i = 0; i < FRAMES; i++) {
		const struct zr_view *view = &s->traffic.views[i];
		struct rte_mbuf *m = rte_pktmbuf_alloc(s->pool);
		uint8_t *data = m != NULL ? (uint8_t *)rte_pktmbuf_append(m, (uint16_t)view->wire_len) : NULL;
		size_t headers = view->wire_len - (IP_BYTES - 40U);

		if (data == NULL)
			fail("no memory for frames");
		memset(data, 0, view->wire_len);
		memcpy(data, view->data, headers);
		memcpy(data + headers, hello, hello_len);
		if (rte_ring_enqueue(s->rings[way == SORTED ? worker_of(view) : i % 2], m) != 0)
			fail("a ring is too small");
	}
}

static void frames_take(struct setting *s)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct rte_mbuf *m = NULL;

		while (rte_ring_dequeue(s->rings[i], (void **)&m) == 0)
			rte_pktmbuf_free(m);
		rte_ring_free(s->rings[i]);
	}
	if (rte_mempool_in_use_count(s->pool) != 0)
		fail("frames are missing");
}

static void forget(void *arg, const struct zr_usage *usage)
{
	(void)arg;
	(void)usage;
}

/* Packets of all workers; 0 while one of them has had none. */
static uint64_t judged(struct zr_dataplane *dp)
{
	struct zr_dataplane_status status;
	uint64_t pkts = 0;

	zr_dataplane_status(dp, &status);
	for (unsigned int i = 0; i < status.worker_count; i++) {
		if (status.workers[i].pkts == 0)
			return 0;
		pkts += status.workers[i].pkts;
	}
	return pkts;
}

/* Of all threads but this one. */
static double others_cpu_s(void)
{
	return (double)(zr_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - zr_clock_ns(CLOCK_THREAD_CPUTIME_ID)) / 1e9;
}

/* The figures mean nothing unless every frame went on, and was of a free flow or passed by. */
static void check(struct setting *s, struct zr_dataplane *dp)
{
	struct zr_dataplane_status status;
	uint64_t received = 0;

	zr_dataplane_status(dp, &status);
	for (unsigned int i = 0; i < status.worker_count; i++) {
		const struct zr_totals *totals = &status.workers[i].totals;

		if (totals->reason[ZR_REASON_SNI].pkts + totals->reason[ZR_REASON_OVERLOAD].pkts !=
		    totals->received.pkts)
			fail("not every frame belongs to a free flow");
		if (totals->received.pkts == 0)
			fail("a worker had nothing to do");
		s->overload += totals->reason[ZR_REASON_OVERLOAD].pkts;
		received += totals->received.pkts;
	}
	if (status.ports[0].tx.pkts + status.ports[1].tx.pkts != received)
		fail("not every frame went on");
}

/* Packets a second. */
static double run(struct setting *s, enum way way)
{
	unsigned int workers = way == ONE ? 1 : 2;
	struct zr_dataplane_config config = {.eal = EAL_TEXT,
					     .workers = s->workers[workers - 1],
					     .port_count = 2,
					     .forwards = true,
					     .frame_max = 1522};
	struct zr_dataplane *dp;
	char error[512] = "";
	uint64_t pkts;
	double cpu_s;

	ports_make(s, &config);
	zr_pipeline_defaults(&config.pipeline);
	config.pipeline.flows = 4 * FRAMES;
	config.pipeline.verify_checksums = false;
	memcpy(config.pipeline.seed, (const uint64_t[2]){20261122}, sizeof(config.pipeline.seed));
	frames_put(s, way);
	if (zr_dataplane_start(&config, s->image, s->index, &dp, error, sizeof(error)) != 0)
		fail(error);
	/* Where the CPUs are busy it may be long until a worker gets to run. */
	do
		usleep(WARM_UP_MS * 1000);
	while ((pkts = judged(dp)) == 0);
	cpu_s = others_cpu_s();
	do
		usleep(MEASURE_MS * 1000);
	while (judged(dp) == pkts);
	cpu_s = others_cpu_s() - cpu_s;
	pkts = judged(dp) - pkts;
	while (zr_dataplane_stop(dp) != 0)
		zr_dataplane_drain(dp, forget, NULL, 1000);
	check(s, dp);
	zr_dataplane_free(dp);
	frames_take(s);
	return (double)pkts / cpu_s * workers;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts rates. In millions a second. */
static double median_mops(double *rates, unsigned int count)
{
	qsort(rates, count, sizeof(*rates), compare);
	return rates[count / 2] / 1e6;
}

int main(void)
{
	static struct setting s;
	unsigned int repetitions = bench_size(REPETITIONS, 1);
	double rates[WAYS][REPETITIONS], mops[WAYS];
	void *block;

	workers_choose(&s);
	eal_start(&s);
	s.image = opening_image(&block);
	s.pool = rte_pktmbuf_pool_create("workers", 2 * FRAMES, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (s.pool == NULL || zr_suffix_index_make(s.image, (const uint64_t[2]){20261122}, &s.index) != 0)
		fail("no memory");
	traffic_make(&s.traffic,
		     &(struct traffic_options){
			     .flows = FRAMES, .family = 4, .mix = TRAFFIC_TCP, .ip_bytes = IP_BYTES, .seed = 7});
	for (unsigned int i = 0; i < repetitions; i++)
		for (enum way way = 0; way < WAYS; way++)
			rates[way][i] = run(&s, way);
	for (enum way way = 0; way < WAYS; way++)
		mops[way] = median_mops(rates[way], repetitions);
	bench_print_against("workers_two_sorted", mops[SORTED], "M/s", mops[ONE], "ratio >= 1.5",
			    mops[SORTED] >= mops[ONE] * RATIO_MIN);
	bench_print_against("workers_two_mixed", mops[MIXED], "M/s", mops[ONE], "ratio >= 1.5",
			    mops[MIXED] >= mops[ONE] * RATIO_MIN);
	bench_print_value("workers_passed_by", (double)s.overload, "pkts", "", true);
	traffic_free(&s.traffic);
	zr_suffix_index_free(s.index);
	zr_image_free(s.image);
	free(block);
	return 0;
}

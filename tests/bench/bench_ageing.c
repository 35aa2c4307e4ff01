/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ten million flows age out at once while the worker's loop forwards packets of others: what a burst takes before and meanwhile,
 * and how many flows go a second. Time is made to leap behind their timeout, which is harder than any traffic: all are due in
 * one moment. ZR_BENCH_FLOWS: another number of them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/crowd.h"
#include "tests/bench/harness.h"
#include "tests/bench/latency.h"
#include "tests/bench/loop.h"

#define CROWD   bench_size(10000000, 100000)
#define FLOWS   bench_size(1U << 16, 1U << 10) /* that the forwarded packets are of */
#define SAMPLES (1U << 22)
#define TURN    256
#define BEFORE  bench_size(1000, 4) /* turns */

/* Cycles of one idle time: about what a burst takes while flows age. */
#define IDLE_CYCLES 150000

/* Behind the timeouts of UDP and of undecided flows, before that of TCP. */
#define LEAP_S 300

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "bench_ageing: %s\n", what);
	exit(1);
}

static uint32_t crowd_wanted(void)
{
	const char *text = getenv("ZR_BENCH_FLOWS");
	unsigned long wanted = text != NULL ? strtoul(text, NULL, 10) : CROWD;

	if (wanted == 0 || wanted > CROWD_MAX - FLOWS)
		fail("ZR_BENCH_FLOWS: give a number of flows from 1 to 16 million");
	return (uint32_t)wanted;
}

static void go(struct loop *loop, struct latency *bursts)
{
	for (unsigned int i = 0; i < TURN; i++) {
		uint64_t begin = rte_rdtsc();

		loop_round(loop);
		latency_add(bursts, rte_rdtsc() - begin);
	}
	zr_dataplane_drain(loop->dp, loop_tell, NULL, UINT32_MAX);
}

/* Nothing but time goes on: the pipeline must not take it for a wall clock that was set. */
static void leap(struct loop *loop)
{
	loop->dp->clock_offset_ns += UINT64_C(1000000000) * LEAP_S;
	loop->worker->ahead_us -= INT64_C(1000000) * LEAP_S;
}

/* Seconds that all of them took to go, those of idle turns left out. */
static double age(struct loop *loop, struct latency *bursts, struct latency *idle)
{
	double ns = 0;

	while (zr_pipeline_flows(loop->worker->pipeline) > FLOWS) {
		uint64_t begin_ns = zr_clock_ns(CLOCK_THREAD_CPUTIME_ID);

		go(loop, bursts);
		ns += (double)(zr_clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin_ns);
		latency_spin(idle, IDLE_CYCLES, TURN);
	}
	return ns / 1e9;
}

static void measure(struct loop *loop, uint32_t crowd)
{
	struct latency before, meanwhile, idle;
	double begin_pkts, s;

	latency_make(&before, SAMPLES);
	latency_make(&meanwhile, SAMPLES);
	latency_make(&idle, SAMPLES);
	for (unsigned int i = 0; i < BEFORE; i++)
		go(loop, &before);
	if (zr_pipeline_flows(loop->worker->pipeline) != crowd + FLOWS)
		fail("flows are missing before they age");
	leap(loop);
	begin_pkts = (double)loop->worker->status.pkts;
	s = age(loop, &meanwhile, &idle);
	loop_check(loop);
	latency_print("ageing_before", &before, &idle, false);
	latency_print("ageing_meanwhile", &meanwhile, &idle, true);
	bench_print_value("ageing_flows", crowd / s / 1e6, "M/s", "", true);
	bench_print_value("ageing_forwarded", ((double)loop->worker->status.pkts - begin_pkts) / s / 1e6, "M/s", "",
			  true);
	latency_free(&before);
	latency_free(&meanwhile);
	latency_free(&idle);
}

int main(void)
{
	uint32_t crowd = crowd_wanted();
	const struct loop_options options = {
		.name = "bench_ageing",
		.eal = "--no-huge --no-pci --no-shconf --no-telemetry --log-level=lib.ring:critical -m 4096",
		.flows = FLOWS,
		.frames = FLOWS,
		.capacity = crowd + FLOWS,
		.family = 4};
	static struct loop loop;

	loop_make(&loop, &options);
	crowd_open(loop.worker->pipeline, crowd, &loop.dp->views[loop.ports[0]], zr_clock_ns(CLOCK_REALTIME));
	measure(&loop, crowd);
	loop_free(&loop);
	return 0;
}

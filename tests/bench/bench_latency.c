/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long a burst of 32 frames takes through the worker's loop, from receiving to sent: median, 99.9th percentile and worst,
 * beside the machine's idle jitter, which a loop that does nothing for as long as a burst takes shows in turn with the bursts.
 */
#include "tests/bench/harness.h"
#include "tests/bench/latency.h"
#include "tests/bench/loop.h"

#define TURN  1024 /* bursts, then idle times */
#define TURNS bench_size(600, 4)

static void go(struct loop *loop, struct latency *bursts)
{
	for (unsigned int i = 0; i < TURN; i++) {
		uint64_t begin = rte_rdtsc();

		loop_round(loop);
		latency_add(bursts, rte_rdtsc() - begin);
	}
}

/* What a burst takes in cycles, of a turn that warms up. */
static uint64_t burst_cycles(struct loop *loop, struct latency *bursts)
{
	uint64_t begin = rte_rdtsc();

	go(loop, bursts);
	bursts->count = 0;
	return (rte_rdtsc() - begin) / TURN;
}

int main(void)
{
	const struct loop_options options = {.name = "bench_latency",
					     .eal = "--no-huge --no-pci --no-shconf --no-telemetry -m 2048",
					     .flows = bench_size(1 << 20, 1 << 10),
					     .frames = bench_size(1 << 16, 1 << 10),
					     .capacity = bench_size(1 << 20, 1 << 10),
					     .family = 4};
	struct latency bursts, idle;
	static struct loop loop;
	uint64_t cycles;

	loop_make(&loop, &options);
	latency_make(&bursts, TURN * TURNS);
	latency_make(&idle, TURN * TURNS);
	cycles = burst_cycles(&loop, &bursts);
	for (unsigned int i = 0; i < TURNS; i++) {
		go(&loop, &bursts);
		latency_spin(&idle, cycles, TURN);
	}
	loop_check(&loop);
	latency_print("latency_burst", &bursts, &idle, true);
	latency_free(&bursts);
	latency_free(&idle);
	loop_free(&loop);
	return 0;
}

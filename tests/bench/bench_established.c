/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an established flow's packet costs from its view to its account: zr_pipeline_burst, whole, on flows that their
 * hello freed, against the floor of DESIGN section 6 over the same packets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/pipeline/pipeline.h"
#include "tests/bench/floor.h"
#include "tests/bench/harness.h"
#include "tests/bench/opening.h"

struct setting {
	struct traffic traffic;
	struct zr_pipeline *pipeline;
	uint64_t events;
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_established: %s\n", what);
	exit(1);
}

static bool take(void *arg, const struct zr_usage *usage)
{
	struct setting *s = arg;

	(void)usage;
	s->events++;
	return true;
}

static void run_pipeline(void *arg)
{
	struct setting *s = arg;

	for (uint32_t at = 0; at < s->traffic.count; at += ZR_BURST) {
		uint32_t left = s->traffic.count - at;

		for (unsigned int i = ZR_BURST; i < 2 * ZR_BURST && i < left; i++)
			__builtin_prefetch(s->traffic.views[at + i].data);
		zr_pipeline_burst(s->pipeline, s->traffic.views + at, left < ZR_BURST ? left : ZR_BURST);
	}
}

/* The figures mean nothing unless every flow is free and no packet went elsewhere. */
static void check_totals(const struct setting *s)
{
	struct zr_totals totals;

	zr_pipeline_totals(s->pipeline, &totals);
	if (totals.reason[ZR_REASON_SNI].pkts != totals.received.pkts || s->events < s->traffic.count)
		fail("not every packet belongs to a free flow");
}

static void bench(const char *name, uint32_t flows, uint8_t family, double mops_min)
{
	void *block;
	struct zr_image *image = opening_image(&block);
	struct zr_suffix_index *index;
	struct zr_pipeline_config config;
	struct setting s = {0};
	struct floor floor;
	const struct bench_side sides[2] = {{floor_run, &floor, flows}, {run_pipeline, &s, flows}};
	struct bench_time time[2];
	size_t memory_len;
	void *memory;

	zr_pipeline_defaults(&config);
	config.flows = flows;
	config.usage = take;
	config.arg = &s;
	config.seed[0] = 20261122;
	memory_len = zr_pipeline_memory(&config);
	memory = bench_alloc(memory_len, true);
	traffic_make(&s.traffic, &(struct traffic_options){.flows = flows,
							   .family = family,
							   .mix = TRAFFIC_TCP,
							   .ip_bytes = 1400,
							   .huge = true,
							   .seed = 7});
	if (zr_suffix_index_make(image, config.seed, &index) != 0)
		fail("no memory");
	s.pipeline = zr_pipeline_init(memory, &config, image, index);
	floor_open(&floor, &s.traffic, true);
	opening_run(s.pipeline, &s.traffic, NULL, 0);
	bench_measure(sides, 2, time);
	check_totals(&s);
	bench_print(&(struct bench_result){
		.name = name, .time = time[1], .floor = time[0], .ratio_max = 2.5, .mops_min = mops_min});
	floor_close(&floor);
	zr_pipeline_fini(s.pipeline);
	zr_suffix_index_free(index);
	zr_image_free(image);
	free(block);
	traffic_free(&s.traffic);
	bench_free(memory, memory_len);
}

int main(void)
{
	bench_pin();
	bench("established_ipv4_4k", 4096, 4, 25);
	bench("established_ipv6_4k", 4096, 6, 25);
	bench("established_ipv4_1m", 1 << 20, 4, 15);
	bench("established_ipv6_1m", 1 << 20, 6, 15);
	return 0;
}

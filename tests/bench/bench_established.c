/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an established flow's packet costs from its view to its account: zr_pipeline_burst, whole, on flows that their
 * hello freed, against the floor of DESIGN section 6 over the same packets.
 */
#include <stdio.h>
#include <stdlib.h>

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

/* Of many flows packets are made for a part at a time; both sides have the same ones. */
static void prepare_window(void *arg)
{
	struct setting *s = arg;

	if (s->traffic.count < s->traffic.options.flows)
		traffic_next(&s->traffic);
}

/* The figures mean nothing unless every flow is free and no packet went elsewhere. */
static void check_totals(const struct setting *s)
{
	struct zr_totals totals;

	zr_pipeline_totals(s->pipeline, &totals);
	if (totals.reason[ZR_REASON_SNI].pkts != totals.received.pkts ||
	    zr_pipeline_flows_free(s->pipeline) != s->traffic.options.flows || s->events < s->traffic.options.flows)
		fail("not every packet belongs to a free flow");
}

static void config_make(struct zr_pipeline_config *config, struct setting *s, uint32_t flows)
{
	zr_pipeline_defaults(config);
	config->flows = flows;
	config->usage = take;
	config->arg = s;
	config->seed[0] = 20261122;
	config->packets.open_all_tunnels = true;
}

static void bench(const char *name, const struct traffic_options *options, double mops_min)
{
	void *block;
	struct zr_image *image = opening_image(&block);
	struct zr_suffix_index *index;
	struct zr_pipeline_config config;
	struct setting s = {0};
	struct floor floor;
	struct bench_side sides[2] = {{floor_run, &floor, 0}, {run_pipeline, &s, 0}};
	struct bench_time time[2];
	size_t memory_len;
	void *memory;

	config_make(&config, &s, options->flows);
	memory_len = zr_pipeline_memory(&config);
	memory = bench_alloc(memory_len, true);
	traffic_make(&s.traffic, options);
	sides[0].ops = sides[1].ops = s.traffic.count;
	if (zr_suffix_index_make(image, config.seed, &index) != 0)
		fail("no memory");
	s.pipeline = zr_pipeline_init(memory, &config, image, index);
	floor_open(&floor, &s.traffic, options->flows, true);
	opening_run(s.pipeline, &s.traffic, NULL, 0);
	bench_measure_prepared(sides, 2, prepare_window, &s, time);
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
	static const struct {
		const char *name;
		uint8_t family;
		bool gtpu;
		uint16_t ip_bytes; /* 46: a frame of 64 bytes with its checksum; with longer headers those alone */
	} kinds[] = {{"ipv4", 4, false, 46},
		     {"ipv4_imix", 4, false, TRAFFIC_IMIX},
		     {"ipv6", 6, false, 46},
		     {"gtpu", 4, true, 46}};
	const struct {
		const char *name;
		uint32_t flows, window;
		double mops_min; /* of flows that are in no tunnel */
	} sizes[] = {{"4k", bench_size(4096, 64), 0, 25},
		     {"1m", bench_size(1 << 20, 256), 0, 15},
		     {"10m", bench_size(10 << 20, 512), bench_size(1 << 20, 128), 0}};

	bench_pin();
	for (unsigned int s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		for (unsigned int k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			char name[64];

			snprintf(name, sizeof(name), "established_%s_%s", kinds[k].name, sizes[s].name);
			bench(name,
			      &(struct traffic_options){.flows = sizes[s].flows,
							.window = sizes[s].window,
							.family = kinds[k].family,
							.mix = TRAFFIC_TCP,
							.gtpu = kinds[k].gtpu,
							.ip_bytes = kinds[k].ip_bytes,
							.huge = true,
							.seed = 7},
			      kinds[k].gtpu ? 0 : sizes[s].mops_min);
		}
	}
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What it costs that somebody may ask: new flows whose hello is read, with and without the memory of decisions; and looking at
 * 1 M open flows, a place whose flow fits and one whose does not.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/pipeline/pipeline.h"
#include "tests/bench/harness.h"
#include "tests/bench/opening.h"

#define FLOWS_NEW  bench_size(1U << 16, 256)
#define FLOWS_OPEN bench_size(1U << 20, 256)
#define DECISIONS  (64U << 20)

/* As a worker's look goes: so many places between two bursts, an eighth of them when they are answered. */
#define LOOKS 16

struct setting {
	struct traffic traffic;
	struct zr_pipeline *pipeline;
	struct zr_image *image;
	struct zr_suffix_index *index;
	struct zr_look look;
	void *block, *memory;
	size_t memory_len;
};

static bool take(void *arg, const struct zr_usage *usage)
{
	(void)arg;
	(void)usage;
	return true;
}

static void setting_make(struct setting *s, uint32_t flows, size_t decisions_bytes)
{
	struct zr_pipeline_config config;

	zr_pipeline_defaults(&config);
	config.flows = flows;
	config.decisions_bytes = decisions_bytes;
	config.usage = take;
	config.seed[0] = 20261122;
	s->image = opening_image(&s->block);
	s->memory_len = zr_pipeline_memory(&config);
	s->memory = bench_alloc(s->memory_len, true);
	traffic_make(
		&s->traffic,
		&(struct traffic_options){
			.flows = flows, .family = 4, .mix = TRAFFIC_TCP, .ip_bytes = 1400, .huge = true, .seed = 7});
	if (zr_suffix_index_make(s->image, config.seed, &s->index) != 0) {
		fprintf(stderr, "bench_look: no memory\n");
		exit(1);
	}
	s->pipeline = zr_pipeline_init(s->memory, &config, s->image, s->index);
}

static void setting_clear(struct setting *s)
{
	zr_pipeline_fini(s->pipeline);
	zr_suffix_index_free(s->index);
	zr_image_free(s->image);
	free(s->block);
	traffic_free(&s->traffic);
	bench_free(s->memory, s->memory_len);
}

/* Every flow begins with its hello, and ends. */
static void run_new(void *arg)
{
	struct setting *s = arg;

	opening_run(s->pipeline, &s->traffic, NULL, 0);
	zr_pipeline_shutdown(s->pipeline);
}

static void run_look(void *arg)
{
	static struct zr_answer answers[64];
	struct setting *s = arg;
	struct zr_look_cursor cursor = {0};
	unsigned int at = 0;

	while (!cursor.ended) {
		unsigned int budget = LOOKS;

		while (zr_pipeline_look(s->pipeline, &s->look, &cursor, &budget, &answers[at % 64]))
			at++;
	}
}

static void bench_new(void)
{
	static struct setting without, with;
	const struct bench_side sides[2] = {{run_new, &without, FLOWS_NEW}, {run_new, &with, FLOWS_NEW}};
	struct bench_time time[2];

	setting_make(&without, FLOWS_NEW, 0);
	setting_make(&with, FLOWS_NEW, DECISIONS);
	bench_measure(sides, 2, time);
	bench_print(&(struct bench_result){
		.name = "new_flow_with_decisions", .time = time[1], .floor = time[0], .ratio_max = 1.5});
	setting_clear(&without);
	setting_clear(&with);
}

static void bench_look(void)
{
	static struct setting all, none;
	const struct bench_side sides[2] = {{run_look, &none, FLOWS_OPEN}, {run_look, &all, FLOWS_OPEN}};
	struct bench_time time[2];

	setting_make(&all, FLOWS_OPEN, 0);
	opening_run(all.pipeline, &all.traffic, NULL, 0);
	all.look.states = (1U << ZR_STATE_COUNT) - 1;
	none = all;
	none.look.states = 1U << ZR_STATE_UNDECIDED;
	bench_measure(sides, 2, time);
	bench_print_value("look_passes", time[0].ns, "ns", "", true);
	bench_print_value("look_answers", time[1].ns, "ns", "", true);
	setting_clear(&all);
}

int main(void)
{
	bench_pin();
	bench_new();
	bench_look();
	return 0;
}

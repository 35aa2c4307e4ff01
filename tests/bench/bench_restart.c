/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a restart costs with 1 M open flows that their hello freed: cutting them all, writing them as bytes, and reading and
 * taking them up in a pipeline of another seed. The file itself (checksum, disk) is not among it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dataplane/pipeline/save.h"
#include "tests/bench/harness.h"
#include "tests/bench/opening.h"
#include "tests/bench/traffic.h"

#define FLOWS bench_size(1U << 20, 256)

static const uint16_t domains[] = {0};

struct bytes {
	uint8_t *at;
	size_t len, room;
};

static struct zr_image *image;

static void fail(const char *what)
{
	fprintf(stderr, "bench_restart: %s\n", what);
	exit(1);
}

static bool take(void *arg, const struct zr_usage *usage)
{
	uint64_t *events = arg;

	(void)usage;
	++*events;
	return true;
}

static int keep(void *arg, const void *bytes, size_t len)
{
	struct bytes *out = arg;

	if (out->len + len > out->room)
		return -1;
	memcpy(out->at + out->len, bytes, len);
	out->len += len;
	return 0;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A pipeline and what it stands on. */
struct stand {
	struct zr_pipeline *pipeline;
	struct zr_suffix_index *index;
	void *memory;
	size_t memory_len;
};

static void stand_make(struct stand *stand, uint64_t seed, uint32_t identities, uint64_t *events)
{
	struct zr_pipeline_config config;

	zr_pipeline_defaults(&config);
	config.flows = FLOWS;
	config.usage = take;
	config.arg = events;
	config.seed[0] = seed;
	config.identities = identities;
	if (zr_suffix_index_make(image, config.seed, &stand->index) != 0)
		fail("no memory");
	stand->memory_len = zr_pipeline_memory(&config);
	stand->memory = bench_alloc(stand->memory_len, true);
	stand->pipeline = zr_pipeline_init(stand->memory, &config, image, stand->index);
	if (stand->pipeline == NULL)
		fail("no pipeline");
}

static void stand_clear(struct stand *stand)
{
	zr_pipeline_fini(stand->pipeline);
	zr_suffix_index_free(stand->index);
	bench_free(stand->memory, stand->memory_len);
}

static void restore(struct zr_pipeline *p, const struct bytes *bytes, uint64_t now_ns)
{
	const struct zr_restore from = {.list = zr_image_identity(image),
					.saved_us = now_ns / 1000,
					.same_epoch = true,
					.domains = domains,
					.domain_count = 1};
	struct zr_saved_flow flow;
	size_t used;

	zr_pipeline_poll(p, now_ns);
	for (size_t at = 0; at < bytes->len; at += used) {
		if (zr_saved_read(bytes->at + at, bytes->len - at, &used, &flow) != ZR_OK)
			fail("what was written cannot be read");
		zr_pipeline_restore(p, &from, &flow);
	}
}

static void bench(uint8_t family)
{
	const struct traffic_options options = {
		.flows = FLOWS, .family = family, .mix = TRAFFIC_TCP, .ip_bytes = 1400, .huge = true, .seed = 7};
	struct bytes bytes = {.room = (size_t)FLOWS * 200};
	struct traffic traffic;
	struct stand before, after;
	uint64_t events = 0;
	double paused_s, saved_s, begun_s;
	char name[64];

	bytes.at = bench_alloc(bytes.room, true);
	traffic_make(&traffic, &options);
	stand_make(&before, 1, 0, &events);
	opening_run(before.pipeline, &traffic, NULL, 0);
	begun_s = now_s();
	zr_pipeline_pause(before.pipeline);
	paused_s = now_s();
	if (zr_pipeline_save(before.pipeline, keep, &bytes) != 0)
		fail("more bytes than there is room for");
	saved_s = now_s();
	snprintf(name, sizeof(name), "restart_cut_ipv%u_1m", family);
	bench_print_value(name, paused_s - begun_s, "s", "", true);
	snprintf(name, sizeof(name), "restart_save_ipv%u_1m", family);
	bench_print_value(name, saved_s - paused_s, "s", "", true);
	stand_make(&after, 2, FLOWS, &events);
	begun_s = now_s();
	restore(after.pipeline, &bytes, traffic.views[traffic.count - 1].time_ns);
	snprintf(name, sizeof(name), "restart_restore_ipv%u_1m", family);
	bench_print_value(name, now_s() - begun_s, "s", "", true);
	snprintf(name, sizeof(name), "restart_bytes_ipv%u", family);
	bench_print_value(name, (double)bytes.len / FLOWS, "bytes", "", true);
	if (zr_pipeline_flows_free(after.pipeline) != zr_pipeline_flows(before.pipeline))
		fail("not every flow went on");
	stand_clear(&before);
	stand_clear(&after);
	traffic_free(&traffic);
	bench_free(bytes.at, bytes.room);
}

int main(void)
{
	void *block;

	bench_pin();
	image = opening_image(&block);
	bench(4);
	bench(6);
	zr_image_free(image);
	free(block);
	return 0;
}

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
#include "rules/list.h"
#include "tests/bench/harness.h"
#include "tests/bench/traffic.h"
#include "tests/support/frame.h"

#define FLOWS     (1U << 20)
#define HELLO_MIN 300

static const char list_text[] = "#! serial: 1\n#! issuer: bench\n#! issued: 2025-01-01T00:00:00Z\n"
				"#! expires: 2037-01-01T00:00:00Z\n"
				"match,service,rating_group\n.olm.vn,olm,1\n";

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

/* A hello on the tuple of each opening packet. */
static void open_flows(struct zr_pipeline *p, const struct traffic *traffic)
{
	static const struct zr_packet_rules rules;
	static uint8_t frame[2048];
	uint8_t hello[1024];
	size_t hello_len = frame_hello("olm.vn", HELLO_MIN, hello, sizeof(hello));

	for (uint32_t i = 0; i < traffic->count; i++) {
		struct zr_view view = traffic->opening[i];
		struct zr_packet packet;
		size_t headers;

		zr_packet_parse(&rules, &view, &packet);
		headers = view.wire_len - packet.payload_wire_len;
		memcpy(frame, view.data, headers);
		memcpy(frame + headers, hello, hello_len);
		view.data = frame;
		view.len = (uint32_t)(headers + hello_len);
		zr_pipeline_burst(p, &view, 1);
	}
}

static struct zr_pipeline *make(uint64_t seed, uint32_t identities, uint64_t *events, struct zr_suffix_index **index)
{
	struct zr_pipeline_config config;
	struct zr_pipeline *p;

	zr_pipeline_defaults(&config);
	config.flows = FLOWS;
	config.usage = take;
	config.arg = events;
	config.seed[0] = seed;
	config.identities = identities;
	if (zr_suffix_index_make(image, config.seed, index) != 0)
		fail("no memory");
	p = zr_pipeline_init(bench_alloc(zr_pipeline_memory(&config), true), &config, image, *index);
	if (p == NULL)
		fail("no pipeline");
	return p;
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
	struct zr_suffix_index *index, *next_index;
	struct traffic traffic;
	struct zr_pipeline *p, *next;
	uint64_t events = 0;
	double paused_s, saved_s, begun_s;
	char name[64];

	bytes.at = bench_alloc(bytes.room, true);
	traffic_make(&traffic, &options);
	p = make(1, 0, &events, &index);
	open_flows(p, &traffic);
	begun_s = now_s();
	zr_pipeline_pause(p);
	paused_s = now_s();
	if (zr_pipeline_save(p, keep, &bytes) != 0)
		fail("more bytes than there is room for");
	saved_s = now_s();
	snprintf(name, sizeof(name), "restart_cut_ipv%u_1m", family);
	bench_print_value(name, paused_s - begun_s, "s", "", true);
	snprintf(name, sizeof(name), "restart_save_ipv%u_1m", family);
	bench_print_value(name, saved_s - paused_s, "s", "", true);
	next = make(2, FLOWS, &events, &next_index);
	begun_s = now_s();
	restore(next, &bytes, traffic.views[traffic.count - 1].time_ns);
	snprintf(name, sizeof(name), "restart_restore_ipv%u_1m", family);
	bench_print_value(name, now_s() - begun_s, "s", "", true);
	snprintf(name, sizeof(name), "restart_bytes_ipv%u", family);
	bench_print_value(name, (double)bytes.len / FLOWS, "bytes", "", true);
	if (zr_pipeline_flows_free(next) != zr_pipeline_flows(p))
		fail("not every flow went on");
	zr_pipeline_fini(p);
	zr_pipeline_fini(next);
	zr_suffix_index_free(index);
	zr_suffix_index_free(next_index);
	traffic_free(&traffic);
	bench_free(bytes.at, bytes.room);
}

int main(void)
{
	struct zr_findings errors = {0};
	struct zr_list *list = NULL;
	void *block = NULL;
	size_t len;

	bench_pin();
	if (zr_list_read(list_text, sizeof(list_text) - 1, &list, &errors) != 0 ||
	    zr_list_compile(list, &block, &len) != 0 || zr_image_load(block, len, &image, NULL) != 0)
		fail("the list cannot be compiled");
	bench(4);
	bench(6);
	zr_list_free(list);
	zr_image_free(image);
	free(block);
	return 0;
}

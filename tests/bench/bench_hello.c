/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * New flows from their first packet to their last record: looked up, taken up, hello read, name judged, tag and usage told. A
 * TLS flow's floor is that of its packets (floor.h), a QUIC flow's OpenSSL's calls for its Initial (quic_floor.h); nDPI reads
 * the same packets in the same run.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/pipeline/pipeline.h"
#include "tests/bench/floor.h"
#include "tests/bench/harness.h"
#include "tests/bench/hellos.h"
#include "tests/bench/ndpi_peer.h"
#include "tests/bench/opening.h"
#include "tests/bench/quic_floor.h"

enum { FLOOR, SUBJECT, PEER, SIDES };

struct setting {
	struct hellos hellos;
	struct zr_pipeline *pipeline;
	uint64_t tags, parts;
};

static void fail(const char *what)
{
	fprintf(stderr, "bench_hello: %s\n", what);
	exit(1);
}

static bool take(void *arg, const struct zr_usage *usage)
{
	struct setting *s = arg;

	if (usage->type == ZR_USAGE_TAG)
		s->tags++;
	else
		s->parts++;
	return true;
}

/* All flows begin, and all are ended. */
static void run_pipeline(void *arg)
{
	struct setting *s = arg;
	const struct traffic *traffic = &s->hellos.traffic;

	for (uint32_t at = 0; at < traffic->count; at += ZR_BURST) {
		uint32_t left = traffic->count - at;

		for (unsigned int i = ZR_BURST; i < 2 * ZR_BURST && i < left; i++)
			__builtin_prefetch(traffic->views[at + i].data);
		zr_pipeline_burst(s->pipeline, traffic->views + at, left < ZR_BURST ? left : ZR_BURST);
	}
	zr_pipeline_shutdown(s->pipeline);
}

/* The figures mean nothing unless every flow's name was read, with all its packets free and told in one part. */
static void check(const struct setting *s, enum zr_reason reason)
{
	struct zr_totals totals;

	zr_pipeline_totals(s->pipeline, &totals);
	if (totals.reason[reason].pkts != totals.received.pkts || totals.received.pkts == 0 ||
	    s->tags * s->hellos.pkts_each != totals.received.pkts || s->parts != s->tags)
		fail("not every flow was freed by its name");
}

static void measure(struct setting *s, bool quic, struct bench_time *time)
{
	struct quic_floor quic_floor;
	struct ndpi_peer peer;
	struct floor floor;
	struct bench_side sides[SIDES] = {[FLOOR] = {floor_run, &floor, s->hellos.flows},
					  [SUBJECT] = {run_pipeline, s, s->hellos.flows},
					  [PEER] = {ndpi_peer_run, &peer, s->hellos.flows}};

	if (quic) {
		quic_floor_open(&quic_floor, &s->hellos);
		sides[FLOOR] = (struct bench_side){quic_floor_run, &quic_floor, s->hellos.flows};
	} else {
		floor_open(&floor, &s->hellos.traffic, s->hellos.flows, true);
	}
	ndpi_peer_open(&peer, &s->hellos);
	bench_measure(sides, SIDES, time);
	ndpi_peer_close(&peer);
	if (quic)
		quic_floor_close(&quic_floor);
	else
		floor_close(&floor);
}

static void bench(const char *name, enum hellos_kind kind, uint32_t flows, double ratio_max, double mops_min)
{
	void *block;
	struct zr_image *image = opening_image(&block);
	struct zr_suffix_index *index;
	struct zr_pipeline_config config;
	struct setting s = {0};
	struct bench_time time[SIDES];
	char peer_name[64];
	size_t memory_len;
	void *memory;

	zr_pipeline_defaults(&config);
	config.flows = flows;
	config.usage = take;
	config.arg = &s;
	config.seed[0] = 20261122;
	memory_len = zr_pipeline_memory(&config);
	memory = bench_alloc(memory_len, true);
	hellos_make(&s.hellos, kind, flows);
	if (zr_suffix_index_make(image, config.seed, &index) != 0)
		fail("no memory");
	s.pipeline = zr_pipeline_init(memory, &config, image, index);
	if (s.pipeline == NULL)
		fail("no pipeline");
	measure(&s, kind == HELLOS_QUIC, time);
	check(&s, kind == HELLOS_QUIC ? ZR_REASON_QUIC_SNI : ZR_REASON_SNI);
	bench_print(&(struct bench_result){.name = name,
					   .time = time[SUBJECT],
					   .floor = time[FLOOR],
					   .ratio_max = ratio_max,
					   .mops_min = mops_min});
	snprintf(peer_name, sizeof(peer_name), "ndpi_%s", name);
	bench_print_peer(peer_name, &time[PEER], &time[SUBJECT]);
	zr_pipeline_fini(s.pipeline);
	zr_suffix_index_free(index);
	zr_image_free(image);
	free(block);
	hellos_free(&s.hellos);
	bench_free(memory, memory_len);
}

int main(void)
{
	bench_pin();
	bench("new_tls", HELLOS_TLS, bench_size(1 << 15, 300), 0, 1);
	bench("new_tls_two_segments", HELLOS_TLS_LARGE, bench_size(1 << 14, 300), 0, 0);
	bench("new_quic", HELLOS_QUIC, bench_size(1 << 14, 300), 1.6, 0.3);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a packet of DNS costs where resolvers are trusted: questions and answers of many subscribers over UDP, for names that are
 * listed and for others, against a floor that reads the same headers and messages and remembers nothing.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/inspect/dns_answer.h"
#include "dataplane/pipeline/pipeline.h"
#include "rules/list_build.h"
#include "tests/bench/harness.h"
#include "tests/support/dns_make.h"
#include "tests/support/frame.h"

#define TALKS 4096
#define PKTS  (2 * TALKS)
#define ROOM  256 /* bytes of a frame */
#define NAMES 64

static const char list_text[] = "#! serial: 1\n#! issuer: bench\n#! issued: 2026-01-01T00:00:00Z\n"
				"#! expires: 2030-01-01T00:00:00Z\n"
				"match,service,rating_group,verify\n.olm.vn,olm,1,require\n";

struct setting {
	struct zr_view views[PKTS];
	struct zr_port port;
	struct zr_pipeline *pipeline;
	uint8_t *bytes;
	void *memory;
	size_t memory_len;
	uint64_t found;
};

static struct zr_list_loaded list;
static struct zr_prefix_set resolvers;

static void fail(const char *what)
{
	fprintf(stderr, "bench_dns: %s\n", what);
	exit(1);
}

static bool take(void *arg, const struct zr_usage *usage)
{
	(void)arg;
	(void)usage;
	return true;
}

static void put(struct setting *s, unsigned int n, const struct frame_spec *spec)
{
	static uint8_t frame[FRAME_MAX];
	size_t len = frame_make(spec, frame);

	if (len > ROOM)
		fail("a frame is too long");
	memcpy(s->bytes + (size_t)n * ROOM, frame, len);
	s->views[n] = (struct zr_view){.data = s->bytes + (size_t)n * ROOM,
				       .len = (uint32_t)len,
				       .wire_len = (uint32_t)len,
				       .time_ns = UINT64_C(1795305600000000000),
				       .port = &s->port};
}

static void make(struct setting *s, const char *domain)
{
	static struct dns_bytes message;

	s->bytes = bench_alloc((size_t)PKTS * ROOM, true);
	for (unsigned int i = 0; i < TALKS; i++) {
		char name[64], client[INET_ADDRSTRLEN], server[INET_ADDRSTRLEN];
		struct frame_spec spec = {.proto = 17, .src_port = 40000, .dst_port = 53};

		snprintf(name, sizeof(name), "w%u.%s", i % NAMES, domain);
		snprintf(client, sizeof(client), "10.0.%u.%u", i / 256, i % 256);
		snprintf(server, sizeof(server), "203.0.113.%u", i % NAMES);
		dns_begin(&message, (uint16_t)i, false, name, DNS_A);
		spec.src = client;
		spec.dst = "192.0.2.53";
		spec.data = message.at;
		spec.len = message.len;
		put(s, 2 * i, &spec);
		dns_begin(&message, (uint16_t)i, true, name, DNS_A);
		dns_put_address(&message, name, 300, server);
		spec = (struct frame_spec){
			.src = spec.dst, .dst = client, .src_port = 53, .dst_port = 40000, .proto = 17};
		spec.data = message.at;
		spec.len = message.len;
		put(s, 2 * i + 1, &spec);
	}
}

static void count(void *arg, const struct zr_dns_address *address)
{
	struct setting *s = arg;

	s->found += address->ttl_s;
}

static void run_floor(void *arg)
{
	const struct zr_packet_rules rules = {0};
	struct zr_dns_message message;
	struct zr_packet packet;
	struct setting *s = arg;

	for (unsigned int i = 0; i < PKTS; i++) {
		zr_packet_parse(&rules, &s->views[i], &packet);
		if (zr_dns_read(packet.payload, packet.payload_len, &message) != ZR_OK)
			fail("a message cannot be read");
		if (message.answer)
			zr_dns_answer(&message, count, s);
	}
}

static void run_pipeline(void *arg)
{
	struct setting *s = arg;

	for (unsigned int i = 0; i < PKTS; i += ZR_BURST)
		zr_pipeline_burst(s->pipeline, s->views + i, ZR_BURST);
}

static void bench(const char *name, const char *domain, bool listed)
{
	static struct setting s;
	struct bench_side sides[2] = {{run_floor, &s, PKTS}, {run_pipeline, &s, PKTS}};
	struct zr_pipeline_config config;
	struct bench_time time[2];

	memset(&s, 0, sizeof(s));
	zr_pipeline_defaults(&config);
	config.flows = 2 * TALKS;
	config.trusted_resolvers = &resolvers;
	config.usage = take;
	config.verify_checksums = false;
	config.seed[0] = 20261122;
	s.memory_len = zr_pipeline_memory(&config);
	s.memory = bench_alloc(s.memory_len, true);
	s.pipeline = zr_pipeline_init(s.memory, &config, list.image, list.index);
	make(&s, domain);
	bench_measure(sides, 2, time);
	/* The figures mean nothing unless every answer taught, or none. */
	if (zr_pipeline_lessons(s.pipeline) != (listed ? TALKS : 0) ||
	    zr_pipeline_counter(s.pipeline, ZR_COUNTER_DNS_UNASKED) != 0)
		fail("not every answer was learned from");
	bench_print(&(struct bench_result){.name = name, .time = time[1], .floor = time[0], .ratio_max = 4});
	zr_pipeline_fini(s.pipeline);
	bench_free(s.memory, s.memory_len);
	bench_free(s.bytes, (size_t)PKTS * ROOM);
}

int main(void)
{
	static const uint64_t seed[2] = {20261122, 0};
	struct zr_prefix prefix;

	bench_pin();
	if (zr_list_build(list_text, sizeof(list_text) - 1, seed, &list) != 0 ||
	    zr_prefix_parse("192.0.2.53", 10, &prefix) != 0 || zr_prefix_set_add(&resolvers, &prefix) != 0)
		fail("the list cannot be made");
	bench("dns_listed", "olm.vn", true);
	bench("dns_not_listed", "example.vn", false);
	zr_list_loaded_clear(&list);
	zr_prefix_set_clear(&resolvers);
	return 0;
}

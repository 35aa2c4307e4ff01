/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a packet of DNS costs where resolvers are trusted: questions and answers of many subscribers over UDP, for names that are
 * listed and for others, against a floor that reads the same headers and messages and remembers nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/inspect/dns_answer.h"
#include "dataplane/pipeline/pipeline.h"
#include "rules/list_build.h"
#include "tests/bench/dns_talks.h"
#include "tests/bench/harness.h"

struct setting {
	struct dns_talks talks;
	struct zr_pipeline *pipeline;
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

	for (unsigned int i = 0; i < DNS_PKTS; i++) {
		zr_packet_parse(&rules, &s->talks.views[i], &packet);
		if (zr_dns_read(packet.payload, packet.payload_len, &message) != ZR_OK)
			fail("a message cannot be read");
		if (message.answer)
			zr_dns_answer(&message, count, s);
	}
}

static void run_pipeline(void *arg)
{
	struct setting *s = arg;

	for (unsigned int i = 0; i < DNS_PKTS; i += ZR_BURST)
		zr_pipeline_burst(s->pipeline, s->talks.views + i, ZR_BURST);
}

static void bench(const char *name, const char *domain, bool listed)
{
	static struct setting s;
	struct bench_side sides[2] = {{run_floor, &s, DNS_PKTS}, {run_pipeline, &s, DNS_PKTS}};
	struct zr_pipeline_config config;
	struct bench_time time[2];

	memset(&s, 0, sizeof(s));
	zr_pipeline_defaults(&config);
	config.flows = 2 * DNS_TALKS;
	config.trusted_resolvers = &resolvers;
	config.usage = take;
	config.seed[0] = 20261122;
	s.memory_len = zr_pipeline_memory(&config);
	s.memory = bench_alloc(s.memory_len, true);
	s.pipeline = zr_pipeline_init(s.memory, &config, list.image, list.index);
	dns_talks_make(&s.talks, domain);
	bench_measure(sides, 2, time);
	/* The figures mean nothing unless every answer taught, or none. */
	if (zr_pipeline_lessons(s.pipeline) != (listed ? DNS_TALKS : 0) ||
	    zr_pipeline_counter(s.pipeline, ZR_COUNTER_DNS_UNASKED) != 0)
		fail("not every answer was learned from");
	bench_print(&(struct bench_result){.name = name, .time = time[1], .floor = time[0], .ratio_max = 4});
	zr_pipeline_fini(s.pipeline);
	bench_free(s.memory, s.memory_len);
	dns_talks_free(&s.talks);
}

int main(void)
{
	static const uint64_t seed[2] = {20261122, 0};
	struct zr_prefix prefix;

	bench_pin();
	if (zr_list_build(dns_talks_list, strlen(dns_talks_list), seed, &list) != 0 ||
	    zr_prefix_parse(DNS_RESOLVER, strlen(DNS_RESOLVER), &prefix) != 0 ||
	    zr_prefix_set_add(&resolvers, &prefix) != 0)
		fail("the list cannot be made");
	bench("dns_listed", "olm.vn", true);
	bench("dns_not_listed", "example.vn", false);
	zr_list_loaded_clear(&list);
	zr_prefix_set_clear(&resolvers);
	return 0;
}

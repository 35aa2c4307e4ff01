/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the flow table costs an established packet, against the floor of DESIGN section 6: the same loop over the same
 * packets that only parses the headers, hashes the tuple and updates one cache line that the hash points to.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/flow/table.h"
#include "dataplane/packet/packet.h"
#include "tests/bench/floor.h"
#include "tests/bench/harness.h"
#include "tests/bench/traffic.h"

/* One setting: packets, and the table with their flows. */
struct setting {
	struct traffic traffic;
	struct zr_flow_table table;
};

static const struct zr_packet_rules rules;

static void run_table(void *arg)
{
	struct setting *s = arg;
	uint32_t flow[ZR_BURST];
	struct burst burst;

	for (uint32_t at = 0; at < s->traffic.count; at += ZR_BURST) {
		burst_take(&s->table, &s->traffic, at, &burst);
		zr_flow_table_find(&s->table, burst.key, burst.hash, burst.count, flow);
		for (unsigned int i = 0; i < burst.count; i++)
			burst_count(&s->table.flows[flow[i]], &burst.packet[i], &s->traffic.views[at + i],
				    burst.source_is_b[i]);
	}
}

/* In another order than the packets come in (an odd factor permutes a power of two), so that flow numbers are random. */
static void open_flows(struct setting *s)
{
	struct zr_packet packet;
	struct zr_flow_key key;

	for (uint32_t i = 0; i < s->traffic.count; i++) {
		zr_packet_parse(&rules, &s->traffic.views[i * 0x9E3779B1U & (s->traffic.count - 1)], &packet);
		zr_flow_key_of(&packet, &key);

		uint32_t flow = zr_flow_table_insert(&s->table, &key, zr_flow_hash(&s->table, &key));

		if (packet.unaccounted != ZR_ACCOUNTED || flow == ZR_FLOW_NONE) {
			fprintf(stderr, "flow %u cannot be opened\n", i);
			exit(1);
		}
		zr_flow_table_decided(&s->table, flow);
	}
}

static uint32_t packets_of(const struct zr_flow *flow)
{
	return flow->up_pkts + flow->down_pkts;
}

/* The figures mean nothing unless every packet was counted in its own flow: all have had equally many. */
static void check_counts(const struct setting *s)
{
	const struct zr_flow *flows = s->table.flows;

	for (uint32_t i = 0; i < s->traffic.count; i++) {
		if (packets_of(&flows[i]) == 0 || packets_of(&flows[i]) != packets_of(&flows[0])) {
			fprintf(stderr, "packets of flow %u went astray\n", i);
			exit(1);
		}
	}
}

static void bench(const char *name, uint32_t flows, uint8_t family, bool huge, double mops_min)
{
	static const uint64_t seed[2] = {20261122, 1};
	size_t table_bytes = zr_flow_table_memory(flows);
	void *memory = bench_alloc(table_bytes, huge);
	struct bench_time time[2];
	struct floor floor;
	struct setting s;
	const struct bench_side sides[2] = {{floor_run, &floor, flows}, {run_table, &s, flows}};

	traffic_make(&s.traffic, &(struct traffic_options){.flows = flows,
							   .family = family,
							   .mix = TRAFFIC_BOTH,
							   .ip_bytes = 1400,
							   .huge = huge,
							   .seed = 7});
	zr_flow_table_init(&s.table, memory, flows, seed);
	floor_open(&floor, &s.traffic, flows, huge);
	open_flows(&s);
	bench_measure(sides, 2, time);
	check_counts(&s);
	bench_print(&(struct bench_result){
		.name = name, .time = time[1], .floor = time[0], .ratio_max = 2.5, .mops_min = mops_min});
	floor_close(&floor);
	traffic_free(&s.traffic);
	bench_free(memory, table_bytes);
}

int main(void)
{
	uint32_t few = bench_size(4096, 64), many = bench_size(1 << 20, 256);

	bench_pin();
	bench("flow_table_ipv4_4k", few, 4, true, 25);
	bench("flow_table_ipv6_4k", few, 6, true, 25);
	bench("flow_table_ipv4_1m", many, 4, true, 15);
	bench("flow_table_ipv6_1m", many, 6, true, 15);
	bench("flow_table_ipv4_1m_4k_pages", many, 4, false, 15);
	bench("flow_table_ipv6_1m_4k_pages", many, 6, false, 15);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/floor.h"

#include <string.h>

#include "tests/bench/harness.h"

static const struct zr_packet_rules rules = {.open_all_tunnels = true};

void burst_take(const struct zr_flow_table *table, const struct traffic *traffic, uint32_t at, struct burst *burst)
{
	const struct zr_view *views = traffic->views + at;
	uint32_t left = traffic->count - at;

	burst->count = left < ZR_BURST ? left : ZR_BURST;
	for (unsigned int i = burst->count; i < 2 * ZR_BURST && i < left; i++)
		__builtin_prefetch(views[i].data);
	for (unsigned int i = 0; i < burst->count; i++)
		zr_packet_parse(&rules, &views[i], &burst->packet[i]);
	for (unsigned int i = 0; i < burst->count; i++) {
		burst->source_is_b[i] = zr_flow_key_of(&burst->packet[i], &burst->key[i]);
		burst->hash[i] = zr_flow_hash(table, &burst->key[i]);
	}
}

void burst_count(struct zr_flow *flow, const struct zr_packet *packet, const struct zr_view *view, bool down)
{
	flow->last_us = view->time_ns / 1000;
	if (down) {
		flow->down_bytes += packet->volume_bytes;
		flow->down_pkts++;
	} else {
		flow->up_bytes += packet->volume_bytes;
		flow->up_pkts++;
	}
}

void floor_open(struct floor *floor, const struct traffic *traffic, uint32_t flows, bool huge)
{
	*floor = (struct floor){.traffic = traffic, .flows = flows, .huge = huge};
	for (unsigned int i = 0; i < sizeof(floor->hasher.hash_key) / sizeof(floor->hasher.hash_key[0]); i++)
		floor->hasher.hash_key[i] = UINT64_C(0x9e3779b97f4a7c15) * (2 * i + 1);
	floor->lines = bench_alloc(flows * sizeof(struct zr_flow), huge);
}

void floor_close(struct floor *floor)
{
	bench_free(floor->lines, floor->flows * sizeof(struct zr_flow));
}

void floor_run(void *arg)
{
	struct floor *f = arg;
	struct zr_flow *line[ZR_BURST];
	struct burst burst;

	for (uint32_t at = 0; at < f->traffic->count; at += ZR_BURST) {
		burst_take(&f->hasher, f->traffic, at, &burst);
		for (unsigned int i = 0; i < burst.count; i++) {
			line[i] = f->lines + (((burst.hash[i] >> 32) * f->flows) >> 32);
			__builtin_prefetch(line[i], 1);
		}
		for (unsigned int i = 0; i < burst.count; i++)
			burst_count(line[i], &burst.packet[i], &f->traffic->views[at + i], burst.source_is_b[i]);
	}
}

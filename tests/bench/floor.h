/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What every packet costs at least: the floor of DESIGN section 6. Parse the headers, hash the tuple, update one cache line
 * that the hash points to, with prefetch.
 */
#ifndef TESTS_BENCH_FLOOR_H
#define TESTS_BENCH_FLOOR_H

#include "dataplane/flow/table.h"
#include "tests/bench/traffic.h"

struct floor {
	const struct traffic *traffic;
	struct zr_flow_table hasher; /* for its hash key alone */
	struct zr_flow *lines;       /* as many as there are flows */
	uint32_t flows;
	bool huge;
};

/* A burst behind its parsing. */
struct burst {
	struct zr_packet packet[ZR_BURST];
	struct zr_flow_key key[ZR_BURST];
	uint64_t hash[ZR_BURST];
	bool source_is_b[ZR_BURST];
	unsigned int count;
};

/* Parse (tunnels are opened) and hash the burst of the traffic at that view; the next burst's headers are on their way meanwhile. */
void burst_take(const struct zr_flow_table *table, const struct traffic *traffic, uint32_t at, struct burst *burst);

/* What an established packet changes in its flow's cache line. */
void burst_count(struct zr_flow *flow, const struct zr_packet *packet, const struct zr_view *view, bool down);

/* flows: how many lines it updates, whatever the packets are that the traffic holds at a time. */
void floor_open(struct floor *floor, const struct traffic *traffic, uint32_t flows, bool huge);
void floor_close(struct floor *floor);
/* A run for bench_measure over all views: arg is the struct floor. */
void floor_run(void *floor);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole core against known truth: thousands of connections, cut, wrapped and mixed at random, must leave exactly the
 * records that DESIGN demands for them, and the totals must be exact.
 *
 * test_property [FIRST_SEED [ROUNDS]] runs other seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/random.h"
#include "tests/support/workload_scene.h"

#define TUPLES 60

static uint64_t first_seed = 1;
static unsigned int rounds = 80;

static struct scene s;
static struct workload *w;
static struct workload_options options;

/* How far the events of each flow have been compared, and the flow's number in the events. */
static struct {
	unsigned int compared;
	uint64_t id;
} state_of[TUPLES * 4];

static void choose_options(uint64_t seed)
{
	struct random r = {.state = seed * 1000};

	options = (struct workload_options){
		.seed = seed,
		.tuples = TUPLES,
		.kind = WORKLOAD_ANY_KIND,
		.wrap = WORKLOAD_ANY_WRAP,
		.cut = random_percent(&r, 90),
		.subscribers = random_percent(&r, 50),
		.roles = random_percent(&r, 30),
		.retro_credit = random_percent(&r, 80),
		.charged_records = random_percent(&r, 80),
		.keep_names = random_percent(&r, 50),
		.interim_us = random_percent(&r, 60) ? UINT64_C(15) * 60 * 1000000 : UINT64_C(20) * 1000000,
	};
	if (random_percent(&r, 50))
		options.tariff_us = (random_percent(&r, 50) ? UINT64_C(360) : UINT64_C(30)) * 1000000;
}

/* The flow that an event is of: numbers of one tuple's flows rise. */
static unsigned int flow_of(const struct zr_usage *u)
{
	bool turned;

	for (unsigned int i = 0; i < w->flow_count; i++) {
		if (state_of[i].id == u->flow)
			return i;
		if (state_of[i].id == 0 && w->flows[i].event_count > 0 &&
		    workload_scene_is_between(&w->flows[i], u, &turned)) {
			state_of[i].id = u->flow;
			return i;
		}
	}
	fail_msg("seed %llu: an event of no flow", (unsigned long long)options.seed);
	return 0;
}

/* For whoever wants to see why: the flow's packets as a capture, in the file that ZR_PROPERTY_PCAP names. */
static void save_flow(unsigned int flow)
{
	const char *path = getenv("ZR_PROPERTY_PCAP");
	const uint32_t head[] = {0xa1b2c3d4, 4U << 16 | 2, 0, 0, 1U << 18, 1};
	FILE *file = path != NULL ? fopen(path, "wb") : NULL;

	if (file == NULL)
		return;
	fwrite(head, sizeof(head), 1, file);
	for (size_t i = 0; i < w->packet_count; i++) {
		const struct workload_packet *packet = &w->packets[i];
		uint64_t us = s.base_us + packet->us;
		const uint32_t record[] = {(uint32_t)(us / 1000000), (uint32_t)(us % 1000000), packet->len,
					   packet->wire_len};

		if (packet->flow == WORKLOAD_NO_FLOW || w->flows[packet->flow].tuple != w->flows[flow].tuple)
			continue;
		fwrite(record, sizeof(record), 1, file);
		fwrite(w->bytes + packet->at, packet->len, 1, file);
	}
	fclose(file);
}

#define LINE 600

static void write_expected(const struct workload_event *e, char *line)
{
	const char *name = e->name, *rule = e->rule != NULL ? e->rule : "-";

	if (e->tag)
		snprintf(line, LINE, "tag %s rule %s name '%s' first %llu last %llu%s", zr_reason_name(e->reason), rule,
			 name, (unsigned long long)e->first_us, (unsigned long long)e->last_us,
			 e->turned ? " turned" : "");
	else
		snprintf(line, LINE,
			 "part %s%s %s rule %s name '%s' up %u/%llu/%llu down %u/%llu/%llu first %llu last %llu%s",
			 zr_cause_name(e->cause), e->final ? " final" : "", zr_reason_name(e->reason), rule, name,
			 e->up_pkts, (unsigned long long)e->up_bytes, (unsigned long long)e->retro_up_bytes,
			 e->down_pkts, (unsigned long long)e->down_bytes, (unsigned long long)e->retro_down_bytes,
			 (unsigned long long)e->first_us, (unsigned long long)e->last_us, e->turned ? " turned" : "");
}

/* What was told, in the terms of what was expected. */
static void write_found(const struct scene_event *found, const struct workload_flow *flow, char *line)
{
	const struct zr_usage *u = &found->usage;
	struct workload_event e = {
		.tag = u->type == ZR_USAGE_TAG,
		.final = u->final,
		.cause = u->cause,
		.reason = u->reason,
		.rule = found->rule[0] != '\0' ? found->rule : NULL,
		.up_pkts = u->up_pkts,
		.down_pkts = u->down_pkts,
		.up_bytes = u->up_bytes,
		.down_bytes = u->down_bytes,
		.retro_up_bytes = u->retro_up_bytes,
		.retro_down_bytes = u->retro_down_bytes,
		.first_us = u->first_us > 0 ? u->first_us - s.base_us : 0,
		.last_us = u->last_us > 0 ? u->last_us - s.base_us : 0,
	};

	workload_scene_is_between(flow, u, &e.turned);
	memcpy(e.name, found->name, sizeof(found->name));
	write_expected(&e, line);
}

static void check_wrap(const struct zr_usage *u, const struct workload_flow *flow)
{
	if (!u->final)
		return;
	assert_int_equal(u->vlan_count, (flow->vlans[0][0] != 0) + (flow->vlans[0][1] != 0));
	assert_true(!u->has_teid_up || u->teid_up == flow->teids[1] || u->teid_up == flow->teids[0]);
	assert_true(u->has_teid_up || u->has_teid_down || flow->teids[0] == 0);
}

static void check_event(const struct scene_event *found)
{
	unsigned int i = flow_of(&found->usage), n = state_of[i].compared++;
	const struct workload_flow *flow = &w->flows[i];
	char expected_line[LINE] = "nothing", found_line[LINE];

	if (n < flow->event_count)
		write_expected(&flow->events[n], expected_line);
	write_found(found, flow, found_line);
	if (strcmp(expected_line, found_line) != 0) {
		save_flow(i);
		fail_msg("seed %llu, flow %u (%s:%u), event %u:\nexpected %s\nfound    %s",
			 (unsigned long long)options.seed, i, flow->client, flow->client_port, n, expected_line,
			 found_line);
	}
	check_wrap(&found->usage, flow);
}

static void check_events(void)
{
	memset(state_of, 0, sizeof(state_of));
	for (unsigned int i = 0; i < s.count; i++)
		check_event(&s.events[i]);
	for (unsigned int i = 0; i < w->flow_count; i++)
		assert_int_equal(state_of[i].compared, w->flows[i].event_count);
}

static void check_totals(void)
{
	struct zr_totals totals;
	uint64_t malformed = 0;

	zr_pipeline_totals(s.pipeline, &totals);
	for (unsigned int r = 0; r < ZR_REASON_COUNT; r++) {
		assert_int_equal(totals.reason[r].pkts, w->reasons[r].pkts);
		assert_int_equal(totals.reason[r].bytes, w->reasons[r].bytes);
	}
	for (unsigned int r = 0; r < ZR_UNACCOUNTED_COUNT; r++)
		assert_int_equal(totals.unaccounted[r].pkts, r == ZR_UNACCOUNTED_NOT_IP ? w->not_ip.pkts : 0);
	assert_int_equal(totals.unaccounted[ZR_UNACCOUNTED_NOT_IP].bytes, w->not_ip.bytes);
	for (unsigned int i = 0; i < w->flow_count; i++)
		malformed += w->flows[i].malformed;
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_NAMES_MALFORMED), malformed);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_FLOWS_NEW), w->flow_count);
}

static void records_are_those_of_the_truth(void **state)
{
	unsigned int flows = 0;
	size_t pkts = 0;

	(void)state;
	for (uint64_t seed = first_seed; seed < first_seed + rounds; seed++) {
		choose_options(seed);
		w = workload_make(&options);
		workload_scene_open(&s, &options);
		workload_scene_send(&s, w, &options);
		scene_close(&s);
		check_events();
		check_totals();
		flows += w->flow_count;
		pkts += w->packet_count;
		scene_free(&s);
		workload_free(w);
	}
	print_message("%u flows, %zu packets\n", flows, pkts);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(records_are_those_of_the_truth)};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (unsigned int)strtoul(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

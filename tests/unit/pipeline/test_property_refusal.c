/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whoever takes the records has no room for them, now and then, for long, or ever: what is told, lost and left untold is
 * still all that was received, in packets, bytes and directions, after every burst; nothing is told twice; and of free
 * flows nothing is lost while they stay open.
 *
 * test_property_refusal [FIRST_SEED [ROUNDS]] runs other seeds.
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

#define TUPLES   60
#define FLOW_MAX 4096

enum schedule {
	AT_RANDOM,
	FOR_LONG, /* hundreds of times, then not for hundreds of times */
	FOR_EVER,
	WHAT_WAITS, /* only tags and interims, which can be told later; not of undecided volume */
	SCHEDULES,
};

static uint64_t first_seed = 1;
static unsigned int rounds = 100;

static struct scene s;
static struct workload *w;
static struct workload_options options;
static enum schedule schedule;
static struct random chance;
static unsigned int percent, left; /* how often; how many more until it changes */
static bool full;

/* Tuples whose tag or part was refused and has not come again. */
static struct {
	uint8_t type;
	union zr_ip client, server;
	uint16_t client_port, server_port;
} waiting[2 * TUPLES];
static unsigned int waiting_count;

/* What comes again may come before what cannot wait: it is taken. */
static bool waits_once(const struct zr_usage *u)
{
	unsigned int i = 0;

	while (i < waiting_count && !(waiting[i].type == u->type && waiting[i].client_port == u->client_port &&
				      waiting[i].server_port == u->server_port &&
				      memcmp(&waiting[i].client, &u->client, sizeof(u->client)) == 0 &&
				      memcmp(&waiting[i].server, &u->server, sizeof(u->server)) == 0))
		i++;
	if (i < waiting_count) {
		waiting[i] = waiting[--waiting_count];
		return false;
	}
	if (waiting_count == 2 * TUPLES || !random_percent(&chance, percent))
		return false;
	waiting[waiting_count].type = u->type;
	waiting[waiting_count].client = u->client;
	waiting[waiting_count].server = u->server;
	waiting[waiting_count].client_port = u->client_port;
	waiting[waiting_count++].server_port = u->server_port;
	return true;
}

/* Of two requests in one segment the first one's tag comes when its part is cut, and cannot wait. */
static bool what_waits(const struct zr_usage *u)
{
	bool can_wait = u->type == ZR_USAGE_TAG ? u->reason != ZR_REASON_HOST
						: u->cause == ZR_CAUSE_INTERIM && u->reason != ZR_REASON_NO_NAME;

	return can_wait && waits_once(u);
}

static bool refuses(const struct zr_usage *u)
{
	switch (schedule) {
	case AT_RANDOM:
		return random_percent(&chance, percent);
	case FOR_LONG:
		if (left-- == 0) {
			full = !full;
			left = random_below(&chance, 300);
		}
		return full;
	case FOR_EVER:
		return true;
	default:
		return what_waits(u);
	}
}

static void choose(uint64_t seed)
{
	chance = (struct random){.state = seed * 7919};
	schedule = (enum schedule)(seed % SCHEDULES);
	percent = random_between(&chance, 1, 100);
	left = random_below(&chance, 100);
	full = false;
	waiting_count = 0;
	options = (struct workload_options){
		.seed = seed,
		.tuples = TUPLES,
		.kind = WORKLOAD_ANY_KIND,
		.wrap = WORKLOAD_ANY_WRAP,
		.cut = random_percent(&chance, 80),
		.subscribers = random_percent(&chance, 50),
		.roles = random_percent(&chance, 30),
		.retro_credit = random_percent(&chance, 80),
		.interim_us = random_percent(&chance, 40) ? UINT64_C(15) * 60 * 1000000 : UINT64_C(20) * 1000000,
	};
	/* A switch of the tariff cannot wait. */
	if (schedule != WHAT_WAITS && random_percent(&chance, 50))
		options.tariff_us = UINT64_C(30) * 1000000;
}

static void add(struct zr_traffic *sum, const struct workload_event *e)
{
	sum->up_bytes += e->up_bytes;
	sum->up_pkts += e->up_pkts;
	sum->down_bytes += e->down_bytes;
	sum->down_pkts += e->down_pkts;
}

static void assert_traffic(const struct zr_traffic *a, const struct zr_traffic *b)
{
	assert_int_equal(a->up_bytes, b->up_bytes);
	assert_int_equal(a->up_pkts, b->up_pkts);
	assert_int_equal(a->down_bytes, b->down_bytes);
	assert_int_equal(a->down_pkts, b->down_pkts);
}

/* By verdict and direction: what DESIGN demands to be told, were there room, against what was told, lost and left untold. */
static void check_truth(void)
{
	struct zr_traffic truth[ZR_VERDICT_COUNT] = {0}, sums[ZR_VERDICT_COUNT], undecided;

	for (unsigned int i = 0; i < w->flow_count; i++)
		for (unsigned int n = 0; n < w->flows[i].event_count; n++)
			add(&truth[zr_reason_verdict((enum zr_reason)w->flows[i].events[n].reason)],
			    &w->flows[i].events[n]);
	scene_sums(&s, sums, &undecided);
	for (unsigned int verdict = 0; verdict < ZR_VERDICT_COUNT; verdict++)
		assert_traffic(&sums[verdict], &truth[verdict]);
	assert_int_equal(undecided.up_pkts + undecided.down_pkts, 0);
}

/* Each flow's records: numbered without gaps, one behind the other in time, the final one last, a tag before what is free. */
static void check_order(void)
{
	static struct {
		uint32_t parts;
		bool tagged, final;
		uint64_t last_us;
	} flows[FLOW_MAX];

	memset(flows, 0, sizeof(flows));
	for (unsigned int i = 0; i < s.count; i++) {
		const struct zr_usage *u = &s.events[i].usage;

		if (!u->recorded)
			continue;
		assert_true(u->flow > 0 && u->flow < FLOW_MAX);
		assert_false(flows[u->flow].final);
		if (u->type == ZR_USAGE_TAG) {
			flows[u->flow].tagged = true;
			continue;
		}
		assert_int_equal(u->part, flows[u->flow].parts);
		assert_true(u->verdict == ZR_CHARGED || flows[u->flow].tagged);
		assert_true(u->up_pkts + u->down_pkts == 0 || u->first_us >= flows[u->flow].last_us);
		flows[u->flow].parts++;
		flows[u->flow].final = u->final;
		if (u->up_pkts + u->down_pkts > 0)
			flows[u->flow].last_us = u->last_us;
	}
}

/* What was lost, and whether it had to be. */
static void check_lost(void)
{
	struct zr_untold untold;

	zr_pipeline_untold(s.pipeline, &untold);
	for (unsigned int verdict = 0; verdict < ZR_VERDICT_COUNT && schedule == WHAT_WAITS; verdict++)
		assert_int_equal(untold.lost[verdict].records, 0);
	if (s.config.charged_records)
		assert_int_equal(untold.cut_charged.up_pkts + untold.cut_charged.down_pkts, 0);
	if (schedule == FOR_EVER)
		assert_int_equal(s.count, 0);
}

static void what_is_refused_is_told_later_or_counted_as_lost(void **state)
{
	unsigned int refused[SCHEDULES] = {0};

	(void)state;
	for (uint64_t seed = first_seed; seed < first_seed + rounds; seed++) {
		choose(seed);
		options.charged_records = true;
		w = workload_make(&options);
		options.charged_records = random_percent(&chance, 30);
		workload_scene_open(&s, &options);
		s.refuses = refuses;
		workload_scene_send(&s, w, &options);
		scene_close(&s);
		check_truth();
		check_order();
		check_lost();
		refused[schedule] += s.refused;
		scene_free(&s);
		workload_free(w);
	}
	for (unsigned int i = 0; i < SCHEDULES; i++)
		assert_true(refused[i] > 0);
	print_message("refused: %u at random, %u for long, %u for ever, %u of what waits\n", refused[AT_RANDOM],
		      refused[FOR_LONG], refused[FOR_EVER], refused[WHAT_WAITS]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_refused_is_told_later_or_counted_as_lost)};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (unsigned int)strtoul(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

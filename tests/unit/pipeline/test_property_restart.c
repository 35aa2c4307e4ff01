/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A run that is cut by a restart at a random packet, against the same run without: another seed, another size of the table,
 * sometimes another list with the same entries. Every byte is counted once. No connection has more free bytes than without a
 * restart; and it has as many, but for what a restart may take from it: the volume of a flow that had no verdict yet and
 * whatever its hello, cut in two, would have freed; a followed HTTP connection that is cut inside a request; with another
 * list, a flow freed by its address whose own name was not kept; fragments whose first part had not come. Each flow's parts are numbered without a gap over both
 * runs, and one of them is the last.
 *
 * test_property_restart [FIRST_SEED [ROUNDS]] runs other seeds.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/random.h"
#include "tests/support/restart.h"
#include "tests/support/workload_scene.h"

#define TUPLES 60

static uint64_t first_seed = 1;
static unsigned int rounds = 120;

static struct scene whole, before, after;
static struct workload *w;
static struct workload_options options;
static struct restart restart;
static bool other_list, fragments_waited;

/* Free bytes by tuple, without a restart and with one; and may the restart take some from it? */
static struct {
	uint64_t free_whole, free_cut;
	bool may_lose;
} tuples[TUPLES + 1]; /* the last one: flows without ports, of fragments whose first part had not come */

/* A flow of the records of both runs. */
static struct {
	uint64_t identity;
	uint32_t parts;
	bool final;
} flows[TUPLES * 8];
static unsigned int flow_count;

static void choose_options(uint64_t seed)
{
	struct random r = {.state = seed * 1000};

	options = (struct workload_options){
		.seed = seed,
		.tuples = TUPLES,
		.kind = WORKLOAD_ANY_KIND,
		.wrap = WORKLOAD_ANY_WRAP,
		.cut = random_percent(&r, 70),
		.subscribers = random_percent(&r, 50),
		.roles = random_percent(&r, 30),
		.retro_credit = random_percent(&r, 80),
		.charged_records = random_percent(&r, 80),
		.interim_us = random_percent(&r, 60) ? UINT64_C(15) * 60 * 1000000 : UINT64_C(20) * 1000000,
	};
	if (random_percent(&r, 30))
		options.tariff_us = (random_percent(&r, 50) ? UINT64_C(360) : UINT64_C(30)) * 1000000;
	other_list = random_percent(&r, 40);
}

static unsigned int tuple_of(const struct zr_usage *u)
{
	bool turned;

	for (unsigned int i = 0; i < w->flow_count; i++)
		if (workload_scene_is_between(&w->flows[i], u, &turned))
			return w->flows[i].tuple;
	if (u->client_port == 0 && u->server_port == 0)
		return TUPLES;
	fail_msg("seed %llu: an event of no flow", (unsigned long long)options.seed);
	return 0;
}

static uint64_t free_of(const struct zr_usage *u)
{
	return u->verdict == ZR_FREE ? u->up_bytes + u->down_bytes : 0;
}

static void run_whole(void)
{
	workload_scene_init(&whole, &options, "");
	scene_open(&whole);
	workload_scene_send(&whole, w, &options);
	scene_close(&whole);
	for (unsigned int i = 0; i < whole.count; i++)
		tuples[tuple_of(&whole.events[i].usage)].free_whole += free_of(&whole.events[i].usage);
}

/* What a restart may take from it: see above. */
static bool may_lose(const struct zr_saved_flow *s)
{
	if (s->reason == ZR_REASON_UNDECIDED || (s->flags & ZR_SAVED_CUT_SHORT) != 0)
		return true;
	if ((s->flags & ZR_SAVED_INSPECT) != 0 && (s->evidence & 1U << ZR_EVIDENCE_HTTP_HOST) != 0)
		return options.cut || (s->flags & ZR_SAVED_STREAM) == 0 ||
		       (other_list && s->reason == ZR_REASON_PREFIX);
	return other_list && s->reason == ZR_REASON_PREFIX;
}

static void note_losers(void)
{
	for (unsigned int n = 0; n < restart_flows(&restart); n++) {
		struct zr_saved_flow s = restart_flow(&restart, n);
		struct zr_usage u = {.client = s.client,
				     .server = s.server,
				     .client_port = s.client_port,
				     .server_port = s.server_port,
				     .domain = s.domain,
				     .proto = s.proto};

		/* A name that is no longer text was none that freed the flow. */
		assert_true(s.name_len == 0 || zr_reason_verdict((enum zr_reason)s.reason) == ZR_FREE);
		tuples[tuple_of(&u)].may_lose |= may_lose(&s);
	}
}

static void run_cut(size_t at)
{
	uint64_t ms = w->packets[at].us / 1000;

	workload_scene_init(&before, &options, "");
	before.config.start = 1;
	scene_open(&before);
	workload_scene_send_some(&before, w, &options, 0, at);
	restart_save(&restart, &before, ms);
	note_losers();
	workload_scene_init(&after, &options, other_list ? ".another.example,another,7,,,,,\n" : "");
	after.config.seed[0] = options.seed * 77;
	after.config.flows = 700;
	after.config.start = 2;
	after.config.worker = 3;
	after.config.identities = restart_flows(&restart);
	zr_suffix_index_free(after.index);
	assert_int_equal(zr_suffix_index_make(after.image, after.config.seed, &after.index), 0);
	scene_open(&after);
	restart_load(&restart, &after, ms);
	workload_scene_send_some(&after, w, &options, at, w->packet_count);
	scene_close(&after);
}

static void check_part(const struct zr_usage *u)
{
	uint64_t identity = (uint64_t)u->start << 48 | (uint64_t)u->worker << 40 | u->flow;
	unsigned int i = 0;

	while (i < flow_count && flows[i].identity != identity)
		i++;
	if (i == flow_count) {
		flow_count++;
		flows[i].identity = identity;
		flows[i].parts = 0;
		flows[i].final = false;
	}
	assert_false(flows[i].final);
	if (u->type != ZR_USAGE_PART)
		return;
	assert_int_equal(u->part, flows[i].parts);
	flows[i].parts++;
	flows[i].final = u->final;
}

static void check_records(const struct scene *s)
{
	for (unsigned int i = 0; i < s->count; i++) {
		fragments_waited |= tuple_of(&s->events[i].usage) == TUPLES;
		check_part(&s->events[i].usage);
		tuples[tuple_of(&s->events[i].usage)].free_cut += free_of(&s->events[i].usage);
	}
}

static unsigned int check_flows(void)
{
	unsigned int losers = 0;

	for (unsigned int i = 0; i < flow_count; i++)
		if (!flows[i].final)
			fail_msg("seed %llu: flow %llx has no last record", (unsigned long long)options.seed,
				 (unsigned long long)flows[i].identity);
	for (unsigned int t = 0; t < TUPLES; t++) {
		if (tuples[t].free_cut == tuples[t].free_whole)
			continue;
		losers++;
		if (tuples[t].free_cut > tuples[t].free_whole || !(tuples[t].may_lose || fragments_waited))
			fail_msg("seed %llu, tuple %u: %llu free bytes with a restart, %llu without",
				 (unsigned long long)options.seed, t, (unsigned long long)tuples[t].free_cut,
				 (unsigned long long)tuples[t].free_whole);
	}
	return losers;
}

static void check_totals(const struct zr_totals *all)
{
	struct zr_totals first, second;

	zr_pipeline_totals(before.pipeline, &first);
	zr_pipeline_totals(after.pipeline, &second);
	assert_int_equal(first.received.bytes + second.received.bytes, all->received.bytes);
	assert_int_equal(first.received.pkts + second.received.pkts, all->received.pkts);
	assert_int_equal(zr_pipeline_counter(after.pipeline, ZR_COUNTER_FLOWS_RESTORED) +
				 zr_pipeline_counter(after.pipeline, ZR_COUNTER_FLOWS_OUTDATED),
			 restart_flows(&restart));
}

static void restart_frees_nothing_more(void **state)
{
	unsigned int losers = 0, restored = 0;

	(void)state;
	for (uint64_t seed = first_seed; seed < first_seed + rounds; seed++) {
		struct random r = {.state = seed};
		struct zr_totals all;

		memset(tuples, 0, sizeof(tuples));
		flow_count = 0;
		fragments_waited = false;
		choose_options(seed);
		w = workload_make(&options);
		run_whole();
		zr_pipeline_totals(whole.pipeline, &all);
		run_cut(random_below(&r, (uint32_t)w->packet_count));
		check_records(&before);
		check_records(&after);
		check_totals(&all);
		losers += check_flows();
		restored += (unsigned int)zr_pipeline_counter(after.pipeline, ZR_COUNTER_FLOWS_RESTORED);
		restart_free(&restart);
		scene_free(&whole);
		scene_free(&before);
		scene_free(&after);
		workload_free(w);
	}
	print_message("%u flows went on over a restart; %u of %u connections lost free volume by it\n", restored,
		      losers, rounds * TUPLES);
	assert_true(restored > rounds);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(restart_frees_nothing_more)};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (unsigned int)strtoul(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Edges of all kinds upon each other: windows, interims, switches of the tariff, other lists, clocks that are set there and
 * back, fragments that wait, a table that is full, and records that are refused. Whatever comes together, sums add up after
 * every step, and each record stands alone: within one tariff, behind the one before it, and behind the tag of its entry.
 *
 * test_property_edges [FIRST_SEED [ROUNDS]] runs other seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/pipeline/state.h"
#include "tests/support/random.h"
#include "tests/support/scene.h"

#define CONNS     6
#define STEPS     500
#define FLOW_MAX  4096
#define LISTS     3
#define TARIFF_US UINT64_C(120000000)
/* It opens and closes with a switch of the tariff. */
#define WINDOW    SCENE_DAY "02:00Z," SCENE_DAY "09:59Z"
#define OPENS_US  UINT64_C(120000000)
#define CLOSES_US UINT64_C(600000000)

static const char *const rows[LISTS] = {
	".olm.vn,olm,1,,,,,\n.hocmai.vn,hocmai,2,,,,,\nthi.moet.vn,exam,3," WINDOW ",,,\n!ad.olm.vn,,,,,,,\n"
	"203.0.113.0/25 udp 443,exam,5," WINDOW ",,,\n",
	"thi.moet.vn,exam,3," WINDOW ",,,\n.hocmai.vn,hocmai,2,,,,,\n.olm.vn,olm,9,,,,,\n",
	"#! expires: 2026-11-22T00:07:59Z\n.hocmai.vn,hocmai,2,,,,,\n.olm.vn,olm,1,,,,,\n203.0.113.0/24,all,4,,,,,\n",
};
static const char *const hosts[] = {"olm.vn",    "lop.olm.vn",  "ad.olm.vn",
				    "hocmai.vn", "thi.moet.vn", "game.example.net"};

static uint64_t first_seed = 1;
static unsigned int rounds = 300;

static struct scene s, lists[LISTS];
static struct scene_conn conns[CONNS];
static struct random chance;
static uint64_t now_ms;
static unsigned int percent; /* of events that are refused, while they are */
static bool full, clock_steps;
static unsigned int refused, cut[ZR_CAUSE_COUNT];

static uint64_t tariff_next_us(const void *arg, uint64_t after_us)
{
	(void)arg;
	return (after_us / TARIFF_US + 1) * TARIFF_US;
}

static bool refuses(const struct zr_usage *u)
{
	(void)u;
	return full && random_percent(&chance, percent);
}

static void open_round(uint64_t seed)
{
	chance = (struct random){.state = seed * 7919};
	now_ms = 0;
	full = false;
	percent = random_percent(&chance, 30) ? 0 : random_between(&chance, 1, 100);
	clock_steps = random_percent(&chance, 50);
	for (unsigned int i = 0; i < LISTS; i++)
		scene_init(&lists[i], rows[i]);
	scene_init(&s, rows[0]);
	s.config.flows = random_percent(&chance, 20) ? 3 : 1024;
	s.config.charged_records = random_percent(&chance, 50);
	s.config.totals_by_subscriber = random_percent(&chance, 30);
	s.config.retro_credit = random_percent(&chance, 80);
	s.config.interim_us = random_between(&chance, 1, 6) * UINT64_C(20000000);
	s.config.tariff_next_us = tariff_next_us;
	s.refuses = refuses;
	scene_open(&s);
	for (unsigned int i = 0; i < CONNS; i++)
		conns[i] = scene_conn((uint16_t)(40000 + i));
}

static void close_round(void)
{
	refused += s.refused;
	scene_free(&s);
	for (unsigned int i = 0; i < LISTS; i++) {
		zr_suffix_index_free(lists[i].index);
		zr_image_free(lists[i].image);
		free(lists[i].block);
	}
}

/* Not at all, a little, or to just before, upon, behind the next multiple of ten seconds. */
static void time_passes(void)
{
	uint64_t edge_ms = (now_ms / 10000 + 1) * 10000;

	switch (random_below(&chance, 6)) {
	case 0:
	case 1:
		break;
	case 2:
		now_ms += random_below(&chance, 900);
		break;
	case 3:
		now_ms += random_below(&chance, 40000);
		break;
	default:
		now_ms = edge_ms - 1 + random_below(&chance, 3);
	}
}

static void request(struct scene_conn *c)
{
	char head[300];

	scene_up(&s, now_ms, c, head,
		 (size_t)snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
				  hosts[random_below(&chance, 6)]));
}

/* A datagram in two fragments, of which the first part, if it comes, comes last. */
static void fragments(const struct scene_conn *c)
{
	struct frame_spec spec = scene_spec(c, random_percent(&chance, 50), ZR_PROTO_UDP);
	uint32_t id = random_below(&chance, 3);

	spec.data = "sixteen bytes...";
	spec.len = 16;
	if (random_percent(&chance, 50))
		scene_part(&s, now_ms, &spec, id, 8, 16);
	else
		scene_part(&s, now_ms, &spec, id, 0, 8);
}

static void packet(void)
{
	struct scene_conn *c = &conns[random_below(&chance, CONNS)];

	switch (random_below(&chance, 10)) {
	case 0:
		c->up_seq += 1000;
		scene_handshake(&s, now_ms, c);
		scene_hello(&s, now_ms, c, hosts[random_below(&chance, 6)]);
		break;
	case 1:
		c->up_seq += 1000;
		scene_handshake(&s, now_ms, c);
		break;
	case 2:
	case 3:
	case 4:
		request(c);
		break;
	case 5:
		scene_tcp(&s, now_ms, c, true, ZR_TCP_RST, NULL, 0);
		break;
	case 6:
	case 7:
		fragments(c);
		break;
	default:
		scene_down(&s, now_ms, c, random_below(&chance, 500));
	}
}

static void something_else(void)
{
	struct scene *list = &lists[random_below(&chance, LISTS)];
	int64_t ahead_us = random_between(&chance, 0, 10) * INT64_C(30000000);

	switch (random_below(&chance, 4)) {
	case 0:
		full = !full;
		break;
	case 1:
		zr_pipeline_list(s.pipeline, list->image, list->index);
		break;
	case 2:
		if (clock_steps)
			zr_pipeline_clock(s.pipeline, ahead_us);
		break;
	default:
		zr_pipeline_poll(s.pipeline, (s.base_us + now_ms * 1000) * 1000);
	}
}

static struct {
	uint32_t parts;
	bool final;
	const struct scene_event *tag;
	uint64_t last_us;
} flows[FLOW_MAX];

static void check_part(const struct scene_event *e)
{
	const struct zr_usage *u = &e->usage;
	struct zr_entry tagged, entry;

	cut[u->cause]++;
	assert_int_equal(u->part, flows[u->flow].parts++);
	flows[u->flow].final = u->final;
	if (u->verdict == ZR_FREE) {
		assert_non_null(flows[u->flow].tag);
		zr_image_entry(flows[u->flow].tag->usage.image, flows[u->flow].tag->usage.rule, &tagged);
		zr_image_entry(u->image, u->rule, &entry);
		assert_string_equal(tagged.rule, entry.rule);
		assert_string_equal(tagged.service, entry.service);
		assert_int_equal(tagged.rating_group, entry.rating_group);
	}
	if (u->up_pkts + u->down_pkts == 0)
		return;
	if (u->verdict == ZR_FREE && strcmp(entry.service, "exam") == 0 && !clock_steps) {
		assert_true(u->first_us >= s.base_us + OPENS_US);
		assert_true(u->last_us < s.base_us + CLOSES_US);
	}
	assert_true(tariff_next_us(NULL, u->first_us) > u->last_us);
	assert_true(clock_steps || u->first_us >= flows[u->flow].last_us);
	flows[u->flow].last_us = u->last_us;
}

static void check_order(void)
{
	memset(flows, 0, sizeof(flows));
	for (unsigned int i = 0; i < s.count; i++) {
		const struct scene_event *e = &s.events[i];

		if (!e->usage.recorded)
			continue;
		assert_true(e->usage.flow > 0 && e->usage.flow < FLOW_MAX);
		assert_false(flows[e->usage.flow].final);
		if (e->usage.type == ZR_USAGE_TAG) {
			assert_int_equal(e->usage.verdict, ZR_FREE);
			flows[e->usage.flow].tag = e;
		} else {
			check_part(e);
		}
	}
}

/* All that was taken has its last record, when nothing was refused. */
static void check_final(void)
{
	for (unsigned int i = 0; i < FLOW_MAX && s.refused == 0; i++)
		assert_int_equal(flows[i].final, flows[i].parts > 0 || flows[i].tag != NULL);
}

static void records_stand_alone_whatever_comes_together(void **state)
{
	(void)state;
	for (uint64_t seed = first_seed; seed < first_seed + rounds; seed++) {
		open_round(seed);
		for (unsigned int i = 0; i < STEPS; i++) {
			time_passes();
			if (random_percent(&chance, 85))
				packet();
			else
				something_else();
			scene_check_sums(&s);
		}
		scene_close(&s);
		check_order();
		check_final();
		close_round();
	}
	for (unsigned int cause = 0; cause < ZR_CAUSE_COUNT; cause++)
		assert_true(cut[cause] > 0 || cause == ZR_CAUSE_FIN);
	assert_true(refused > 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(records_stand_alone_whatever_comes_together)};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		rounds = (unsigned int)strtoul(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

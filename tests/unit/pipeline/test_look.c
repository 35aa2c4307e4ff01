/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking at open flows, a few steps at a time, while packets and lists come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scene.h"

#define LIST       ".olm.vn,olm,1,,,,,\n.hocmai.vn,hocmai,2,,,,,\n!ads.olm.vn,,,,,,,\n"
#define ANY_STATE  ((1U << ZR_STATE_COUNT) - 1)
#define FOUND_ROOM 64

static struct scene s;
static struct zr_answer found[FOUND_ROOM];

static struct zr_prefix prefix(const char *text)
{
	struct zr_prefix out;

	assert_int_equal(zr_prefix_parse(text, strlen(text), &out), 0);
	return out;
}

/* All that fit, with a budget of so many places at a time. */
static unsigned int look_at(const struct zr_look *look, unsigned int budget_each)
{
	struct zr_look_cursor cursor = {0};
	unsigned int count = 0;

	while (!cursor.ended) {
		unsigned int budget = budget_each;

		while (count < FOUND_ROOM && zr_pipeline_look(s.pipeline, look, &cursor, &budget, &found[count]))
			count++;
		assert_true(budget == 0 || cursor.ended);
	}
	assert_int_equal(cursor.open, zr_pipeline_flows(s.pipeline));
	return count;
}

/* Flows of two clients: free, charged, excluded and undecided. */
static void open_flows(void)
{
	static const char *const names[] = {"www.olm.vn", "hocmai.vn", "example.com", "ads.olm.vn", NULL};

	scene_init(&s, LIST);
	scene_open(&s);
	for (uint16_t i = 0; i < 10; i++) {
		struct scene_conn c = scene_conn((uint16_t)(40000 + i));

		c.client = i % 2 == 0 ? "10.0.0.1" : "10.0.0.2";
		c.server = i < 5 ? "203.0.113.1" : "203.0.113.9";
		scene_handshake(&s, i, &c);
		if (names[i / 2] != NULL)
			scene_hello(&s, i, &c, names[i / 2]);
	}
}

static void every_open_flow_is_met_once_whatever_the_budget(void **state)
{
	const struct zr_look all = {.states = ANY_STATE};

	(void)state;
	open_flows();
	for (unsigned int budget = 1; budget < 12; budget++)
		assert_int_equal(look_at(&all, budget), 10);
	for (unsigned int i = 0; i < 10; i++)
		assert_int_equal(found[i].usage.client_port, 40000 + i);
	scene_free(&s);
}

static void answer_takes_more_of_the_budget_than_a_place(void **state)
{
	const struct zr_look all = {.states = ANY_STATE}, none = {.states = 0},
			     rule = {.states = ANY_STATE, .rule = "x"};
	const struct {
		const struct zr_look *look;
		unsigned int looked, answers;
	} rounds[] = {{&all, 2, 2}, {&none, 10, 0}, {&rule, 2, 0}};

	(void)state;
	open_flows();
	for (unsigned int i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++) {
		struct zr_look_cursor cursor = {0};
		unsigned int budget = 2 * ZR_LOOK_ENTRY, answers = 0;

		while (zr_pipeline_look(s.pipeline, rounds[i].look, &cursor, &budget, &found[answers]))
			answers++;
		assert_int_equal(cursor.at, rounds[i].looked);
		assert_int_equal(answers, rounds[i].answers);
	}
	scene_free(&s);
}

static void what_open_flows_hold_is_what_totals_say(void **state)
{
	const struct zr_look all = {.states = ANY_STATE};
	uint64_t bytes[ZR_STATE_COUNT] = {0}, pkts[ZR_STATE_COUNT] = {0};
	struct zr_totals t;

	(void)state;
	open_flows();
	assert_int_equal(look_at(&all, 3), 10);
	for (unsigned int i = 0; i < 10; i++) {
		bytes[found[i].state] += found[i].usage.up_bytes + found[i].usage.down_bytes;
		pkts[found[i].state] += found[i].usage.up_pkts + found[i].usage.down_pkts;
	}
	zr_pipeline_totals(s.pipeline, &t);
	assert_int_equal(bytes[ZR_STATE_FREE], t.reason[ZR_REASON_SNI].bytes);
	assert_int_equal(pkts[ZR_STATE_FREE], t.reason[ZR_REASON_SNI].pkts);
	assert_int_equal(bytes[ZR_STATE_CHARGED],
			 t.reason[ZR_REASON_NO_MATCH].bytes + t.reason[ZR_REASON_EXCLUDED].bytes);
	assert_int_equal(bytes[ZR_STATE_UNDECIDED], t.reason[ZR_REASON_UNDECIDED].bytes);
	assert_int_equal(pkts[ZR_STATE_UNDECIDED], 6);
	scene_free(&s);
}

static void answers_say_what_records_would(void **state)
{
	const struct zr_look free_ones = {.states = 1U << ZR_STATE_FREE};

	(void)state;
	open_flows();
	assert_int_equal(look_at(&free_ones, 64), 4);
	assert_string_equal(found[0].rule, ".olm.vn");
	assert_string_equal(found[0].service, "olm");
	assert_string_equal(found[0].name, "www.olm.vn");
	assert_int_equal(found[0].rating_group, 1);
	assert_int_equal(found[0].list_serial, 1);
	assert_int_equal(found[0].usage.reason, ZR_REASON_SNI);
	assert_int_equal(found[0].usage.evidence, 1U << ZR_EVIDENCE_TLS_SNI);
	assert_int_equal(found[0].usage.server_port, 443);
	assert_int_equal(found[0].usage.last_us, s.base_us);
	assert_true(found[0].numbered); /* its tag was told */
	assert_int_equal(found[0].usage.flow, scene_event(&s, ZR_USAGE_TAG, 0)->usage.flow);
	assert_null(found[0].usage.image);
	assert_null(found[0].usage.name);
	scene_free(&s);
}

static void names_of_charged_flows_are_not_told(void **state)
{
	const struct zr_look charged = {.states = 1U << ZR_STATE_CHARGED};

	(void)state;
	open_flows();
	assert_int_equal(look_at(&charged, 64), 4);
	for (unsigned int i = 0; i < 4; i++) {
		assert_string_equal(found[i].name, "");
		assert_false(found[i].numbered);
	}
	assert_string_equal(found[0].rule, "");
	assert_string_equal(found[2].rule, "!ads.olm.vn");
	assert_string_equal(found[2].service, "");
	scene_free(&s);
}

static void filters_narrow_and_combine(void **state)
{
	struct zr_look look = {.states = ANY_STATE, .subscriber = prefix("10.0.0.2")};

	(void)state;
	open_flows();
	assert_int_equal(look_at(&look, 64), 5);
	look.server = prefix("203.0.113.8/29");
	assert_int_equal(look_at(&look, 64), 3);
	look.server = prefix("2001:db8::/32");
	assert_int_equal(look_at(&look, 64), 0);
	look = (struct zr_look){.states = ANY_STATE, .service = "olm"};
	assert_int_equal(look_at(&look, 64), 2);
	look = (struct zr_look){.states = ANY_STATE, .rule = ".hocmai.vn", .service = "olm"};
	assert_int_equal(look_at(&look, 64), 0);
	look = (struct zr_look){.states = 1U << ZR_STATE_UNDECIDED | 1U << ZR_STATE_FREE};
	assert_int_equal(look_at(&look, 64), 6);
	look = (struct zr_look){.states = ANY_STATE, .subscriber = prefix("0.0.0.0/0")};
	assert_int_equal(look_at(&look, 64), 10);
	scene_free(&s);
}

static void flow_of_the_list_before_is_told_with_its_own_entry(void **state)
{
	const struct zr_look all = {.states = ANY_STATE};
	static struct scene next;
	struct zr_look_cursor cursor = {0};
	unsigned int budget = 1;

	(void)state;
	open_flows();
	scene_init(&next, ".hocmai.vn,renamed,7,,,,,\n");
	scene_open(&next);
	assert_int_equal(zr_pipeline_list(s.pipeline, next.image, next.index), 0);
	assert_true(zr_pipeline_look(s.pipeline, &all, &cursor, &budget, &found[0]));
	assert_string_equal(found[0].rule, ".olm.vn");
	assert_string_equal(found[0].service, "olm");
	zr_pipeline_poll(s.pipeline, (s.base_us + 1000000) * 1000);
	assert_true(zr_pipeline_list_settled(s.pipeline));
	for (budget = 1000; !cursor.ended;)
		if (zr_pipeline_look(s.pipeline, &all, &cursor, &budget, &found[1]) && found[1].state == ZR_STATE_FREE)
			assert_string_equal(found[1].service, "renamed");
	scene_free(&next);
	scene_free(&s);
}

static void ipv6_flows_are_found_by_prefix_of_either_side(void **state)
{
	struct zr_look look = {.states = ANY_STATE, .subscriber = prefix("2001:db8:1:2::/64")};
	struct scene_conn c = scene_conn(50000);

	(void)state;
	open_flows();
	c.client = "2001:db8:1:2::99";
	c.server = "2001:db8:ffff::1";
	scene_handshake(&s, 20, &c);
	assert_int_equal(look_at(&look, 64), 1);
	assert_int_equal(found[0].usage.family, 6);
	look.server = prefix("2001:db8:ffff::/48");
	assert_int_equal(look_at(&look, 64), 1);
	look.subscriber = prefix("2001:db8:1:3::/64");
	assert_int_equal(look_at(&look, 64), 0);
	scene_free(&s);
}

static void empty_table_ends_at_once(void **state)
{
	const struct zr_look all = {.states = ANY_STATE};

	(void)state;
	scene_init(&s, LIST);
	scene_open(&s);
	assert_int_equal(look_at(&all, 1), 0);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_open_flow_is_met_once_whatever_the_budget),
		cmocka_unit_test(answer_takes_more_of_the_budget_than_a_place),
		cmocka_unit_test(what_open_flows_hold_is_what_totals_say),
		cmocka_unit_test(answers_say_what_records_would),
		cmocka_unit_test(names_of_charged_flows_are_not_told),
		cmocka_unit_test(filters_narrow_and_combine),
		cmocka_unit_test(flow_of_the_list_before_is_told_with_its_own_entry),
		cmocka_unit_test(ipv6_flows_are_found_by_prefix_of_either_side),
		cmocka_unit_test(empty_table_ends_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

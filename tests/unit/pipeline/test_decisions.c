/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory of decisions: what is kept of them, for whom, for how long, and whose names never are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/pipeline/state.h"
#include "tests/support/scene.h"

#define LIST       ".olm.vn,olm,1,,,,,\n!ads.olm.vn,,,,,,,\n203.0.113.64/26,media,3,,,,,\n"
#define FOUND_ROOM 128
#define SECRET     "very-private.example.com"

static struct scene s;
static struct zr_answer found[FOUND_ROOM];

static void begin(void)
{
	scene_init(&s, LIST);
	scene_open(&s);
}

static struct zr_prefix prefix(const char *text)
{
	struct zr_prefix out;

	assert_int_equal(zr_prefix_parse(text, strlen(text), &out), 0);
	return out;
}

static unsigned int decisions_towards(const char *subscriber, const char *server)
{
	struct zr_look look = {.subscriber = prefix(subscriber)};
	struct zr_look_cursor cursor = {0};
	unsigned int count = 0;

	if (server != NULL)
		look.server = prefix(server);
	while (!cursor.ended) {
		unsigned int budget = 2;

		while (zr_pipeline_decision(s.pipeline, &look, &cursor, &budget, &found[count]))
			assert_true(++count < FOUND_ROOM);
	}
	return count;
}

static unsigned int decisions_of(const char *subscriber)
{
	return decisions_towards(subscriber, NULL);
}

static void hello_of(uint64_t ms, uint16_t port, const char *client, const char *name)
{
	struct scene_conn c = scene_conn(port);

	c.client = client;
	scene_handshake(&s, ms, &c);
	scene_hello(&s, ms, &c, name);
}

/* Is a text anywhere in the pipeline's memory? */
static bool remembers(const char *text)
{
	return memmem(s.memory, s.memory_len, text, strlen(text)) != NULL;
}

static void decisions_are_told_latest_first(void **state)
{
	(void)state;
	begin();
	hello_of(10, 40000, "10.0.0.1", "www.olm.vn");
	hello_of(20, 40001, "10.0.0.1", "example.com");
	hello_of(30, 40002, "10.0.0.1", "ads.olm.vn");
	assert_int_equal(decisions_of("10.0.0.1"), 3);
	assert_int_equal(found[0].usage.reason, ZR_REASON_EXCLUDED);
	assert_string_equal(found[0].rule, "!ads.olm.vn");
	assert_string_equal(found[0].name, "");
	assert_int_equal(found[1].usage.reason, ZR_REASON_NO_MATCH);
	assert_string_equal(found[1].rule, "");
	assert_string_equal(found[1].name, "");
	assert_int_equal(found[2].usage.reason, ZR_REASON_SNI);
	assert_int_equal(found[2].usage.verdict, ZR_FREE);
	assert_string_equal(found[2].rule, ".olm.vn");
	assert_string_equal(found[2].service, "olm");
	assert_string_equal(found[2].name, "www.olm.vn");
	assert_int_equal(found[2].rating_group, 1);
	assert_int_equal(found[2].list_serial, 1);
	assert_int_equal(found[2].cause, ZR_DECISION_FIRST);
	assert_int_equal(found[2].usage.last_us, s.base_us + 10000);
	assert_int_equal(found[2].usage.client_port, 40000);
	assert_int_equal(decisions_of("10.0.0.2"), 0);
	scene_free(&s);
}

static void flow_that_leaves_a_record_gets_its_number(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin();
	s.config.charged_records = false;
	hello_of(0, 40000, "10.0.0.1", "olm.vn");
	assert_int_equal(decisions_of("10.0.0.1"), 1);
	assert_true(found[0].numbered);
	assert_int_equal(found[0].usage.flow, scene_event(&s, ZR_USAGE_TAG, 0)->usage.flow);
	/* Another connection on the tuple is another flow, whose first part is told when it ends. */
	c.up_seq = 77777;
	scene_handshake(&s, 10, &c);
	scene_hello(&s, 10, &c, "example.com");
	scene_tcp(&s, 20, &c, true, 0x04, NULL, 0);
	assert_int_equal(decisions_of("10.0.0.1"), 2);
	assert_false(found[0].numbered);
	zr_pipeline_advance(s.pipeline, (s.base_us + 60000000) * 1000);
	assert_int_equal(decisions_of("10.0.0.1"), 2);
	assert_true(found[0].numbered);
	assert_int_not_equal(found[0].usage.flow, found[1].usage.flow);
	scene_free(&s);
}

static void later_number_goes_to_all_decisions_of_the_flow_and_no_other(void **state)
{
	struct scene_conn c = scene_conn(40000);
	static struct scene next;

	(void)state;
	begin();
	scene_init(&next, ".example.com,late,9,,,,,\n");
	scene_open(&next);
	hello_of(0, 40000, "10.0.0.1", "example.com");
	hello_of(10, 40001, "10.0.0.1", "other.vn");
	assert_int_equal(zr_pipeline_list(s.pipeline, next.image, next.index), 0);
	scene_down(&s, 20, &c, 100);
	assert_int_equal(decisions_of("10.0.0.1"), 3);
	assert_int_equal(found[0].cause, ZR_CAUSE_LIST);
	assert_true(found[0].numbered);
	assert_int_equal(found[0].usage.client_port, 40000);
	assert_false(found[1].numbered);
	assert_true(found[2].numbered);
	assert_int_equal(found[2].usage.flow, found[0].usage.flow);
	scene_free(&next);
	scene_free(&s);
}

static void number_of_a_flow_does_not_go_to_one_that_had_its_place(void **state)
{
	struct scene_conn c = scene_conn(40001);

	(void)state;
	begin();
	hello_of(0, 40000, "10.0.0.1", "example.com");
	/* It ends, and an undecided one takes its place, and ends too. */
	s.config.charged_records = false;
	zr_pipeline_shutdown(s.pipeline);
	assert_int_equal(decisions_of("10.0.0.1"), 1);
	scene_udp(&s, 10, &c, true, "x", 1);
	zr_pipeline_advance(s.pipeline, (s.base_us + 120000000) * 1000);
	assert_int_equal(decisions_of("10.0.0.1"), 2);
	assert_int_equal(found[0].usage.client_port, 40001);
	assert_int_not_equal(found[0].usage.flow, found[1].usage.flow);
	scene_free(&s);
}

static void undecided_flow_that_ends_says_why_it_was_charged(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin();
	scene_udp(&s, 0, &c, true, "x", 1);
	c.client_port++;
	scene_tcp(&s, 0, &c, true, 0x10, "x", 1);
	assert_int_equal(decisions_of("10.0.0.1"), 0);
	zr_pipeline_advance(s.pipeline, (s.base_us + 120000000) * 1000);
	assert_int_equal(decisions_of("10.0.0.1"), 2);
	assert_int_equal(found[0].cause, ZR_CAUSE_IDLE);
	assert_int_equal(found[0].usage.reason, ZR_REASON_MIDSTREAM);
	assert_int_equal(found[1].usage.reason, ZR_REASON_NO_NAME);
	scene_free(&s);
}

static void evicted_flow_says_that_the_table_was_full(void **state)
{
	(void)state;
	scene_init(&s, LIST);
	s.config.flows = 4;
	scene_open(&s);
	for (uint16_t i = 0; i < 6; i++) {
		struct scene_conn c = scene_conn((uint16_t)(40000 + i));

		scene_handshake(&s, i, &c);
	}
	assert_int_equal(decisions_of("10.0.0.1"), 2);
	assert_int_equal(found[0].usage.reason, ZR_REASON_TABLE_FULL);
	assert_int_equal(found[0].cause, ZR_CAUSE_EVICTED);
	scene_free(&s);
}

static void list_and_host_change_are_causes(void **state)
{
	static const char get[] = "GET / HTTP/1.1\r\nHost: olm.vn\r\n\r\n",
			  other[] = "GET / HTTP/1.1\r\nHost: x.vn\r\n\r\n";
	struct scene_conn c = scene_conn(40000);
	static struct scene next;

	(void)state;
	begin();
	scene_init(&next, "203.0.113.1/32,late,9,,,,,\n");
	scene_open(&next);
	scene_handshake(&s, 0, &c);
	scene_up(&s, 10, &c, get, sizeof(get) - 1);
	scene_up(&s, 20, &c, other, sizeof(other) - 1);
	hello_of(30, 40001, "10.0.0.1", "example.com");
	assert_int_equal(zr_pipeline_list(s.pipeline, next.image, next.index), 0);
	zr_pipeline_poll(s.pipeline, (s.base_us + 1000000) * 1000);
	assert_true(zr_pipeline_list_settled(s.pipeline));
	assert_int_equal(decisions_of("10.0.0.1"), 5);
	assert_int_equal(found[0].cause, ZR_CAUSE_LIST);
	assert_string_equal(found[0].service, "late");
	assert_int_equal(found[1].cause, ZR_CAUSE_LIST);
	assert_int_equal(found[2].cause, ZR_DECISION_FIRST);
	assert_int_equal(found[3].cause, ZR_CAUSE_HOST_CHANGE);
	assert_int_equal(found[3].usage.reason, ZR_REASON_NO_MATCH);
	assert_int_equal(found[4].cause, ZR_DECISION_FIRST);
	assert_string_equal(found[4].name, "olm.vn");
	scene_free(&next);
	scene_free(&s);
}

static void unlisted_name_on_a_listed_address_is_a_decision_without_the_name(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	begin();
	c.server = "203.0.113.65";
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 0, &c, SECRET);
	assert_int_equal(decisions_towards("10.0.0.1", "203.0.113.64/26"), 2);
	assert_int_equal(found[0].cause, ZR_DECISION_NAME);
	assert_int_equal(found[0].usage.reason, ZR_REASON_PREFIX);
	assert_string_equal(found[0].name, "");
	assert_int_equal(decisions_towards("10.0.0.1", "203.0.113.1"), 0);
	assert_false(remembers(SECRET));
	scene_free(&s);
}

static void hot_subscriber_overwrites_only_its_own_set(void **state)
{
	unsigned int survived = 0;
	char client[32];

	(void)state;
	begin();
	for (unsigned int i = 0; i < 32; i++) {
		snprintf(client, sizeof(client), "10.0.1.%u", i);
		hello_of(i, (uint16_t)(41000 + i), client, "example.com");
	}
	for (unsigned int i = 0; i < 500; i++)
		hello_of(100 + i, (uint16_t)(42000 + i), "10.0.0.1", "example.com");
	for (unsigned int i = 0; i < 32; i++) {
		snprintf(client, sizeof(client), "10.0.1.%u", i);
		survived += decisions_of(client);
	}
	/* 15 sets, one of which is the hot subscriber's. */
	assert_in_range(survived, 20, 31);
	/* Its latest ones, without a gap. */
	survived = decisions_of("10.0.0.1");
	assert_in_range(survived, 40, 80);
	for (unsigned int i = 0; i < survived; i++)
		assert_int_equal(found[i].usage.client_port, 42499 - i);
	scene_free(&s);
}

static void texts_of_any_length_pass_the_end_of_the_ring(void **state)
{
	char label[64], name[256];

	(void)state;
	begin();
	memset(label, 'a', 63);
	label[63] = '\0';
	for (unsigned int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "%s.%.*s.olm.vn", label, (int)(1 + i % 60), label);
		hello_of(i, (uint16_t)(40000 + i), "10.0.0.1", name);
		assert_true(decisions_of("10.0.0.1") > 0);
		assert_string_equal(found[0].name, name);
		assert_string_equal(found[0].service, "olm");
	}
	scene_free(&s);
}

static void decisions_that_come_during_a_look_are_not_mixed_into_it(void **state)
{
	const struct zr_look look = {.subscriber = prefix("10.0.0.1")};
	struct zr_look_cursor cursor = {0};
	unsigned int met = 0;
	uint16_t last = UINT16_MAX;

	(void)state;
	begin();
	for (uint16_t i = 0; i < 60; i++)
		hello_of(i, (uint16_t)(40000 + i), "10.0.0.1", "example.com");
	for (uint16_t i = 0; !cursor.ended; i++) {
		unsigned int budget = 1;

		if (zr_pipeline_decision(s.pipeline, &look, &cursor, &budget, &found[0])) {
			assert_true(found[0].usage.client_port < last);
			last = found[0].usage.client_port;
			met++;
		}
		hello_of(100 + i, (uint16_t)(50000 + i), "10.0.0.1", "example.com");
	}
	assert_true(met > 10 && last < 50000);
	scene_free(&s);
}

static void charged_names_are_kept_while_recorded_and_wiped_then(void **state)
{
	const struct zr_prefix recorded = prefix("10.0.0.1/32");

	(void)state;
	begin();
	hello_of(0, 40000, "10.0.0.1", SECRET);
	assert_false(remembers(SECRET));
	zr_pipeline_record_names(s.pipeline, &recorded);
	hello_of(10, 40001, "10.0.0.1", SECRET);
	hello_of(20, 40002, "10.0.0.2", "other-" SECRET);
	hello_of(30, 40003, "10.0.0.1", "www.olm.vn");
	assert_true(remembers(SECRET));
	assert_false(remembers("other-" SECRET));
	assert_int_equal(decisions_of("10.0.0.1"), 3);
	assert_string_equal(found[0].name, "www.olm.vn");
	assert_false(found[0].name_recorded);
	assert_string_equal(found[1].name, SECRET);
	assert_true(found[1].name_recorded);
	assert_string_equal(found[2].name, "");
	zr_pipeline_record_names(s.pipeline, NULL);
	assert_false(remembers(SECRET));
	assert_int_equal(decisions_of("10.0.0.1"), 3);
	assert_string_equal(found[0].name, "www.olm.vn");
	assert_string_equal(found[1].name, "");
	assert_false(found[1].name_recorded);
	scene_free(&s);
}

static void no_piece_of_a_recorded_name_outlives_the_wipe(void **state)
{
	const struct zr_prefix recorded = prefix("10.0.0.1/32");

	(void)state;
	/* Whatever of the oldest entry is overwritten: its head, or more. */
	for (unsigned int later = 0; later < 60; later++) {
		begin();
		zr_pipeline_record_names(s.pipeline, &recorded);
		for (uint16_t i = 0; i < 30; i++)
			hello_of(i, (uint16_t)(40000 + i), "10.0.0.1", SECRET);
		for (uint16_t i = 0; i < later; i++)
			hello_of(100 + i, (uint16_t)(41000 + i), "10.0.0.1", "olm.vn");
		zr_pipeline_record_names(s.pipeline, NULL);
		assert_false(remembers("private"));
		assert_true(decisions_of("10.0.0.1") > 20);
		scene_free(&s);
	}
}

static void subscriber_of_ipv6_is_its_network(void **state)
{
	const struct zr_prefix recorded = prefix("2001:db8:0:1::/64");

	(void)state;
	begin();
	zr_pipeline_record_names(s.pipeline, &recorded);
	for (unsigned int i = 0; i < 2; i++) {
		struct scene_conn c = scene_conn((uint16_t)(40000 + i));

		c.client = i == 0 ? "2001:db8:0:1::5" : "2001:db8:0:1:ffff::9";
		c.server = "2001:db8:ffff::1";
		scene_handshake(&s, i, &c);
		scene_hello(&s, i, &c, SECRET);
	}
	assert_int_equal(decisions_of("2001:db8:0:1::/64"), 2);
	assert_string_equal(found[0].name, SECRET);
	assert_string_equal(found[1].name, SECRET);
	assert_int_equal(decisions_of("2001:db8:0:2::/64"), 0);
	scene_free(&s);
}

static void nothing_is_kept_without_memory(void **state)
{
	const struct zr_prefix recorded = prefix("10.0.0.1/32");

	(void)state;
	scene_init(&s, LIST);
	s.config.decisions_bytes = 0;
	scene_open(&s);
	zr_pipeline_record_names(s.pipeline, &recorded);
	hello_of(0, 40000, "10.0.0.1", SECRET);
	assert_int_equal(decisions_of("10.0.0.1"), 0);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_DECISIONS), 0);
	assert_false(remembers(SECRET));
	zr_pipeline_record_names(s.pipeline, NULL);
	scene_free(&s);
}

static void decisions_are_counted(void **state)
{
	(void)state;
	begin();
	hello_of(0, 40000, "10.0.0.1", "olm.vn");
	hello_of(1, 40001, "10.0.0.1", "example.com");
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_DECISIONS), 2);
	scene_close(&s);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_DECISIONS), 2);
	scene_free(&s);
}

static void count_of_bytes_that_begins_anew_leaves_the_set_full(void **state)
{
	struct zr_decisions *d;

	(void)state;
	begin();
	d = &s.pipeline->decisions;
	for (uint16_t i = 0; i < 100; i++)
		hello_of(i, (uint16_t)(40000 + i), "10.0.0.1", "example.com");
	/* As if 4 GiB less some bytes had been written: the places in the ring stay the same. */
	for (uint32_t i = 0; i < d->count; i++)
		if (d->written[i] >= ZR_DECISIONS_SET_BYTES)
			d->written[i] = UINT32_MAX - ZR_DECISIONS_SET_BYTES + 1 +
					d->written[i] % ZR_DECISIONS_SET_BYTES;
	assert_true(decisions_of("10.0.0.1") > 40);
	for (uint16_t i = 0; i < 100; i++) {
		hello_of(200 + i, (uint16_t)(50000 + i), "10.0.0.1", "example.com");
		assert_in_range(decisions_of("10.0.0.1"), 41, 80);
		assert_int_equal(found[0].usage.client_port, 50000 + i);
	}
	scene_free(&s);
}

/* A decision of one tuple whose flow left no record yet. */
static void put_one(uint8_t cause)
{
	const struct zr_decision decision = {
		.us = 1, .family = 4, .proto = 6, .client = {.b = {10, 0, 0, 1}}, .client_port = 40000, .cause = cause};

	zr_decisions_put(&s.pipeline->decisions, &decision, 7);
}

static void number_goes_no_further_back_than_the_flow_began(void **state)
{
	static const uint8_t openings[] = {ZR_DECISION_FIRST, ZR_DECISION_REBOUND, ZR_DECISION_RESTORED};
	const struct zr_decision numbered = {
		.identity = 99, .family = 4, .proto = 6, .client = {.b = {10, 0, 0, 1}}, .client_port = 40000};

	(void)state;
	for (unsigned int i = 0; i < sizeof(openings); i++) {
		begin();
		put_one(ZR_DECISION_FIRST); /* of an earlier flow */
		put_one(openings[i]);
		assert_true(zr_decisions_number_last(&s.pipeline->decisions, 7, 98));
		put_one(openings[i]); /* of a flow behind that one */
		put_one(ZR_CAUSE_LIST);
		assert_false(zr_decisions_number_last(&s.pipeline->decisions, 7, 99));
		zr_decisions_number(&s.pipeline->decisions, &numbered);
		assert_int_equal(decisions_of("10.0.0.1"), 4);
		assert_int_equal(found[0].usage.flow, 99);
		assert_int_equal(found[1].usage.flow, 99);
		assert_int_equal(found[2].usage.flow, 98);
		assert_false(found[3].numbered);
		scene_free(&s);
	}
}

static void number_does_not_go_to_a_flow_that_ended_undecided(void **state)
{
	static const uint8_t endings[] = {ZR_CAUSE_IDLE, ZR_CAUSE_FIN, ZR_CAUSE_RST, ZR_CAUSE_NEW_FLOW,
					  ZR_CAUSE_EVICTED};
	const struct zr_decision numbered = {
		.identity = 99, .family = 4, .proto = 6, .client = {.b = {10, 0, 0, 1}}, .client_port = 40000};

	(void)state;
	for (unsigned int i = 0; i < sizeof(endings); i++) {
		begin();
		put_one(endings[i]);
		put_one(ZR_CAUSE_INTERIM); /* of an undecided flow, as is what it ends with */
		zr_decisions_number(&s.pipeline->decisions, &numbered);
		assert_int_equal(decisions_of("10.0.0.1"), 2);
		assert_true(found[0].numbered);
		assert_false(found[1].numbered);
		scene_free(&s);
	}
}

static void longest_texts_have_room_wherever_they_fall(void **state)
{
	static uint8_t letters[ZR_RULE_MAX];
	struct zr_decision decision = {.us = 1,
				       .family = 6,
				       .proto = 17,
				       .cause = ZR_CAUSE_LIST,
				       .client = {.b = {0x20, 1, 0xd, 0xb8}},
				       .rule = {.at = letters, .len = ZR_RULE_MAX},
				       .service = {.at = letters, .len = ZR_SERVICE_MAX},
				       .name = {.at = letters, .len = ZR_NAME_MAX}};

	(void)state;
	begin();
	memset(letters, 'r', sizeof(letters));
	for (uint16_t i = 0; i < 2000; i++) {
		decision.client_port = i;
		decision.name.len = i % 7 == 0 ? ZR_NAME_MAX : i % 64U;
		zr_decisions_put(&s.pipeline->decisions, &decision, 7);
		assert_true(decisions_of("2001:db8::/64") >= (i < 4 ? i + 1U : 4U));
		assert_int_equal(found[0].usage.client_port, i);
		assert_int_equal(strlen(found[0].rule), ZR_RULE_MAX);
		assert_int_equal(strlen(found[0].service), ZR_SERVICE_MAX);
		assert_int_equal(strlen(found[0].name), decision.name.len);
		assert_int_equal(found[i < 3 ? i : 3].usage.client_port, i < 3 ? 0 : i - 3);
	}
	scene_free(&s);
}

/* Who chooses addresses cannot choose sets: where two of them fall together differs from start to start. */
static void sets_are_keyed(void **state)
{
	unsigned int differ = 0;

	(void)state;
	for (unsigned int i = 0; i < 32; i++) {
		unsigned int survived[2];

		for (unsigned int run = 0; run < 2; run++) {
			char client[32];

			scene_init(&s, LIST);
			s.config.seed[0] = 1000 + run;
			s.config.seed[1] = 77 * (run + 1);
			scene_open(&s);
			snprintf(client, sizeof(client), "10.9.%u.1", i);
			hello_of(0, 40000, client, "example.com");
			for (unsigned int k = 0; k < 200; k++)
				hello_of(1 + k, (uint16_t)(42000 + k), "10.0.0.1", "example.com");
			survived[run] = decisions_of(client);
			scene_free(&s);
		}
		differ += survived[0] != survived[1];
	}
	assert_true(differ > 0);
}

static void hostile_neighbour_is_never_told_for_a_subscriber(void **state)
{
	(void)state;
	scene_init(&s, LIST);
	s.config.decisions_bytes = ZR_DECISIONS_SET_BYTES + sizeof(uint32_t); /* one set for all */
	scene_open(&s);
	assert_int_equal(s.pipeline->decisions.count, 1);
	hello_of(0, 40000, "10.0.0.1", "example.com");
	hello_of(1, 40001, "10.0.0.2", "example.com");
	assert_int_equal(decisions_of("10.0.0.1"), 1);
	assert_int_equal(found[0].usage.client_port, 40000);
	assert_int_equal(decisions_of("10.0.0.2"), 1);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decisions_are_told_latest_first),
		cmocka_unit_test(flow_that_leaves_a_record_gets_its_number),
		cmocka_unit_test(later_number_goes_to_all_decisions_of_the_flow_and_no_other),
		cmocka_unit_test(number_of_a_flow_does_not_go_to_one_that_had_its_place),
		cmocka_unit_test(undecided_flow_that_ends_says_why_it_was_charged),
		cmocka_unit_test(evicted_flow_says_that_the_table_was_full),
		cmocka_unit_test(list_and_host_change_are_causes),
		cmocka_unit_test(unlisted_name_on_a_listed_address_is_a_decision_without_the_name),
		cmocka_unit_test(hot_subscriber_overwrites_only_its_own_set),
		cmocka_unit_test(texts_of_any_length_pass_the_end_of_the_ring),
		cmocka_unit_test(decisions_that_come_during_a_look_are_not_mixed_into_it),
		cmocka_unit_test(charged_names_are_kept_while_recorded_and_wiped_then),
		cmocka_unit_test(no_piece_of_a_recorded_name_outlives_the_wipe),
		cmocka_unit_test(subscriber_of_ipv6_is_its_network),
		cmocka_unit_test(nothing_is_kept_without_memory),
		cmocka_unit_test(decisions_are_counted),
		cmocka_unit_test(number_goes_no_further_back_than_the_flow_began),
		cmocka_unit_test(number_does_not_go_to_a_flow_that_ended_undecided),
		cmocka_unit_test(longest_texts_have_room_wherever_they_fall),
		cmocka_unit_test(sets_are_keyed),
		cmocka_unit_test(hostile_neighbour_is_never_told_for_a_subscriber),
		cmocka_unit_test(count_of_bytes_that_begins_anew_leaves_the_set_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

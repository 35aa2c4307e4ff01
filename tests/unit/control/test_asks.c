/* SPDX-License-Identifier: BSD-3-Clause */
/* Questions to workers over a scripted dataplane and clock: who waits for whom, what is given up, and who is told which names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "control/ask_learned.h"
#include "control/asks.h"
#include "tests/support/fake_dataplane.h"

#define REPLIES_MAX 32
#define SUBSCRIBER  "10.0.0.1"
#define SECRET      "very-private.example.com"

uint64_t __wrap_zr_loop_now_ms(void);
void __wrap_zr_control_socket_reply(struct zr_control_socket *control, uint64_t connection, json_t *reply);
void __wrap_zr_control_socket_reply_text(struct zr_control_socket *control, uint64_t connection, char *text,
					 size_t len);
void __wrap_zr_lists_audit_entry(struct zr_lists *lists, json_t *entry, uid_t uid);
bool __wrap_zr_lists_is_audited(const struct zr_lists *lists);

static uint64_t now_ms;
static struct zr_asks asks;
static unsigned int audited;
static bool audit_fails; /* what it wrote last did not get to the disk */

/* What was replied, in this order. */
static struct {
	uint64_t connection;
	char *text;
} replies[REPLIES_MAX];
static unsigned int reply_count;

uint64_t __wrap_zr_loop_now_ms(void)
{
	return now_ms;
}

static void keep(uint64_t connection, char *text)
{
	assert_non_null(text);
	assert_true(reply_count < REPLIES_MAX);
	replies[reply_count].connection = connection;
	replies[reply_count++].text = text;
}

void __wrap_zr_control_socket_reply(struct zr_control_socket *control, uint64_t connection, json_t *reply)
{
	(void)control;
	keep(connection, json_dumps(reply, JSON_COMPACT));
	json_decref(reply);
}

void __wrap_zr_control_socket_reply_text(struct zr_control_socket *control, uint64_t connection, char *text, size_t len)
{
	(void)control;
	assert_int_equal(text[len - 1], '\n');
	text[len - 1] = '\0';
	assert_int_equal(strlen(text), len - 1);
	keep(connection, text);
}

void __wrap_zr_lists_audit_entry(struct zr_lists *lists, json_t *entry, uid_t uid)
{
	(void)lists;
	(void)uid;
	json_decref(entry);
	audited++;
}

bool __wrap_zr_lists_is_audited(const struct zr_lists *lists)
{
	(void)lists;
	return !audit_fails;
}

static int begin(void **state)
{
	(void)state;
	fake_dataplane_reset();
	now_ms = 1000000;
	audited = 0;
	audit_fails = false;
	asks = (struct zr_asks){
		.dataplane = &fake_dataplane, .decisions = true, .recorder = {.dataplane = &fake_dataplane}};
	return 0;
}

static void forget_replies(void)
{
	while (reply_count > 0)
		free(replies[--reply_count].text);
}

static int end(void **state)
{
	(void)state;
	zr_asks_stop(&asks);
	forget_replies();
	return 0;
}

typedef json_t *asker(struct zr_asks *to, const json_t *request, struct zr_control_peer *peer);

/* The reply at once, or NULL when it comes later. */
static json_t *ask(asker *how, uint64_t connection, bool operates, const char *request)
{
	struct zr_control_peer peer = {.connection = connection, .operates = operates, .operators = ""};
	json_t *object = json_loads(request, 0, NULL), *reply;

	assert_non_null(object);
	reply = how(&asks, object, &peer);
	json_decref(object);
	assert_true((reply == NULL) == peer.later);
	return reply;
}

static void flows(uint64_t connection)
{
	assert_null(ask(zr_asks_flows, connection, false, "{\"op\":\"flows\"}"));
}

static void explain(uint64_t connection, bool operates)
{
	assert_null(
		ask(zr_asks_explain, connection, operates, "{\"op\":\"explain\",\"subscriber\":\"" SUBSCRIBER "\"}"));
}

static void record(uint64_t connection, const char *subscriber, const char *op)
{
	char request[128];
	json_t *reply;

	snprintf(request, sizeof(request), "{\"op\":\"explain_record\",\"subscriber\":\"%s\",\"seconds\":60}",
		 subscriber);
	reply = ask(zr_asks_record, connection, true, request);
	assert_string_equal(json_string_value(json_object_get(reply, "op")), op);
	json_decref(reply);
}

static void rounds(unsigned int count)
{
	while (count-- > 0)
		zr_asks_round(&asks, true);
}

/* A charged flow's decision whose name is there for who records it. */
static const struct zr_answer decision = {
	.usage = {.family = 4, .proto = 6, .client = {.b = {10, 0, 0, 1}}, .reason = ZR_REASON_NO_MATCH, .last_us = 5},
	.name_recorded = true,
	.state = ZR_STATE_CHARGED,
	.cause = ZR_DECISION_FIRST,
	.name = SECRET,
};

static bool told(unsigned int reply, const char *what)
{
	assert_true(reply < reply_count);
	return strstr(replies[reply].text, what) != NULL;
}

static void each_is_answered_in_the_order_in_which_they_came(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 10; i++)
		flows(i);
	rounds(100);
	assert_int_equal(reply_count, 10);
	for (unsigned int i = 0; i < 10; i++) {
		assert_int_equal(replies[i].connection, i + 1);
		assert_true(told(i, "\"matched\":0"));
	}
	assert_false(fake_dataplane.asking);
	assert_int_equal(fake_dataplane.asked, 10);
}

static void worker_that_stands_still_is_waited_for_eight_seconds(void **state)
{
	(void)state;
	fake_dataplane.silent = true;
	flows(1);
	rounds(5);
	now_ms += 8000;
	rounds(5);
	assert_int_equal(reply_count, 0);
	now_ms++;
	rounds(1);
	assert_int_equal(reply_count, 1);
	assert_true(told(0, "\"op\":\"error\""));
	assert_true(told(0, "a worker does not answer"));
	assert_false(fake_dataplane.asking);
	/* It goes on: so do questions. */
	fake_dataplane.silent = false;
	flows(1);
	rounds(5);
	assert_true(told(1, "\"op\":\"flows\""));
}

static void nobody_waits_for_it_one_after_the_other(void **state)
{
	(void)state;
	fake_dataplane.silent = true;
	for (uint64_t i = 1; i <= 10; i++)
		flows(i);
	rounds(5);
	now_ms += 8001;
	rounds(1);
	assert_int_equal(reply_count, 10);
	for (unsigned int i = 0; i < 10; i++)
		assert_true(told(i, "a worker does not answer"));
}

static void worker_that_holds_what_was_asked_before_is_waited_for_as_long(void **state)
{
	(void)state;
	fake_dataplane.holds = true;
	flows(1);
	rounds(5);
	now_ms += 8000;
	rounds(1);
	assert_int_equal(reply_count, 0);
	now_ms++;
	rounds(1);
	assert_int_equal(reply_count, 1);
	assert_true(told(0, "a worker does not answer"));
	assert_int_equal(fake_dataplane.asked, 0);
}

static void worker_that_comes_on_is_waited_for(void **state)
{
	(void)state;
	fake_dataplane.silent = true;
	flows(1);
	rounds(3);
	for (unsigned int i = 1; i <= 5; i++) {
		now_ms += 7900;
		fake_dataplane.answered = i; /* places looked at, no answer */
		rounds(1);
		assert_int_equal(reply_count, 0);
	}
	now_ms += 8001;
	rounds(1);
	assert_true(told(0, "a worker does not answer"));
}

static void who_has_gone_is_not_answered(void **state)
{
	(void)state;
	fake_dataplane.silent = true;
	for (uint64_t i = 1; i <= 3; i++)
		flows(i);
	rounds(3);
	assert_true(fake_dataplane.asking);
	zr_asks_closed(&asks, 2);
	assert_true(fake_dataplane.asking);
	/* In mid-answer. */
	zr_asks_closed(&asks, 1);
	assert_false(fake_dataplane.asking);
	zr_asks_closed(&asks, 77);
	fake_dataplane.silent = false;
	rounds(10);
	assert_int_equal(reply_count, 1);
	assert_int_equal(replies[0].connection, 3);
}

static void end_answers_all_and_takes_no_more(void **state)
{
	json_t *reply;

	(void)state;
	fake_dataplane.silent = true;
	flows(1);
	explain(2, true);
	rounds(3);
	zr_asks_stop(&asks);
	assert_int_equal(reply_count, 2);
	assert_true(told(0, "about to end") && told(1, "about to end"));
	assert_false(fake_dataplane.asking);
	reply = ask(zr_asks_flows, 3, true, "{\"op\":\"flows\"}");
	assert_non_null(reply);
	json_decref(reply);
	record(3, SUBSCRIBER, "error");
}

static void recorded_names_are_for_operators_while_it_lasts(void **state)
{
	(void)state;
	fake_dataplane.answers = &decision;
	fake_dataplane.answer_count = 1;
	record(9, SUBSCRIBER, "explain_record");
	assert_int_equal(fake_dataplane.recorded.family, 4);
	explain(1, false);
	explain(2, true);
	rounds(10);
	assert_int_equal(reply_count, 2);
	assert_false(told(0, SECRET));
	assert_true(told(1, SECRET));
	assert_true(told(0, "recorded_until") && told(1, "recorded_until"));
	/* It ends while the workers' answers are on their way. */
	explain(2, true);
	rounds(2);
	assert_true(fake_dataplane.asking);
	now_ms += 60000;
	rounds(10);
	assert_int_equal(reply_count, 3);
	assert_false(told(2, SECRET));
	assert_false(told(2, "recorded_until"));
	assert_int_equal(fake_dataplane.recorded.family, 0);
	assert_int_equal(audited, 2);
}

static void names_of_another_subscriber_that_is_recorded_are_not_told(void **state)
{
	(void)state;
	fake_dataplane.answers = &decision;
	fake_dataplane.answer_count = 1;
	record(9, "10.0.0.2", "explain_record");
	explain(1, true);
	rounds(10);
	assert_false(told(0, SECRET));
}

static void nobody_records_without_an_audit_log(void **state)
{
	(void)state;
	record(9, SUBSCRIBER, "explain_record");
	rounds(1);
	assert_int_equal(fake_dataplane.recorded.family, 4);
	audit_fails = true;
	rounds(1);
	assert_int_equal(fake_dataplane.recorded.family, 0);
}

static void workers_are_told_of_the_end_as_soon_as_they_listen(void **state)
{
	(void)state;
	record(9, SUBSCRIBER, "explain_record");
	fake_dataplane.holds = true;
	zr_asks_closed(&asks, 9);
	assert_int_equal(fake_dataplane.recorded.family, 4);
	rounds(3);
	assert_int_equal(fake_dataplane.recorded.family, 4);
	/* Also when the daemon ends meanwhile. */
	zr_asks_stop(&asks);
	fake_dataplane.holds = false;
	rounds(1);
	assert_int_equal(fake_dataplane.recorded.family, 0);
}

static void list_of_any_length_is_whole(void **state)
{
	static struct zr_answer answers[1000];
	json_t *reply;

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		answers[i] = decision;
		answers[i].usage.last_us = i;
		memset(answers[i].rule, 'r', i % ZR_RULE_MAX);
	}
	fake_dataplane.answers = answers;
	fake_dataplane.answer_count = 1000;
	record(9, SUBSCRIBER, "explain_record");
	assert_null(
		ask(zr_asks_explain, 1, true, "{\"op\":\"explain\",\"subscriber\":\"" SUBSCRIBER "\",\"limit\":1000}"));
	rounds(20);
	assert_int_equal(reply_count, 1);
	reply = json_loads(replies[0].text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(reply);
	assert_int_equal(json_array_size(json_object_get(reply, "decisions")), 1000);
	for (unsigned int i = 0; i < 1000; i++) {
		const json_t *one = json_array_get(json_object_get(reply, "decisions"), i);

		assert_int_equal(json_string_length(json_object_get(one, "rule")), (999 - i) % ZR_RULE_MAX);
		assert_string_equal(json_string_value(json_object_get(one, "name")), SECRET);
	}
	json_decref(reply);
}

/* Known: 1500 addresses of a name, each a second later than the one before, and one of a name that is not listed. */
static struct zr_known *known_make(void)
{
	struct zr_learned learned = {.name = "www.olm.vn", .family = 4, .resolver_family = 4, .type = 1, .domain = 3};
	struct zr_known *known;

	assert_int_equal(zr_known_make(4 << 20, &known), 0);
	for (uint32_t i = 0; i < 1500; i++) {
		learned.time_us = (UINT64_C(1800000000) + i) * 1000000;
		learned.until_us = learned.time_us + UINT64_C(3600000000);
		learned.address.b[2] = (uint8_t)(i / 256);
		learned.address.b[3] = (uint8_t)i;
		zr_known_add(known, &learned);
	}
	learned.name = NULL;
	zr_known_add(known, &learned);
	return known;
}

static json_t *learned_reply(unsigned int reply)
{
	json_t *object = json_loads(replies[reply].text, 0, NULL);

	assert_string_equal(json_string_value(json_object_get(object, "op")), "learned");
	return object;
}

static const char *text_in(const json_t *reply, size_t row, const char *member)
{
	return json_string_value(json_object_get(json_array_get(json_object_get(reply, "rows"), row), member));
}

static void learned(uint64_t connection, const char *request)
{
	assert_null(ask(zr_asks_learned, connection, false, request));
}

static void what_was_learned_is_told_latest_first_and_waits_its_turn(void **state)
{
	struct zr_learning learning = {.known = known_make(), .ahead_s = INT64_C(1800000000) - (int64_t)time(NULL)};
	json_t *reply;

	(void)state;
	asks.learning = &learning;
	flows(1);
	learned(2, "{\"op\":\"learned\",\"name\":\"OLM.vn.\"}");
	learned(3, "{\"op\":\"learned\",\"address\":\"0.0.5.219\"}");
	learned(4, "{\"op\":\"learned\",\"name\":\"m.vn\"}");
	zr_asks_closed(&asks, 4);
	rounds(20);
	assert_int_equal(reply_count, 3);
	assert_int_equal(replies[0].connection, 1);
	assert_int_equal(replies[1].connection, 2);
	reply = learned_reply(1);
	assert_int_equal(json_integer_value(json_object_get(reply, "matched")), 1500);
	assert_int_equal(json_array_size(json_object_get(reply, "rows")), ZR_ASK_LEARNED_MAX);
	assert_string_equal(text_in(reply, 0, "address"), "0.0.5.219");
	assert_string_equal(text_in(reply, 0, "name"), "www.olm.vn");
	assert_string_equal(text_in(reply, 999, "address"), "0.0.1.244");
	json_decref(reply);
	/* An address has a row of each name, and one without. */
	reply = learned_reply(2);
	assert_int_equal(json_integer_value(json_object_get(reply, "matched")), 2);
	assert_string_equal(text_in(reply, 0, "name"), "www.olm.vn");
	assert_true(json_is_null(json_object_get(json_array_get(json_object_get(reply, "rows"), 1), "name")));
	json_decref(reply);
	/* One that is begun, and whose connection closes. */
	learned(5, "{\"op\":\"learned\",\"name\":\"olm.vn\"}");
	learned(6, "{\"op\":\"learned\",\"name\":\"lm.vn\"}");
	zr_asks_closed(&asks, 5);
	rounds(3);
	reply = learned_reply(3);
	assert_int_equal(json_integer_value(json_object_get(reply, "matched")), 0);
	json_decref(reply);
	zr_known_free(learning.known);
}

/* However much is known, a round looks at a few thousand. */
static void much_that_was_learned_is_looked_at_in_slices(void **state)
{
	struct zr_learning learning = {.ahead_s = INT64_C(1800000000) - (int64_t)time(NULL)};
	struct zr_learned lesson = {.name = "olm.vn", .family = 4, .until_us = UINT64_C(1800003600) * 1000000};

	(void)state;
	assert_int_equal(zr_known_make(16 << 20, &learning.known), 0);
	asks.learning = &learning;
	for (uint32_t i = 0; i < 20000; i++) {
		memcpy(lesson.address.b, &i, sizeof(i));
		zr_known_add(learning.known, &lesson);
	}
	learned(1, "{\"op\":\"learned\",\"name\":\"olm.vn\"}");
	for (unsigned int i = 0; i < 4; i++)
		assert_true(zr_asks_round(&asks, true));
	assert_int_equal(reply_count, 0);
	rounds(2);
	assert_int_equal(reply_count, 1);
	/* The daemon ends in the midst of one. */
	learned(2, "{\"op\":\"learned\",\"name\":\"olm.vn\"}");
	rounds(1);
	zr_asks_stop(&asks);
	assert_true(told(1, "about to end"));
	zr_known_free(learning.known);
}

static void wrong_questions_of_what_was_learned_are_refused(void **state)
{
	static const char *const requests[] = {
		"{\"op\":\"learned\"}",
		"{\"op\":\"learned\",\"name\":\"a.vn\",\"address\":\"10.0.0.1\"}",
		"{\"op\":\"learned\",\"name\":\"a.vn\",\"limit\":1}",
		"{\"op\":\"learned\",\"name\":7}",
		"{\"op\":\"learned\",\"name\":\"\"}",
		"{\"op\":\"learned\",\"name\":\"a b\"}",
		"{\"op\":\"learned\",\"name\":null}",
		"{\"op\":\"learned\",\"address\":\"10.0.0.0/8\"}",
		"{\"op\":\"learned\",\"address\":\"10.0.0.256\"}",
		"{\"op\":\"learned\",\"address\":[]}",
	};
	struct zr_learning learning = {.known = known_make()};
	json_t *reply;

	(void)state;
	asks.learning = &learning;
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		reply = ask(zr_asks_learned, 1, true, requests[i]);
		assert_string_equal(json_string_value(json_object_get(reply, "op")), "error");
		json_decref(reply);
	}
	zr_known_free(learning.known);
	learning.known = NULL;
	reply = ask(zr_asks_learned, 1, true, "{\"op\":\"learned\",\"name\":\"olm.vn\"}");
	assert_non_null(strstr(json_string_value(json_object_get(reply, "error")), "trusted_resolvers"));
	json_decref(reply);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(each_is_answered_in_the_order_in_which_they_came),
		TEST(worker_that_stands_still_is_waited_for_eight_seconds),
		TEST(nobody_waits_for_it_one_after_the_other),
		TEST(worker_that_holds_what_was_asked_before_is_waited_for_as_long),
		TEST(worker_that_comes_on_is_waited_for),
		TEST(who_has_gone_is_not_answered),
		TEST(end_answers_all_and_takes_no_more),
		TEST(recorded_names_are_for_operators_while_it_lasts),
		TEST(names_of_another_subscriber_that_is_recorded_are_not_told),
		TEST(nobody_records_without_an_audit_log),
		TEST(workers_are_told_of_the_end_as_soon_as_they_listen),
		TEST(list_of_any_length_is_whole),
		TEST(what_was_learned_is_told_latest_first_and_waits_its_turn),
		TEST(much_that_was_learned_is_looked_at_in_slices),
		TEST(wrong_questions_of_what_was_learned_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

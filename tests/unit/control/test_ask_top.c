/* SPDX-License-Identifier: BSD-3-Clause */
/* What the next totals would say, of an interval's sums and of open flows, in slices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ask_top.h"

static struct zr_interval_totals *totals;
static struct zr_ask_top top;

static int begin(void **state)
{
	const struct zr_totals_config config = {.entries_max = 100, .subscribers_max = 1000};

	(void)state;
	return zr_totals_make(&config, 1000000, &totals);
}

static int end(void **state)
{
	(void)state;
	zr_ask_top_clear(&top);
	zr_totals_free(totals);
	return 0;
}

static struct zr_usage part(uint8_t last, uint8_t verdict, uint64_t bytes)
{
	return (struct zr_usage){.type = ZR_USAGE_PART,
				 .verdict = verdict,
				 .reason = verdict == ZR_FREE ? ZR_REASON_SNI : ZR_REASON_NO_MATCH,
				 .rule = ZR_ENTRY_NONE,
				 .family = 4,
				 .client = {.b = {10, 0, 0, last}},
				 .up_bytes = bytes,
				 .up_pkts = 1};
}

static struct zr_answer flow(uint8_t last, const char *rule, const char *service, enum zr_flow_state in, uint64_t bytes)
{
	struct zr_answer answer = {.usage = part(last, in == ZR_STATE_FREE ? ZR_FREE : ZR_CHARGED, bytes),
				   .state = (uint8_t)in};

	strcpy(answer.rule, rule);
	strcpy(answer.service, service);
	return answer;
}

static void take(uint8_t last, const char *rule, const char *service, enum zr_flow_state in, uint64_t bytes)
{
	const struct zr_answer answer = flow(last, rule, service, in, bytes);

	zr_ask_top_take(&top, &answer);
}

static void make(enum zr_top_by by, uint32_t limit, uint64_t charged_bytes)
{
	const struct zr_traffic charged = {.up_bytes = charged_bytes, .up_pkts = charged_bytes > 0};

	assert_int_equal(zr_ask_top_make(&top, by, limit, totals, &charged), 0);
}

static json_t *result(void)
{
	json_t *reply;

	while (!zr_ask_top_rank(&top, 1))
		;
	reply = zr_ask_top_json(&top);
	assert_non_null(reply);
	return reply;
}

static json_int_t number(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static const json_t *row(const json_t *reply, size_t i)
{
	return json_array_get(json_object_get(reply, "rows"), i);
}

static const char *text(const json_t *object, const char *member)
{
	return json_string_value(json_object_get(object, member));
}

static void interval_and_open_flows_add_up(void **state)
{
	const struct zr_usage parts[] = {part(1, ZR_FREE, 100), part(2, ZR_CHARGED, 30)};
	json_t *reply;

	(void)state;
	zr_totals_add(totals, &parts[0]);
	zr_totals_add(totals, &parts[1]);
	make(ZR_TOP_SUBSCRIBER, 10, 7);
	while (!zr_ask_top_copy(&top, 1))
		;
	take(1, ".a", "s", ZR_STATE_FREE, 1000);
	take(3, "", "", ZR_STATE_UNDECIDED, 5);
	reply = result();
	assert_string_equal(text(reply, "since"), "1970-01-01T00:00:01.000000Z");
	assert_int_equal(json_array_size(json_object_get(reply, "rows")), 4);
	assert_string_equal(text(row(reply, 0), "subscriber"), "10.0.0.1");
	assert_int_equal(number(row(reply, 0), "free_bytes"), 1100);
	assert_int_equal(number(row(reply, 0), "flows"), 1);
	assert_int_equal(number(row(reply, 1), "charged_bytes"), 30);
	/* What no event told has no subscriber. */
	assert_null(text(row(reply, 2), "subscriber"));
	assert_int_equal(number(row(reply, 2), "charged_bytes"), 7);
	assert_int_equal(number(row(reply, 3), "charged_bytes"), 5);
	assert_int_equal(number(json_object_get(reply, "total"), "free_bytes"), 1100);
	assert_int_equal(number(json_object_get(reply, "total"), "charged_bytes"), 42);
	assert_int_equal(number(json_object_get(reply, "total"), "charged_pkts"), 3);
	assert_int_equal(number(json_object_get(reply, "others"), "charged_bytes"), 0);
	json_decref(reply);
}

static void what_has_no_row_is_of_others(void **state)
{
	json_t *reply;

	(void)state;
	make(ZR_TOP_RULE, 2, 0);
	assert_true(zr_ask_top_copy(&top, 100));
	take(1, ".a", "s", ZR_STATE_FREE, 10);
	take(1, ".a", "s", ZR_STATE_FREE, 10);
	take(1, ".b", "s", ZR_STATE_FREE, 30);
	take(1, "!c", "", ZR_STATE_CHARGED, 5);
	take(1, "", "", ZR_STATE_CHARGED, 4);
	reply = result();
	assert_int_equal(json_array_size(json_object_get(reply, "rows")), 2);
	assert_string_equal(text(row(reply, 0), "rule"), ".b");
	assert_string_equal(text(row(reply, 1), "rule"), ".a");
	assert_string_equal(text(row(reply, 1), "service"), "s");
	assert_int_equal(number(row(reply, 1), "flows"), 2);
	assert_int_equal(number(json_object_get(reply, "others"), "flows"), 2);
	assert_int_equal(number(json_object_get(reply, "others"), "charged_bytes"), 9);
	assert_int_equal(number(json_object_get(reply, "others"), "free_bytes"), 0);
	json_decref(reply);
}

static void rules_of_one_service_are_one_row_of_it(void **state)
{
	json_t *reply;

	(void)state;
	make(ZR_TOP_SERVICE, 5, 0);
	assert_true(zr_ask_top_copy(&top, 100));
	take(1, ".a", "s", ZR_STATE_FREE, 10);
	take(1, ".b", "s", ZR_STATE_FREE, 30);
	take(1, "!c", "", ZR_STATE_CHARGED, 5);
	reply = result();
	assert_int_equal(json_array_size(json_object_get(reply, "rows")), 2);
	assert_string_equal(text(row(reply, 0), "service"), "s");
	assert_null(text(row(reply, 0), "rule"));
	assert_int_equal(number(row(reply, 0), "free_bytes"), 40);
	assert_null(text(row(reply, 1), "service"));
	json_decref(reply);
}

static void interval_that_ends_during_the_copying_is_left_for_the_next(void **state)
{
	struct zr_record_total total;
	json_t *reply;

	(void)state;
	for (uint8_t i = 0; i < 20; i++) {
		const struct zr_usage usage = part(i, ZR_FREE, 100);

		zr_totals_add(totals, &usage);
	}
	make(ZR_TOP_SUBSCRIBER, 100, 0);
	assert_false(zr_ask_top_copy(&top, 5));
	assert_int_equal(zr_totals_end(totals, 2000000), 0);
	while (zr_totals_peek(totals, &total, 1) > 0)
		zr_totals_skip(totals, 1);
	for (uint8_t i = 0; i < 3; i++) {
		const struct zr_usage usage = part(i, ZR_FREE, 7);

		zr_totals_add(totals, &usage);
	}
	while (!zr_ask_top_copy(&top, 2))
		;
	reply = result();
	assert_string_equal(text(reply, "since"), "1970-01-01T00:00:02.000000Z");
	assert_int_equal(number(json_object_get(reply, "total"), "free_bytes"), 21);
	assert_int_equal(json_array_size(json_object_get(reply, "rows")), 3);
	json_decref(reply);
}

static void what_comes_during_the_copying_makes_no_row_negative(void **state)
{
	json_t *reply;
	json_int_t rows = 0;

	(void)state;
	for (uint8_t i = 0; i < 20; i++) {
		const struct zr_usage usage = part(i, ZR_FREE, 100);

		zr_totals_add(totals, &usage);
	}
	make(ZR_TOP_SUBSCRIBER, 100, 0);
	while (!zr_ask_top_copy(&top, 3)) {
		const struct zr_usage usage = part(1, ZR_FREE, 50);

		zr_totals_add(totals, &usage);
	}
	reply = result();
	for (size_t i = 0; i < json_array_size(json_object_get(reply, "rows")); i++) {
		assert_true(number(row(reply, i), "free_bytes") >= 0);
		rows += number(row(reply, i), "free_bytes");
	}
	assert_int_equal(rows, number(json_object_get(reply, "total"), "free_bytes"));
	json_decref(reply);
}

static void addresses_of_two_domains_are_two_subscribers(void **state)
{
	struct zr_answer answer = flow(1, "", "", ZR_STATE_CHARGED, 5);
	json_t *reply;

	(void)state;
	make(ZR_TOP_SUBSCRIBER, 5, 0);
	assert_true(zr_ask_top_copy(&top, 100));
	zr_ask_top_take(&top, &answer);
	answer.usage.domain = 7;
	zr_ask_top_take(&top, &answer);
	answer.usage.reason = ZR_REASON_NOT_SUBSCRIBER;
	zr_ask_top_take(&top, &answer);
	reply = result();
	assert_int_equal(json_array_size(json_object_get(reply, "rows")), 3);
	/* The one without a subscriber came first, and all are of one size. */
	assert_null(text(row(reply, 0), "subscriber"));
	assert_int_equal(number(row(reply, 1), "domain"), 0);
	assert_int_equal(number(row(reply, 2), "domain"), 7);
	json_decref(reply);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(interval_and_open_flows_add_up),
		TEST(what_has_no_row_is_of_others),
		TEST(rules_of_one_service_are_one_row_of_it),
		TEST(interval_that_ends_during_the_copying_is_left_for_the_next),
		TEST(what_comes_during_the_copying_makes_no_row_negative),
		TEST(addresses_of_two_domains_are_two_subscribers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

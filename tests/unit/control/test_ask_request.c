/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests about flows and decisions, read and bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/ask_request.h"

typedef const char *reader(const json_t *object, struct zr_ask_request *out);

static struct zr_ask_request request;

static const char *read_text(reader *read, const char *text)
{
	json_t *object = json_loads(text, 0, NULL);
	const char *wrong;

	assert_non_null(object);
	wrong = read(object, &request);
	json_decref(object);
	return wrong;
}

#define TAKES(read, text)   assert_null(read_text(read, text))
#define REFUSES(read, text) assert_non_null(read_text(read, text))

static void what_is_left_out_has_a_default(void **state)
{
	(void)state;
	TAKES(zr_ask_request_flows, "{\"op\":\"flows\"}");
	assert_int_equal(request.limit, 100);
	assert_int_equal(request.look.states, 7);
	assert_int_equal(request.look.subscriber.family, 0);
	assert_int_equal(request.look.server.family, 0);
	assert_string_equal(request.look.rule, "");
	TAKES(zr_ask_request_top, "{\"op\":\"top\",\"by\":\"rule\"}");
	assert_int_equal(request.limit, 20);
	assert_int_equal(request.by, ZR_TOP_RULE);
	TAKES(zr_ask_request_explain, "{\"op\":\"explain\",\"subscriber\":\"10.0.0.1\"}");
	assert_int_equal(request.limit, 20);
}

static void limits_have_their_bounds(void **state)
{
	(void)state;
	TAKES(zr_ask_request_flows, "{\"op\":\"flows\",\"limit\":1}");
	TAKES(zr_ask_request_flows, "{\"op\":\"flows\",\"limit\":10000}");
	assert_int_equal(request.limit, 10000);
	REFUSES(zr_ask_request_flows, "{\"op\":\"flows\",\"limit\":0}");
	REFUSES(zr_ask_request_flows, "{\"op\":\"flows\",\"limit\":10001}");
	REFUSES(zr_ask_request_flows, "{\"op\":\"flows\",\"limit\":4294967297}");
	REFUSES(zr_ask_request_flows, "{\"op\":\"flows\",\"limit\":-1}");
	REFUSES(zr_ask_request_flows, "{\"op\":\"flows\",\"limit\":\"1\"}");
	TAKES(zr_ask_request_top, "{\"op\":\"top\",\"by\":\"service\",\"limit\":1000}");
	REFUSES(zr_ask_request_top, "{\"op\":\"top\",\"by\":\"service\",\"limit\":1001}");
	TAKES(zr_ask_request_record, "{\"op\":\"x\",\"subscriber\":\"10.0.0.1\",\"seconds\":3600}");
	assert_int_equal(request.seconds, 3600);
	REFUSES(zr_ask_request_record, "{\"op\":\"x\",\"subscriber\":\"10.0.0.1\",\"seconds\":3601}");
	REFUSES(zr_ask_request_record, "{\"op\":\"x\",\"subscriber\":\"10.0.0.1\",\"seconds\":0}");
	REFUSES(zr_ask_request_record, "{\"op\":\"x\",\"subscriber\":\"10.0.0.1\"}");
}

static void subscriber_of_ipv6_is_its_network(void **state)
{
	static const uint8_t network[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 2};

	(void)state;
	TAKES(zr_ask_request_flows, "{\"op\":\"flows\",\"subscriber\":\"2001:db8:1:2:3::4\"}");
	assert_int_equal(request.look.subscriber.len, 64);
	assert_memory_equal(request.look.subscriber.addr, network, 16);
	TAKES(zr_ask_request_flows, "{\"op\":\"flows\",\"subscriber\":\"2001:db8:1:2:3::4/128\"}");
	assert_int_equal(request.look.subscriber.len, 128);
	TAKES(zr_ask_request_flows, "{\"op\":\"flows\",\"server\":\"2001:db8:1:2:3::4\"}");
	assert_int_equal(request.look.server.len, 128);
	TAKES(zr_ask_request_explain, "{\"op\":\"explain\",\"subscriber\":\"2001:db8:1:2:3::4\"}");
	assert_memory_equal(request.look.subscriber.addr, network, 16);
	TAKES(zr_ask_request_record, "{\"op\":\"x\",\"subscriber\":\"2001:db8:1:2::/64\",\"seconds\":1}");
	assert_memory_equal(request.look.subscriber.addr, network, 16);
	assert_int_equal(request.look.subscriber.len, 64);
}

static void decisions_are_of_one_subscriber(void **state)
{
	(void)state;
	TAKES(zr_ask_request_explain, "{\"op\":\"explain\",\"subscriber\":\"10.0.0.1/32\"}");
	REFUSES(zr_ask_request_explain, "{\"op\":\"explain\",\"subscriber\":\"10.0.0.0/31\"}");
	REFUSES(zr_ask_request_explain, "{\"op\":\"explain\",\"subscriber\":\"2001:db8::/63\"}");
	REFUSES(zr_ask_request_explain, "{\"op\":\"explain\"}");
	REFUSES(zr_ask_request_explain, "{\"op\":\"explain\",\"subscriber\":\"\"}");
	REFUSES(zr_ask_request_explain, "{\"op\":\"explain\",\"subscriber\":\"0.0.0.0/0\"}");
}

static void addresses_are_read_to_their_end(void **state)
{
	(void)state;
	REFUSES(zr_ask_request_flows, "{\"op\":\"flows\",\"subscriber\":\"10.0.0.1 \"}");
	REFUSES(zr_ask_request_flows, "{\"op\":\"flows\",\"subscriber\":\"10.0.0.1/8\"}");
	REFUSES(zr_ask_request_flows, "{\"op\":\"flows\",\"subscriber\":\"10.0.0.1/33\"}");
	REFUSES(zr_ask_request_flows, "{\"op\":\"flows\",\"server\":\"10.0.0\"}");
	REFUSES(zr_ask_request_flows, "{\"op\":\"flows\",\"server\":17}");
	REFUSES(zr_ask_request_flows, "{\"op\":\"flows\",\"server\":null}");
}

static void texts_have_their_bounds(void **state)
{
	char text[1024], letters[600];

	(void)state;
	memset(letters, 'r', sizeof(letters));
	for (int len = 0; len < 600; len++) {
		snprintf(text, sizeof(text), "{\"op\":\"flows\",\"rule\":\"%.*s\"}", len, letters);
		if (len >= 1 && len <= ZR_RULE_MAX) {
			TAKES(zr_ask_request_flows, text);
			assert_int_equal(strlen(request.look.rule), len);
		} else {
			REFUSES(zr_ask_request_flows, text);
		}
		snprintf(text, sizeof(text), "{\"op\":\"flows\",\"service\":\"%.*s\"}", len, letters);
		if (len >= 1 && len <= ZR_SERVICE_MAX)
			TAKES(zr_ask_request_flows, text);
		else
			REFUSES(zr_ask_request_flows, text);
	}
}

static void states_and_kinds_have_names(void **state)
{
	(void)state;
	TAKES(zr_ask_request_flows, "{\"op\":\"flows\",\"state\":\"free\"}");
	assert_int_equal(request.look.states, 1U << ZR_STATE_FREE);
	TAKES(zr_ask_request_flows, "{\"op\":\"flows\",\"state\":\"undecided\"}");
	assert_int_equal(request.look.states, 1U << ZR_STATE_UNDECIDED);
	REFUSES(zr_ask_request_flows, "{\"op\":\"flows\",\"state\":\"Free\"}");
	REFUSES(zr_ask_request_flows, "{\"op\":\"flows\",\"state\":[\"free\"]}");
	TAKES(zr_ask_request_top, "{\"op\":\"top\",\"by\":\"subscriber\"}");
	assert_int_equal(request.by, ZR_TOP_SUBSCRIBER);
	REFUSES(zr_ask_request_top, "{\"op\":\"top\"}");
	REFUSES(zr_ask_request_top, "{\"op\":\"top\",\"by\":\"flow\"}");
	REFUSES(zr_ask_request_top, "{\"op\":\"top\",\"by\":2}");
}

static void members_that_do_not_belong_are_refused(void **state)
{
	(void)state;
	REFUSES(zr_ask_request_flows, "{\"op\":\"flows\",\"by\":\"rule\"}");
	REFUSES(zr_ask_request_top, "{\"op\":\"top\",\"by\":\"rule\",\"state\":\"free\"}");
	REFUSES(zr_ask_request_explain, "{\"op\":\"explain\",\"subscriber\":\"10.0.0.1\",\"seconds\":1}");
	REFUSES(zr_ask_request_record,
		"{\"op\":\"x\",\"subscriber\":\"10.0.0.1\",\"seconds\":1,\"server\":\"10.0.0.2\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_out_has_a_default),
		cmocka_unit_test(limits_have_their_bounds),
		cmocka_unit_test(subscriber_of_ipv6_is_its_network),
		cmocka_unit_test(decisions_are_of_one_subscriber),
		cmocka_unit_test(addresses_are_read_to_their_end),
		cmocka_unit_test(texts_have_their_bounds),
		cmocka_unit_test(states_and_kinds_have_names),
		cmocka_unit_test(members_that_do_not_belong_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

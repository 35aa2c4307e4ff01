/* SPDX-License-Identifier: BSD-3-Clause */
/* What consumers say: the two messages, and everything else refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "control/message.h"
#include "tests/support/guard.h"

/* Read from memory that ends with the line. */
static const char *read_line(const char *line, size_t len, struct zr_message *message)
{
	struct guard guard;
	const uint8_t *copy = guard_copy(&guard, line, len);
	const char *wrong = zr_message_read((const char *)copy, len, message);

	guard_free(&guard);
	return wrong;
}

static void test_subscribe(void **state)
{
	struct zr_message message;
	static const char line[] = "{\"op\":\"subscribe\",\"consumer\":\"billing\",\"window\":500}";

	(void)state;
	assert_null(read_line(line, strlen(line), &message));
	assert_int_equal(message.op, ZR_MESSAGE_SUBSCRIBE);
	assert_string_equal(message.consumer, "billing");
	assert_int_equal(message.window, 500);
	for (size_t len = 0; len < strlen(line); len++)
		assert_non_null(read_line(line, len, &message));
	assert_null(read_line("{\"op\":\"subscribe\"}", 18, &message));
	assert_string_equal(message.consumer, "");
	assert_int_equal(message.window, 10000);
}

/* How many records before the next one; none unless asked for. */
static void test_last(void **state)
{
	struct zr_message message;
	static const char line[] = "{\"op\":\"subscribe\",\"last\":9007199254740992}";

	(void)state;
	assert_null(read_line(line, strlen(line), &message));
	assert_int_equal(message.last, UINT64_C(1) << 53);
	assert_null(read_line("{\"op\":\"subscribe\"}", 18, &message));
	assert_int_equal(message.last, 0);
}

static void test_ack(void **state)
{
	struct zr_message message;
	static const char line[] = "{\"op\":\"ack\",\"epoch\":\"2026-11-23T05:57:05.818865Z\",\"seq\":2840}";

	(void)state;
	assert_null(read_line(line, strlen(line), &message));
	assert_int_equal(message.op, ZR_MESSAGE_ACK);
	assert_int_equal(message.epoch_us, 1795413425818865);
	assert_int_equal(message.seq, 2840);
	for (size_t len = 0; len < strlen(line); len++)
		assert_non_null(read_line(line, len, &message));
}

static void test_refused(void **state)
{
	static const char *const lines[] = {
		"",
		"hello",
		"[]",
		"{}",
		"{\"op\":7}",
		"{\"op\":\"unsubscribe\"}",
		"{\"op\":\"subscribe\"} {\"op\":\"subscribe\"}",
		"{\"op\":\"subscribe\",\"op\":\"subscribe\"}",
		"{\"op\":\"subscribe\",\"windows\":5}",
		"{\"op\":\"subscribe\",\"consumer\":\"\"}",
		"{\"op\":\"subscribe\",\"consumer\":7}",
		"{\"op\":\"subscribe\",\"consumer\":\"a\\nb\"}",
		"{\"op\":\"subscribe\",\"consumer\":\"a\\u0000b\"}",
		"{\"op\":\"subscribe\",\"window\":0}",
		"{\"op\":\"subscribe\",\"window\":-1}",
		"{\"op\":\"subscribe\",\"window\":1000000001}",
		"{\"op\":\"subscribe\",\"window\":99999999999999999999}",
		"{\"op\":\"subscribe\",\"window\":\"5\"}",
		"{\"op\":\"subscribe\",\"consumer\":\"billing\",\"last\":5}",
		"{\"op\":\"subscribe\",\"last\":-1}",
		"{\"op\":\"subscribe\",\"last\":9007199254740993}",
		"{\"op\":\"subscribe\",\"last\":\"5\"}",
		"{\"op\":\"ack\"}",
		"{\"op\":\"ack\",\"epoch\":\"2026-11-23T05:57:05.818865Z\"}",
		"{\"op\":\"ack\",\"epoch\":\"2026-11-23T05:57:05.818865Z\",\"seq\":-1}",
		"{\"op\":\"ack\",\"epoch\":\"2026-11-23T05:57:05.818865Z\",\"seq\":1.5}",
		"{\"op\":\"ack\",\"epoch\":\"2026-11-23T05:57:05.818865Z and more\",\"seq\":1}",
		"{\"op\":\"ack\",\"epoch\":1,\"seq\":1}",
		"{\"op\":\"ack\",\"epoch\":\"yesterday\",\"seq\":1}",
		"{\"op\":\"ack\",\"epoch\":\"2026-11-23T05:57:05Z\",\"seq\":1}",
		"{\"op\":\"ack\",\"epoch\":\"2026-11-23T05:57:05,818865Z\",\"seq\":1}",
		"{\"op\":\"ack\",\"epoch\":\"2026-11-23T05:57:05.81886xZ\",\"seq\":1}",
		"{\"op\":\"ack\",\"epoch\":\"2026-11-31T05:57:05.818865Z\",\"seq\":1}",
		"{\"op\":\"ack\",\"epoch\":\"1969-12-31T23:59:59.000000Z\",\"seq\":1}",
	};
	struct zr_message message;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_non_null(read_line(lines[i], strlen(lines[i]), &message));
}

static void test_name_length(void **state)
{
	char line[128], name[ZR_CONSUMER_MAX + 2];
	struct zr_message message;

	(void)state;
	memset(name, 'n', sizeof(name));
	name[ZR_CONSUMER_MAX] = '\0';
	snprintf(line, sizeof(line), "{\"op\":\"subscribe\",\"consumer\":\"%s\"}", name);
	assert_null(read_line(line, strlen(line), &message));
	assert_string_equal(message.consumer, name);
	name[ZR_CONSUMER_MAX] = 'n';
	name[ZR_CONSUMER_MAX + 1] = '\0';
	snprintf(line, sizeof(line), "{\"op\":\"subscribe\",\"consumer\":\"%s\"}", name);
	assert_non_null(read_line(line, strlen(line), &message));
}

/* Any depth of brackets is an error and no more. */
static void test_deep(void **state)
{
	char line[4095];
	struct zr_message message;

	(void)state;
	memset(line, '[', sizeof(line));
	assert_non_null(read_line(line, sizeof(line), &message));
	memset(line, 0xff, sizeof(line));
	assert_non_null(read_line(line, sizeof(line), &message));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subscribe), cmocka_unit_test(test_last),        cmocka_unit_test(test_ack),
		cmocka_unit_test(test_refused),   cmocka_unit_test(test_name_length), cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

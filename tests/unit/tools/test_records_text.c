/* SPDX-License-Identifier: BSD-3-Clause */
/* Records that came as JSON: values, and the same JSON when they are written again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/guard.h"
#include "tools/zerorate/records/text.h"

static const char usage[] =
	"{\"type\":\"usage\",\"gateway\":\"hn "
	"\\\"1\\\"\",\"epoch\":\"2026-11-23T05:57:05.818865Z\",\"seq\":18446744073709,"
	"\"flow\":\"0000010000000001\",\"part\":0,\"final\":true,\"cause\":\"fin\",\"verdict\":\"free\",\"reason\":"
	"\"sni\","
	"\"evidence\":[\"tls_sni\",\"dns_seen\"],\"flags\":[\"ech\"],\"rule\":\".olm.vn\",\"service\":\"olm\","
	"\"rating_group\":90001,\"name\":\"www.olm.vn\",\"list_serial\":2026112201,"
	"\"subscriber\":{\"ip\":\"2001:db8::/"
	"64\",\"teid_up\":7,\"teid_down\":8},\"proto\":\"tcp\",\"client_ip\":\"2001:db8::1\","
	"\"client_port\":1,\"server_ip\":\"2001:db8::2\",\"server_port\":443,\"domain\":0,\"vlan\":[10,20],\"up_"
	"bytes\":1,"
	"\"up_pkts\":1,\"down_bytes\":2,\"down_pkts\":1,\"retro_up_bytes\":0,\"retro_down_bytes\":0,"
	"\"first\":\"2026-11-23T06:00:00.000000Z\",\"last\":\"2026-11-23T06:00:00.000000Z\"}";

static const char charged[] = "{\"type\":\"usage\",\"seq\":1,\"final\":false,\"proto\":47,\"domain\":65535}";

static bool read_text(struct zr_record_json *record, const char *text)
{
	struct guard guard;
	const char *copy = (const char *)guard_copy(&guard, text, strlen(text));
	bool good = zr_record_json_read(record, copy, strlen(text));

	guard_free(&guard);
	return good;
}

static void test_the_same_json_again(void **state)
{
	static const char *const texts[] = {usage, charged, "{}"};
	struct zr_record_json *record = malloc(sizeof(*record));
	char *json = malloc(ZR_RECORD_JSON_MAX);
	(void)state;

	assert_non_null(record);
	assert_non_null(json);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		size_t len;

		assert_true(read_text(record, texts[i]));
		if (i == 2) /* a record has members: what is written of none is the encoder's affair */
			assert_int_equal(record->record.members[ZR_MEMBER_TYPE].kind, ZR_VALUE_NONE);
		else {
			len = zr_record_json(&record->record, json);
			assert_int_equal(len, strlen(texts[i]));
			assert_memory_equal(json, texts[i], len);
		}
		zr_record_json_clear(record);
	}
	free(json);
	free(record);
}

static void test_what_is_no_record(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{",
		"5",
		"{\"seq\":\"1\"}",
		"{\"seq\":-1}",
		"{\"seq\":1.5}",
		"{\"type\":1}",
		"{\"final\":1}",
		"{\"evidence\":\"ech\"}",
		"{\"evidence\":[{}]}",
		"{\"vlan\":[null]}",
		"{\"proto\":-1}",
		"{\"proto\":[]}",
		"{\"seq\":1,\"seq\":2}",
		"{\"seq\":99999999999999999999}",
	};
	struct zr_record_json *record = malloc(sizeof(*record));
	(void)state;

	assert_non_null(record);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (read_text(record, texts[i]))
			fail_msg("%s was read", texts[i]);
		zr_record_json_clear(record);
	}
	free(record);
}

/* Arrays that a hostile daemon makes too long are refused. */
static void test_arrays_of_any_length(void **state)
{
	struct zr_record_json *record = malloc(sizeof(*record));
	char text[4 * ZR_RECORD_SCRATCH];
	unsigned int taken = 0;
	(void)state;

	assert_non_null(record);
	for (unsigned int words = 1; words < 500; words++) {
		size_t len = (size_t)snprintf(text, sizeof(text), "{\"vlan\":[1");

		for (unsigned int i = 1; i < words; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len, ",1");
		snprintf(text + len, sizeof(text) - len, "],\"flags\":[\"x\"]}");
		taken += read_text(record, text);
		zr_record_json_clear(record);
	}
	assert_in_range(taken, ZR_RECORD_SCRATCH / 2 - 4, ZR_RECORD_SCRATCH / 2);
	free(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_json_again),
		cmocka_unit_test(test_what_is_no_record),
		cmocka_unit_test(test_arrays_of_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

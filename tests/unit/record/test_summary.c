/* SPDX-License-Identifier: BSD-3-Clause */
/* The summary: what is in it, what is left out, and that it adds up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "control/record/record.h"

static void check(const struct zr_totals *totals, const char *expected)
{
	char out[ZR_RECORD_JSON_MAX];
	size_t len = zr_summary_json(totals, out);

	assert_int_equal(len, strlen(expected));
	assert_memory_equal(out, expected, len);
}

static void test_nothing(void **state)
{
	struct zr_totals totals = {0};

	(void)state;
	check(&totals, "{\"type\":\"summary\",\"pkts\":0,\"bytes\":0,\"free\":{\"pkts\":0,\"bytes\":0},"
		       "\"charged\":{\"pkts\":0,\"bytes\":0},\"reasons\":{},\"unaccounted\":{}}");
}

static void test_some(void **state)
{
	struct zr_totals totals = {
		.received = {21, 2100},
		.reason[ZR_REASON_SNI] = {5, 500},
		.reason[ZR_REASON_QUIC_SNI] = {3, 300},
		.reason[ZR_REASON_NO_MATCH] = {7, 700},
		.reason[ZR_REASON_SPOOF] = {1, 100},
		.unaccounted[ZR_UNACCOUNTED_LINK_TYPE] = {1, 100},
		.unaccounted[ZR_UNACCOUNTED_TRUNCATED] = {4, 400},
	};

	(void)state;
	check(&totals, "{\"type\":\"summary\",\"pkts\":21,\"bytes\":2100,\"free\":{\"pkts\":8,\"bytes\":800},"
		       "\"charged\":{\"pkts\":8,\"bytes\":800},"
		       "\"reasons\":{\"sni\":{\"pkts\":5,\"bytes\":500},\"quic_sni\":{\"pkts\":3,\"bytes\":300},"
		       "\"no_match\":{\"pkts\":7,\"bytes\":700},\"spoof\":{\"pkts\":1,\"bytes\":100}},"
		       "\"unaccounted\":{\"link_type\":{\"pkts\":1,\"bytes\":100},"
		       "\"truncated\":{\"pkts\":4,\"bytes\":400}}}");
}

/* Open flows: undecided volume is charged and has no reason yet. */
static void test_undecided(void **state)
{
	struct zr_totals totals = {
		.received = {3, 30}, .reason[ZR_REASON_UNDECIDED] = {2, 20}, .reason[ZR_REASON_HOST] = {1, 10}};

	(void)state;
	check(&totals, "{\"type\":\"summary\",\"pkts\":3,\"bytes\":30,\"free\":{\"pkts\":1,\"bytes\":10},"
		       "\"charged\":{\"pkts\":2,\"bytes\":20},\"reasons\":{\"host\":{\"pkts\":1,\"bytes\":10}},"
		       "\"unaccounted\":{}}");
}

/* Every name, with the largest numbers that add up: in the bounds, and free + charged + unaccounted = received. */
static void test_all(void **state)
{
	const uint64_t each = UINT64_MAX / (ZR_REASON_COUNT + ZR_UNACCOUNTED_COUNT);
	struct zr_totals totals = {0};
	char out[ZR_RECORD_JSON_MAX + 1], *at;
	uint64_t free_bytes, charged_bytes;
	size_t len;

	(void)state;
	for (unsigned int i = ZR_REASON_UNDECIDED + 1; i < ZR_REASON_COUNT; i++)
		totals.reason[i] = (struct zr_volume){each, each};
	for (unsigned int i = ZR_ACCOUNTED + 1; i < ZR_UNACCOUNTED_COUNT; i++)
		totals.unaccounted[i] = (struct zr_volume){each, each};
	totals.received.bytes = each * (ZR_REASON_COUNT - 1 + ZR_UNACCOUNTED_COUNT - 1);
	len = zr_summary_json(&totals, out);
	assert_true(len <= ZR_RECORD_JSON_MAX);
	out[len] = '\0';

	at = strstr(out, "\"free\":{\"pkts\":");
	assert_non_null(at);
	free_bytes = strtoull(strstr(at, "\"bytes\":") + 8, NULL, 10);
	at = strstr(out, "\"charged\":{\"pkts\":");
	assert_non_null(at);
	charged_bytes = strtoull(strstr(at, "\"bytes\":") + 8, NULL, 10);
	assert_int_equal(free_bytes + charged_bytes + each * (ZR_UNACCOUNTED_COUNT - 1), totals.received.bytes);
	for (unsigned int i = ZR_REASON_UNDECIDED + 1; i < ZR_REASON_COUNT; i++)
		assert_non_null(strstr(out, zr_reason_name(i)));
	assert_null(strstr(out, "undecided"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_some),
		cmocka_unit_test(test_undecided),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

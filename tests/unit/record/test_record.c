/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records as whole lines: every member, their order, and what is left out when. The list's two accessors are defined here,
 * so that texts which no list may hold can be tried too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "control/record/record.h"
#include "tests/support/guard.h"

struct zr_image {
	uint64_t serial;
	struct zr_entry entries[3];
};

void zr_image_entry(const struct zr_image *image, uint32_t entry, struct zr_entry *out)
{
	assert_in_range(entry, 0, 2);
	*out = image->entries[entry];
}

uint64_t zr_image_serial(const struct zr_image *image)
{
	return image->serial;
}

static const struct zr_image list = {
	.serial = 2026112201,
	.entries = {{.rule = ".olm.vn", .service = "olm", .rating_group = 90001},
		    {.rule = "!quangcao.olm.vn", .service = ""},
		    {.rule = "h\xe1\xbb\x8d\x63.vn", .service = "a \"b\"\t\xff", .rating_group = UINT32_MAX}},
};

/* A usage event as JSON, unterminated. */
static size_t encode(const struct zr_exporter *by, uint64_t seq, const struct zr_usage *usage, char *out)
{
	struct zr_record record;

	zr_record_of_usage(by, seq, usage, &record);
	return zr_record_json(&record, out);
}

static const struct zr_exporter exporter = {.gateway = "hn-gw-01", .epoch_us = 1795305600000000};

static union zr_ip ip(int af, const char *text)
{
	union zr_ip ip = {0};

	assert_int_equal(inet_pton(af, text, ip.b), 1);
	return ip;
}

static struct zr_usage free_part(void)
{
	return (struct zr_usage){
		.type = ZR_USAGE_PART,
		.verdict = ZR_FREE,
		.reason = ZR_REASON_SNI,
		.cause = ZR_CAUSE_FIN,
		.final = true,
		.evidence = 1 << ZR_EVIDENCE_TLS_SNI,
		.worker = 2,
		.flow = 0x12345,
		.part = 3,
		.image = &list,
		.rule = 0,
		.name = "static.olm.vn",
		.family = 4,
		.proto = 6,
		.client_port = 50123,
		.server_port = 443,
		.client = ip(AF_INET, "10.1.2.3"),
		.server = ip(AF_INET, "203.0.113.80"),
		.up_bytes = 1500,
		.down_bytes = 250000,
		.retro_up_bytes = 600,
		.up_pkts = 12,
		.down_pkts = 180,
		.first_us = 1795305600000001,
		.last_us = 1795305661999999,
	};
}

static void check(uint64_t seq, const struct zr_usage *usage, const char *expected)
{
	static const uint8_t blank[ZR_RECORD_JSON_MAX];
	struct guard guard;
	char *out = (char *)guard_copy(&guard, blank, sizeof(blank));
	size_t len = encode(&exporter, seq, usage, out);

	assert_in_range(len, 1, ZR_RECORD_JSON_MAX - 1);
	out[len] = '\0';
	assert_string_equal(out, expected);
	guard_free(&guard);
}

static void test_free_part(void **state)
{
	struct zr_usage usage = free_part();

	(void)state;
	check(1841, &usage,
	      "{\"type\":\"usage\",\"gateway\":\"hn-gw-01\",\"epoch\":\"2026-11-22T00:00:00.000000Z\",\"seq\":1841,"
	      "\"flow\":\"0000020000012345\",\"part\":3,\"final\":true,\"cause\":\"fin\","
	      "\"verdict\":\"free\",\"reason\":\"sni\",\"evidence\":[\"tls_sni\"],"
	      "\"rule\":\".olm.vn\",\"service\":\"olm\",\"rating_group\":90001,\"name\":\"static.olm.vn\","
	      "\"list_serial\":2026112201,\"subscriber\":{\"ip\":\"10.1.2.3\"},"
	      "\"proto\":\"tcp\",\"client_ip\":\"10.1.2.3\",\"client_port\":50123,\"server_ip\":\"203.0.113.80\","
	      "\"server_port\":443,\"domain\":0,"
	      "\"up_bytes\":1500,\"up_pkts\":12,\"down_bytes\":250000,\"down_pkts\":180,"
	      "\"retro_up_bytes\":600,\"retro_down_bytes\":0,"
	      "\"first\":\"2026-11-22T00:00:00.000001Z\",\"last\":\"2026-11-22T00:01:01.999999Z\"}");
}

/* Every member that a record can have. */
static void test_every_member(void **state)
{
	struct zr_usage usage = free_part();

	(void)state;
	usage.final = false;
	usage.cause = ZR_CAUSE_HOST_CHANGE;
	usage.reason = ZR_REASON_QUIC_SNI;
	usage.evidence = 1 << ZR_EVIDENCE_QUIC_SNI | 1 << ZR_EVIDENCE_HTTP_HOST | 1 << ZR_EVIDENCE_PREFIX;
	usage.flags = 1 << ZR_FLAG_ECH | 1 << ZR_FLAG_SPOOF_SUSPECT | 1 << ZR_FLAG_MIDSTREAM;
	usage.rule = 2;
	usage.family = 6;
	usage.proto = 17;
	usage.client = ip(AF_INET6, "2001:db8::a:b:c:d");
	usage.server = ip(AF_INET6, "2405:4800:1:2::80");
	usage.has_teid_up = usage.has_teid_down = true;
	usage.teid_up = 0;
	usage.teid_down = UINT32_MAX;
	usage.domain = 7;
	usage.vlan_count = 2;
	usage.vlans[0] = 100;
	usage.vlans[1] = 4094;
	usage.retro_down_bytes = 77;
	check(1, &usage,
	      "{\"type\":\"usage\",\"gateway\":\"hn-gw-01\",\"epoch\":\"2026-11-22T00:00:00.000000Z\",\"seq\":1,"
	      "\"flow\":\"0000020000012345\",\"part\":3,\"final\":false,\"cause\":\"host_change\","
	      "\"verdict\":\"free\",\"reason\":\"quic_sni\",\"evidence\":[\"quic_sni\",\"http_host\",\"prefix\"],"
	      "\"flags\":[\"ech\",\"spoof_suspect\",\"midstream\"],"
	      "\"rule\":\"h\xe1\xbb\x8d\x63.vn\",\"service\":\"a \\\"b\\\"\\u0009\xef\xbf\xbd\","
	      "\"rating_group\":4294967295,\"name\":\"static.olm.vn\",\"list_serial\":2026112201,"
	      "\"subscriber\":{\"ip\":\"2001:db8::/64\",\"teid_up\":0,\"teid_down\":4294967295},"
	      "\"proto\":\"udp\",\"client_ip\":\"2001:db8::a:b:c:d\",\"client_port\":50123,"
	      "\"server_ip\":\"2405:4800:1:2::80\",\"server_port\":443,\"domain\":7,\"vlan\":[100,4094],"
	      "\"up_bytes\":1500,\"up_pkts\":12,\"down_bytes\":250000,\"down_pkts\":180,"
	      "\"retro_up_bytes\":600,\"retro_down_bytes\":77,"
	      "\"first\":\"2026-11-22T00:00:00.000001Z\",\"last\":\"2026-11-22T00:01:01.999999Z\"}");
}

/* A tag has no part, no cause and no volumes. */
static void test_tag(void **state)
{
	struct zr_usage usage = free_part();

	(void)state;
	usage.type = ZR_USAGE_TAG;
	usage.flags = 1 << ZR_FLAG_ECH;
	usage.has_teid_down = true;
	usage.teid_down = 9;
	usage.vlan_count = 1;
	usage.vlans[0] = 5;
	check(2, &usage,
	      "{\"type\":\"tag\",\"gateway\":\"hn-gw-01\",\"epoch\":\"2026-11-22T00:00:00.000000Z\",\"seq\":2,"
	      "\"flow\":\"0000020000012345\",\"verdict\":\"free\",\"reason\":\"sni\",\"evidence\":[\"tls_sni\"],"
	      "\"flags\":[\"ech\"],\"rule\":\".olm.vn\",\"service\":\"olm\",\"rating_group\":90001,"
	      "\"name\":\"static.olm.vn\",\"list_serial\":2026112201,"
	      "\"subscriber\":{\"ip\":\"10.1.2.3\",\"teid_down\":9},"
	      "\"proto\":\"tcp\",\"client_ip\":\"10.1.2.3\",\"client_port\":50123,\"server_ip\":\"203.0.113.80\","
	      "\"server_port\":443,\"domain\":0,\"vlan\":[5],"
	      "\"first\":\"2026-11-22T00:00:00.000001Z\",\"last\":\"2026-11-22T00:01:01.999999Z\"}");
}

/* A charged flow that no entry covers: no entry, no name, no retro-credit, but the list in force. */
static void test_charged(void **state)
{
	struct zr_usage usage = free_part();

	(void)state;
	usage.verdict = ZR_CHARGED;
	usage.reason = ZR_REASON_NO_NAME;
	usage.cause = ZR_CAUSE_SHUTDOWN;
	usage.evidence = 0;
	usage.rule = ZR_ENTRY_NONE;
	usage.name = NULL;
	usage.proto = 50;
	usage.client_port = usage.server_port = 0;
	check(3, &usage,
	      "{\"type\":\"usage\",\"gateway\":\"hn-gw-01\",\"epoch\":\"2026-11-22T00:00:00.000000Z\",\"seq\":3,"
	      "\"flow\":\"0000020000012345\",\"part\":3,\"final\":true,\"cause\":\"shutdown\","
	      "\"verdict\":\"charged\",\"reason\":\"no_name\",\"list_serial\":2026112201,"
	      "\"subscriber\":{\"ip\":\"10.1.2.3\"},"
	      "\"proto\":50,\"client_ip\":\"10.1.2.3\",\"client_port\":0,\"server_ip\":\"203.0.113.80\","
	      "\"server_port\":0,\"domain\":0,"
	      "\"up_bytes\":1500,\"up_pkts\":12,\"down_bytes\":250000,\"down_pkts\":180,"
	      "\"first\":\"2026-11-22T00:00:00.000001Z\",\"last\":\"2026-11-22T00:01:01.999999Z\"}");
}

static void check_part_of(const struct zr_usage *usage, const char *there, const char *not_there)
{
	char out[ZR_RECORD_JSON_MAX + 1];

	out[encode(&exporter, 1, usage, out)] = '\0';
	assert_non_null(strstr(out, there));
	assert_null(strstr(out, not_there));
}

/* An exclusion is named by its rule; it has neither service nor rating group. */
static void test_excluded(void **state)
{
	struct zr_usage usage = free_part();

	(void)state;
	usage.verdict = ZR_CHARGED;
	usage.reason = ZR_REASON_EXCLUDED;
	usage.rule = 1;
	usage.name = NULL;
	check_part_of(&usage, "\"rule\":\"!quangcao.olm.vn\",\"list_serial\":2026112201,\"subscriber\"", "service");
	check_part_of(&usage, "\"verdict\":\"charged\",\"reason\":\"excluded\"", "rating_group");
}

/* The last part of a flow may be empty: it has no time, and none in 1970. */
static void test_no_packets(void **state)
{
	struct zr_usage usage = free_part();

	(void)state;
	usage.up_bytes = usage.down_bytes = usage.retro_up_bytes = 0;
	usage.up_pkts = usage.down_pkts = 0;
	usage.first_us = usage.last_us = 0;
	check_part_of(&usage, "\"down_pkts\":0,\"retro_up_bytes\":0,\"retro_down_bytes\":0}", "first");
}

static void test_no_list(void **state)
{
	struct zr_usage usage = free_part();

	(void)state;
	usage.image = NULL;
	usage.name = NULL;
	check_part_of(&usage, "\"evidence\":[\"tls_sni\"],\"subscriber\":{", "list_serial");
	check_part_of(&usage, "\"retro_up_bytes\":600", "\"rule\"");
}

static void test_flow_number(void **state)
{
	const struct zr_exporter later = {.gateway = "g", .epoch_us = 0};
	struct zr_usage usage = free_part();
	char out[ZR_RECORD_JSON_MAX + 1];

	(void)state;
	usage.start = 0xbeef;
	usage.worker = 0xff;
	usage.flow = 0x9876543210;
	out[encode(&later, UINT64_MAX, &usage, out)] = '\0';
	assert_non_null(strstr(out, "\"epoch\":\"1970-01-01T00:00:00.000000Z\",\"seq\":18446744073709551615,"
				    "\"flow\":\"beefff9876543210\",\"part\""));
}

/* Everything there and at its longest, texts far too long: cut, whole characters only, and still in the bounds. */
static void test_longest(void **state)
{
	static char bells[2000], name[2000];
	const struct zr_exporter longest_exporter = {.gateway = bells, .epoch_us = UINT64_MAX};
	struct zr_image longest_list = {.serial = UINT64_MAX};
	struct zr_usage usage;
	static const uint8_t blank[ZR_RECORD_JSON_MAX];
	struct guard guard;
	char *out = (char *)guard_copy(&guard, blank, sizeof(blank));
	size_t len;

	(void)state;
	memset(bells, '\a', sizeof(bells) - 1);
	memset(name, 'n', sizeof(name) - 1);
	longest_list.entries[0] = (struct zr_entry){.rule = bells, .service = bells, .rating_group = UINT32_MAX};
	memset(&usage, 0xff, sizeof(usage));
	usage.type = ZR_USAGE_PART;
	usage.verdict = ZR_FREE;
	usage.reason = ZR_REASON_INSPECT_LIMIT;
	usage.cause = ZR_CAUSE_HOST_CHANGE;
	usage.final = false;
	usage.image = &longest_list;
	usage.rule = 0;
	usage.name = name;
	usage.family = 6;
	usage.vlan_count = ZR_VLANS_MAX;
	usage.has_teid_up = usage.has_teid_down = true;

	len = encode(&longest_exporter, UINT64_MAX, &usage, out);
	assert_true(len <= ZR_RECORD_JSON_MAX);
	/* What is no text: far from nothing, and less than what json.c reckons with. */
	assert_in_range(len - (64 * 6 + ZR_RULE_MAX * 2 / 6 * 6 + ZR_SERVICE_MAX * 2 / 6 * 6 + 253), 900, 1100);
	assert_memory_equal(out + len - 2, "\"}", 2);
	/* A gateway of the longest name that the configuration takes is never cut. */
	for (unsigned int i = 0; i < 64; i++)
		assert_memory_equal(out + strlen("{\"type\":\"usage\",\"gateway\":\"") + (size_t)i * 6, "\\u0007", 6);
	guard_free(&guard);
}

static void check_record(const struct zr_record *record, const char *expected)
{
	char out[ZR_RECORD_JSON_MAX + 1];

	out[zr_record_json(record, out)] = '\0';
	assert_string_equal(out, expected);
}

static struct zr_record_total hour(void)
{
	return (struct zr_record_total){
		.verdict = ZR_FREE,
		.traffic = {.up_bytes = 1, .up_pkts = 2, .down_bytes = 3, .down_pkts = 4},
		.first_us = 1795305600000000,
		.last_us = 1795309200000000,
	};
}

#define VOLUMES_AND_HOUR                                                 \
	"\"up_bytes\":1,\"up_pkts\":2,\"down_bytes\":3,\"down_pkts\":4," \
	"\"first\":\"2026-11-22T00:00:00.000000Z\",\"last\":\"2026-11-22T01:00:00.000000Z\"}"

static void test_totals(void **state)
{
	struct zr_record_total total = hour();
	struct zr_record record;

	(void)state;
	zr_record_of_total(&exporter, 9, &total, &record);
	check_record(&record, "{\"type\":\"total\",\"gateway\":\"hn-gw-01\",\"epoch\":\"2026-11-22T00:00:00.000000Z\","
			      "\"seq\":9,\"verdict\":\"free\"," VOLUMES_AND_HOUR);

	total.has_entry = true;
	total.rule = ".olm.vn";
	total.service = "olm";
	total.rating_group = 90001;
	total.list_serial = 2026112201;
	zr_record_of_total(&exporter, 10, &total, &record);
	check_record(&record, "{\"type\":\"total\",\"gateway\":\"hn-gw-01\",\"epoch\":\"2026-11-22T00:00:00.000000Z\","
			      "\"seq\":10,\"verdict\":\"free\",\"rule\":\".olm.vn\",\"service\":\"olm\","
			      "\"rating_group\":90001,\"list_serial\":2026112201," VOLUMES_AND_HOUR);

	total.verdict = ZR_CHARGED;
	total.rule = "!quangcao.olm.vn";
	total.service = "";
	zr_record_of_total(&exporter, 11, &total, &record);
	check_record(&record, "{\"type\":\"total\",\"gateway\":\"hn-gw-01\",\"epoch\":\"2026-11-22T00:00:00.000000Z\","
			      "\"seq\":11,\"verdict\":\"charged\",\"rule\":\"!quangcao.olm.vn\","
			      "\"list_serial\":2026112201," VOLUMES_AND_HOUR);
}

static void test_total_of_subscriber(void **state)
{
	struct zr_record_total total = hour();
	struct zr_record record;

	(void)state;
	total.family = 6;
	total.domain = 7;
	total.subscriber = ip(AF_INET6, "2001:db8::a:b:c:d");
	zr_record_of_total(&exporter, 9, &total, &record);
	check_record(&record, "{\"type\":\"total\",\"gateway\":\"hn-gw-01\",\"epoch\":\"2026-11-22T00:00:00.000000Z\","
			      "\"seq\":9,\"verdict\":\"free\",\"subscriber\":{\"ip\":\"2001:db8::/"
			      "64\"},\"domain\":7," VOLUMES_AND_HOUR);
}

static void test_losses(void **state)
{
	struct zr_record_loss loss = {.cause = ZR_LOSS_RING_FULL,
				      .has_verdict = true,
				      .verdict = ZR_FREE,
				      .has_traffic = true,
				      .traffic = {.up_bytes = 1, .up_pkts = 2, .down_bytes = 3, .down_pkts = 4},
				      .first_us = 1795305600000000,
				      .last_us = 1795309200000000};
	struct zr_record record;

	(void)state;
	zr_record_of_loss(&exporter, 9, &loss, &record);
	check_record(&record, "{\"type\":\"loss\",\"gateway\":\"hn-gw-01\",\"epoch\":\"2026-11-22T00:00:00.000000Z\","
			      "\"seq\":9,\"cause\":\"ring_full\",\"verdict\":\"free\"," VOLUMES_AND_HOUR);

	loss = (struct zr_record_loss){.cause = ZR_LOSS_AWAY, .last_us = 1795309200000000};
	zr_record_of_loss(&exporter, 10, &loss, &record);
	check_record(&record, "{\"type\":\"loss\",\"gateway\":\"hn-gw-01\",\"epoch\":\"2026-11-22T00:00:00.000000Z\","
			      "\"seq\":10,\"cause\":\"away\",\"last\":\"2026-11-22T01:00:00.000000Z\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_free_part),
		cmocka_unit_test(test_every_member),
		cmocka_unit_test(test_tag),
		cmocka_unit_test(test_charged),
		cmocka_unit_test(test_excluded),
		cmocka_unit_test(test_no_packets),
		cmocka_unit_test(test_no_list),
		cmocka_unit_test(test_flow_number),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_total_of_subscriber),
		cmocka_unit_test(test_losses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Host names and addresses as packet flow descriptions have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "tests/support/guard.h"
#include "tools/zerorate/list/flow.h"
#include "tools/zerorate/list/pattern.h"

static struct zr_rule parse(const char *text)
{
	struct zr_fault fault;
	struct zr_rule rule;

	assert_int_equal(zr_rule_parse(text, strlen(text), &rule, &fault), 0);
	return rule;
}

/* The match column of a pattern that ends at a guard page; what is wrong with it, if it cannot be read. */
static const char *read_pattern(const char *text)
{
	static char rule[ZR_RULE_MAX + 1];
	struct guard guard;
	const char *wrong = zr_pattern_read((const char *)guard_copy(&guard, text, strlen(text)), strlen(text), rule);

	guard_free(&guard);
	return wrong != NULL ? wrong : rule;
}

static void names_come_back_as_they_were_written(void **state)
{
	static const char *const rules[] = {"thi.moet.gov.vn", ".olm.vn", "*.hocmai.vn", "_a-b.xn--hc-vja.vn", ".vn"};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct zr_rule rule = parse(rules[i]);
		char text[ZR_PATTERN_MAX];
		size_t len = zr_pattern_write(&rule, text);

		assert_int_equal(len, strlen(text));
		assert_string_equal(read_pattern(text), rules[i]);
	}
}

static void the_longest_name_fits(void **state)
{
	struct zr_rule rule = {.kind = ZR_RULE_SUBTREE, .name_len = ZR_NAME_MAX};
	char text[ZR_PATTERN_MAX];

	(void)state;
	for (unsigned int i = 0; i < ZR_NAME_MAX; i++)
		rule.name[i] = i % 2 == 0 ? 'a' : '.';
	assert_true(zr_pattern_write(&rule, text) < ZR_PATTERN_MAX);
	assert_string_equal(read_pattern(text) + 1, rule.name);
}

static void plain_suffixes_are_read(void **state)
{
	(void)state;
	assert_string_equal(read_pattern("^(.*\\.)?olm\\.vn$"), ".olm.vn");
	assert_string_equal(read_pattern("^(?:.+\\.)?olm\\.vn$"), ".olm.vn");
	assert_string_equal(read_pattern("^(?:.*\\.)?olm[.]vn$"), ".olm.vn");
	assert_string_equal(read_pattern("^.*\\.olm\\.vn$"), "*.olm.vn");
	assert_string_equal(read_pattern(".*\\.olm\\.vn$"), "*.olm.vn");
	assert_string_equal(read_pattern("\\.olm\\.vn$"), "*.olm.vn");
	assert_string_equal(read_pattern("^olm\\.vn$"), "olm.vn");
}

static void other_expressions_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		".olm.vn",
		"*.olm.vn",
		"olm\\.vn$",                /* also badolm.vn */
		"(.+\\.)?olm\\.vn$",        /* likewise */
		"^(.+\\.)?olm\\.vn",        /* also olm.vn.example */
		"^.*olm\\.vn$",             /* also badolm.vn */
		"^(.+\\.)?olm.vn$",         /* also olm-vn */
		"^(.+\\.)?(olm|hoc)\\.vn$", /* two */
		"^[a-z]+\\.olm\\.vn$",
		"^\\.olm\\.vn$", /* no host, and not its subdomains */
		"^[.]olm[.]vn$",
		"^(.+\\.)?\\.olm\\.vn$",
		"\\.\\.olm\\.vn$",
		"^.+\\.olm\\.vn\\$",
		"^(.+\\.)?olm\\.vn?$",
		"olm.vn/lesson",
		"olm vn",
	};
	char rule[ZR_RULE_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (zr_pattern_read(texts[i], strlen(texts[i]), rule) == NULL)
			fail_msg("read as %s: %s", rule, texts[i]);
}

static void too_long_a_pattern_is_refused(void **state)
{
	char text[3 * ZR_RULE_MAX], rule[ZR_RULE_MAX + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_non_null(zr_pattern_read(text, ZR_RULE_MAX + 1, rule));
	text[0] = '^';
	text[sizeof(text) - 1] = '$';
	assert_non_null(zr_pattern_read(text, sizeof(text), rule));
	text[ZR_RULE_MAX + 1] = '$';
	assert_null(zr_pattern_read(text, ZR_RULE_MAX + 2, rule));
	text[ZR_RULE_MAX + 2] = '$';
	text[ZR_RULE_MAX + 1] = 'a';
	assert_non_null(zr_pattern_read(text, ZR_RULE_MAX + 3, rule));
}

/* The match columns of a flow description that ends at a guard page, with bars between; what is wrong, if it cannot be read. */
static const char *read_flow(const char *text)
{
	static char rules[ZR_FLOW_RANGES_MAX * ZR_FLOW_MAX];
	static struct zr_flow flow;
	struct guard guard;
	const char *wrong = zr_flow_read((const char *)guard_copy(&guard, text, strlen(text)), strlen(text), &flow);

	guard_free(&guard);
	if (wrong != NULL)
		return wrong;
	rules[0] = '\0';
	for (unsigned int i = 0; i < flow.count; i++)
		sprintf(rules + strlen(rules), "%s%s", i > 0 ? "|" : "", flow.rules[i]);
	return rules;
}

static void addresses_come_back_as_they_were_written(void **state)
{
	static const char *const rules[] = {
		"203.162.10.0/24",
		"203.162.10.0/24 udp",
		"203.162.10.0/24 udp 8801-8810",
		"203.162.10.7/32 tcp 443",
		"2401:d800:10::/48",
		"2401:d800:10::/48 tcp 1-65535",
		"2401:d800:10::1/128 tcp 65535",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct zr_rule rule = parse(rules[i]);
		char text[ZR_FLOW_MAX];
		size_t len = zr_flow_write(&rule.block, text);

		assert_int_equal(len, strlen(text));
		assert_string_equal(read_flow(text), rules[i]);
	}
}

static void flows_from_a_server_are_read(void **state)
{
	(void)state;
	assert_string_equal(read_flow("permit out 6 from 10.0.0.1 80,443,8000-8010 to assigned"),
			    "10.0.0.1/32 tcp 80|10.0.0.1/32 tcp 443|10.0.0.1/32 tcp 8000-8010");
	assert_string_equal(read_flow("  PERMIT out  UDP from 10.0.0.1/24 to any "), "10.0.0.0/24 udp");
	assert_string_equal(read_flow("permit out ip from 2001:DB8::1/32 to assigned"), "2001:db8::/32");
}

static void other_flows_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"permit",
		"deny out ip from 10.0.0.1 to any",
		"permit in ip from 10.0.0.1 to any",
		"permit out 1 from 10.0.0.1 to any",
		"permit out ip from any to 10.0.0.1",
		"permit out ip from any to assigned",
		"permit out ip from assigned to any",
		"permit out ip from !10.0.0.1 to any",
		"permit out ip from 10.0.0.1.2 to any",
		"permit out ip from 10.0.0.1 443 to any",
		"permit out 6 from 10.0.0.1 0 to any",
		"permit out 6 from 10.0.0.1 443, to any",
		"permit out 6 from 10.0.0.1 443,,80 to any",
		"permit out 6 from 10.0.0.1 80-70 to any",
		"permit out 6 from 10.0.0.1 70- to any",
		"permit out 6 from 10.0.0.1 65536 to any",
		"permit out 6 from 10.0.0.1 000000000443 to any",
		"permit out 6 from 10.0.0.1 443 to any 1024",
		"permit out 6 from 10.0.0.1 to any setup",
		"permit out 6 from 10.0.0.1 443 to 10.9.9.9",
		"permit out 6 from 10.0.0.1 443 to assigned frag extra",
	};
	static struct zr_flow flow;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (zr_flow_read(texts[i], strlen(texts[i]), &flow) == NULL)
			fail_msg("read: %s", texts[i]);
}

static void too_many_ranges_of_ports_are_refused(void **state)
{
	char text[ZR_FLOW_READ_MAX + 64] = "permit out 6 from 10.0.0.1 1";
	static struct zr_flow flow;

	(void)state;
	for (unsigned int i = 1; i < ZR_FLOW_RANGES_MAX; i++)
		strcat(text, ",1");
	strcat(text, " to any");
	assert_null(zr_flow_read(text, strlen(text), &flow));
	assert_int_equal(flow.count, ZR_FLOW_RANGES_MAX);
	strcpy(strstr(text, " to any"), ",1 to any");
	assert_non_null(zr_flow_read(text, strlen(text), &flow));
	memset(text, ' ', sizeof(text));
	assert_non_null(zr_flow_read(text, sizeof(text), &flow));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_come_back_as_they_were_written),
		cmocka_unit_test(the_longest_name_fits),
		cmocka_unit_test(plain_suffixes_are_read),
		cmocka_unit_test(other_expressions_are_refused),
		cmocka_unit_test(too_long_a_pattern_is_refused),
		cmocka_unit_test(addresses_come_back_as_they_were_written),
		cmocka_unit_test(flows_from_a_server_are_read),
		cmocka_unit_test(other_flows_are_refused),
		cmocka_unit_test(too_many_ranges_of_ports_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

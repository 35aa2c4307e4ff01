/* SPDX-License-Identifier: BSD-3-Clause */
/* What answers tell: addresses, and the way to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>

#include "dataplane/inspect/dns_answer.h"
#include "tests/support/dns_make.h"
#include "tests/support/guard.h"

#define NAME     "www.olm.vn"
#define EDGE     "edge.cdn.example.net"
#define KEY_PORT 3
#define KEY_V4   4
#define KEY_ECH  5
#define KEY_V6   6

static struct dns_bytes m;
static struct zr_dns_outcome outcome;
static char told[4096]; /* a line for each address: "name > alias > alias TYPE address TTL" */

static void on_address(void *arg, const struct zr_dns_address *address)
{
	char ip[INET6_ADDRSTRLEN];
	size_t at = strlen(told);

	(void)arg;
	assert_non_null(inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->ip.b, ip, sizeof(ip)));
	at += (size_t)snprintf(told + at, sizeof(told) - at, "%s", address->name->text);
	for (unsigned int i = 0; i < address->chain_count; i++)
		at += (size_t)snprintf(told + at, sizeof(told) - at, " > %s", address->chain[i]->text);
	snprintf(told + at, sizeof(told) - at, " %u %s %u\n", address->type, ip, address->ttl_s);
}

/* What the message tells when it ends at a guard page. */
static const char *tell(void)
{
	struct zr_dns_message message;
	struct guard guard;

	told[0] = '\0';
	assert_int_equal(zr_dns_read(guard_copy(&guard, m.at, m.len), m.len, &message), ZR_OK);
	outcome = zr_dns_answer(&message, on_address, NULL);
	guard_free(&guard);
	return told;
}

static void begin(uint16_t type)
{
	dns_begin(&m, 1, true, NAME, type);
}

static void test_addresses(void **state)
{
	(void)state;
	begin(DNS_A);
	dns_put_address(&m, "WWW.Olm.vn", 60, "203.0.113.1");
	dns_put_address(&m, NAME, 70, "203.0.113.2");
	dns_put_address(&m, NAME, 0x80000000, "2001:db8::1");
	assert_string_equal(tell(),
			    "www.olm.vn 1 203.0.113.1 60\nwww.olm.vn 1 203.0.113.2 70\nwww.olm.vn 28 2001:db8::1 0\n");
	assert_false(outcome.broken);
	assert_int_equal(outcome.rcode, 0);
}

static void test_chain_in_any_order(void **state)
{
	static const char expected[] = "www.olm.vn > a.example.vn > " EDGE " 1 203.0.113.1 60\n";

	(void)state;
	begin(DNS_A);
	dns_put_cname(&m, NAME, 5, "a.example.vn");
	dns_put_cname(&m, "A.example.vn", 6, EDGE);
	dns_put_address(&m, EDGE, 60, "203.0.113.1");
	assert_string_equal(tell(), expected);
	begin(DNS_A);
	dns_put_address(&m, EDGE, 60, "203.0.113.1");
	dns_put_cname(&m, "a.example.vn", 6, EDGE);
	dns_put_cname(&m, NAME, 5, "a.example.vn");
	assert_string_equal(tell(), expected);
}

static void test_addresses_of_other_names_are_not_told(void **state)
{
	(void)state;
	begin(DNS_A);
	dns_put_address(&m, "olm.vn", 60, "203.0.113.1");
	dns_put_address(&m, "xwww.olm.vn", 60, "203.0.113.2");
	dns_put_address(&m, ".", 60, "203.0.113.3");
	dns_put_cname(&m, "other.example.vn", 60, EDGE);
	dns_put_address(&m, EDGE, 60, "203.0.113.4");
	assert_string_equal(tell(), "");
	/* An alias has no address of its own. */
	begin(DNS_A);
	dns_put_cname(&m, NAME, 60, EDGE);
	dns_put_address(&m, NAME, 60, "203.0.113.5");
	assert_string_equal(tell(), "");
}

static void test_other_sections_and_classes_are_not_told(void **state)
{
	size_t record;

	(void)state;
	begin(DNS_A);
	record = dns_record(&m, DNS_COUNT_ANSWER, NAME, DNS_A, 60);
	m.at[record - 7] = 3; /* class CH */
	dns_put(&m, "abcd", 4);
	dns_record_end(&m, record);
	record = dns_record(&m, DNS_COUNT_AUTHORITY, NAME, DNS_A, 60);
	dns_put(&m, "abcd", 4);
	dns_record_end(&m, record);
	record = dns_record(&m, DNS_COUNT_ADDITIONAL, NAME, DNS_A, 60);
	dns_put(&m, "abcd", 4);
	dns_record_end(&m, record);
	assert_string_equal(tell(), "");
	assert_false(outcome.broken);
}

static void test_circles_end(void **state)
{
	(void)state;
	begin(DNS_A);
	dns_put_cname(&m, NAME, 60, EDGE);
	dns_put_cname(&m, EDGE, 60, NAME);
	dns_put_address(&m, NAME, 60, "203.0.113.1");
	assert_string_equal(tell(), "www.olm.vn > " EDGE " > www.olm.vn 1 203.0.113.1 60\n");
	begin(DNS_A);
	dns_put_cname(&m, NAME, 60, NAME);
	assert_string_equal(tell(), "");
}

static void test_the_longest_chain(void **state)
{
	char owner[32] = NAME, target[32];

	(void)state;
	begin(DNS_A);
	for (unsigned int i = 0; i < ZR_DNS_CHAIN_MAX; i++) {
		snprintf(target, sizeof(target), "a%u.example.vn", i);
		dns_put_cname(&m, owner, 60, target);
		strcpy(owner, target);
	}
	dns_put_address(&m, owner, 60, "203.0.113.1");
	assert_non_null(strstr(tell(), "> a15.example.vn 1 203.0.113.1 60\n"));
	begin(DNS_A);
	strcpy(owner, NAME);
	for (unsigned int i = 0; i <= ZR_DNS_CHAIN_MAX; i++) {
		snprintf(target, sizeof(target), "a%u.example.vn", i);
		dns_put_cname(&m, owner, 60, target);
		strcpy(owner, target);
	}
	dns_put_address(&m, owner, 60, "203.0.113.1");
	assert_string_equal(tell(), "");
}

static void test_an_alias_to_what_is_no_host_leads_nowhere(void **state)
{
	(void)state;
	begin(DNS_A);
	dns_put_cname(&m, NAME, 60, "a b.example.vn");
	dns_put_address(&m, "a b.example.vn", 60, "203.0.113.1");
	assert_string_equal(tell(), "");
	assert_int_equal(outcome.names_other, 1);
}

static void test_an_answer_that_says_no_tells_nothing(void **state)
{
	(void)state;
	begin(DNS_A);
	m.at[3] |= 3;
	dns_put_address(&m, NAME, 60, "203.0.113.1");
	assert_string_equal(tell(), "");
	assert_int_equal(outcome.rcode, 3);
}

static void test_rcode_of_edns(void **state)
{
	(void)state;
	begin(DNS_A);
	dns_put_address(&m, NAME, 60, "203.0.113.1");
	dns_record(&m, DNS_COUNT_ADDITIONAL, ".", DNS_OPT, 0x00008000);
	assert_string_equal(tell(), "www.olm.vn 1 203.0.113.1 60\n");
	begin(DNS_A);
	dns_put_address(&m, NAME, 60, "203.0.113.1");
	dns_record(&m, DNS_COUNT_ADDITIONAL, ".", DNS_OPT, 0x01000000); /* BADVERS */
	assert_string_equal(tell(), "");
	assert_int_equal(outcome.rcode, 16);
}

static void test_addresses_of_the_wrong_length(void **state)
{
	(void)state;
	for (size_t len = 0; len <= 17; len++) {
		static const uint8_t bytes[17];
		size_t record;

		begin(DNS_A);
		record = dns_record(&m, DNS_COUNT_ANSWER, NAME, DNS_A, 60);
		dns_put(&m, bytes, len);
		dns_record_end(&m, record);
		record = dns_record(&m, DNS_COUNT_ANSWER, NAME, DNS_AAAA, 60);
		dns_put(&m, bytes, len);
		dns_record_end(&m, record);
		tell();
		assert_int_equal(strstr(told, " 1 ") != NULL, len == 4);
		assert_int_equal(strstr(told, " 28 ") != NULL, len == 16);
		assert_false(outcome.broken);
	}
}

static void test_what_stands_before_a_break_is_told(void **state)
{
	(void)state;
	begin(DNS_A);
	dns_put_address(&m, NAME, 60, "203.0.113.1");
	dns_put_address(&m, NAME, 60, "203.0.113.2");
	m.len--;
	assert_string_equal(tell(), "www.olm.vn 1 203.0.113.1 60\n");
	assert_true(outcome.broken);
}

static void put_hints(uint16_t type, uint16_t priority, const char *target)
{
	size_t record = dns_put_service(&m, type, NAME, 300, priority, target);

	dns_put_parameter(&m, 1, "\2h2", 3);
	dns_put_parameter(&m, KEY_V4, "\xcb\0\x71\1\xcb\0\x71\2", 8);
	dns_put_parameter(&m, KEY_ECH, "echo", 4);
	dns_put_parameter(&m, KEY_V6, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	dns_record_end(&m, record);
}

static void test_hints(void **state)
{
	(void)state;
	begin(DNS_HTTPS);
	put_hints(DNS_HTTPS, 1, ".");
	assert_string_equal(tell(), "www.olm.vn 65 203.0.113.1 300\nwww.olm.vn 65 203.0.113.2 300\n"
				    "www.olm.vn 65 2001:db8::1 300\n");
	begin(DNS_SVCB);
	put_hints(DNS_SVCB, 1, EDGE);
	assert_non_null(strstr(tell(), "www.olm.vn > " EDGE " 64 2001:db8::1 300\n"));
}

static void test_hints_of_the_alias_mode_are_not_told(void **state)
{
	(void)state;
	begin(DNS_HTTPS);
	put_hints(DNS_HTTPS, 0, EDGE);
	assert_string_equal(tell(), "");
}

static void test_a_target_that_is_no_host(void **state)
{
	(void)state;
	begin(DNS_HTTPS);
	put_hints(DNS_HTTPS, 1, "a b.example.vn");
	assert_string_equal(tell(), "");
	assert_int_equal(outcome.names_other, 1);
}

/* Clients use no record whose parameters break a rule, so it teaches nothing. */
static void test_parameters_that_break_a_rule(void **state)
{
	static const struct {
		uint16_t key;
		const char *value;
		size_t len;
	} cases[] = {
		{KEY_V4, "", 0},     {KEY_V4, "abc", 3},  {KEY_V4, "abcde", 5},
		{KEY_V6, "abcd", 4}, {KEY_PORT, "ab", 2}, /* not in order */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t record;

		begin(DNS_HTTPS);
		record = dns_put_service(&m, DNS_HTTPS, NAME, 300, 1, ".");
		if (cases[i].key != KEY_V4)
			dns_put_parameter(&m, KEY_V4, "abcd", 4);
		dns_put_parameter(&m, cases[i].key, cases[i].value, cases[i].len);
		dns_record_end(&m, record);
		assert_string_equal(tell(), "");
	}
	begin(DNS_HTTPS);
	put_hints(DNS_HTTPS, 1, ".");
	m.at[m.len - 17]++; /* the last value is longer than the record */
	assert_string_equal(tell(), "");
}

static void test_every_prefix_of_hints(void **state)
{
	size_t record, whole;

	(void)state;
	begin(DNS_HTTPS);
	record = m.len + strlen(NAME) + 2 + 10;
	put_hints(DNS_HTTPS, 1, EDGE);
	whole = m.len;
	for (m.len = record; m.len < whole; m.len++) {
		dns_record_end(&m, record);
		/* Cut between two parameters the record is as good as before. */
		if (*tell() != '\0')
			assert_true(m.len > record + strlen(EDGE) + 4 + 7);
		assert_false(outcome.broken);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_chain_in_any_order),
		cmocka_unit_test(test_addresses_of_other_names_are_not_told),
		cmocka_unit_test(test_other_sections_and_classes_are_not_told),
		cmocka_unit_test(test_circles_end),
		cmocka_unit_test(test_the_longest_chain),
		cmocka_unit_test(test_an_alias_to_what_is_no_host_leads_nowhere),
		cmocka_unit_test(test_an_answer_that_says_no_tells_nothing),
		cmocka_unit_test(test_rcode_of_edns),
		cmocka_unit_test(test_addresses_of_the_wrong_length),
		cmocka_unit_test(test_what_stands_before_a_break_is_told),
		cmocka_unit_test(test_hints),
		cmocka_unit_test(test_hints_of_the_alias_mode_are_not_told),
		cmocka_unit_test(test_a_target_that_is_no_host),
		cmocka_unit_test(test_parameters_that_break_a_rule),
		cmocka_unit_test(test_every_prefix_of_hints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

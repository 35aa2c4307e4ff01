/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/rules/lists.h"

#include <errno.h>

#include "tests/support/guard.h"

static int parse(const char *text, struct zr_prefix *out)
{
	size_t len = strlen(text);
	struct guard guard;
	int result = zr_prefix_parse((const char *)guard_copy(&guard, text, len), len, out);

	guard_free(&guard);
	return result;
}

static void expect(const char *text, int result, const char *written)
{
	char out[ZR_PREFIX_TEXT];
	struct zr_prefix prefix;

	assert_int_equal(parse(text, &prefix), result);
	assert_int_equal(zr_prefix_format(&prefix, out), strlen(written));
	assert_string_equal(out, written);
}

static void reads_prefixes_and_bare_addresses(void **state)
{
	(void)state;
	expect("10.0.0.0/8", 0, "10.0.0.0/8");
	expect("0.0.0.0/0", 0, "0.0.0.0/0");
	expect("203.162.10.5", 0, "203.162.10.5/32");
	expect("2405:4800::/32", 0, "2405:4800::/32");
	expect("::/0", 0, "::/0");
	expect("2001:DB8::1", 0, "2001:db8::1/128");
	expect("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128", 0, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
}

/* The examples of RFC 5952, sections 4.2 and 4.3. */
static void writes_ipv6_as_rfc_5952_recommends(void **state)
{
	(void)state;
	expect("2001:0db8::0001", 0, "2001:db8::1/128");
	expect("2001:db8:0:0:0:0:2:1", 0, "2001:db8::2:1/128");
	expect("2001:db8:0:1:1:1:1:1", 0, "2001:db8:0:1:1:1:1:1/128");
	expect("2001:0:0:1:0:0:0:1", 0, "2001:0:0:1::1/128");
	expect("2001:db8:0:0:1:0:0:1", 0, "2001:db8::1:0:0:1/128");
}

static void clears_bits_behind_the_length_and_says_so(void **state)
{
	(void)state;
	expect("203.162.10.7/24", -ERANGE, "203.162.10.0/24");
	expect("255.255.255.255/31", -ERANGE, "255.255.255.254/31");
	expect("255.255.255.255/9", -ERANGE, "255.128.0.0/9");
	expect("128.0.0.0/0", -ERANGE, "0.0.0.0/0");
	expect("2001:db8::1/127", -ERANGE, "2001:db8::/127");
}

static void refuses_what_is_no_prefix(void **state)
{
	static const char *const bad[] = {
		"",
		"/",
		"/8",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/8/8",
		"10.0.0/8",
		"10.0.0.0.0",
		"256.0.0.0",
		"10.0.0.0/-1",
		"10.0.0.0/+8",
		"10.0.0.0/ 8",
		" 10.0.0.0/8",
		"10.0.0.0/99999999999999999999",
		"::/129",
		":::",
		"1:2:3:4:5:6:7:8:9",
		"fe80::1%eth0",
		"olm.vn",
		"2001:db8::g",
		"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555",
		"10.0.0.0 /8",
	};
	struct zr_prefix prefix;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse(bad[i], &prefix), -EINVAL);
	assert_int_equal(zr_prefix_parse("10.0.0.0\0/8", 11, &prefix), -EINVAL);
	assert_int_equal(zr_prefix_parse(NULL, 0, &prefix), -EINVAL);
}

static void a_set_contains_the_addresses_of_its_prefixes(void **state)
{
	static const char *const members[] = {"10.0.0.0/8", "203.162.10.128/25", "2405:4800::/32", "2001:db8::8/125"};
	const uint8_t low4[4] = {10, 0, 0, 0}, high4[4] = {10, 255, 255, 255}, behind4[4] = {11, 0, 0, 0};
	const uint8_t half[4] = {203, 162, 10, 128}, other_half[4] = {203, 162, 10, 127};
	uint8_t addr6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 8};
	struct zr_prefix_set set = {0};
	struct zr_prefix prefix;

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		assert_int_equal(parse(members[i], &prefix), 0);
		assert_int_equal(zr_prefix_set_add(&set, &prefix), 0);
	}
	assert_true(zr_prefix_set_contains(&set, 4, low4));
	assert_true(zr_prefix_set_contains(&set, 4, high4));
	assert_false(zr_prefix_set_contains(&set, 4, behind4));
	assert_true(zr_prefix_set_contains(&set, 4, half));
	assert_false(zr_prefix_set_contains(&set, 4, other_half));
	assert_true(zr_prefix_set_contains(&set, 6, addr6));
	addr6[15] = 15;
	assert_true(zr_prefix_set_contains(&set, 6, addr6));
	addr6[15] = 16;
	assert_false(zr_prefix_set_contains(&set, 6, addr6));
	zr_prefix_set_clear(&set);
	assert_false(zr_prefix_set_contains(&set, 4, low4));
}

static void the_whole_family_is_a_prefix_of_length_0(void **state)
{
	const uint8_t addr[16] = {255, 255, 255, 255};
	struct zr_prefix_set set = {0};
	struct zr_prefix prefix;

	(void)state;
	assert_int_equal(parse("0.0.0.0/0", &prefix), 0);
	assert_int_equal(zr_prefix_set_add(&set, &prefix), 0);
	assert_true(zr_prefix_set_contains(&set, 4, addr));
	assert_false(zr_prefix_set_contains(&set, 6, addr));
	zr_prefix_set_clear(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_prefixes_and_bare_addresses),
		cmocka_unit_test(writes_ipv6_as_rfc_5952_recommends),
		cmocka_unit_test(clears_bits_behind_the_length_and_says_so),
		cmocka_unit_test(refuses_what_is_no_prefix),
		cmocka_unit_test(a_set_contains_the_addresses_of_its_prefixes),
		cmocka_unit_test(the_whole_family_is_a_prefix_of_length_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

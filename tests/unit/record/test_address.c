/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses: the rules of RFC 5952 one by one, then all patterns of zero groups against the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "control/record/address.h"
#include "tests/support/guard.h"

static void check(int af, const char *in, const char *address, const char *subscriber)
{
	static const uint8_t blank[ZR_ADDRESS_TEXT_MAX];
	struct guard guard;
	char *out = (char *)guard_copy(&guard, blank, sizeof(blank));
	uint8_t family = af == AF_INET ? 4 : 6;
	union zr_ip ip = {0};

	assert_int_equal(inet_pton(af, in, ip.b), 1);
	*zr_address_format(out, family, &ip) = '\0';
	assert_string_equal(out, address);
	*zr_subscriber_format(out, family, &ip) = '\0';
	assert_string_equal(out, subscriber);
	guard_free(&guard);
}

static void test_v4(void **state)
{
	(void)state;
	check(AF_INET, "0.0.0.0", "0.0.0.0", "0.0.0.0");
	check(AF_INET, "10.9.99.100", "10.9.99.100", "10.9.99.100");
	check(AF_INET, "255.255.255.255", "255.255.255.255", "255.255.255.255");
}

static void test_v6(void **state)
{
	(void)state;
	check(AF_INET6, "::", "::", "::/64");
	check(AF_INET6, "::1", "::1", "::/64");
	check(AF_INET6, "2001:db8::", "2001:db8::", "2001:db8::/64");
	check(AF_INET6, "2001:0DB8:0:0:0:0:2:1", "2001:db8::2:1", "2001:db8::/64");
	check(AF_INET6, "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1::/64"); /* 4.2.2 */
	check(AF_INET6, "2001:0:0:1:0:0:0:1", "2001:0:0:1::1", "2001:0:0:1::/64");            /* 4.2.3: the longest */
	check(AF_INET6, "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", "2001:db8::/64");        /* 4.2.3: the first */
	check(AF_INET6, "1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0", "1:2:3:4::/64");
	check(AF_INET6, "0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", "0:2:3:4::/64");
	check(AF_INET6, "64:ff9b::cb00:7101", "64:ff9b::cb00:7101", "64:ff9b::/64");
	check(AF_INET6, "::ffff:203.0.113.1", "::ffff:203.0.113.1", "::/64"); /* 5 */
	check(AF_INET6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	      "ffff:ffff:ffff:ffff::/64");
}

/* Each of the 256 patterns of zero and non-zero groups. */
static void test_zero_patterns(void **state)
{
	(void)state;
	for (unsigned int pattern = 1; pattern < 256; pattern++) {
		char expected[INET6_ADDRSTRLEN], out[ZR_ADDRESS_TEXT_MAX + 1];
		union zr_ip ip = {0};

		for (unsigned int i = 0; i < 8; i++)
			ip.b[2 * i + (pattern & 1)] = (uint8_t)((pattern >> i & 1) * (i + 0x1e));
		ip.b[0] |= 0x20; /* no IPv4 address inside */
		assert_non_null(inet_ntop(AF_INET6, ip.b, expected, sizeof(expected)));
		*zr_address_format(out, 6, &ip) = '\0';
		assert_string_equal(out, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v4),
		cmocka_unit_test(test_v6),
		cmocka_unit_test(test_zero_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

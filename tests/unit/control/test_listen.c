/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses with ports, as metrics.listen has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "control/listen.h"

static void reads_v4(void **state)
{
	struct zr_listen listen;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(void *)&listen.any;

	(void)state;
	assert_int_equal(zr_listen_parse("127.0.0.1:9469", &listen), 0);
	assert_int_equal(listen.len, sizeof(*v4));
	assert_int_equal(v4->sin_family, AF_INET);
	assert_int_equal(ntohl(v4->sin_addr.s_addr), 0x7f000001);
	assert_int_equal(ntohs(v4->sin_port), 9469);
	assert_int_equal(zr_listen_parse("0.0.0.0:1", &listen), 0);
	assert_int_equal(zr_listen_parse("255.255.255.255:65535", &listen), 0);
	assert_int_equal(ntohs(v4->sin_port), 65535);
}

static void reads_v6(void **state)
{
	struct zr_listen listen;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(void *)&listen.any;

	(void)state;
	assert_int_equal(zr_listen_parse("[::1]:9469", &listen), 0);
	assert_int_equal(listen.len, sizeof(*v6));
	assert_int_equal(v6->sin6_family, AF_INET6);
	assert_memory_equal(&v6->sin6_addr, &in6addr_loopback, sizeof(in6addr_loopback));
	assert_int_equal(ntohs(v6->sin6_port), 9469);
	assert_int_equal(zr_listen_parse("[2001:db8:ffff:ffff:ffff:ffff:255.255.255.255]:80", &listen), 0);
}

static void loopback_is_told_apart(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} all[] = {
		{"127.0.0.1:80", true},  {"127.255.255.254:80", true}, {"126.255.255.255:80", false},
		{"128.0.0.1:80", false}, {"0.0.0.0:80", false},        {"1.0.0.127:80", false},
		{"[::1]:80", true},      {"[::]:80", false},           {"[fe80::1]:80", false},
	};
	struct zr_listen listen;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_int_equal(zr_listen_parse(all[i].text, &listen), 0);
		assert_int_equal(zr_listen_is_loopback(&listen), all[i].is);
	}
}

static void refuses_what_is_no_address_with_a_port(void **state)
{
	static const char *const texts[] = {
		"",
		":",
		"9469",
		":9469",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:0",
		"127.0.0.1:080",
		"127.0.0.1:65536",
		"127.0.0.1:18446744073709551617",
		"127.0.0.1:+80",
		"127.0.0.1: 80",
		"127.0.0.1:80 ",
		"127.0.0.1:80x",
		" 127.0.0.1:80",
		"127.1:80",
		"256.0.0.1:80",
		"localhost:80",
		"*:80",
		"::1:9469",
		"[::1]",
		"[::1]9469",
		"[::1]:",
		"[]:80",
		"[:80",
		"[::1:80",
		"::1]:80",
		"[127.0.0.1]:80",
		"[::1%lo]:80",
		"[fe80::1]]:80",
		"[2001:db8:ffff:ffff:ffff:ffff:255.255.255.255.255.255.255.255]:80",
	};
	struct zr_listen listen;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (zr_listen_parse(texts[i], &listen) != -EINVAL)
			fail_msg("\"%s\" is taken", texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_v4),
		cmocka_unit_test(reads_v6),
		cmocka_unit_test(loopback_is_told_apart),
		cmocka_unit_test(refuses_what_is_no_address_with_a_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

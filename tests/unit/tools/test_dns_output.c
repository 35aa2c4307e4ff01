/* SPDX-License-Identifier: BSD-3-Clause */
/* What was learned from DNS, as a line of JSON: what fits, and what the longest one takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>

#include "tests/support/guard.h"
#include "tools/zerorate/dns_output.h"

static struct zr_dns_name name_of(const char *text)
{
	struct zr_dns_name name = {.len = (uint8_t)strlen(text)};

	strcpy(name.text, text);
	return name;
}

/* The line in room that ends at a guard page, terminated. */
static const char *json_of(const struct zr_dns_learned *learned)
{
	static const char room[ZR_DNS_JSON_MAX];
	static char text[ZR_DNS_JSON_MAX + 1];
	struct guard guard;
	char *out = (char *)guard_copy(&guard, room, sizeof(room));
	size_t len = zr_dns_json(learned, out);

	memcpy(text, out, len);
	text[len] = '\0';
	guard_free(&guard);
	return text;
}

static void test_a_hint_over_tcp_and_ipv6(void **state)
{
	struct zr_dns_name name = name_of("www.olm.vn"), target = name_of("svc.olm.vn");
	struct zr_dns_address address = {
		.name = &name, .chain = {&target}, .chain_count = 1, .family = 4, .type = ZR_DNS_HTTPS, .ttl_s = 300};
	struct zr_packet packet = {.family = 6, .proto = ZR_PROTO_TCP};
	struct zr_dns_learned learned = {.packet = &packet, .address = &address, .time_us = 1795305600000001};

	(void)state;
	inet_pton(AF_INET6, "2001:db8:1:2:3::4", packet.dst.b);
	inet_pton(AF_INET6, "2001:db8::53", packet.src.b);
	inet_pton(AF_INET, "203.0.113.80", address.ip.b);
	assert_string_equal(json_of(&learned),
			    "{\"time\":\"2026-11-22T00:00:00.000001Z\",\"subscriber\":\"2001:db8:1:2::/64\","
			    "\"resolver\":\"2001:db8::53\",\"transport\":\"tcp\",\"name\":\"www.olm.vn\","
			    "\"chain\":[\"svc.olm.vn\"],\"type\":\"HTTPS\",\"address\":\"203.0.113.80\",\"ttl\":300}");
}

static void test_the_longest(void **state)
{
	struct zr_dns_address address = {
		.chain_count = ZR_DNS_CHAIN_MAX, .family = 6, .type = ZR_DNS_AAAA, .ttl_s = INT32_MAX};
	struct zr_packet packet = {.family = 6, .proto = ZR_PROTO_UDP};
	struct zr_dns_learned learned = {.packet = &packet, .address = &address, .time_us = UINT64_MAX};
	struct zr_dns_name name;
	const char *text;
	size_t names = 0;

	(void)state;
	memset(&name, 'a', sizeof(name));
	name.len = ZR_NAME_MAX;
	name.text[ZR_NAME_MAX] = '\0';
	address.name = &name;
	for (unsigned int i = 0; i < ZR_DNS_CHAIN_MAX; i++)
		address.chain[i] = &name;
	memset(&packet.src, 0xff, sizeof(packet.src));
	memset(&packet.dst, 0xff, sizeof(packet.dst));
	memset(&address.ip, 0xff, sizeof(address.ip));
	text = json_of(&learned);
	for (const char *at = text; (at = strstr(at, name.text)) != NULL; at += ZR_NAME_MAX)
		names++;
	assert_int_equal(names, 1 + ZR_DNS_CHAIN_MAX);
	assert_non_null(strstr(text, "\"ttl\":2147483647}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_hint_over_tcp_and_ipv6),
		cmocka_unit_test(test_the_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* First fragments of tunnels, cut behind each byte: as soon as the inner addresses are there, they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/packet/packet.h"
#include "tests/support/frame.h"
#include "tests/support/guard.h"

#define CONTENT_LEN 100

static const uint8_t content[CONTENT_LEN];
static const struct zr_packet_rules open_all = {.open_all_tunnels = true}, open_none;

/* The packet of a frame that ends at a guard page, and what is told of whom its datagram is. */
static void peek(const struct frame_spec *spec, const struct zr_packet_rules *rules, struct zr_packet *first,
		 struct zr_packet *told)
{
	static uint8_t frame[FRAME_MAX];
	size_t len = frame_make(spec, frame);
	struct zr_port port = {.role = ZR_ROLE_CORE, .domain = 7};
	struct guard guard;
	struct zr_view view = {
		.data = guard_copy(&guard, frame, len), .len = (uint32_t)len, .wire_len = (uint32_t)len, .port = &port};

	zr_packet_parse(&open_all, &view, first);
	memset(told, 0xa5, sizeof(*told));
	zr_packet_peek(rules, first, told);
	assert_int_equal(told->unaccounted, ZR_ACCOUNTED);
	assert_int_equal(told->role, ZR_ROLE_CORE);
	assert_int_equal(told->domain, 7);
	guard_free(&guard);
}

static void assert_between(const struct zr_packet *told, const struct zr_packet *expected)
{
	assert_int_equal(told->family, expected->family);
	assert_memory_equal(&told->src, &expected->src, sizeof(told->src));
	assert_memory_equal(&told->dst, &expected->dst, sizeof(told->dst));
}

static struct frame_spec tunnelled(bool outer_v6, bool inner_v6, enum frame_tunnel tunnel)
{
	return (struct frame_spec){
		.src = inner_v6 ? "2001:db8::1" : "203.0.113.1",
		.dst = inner_v6 ? "2405:4800::7" : "10.0.0.7",
		.src_port = 443,
		.dst_port = 40000,
		.proto = 17,
		.data = content,
		.len = sizeof(content),
		.outer_src = outer_v6 ? "2001:db8:200::1" : "10.200.0.1",
		.outer_dst = outer_v6 ? "2001:db8:200::2" : "10.200.0.2",
		.tunnel = tunnel,
		.teid = 77,
	};
}

/* Cut behind each byte, and the datagram whole but for the flag that more follows. */
static void every_cut(const struct frame_spec *whole, size_t headers_len)
{
	struct frame_spec spec = *whole;
	struct zr_packet first, told, inner;

	peek(&spec, &open_all, &inner, &told);
	assert_int_equal(inner.tunnels, 1);
	for (size_t len = 1; len <= frame_outer_content(whole); len++) {
		spec.outer_part = (struct frame_part){.id = 5, .len = len};
		peek(&spec, &open_all, &first, &told);
		assert_true(first.first_fragment);
		assert_between(&told, len < headers_len ? &first : &inner);
	}
}

static void inner_addresses_are_told_once_they_are_there(void **state)
{
	(void)state;
	for (unsigned int versions = 0; versions < 4; versions++) {
		for (enum frame_tunnel tunnel = FRAME_GTPU; tunnel <= FRAME_IP_IN_IP; tunnel++) {
			struct frame_spec spec = tunnelled(versions & 1, versions & 2, tunnel);
			size_t tunnel_len = frame_outer_content(&spec) - frame_volume(&spec);

			every_cut(&spec, tunnel_len + ((versions & 2) != 0 ? 40 : 20));
		}
	}
}

static void closed_tunnels_stay_closed(void **state)
{
	struct frame_spec spec = tunnelled(false, false, FRAME_GTPU);
	struct zr_packet first, told;

	(void)state;
	spec.outer_part = (struct frame_part){.id = 5, .len = 80};
	peek(&spec, &open_none, &first, &told);
	assert_between(&told, &first);
}

/* GTP-U inside of GTP-U is what a subscriber sends; unless all tunnels are opened it is not looked into. */
static void what_subscribers_send_is_not_opened(void **state)
{
	struct frame_spec spec = tunnelled(false, false, FRAME_GRE);
	struct zr_prefix endpoint = {.family = 4, .len = 8, .addr = {10}};
	struct zr_prefix_set endpoints = {.prefixes = &endpoint, .count = 1};
	struct zr_packet_rules rules = {.tunnel_endpoints = &endpoints};
	struct zr_packet first, told;

	(void)state;
	spec.outer_part = (struct frame_part){.id = 5, .len = 80};
	peek(&spec, &rules, &first, &told);
	assert_int_equal(told.tunnels, 1);
	assert_true(zr_packet_may_open(&rules, &first));
	first.has_teid = true;
	assert_false(zr_packet_may_open(&rules, &first));
	first.has_teid = false;
	first.src.b[0] = 11;
	assert_false(zr_packet_may_open(&rules, &first));
	first.src.b[0] = 10;
	first.dst.b[0] = 11;
	assert_false(zr_packet_may_open(&rules, &first));
	assert_false(zr_packet_may_open(&open_none, &first));
	assert_true(zr_packet_may_open(&open_all, &first));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inner_addresses_are_told_once_they_are_there),
		cmocka_unit_test(closed_tunnels_stay_closed),
		cmocka_unit_test(what_subscribers_send_is_not_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

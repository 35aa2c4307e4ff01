/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnels are opened between known endpoints only: a subscriber can forge an inner header to any listed host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/scene.h"

#define LIST ".olm.vn,olm,90001,,,,,\n203.162.10.0/24,vnedu-live,90003,,,,,\n"

static struct scene s;
static struct zr_prefix_set endpoints;

static void begin(void)
{
	struct zr_prefix prefix;

	assert_int_equal(zr_prefix_parse("10.200.0.0/24", 13, &prefix), 0);
	assert_int_equal(zr_prefix_set_add(&endpoints, &prefix), 0);
	scene_init(&s, LIST);
	scene_subscribers(&s, "10.0.0.0/16");
	s.config.packets.open_all_tunnels = false;
	s.config.packets.tunnel_endpoints = &endpoints;
	scene_open(&s);
}

static const struct zr_usage *only_part(void)
{
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	return &scene_event(&s, ZR_USAGE_PART, 0)->usage;
}

static void end(void)
{
	scene_free(&s);
	zr_prefix_set_clear(&endpoints);
}

/* Media to a listed address, in GTP-U. */
static struct frame_spec media(const char *outer_src, const char *outer_dst)
{
	return (struct frame_spec){
		.src = "10.0.0.1",
		.dst = "203.162.10.7",
		.src_port = 40000,
		.dst_port = 8801,
		.proto = ZR_PROTO_UDP,
		.data = "media",
		.len = 5,
		.outer_src = outer_src,
		.outer_dst = outer_dst,
		.teid = 1,
	};
}

static void tunnel_between_endpoints_is_opened(void **state)
{
	struct frame_spec spec = media("10.200.0.1", "10.200.0.2");
	const struct zr_usage *u;

	(void)state;
	begin();
	scene_send(&s, 0, &spec);
	u = only_part();
	assert_int_equal(u->reason, ZR_REASON_PREFIX);
	assert_int_equal(u->up_bytes, 20 + 8 + 5);
	end();
}

static void tunnel_that_a_subscriber_forges_is_its_own_traffic(void **state)
{
	static const char *const destinations[] = {"198.51.100.9", "10.200.0.2"};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct frame_spec spec = media("10.0.0.1", destinations[i]);
		const struct zr_usage *u;

		begin();
		scene_send(&s, 0, &spec);
		u = only_part();
		assert_int_equal(u->verdict, ZR_CHARGED);
		assert_int_equal(u->server_port, 2152);
		assert_int_equal(u->up_bytes, 20 + 8 + 8 + 20 + 8 + 5);
		assert_false(u->has_teid_up);
		end();
	}
}

/* The gateway's own tunnel is opened, the one that the subscriber sends through it is not, whatever addresses it claims. */
static void tunnel_inside_a_subscribers_traffic_is_not_opened(void **state)
{
	uint8_t gtpu[64] = {0x30, 0xff, 0,    33,   0, 0,  0,  9, 0x45, 0,   0,   33,  0,  0,
			    0x40, 0,    64,   17,   0, 0,  10, 0, 0,    1,   203, 162, 10, 7,
			    0x9c, 0x40, 0x22, 0x61, 0, 13, 0,  0, 'm',  'e', 'd', 'i', 'a'};
	struct frame_spec spec = media("10.200.0.1", "10.200.0.2");
	const struct zr_usage *u;

	(void)state;
	begin();
	spec.src = "10.0.0.1";
	spec.dst = "10.200.0.3";
	spec.src_port = spec.dst_port = 2152;
	spec.data = gtpu;
	spec.len = 8 + 33;
	scene_send(&s, 0, &spec);
	u = only_part();
	assert_int_equal(u->verdict, ZR_CHARGED);
	assert_int_equal(u->server_port, 2152);
	assert_int_equal(u->up_bytes, 20 + 8 + 8 + 33);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tunnel_between_endpoints_is_opened),
		cmocka_unit_test(tunnel_that_a_subscriber_forges_is_its_own_traffic),
		cmocka_unit_test(tunnel_inside_a_subscribers_traffic_is_not_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

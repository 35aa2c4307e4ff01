/* SPDX-License-Identifier: BSD-3-Clause */
/* What is read when a datagram in fragments is whole: hellos, TCP headers, tunnels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/quic_make.h"
#include "tests/support/scene.h"

#define LIST    ".olm.vn,olm,90001,,,,,\n"
#define TIMEOUT 30000
#define ID      77
#define GTP     16 /* UDP and GTP-U headers before the inner packet */

static struct scene s;
static uint8_t hello[4096];
static uint8_t zeros[FRAME_MAX];

static void open_scene(void)
{
	scene_init(&s, LIST);
	s.config.reassembly_bytes = 4U << 20;
	scene_open(&s);
}

static const struct zr_usage *only_part(void)
{
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	return &scene_event(&s, ZR_USAGE_PART, 0)->usage;
}

static struct zr_volume unaccounted(void)
{
	struct zr_totals totals;

	zr_pipeline_totals(s.pipeline, &totals);
	return totals.unaccounted[ZR_UNACCOUNTED_TUNNEL_FRAGMENT];
}

static struct frame_spec tls_spec(struct scene_conn *c, const char *name)
{
	struct frame_spec spec = scene_spec(c, true, ZR_PROTO_TCP);

	spec.tcp_flags = ZR_TCP_ACK | ZR_TCP_PSH;
	spec.data = hello;
	spec.len = frame_hello(name, 1800, hello, sizeof(hello));
	return spec;
}

static struct frame_spec quic_spec(struct scene_conn *c, const char *name)
{
	struct quic_header header = {.version = QUIC_V1, .dcid = {"abcdefgh", 8}, .keys_from = {"abcdefgh", 8}};
	struct frame_spec spec = scene_spec(c, true, ZR_PROTO_UDP);
	static struct quic_bytes datagram;
	struct quic_bytes payload = {.len = 0};
	size_t len = quic_make_hello(name, 1700, hello, sizeof(hello));

	quic_put_crypto(&payload, hello, 0, len);
	datagram.len = 0;
	quic_seal(&datagram, &header, &payload);
	spec.data = datagram.at;
	spec.len = datagram.len;
	return spec;
}

/* Parts of at most step bytes, in order or backwards. */
static void send_parts(uint64_t ms, const struct frame_spec *spec, uint32_t id, size_t step, bool backwards)
{
	size_t content = frame_content(spec), count = (content + step - 1) / step;

	for (size_t i = 0; i < count; i++) {
		size_t from = (backwards ? count - 1 - i : i) * step;

		scene_part(&s, ms, spec, id, from, content - from < step ? content - from : step);
	}
}

static void send_outer_parts(uint64_t ms, const struct frame_spec *spec, uint32_t id, size_t step, bool backwards)
{
	size_t content = frame_outer_content(spec), count = (content + step - 1) / step;

	for (size_t i = 0; i < count; i++) {
		size_t from = (backwards ? count - 1 - i : i) * step;

		scene_outer_part(&s, ms, spec, id, from, content - from < step ? content - from : step);
	}
}

static void put_in_tunnel(struct frame_spec *spec)
{
	spec->outer_src = "10.200.0.1";
	spec->outer_dst = "10.200.0.2";
	spec->teid = 4711;
}

static void hello_in_fragments(bool quic, bool v6, bool backwards, bool tunnel, size_t step)
{
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec;
	const struct zr_usage *u;
	size_t parts, header_len = v6 ? 48 : 20;

	open_scene();
	if (v6) {
		c.client = "2001:db8:1::1";
		c.server = "2001:db8:ffff::53";
	}
	spec = quic ? quic_spec(&c, "lop.olm.vn") : tls_spec(&c, "lop.olm.vn");
	if (tunnel)
		put_in_tunnel(&spec);
	parts = (frame_content(&spec) + step - 1) / step;
	send_parts(10, &spec, ID, step, backwards);
	scene_close(&s);
	u = only_part();
	assert_int_equal(u->reason, quic ? ZR_REASON_QUIC_SNI : ZR_REASON_SNI);
	assert_string_equal(scene_event(&s, ZR_USAGE_PART, 0)->name, "lop.olm.vn");
	assert_int_equal(u->client_port, 40000);
	assert_int_equal(u->up_pkts, parts);
	assert_int_equal(u->up_bytes, frame_content(&spec) + parts * header_len);
	/* In order each is counted as it comes; backwards all of them with the last one to come. */
	assert_int_equal(u->retro_up_bytes, backwards ? 0 : (parts - 1) * (step + header_len));
	assert_int_equal(u->has_teid_up, tunnel);
	scene_free(&s);
}

static void hellos_of_every_kind_in_fragments(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < 16; kind++) {
		hello_in_fragments(kind & 1, kind & 2, kind & 4, kind & 8, 1480);
		hello_in_fragments(kind & 1, kind & 2, kind & 4, kind & 8, 24);
	}
}

/* The ports are in the first eight bytes, the flags are not. */
static void tcp_header_in_tiny_fragments(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec;
	const struct zr_usage *u;

	(void)state;
	for (unsigned int backwards = 0; backwards < 2; backwards++) {
		open_scene();
		spec = scene_spec(&c, false, ZR_PROTO_TCP);
		spec.tcp_flags = ZR_TCP_SYN | ZR_TCP_ACK;
		send_parts(1, &spec, ID, 8, backwards != 0);
		scene_close(&s);
		u = only_part();
		assert_int_equal(u->client_port, 40000);
		assert_int_equal(u->down_pkts, 3);
		assert_int_equal(u->flags & 1U << ZR_FLAG_MIDSTREAM, 0);
		scene_free(&s);
	}
}

static void syn_in_tiny_fragments_begins_a_new_flow(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec;

	(void)state;
	open_scene();
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 1, &c, "olm.vn");
	c.up_seq = 77777;
	spec = scene_spec(&c, true, ZR_PROTO_TCP);
	spec.tcp_flags = ZR_TCP_SYN;
	send_parts(2, &spec, ID, 8, false);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.cause, ZR_CAUSE_NEW_FLOW);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.up_pkts, 3);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.up_pkts, 3);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.verdict, ZR_CHARGED);
	scene_free(&s);
}

/* Ports are known, the rest is not: counted there when the time is over. */
static void tcp_header_that_stays_cut(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec = scene_spec(&c, true, ZR_PROTO_TCP);

	(void)state;
	open_scene();
	scene_part(&s, 0, &spec, ID, 0, 8);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 0);
	scene_udp(&s, TIMEOUT, &c, true, "x", 1);
	scene_close(&s);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.proto, ZR_PROTO_TCP);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.client_port, 40000);
	scene_free(&s);
}

static void fin_and_rst_close_once(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec;

	(void)state;
	open_scene();
	spec = scene_spec(&c, true, ZR_PROTO_TCP);
	spec.tcp_flags = ZR_TCP_RST;
	spec.data = zeros;
	spec.len = 100;
	scene_part(&s, 0, &spec, ID, 0, 80);
	c.up_seq = 77777;
	scene_handshake(&s, 1, &c);
	/* The rest of the old datagram is counted to the new flow, which it does not close. */
	scene_part(&s, 2, &spec, ID, 40, 40);
	scene_tcp(&s, 60000, &c, true, ZR_TCP_ACK, NULL, 0);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.cause, ZR_CAUSE_SHUTDOWN);
	scene_free(&s);
}

/* The same bytes twice, cut differently. */
static void overlap_with_the_same_bytes(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec = tls_spec(&c, "lop.olm.vn");

	(void)state;
	open_scene();
	scene_part(&s, 0, &spec, ID, 800, frame_content(&spec) - 800);
	scene_part(&s, 0, &spec, ID, 0, 400);
	scene_part(&s, 0, &spec, ID, 200, 1000);
	scene_close(&s);
	assert_int_equal(only_part()->reason, ZR_REASON_SNI);
	assert_int_equal(only_part()->up_pkts, 3);
	scene_free(&s);
}

static void overlap_with_other_bytes_is_spoof(void **state)
{
	(void)state;
	for (unsigned int quic = 0; quic < 2; quic++) {
		struct scene_conn c = scene_conn(40000);
		struct frame_spec spec = quic != 0 ? quic_spec(&c, "lop.olm.vn") : tls_spec(&c, "lop.olm.vn");
		static uint8_t other[4096];
		struct frame_spec forged = spec;

		open_scene();
		memcpy(other, spec.data, spec.len);
		other[900] ^= 1;
		forged.data = other;
		scene_part(&s, 0, &spec, ID, 0, 1000);
		scene_part(&s, 1, &forged, ID, 400, 1000);
		scene_part(&s, 2, &spec, ID, 1000, frame_content(&spec) - 1000);
		scene_close(&s);
		assert_int_equal(only_part()->reason, ZR_REASON_SPOOF);
		assert_int_equal(only_part()->up_pkts, 3);
		assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 0);
		scene_free(&s);
	}
}

/* IPv6 says in every fragment what the datagram begins with; the bytes are the same, their meaning is not. */
static void first_fragments_of_two_protocols(void **state)
{
	static const uint8_t ports_and_seq[8] = {0x9c, 0x40, 0x01, 0xbb, 0, 0, 0x03, 0xe8};
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec, other;

	(void)state;
	open_scene();
	c.client = "2001:db8:1::1";
	c.server = "2001:db8:ffff::53";
	spec = tls_spec(&c, "lop.olm.vn");
	other = (struct frame_spec){.src = c.client, .dst = c.server, .proto = 132, .data = ports_and_seq, .len = 8};
	other.part = (struct frame_part){.id = ID, .from = 0, .len = 8};
	scene_send(&s, 0, &other);
	scene_part(&s, 1, &spec, ID, 0, 1000);
	scene_part(&s, 2, &spec, ID, 1000, frame_content(&spec) - 1000);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.reason, ZR_REASON_SPOOF);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.up_pkts, 2);
	scene_free(&s);
}

/* A request that may have been forged: the connection that a Host freed stays free no longer. */
static void contradiction_ends_a_free_connection(void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: olm.vn\r\n\r\n";
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec;

	(void)state;
	open_scene();
	scene_handshake(&s, 0, &c);
	scene_up(&s, 1, &c, request, sizeof(request) - 1);
	spec = scene_spec(&c, true, ZR_PROTO_TCP);
	spec.tcp_flags = ZR_TCP_ACK;
	spec.data = request;
	spec.len = sizeof(request) - 1;
	scene_part(&s, 2, &spec, ID, 0, 32);
	spec.data = zeros;
	scene_part(&s, 3, &spec, ID, 24, frame_content(&spec) - 24);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.reason, ZR_REASON_HOST);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.up_pkts, 4);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.reason, ZR_REASON_SPOOF);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.up_pkts, 1);
	scene_free(&s);
}

static void hello_that_is_not_whole_is_not_read(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec = tls_spec(&c, "lop.olm.vn");

	(void)state;
	open_scene();
	scene_part(&s, 0, &spec, ID, 0, 1480);
	scene_close(&s);
	assert_int_equal(only_part()->verdict, ZR_CHARGED);
	scene_free(&s);
}

/* The view ends inside the first fragment: counted at once, a tunnel's too, but never put together. */
static void fragments_that_the_capture_cut(void **state)
{
	static uint8_t frame[FRAME_MAX];

	(void)state;
	for (unsigned int tunnel = 0; tunnel < 2; tunnel++) {
		struct scene_conn c = scene_conn(40000);
		struct frame_spec spec = tls_spec(&c, "lop.olm.vn"), first = spec;
		struct zr_view view = {.data = frame, .len = 96, .port = &s.port};

		open_scene();
		if (tunnel != 0)
			put_in_tunnel(&spec);
		first = spec;
		*(tunnel != 0 ? &first.outer_part : &first.part) = (struct frame_part){.id = ID, .len = 1000};
		view.time_ns = s.base_us * 1000;
		view.wire_len = (uint32_t)frame_make(&first, frame);
		zr_pipeline_burst(s.pipeline, &view, 1);
		assert_int_equal(zr_pipeline_flows(s.pipeline), 1);
		if (tunnel != 0)
			scene_outer_part(&s, 1, &spec, ID, 1000, frame_outer_content(&spec) - 1000);
		else
			scene_part(&s, 1, &spec, ID, 1000, frame_content(&spec) - 1000);
		scene_close(&s);
		assert_int_equal(only_part()->client_port, tunnel != 0 ? 2152 : 40000);
		assert_int_equal(only_part()->up_pkts, 2);
		assert_int_equal(only_part()->verdict, ZR_CHARGED);
		scene_free(&s);
	}
}

static void tunnel_in_fragments(void **state)
{
	(void)state;
	for (unsigned int kind = 0; kind < 8; kind++) {
		struct scene_conn c = scene_conn(40000);
		struct frame_spec spec = kind & 1 ? quic_spec(&c, "lop.olm.vn") : tls_spec(&c, "lop.olm.vn");
		size_t step = kind & 2 ? 1480 : 64, parts;
		const struct zr_usage *u;

		open_scene();
		put_in_tunnel(&spec);
		parts = (frame_outer_content(&spec) + step - 1) / step;
		send_outer_parts(3, &spec, ID, step, kind & 4);
		scene_close(&s);
		u = only_part();
		assert_int_equal(u->verdict, ZR_FREE);
		assert_int_equal(u->up_pkts, 1);
		assert_int_equal(u->up_bytes, frame_volume(&spec));
		assert_int_equal(u->teid_up, 4711);
		assert_int_equal(unaccounted().pkts, parts - 1);
		assert_int_equal(unaccounted().bytes, GTP + parts * 20);
		scene_free(&s);
	}
}

static void fragments_in_a_tunnel_in_fragments(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec = tls_spec(&c, "lop.olm.vn");
	size_t content = frame_content(&spec);

	(void)state;
	open_scene();
	put_in_tunnel(&spec);
	spec.part = (struct frame_part){.id = ID, .from = 1000, .len = content - 1000, .last = true};
	send_outer_parts(0, &spec, 1, 480, true);
	spec.part = (struct frame_part){.id = ID, .from = 0, .len = 1000};
	send_outer_parts(1, &spec, 2, 480, false);
	scene_close(&s);
	assert_int_equal(only_part()->reason, ZR_REASON_SNI);
	assert_int_equal(only_part()->up_pkts, 2);
	assert_int_equal(only_part()->up_bytes, content + 40);
	assert_int_equal(only_part()->client_port, 40000);
	scene_free(&s);
}

/* What is missing goes to the tunnel's own flow, with its ports when the first part came. */
static void tunnel_that_stays_incomplete(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec = tls_spec(&c, "lop.olm.vn");
	const struct zr_usage *u;

	(void)state;
	for (unsigned int first = 0; first < 2; first++) {
		open_scene();
		put_in_tunnel(&spec);
		if (first != 0)
			scene_outer_part(&s, 0, &spec, ID, 0, 480);
		scene_outer_part(&s, 1, &spec, ID, 480, 480);
		assert_int_equal(zr_pipeline_flows(s.pipeline), 0);
		scene_close(&s);
		u = only_part();
		assert_int_equal(u->up_pkts, 1 + first);
		assert_int_equal(u->up_bytes, (1 + first) * 500);
		assert_int_equal(u->client_port, first != 0 ? 2152 : 0);
		assert_int_equal(u->verdict, ZR_CHARGED);
		assert_int_equal(unaccounted().pkts, 0);
		scene_free(&s);
	}
}

/* What the tunnel's end would read is not known: nobody's traffic is counted by it. */
static void contradicted_tunnel_is_not_opened(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec = tls_spec(&c, "lop.olm.vn");
	static uint8_t other[4096];

	(void)state;
	open_scene();
	put_in_tunnel(&spec);
	scene_outer_part(&s, 0, &spec, ID, 0, 480);
	memset(other, 0xff, sizeof(other));
	spec.data = other;
	scene_outer_part(&s, 1, &spec, ID, 240, 480);
	scene_outer_part(&s, 2, &spec, ID, 720, frame_outer_content(&spec) - 720);
	scene_close(&s);
	assert_int_equal(only_part()->client_port, 2152);
	assert_int_equal(only_part()->up_pkts, 3);
	scene_free(&s);
}

static void tunnel_of_others_stays_closed_in_fragments(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec = tls_spec(&c, "lop.olm.vn");

	(void)state;
	scene_init(&s, LIST);
	s.config.packets.open_all_tunnels = false;
	scene_open(&s);
	put_in_tunnel(&spec);
	send_outer_parts(0, &spec, ID, 480, false);
	scene_close(&s);
	assert_int_equal(only_part()->client_port, 2152);
	assert_int_equal(only_part()->verdict, ZR_CHARGED);
	scene_free(&s);
}

/*
 * A subscriber sends, inside GTP-U, what looks like fragments of the tunnel between the endpoints: they are never put
 * together with the tunnel's own.
 */
static void forged_tunnel_fragments_stay_inside(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec = tls_spec(&c, "lop.olm.vn"), forged = {0};
	struct zr_prefix endpoint = {.family = 4, .len = 24, .addr = {10, 200, 0}};
	struct zr_prefix_set endpoints = {.prefixes = &endpoint, .count = 1};
	static uint8_t rest[4096];
	size_t content;

	(void)state;
	scene_init(&s, LIST);
	s.config.packets.open_all_tunnels = false;
	s.config.packets.tunnel_endpoints = &endpoints;
	scene_open(&s);
	put_in_tunnel(&spec);
	content = frame_outer_content(&spec);
	forged.src = spec.outer_src;
	forged.dst = spec.outer_dst;
	forged.proto = ZR_PROTO_UDP;
	forged.src_port = forged.dst_port = 2152;
	forged.data = rest;
	forged.len = content - 8;
	put_in_tunnel(&forged);
	scene_part(&s, 0, &forged, ID, 480, content - 480);
	scene_outer_part(&s, 1, &spec, ID, 0, 480);
	scene_outer_part(&s, 2, &spec, ID, 480, content - 480);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(scene_event(&s, ZR_USAGE_TAG, 0)->usage.client_port, 40000);
	assert_int_equal(unaccounted().pkts, 1);
	scene_free(&s);
}

/* Junk fills the memory; a datagram whose fragments follow each other is read all the same. */
static void oldest_bytes_go_when_memory_is_full(void **state)
{
	struct scene_conn junk = scene_conn(1);
	struct frame_spec filler = scene_spec(&junk, true, ZR_PROTO_UDP);
	unsigned int freed = 0;

	(void)state;
	scene_init(&s, LIST);
	s.config.reassembly_bytes = 262144;
	scene_open(&s);
	filler.data = zeros;
	filler.len = 4000;
	for (uint16_t port = 1; port <= 50; port++) {
		struct scene_conn c = scene_conn(port);
		struct frame_spec spec = tls_spec(&c, "lop.olm.vn");

		for (uint32_t i = 0; i < 20; i++)
			scene_part(&s, port, &filler, 1000U * port + i, 1480, 1480);
		send_parts(port, &spec, port, 1480, port % 2 == 0);
	}
	scene_close(&s);
	for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++)
		freed += scene_event(&s, ZR_USAGE_PART, i)->usage.reason == ZR_REASON_SNI;
	assert_int_equal(freed, 50);
	scene_free(&s);
}

/* One datagram needs more than there is. */
static void datagram_larger_than_the_memory(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct frame_spec spec = scene_spec(&c, true, ZR_PROTO_UDP);

	(void)state;
	scene_init(&s, LIST);
	s.config.reassembly_bytes = 262144;
	scene_open(&s);
	spec.data = zeros;
	spec.len = 60000;
	put_in_tunnel(&spec);
	send_outer_parts(0, &spec, ID, 1480, false);
	scene_close(&s);
	assert_int_equal(only_part()->client_port, 2152);
	assert_int_equal(only_part()->up_pkts, (frame_outer_content(&spec) + 1479) / 1480);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_DATAGRAMS_GIVEN_UP), 1);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hellos_of_every_kind_in_fragments),
		cmocka_unit_test(tcp_header_in_tiny_fragments),
		cmocka_unit_test(syn_in_tiny_fragments_begins_a_new_flow),
		cmocka_unit_test(tcp_header_that_stays_cut),
		cmocka_unit_test(fin_and_rst_close_once),
		cmocka_unit_test(overlap_with_the_same_bytes),
		cmocka_unit_test(overlap_with_other_bytes_is_spoof),
		cmocka_unit_test(first_fragments_of_two_protocols),
		cmocka_unit_test(contradiction_ends_a_free_connection),
		cmocka_unit_test(hello_that_is_not_whole_is_not_read),
		cmocka_unit_test(fragments_that_the_capture_cut),
		cmocka_unit_test(tunnel_in_fragments),
		cmocka_unit_test(fragments_in_a_tunnel_in_fragments),
		cmocka_unit_test(tunnel_that_stays_incomplete),
		cmocka_unit_test(contradicted_tunnel_is_not_opened),
		cmocka_unit_test(tunnel_of_others_stays_closed_in_fragments),
		cmocka_unit_test(forged_tunnel_fragments_stay_inside),
		cmocka_unit_test(oldest_bytes_go_when_memory_is_full),
		cmocka_unit_test(datagram_larger_than_the_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

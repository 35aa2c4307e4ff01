/* SPDX-License-Identifier: BSD-3-Clause */
/* A packet with a wrong checksum is ignored by the server, and so by inspection; its volume counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/quic_make.h"
#include "tests/support/scene.h"

#define LIST ".olm.vn,olm,90001,,,,,\n"

static struct scene s;

static void open_scene(bool verify)
{
	scene_init(&s, LIST);
	s.config.verify_checksums = verify;
	scene_open(&s);
}

static struct frame_spec tcp(unsigned int flags, uint32_t seq, const void *data, size_t len)
{
	return (struct frame_spec){
		.src = "10.0.0.1",
		.dst = "203.0.113.1",
		.src_port = 40000,
		.dst_port = 443,
		.proto = ZR_PROTO_TCP,
		.tcp_flags = (uint8_t)flags,
		.seq = seq,
		.data = data,
		.len = len,
		.checksum = FRAME_CHECKSUM_RIGHT,
	};
}

static void send_hello(uint64_t ms, const char *name, enum frame_checksum checksum, const char *tunnel)
{
	uint8_t hello[1400];
	struct frame_spec spec = tcp(ZR_TCP_ACK, 1001, hello, frame_hello(name, 300, hello, sizeof(hello)));

	spec.checksum = checksum;
	spec.outer_src = tunnel;
	spec.outer_dst = tunnel;
	scene_send(&s, ms, &spec);
}

static const struct scene_event *only_part(void)
{
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	return scene_event(&s, ZR_USAGE_PART, 0);
}

/* The subscriber says a free name that the server does not hear, then a paid one: which of them counts. */
static void decoy_of(enum frame_checksum checksum, bool verify, const char *tunnel, enum zr_reason reason)
{
	struct frame_spec syn = tcp(ZR_TCP_SYN, 1000, NULL, 0);
	const struct scene_event *e;

	open_scene(verify);
	syn.outer_src = syn.outer_dst = tunnel;
	scene_send(&s, 0, &syn);
	send_hello(1, "olm.vn", checksum, tunnel);
	send_hello(2, "game.example.net", FRAME_CHECKSUM_RIGHT, tunnel);
	e = only_part();
	assert_int_equal(e->usage.reason, reason);
	assert_int_equal(e->usage.up_pkts, 3);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_CHECKSUMS_BAD), verify ? 1 : 0);
	scene_free(&s);
}

static void decoy(bool verify, const char *tunnel, enum zr_reason reason)
{
	decoy_of(FRAME_CHECKSUM_WRONG, verify, tunnel, reason);
}

static void second_name_counts_when_the_first_came_broken(void **state)
{
	(void)state;
	decoy(true, NULL, ZR_REASON_NO_MATCH);
	decoy(true, "10.200.0.1", ZR_REASON_NO_MATCH);
}

/* What no server reads says nothing, and what may not reach it is charged, whether checksums are looked at or not. */
static void check_unheard(struct frame_spec decoy, bool verify, enum zr_reason reason)
{
	struct frame_spec syn = tcp(ZR_TCP_SYN, 1000, NULL, 0);
	uint8_t hello[1400];

	if (strchr(decoy.src, ':') != NULL) {
		syn.src = decoy.src;
		syn.dst = decoy.dst;
	}
	open_scene(verify);
	scene_send(&s, 0, &syn);
	decoy.data = hello;
	decoy.len = frame_hello("olm.vn", 300, hello, sizeof(hello));
	scene_send(&s, 1, &decoy);
	decoy.checksum = FRAME_CHECKSUM_RIGHT;
	decoy.tcp_flags = ZR_TCP_ACK;
	decoy.hops = 64;
	decoy.len = frame_hello("game.example.net", 300, hello, sizeof(hello));
	scene_send(&s, 2, &decoy);
	assert_int_equal(only_part()->usage.reason, reason);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_UNHEARD), reason == ZR_REASON_NO_MATCH ? 1 : 0);
	scene_free(&s);
}

static void second_name_counts_when_the_first_is_for_nobody_else(void **state)
{
	(void)state;
	for (int verify = 0; verify < 2; verify++)
		for (int v6 = 0; v6 < 2; v6++) {
			struct frame_spec spec = tcp(ZR_TCP_ACK, 1001, NULL, 0);

			if (v6 != 0) {
				spec.src = "2001:db8:1::1";
				spec.dst = "2001:db8:9::1";
			}
			spec.hops = 23;
			check_unheard(spec, verify != 0, ZR_REASON_SPOOF);
			spec.hops = 24;
			check_unheard(spec, verify != 0, ZR_REASON_SNI);
			spec.tcp_flags = ZR_TCP_PSH;
			check_unheard(spec, verify != 0, ZR_REASON_NO_MATCH);
			spec.tcp_flags = ZR_TCP_ACK | ZR_TCP_RST;
			check_unheard(spec, verify != 0, ZR_REASON_NO_MATCH);
		}
}

static void a_wrong_ip_checksum_is_one(void **state)
{
	(void)state;
	decoy_of(FRAME_CHECKSUM_WRONG_IP, true, NULL, ZR_REASON_NO_MATCH);
	decoy_of(FRAME_CHECKSUM_WRONG_IP, true, "10.200.0.1", ZR_REASON_NO_MATCH);
	decoy_of(FRAME_CHECKSUM_WRONG_IP, false, NULL, ZR_REASON_SNI);
}

static void first_name_counts_when_checksums_are_not_looked_at(void **state)
{
	(void)state;
	decoy(false, NULL, ZR_REASON_SNI);
}

/* Broken on its way, sent again: no spoof, no contradiction, the name is free. */
static void hello_broken_on_its_way_and_sent_again_frees(void **state)
{
	struct frame_spec syn = tcp(ZR_TCP_SYN, 1000, NULL, 0);
	uint8_t hello[1400];
	size_t len = frame_hello("olm.vn", 900, hello, sizeof(hello));
	struct frame_spec first = tcp(ZR_TCP_ACK, 1001, hello, 400);
	struct frame_spec second = tcp(ZR_TCP_ACK, 1401, hello + 400, len - 400);

	(void)state;
	open_scene(true);
	scene_send(&s, 0, &syn);
	hello[20] ^= 0x40;
	first.checksum = FRAME_CHECKSUM_WRONG;
	scene_send(&s, 1, &first);
	scene_send(&s, 2, &second);
	hello[20] ^= 0x40;
	first.checksum = FRAME_CHECKSUM_RIGHT;
	scene_send(&s, 3, &first);
	assert_int_equal(only_part()->usage.reason, ZR_REASON_SNI);
	scene_free(&s);
}

/* Packets of a decided flow are not looked at, whatever their checksum. */
static void decided_flows_are_not_summed(void **state)
{
	(void)state;
	open_scene(true);
	send_hello(0, "olm.vn", FRAME_CHECKSUM_RIGHT, NULL);
	send_hello(1, "game.example.net", FRAME_CHECKSUM_WRONG, NULL);
	assert_int_equal(only_part()->usage.reason, ZR_REASON_SNI);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_CHECKSUMS_BAD), 0);
	scene_free(&s);
}

static void initial(struct quic_bytes *out, const char *name, const char *dcid)
{
	struct quic_header header = {.version = QUIC_V1, .dcid.len = 8};
	struct quic_bytes payload = {.len = 0};
	uint8_t hello[512];
	size_t len = quic_make_hello(name, 400, hello, sizeof(hello));

	memcpy(header.dcid.at, dcid, 8);
	quic_put_crypto(&payload, hello, 0, len);
	quic_put_fill(&payload, 0, 1180 - payload.len);
	out->len = 0;
	quic_seal(out, &header, &payload);
}

/* A connection for which the server never hears does not begin: the flow stays what it is. */
static void broken_initial_begins_no_connection(void **state)
{
	struct quic_bytes datagram;
	struct frame_spec spec = tcp(0, 0, datagram.at, 0);

	(void)state;
	open_scene(true);
	spec.proto = ZR_PROTO_UDP;
	initial(&datagram, "game.example.net", "abcdefgh");
	spec.len = datagram.len;
	scene_send(&s, 0, &spec);
	initial(&datagram, "olm.vn", "ijklmnop");
	spec.checksum = FRAME_CHECKSUM_WRONG;
	scene_send(&s, 1, &spec);
	assert_int_equal(only_part()->usage.reason, ZR_REASON_NO_MATCH);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(second_name_counts_when_the_first_came_broken),
		cmocka_unit_test(second_name_counts_when_the_first_is_for_nobody_else),
		cmocka_unit_test(a_wrong_ip_checksum_is_one),
		cmocka_unit_test(first_name_counts_when_checksums_are_not_looked_at),
		cmocka_unit_test(hello_broken_on_its_way_and_sent_again_frees),
		cmocka_unit_test(decided_flows_are_not_summed),
		cmocka_unit_test(broken_initial_begins_no_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Which verdict and reason a flow gets, and which volume falls under it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/quic_make.h"
#include "tests/support/scene.h"

#define LIST                                                                               \
	".olm.vn,olm,90001,,,,,\n!quangcao.olm.vn,,,,,,,\n*.hocmai.vn,hocmai,90001,,,,,\n" \
	"203.162.10.0/24,vnedu-live,90003,,,,,\n2401:d800:10::/48,vnedu-live,90003,,,,,\n"

/* IPv4 and TCP headers of every segment made here. */
#define HEADERS 40

static struct scene s;

static void open_scene(const char *rows)
{
	scene_init(&s, rows);
	scene_open(&s);
}

/* The only usage part of the scene. */
static const struct scene_event *only_part(void)
{
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	return scene_event(&s, ZR_USAGE_PART, 0);
}

static void listed_name_frees_the_flow_from_its_first_packet(void **state)
{
	struct scene_conn c = scene_conn(40000);
	const struct scene_event *e;
	uint64_t hello_up;

	(void)state;
	open_scene(LIST);
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "WWW.olm.vn.");
	hello_up = c.up_seq - 1001;
	scene_down(&s, 20, &c, 1000);
	e = only_part();
	assert_int_equal(e->usage.reason, ZR_REASON_SNI);
	assert_int_equal(e->usage.verdict, ZR_FREE);
	assert_int_equal(e->usage.evidence, 1 << ZR_EVIDENCE_TLS_SNI);
	assert_string_equal(e->name, "www.olm.vn");
	assert_string_equal(e->rule, ".olm.vn");
	assert_int_equal(e->usage.up_pkts, 3);
	assert_int_equal(e->usage.up_bytes, 3 * HEADERS + hello_up);
	assert_int_equal(e->usage.down_pkts, 2);
	assert_int_equal(e->usage.down_bytes, 2 * HEADERS + 1000);
	/* What came before the deciding packet. */
	assert_int_equal(e->usage.retro_up_bytes, 2 * HEADERS);
	assert_int_equal(e->usage.retro_down_bytes, HEADERS);
	assert_true(e->usage.final);
	assert_int_equal(e->usage.cause, ZR_CAUSE_SHUTDOWN);
	assert_int_equal(e->usage.first_us, s.base_us);
	assert_int_equal(e->usage.last_us, s.base_us + 20000);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 1);
	e = scene_event(&s, ZR_USAGE_TAG, 0);
	assert_int_equal(e->usage.first_us, s.base_us);
	assert_int_equal(e->usage.last_us, s.base_us + 10000);
	assert_string_equal(e->name, "www.olm.vn");
	scene_free(&s);
}

static void without_retro_credit_the_first_free_verdict_is_a_cut(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	scene_init(&s, LIST);
	s.config.retro_credit = false;
	scene_open(&s);
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "olm.vn");
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.cause, ZR_CAUSE_VERDICT);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.reason, ZR_REASON_NO_NAME);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.up_bytes, 2 * HEADERS);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.reason, ZR_REASON_SNI);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.up_pkts, 1);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.retro_up_bytes, 0);
	scene_free(&s);
}

static void unlisted_name_is_charged_and_not_told(void **state)
{
	struct scene_conn c = scene_conn(40000);
	const struct scene_event *e;

	(void)state;
	open_scene(LIST);
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "badolm.vn");
	e = only_part();
	assert_int_equal(e->usage.reason, ZR_REASON_NO_MATCH);
	assert_string_equal(e->name, "");
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 0);
	scene_free(&s);
}

static void unlisted_name_is_told_when_names_are_kept(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	scene_init(&s, LIST);
	s.config.keep_names = true;
	scene_open(&s);
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "game.example.net");
	assert_string_equal(only_part()->name, "game.example.net");
	scene_free(&s);
}

static void exclusion_charges_though_the_domain_is_listed(void **state)
{
	struct scene_conn c = scene_conn(40000);
	const struct scene_event *e;

	(void)state;
	open_scene(LIST);
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "a.quangcao.olm.vn");
	e = only_part();
	assert_int_equal(e->usage.reason, ZR_REASON_EXCLUDED);
	assert_string_equal(e->rule, "!quangcao.olm.vn");
	scene_free(&s);
}

static void hello_without_name_and_no_hello_are_no_name(void **state)
{
	struct scene_conn a = scene_conn(40000), b = scene_conn(40001);

	(void)state;
	open_scene(LIST);
	scene_handshake(&s, 0, &a);
	scene_hello(&s, 10, &a, NULL);
	scene_handshake(&s, 20, &b);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.reason, ZR_REASON_NO_NAME);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.reason, ZR_REASON_NO_NAME);
	scene_free(&s);
}

static void flow_without_a_start_is_midstream_unless_a_name_comes(void **state)
{
	struct scene_conn a = scene_conn(40000), b = scene_conn(40001);

	(void)state;
	open_scene(LIST);
	scene_up(&s, 0, &a, "\x17\x03\x03\x00\x02xx", 7);
	scene_hello(&s, 0, &b, "olm.vn");
	scene_close(&s);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.reason, ZR_REASON_MIDSTREAM);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.reason, ZR_REASON_SNI);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.flags, 1 << ZR_FLAG_MIDSTREAM);
	scene_free(&s);
}

/* Segments of one hello in every order of three. */
static void hello_in_segments_of_any_order_frees(void **state)
{
	static const uint8_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	uint8_t hello[1400];
	size_t len = frame_hello("bai.hocmai.vn", 900, hello, sizeof(hello));

	(void)state;
	for (unsigned int o = 0; o < 6; o++) {
		struct scene_conn c = scene_conn(40000);
		const struct scene_event *e;

		open_scene(LIST);
		scene_handshake(&s, 0, &c);
		for (unsigned int i = 0; i < 3; i++) {
			size_t from = orders[o][i] * len / 3, to = (orders[o][i] + 1U) * len / 3;

			c.up_seq = 1001 + (uint32_t)from;
			scene_up(&s, 10 + i, &c, hello + from, to - from);
		}
		e = only_part();
		assert_int_equal(e->usage.reason, ZR_REASON_SNI);
		assert_string_equal(e->name, "bai.hocmai.vn");
		assert_int_equal(e->usage.up_bytes, 5 * HEADERS + len);
		scene_free(&s);
	}
}

static void hello_that_comes_twice_with_different_bytes_is_spoof(void **state)
{
	struct scene_conn c = scene_conn(40000);
	uint8_t hello[1400], other[1400];
	size_t len = frame_hello("olm.vn", 900, hello, sizeof(hello));
	const struct scene_event *e;

	(void)state;
	memcpy(other, hello, sizeof(other));
	other[60] ^= 1;
	open_scene(LIST);
	scene_handshake(&s, 0, &c);
	scene_up(&s, 10, &c, hello, 400);
	c.up_seq = 1001;
	scene_up(&s, 11, &c, other, 400);
	scene_up(&s, 12, &c, hello + 400, len - 400);
	e = only_part();
	assert_int_equal(e->usage.reason, ZR_REASON_SPOOF);
	assert_int_equal(e->usage.verdict, ZR_CHARGED);
	assert_true((e->usage.flags & 1 << ZR_FLAG_SPOOF_SUSPECT) != 0);
	scene_free(&s);
}

static void address_entry_frees_from_the_first_packet(void **state)
{
	struct scene_conn c = scene_conn(40000);
	const struct scene_event *e;

	(void)state;
	open_scene(LIST);
	c.server = "203.162.10.7";
	scene_udp(&s, 0, &c, true, "x", 1);
	scene_udp(&s, 1, &c, false, "yy", 2);
	e = only_part();
	assert_int_equal(e->usage.reason, ZR_REASON_PREFIX);
	assert_int_equal(e->usage.evidence, 1 << ZR_EVIDENCE_PREFIX);
	assert_string_equal(e->rule, "203.162.10.0/24");
	assert_int_equal(e->usage.up_bytes, 29);
	assert_int_equal(e->usage.retro_up_bytes, 0);
	scene_free(&s);
}

static void unlisted_name_on_a_listed_address_stays_free(void **state)
{
	struct scene_conn c = scene_conn(40000);
	const struct scene_event *e;

	(void)state;
	open_scene(LIST);
	c.server = "2401:d800:10::7";
	c.client = "2001:db8::1";
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "game.example.net");
	e = only_part();
	assert_int_equal(e->usage.reason, ZR_REASON_PREFIX);
	assert_string_equal(e->name, "");
	scene_free(&s);
}

static void excluded_or_otherwise_listed_name_on_a_listed_address_cuts(void **state)
{
	struct scene_conn a = scene_conn(40000), b = scene_conn(40001);

	(void)state;
	open_scene(LIST);
	a.server = b.server = "203.162.10.7";
	scene_handshake(&s, 0, &a);
	scene_hello(&s, 10, &a, "quangcao.olm.vn");
	scene_handshake(&s, 20, &b);
	scene_hello(&s, 30, &b, "olm.vn");
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 4);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(scene_event(&s, ZR_USAGE_PART, i)->usage.reason, ZR_REASON_PREFIX);
		assert_int_equal(scene_event(&s, ZR_USAGE_PART, i)->usage.cause, ZR_CAUSE_VERDICT);
		assert_int_equal(scene_event(&s, ZR_USAGE_PART, i)->usage.up_pkts, 2);
		/* The name was not there yet. */
		assert_int_equal(scene_event(&s, ZR_USAGE_PART, i)->usage.evidence, 1 << ZR_EVIDENCE_PREFIX);
	}
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 2)->usage.reason, ZR_REASON_EXCLUDED);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 2)->usage.up_pkts, 1);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 3)->usage.reason, ZR_REASON_SNI);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 3)->usage.retro_up_bytes, 0);
	/* A tag for each address, and one more where the entry changed. */
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 3);
	scene_free(&s);
}

static void flow_of_no_subscriber_is_never_inspected(void **state)
{
	struct scene_conn c = scene_conn(40000);
	const struct scene_event *e;

	(void)state;
	scene_init(&s, LIST);
	scene_subscribers(&s, "10.9.0.0/16");
	scene_open(&s);
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "olm.vn");
	e = only_part();
	assert_int_equal(e->usage.reason, ZR_REASON_NOT_SUBSCRIBER);
	scene_free(&s);
}

static void subscriber_is_the_client_whoever_speaks_first(void **state)
{
	struct scene_conn c = scene_conn(40000);
	const struct scene_event *e;

	(void)state;
	scene_init(&s, LIST);
	scene_subscribers(&s, "10.0.0.0/16");
	scene_open(&s);
	scene_udp(&s, 0, &c, false, "down", 4);
	e = only_part();
	assert_int_equal(e->usage.client_port, 40000);
	assert_int_equal(e->usage.down_pkts, 1);
	assert_int_equal(e->usage.up_pkts, 0);
	scene_free(&s);
}

/* A hello towards a subscriber is not the subscriber's: a server behind a subscriber frees nobody. */
static void hello_from_outside_frees_nothing(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	scene_init(&s, LIST);
	scene_subscribers(&s, "203.0.113.0/24");
	scene_open(&s);
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "olm.vn");
	assert_int_equal(only_part()->usage.verdict, ZR_CHARGED);
	scene_free(&s);
}

static void first_packet_guess_gives_way_to_the_hello(void **state)
{
	struct scene_conn c = scene_conn(40000);
	const struct scene_event *e;

	(void)state;
	open_scene(LIST);
	c.vlan = 7;
	scene_down(&s, 0, &c, 100);
	scene_hello(&s, 10, &c, "olm.vn");
	e = only_part();
	assert_int_equal(e->usage.client_port, 40000);
	assert_int_equal(e->usage.reason, ZR_REASON_SNI);
	assert_int_equal(e->usage.down_bytes, HEADERS + 100);
	assert_int_equal(e->usage.retro_down_bytes, HEADERS + 100);
	assert_int_equal(e->usage.vlan_count, 1);
	assert_int_equal(e->usage.vlans[0], 7);
	scene_free(&s);
}

/* The first packet made a server of the client, whose address is listed: the tag said so, and its volume follows it. */
static void volume_freed_before_the_client_was_known_is_told_as_its_tag(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	open_scene("10.0.0.1/32,live,90003,,,,,\n");
	scene_down(&s, 0, &c, 100);
	scene_hello(&s, 10, &c, "game.example.net");
	scene_close(&s);
	assert_int_equal(scene_event(&s, ZR_USAGE_TAG, 0)->usage.client_port, 443);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.client_port, 443);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.reason, ZR_REASON_PREFIX);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.up_bytes, HEADERS + 100);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.client_port, 40000);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.reason, ZR_REASON_NO_MATCH);
	scene_free(&s);
}

static void expired_list_charges(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	open_scene("#! expires: 2026-11-21T00:00:00Z\n" LIST);
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "olm.vn");
	assert_int_equal(only_part()->usage.reason, ZR_REASON_EXPIRED);
	scene_free(&s);
}

/* Address and name are charged for the same: there is no change to cut at. */
static void name_on_an_address_of_an_expired_list_cuts_nothing(void **state)
{
	struct scene_conn c = scene_conn(40000);
	const struct scene_event *e;

	(void)state;
	open_scene("#! expires: 2026-11-21T00:00:00Z\n" LIST);
	c.server = "203.162.10.7";
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "olm.vn");
	e = only_part();
	assert_int_equal(e->usage.reason, ZR_REASON_EXPIRED);
	assert_int_equal(e->usage.up_pkts, 3);
	scene_free(&s);
}

/* One datagram with the whole hello, or two with half of it each. */
static void quic_datagram(struct quic_bytes *out, const char *name, const char *dcid, unsigned int part,
			  unsigned int parts)
{
	struct quic_header header = {.version = QUIC_V1, .pn = part, .dcid.len = 8, .keys_from.len = 8};
	struct quic_bytes payload = {.len = 0};
	uint8_t hello[2048];
	size_t len = quic_make_hello(name, 400, hello, sizeof(hello));

	memcpy(header.dcid.at, dcid, 8);
	memcpy(header.keys_from.at, dcid, 8);
	quic_put_crypto(&payload, hello, part * len / parts, (part + 1) * len / parts - part * len / parts);
	quic_put_fill(&payload, 0, 1180 - payload.len);
	out->len = 0;
	quic_seal(out, &header, &payload);
}

static void quic_hello_over_two_datagrams_frees(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct quic_bytes datagram;
	const struct scene_event *e;

	(void)state;
	open_scene(LIST);
	for (unsigned int i = 0; i < 2; i++) {
		quic_datagram(&datagram, "olm.vn", "abcdefgh", 1 - i, 2);
		scene_udp(&s, i, &c, true, datagram.at, datagram.len);
	}
	e = only_part();
	assert_int_equal(e->usage.reason, ZR_REASON_QUIC_SNI);
	assert_int_equal(e->usage.up_pkts, 2);
	assert_int_equal(e->usage.retro_up_bytes, 28 + datagram.len);
	scene_free(&s);
}

/* The address frees it before the hello is whole; it is QUIC all the same, and may be silent for as long. */
static void quic_on_a_listed_address_has_the_timeout_of_quic(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct quic_bytes datagram;

	(void)state;
	open_scene(LIST);
	c.server = "203.162.10.7";
	for (unsigned int i = 0; i < 2; i++) {
		quic_datagram(&datagram, "game.example.net", "abcdefgh", i, 2);
		scene_udp(&s, i, &c, true, datagram.at, datagram.len);
	}
	scene_udp(&s, 5 * 60000, &c, false, "yy", 2);
	assert_int_equal(only_part()->usage.down_pkts, 1);
	scene_free(&s);
}

static void new_quic_connection_on_a_known_tuple_is_a_new_flow(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct quic_bytes datagram;

	(void)state;
	open_scene(LIST);
	quic_datagram(&datagram, "olm.vn", "abcdefgh", 0, 1);
	assert_true(datagram.len >= 1200);
	scene_udp(&s, 0, &c, true, datagram.at, datagram.len);
	/* The same once more is a retransmission. */
	scene_udp(&s, 1, &c, true, datagram.at, datagram.len);
	quic_datagram(&datagram, "game.example.net", "ijklmnop", 0, 1);
	scene_udp(&s, 2, &c, true, datagram.at, datagram.len);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.cause, ZR_CAUSE_NEW_FLOW);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.up_pkts, 2);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.reason, ZR_REASON_NO_MATCH);
	scene_free(&s);
}

/* The server asks for a token: the client says the same again, to another id. */
static void quic_retry_is_the_same_connection(void **state)
{
	struct quic_header retry = {
		.version = QUIC_V1, .type = QUIC_RETRY, .scid = {.at = "ijklmnop", .len = 8}, .token.len = 40};
	struct quic_bytes datagram = {.len = 0}, none = {.len = 0};
	struct scene_conn c = scene_conn(40000);
	const struct scene_event *e;

	(void)state;
	open_scene(LIST);
	quic_datagram(&datagram, "olm.vn", "abcdefgh", 0, 1);
	scene_udp(&s, 0, &c, true, datagram.at, datagram.len);
	datagram.len = 0;
	quic_seal(&datagram, &retry, &none);
	scene_udp(&s, 1, &c, false, datagram.at, datagram.len);
	quic_datagram(&datagram, "olm.vn", "ijklmnop", 0, 1);
	scene_udp(&s, 2, &c, true, datagram.at, datagram.len);
	e = only_part();
	assert_int_equal(e->usage.up_pkts, 2);
	assert_int_equal(e->usage.reason, ZR_REASON_QUIC_SNI);
	scene_free(&s);
}

/* The first packet already carries the name: the address never freed anything, so nothing says that it did. */
static void excluded_name_in_the_first_packet_leaves_no_tag(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct quic_bytes datagram;

	(void)state;
	open_scene(LIST);
	c.server = "203.162.10.7";
	quic_datagram(&datagram, "quangcao.olm.vn", "abcdefgh", 0, 1);
	scene_udp(&s, 0, &c, true, datagram.at, datagram.len);
	assert_int_equal(only_part()->usage.reason, ZR_REASON_EXCLUDED);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 0);
	scene_free(&s);
}

static void no_name_within_the_bound_is_inspect_limit(void **state)
{
	struct scene_conn c = scene_conn(40000);
	const struct scene_event *e;

	(void)state;
	open_scene(LIST);
	scene_handshake(&s, 0, &c);
	for (unsigned int i = 0; i < 600; i++)
		scene_up(&s, i, &c, "SSH-like chatter", 16);
	scene_hello(&s, 700, &c, "olm.vn");
	e = only_part();
	assert_int_equal(e->usage.reason, ZR_REASON_INSPECT_LIMIT);
	scene_free(&s);
}

static void gtpu_inner_packets_are_the_flow_and_teids_are_told(void **state)
{
	struct frame_spec up = {.src = "10.0.0.1",
				.dst = "203.0.113.1",
				.src_port = 40000,
				.dst_port = 443,
				.proto = 6,
				.tcp_flags = ZR_TCP_SYN,
				.seq = 1,
				.outer_src = "10.200.0.1",
				.outer_dst = "10.200.0.2",
				.teid = 17};
	struct frame_spec down = {.src = "203.0.113.1",
				  .dst = "10.0.0.1",
				  .src_port = 443,
				  .dst_port = 40000,
				  .proto = 6,
				  .tcp_flags = ZR_TCP_SYN | ZR_TCP_ACK,
				  .ack = 2,
				  .outer_src = "10.200.0.2",
				  .outer_dst = "10.200.0.1",
				  .teid = 99};
	const struct scene_event *e;

	(void)state;
	open_scene(LIST);
	scene_send(&s, 0, &up);
	scene_send(&s, 1, &down);
	e = only_part();
	assert_true(e->usage.has_teid_up && e->usage.has_teid_down);
	assert_int_equal(e->usage.teid_up, 17);
	assert_int_equal(e->usage.teid_down, 99);
	assert_int_equal(e->usage.up_bytes, 40);
	assert_int_equal(e->usage.down_bytes, 40);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listed_name_frees_the_flow_from_its_first_packet),
		cmocka_unit_test(without_retro_credit_the_first_free_verdict_is_a_cut),
		cmocka_unit_test(unlisted_name_is_charged_and_not_told),
		cmocka_unit_test(unlisted_name_is_told_when_names_are_kept),
		cmocka_unit_test(exclusion_charges_though_the_domain_is_listed),
		cmocka_unit_test(hello_without_name_and_no_hello_are_no_name),
		cmocka_unit_test(flow_without_a_start_is_midstream_unless_a_name_comes),
		cmocka_unit_test(hello_in_segments_of_any_order_frees),
		cmocka_unit_test(hello_that_comes_twice_with_different_bytes_is_spoof),
		cmocka_unit_test(address_entry_frees_from_the_first_packet),
		cmocka_unit_test(unlisted_name_on_a_listed_address_stays_free),
		cmocka_unit_test(excluded_or_otherwise_listed_name_on_a_listed_address_cuts),
		cmocka_unit_test(flow_of_no_subscriber_is_never_inspected),
		cmocka_unit_test(subscriber_is_the_client_whoever_speaks_first),
		cmocka_unit_test(hello_from_outside_frees_nothing),
		cmocka_unit_test(first_packet_guess_gives_way_to_the_hello),
		cmocka_unit_test(volume_freed_before_the_client_was_known_is_told_as_its_tag),
		cmocka_unit_test(expired_list_charges),
		cmocka_unit_test(name_on_an_address_of_an_expired_list_cuts_nothing),
		cmocka_unit_test(quic_hello_over_two_datagrams_frees),
		cmocka_unit_test(quic_on_a_listed_address_has_the_timeout_of_quic),
		cmocka_unit_test(new_quic_connection_on_a_known_tuple_is_a_new_flow),
		cmocka_unit_test(quic_retry_is_the_same_connection),
		cmocka_unit_test(excluded_name_in_the_first_packet_leaves_no_tag),
		cmocka_unit_test(no_name_within_the_bound_is_inspect_limit),
		cmocka_unit_test(gtpu_inner_packets_are_the_flow_and_teids_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

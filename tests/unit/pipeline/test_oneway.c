/* SPDX-License-Identifier: BSD-3-Clause */
/* Captures that hold one direction only, or begin in the middle: names from the client's packets alone, none from a server's. */
#include "tests/unit/pipeline/quic_scene.h"

#define LIST    ".olm.vn,olm,90001,,,,,\n"
#define REQUEST "GET / HTTP/1.1\r\nHost: olm.vn\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n"
#define PARTS   3

static struct scene s;

static void open_scene(void)
{
	scene_init(&s, LIST);
	scene_open(&s);
}

static const struct scene_event *only_part(void)
{
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	return scene_event(&s, ZR_USAGE_PART, 0);
}

/* What a client says first, in whole. */
struct opening {
	uint8_t bytes[1400];
	size_t len;
	enum zr_reason reason;
};

static struct opening opening_of(unsigned int which)
{
	struct opening o;

	if (which == 0) {
		o.len = frame_hello("olm.vn", 900, o.bytes, sizeof(o.bytes));
		o.reason = ZR_REASON_SNI;
	} else {
		o.len = strlen(REQUEST);
		memcpy(o.bytes, REQUEST, o.len);
		o.reason = ZR_REASON_HOST;
	}
	return o;
}

/* The part-th of PARTS segments of it, in its place of a stream that begins behind sequence number 1000. */
static void send_part(uint64_t ms, struct scene_conn *c, const struct opening *o, unsigned int part)
{
	size_t from = part * o->len / PARTS, to = (part + 1) * o->len / PARTS;

	c->up_seq = 1001 + (uint32_t)from;
	scene_up(&s, ms, c, o->bytes + from, to - from);
}

static const uint8_t orders[6][PARTS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

static void client_alone_over_tcp(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * 6; i++) {
		struct opening o = opening_of(i % 2);
		struct scene_conn c = scene_conn(40000);
		const struct scene_event *e;

		open_scene();
		scene_tcp(&s, 0, &c, true, ZR_TCP_SYN, NULL, 0);
		scene_tcp(&s, 1, &c, true, ZR_TCP_ACK, NULL, 0);
		for (unsigned int part = 0; part < PARTS; part++)
			send_part(2 + part, &c, &o, orders[i / 2][part]);
		e = only_part();
		assert_int_equal(e->usage.reason, o.reason);
		assert_int_equal(e->usage.client_port, 40000);
		assert_int_equal(e->usage.up_pkts, 2 + PARTS);
		assert_int_equal(e->usage.down_pkts, 0);
		scene_free(&s);
	}
}

static void client_alone_over_quic(void **state)
{
	static const uint32_t versions[] = {QUIC_V1, QUIC_V2, QUIC_DRAFT_29};

	(void)state;
	for (unsigned int i = 0; i < 3 * 6; i++) {
		struct quic_header header = quic_client(versions[i % 3], "abcdefgh", "abcdefgh");
		struct scene_conn c = scene_conn(40000);
		const struct scene_event *e;

		open_scene();
		for (unsigned int part = 0; part < PARTS; part++)
			quic_send_hello(&s, part, &c, &header, "olm.vn", orders[i / 3][part], PARTS);
		/* What follows the server's answer, which is not there. */
		header.dcid = quic_id_of("server-id");
		quic_send_hello(&s, 9, &c, &header, "olm.vn", 0, 0);
		quic_send_short(&s, 10, &c, true, "server-id");
		e = only_part();
		assert_int_equal(e->usage.reason, ZR_REASON_QUIC_SNI);
		assert_int_equal(e->usage.client_port, 40000);
		assert_int_equal(e->usage.up_pkts, PARTS + 2);
		scene_free(&s);
	}
}

/* An unseen Retry: the client says its hello again, to another id. All of it is free, be it as two flows. */
static void client_alone_with_a_retry_between(void **state)
{
	struct quic_header first = quic_client(QUIC_V1, "abcdefgh", "abcdefgh");
	struct quic_header again = quic_client(QUIC_V1, "ijklmnop", "ijklmnop");
	struct scene_conn c = scene_conn(40000);

	(void)state;
	open_scene();
	quic_send_hello(&s, 0, &c, &first, "olm.vn", 0, 1);
	quic_send_hello(&s, 1, &c, &again, "olm.vn", 0, 1);
	quic_send_short(&s, 2, &c, true, "server-id");
	scene_close(&s);
	for (unsigned int i = 0; i < s.count; i++)
		assert_int_equal(s.events[i].usage.reason, ZR_REASON_QUIC_SNI);
	scene_free(&s);
}

/* A ServerHello and a response, cut like what clients say. */
static void send_answer(uint64_t ms, struct scene_conn *c, unsigned int which)
{
	static const uint8_t server_hello[] = {0x16, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3, [44] = 0x13, [46] = 0};
	static const char response[] = "HTTP/1.1 200 OK\r\nHost: olm.vn\r\nContent-Length: 5\r\n\r\nhello";

	if (which == 0)
		scene_tcp(&s, ms, c, false, ZR_TCP_ACK, server_hello, sizeof(server_hello));
	else
		scene_tcp(&s, ms, c, false, ZR_TCP_ACK, response, sizeof(response) - 1);
}

static void server_alone_has_no_name(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * 2; i++) {
		struct scene_conn c = scene_conn(40000);
		bool start = i >= 2;
		const struct scene_event *e;

		open_scene();
		if (start)
			scene_tcp(&s, 0, &c, false, ZR_TCP_SYN | ZR_TCP_ACK, NULL, 0);
		send_answer(1, &c, i % 2);
		scene_down(&s, 2, &c, 1400);
		scene_tcp(&s, 3, &c, false, ZR_TCP_FIN | ZR_TCP_ACK, NULL, 0);
		e = only_part();
		assert_int_equal(e->usage.reason, start ? ZR_REASON_NO_NAME : ZR_REASON_MIDSTREAM);
		assert_int_equal(e->usage.up_pkts + e->usage.down_pkts, start ? 4 : 3);
		/* A SYN+ACK tells who is who; else the first packet's sender is taken for the client. */
		assert_int_equal(e->usage.client_port, start ? 40000 : 443);
		scene_free(&s);
	}
}

static void server_alone_has_no_name_though_subscribers_are_known(void **state)
{
	struct scene_conn c = scene_conn(40000);
	const struct scene_event *e;

	(void)state;
	scene_init(&s, LIST);
	scene_subscribers(&s, "10.0.0.0/8");
	scene_open(&s);
	/* A hello from the server's side is not the subscriber's. */
	send_answer(0, &c, 0);
	scene_tcp(&s, 1, &c, false, ZR_TCP_ACK, REQUEST, strlen(REQUEST));
	e = only_part();
	assert_int_equal(e->usage.reason, ZR_REASON_MIDSTREAM);
	assert_int_equal(e->usage.client_port, 40000);
	assert_int_equal(e->usage.down_pkts, 2);
	scene_free(&s);
}

static void server_alone_over_quic_has_no_name(void **state)
{
	struct scene_conn c = scene_conn(40000);

	(void)state;
	open_scene();
	quic_send_long(&s, 0, &c, false, QUIC_V1, QUIC_RETRY, "retry-id");
	quic_send_long(&s, 1, &c, false, QUIC_V1, QUIC_INITIAL, "server-id");
	quic_send_long(&s, 2, &c, false, QUIC_V1, QUIC_HANDSHAKE, "server-id");
	quic_send_short(&s, 3, &c, false, "client");
	assert_int_equal(only_part()->usage.reason, ZR_REASON_NO_NAME);
	scene_free(&s);
}

/*
 * The capture begins behind the SYN: the parts of the hello or request in any order, with the server's packets before,
 * between and behind them, or the SYN+ACK first.
 */
static void capture_begins_behind_the_syn(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * 6 * 16; i++) {
		unsigned int between = i / 12;
		struct opening o = opening_of(i % 2);
		struct scene_conn c = scene_conn(40000);
		const struct scene_event *e;
		unsigned int down = 0;

		open_scene();
		for (unsigned int part = 0; part <= PARTS; part++) {
			if ((between >> part & 1) != 0) {
				scene_tcp(&s, 2 * part, &c, false, ZR_TCP_ACK, NULL, 0);
				send_answer(2 * part, &c, i % 2);
				down += 2;
			}
			if (part < PARTS)
				send_part(2 * part + 1, &c, &o, orders[i / 2 % 6][part]);
		}
		e = only_part();
		assert_int_equal(e->usage.reason, o.reason);
		assert_int_equal(e->usage.client_port, 40000);
		assert_int_equal(e->usage.flags, 1 << ZR_FLAG_MIDSTREAM);
		assert_int_equal(e->usage.up_pkts, PARTS);
		assert_int_equal(e->usage.down_pkts, down);
		scene_free(&s);
	}
}

static void capture_begins_with_the_syn_ack(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * 6; i++) {
		struct opening o = opening_of(i % 2);
		struct scene_conn c = scene_conn(40000);

		open_scene();
		c.up_seq = 1001;
		scene_tcp(&s, 0, &c, false, ZR_TCP_SYN | ZR_TCP_ACK, NULL, 0);
		for (unsigned int part = 0; part < PARTS; part++)
			send_part(1 + part, &c, &o, orders[i / 2][part]);
		assert_int_equal(only_part()->usage.reason, o.reason);
		scene_free(&s);
	}
}

#define CROWD 300

/*
 * So many flows whose client is not known that there is no buffer for all of their sides: who gets none loses its name, never
 * its volume, and whoever speaks last has buffers enough.
 */
static void both_sides_of_many_flows_in_little_memory(void **state)
{
	struct opening o = opening_of(0);
	struct scene_conn last;
	uint64_t ms = 0;

	(void)state;
	scene_init(&s, LIST);
	s.config.reassembly_bytes = 262144;
	scene_open(&s);
	for (unsigned int round = 0; round < 4; round++) {
		for (unsigned int i = 0; i < CROWD; i++) {
			struct scene_conn c = scene_conn((uint16_t)(1000 + i));

			c.down_seq = 1 + round * 3000;
			scene_down(&s, ++ms, &c, i % 3 == 0 ? 2900 : 100);
			if (round < 2)
				send_part(++ms, &c, &o, 2 - round);
		}
	}
	assert_true(zr_pipeline_counter(s.pipeline, ZR_COUNTER_HELLOS_GIVEN_UP) > CROWD / 2);
	last = scene_conn(900);
	scene_down(&s, ++ms, &last, 100);
	for (unsigned int part = PARTS; part-- > 0;)
		send_part(++ms, &last, &o, part);
	scene_close(&s);
	assert_int_equal(scene_event(&s, ZR_USAGE_TAG, scene_events(&s, ZR_USAGE_TAG) - 1)->usage.client_port, 900);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(client_alone_over_tcp),
		cmocka_unit_test(client_alone_over_quic),
		cmocka_unit_test(client_alone_with_a_retry_between),
		cmocka_unit_test(server_alone_has_no_name),
		cmocka_unit_test(server_alone_has_no_name_though_subscribers_are_known),
		cmocka_unit_test(server_alone_over_quic_has_no_name),
		cmocka_unit_test(capture_begins_behind_the_syn),
		cmocka_unit_test(capture_begins_with_the_syn_ack),
		cmocka_unit_test(both_sides_of_many_flows_in_little_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

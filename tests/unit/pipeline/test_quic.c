/* SPDX-License-Identifier: BSD-3-Clause */
/* How QUIC connections begin: one flow for one connection, whatever is said on the way to its hello. */
#include "tests/unit/pipeline/quic_scene.h"

#define LIST      ".olm.vn,olm,90001,,,,,\n"
#define PAID_NAME "game.example.net"

static const uint32_t versions[] = {QUIC_V1, QUIC_V2, QUIC_DRAFT_29};

static struct scene s;

/* Every odd round the subscribers are known, else the client is who speaks like one. */
static struct scene_conn open_scene(unsigned int round)
{
	scene_init(&s, LIST);
	if (round % 2 == 1)
		scene_subscribers(&s, "10.0.0.0/8");
	scene_open(&s);
	return scene_conn(40000);
}

/* All that was sent is one flow, free by its name. */
static void close_one_free(unsigned int up_pkts, unsigned int down_pkts)
{
	const struct scene_event *e;

	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	e = scene_event(&s, ZR_USAGE_PART, 0);
	assert_int_equal(e->usage.reason, ZR_REASON_QUIC_SNI);
	assert_int_equal(e->usage.client_port, 40000);
	assert_int_equal(e->usage.up_pkts, up_pkts);
	assert_int_equal(e->usage.down_pkts, down_pkts);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 1);
	scene_free(&s);
}

static void retry_after_a_whole_hello(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		struct scene_conn c = open_scene(i);
		struct quic_header first = quic_client(versions[i / 2], "abcdefgh", "abcdefgh");
		struct quic_header again = quic_client(versions[i / 2], "ijklmnop", "ijklmnop");

		again.token.len = 40;
		quic_send_hello(&s, 0, &c, &first, "olm.vn", 0, 1);
		quic_send_long(&s, 1, &c, false, versions[i / 2], QUIC_RETRY, "ijklmnop");
		quic_send_hello(&s, 2, &c, &again, "olm.vn", 0, 1);
		close_one_free(2, 1);
	}
}

/* The Retry comes before the client has said all of its hello, which it then begins anew. */
static void retry_within_a_hello(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		struct scene_conn c = open_scene(i);
		struct quic_header first = quic_client(versions[i / 2], "abcdefgh", "abcdefgh");
		struct quic_header again = quic_client(versions[i / 2], "ijklmnop", "ijklmnop");

		quic_send_hello(&s, 0, &c, &first, "olm.vn", 1, 2);
		quic_send_long(&s, 1, &c, false, versions[i / 2], QUIC_RETRY, "ijklmnop");
		quic_send_hello(&s, 2, &c, &again, "olm.vn", 1, 2);
		quic_send_hello(&s, 3, &c, &again, "olm.vn", 0, 2);
		close_one_free(3, 1);
	}
}

static void early_data_between_the_parts_of_a_hello(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		struct scene_conn c = open_scene(i);
		struct quic_header header = quic_client(versions[i / 2], "abcdefgh", "abcdefgh"), early = header;

		early.type = QUIC_0RTT;
		early.key_name = "early";
		quic_send_hello(&s, 0, &c, &header, "olm.vn", 1, 2);
		quic_send_hello(&s, 1, &c, &early, PAID_NAME, 0, 1);
		quic_send_hello(&s, 2, &c, &header, "olm.vn", 0, 2);
		quic_send_hello(&s, 3, &c, &early, PAID_NAME, 0, 1);
		close_one_free(4, 0);
	}
}

static void early_data_behind_an_initial_in_one_datagram(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		struct scene_conn c = open_scene(i);
		struct quic_header header = quic_client(versions[i / 2], "abcdefgh", "abcdefgh"), early = header;
		struct quic_bytes datagram = {.len = 0};

		early.type = QUIC_0RTT;
		early.key_name = "early";
		quic_add_hello(&datagram, &header, "olm.vn", 0, 1);
		quic_add_hello(&datagram, &early, PAID_NAME, 0, 1);
		scene_udp(&s, 0, &c, true, datagram.at, datagram.len);
		close_one_free(1, 0);
	}
}

/* The server has answered the first part: the client says the second to the id that the server chose. */
static void second_part_goes_to_the_servers_id(void **state)
{
	static const char *const server_ids[] = {"server-id-of-20-byte", "short", ""};

	(void)state;
	for (unsigned int i = 0; i < 6 * 3; i++) {
		struct scene_conn c = open_scene(i);
		uint32_t version = versions[i / 2 % 3];
		struct quic_header header = quic_client(version, "abcdefgh", "abcdefgh");

		quic_send_hello(&s, 0, &c, &header, "olm.vn", 0, 2);
		quic_send_long(&s, 1, &c, false, version, QUIC_INITIAL, server_ids[i / 6]);
		header.dcid = quic_id_of(server_ids[i / 6]);
		quic_send_hello(&s, 2, &c, &header, "olm.vn", 1, 2);
		close_one_free(2, 1);
	}
}

/* Acknowledgements of what the server says in Initials are Initials too, and begin nothing. */
static void acknowledgement_begins_nothing(void **state)
{
	static const char *const server_ids[] = {"server-id-of-20-byte", "short", ""};

	(void)state;
	for (unsigned int i = 0; i < 6 * 3; i++) {
		struct scene_conn c = open_scene(i);
		uint32_t version = versions[i / 2 % 3];
		struct quic_header header = quic_client(version, "abcdefgh", "abcdefgh");

		quic_send_hello(&s, 0, &c, &header, "olm.vn", 0, 1);
		quic_send_hello(&s, 1, &c, &header, "olm.vn", 0, 1);
		quic_send_long(&s, 2, &c, false, version, QUIC_INITIAL, server_ids[i / 6]);
		header.dcid = quic_id_of(server_ids[i / 6]);
		quic_send_hello(&s, 3, &c, &header, "olm.vn", 0, 0);
		quic_send_hello(&s, 4, &c, &header, "olm.vn", 1, 0);
		close_one_free(4, 1);
	}
}

/* What belonged to the connection whose hello never ended is not the next one's. */
static void new_connection_within_a_hello_is_a_new_flow(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct scene_conn c = open_scene(i);
		struct quic_header first = quic_client(QUIC_V1, "abcdefgh", "abcdefgh");
		struct quic_header next = quic_client(i < 2 ? QUIC_V1 : QUIC_V2, "ijklmnop", "ijklmnop");
		const struct scene_event *e;

		quic_send_hello(&s, 0, &c, &first, PAID_NAME, 0, 2);
		quic_send_hello(&s, 1, &c, &first, PAID_NAME, 0, 2);
		quic_send_short(&s, 2, &c, false, "client");
		quic_send_hello(&s, 3, &c, &next, "olm.vn", 0, 2);
		quic_send_hello(&s, 4, &c, &next, "olm.vn", 1, 2);
		scene_close(&s);
		assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
		e = scene_event(&s, ZR_USAGE_PART, 0);
		assert_int_equal(e->usage.reason, ZR_REASON_NO_NAME);
		assert_int_equal(e->usage.cause, ZR_CAUSE_NEW_FLOW);
		assert_int_equal(e->usage.up_pkts, 2);
		assert_int_equal(e->usage.down_pkts, 1);
		e = scene_event(&s, ZR_USAGE_PART, 1);
		assert_int_equal(e->usage.reason, ZR_REASON_QUIC_SNI);
		assert_int_equal(e->usage.up_pkts, 2);
		assert_int_equal(e->usage.retro_up_bytes * 2, e->usage.up_bytes);
		assert_int_equal(e->usage.down_pkts, 0);
		scene_free(&s);
	}
}

/* A first version that nobody here reads, the server's list of others, and the hello in one of them. */
static void version_negotiation_is_followed(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		struct scene_conn c = open_scene(i);
		struct quic_header greased = quic_client(0x1a2a3a4a, "abcdefgh", "abcdefgh");
		struct quic_header known = quic_client(versions[i / 2], "ijklmnop", "ijklmnop");

		quic_send_hello(&s, 0, &c, &greased, PAID_NAME, 0, 1);
		quic_send_long(&s, 1, &c, false, 0, QUIC_HANDSHAKE, "abcdefgh");
		quic_send_hello(&s, 2, &c, &known, "olm.vn", 0, 1);
		close_one_free(2, 1);
	}
}

/* The same from one version that is read to another: that is a new connection, and the name is read there too. */
static void version_negotiation_between_known_versions(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct scene_conn c = open_scene(i);
		struct quic_header first = quic_client(QUIC_DRAFT_29, "abcdefgh", "abcdefgh");
		struct quic_header next = quic_client(QUIC_V2, "ijklmnop", "ijklmnop");
		unsigned int parts = 1 + i / 2;

		quic_send_hello(&s, 0, &c, &first, "olm.vn", 0, parts);
		quic_send_long(&s, 1, &c, false, 0, QUIC_HANDSHAKE, "abcdefgh");
		quic_send_hello(&s, 2, &c, &next, "olm.vn", 0, 1);
		scene_close(&s);
		assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
		assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.reason,
				 parts == 1 ? ZR_REASON_QUIC_SNI : ZR_REASON_NO_NAME);
		assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.reason, ZR_REASON_QUIC_SNI);
		assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.up_pkts, 1);
		scene_free(&s);
	}
}

/* A fixed bit of 0 is for clients with a token (RFC 9287, section 3); such a connection begins, and begins anew, like any. */
static void greased_fixed_bit(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct scene_conn c = open_scene(i);
		struct quic_header first = quic_client(QUIC_V1, "abcdefgh", "abcdefgh");
		struct quic_header next = quic_client(QUIC_V1, "ijklmnop", "ijklmnop");
		bool token = i >= 2;

		first.token.len = next.token.len = token ? 40 : 0;
		first.clear_bits = next.clear_bits = 0x40;
		quic_send_hello(&s, 0, &c, &first, "olm.vn", 0, 1);
		quic_send_hello(&s, 1, &c, &next, PAID_NAME, 0, 1);
		scene_close(&s);
		assert_int_equal(scene_events(&s, ZR_USAGE_PART), token ? 2 : 1);
		assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.reason,
				 token ? ZR_REASON_QUIC_SNI : ZR_REASON_NO_NAME);
		if (token)
			assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.reason, ZR_REASON_NO_MATCH);
		scene_free(&s);
	}
}

/* Flows that are never inspected are not cut by hellos either: which of them begin a connection is not known. */
static void initials_of_no_subscriber_are_one_flow(void **state)
{
	struct quic_header client = quic_client(QUIC_V1, "abcdefgh", "abcdefgh");
	struct scene_conn c = scene_conn(40000);

	(void)state;
	scene_init(&s, LIST);
	scene_subscribers(&s, "10.9.0.0/16");
	scene_open(&s);
	for (unsigned int i = 0; i < 3; i++)
		quic_send_hello(&s, i, &c, &client, "olm.vn", i, 3);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.reason, ZR_REASON_NOT_SUBSCRIBER);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.up_pkts, 3);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(retry_after_a_whole_hello),
		cmocka_unit_test(retry_within_a_hello),
		cmocka_unit_test(early_data_between_the_parts_of_a_hello),
		cmocka_unit_test(early_data_behind_an_initial_in_one_datagram),
		cmocka_unit_test(second_part_goes_to_the_servers_id),
		cmocka_unit_test(acknowledgement_begins_nothing),
		cmocka_unit_test(new_connection_within_a_hello_is_a_new_flow),
		cmocka_unit_test(version_negotiation_is_followed),
		cmocka_unit_test(version_negotiation_between_known_versions),
		cmocka_unit_test(greased_fixed_bit),
		cmocka_unit_test(initials_of_no_subscriber_are_one_flow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* QUIC connections that go on from another port or address: whose verdict they keep, and whose they do not get. */
#include "tests/unit/pipeline/quic_scene.h"

#define LIST                                                                      \
	".olm.vn,olm,90001,,,,,\n!quangcao.olm.vn,,,,,,,\n"                       \
	"thi.moet.gov.vn,moet,90002," SCENE_DAY "00:10Z," SCENE_DAY "00:20Z,,,\n" \
	"203.162.10.0/24,vnedu-live,90003,,,,,\n"

#define SERVER_ID "server-id-01"

/* IPv4 and UDP headers. */
#define HEADERS 28

static struct scene s;

static void open_scene(void)
{
	scene_init(&s, LIST);
	scene_open(&s);
}

/* A connection that has said its name and heard from its server. */
static void connect(uint64_t ms, const struct scene_conn *c, const char *name, const char *server_id)
{
	struct quic_header header = quic_client(QUIC_V1, "abcdefgh", "abcdefgh");

	quic_send_hello(&s, ms, c, &header, name, 0, 1);
	quic_send_long(&s, ms + 1, c, false, QUIC_V1, QUIC_HANDSHAKE, server_id);
}

static uint64_t counter(enum zr_counter which)
{
	return zr_pipeline_counter(s.pipeline, which);
}

/* The part of the flow with that client port; the scene is closed. */
static const struct scene_event *part_of(uint16_t client_port)
{
	for (unsigned int i = 0; i < s.count; i++)
		if (s.events[i].usage.type == ZR_USAGE_PART && s.events[i].usage.client_port == client_port)
			return &s.events[i];
	fail_msg("no part of port %u", client_port);
	return NULL;
}

static void another_port_keeps_the_verdict(void **state)
{
	struct scene_conn old = scene_conn(40000), new = scene_conn(50000);
	const struct scene_event *e;

	(void)state;
	open_scene();
	connect(0, &old, "www.olm.vn", SERVER_ID);
	quic_send_short(&s, 10, &new, true, SERVER_ID);
	quic_send_short(&s, 11, &new, false, "client");
	quic_send_short(&s, 12, &new, true, "an-id-that-was-never-seen");
	scene_close(&s);
	e = part_of(50000);
	assert_int_equal(e->usage.reason, ZR_REASON_QUIC_SNI);
	assert_int_equal(e->usage.evidence, 1 << ZR_EVIDENCE_QUIC_SNI);
	assert_string_equal(e->name, "www.olm.vn");
	assert_string_equal(e->rule, ".olm.vn");
	assert_int_equal(e->usage.up_pkts, 2);
	assert_int_equal(e->usage.down_pkts, 1);
	assert_int_equal(e->usage.up_bytes, 2 * (HEADERS + QUIC_SHORT_LEN));
	assert_int_equal(e->usage.retro_up_bytes, 0);
	assert_int_equal(e->usage.retro_down_bytes, 0);
	assert_true(e->usage.flow != part_of(40000)->usage.flow);
	assert_int_equal(part_of(40000)->usage.up_pkts, 1);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 2);
	e = scene_event(&s, ZR_USAGE_TAG, 1);
	assert_int_equal(e->usage.client_port, 50000);
	assert_string_equal(e->name, "www.olm.vn");
	assert_int_equal(counter(ZR_COUNTER_FLOWS_REBOUND), 1);
	scene_free(&s);
}

/* The id goes along: from port to port, also when the first flow has ended long since, and back. */
static void again_and_again(void **state)
{
	const uint64_t minute = 60000;

	(void)state;
	open_scene();
	for (unsigned int i = 0; i < 6; i++) {
		struct scene_conn c = scene_conn((uint16_t)(40000 + i % 3));

		if (i == 0)
			connect(0, &c, "olm.vn", SERVER_ID);
		else
			quic_send_short(&s, i * 9 * minute, &c, true, SERVER_ID);
	}
	scene_close(&s);
	for (unsigned int i = 0; i < s.count; i++)
		assert_int_equal(s.events[i].usage.verdict, ZR_FREE);
	assert_int_equal(counter(ZR_COUNTER_FLOWS_REBOUND), 5);
	scene_free(&s);
}

/* Every long header of a server tells it, in every version, at every length that counts; also to a hello in two parts. */
static void what_teaches_an_id(void **state)
{
	static const uint32_t versions[] = {QUIC_V1, QUIC_V2, QUIC_DRAFT_29};
	static const char longest[] = "abcdefghijklmnopqrst";

	(void)state;
	for (unsigned int i = 0; i < 3 * 2 * 13; i++) {
		struct scene_conn old = scene_conn(40000), new = scene_conn(50000);
		uint32_t version = versions[i % 3];
		enum quic_type type = i / 3 % 2 == 0 ? QUIC_INITIAL : QUIC_HANDSHAKE;
		const char *id = longest + i / 6;
		struct quic_header header = quic_client(version, "client's id", "client's id");

		open_scene();
		quic_send_hello(&s, 0, &old, &header, "olm.vn", 0, 2);
		quic_send_long(&s, 1, &old, false, version, QUIC_INITIAL, id);
		header.dcid = quic_id_of(id);
		quic_send_hello(&s, 2, &old, &header, "olm.vn", 1, 2);
		quic_send_long(&s, 3, &old, false, version, type, id);
		quic_send_short(&s, 10, &new, true, id);
		scene_close(&s);
		assert_int_equal(part_of(50000)->usage.reason, ZR_REASON_QUIC_SNI);
		scene_free(&s);
	}
}

/* A connection is begun, spoken on by somebody else: it stays a stranger. */
static void not_rebound(const struct scene_conn *old, const struct scene_conn *new, const char *learned,
			const char *said)
{
	open_scene();
	connect(0, old, "olm.vn", learned);
	quic_send_short(&s, 10, new, true, said);
	scene_close(&s);
	assert_int_equal(part_of(40000)->usage.reason, ZR_REASON_QUIC_SNI);
	assert_int_equal(part_of(50000)->usage.reason, ZR_REASON_NO_NAME);
	assert_int_equal(counter(ZR_COUNTER_FLOWS_REBOUND), 0);
	scene_free(&s);
}

static void other_subscriber_or_server_or_id_does_not(void **state)
{
	struct scene_conn old = scene_conn(40000), new = scene_conn(50000);

	(void)state;
	new.client = "10.0.0.2";
	not_rebound(&old, &new, SERVER_ID, SERVER_ID);
	new = scene_conn(50000);
	new.server = "203.0.113.2";
	not_rebound(&old, &new, SERVER_ID, SERVER_ID);
	new = scene_conn(50000);
	new.server_port = 8443;
	not_rebound(&old, &new, SERVER_ID, SERVER_ID);
	new = scene_conn(50000);
	not_rebound(&old, &new, SERVER_ID, "server-id-02");
	not_rebound(&old, &new, SERVER_ID, "server-i");
	not_rebound(&old, &new, "1234567", "1234567");
}

static void another_domain_does_not(void **state)
{
	struct scene_conn old = scene_conn(40000), new = scene_conn(50000);

	(void)state;
	open_scene();
	connect(0, &old, "olm.vn", SERVER_ID);
	s.port.domain = 7;
	quic_send_short(&s, 10, &new, true, SERVER_ID);
	scene_close(&s);
	assert_int_equal(part_of(50000)->usage.reason, ZR_REASON_NO_NAME);
	scene_free(&s);
}

/* IPv6: another address of the same /64 is the same subscriber. */
static void address_of_the_same_64_keeps_it(void **state)
{
	static const struct {
		const char *client;
		enum zr_reason reason;
	} cases[] = {
		{"2405:4800:0:1::ffff", ZR_REASON_QUIC_SNI},
		{"2405:4800:0:2::1", ZR_REASON_NO_NAME},
	};

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct scene_conn old = scene_conn(40000), new = scene_conn(50000);

		old.client = "2405:4800:0:1::1";
		new.client = cases[i].client;
		old.server = new.server = "2001:db8::1";
		open_scene();
		connect(0, &old, "olm.vn", SERVER_ID);
		quic_send_short(&s, 10, &new, true, SERVER_ID);
		scene_close(&s);
		assert_int_equal(part_of(50000)->usage.reason, cases[i].reason);
		scene_free(&s);
	}
}

/* What a subscriber says of a server's ids, in long headers from its own side, nobody believes. */
static void forged_long_header_teaches_nothing(void **state)
{
	struct scene_conn old = scene_conn(40000), new = scene_conn(50000);
	struct quic_header header = quic_client(QUIC_V1, "abcdefgh", "abcdefgh");

	(void)state;
	open_scene();
	quic_send_hello(&s, 0, &old, &header, "olm.vn", 0, 1);
	quic_send_long(&s, 1, &old, true, QUIC_V1, QUIC_HANDSHAKE, SERVER_ID);
	quic_send_long(&s, 2, &old, true, QUIC_V1, QUIC_INITIAL, SERVER_ID);
	quic_send_short(&s, 10, &new, true, SERVER_ID);
	scene_close(&s);
	assert_int_equal(part_of(50000)->usage.reason, ZR_REASON_NO_NAME);
	scene_free(&s);
}

/* Nor is the server's first word changed by a later one, or a Retry's id, which is not the connection's, kept. */
static void only_the_connections_own_id_counts(void **state)
{
	struct scene_conn old = scene_conn(40000), a = scene_conn(50000), b = scene_conn(50001);
	struct quic_header header = quic_client(QUIC_V1, "abcdefgh", "abcdefgh");

	(void)state;
	open_scene();
	quic_send_hello(&s, 0, &old, &header, "olm.vn", 0, 1);
	quic_send_long(&s, 1, &old, false, QUIC_V1, QUIC_RETRY, "retry-id");
	quic_send_long(&s, 2, &old, false, QUIC_V1, QUIC_INITIAL, SERVER_ID);
	quic_send_long(&s, 3, &old, false, QUIC_V1, QUIC_INITIAL, "another-id");
	quic_send_short(&s, 10, &a, true, "retry-id");
	quic_send_short(&s, 11, &b, true, "another-id");
	scene_close(&s);
	assert_int_equal(part_of(50000)->usage.reason, ZR_REASON_NO_NAME);
	assert_int_equal(part_of(50001)->usage.reason, ZR_REASON_NO_NAME);
	scene_free(&s);
}

static void charged_connection_stays_charged(void **state)
{
	static const struct {
		const char *name, *server;
		enum zr_reason reason;
	} cases[] = {
		{"game.example.net", "203.0.113.1", ZR_REASON_NO_MATCH},
		{"quangcao.olm.vn", "203.0.113.1", ZR_REASON_EXCLUDED},
		/* The address alone would free it. */
		{"quangcao.olm.vn", "203.162.10.7", ZR_REASON_EXCLUDED},
		{NULL, "203.0.113.1", ZR_REASON_NO_NAME},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene_conn old = scene_conn(40000), new = scene_conn(50000);

		old.server = new.server = cases[i].server;
		open_scene();
		connect(0, &old, cases[i].name, SERVER_ID);
		quic_send_short(&s, 10, &new, true, SERVER_ID);
		scene_close(&s);
		assert_int_equal(part_of(50000)->usage.reason, cases[i].reason);
		assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 0);
		assert_int_equal(counter(ZR_COUNTER_FLOWS_REBOUND), 1);
		scene_free(&s);
	}
}

/* An address entry freed the old flow and frees the new one, by the same evidence. */
static void address_entry_goes_along(void **state)
{
	struct scene_conn old = scene_conn(40000), new = scene_conn(50000);

	(void)state;
	open_scene();
	old.server = new.server = "203.162.10.7";
	connect(0, &old, "game.example.net", SERVER_ID);
	quic_send_short(&s, 10, &new, true, SERVER_ID);
	scene_close(&s);
	assert_int_equal(part_of(50000)->usage.reason, ZR_REASON_PREFIX);
	assert_int_equal(part_of(50000)->usage.evidence, part_of(40000)->usage.evidence);
	scene_free(&s);
}

/* The entry's window opens and closes while nobody speaks: the verdict of that moment is taken over, and goes on changing. */
static void verdict_is_that_of_the_moment(void **state)
{
	struct scene_conn old = scene_conn(40000), a = scene_conn(50000), b = scene_conn(50001);

	(void)state;
	open_scene();
	connect(0, &old, "thi.moet.gov.vn", SERVER_ID);
	quic_send_short(&s, 15000, &a, true, SERVER_ID);
	quic_send_short(&s, 16000, &a, true, SERVER_ID);
	quic_send_short(&s, 25000, &b, true, SERVER_ID);
	scene_close(&s);
	assert_int_equal(part_of(40000)->usage.reason, ZR_REASON_NO_MATCH);
	assert_int_equal(part_of(50000)->usage.reason, ZR_REASON_QUIC_SNI);
	assert_int_equal(part_of(50000)->usage.up_pkts, 2);
	assert_int_equal(part_of(50001)->usage.reason, ZR_REASON_NO_MATCH);
	scene_free(&s);
}

/* What the new flow counted itself before it was known is free with it, as after any first verdict. */
static void own_volume_before_is_credited(void **state)
{
	struct scene_conn old = scene_conn(40000), new = scene_conn(50000);
	const struct scene_event *e;

	(void)state;
	open_scene();
	connect(0, &old, "olm.vn", SERVER_ID);
	scene_udp(&s, 9, &new, true, "1", 1);
	quic_send_short(&s, 10, &new, true, SERVER_ID);
	scene_close(&s);
	e = part_of(50000);
	assert_int_equal(e->usage.reason, ZR_REASON_QUIC_SNI);
	assert_int_equal(e->usage.up_pkts, 2);
	assert_int_equal(e->usage.retro_up_bytes, HEADERS + 1);
	scene_free(&s);
}

/* The id goes when its flow ends: idle, or for another connection on its tuple. */
static void id_ends_with_its_flow(void **state)
{
	struct scene_conn old = scene_conn(40000), new = scene_conn(50000);
	struct quic_header other = quic_client(QUIC_V1, "ijklmnop", "ijklmnop");

	(void)state;
	open_scene();
	connect(0, &old, "olm.vn", SERVER_ID);
	quic_send_short(&s, 10 * 60000 + 1, &new, true, SERVER_ID);
	scene_close(&s);
	assert_int_equal(part_of(50000)->usage.reason, ZR_REASON_NO_NAME);
	scene_free(&s);

	open_scene();
	connect(0, &old, "olm.vn", SERVER_ID);
	quic_send_hello(&s, 5, &old, &other, "game.example.net", 0, 1);
	quic_send_short(&s, 10, &new, true, SERVER_ID);
	scene_close(&s);
	assert_int_equal(part_of(50000)->usage.reason, ZR_REASON_NO_NAME);
	scene_free(&s);
}

/* A server that gives one id to two connections of a subscriber means the later one. */
static void later_connection_has_the_id(void **state)
{
	struct scene_conn a = scene_conn(40000), b = scene_conn(40001), new = scene_conn(50000);

	(void)state;
	open_scene();
	connect(0, &a, "olm.vn", SERVER_ID);
	connect(2, &b, "game.example.net", SERVER_ID);
	quic_send_short(&s, 10, &new, true, SERVER_ID);
	scene_close(&s);
	assert_int_equal(part_of(50000)->usage.reason, ZR_REASON_NO_MATCH);
	scene_free(&s);
}

#define CROWD 900

/* More connections than ids: the newest free ones are known again, and nothing else happens. */
static void memory_is_bounded_and_free_ones_go_last(void **state)
{
	uint64_t ms = 0;
	char id[16];

	(void)state;
	scene_init(&s, LIST);
	s.config.charged_records = false;
	s.config.server_ids_bytes = 4096;
	s.config.flows = 4 * CROWD;
	scene_open(&s);
	for (unsigned int i = 0; i < CROWD; i++) {
		struct scene_conn c = scene_conn((uint16_t)(1000 + i));

		snprintf(id, sizeof(id), "server-%03u", i);
		connect(ms += 2, &c, i < 32 ? "olm.vn" : "game.example.net", id);
	}
	assert_true(counter(ZR_COUNTER_SERVER_IDS_EVICTED) >= CROWD - 4096 / 32);
	for (unsigned int i = 0; i < CROWD; i++) {
		struct scene_conn c = scene_conn((uint16_t)(2000 + i));

		snprintf(id, sizeof(id), "server-%03u", i);
		quic_send_short(&s, ms += 2, &c, true, id);
	}
	/* 32 sets of four places: of 32 free ones hardly five meet in one. */
	assert_true(counter(ZR_COUNTER_FLOWS_REBOUND) <= 4096 / 32);
	scene_close(&s);
	assert_in_range(scene_events(&s, ZR_USAGE_TAG), 32 + 30, 32 + 32);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_port_keeps_the_verdict),
		cmocka_unit_test(again_and_again),
		cmocka_unit_test(what_teaches_an_id),
		cmocka_unit_test(other_subscriber_or_server_or_id_does_not),
		cmocka_unit_test(another_domain_does_not),
		cmocka_unit_test(address_of_the_same_64_keeps_it),
		cmocka_unit_test(forged_long_header_teaches_nothing),
		cmocka_unit_test(only_the_connections_own_id_counts),
		cmocka_unit_test(charged_connection_stays_charged),
		cmocka_unit_test(address_entry_goes_along),
		cmocka_unit_test(verdict_is_that_of_the_moment),
		cmocka_unit_test(own_volume_before_is_credited),
		cmocka_unit_test(id_ends_with_its_flow),
		cmocka_unit_test(later_connection_has_the_id),
		cmocka_unit_test(memory_is_bounded_and_free_ones_go_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

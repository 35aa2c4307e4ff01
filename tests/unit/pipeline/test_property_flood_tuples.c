/* SPDX-License-Identifier: BSD-3-Clause */
/* Floods of packets: of tuples, SYNs, fragments, datagrams that are no QUIC, answers that nobody asked for. */
#include <arpa/inet.h>

#include "dataplane/flow/bucket.h"
#include "dataplane/pipeline/state.h"
#include "tests/support/dns_make.h"
#include "tests/support/quic_make.h"
#include "tests/unit/pipeline/flood_scene.h"

#define MILLION  1000000
#define RESOLVER "192.0.2.53"

/* Where the client's address and port stand in a frame without tags. */
#define CLIENT_AT 26
#define PORT_AT   34

static uint8_t frame[FRAME_MAX];

/* What one side of a stranger's conversation sends, as a frame that is then sent again and again. */
static struct zr_view view_of(const struct frame_spec *spec)
{
	size_t len = frame_make(spec, frame);

	return (struct zr_view){.data = frame, .len = (uint32_t)len, .wire_len = (uint32_t)len, .port = &s.port};
}

static void put32(uint8_t *at, uint32_t value)
{
	value = htonl(value);
	memcpy(at, &value, sizeof(value));
}

/* From another client, 10.2.0.0 and up, at every n. */
static void number(unsigned int n)
{
	put32(frame + CLIENT_AT, (10U << 24 | 2U << 16) + n / 50000);
	frame[PORT_AT] = (uint8_t)((1024 + n % 50000) >> 8);
	frame[PORT_AT + 1] = (uint8_t)(1024 + n % 50000);
}

static void flood(struct zr_view *view, uint64_t ms)
{
	unsigned int before = offered;

	view->time_ns = (s.base_us + ms * 1000) * 1000;
	zr_pipeline_burst(s.pipeline, view, 1);
	assert_in_range(offered - before, 0, TOLD_MOST);
}

/* Undecided ones, then decided ones. */
static void new_tuples(void **state)
{
	(void)state;
	begin(1024);
	for (unsigned int n = 0; n < 200000; n++) {
		struct scene_conn c = stranger(n);
		uint64_t ms = step_ms(n);

		if (n < 100000)
			scene_tcp(&s, ms, &c, true, ZR_TCP_SYN, NULL, 0);
		else
			scene_hello(&s, ms, &c, "game.example.net");
	}
	assert_true(zr_pipeline_counter(s.pipeline, ZR_COUNTER_EVICTED_UNDECIDED) > 90000);
	assert_true(zr_pipeline_counter(s.pipeline, ZR_COUNTER_EVICTED_CHARGED) > 90000);
	finish();
}

/* A million of them within a second, in a table for an eighth. */
static void a_million_tuples_in_a_second(void **state)
{
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec = scene_spec(&c, true, ZR_PROTO_UDP);
	struct zr_view view;

	(void)state;
	spec.data = "x";
	spec.len = 1;
	begin(1U << 17);
	view = view_of(&spec);
	for (unsigned int n = 0; n < MILLION; n++) {
		number(n);
		if (n % 1000 == 0)
			step_ms(n / 100);
		flood(&view, FIRST_MS + n / 1000);
	}
	assert_int_equal(zr_pipeline_flows(s.pipeline), s.config.flows);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_FLOWS_NEW), MILLION + LESSONS);
	finish();
}

/* From a million forged clients, and from one whose every SYN begins another connection of his tuple. */
static void connections_that_are_never_answered(void **state)
{
	struct scene_conn c = scene_conn(1);
	struct frame_spec spec = scene_spec(&c, true, ZR_PROTO_TCP);
	struct zr_view view;

	(void)state;
	spec.tcp_flags = ZR_TCP_SYN;
	begin(1U << 14);
	view = view_of(&spec);
	for (unsigned int n = 0; n < MILLION; n++) {
		number(n % 2 == 0 ? n : 0);
		put32(frame + PORT_AT + 4, n);
		if (n % 1000 == 0)
			step_ms(n / 100);
		flood(&view, FIRST_MS + n / 1000);
	}
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_FLOWS_NEW), MILLION + LESSONS);
	finish();
}

/* First parts, middle ones, last ones, and two parts over each other: none is ever whole. */
static void fragments_without_end(void **state)
{
	static uint8_t bytes[4000];
	struct scene_conn c = stranger(0);
	struct frame_spec spec = scene_spec(&c, true, ZR_PROTO_UDP);

	(void)state;
	spec.data = bytes;
	spec.len = sizeof(bytes);
	begin(4096);
	for (unsigned int n = 0; n < 200000; n++) {
		unsigned int before = offered;
		size_t from = 8 * random_below(&chance, 300);

		spec.src_port = (uint16_t)(1024 + n % 5000);
		scene_part(&s, step_ms(n), &spec, n / 2, n % 4 == 0 ? 0 : from, 8 + 8 * random_below(&chance, 100));
		/* A datagram that goes may have waited with volume of its own; a step may send a lesson's packet before. */
		assert_in_range(offered - before, 0, 2 * TOLD_MOST);
	}
	assert_true(zr_pipeline_counter(s.pipeline, ZR_COUNTER_DATAGRAMS_GIVEN_UP) > 50000);
	finish();
}

/* Does that tuple have its places in the same two buckets as another with these? */
static bool collides(const struct scene_conn *c, const struct zr_bucket *a, const struct zr_bucket *b)
{
	const struct zr_flow_table *t = &s.pipeline->table;
	struct zr_packet packet = {.family = 4, .proto = ZR_PROTO_UDP, .src_port = c->client_port, .dst_port = 443};
	const struct zr_bucket *home, *other;
	struct zr_flow_key key;
	uint64_t hash;

	inet_pton(AF_INET, c->client, packet.src.b);
	inet_pton(AF_INET, c->server, packet.dst.b);
	zr_flow_key_of(&packet, &key);
	hash = zr_flow_hash(t, &key);
	home = zr_bucket_home(t, hash);
	other = zr_bucket_other(t, home, zr_bucket_signature(hash));
	return (home == a || home == b) && (other == a || other == b);
}

static void buckets_of(const struct scene_conn *c, const struct zr_bucket **home, const struct zr_bucket **other)
{
	const struct zr_flow_table *t = &s.pipeline->table;
	struct zr_packet packet = {
		.family = 4, .proto = ZR_PROTO_TCP, .src_port = c->client_port, .dst_port = c->server_port};
	struct zr_flow_key key;
	uint64_t hash;

	inet_pton(AF_INET, c->client, packet.src.b);
	inet_pton(AF_INET, c->server, packet.dst.b);
	zr_flow_key_of(&packet, &key);
	hash = zr_flow_hash(t, &key);
	*home = zr_bucket_home(t, hash);
	*other = zr_bucket_other(t, *home, zr_bucket_signature(hash));
}

/* Somebody knows the hash's key, and sends what falls into a lesson's two buckets only. */
static void tuples_that_collide_with_a_lesson(void **state)
{
	const struct zr_bucket *home, *other;
	struct zr_totals totals;
	unsigned int n = 0;

	(void)state;
	begin(1536);
	buckets_of(&lessons[1].conn, &home, &other);
	for (unsigned int found = 0; found < 400; n++) {
		struct scene_conn c = stranger(n);

		if (!collides(&c, home, other))
			continue;
		for (unsigned int i = 0; i < 5; i++)
			scene_udp(&s, step_ms(5 * found + i), &c, true, "x", 1);
		lesson_goes_on(&lessons[1], FIRST_MS + found / 2);
		found++;
	}
	zr_pipeline_totals(s.pipeline, &totals);
	/* There was no place for most of them, though the table is all but empty. */
	assert_true(totals.reason[ZR_REASON_TABLE_FULL].pkts > 1000);
	assert_in_range(zr_pipeline_flows(s.pipeline), LESSONS, 200);
	finish();
}

/* They look like Initials, and no key opens them; each asks for the work of making one. */
static void quic_initials_that_do_not_open(void **state)
{
	struct quic_bytes datagram = {.len = 0}, payload = {.len = 0};
	struct quic_header header = {.version = QUIC_V1, .dcid = {.at = "abcdefgh", .len = 8}};

	(void)state;
	quic_put_fill(&payload, 0, 1150);
	quic_seal(&datagram, &header, &payload);
	begin(65536);
	for (unsigned int n = 0; n < 20000; n++) {
		struct scene_conn c = stranger(n % 10000);

		/* Another id, so another key, and bytes that were sealed under the first. */
		memcpy(datagram.at + 6, &n, sizeof(n));
		datagram.at[100 + random_below(&chance, 1000)]++;
		scene_udp(&s, step_ms(n), &c, true, datagram.at, datagram.len);
	}
	finish();
}

/* A resolver that is trusted, but was asked for nothing: no stranger becomes free by it, and no lesson ends. */
static void answers_that_nobody_asked_for(void **state)
{
	static struct dns_bytes message;
	struct zr_totals totals;
	char server[20], name[40];

	(void)state;
	prepare(4096, LIST ".media.vn,media,90002,,,learn,,,\n");
	scene_subscribers(&s, "10.0.0.0/8");
	scene_resolvers(&s, RESOLVER);
	go();
	for (unsigned int n = 0; n < 50000; n++) {
		struct scene_conn c = stranger(n), resolver = c;
		uint64_t ms = step_ms(n);

		snprintf(name, sizeof(name), "w%u.media.vn", n);
		snprintf(server, sizeof(server), "198.51.%u.%u", n / 250 % 250, n % 250);
		resolver.server = RESOLVER;
		resolver.server_port = 53;
		dns_begin(&message, (uint16_t)n, true, name, DNS_A);
		dns_put_address(&message, name, 300, server);
		scene_udp(&s, ms, &resolver, false, message.at, message.len);
		c.server = server;
		scene_udp(&s, ms, &c, true, "x", 1);
	}
	assert_int_equal(zr_pipeline_lessons(s.pipeline), 0);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_DNS_UNASKED), 50000);
	zr_pipeline_totals(s.pipeline, &totals);
	assert_int_equal(totals.reason[ZR_REASON_DNS_LEARNED].pkts, 0);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_tuples),
		cmocka_unit_test(a_million_tuples_in_a_second),
		cmocka_unit_test(connections_that_are_never_answered),
		cmocka_unit_test(fragments_without_end),
		cmocka_unit_test(tuples_that_collide_with_a_lesson),
		cmocka_unit_test(quic_initials_that_do_not_open),
		cmocka_unit_test(answers_that_nobody_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

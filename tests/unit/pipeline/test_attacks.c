/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What subscribers and their accomplices try, and who pays for it under off, flag and require. .olm.vn is the listed domain, and
 * SERVER its address, which a trusted resolver told the subscriber; PROXY forwards to anywhere. What is lost under off and
 * under flag is told by the expectations; under require it is not, but for what no box can see (fronts).
 */
#include "tests/unit/pipeline/quic_scene.h"

#include "tests/unit/pipeline/evidence_scene.h"

enum { OFF, FLAG, REQUIRE, VERIFIES };

static const char *const rows[VERIFIES] = {".olm.vn,olm,1,,,off\n", ".olm.vn,olm,1,,,flag\n",
					   ".olm.vn,olm,1,,,require\n"};

#define PORT 40000

static const char get_listed[] = "GET / HTTP/1.1\r\nHost: www.olm.vn\r\n\r\n";
static const char get_other[] = "GET / HTTP/1.1\r\nHost: game.example.vn\r\n\r\n";

/* One attack, after the subscriber has asked for the listed name; its flow is that from PORT. */
struct attack {
	void (*run)(void);
	const char *pays[VERIFIES];
	bool checksums; /* are verified, and right where a test does not say otherwise */
};

static void check(const struct attack *attack)
{
	for (unsigned int verify = 0; verify < VERIFIES; verify++) {
		begin(rows[verify]);
		s.config.packets.open_all_tunnels = false;
		s.config.verify_checksums = attack->checksums;
		s.config.dns_free = true;
		s.config.dns_free_bytes = 1000;
		scene_open(&s);
		if (!attack->checksums)
			resolve(0, ME, "www.olm.vn", SERVER);
		attack->run();
		finish();
		assert_string_equal(told(PORT), attack->pays[verify]);
		scene_free(&s);
	}
}

static void sni_to_a_proxy(void)
{
	talk(1, ME, PORT, PROXY, "www.olm.vn");
}

static void a_listed_sni_to_a_proxy(void **state)
{
	(void)state;
	check(&(struct attack){
		.run = sni_to_a_proxy,
		.pays = {"free sni [tls_sni] 5", "free sni [tls_sni] suspect 5", "charged unlearned [tls_sni] 5"}});
}

static struct scene_conn http(const char *server)
{
	struct scene_conn c = to_server(ME, PORT, server);

	c.server_port = 80;
	scene_handshake(&s, 1, &c);
	scene_up(&s, 1, &c, get_listed, sizeof(get_listed) - 1);
	scene_down(&s, 1, &c, 1000);
	return c;
}

static void host_to_a_proxy(void)
{
	http(PROXY);
}

static void a_forged_host_header(void **state)
{
	(void)state;
	check(&(struct attack){.run = host_to_a_proxy,
			       .pays = {"free host [http_host] 5", "free host [http_host] suspect 5",
					"charged unlearned [http_host] 5"}});
}

static void second_request(void)
{
	struct scene_conn c = http(SERVER);

	scene_up(&s, 2, &c, get_other, sizeof(get_other) - 1);
	scene_down(&s, 2, &c, 1000);
	/* Back to the listed host: the paid answer may still be on its way. */
	scene_up(&s, 3, &c, get_listed, sizeof(get_listed) - 1);
	scene_down(&s, 3, &c, 1000);
}

static void a_second_request_to_another_host(void **state)
{
	const char *pays = "free host [http_host dns_subscriber] 5; charged no_match [http_host] 2; "
			   "charged no_match [http_host] 2";

	(void)state;
	check(&(struct attack){.run = second_request, .pays = {pays, pays, pays}});
}

static void overlap(void)
{
	uint8_t listed[1400], other[1400];
	size_t len = frame_hello("www.olm.vn", 300, listed, sizeof(listed));
	struct scene_conn c = to_server(ME, PORT, SERVER);

	assert_int_equal(frame_hello("abc.xyz.vn", 300, other, sizeof(other)), len);
	scene_handshake(&s, 1, &c);
	c.up_seq = 1001 + 20;
	scene_up(&s, 1, &c, listed + 20, len - 20);
	c.up_seq = 1001 + 20;
	scene_up(&s, 1, &c, other + 20, len - 20);
	c.up_seq = 1001;
	scene_up(&s, 1, &c, listed, 20);
	scene_down(&s, 2, &c, 1000);
}

static void a_hello_of_two_contents(void **state)
{
	const char *pays = "charged spoof [tls_sni] suspect 7";

	(void)state;
	check(&(struct attack){.run = overlap, .pays = {pays, pays, pays}});
}

static void send_hello(const char *name, const char *server, enum frame_checksum checksum)
{
	uint8_t hello[1400];
	struct scene_conn c = to_server(ME, PORT, server);
	struct frame_spec spec = scene_spec(&c, true, ZR_PROTO_TCP);

	spec.tcp_flags = ZR_TCP_SYN;
	spec.checksum = FRAME_CHECKSUM_RIGHT;
	scene_send(&s, 1, &spec);
	spec.tcp_flags = ZR_TCP_ACK;
	spec.seq++;
	spec.data = hello;
	spec.len = frame_hello(name, 300, hello, sizeof(hello));
	spec.checksum = checksum;
	scene_send(&s, 2, &spec);
}

static void decoy_checksum(void)
{
	send_hello("www.olm.vn", PROXY, FRAME_CHECKSUM_WRONG);
	send_hello("game.example.vn", PROXY, FRAME_CHECKSUM_RIGHT);
}

static void a_decoy_hello_with_a_wrong_checksum(void **state)
{
	/* The second SYN is the first one again. */
	const char *pays = "charged no_match [tls_sni] 4";

	(void)state;
	check(&(struct attack){.run = decoy_checksum, .pays = {pays, pays, pays}, .checksums = true});
}

/* The first hello expires on its way; the same bytes of the stream come again with another name. */
static void decoy_ttl(void)
{
	uint8_t hello[1400];
	struct scene_conn c = to_server(ME, PORT, PROXY);
	uint32_t seq;

	scene_handshake(&s, 1, &c);
	seq = c.up_seq;
	scene_hello(&s, 1, &c, "www.olm.vn");
	c.up_seq = seq;
	scene_up(&s, 2, &c, hello, frame_hello("abc.xyz.vn", 300, hello, sizeof(hello)));
	scene_down(&s, 2, &c, 1000);
}

static void a_decoy_hello_that_never_arrives(void **state)
{
	(void)state;
	check(&(struct attack){
		.run = decoy_ttl,
		.pays = {"free sni [tls_sni] 6", "free sni [tls_sni] suspect 6", "charged unlearned [tls_sni] 6"}});
}

static void tunnel(enum frame_tunnel kind)
{
	struct scene_conn c = to_server(ME, PORT, SERVER);
	struct frame_spec spec = scene_spec(&c, true, ZR_PROTO_TCP);
	uint8_t hello[1400];

	spec.outer_src = ME;
	spec.outer_dst = PROXY;
	spec.tunnel = kind;
	spec.tcp_flags = ZR_TCP_ACK;
	spec.data = hello;
	spec.len = frame_hello("www.olm.vn", 300, hello, sizeof(hello));
	scene_send(&s, 1, &spec);
}

static void forged_inner_headers(void **state)
{
	static const enum frame_tunnel kinds[] = {FRAME_GTPU, FRAME_GTPU_EXTENDED, FRAME_GRE, FRAME_IP_IN_IP};
	struct zr_totals totals;

	(void)state;
	for (unsigned int verify = 0; verify < VERIFIES; verify++)
		for (unsigned int kind = 0; kind < 4; kind++) {
			begin(rows[verify]);
			s.config.packets.open_all_tunnels = false;
			scene_open(&s);
			resolve(0, ME, "www.olm.vn", SERVER);
			tunnel(kinds[kind]);
			finish();
			zr_pipeline_totals(s.pipeline, &totals);
			assert_int_equal(totals.received.bytes, totals.reason[ZR_REASON_NO_NAME].bytes);
			scene_free(&s);
		}
}

/* An accomplice, or the subscriber himself, answers with the proxy's address. */
static void forged_answers(void)
{
	struct scene_conn c = to_resolver(ME), accomplice;

	dns_begin(&message, 1, false, "www.olm.vn", DNS_A);
	send_message(1, &c, true);
	dns_begin(&message, 1, true, "www.olm.vn", DNS_A);
	dns_put_address(&message, "www.olm.vn", 300, PROXY);
	accomplice = c;
	accomplice.server = PROXY;
	send_message(1, &accomplice, false);
	/* For a question that was not asked, and one that was asked for another name. */
	accomplice = c;
	accomplice.client_port++;
	send_message(1, &accomplice, false);
	dns_begin(&message, 1, true, "api.olm.vn", DNS_A);
	dns_put_address(&message, "api.olm.vn", 300, PROXY);
	send_message(1, &c, false);
	/* From the access side, with the resolver's address. */
	s.port.role = ZR_ROLE_ACCESS;
	dns_begin(&message, 1, true, "www.olm.vn", DNS_A);
	dns_put_address(&message, "www.olm.vn", 300, PROXY);
	send_message(1, &c, false);
	s.port.role = ZR_ROLE_BOTH;
	/* A name of his own that leads to a listed one, with an address of his own. */
	c = to_resolver(ME);
	dns_begin(&message, 2, false, "www.attacker.vn", DNS_A);
	send_message(1, &c, true);
	dns_begin(&message, 2, true, "www.attacker.vn", DNS_A);
	dns_put_cname(&message, "www.attacker.vn", 300, "www.olm.vn");
	dns_put_address(&message, "www.olm.vn", 300, PROXY);
	send_message(1, &c, false);
	talk(2, ME, PORT, PROXY, "www.olm.vn");
}

static void answers_that_nobody_trusted_gave(void **state)
{
	(void)state;
	check(&(struct attack){
		.run = forged_answers,
		.pays = {"free sni [tls_sni] 5", "free sni [tls_sni] suspect 5", "charged unlearned [tls_sni] 5"}});
}

static void dns_tunnel(const char *name)
{
	struct scene_conn c = to_resolver(ME);

	c.client_port = PORT;
	for (uint16_t i = 0; i < 20; i++) {
		char asked[64];

		snprintf(asked, sizeof(asked), "data%u.%s", i, name);
		dns_begin(&message, i, false, asked, DNS_A);
		send_message(1, &c, true);
		dns_begin(&message, i, true, asked, DNS_A);
		send_message(1, &c, false);
	}
}

static void tunnel_own_domain(void)
{
	dns_tunnel("tunnel.example.vn");
}

/* Names under the listed domain reach only its own servers; still no more than the day's bytes are free. */
static void tunnel_listed_domain(void)
{
	dns_tunnel("olm.vn");
}

static void tunnels_through_the_resolver(void **state)
{
	const char *none = "charged no_name [] 40";
	struct zr_totals totals;

	(void)state;
	check(&(struct attack){.run = tunnel_own_domain, .pays = {none, none, none}});
	for (unsigned int verify = 0; verify < VERIFIES; verify++) {
		begin(rows[verify]);
		s.config.dns_free = true;
		s.config.dns_free_bytes = 1000;
		scene_open(&s);
		tunnel_listed_domain();
		finish();
		zr_pipeline_totals(s.pipeline, &totals);
		assert_in_range(totals.reason[ZR_REASON_DNS_FREE].bytes, 900, 1000);
		assert_int_equal(totals.reason[ZR_REASON_DNS_FREE].bytes + totals.reason[ZR_REASON_NO_NAME].bytes,
				 totals.received.bytes);
		scene_free(&s);
	}
}

/* A server behind the subscriber: the remote client, an accomplice, says the listed name. */
static void remote_hello(void)
{
	struct scene_conn c = {.client = PROXY, .server = ME, .client_port = 443, .server_port = PORT, .up_seq = 1000};
	struct scene_conn listed = {
		.client = SERVER, .server = ME, .client_port = 443, .server_port = 50000, .up_seq = 1000};

	scene_handshake(&s, 1, &c);
	scene_hello(&s, 1, &c, "www.olm.vn");
	scene_down(&s, 1, &c, 1000);
	scene_handshake(&s, 1, &listed);
	scene_hello(&s, 1, &listed, "www.olm.vn");
	assert_int_equal(zr_pipeline_flows_free(s.pipeline), 1); /* the question */
}

static void a_server_behind_a_subscriber(void **state)
{
	const char *pays = "charged no_name [] 5";

	(void)state;
	check(&(struct attack){.run = remote_hello, .pays = {pays, pays, pays}});
}

/* The address, and even the port, goes to somebody else while the connection is open. */
static void reused_address(void)
{
	struct scene_conn c = talk(1, ME, PORT, SERVER, "www.olm.vn");

	c.up_seq = 77777;
	scene_handshake(&s, 2, &c);
	scene_hello(&s, 2, &c, "game.example.vn");
	scene_down(&s, 2, &c, 1000);
}

static void a_free_connections_address_for_somebody_else(void **state)
{
	const char *pays = "free sni [tls_sni dns_subscriber] 5; charged no_match [tls_sni] 5";

	(void)state;
	check(&(struct attack){.run = reused_address, .pays = {pays, pays, pays}});
}

/* A connection under the listed name, and on the same ports another one. */
static void quic_pair(const char *server)
{
	struct quic_header one = quic_client(QUIC_V1, "first-id", "first-id"),
			   two = quic_client(QUIC_V1, "other-id", "other-id");
	struct scene_conn c = to_server(ME, PORT, server);

	quic_send_hello(&s, 1, &c, &one, "www.olm.vn", 0, 1);
	quic_send_long(&s, 1, &c, false, QUIC_V1, QUIC_INITIAL, "server-1");
	quic_send_hello(&s, 2, &c, &two, "game.example.vn", 0, 1);
	quic_send_short(&s, 3, &c, true, "server-2");
	quic_send_short(&s, 3, &c, false, "client");
}

static void quic_to_the_server(void)
{
	quic_pair(SERVER);
}

static void quic_to_a_proxy(void)
{
	quic_pair(PROXY);
}

static void another_quic_connection_behind_a_listed_one(void **state)
{
	const char *pays = "free quic_sni [quic_sni dns_subscriber] 2; charged no_match [quic_sni] 3";

	(void)state;
	check(&(struct attack){.run = quic_to_the_server, .pays = {pays, pays, pays}});
	check(&(struct attack){.run = quic_to_a_proxy,
			       .pays = {"free quic_sni [quic_sni] 2; charged no_match [quic_sni] 3",
					"free quic_sni [quic_sni] suspect 2; charged no_match [quic_sni] 3",
					"charged unlearned [quic_sni] 2; charged no_match [quic_sni] 3"}});
}

/* A listed name in the hello, to an address that serves it and much else; what is asked for inside cannot be seen. */
static void front(void)
{
	resolve(1, OTHER, "game.example.vn", SERVER);
	talk(2, ME, PORT, SERVER, "www.olm.vn");
}

static void a_front_for_a_listed_name(void **state)
{
	const char *pays = "free sni [tls_sni dns_subscriber] 5";

	(void)state;
	check(&(struct attack){.run = front, .pays = {pays, pays, pays}});
}

/* The same host over IPv4 and IPv6, TCP and QUIC: the same verdict, and the reason of its kind. */
static void one_host_in_four_ways_is_judged_alike(void **state)
{
	static const char *const pays[VERIFIES] = {"free", "free", "charged unlearned"};

	(void)state;
	for (unsigned int backed = 0; backed < 2; backed++)
		for (unsigned int verify = 0; verify < VERIFIES; verify++) {
			begin(rows[verify]);
			scene_open(&s);
			for (uint16_t way = 0; way < 4; way++) {
				const char *client = way % 2 == 0 ? ME : "2001:db8:1::1";
				const char *server = way % 2 == 0 ? SERVER : "2001:db8:9::1";
				struct quic_header header = quic_client(QUIC_V1, "first-id", "first-id");
				struct scene_conn c = to_server(client, PORT + way, server);
				struct scene_conn ask = {
					.client = client, .client_port = 6000 + way, .server_port = 53};

				ask.server = way % 2 == 0 ? RESOLVER : "2001:db8:53::53";
				dns_begin(&message, way, false, "www.olm.vn", type_of(server));
				send_message(way, &ask, true);
				dns_begin(&message, way, true, "www.olm.vn", type_of(server));
				dns_put_address(&message, "www.olm.vn", 300, server);
				if (backed != 0)
					send_message(way, &ask, false);
				if (way < 2)
					talk(10, client, PORT + way, server, "www.olm.vn");
				else
					quic_send_hello(&s, 10, &c, &header, "www.olm.vn", 0, 1);
			}
			finish();
			for (uint16_t way = 0; way < 4; way++) {
				const char *wanted = backed != 0 ? "free" : pays[verify];

				assert_memory_equal(told(PORT + way), wanted, strlen(wanted));
				assert_int_equal(strstr(told(PORT + way), "dns_subscriber") != NULL, backed != 0);
				assert_int_equal(strstr(told(PORT + way), "suspect") != NULL,
						 backed == 0 && verify == FLAG);
			}
			scene_free(&s);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listed_sni_to_a_proxy),
		cmocka_unit_test(a_forged_host_header),
		cmocka_unit_test(a_second_request_to_another_host),
		cmocka_unit_test(a_hello_of_two_contents),
		cmocka_unit_test(a_decoy_hello_with_a_wrong_checksum),
		cmocka_unit_test(a_decoy_hello_that_never_arrives),
		cmocka_unit_test(forged_inner_headers),
		cmocka_unit_test(answers_that_nobody_trusted_gave),
		cmocka_unit_test(tunnels_through_the_resolver),
		cmocka_unit_test(a_server_behind_a_subscriber),
		cmocka_unit_test(a_free_connections_address_for_somebody_else),
		cmocka_unit_test(another_quic_connection_behind_a_listed_one),
		cmocka_unit_test(a_front_for_a_listed_name),
		cmocka_unit_test(one_host_in_four_ways_is_judged_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decoys: what names a listed host and may not be what the server reads, before the name that it reads. And what only looks like
 * one, of pupils who do nothing wrong.
 */
#include "tests/unit/pipeline/quic_scene.h"

#include "dataplane/pipeline/state.h"
#include "tests/unit/pipeline/evidence_scene.h"

#define PORT 40000

static const char rows[] = ".olm.vn,olm,1,,,off\n";
static uint8_t bytes[2048];

static void open_scene(void)
{
	begin(rows);
	s.config.verify_checksums = true;
	scene_open(&s);
}

static void close_scene(const char *pays)
{
	finish();
	assert_string_equal(told(PORT), pays);
	scene_free(&s);
}

/* What the client's side sends with these flags, its hello behind so many bytes of something else. */
static struct frame_spec hello_of(const struct scene_conn *c, const char *name, unsigned int flags, size_t behind)
{
	struct frame_spec spec = scene_spec(c, true, ZR_PROTO_TCP);

	spec.checksum = FRAME_CHECKSUM_RIGHT;
	spec.tcp_flags = (uint8_t)flags;
	spec.data = bytes;
	spec.len = behind + frame_hello(name, 300, bytes + behind, sizeof(bytes) - behind);
	return spec;
}

static void send_hello(const struct scene_conn *c, const char *name)
{
	struct frame_spec spec = hello_of(c, name, ZR_TCP_ACK, 0);

	scene_send(&s, 2, &spec);
}

/* A SYN, a decoy, the hello that counts. */
static void decoy(unsigned int flags, const char *options, const char *pays)
{
	struct scene_conn c = to_server(ME, PORT, PROXY);
	size_t options_len = options != NULL ? 4 : 0;
	struct frame_spec spec;

	open_scene();
	scene_tcp(&s, 0, &c, true, ZR_TCP_SYN, NULL, 0);
	spec = hello_of(&c, "www.olm.vn", flags, options_len);
	memcpy(bytes, options != NULL ? options : "", options_len);
	spec.tcp_option_words = (uint8_t)(options_len / 4);
	if ((flags & ZR_TCP_SYN) != 0)
		spec.seq--;
	scene_send(&s, 1, &spec);
	send_hello(&c, "game.example.vn");
	assert_int_equal(counter(ZR_COUNTER_UNHEARD), strstr(pays, "no_match") != NULL);
	close_scene(pays);
}

static void a_syn_in_a_connection_says_nothing(void **state)
{
	(void)state;
	decoy(ZR_TCP_SYN, NULL, "charged no_match [tls_sni] 3");
	decoy(ZR_TCP_SYN | ZR_TCP_ACK, NULL, "charged no_match [tls_sni] 3");
	decoy(ZR_TCP_RST | ZR_TCP_SYN, NULL, "charged no_match [tls_sni] 3");
	decoy(ZR_TCP_FIN, NULL, "charged no_match [tls_sni] 3");
}

static void a_segment_that_some_servers_drop_is_spoof(void **state)
{
	(void)state;
	decoy(ZR_TCP_ACK | ZR_TCP_URG, NULL, "charged spoof [] suspect 3");
	decoy(ZR_TCP_ACK, "\x13\x04\0\0", "charged spoof [] suspect 3");
	decoy(ZR_TCP_ACK, "\x01\x01\x1d\x02", "charged spoof [] suspect 3");
	/* Nothing wrong: padding, a time stamp cut short, behind the end. */
	decoy(ZR_TCP_ACK, "\x01\x01\x01\x01", "free sni [tls_sni] 3");
	decoy(ZR_TCP_ACK, "\x08\x0a\0\x13", "free sni [tls_sni] 3");
	decoy(ZR_TCP_ACK, "\x08\x01\x13\x13", "free sni [tls_sni] 3");
	decoy(ZR_TCP_ACK, "\0\x13\x04\x13", "free sni [tls_sni] 3");
}

/* Fast Open (RFC 7413); a SYN that is repeated says it again. */
static void a_hello_in_the_first_syn_frees(void **state)
{
	struct scene_conn c = to_server(ME, PORT, SERVER);
	struct frame_spec spec;

	(void)state;
	open_scene();
	spec = hello_of(&c, "www.olm.vn", ZR_TCP_SYN, 0);
	scene_send(&s, 0, &spec);
	scene_send(&s, 1, &spec);
	close_scene("free sni [tls_sni] 2");
}

/* An edge empties a flow: the next SYN is not its first for that. */
static void a_syn_behind_an_edge_says_nothing(void **state)
{
	struct scene_conn c = to_server(ME, PORT, PROXY);
	struct frame_spec spec;

	(void)state;
	open_scene();
	s.pipeline->config.interim_us = 10000000;
	scene_tcp(&s, 0, &c, true, ZR_TCP_SYN, NULL, 0);
	spec = hello_of(&c, "www.olm.vn", ZR_TCP_SYN, 0);
	spec.seq--;
	scene_send(&s, 11000, &spec);
	assert_int_equal(counter(ZR_COUNTER_UNHEARD), 1);
	finish();
	scene_free(&s);
}

/* Destination options, in which a server drops what it does not know (RFC 8200, section 4.2). */
static void extension_headers_before_a_hello_are_spoof(void **state)
{
	static const uint8_t options[] = {6, 0, 0x5e, 4, 0, 0, 0, 0};
	struct scene_conn c = to_server("2001:db8:1::1", PORT, "2001:db8:9::1");
	struct frame_spec spec = scene_spec(&c, true, 60), inner = scene_spec(&c, true, ZR_PROTO_TCP);
	uint8_t frame[FRAME_MAX];
	size_t len;

	(void)state;
	for (int verify = 0; verify < 2; verify++) {
		begin(rows);
		scene_open(&s);
		inner = hello_of(&c, "www.olm.vn", ZR_TCP_ACK, 0);
		len = frame_make(&inner, frame) - 54;
		memcpy(bytes, options, sizeof(options));
		memcpy(bytes + sizeof(options), frame + 54, len);
		spec.data = bytes;
		spec.len = sizeof(options) + len;
		scene_send(&s, 0, &spec);
		send_hello(&c, "www.olm.vn");
		close_scene("charged spoof [] suspect 2");
	}
}

static void ipv4_options_are_seen(void **state)
{
	static const struct zr_packet_rules rules = {0};
	struct scene_conn c = to_server(ME, PORT, SERVER);
	struct frame_spec spec = hello_of(&c, "www.olm.vn", ZR_TCP_ACK, 0);
	struct zr_port port = {.link = ZR_LINK_ETHERNET};
	uint8_t frame[FRAME_MAX];
	size_t len = frame_make(&spec, frame);
	struct zr_packet packet;

	(void)state;
	for (uint8_t words = 0; words < 2; words++) {
		struct zr_view view = {.data = frame, .port = &port};

		if (words > 0) {
			memmove(frame + 38, frame + 34, len - 34);
			memset(frame + 34, 1, 4);
			frame[14]++;
			frame[17] = (uint8_t)(frame[17] + 4);
			len += 4;
		}
		view.len = view.wire_len = (uint32_t)len;
		zr_packet_parse(&rules, &view, &packet);
		assert_int_equal(packet.src_port, PORT);
		assert_int_equal(packet.ip_options, words > 0);
		assert_int_equal(zr_heard_doubtful(&packet), words > 0);
	}
}

/* A router's trace, or a search in the home, goes a few hops and is no hello. */
static void few_hops_without_a_hello_are_no_spoof(void **state)
{
	struct quic_header header = quic_client(QUIC_V1, "first-id", "first-id");
	struct scene_conn c = to_server(ME, PORT, SERVER);
	struct frame_spec spec = scene_spec(&c, true, ZR_PROTO_UDP);

	(void)state;
	start(rows);
	spec.data = "@ABCDEFGHIJKLMNO";
	spec.len = 16;
	spec.hops = 1;
	scene_send(&s, 0, &spec);
	quic_send_hello(&s, 1, &c, &header, "www.olm.vn", 0, 1);
	close_scene("free quic_sni [quic_sni] 2");
}

/* Of a connection that was under way, without subscribers in the configuration: a server's packets came a long way. */
static void a_servers_few_hops_are_no_spoof(void **state)
{
	struct scene_conn c = to_server(ME, PORT, SERVER);
	struct frame_spec spec = scene_spec(&c, false, ZR_PROTO_TCP);

	(void)state;
	scene_init(&s, rows);
	scene_open(&s);
	spec.tcp_flags = ZR_TCP_ACK;
	spec.data = "220 mail.olm.vn";
	spec.len = 15;
	spec.hops = 10;
	scene_send(&s, 0, &spec);
	send_hello(&c, "www.olm.vn");
	spec.seq += 15;
	scene_send(&s, 3, &spec);
	close_scene("free sni [tls_sni] 3");
	/* What begins a hello says whose it is. */
	scene_init(&s, rows);
	scene_open(&s);
	spec = hello_of(&c, "www.olm.vn", ZR_TCP_ACK, 0);
	spec.hops = 10;
	scene_send(&s, 0, &spec);
	send_hello(&c, "www.olm.vn");
	close_scene("charged spoof [] suspect 2");
}

/* A hello in three fragments, of which the second is dropped on its way; then another one for the same bytes. */
static void fragments_that_do_not_arrive(void **state)
{
	struct scene_conn c = to_server(ME, PORT, PROXY);

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		struct frame_spec spec;
		size_t len;

		open_scene();
		scene_tcp(&s, 0, &c, true, ZR_TCP_SYN, NULL, 0);
		spec = hello_of(&c, "www.olm.vn", ZR_TCP_ACK, 0);
		len = frame_content(&spec);
		scene_part(&s, 1, &spec, 7, 0, 80);
		if (kind == 1)
			spec.hops = 23;
		if (kind == 2)
			spec.checksum = FRAME_CHECKSUM_WRONG_IP;
		scene_part(&s, 1, &spec, 7, 80, 80);
		spec.hops = 64;
		spec.checksum = FRAME_CHECKSUM_RIGHT;
		scene_part(&s, 1, &spec, 7, 160, len - 160);
		send_hello(&c, "game.example.vn");
		assert_int_equal(counter(ZR_COUNTER_CHECKSUMS_BAD), kind == 2);
		c.up_seq = 1000;
		close_scene(kind == 0   ? "free sni [tls_sni] 5"
			    : kind == 1 ? "charged spoof [] suspect 5"
					: "charged no_match [tls_sni] 5");
	}
}

/* Servers drop Initials in datagrams that are not padded (RFC 9000, section 14.1). */
static void an_initial_that_is_not_padded_says_nothing(void **state)
{
	struct quic_header header = quic_client(QUIC_V1, "first-id", "first-id");
	struct scene_conn c = to_server(ME, PORT, PROXY);
	struct quic_bytes datagram = {.len = 0}, payload = {.len = 0};
	uint8_t hello[2048];
	size_t len = quic_make_hello("www.olm.vn", 400, hello, sizeof(hello));

	(void)state;
	start(rows);
	quic_put_crypto(&payload, hello, 0, len);
	quic_seal(&datagram, &header, &payload);
	assert_in_range(datagram.len, 400, 1199);
	scene_udp(&s, 0, &c, true, datagram.at, datagram.len);
	quic_send_hello(&s, 1, &c, &header, "game.example.vn", 0, 1);
	close_scene("charged no_match [quic_sni] 2");
}

/* The server does not know the version, and so ignores what it says; the next one goes to the same id. */
static void an_initial_of_another_version_is_another_connection(void **state)
{
	struct quic_header draft = quic_client(QUIC_DRAFT_29, "first-id", "first-id");
	struct quic_header header = quic_client(QUIC_V1, "first-id", "first-id");
	struct scene_conn c = to_server(ME, PORT, PROXY);

	(void)state;
	start(rows);
	quic_send_hello(&s, 0, &c, &draft, "www.olm.vn", 0, 1);
	quic_send_hello(&s, 1, &c, &draft, "www.olm.vn", 0, 1);
	quic_send_hello(&s, 2, &c, &header, "game.example.vn", 0, 1);
	quic_send_hello(&s, 3, &c, &header, "game.example.vn", 0, 1);
	close_scene("free quic_sni [quic_sni] 2; charged no_match [quic_sni] 2");
}

/* Requests that can be followed no more may be for any host: no evidence frees the first one's afterwards. */
static void late_evidence_does_not_free_requests_that_nobody_followed(void **state)
{
	static const char get[] = "GET / HTTP/1.1\r\nHost: www.olm.vn\r\n\r\n", other[] = "get / HTTP/1.1\r\n";
	struct scene_conn c = to_server(ME, PORT, SERVER);

	(void)state;
	for (int followed = 0; followed < 2; followed++) {
		begin(".olm.vn,olm,1,,,require\n");
		scene_open(&s);
		c.server_port = 80;
		c.up_seq = 1000;
		scene_handshake(&s, 0, &c);
		scene_up(&s, 1, &c, get, sizeof(get) - 1);
		if (!followed)
			scene_up(&s, 2, &c, other, sizeof(other) - 1);
		resolve(3, ME, "www.olm.vn", SERVER);
		scene_down(&s, 4, &c, 1000);
		close_scene(followed ? "charged unlearned [http_host] 4; free host [http_host dns_subscriber] 1"
				     : "charged unlearned [http_host] 6");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_syn_in_a_connection_says_nothing),
		cmocka_unit_test(a_segment_that_some_servers_drop_is_spoof),
		cmocka_unit_test(a_hello_in_the_first_syn_frees),
		cmocka_unit_test(a_syn_behind_an_edge_says_nothing),
		cmocka_unit_test(extension_headers_before_a_hello_are_spoof),
		cmocka_unit_test(ipv4_options_are_seen),
		cmocka_unit_test(few_hops_without_a_hello_are_no_spoof),
		cmocka_unit_test(a_servers_few_hops_are_no_spoof),
		cmocka_unit_test(fragments_that_do_not_arrive),
		cmocka_unit_test(an_initial_that_is_not_padded_says_nothing),
		cmocka_unit_test(an_initial_of_another_version_is_another_connection),
		cmocka_unit_test(late_evidence_does_not_free_requests_that_nobody_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

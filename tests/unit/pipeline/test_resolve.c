/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows to trusted resolvers: which answers teach, and which questions are free. */
#include "tests/unit/pipeline/evidence_scene.h"

#define ROWS ".olm.vn,olm,1,,,require\n.hocmai.vn,hocmai,2,,,require\n"

/* Is it known that the address stands for www.olm.vn? The conversation that is asked is of another port every time. */
static bool is_backed(uint64_t ms, const char *server)
{
	static uint16_t port = 41000;
	const char *records;

	talk(ms, ME, ++port, server, "www.olm.vn");
	zr_pipeline_shutdown(s.pipeline);
	records = told(port);
	assert_true(records[0] != '\0');
	return strstr(records, "dns_subscriber") != NULL;
}

static void query(uint64_t ms, const struct scene_conn *c, uint16_t id, const char *name, uint16_t type)
{
	dns_begin(&message, id, false, name, type);
	send_message(ms, c, true);
}

static void answer(uint64_t ms, const struct scene_conn *c, uint16_t id, const char *name, const char *address)
{
	dns_begin(&message, id, true, name, type_of(address));
	dns_put_address(&message, name, 300, address);
	send_message(ms, c, false);
}

static void only_answers_that_were_asked_for_teach(void **state)
{
	struct scene_conn c, wrong;

	(void)state;
	start(ROWS);
	c = to_resolver(ME);
	/* Nothing was asked. */
	answer(0, &c, 7, "www.olm.vn", SERVER);
	assert_false(is_backed(1, SERVER));
	query(10, &c, 7, "www.olm.vn", DNS_A);
	/* Another id, name, port; from an address that is not trusted. */
	answer(11, &c, 8, "www.olm.vn", SERVER);
	answer(11, &c, 7, "api.olm.vn", SERVER);
	wrong = c;
	wrong.client_port++;
	answer(11, &wrong, 7, "www.olm.vn", SERVER);
	wrong = c;
	wrong.server = "192.0.2.54";
	answer(11, &wrong, 7, "www.olm.vn", SERVER);
	wrong = c;
	wrong.server_port = 5353;
	answer(11, &wrong, 7, "www.olm.vn", SERVER);
	assert_false(is_backed(12, SERVER));
	/* Too late. */
	answer(10 + 10001, &c, 7, "www.olm.vn", SERVER);
	assert_false(is_backed(10013, SERVER));
	query(20000, &c, 7, "www.olm.vn", DNS_A);
	answer(20001, &c, 7, "www.OLM.vn", SERVER);
	assert_true(is_backed(20002, SERVER));
	assert_true(counter(ZR_COUNTER_DNS_UNASKED) >= 3);
	assert_int_equal(counter(ZR_COUNTER_LESSONS), 1);
	finish();
	scene_free(&s);
}

/* Both the question and the answer are made by whoever shares the wire with the subscriber: on his side. */
static void answers_come_from_the_resolvers_side(void **state)
{
	static const uint8_t roles[] = {ZR_ROLE_BOTH, ZR_ROLE_CORE, ZR_ROLE_ACCESS};
	struct scene_conn c;

	(void)state;
	for (unsigned int up = 0; up < 3; up++)
		for (unsigned int down = 0; down < 3; down++) {
			start(ROWS);
			c = to_resolver(ME);
			s.port.role = roles[up];
			query(0, &c, 7, "www.olm.vn", DNS_A);
			s.port.role = roles[down];
			answer(1, &c, 7, "www.olm.vn", SERVER);
			s.port.role = ZR_ROLE_BOTH;
			assert_int_equal(is_backed(2, SERVER),
					 roles[up] != ZR_ROLE_CORE && roles[down] != ZR_ROLE_ACCESS);
			finish();
			scene_free(&s);
		}
}

static void a_wrong_checksum_teaches_nothing(void **state)
{
	struct frame_spec spec;
	struct scene_conn c;

	(void)state;
	for (unsigned int right = 0; right < 2; right++) {
		begin(ROWS);
		s.config.verify_checksums = true;
		scene_open(&s);
		c = to_resolver(ME);
		dns_begin(&message, 7, false, "www.olm.vn", DNS_A);
		spec = scene_spec(&c, true, ZR_PROTO_UDP);
		spec.data = message.at;
		spec.len = message.len;
		spec.checksum = FRAME_CHECKSUM_RIGHT;
		scene_send(&s, 0, &spec);
		dns_begin(&message, 7, true, "www.olm.vn", DNS_A);
		dns_put_address(&message, "www.olm.vn", 300, SERVER);
		spec = scene_spec(&c, false, ZR_PROTO_UDP);
		spec.data = message.at;
		spec.len = message.len;
		spec.checksum = right != 0 ? FRAME_CHECKSUM_RIGHT : FRAME_CHECKSUM_WRONG;
		scene_send(&s, 1, &spec);
		assert_int_equal(zr_pipeline_lessons(s.pipeline), right);
		assert_int_equal(counter(ZR_COUNTER_DNS_PASSED_OVER), 1 - right);
		finish();
		scene_free(&s);
	}
}

static void an_answer_in_fragments_teaches(void **state)
{
	struct frame_spec spec;
	struct scene_conn c;

	(void)state;
	for (unsigned int forged = 0; forged < 2; forged++) {
		start(ROWS);
		c = to_resolver(ME);
		query(0, &c, 7, "www.olm.vn", DNS_A);
		dns_begin(&message, 7, true, "www.olm.vn", DNS_A);
		dns_put_address(&message, "www.olm.vn", 300, SERVER);
		spec = scene_spec(&c, false, ZR_PROTO_UDP);
		spec.data = message.at;
		spec.len = message.len;
		scene_part(&s, 1, &spec, 99, 0, 24);
		if (forged != 0) {
			message.at[message.len - 1] ^= 1;
			scene_part(&s, 1, &spec, 99, 40, frame_content(&spec) - 40);
			message.at[message.len - 1] ^= 1;
		}
		scene_part(&s, 1, &spec, 99, 40, frame_content(&spec) - 40);
		scene_part(&s, 1, &spec, 99, 24, 16);
		assert_int_equal(zr_pipeline_lessons(s.pipeline), 1 - forged);
		finish();
		scene_free(&s);
	}
}

/* A message with its length, as over TCP. */
static size_t framed(uint8_t *out)
{
	out[0] = (uint8_t)(message.len >> 8);
	out[1] = (uint8_t)message.len;
	memcpy(out + 2, message.at, message.len);
	return message.len + 2;
}

static void answers_over_tcp_teach(void **state)
{
	uint8_t bytes[600];
	struct scene_conn c;
	size_t len;

	(void)state;
	start(ROWS);
	c = to_resolver(ME);
	scene_handshake(&s, 0, &c);
	dns_begin(&message, 7, false, "www.olm.vn", DNS_A);
	len = framed(bytes);
	/* The length by itself, as some clients write it. */
	scene_up(&s, 1, &c, bytes, 2);
	scene_up(&s, 1, &c, bytes + 2, len - 2);
	dns_begin(&message, 7, true, "www.olm.vn", DNS_A);
	dns_put_address(&message, "www.olm.vn", 300, SERVER);
	len = framed(bytes);
	scene_tcp(&s, 2, &c, false, ZR_TCP_ACK, bytes, 2);
	scene_tcp(&s, 2, &c, false, ZR_TCP_ACK, bytes + 2, 20);
	assert_int_equal(zr_pipeline_lessons(s.pipeline), 0);
	scene_tcp(&s, 2, &c, false, ZR_TCP_ACK, bytes + 22, len - 22);
	assert_int_equal(zr_pipeline_lessons(s.pipeline), 1);
	assert_true(is_backed(3, SERVER));
	finish();
	scene_free(&s);
}

static void aliases_and_hints_teach_for_the_name_that_was_asked(void **state)
{
	struct scene_conn c;
	uint8_t hint[4] = {203, 0, 113, 7};
	size_t record;

	(void)state;
	start(ROWS ".cdn.vn,cdn,1\n");
	c = to_resolver(ME);
	query(0, &c, 1, "www.olm.vn", DNS_A);
	dns_begin(&message, 1, true, "www.olm.vn", DNS_A);
	dns_put_cname(&message, "www.olm.vn", 300, "olm.cdn.vn");
	dns_put_cname(&message, "olm.cdn.vn", 300, "edge.example.net");
	dns_put_address(&message, "edge.example.net", 300, SERVER);
	/* Of nobody who was asked for. */
	dns_put_address(&message, "www.hocmai.vn", 300, PROXY);
	send_message(1, &c, false);
	query(2, &c, 2, "www.olm.vn", DNS_HTTPS);
	dns_begin(&message, 2, true, "www.olm.vn", DNS_HTTPS);
	record = dns_put_service(&message, DNS_HTTPS, "www.olm.vn", 300, 1, ".");
	dns_put_parameter(&message, 4, hint, sizeof(hint));
	dns_record_end(&message, record);
	send_message(3, &c, false);
	/* A name that is not listed leads to one that is: nothing. */
	query(4, &c, 3, "www.example.vn", DNS_A);
	dns_begin(&message, 3, true, "www.example.vn", DNS_A);
	dns_put_cname(&message, "www.example.vn", 300, "www.hocmai.vn");
	dns_put_address(&message, "www.hocmai.vn", 300, "203.0.113.9");
	send_message(5, &c, false);
	assert_int_equal(zr_pipeline_lessons(s.pipeline), 2);
	talk(6, ME, 40001, SERVER, "olm.cdn.vn");
	talk(6, ME, 40002, "203.0.113.9", "www.hocmai.vn");
	assert_true(is_backed(7, SERVER));
	assert_true(is_backed(8, "203.0.113.7"));
	assert_false(is_backed(9, PROXY));
	assert_string_equal(told(40001), "free sni [tls_sni] 5");
	assert_string_equal(told(40002), "charged unlearned [tls_sni] 5");
	finish();
	scene_free(&s);
}

static void an_answer_of_many_addresses_teaches_so_many(void **state)
{
	struct scene_conn c;
	char address[32];

	(void)state;
	for (unsigned int listed = 0; listed < 2; listed++) {
		const char *name = listed != 0 ? "www.olm.vn" : "www.example.vn";

		start(ROWS);
		c = to_resolver(ME);
		query(0, &c, 1, name, DNS_A);
		dns_begin(&message, 1, true, name, DNS_A);
		for (unsigned int i = 0; i < 200; i++) {
			snprintf(address, sizeof(address), "198.51.100.%u", i);
			dns_put_address(&message, name, 300, address);
		}
		send_message(1, &c, false);
		assert_int_equal(counter(ZR_COUNTER_LESSONS), listed * 64);
		finish();
		scene_free(&s);
	}
}

static void datagrams_that_are_too_long_are_passed_over(void **state)
{
	struct scene_conn c;

	(void)state;
	for (size_t len = 8192; len <= 8193; len++) {
		start(ROWS);
		c = to_resolver(ME);
		query(0, &c, 1, "www.olm.vn", DNS_A);
		dns_begin(&message, 1, true, "www.olm.vn", DNS_A);
		dns_put_address(&message, "www.olm.vn", 300, SERVER);
		memset(message.at + message.len, 0, len - message.len);
		message.len = len;
		send_message(1, &c, false);
		assert_int_equal(zr_pipeline_lessons(s.pipeline), len == 8192);
		finish();
		scene_free(&s);
	}
}

/* The resolver may have an address among subscribers': who asks is the client all the same. */
static void a_resolver_among_subscribers_is_no_subscriber(void **state)
{
	struct scene_conn c = {.client = ME, .server = "10.0.0.53", .client_port = 5000, .server_port = 53};

	(void)state;
	for (unsigned int late = 0; late < 2; late++) {
		begin(ROWS);
		scene_resolvers(&s, "10.0.0.53");
		scene_open(&s);
		/* Even when an answer is what is seen first. */
		if (late != 0)
			answer(0, &c, 6, "www.olm.vn", PROXY);
		query(1, &c, 7, "www.olm.vn", DNS_A);
		answer(2, &c, 7, "www.olm.vn", SERVER);
		assert_true(is_backed(3, SERVER));
		assert_false(is_backed(4, PROXY));
		finish();
		scene_free(&s);
	}
}

static void questions_are_charged_unless_they_may_be_free(void **state)
{
	uint16_t port = dns_port;

	(void)state;
	start(ROWS);
	resolve(0, ME, "www.olm.vn", SERVER);
	finish();
	assert_string_equal(told(port), "charged no_name [] 2");
	scene_free(&s);
}

static void begin_free(void)
{
	begin(ROWS "!quangcao.olm.vn,,\n");
	s.config.dns_free = true;
}

static void questions_for_listed_names_are_free(void **state)
{
	uint16_t port = dns_port;

	(void)state;
	begin_free();
	scene_open(&s);
	resolve(0, ME, "www.olm.vn", SERVER);
	resolve(0, ME, "www.example.vn", SERVER);
	resolve(0, ME, "quangcao.olm.vn", SERVER);
	finish();
	assert_string_equal(told(port), "free dns_free [] 2");
	assert_string_equal(rule_of(port), ".olm.vn");
	assert_string_equal(scene_event(&s, ZR_USAGE_TAG, 0)->name, "www.olm.vn");
	assert_string_equal(told(port + 1), "charged no_name [] 2");
	assert_string_equal(told(port + 2), "charged no_name [] 2");
	scene_free(&s);
}

static void a_flow_is_free_while_all_it_asks_for_is_listed(void **state)
{
	struct scene_conn c;

	(void)state;
	begin_free();
	scene_open(&s);
	c = to_resolver(ME);
	query(0, &c, 1, "www.olm.vn", DNS_A);
	query(1, &c, 2, "api.olm.vn", DNS_A);
	query(2, &c, 3, "www.hocmai.vn", DNS_A);
	query(3, &c, 4, "www.example.vn", DNS_A);
	query(4, &c, 5, "www.olm.vn", DNS_A);
	answer(5, &c, 1, "www.olm.vn", SERVER);
	assert_int_equal(zr_pipeline_lessons(s.pipeline), 1);
	finish();
	assert_string_equal(told(c.client_port), "free dns_free [] 1; free dns_free [] 1; free dns_free [] 1; "
						 "charged no_name [] 3");
	scene_free(&s);
}

static void what_is_no_question_is_charged(void **state)
{
	struct scene_conn c;

	(void)state;
	begin_free();
	scene_open(&s);
	c = to_resolver(ME);
	scene_udp(&s, 0, &c, true, "tunnel", 6);
	scene_udp(&s, 1, &c, false, "tunnel", 6);
	c = to_resolver(ME);
	query(2, &c, 1, "www.olm.vn", DNS_A);
	scene_udp(&s, 3, &c, true, "tunnel", 6);
	scene_udp(&s, 4, &c, false, "tunnel", 6);
	finish();
	assert_string_equal(told(c.client_port - 1), "charged no_name [] 2");
	assert_string_equal(told(c.client_port), "free dns_free [] 1; charged no_name [] 2");
	scene_free(&s);
}

/* 56 bytes of a query: 28 of headers, 12 of the message's, 16 of the question for www.olm.vn. */
static void a_day_has_so_many_bytes(void **state)
{
	const uint64_t day_ms = UINT64_C(86400000);
	struct scene_conn c;

	(void)state;
	for (int32_t offset = 0; offset <= 25200; offset += 25200) {
		uint64_t next_ms = day_ms - (uint64_t)offset * 1000;

		begin_free();
		s.config.dns_free_bytes = 5 * 56 - 1;
		s.config.day_offset_s = offset;
		scene_open(&s);
		c = to_resolver(ME);
		for (uint16_t i = 0; i < 3; i++)
			query(0, &c, i, "www.olm.vn", DNS_A);
		c = to_resolver(ME);
		query(next_ms - 2, &c, 3, "www.olm.vn", DNS_A);
		query(next_ms - 1, &c, 4, "www.olm.vn", DNS_A);
		query(next_ms, &c, 5, "www.olm.vn", DNS_A);
		c = to_resolver(ME);
		query(next_ms - 1, &c, 6, "www.olm.vn", DNS_A);
		query(next_ms, &c, 6, "www.olm.vn", DNS_A);
		c = to_resolver(OTHER);
		query(next_ms, &c, 7, "www.olm.vn", DNS_A);
		assert_int_equal(counter(ZR_COUNTER_DNS_FREE_EXCEEDED), 1);
		finish();
		assert_string_equal(told(c.client_port - 3), "free dns_free [] 3");
		assert_string_equal(told(c.client_port - 2), "free dns_free [] 1; charged no_name [] 2");
		assert_string_equal(told(c.client_port - 1), "free dns_free [] 2");
		assert_string_equal(told(c.client_port), "free dns_free [] 1");
		scene_free(&s);
	}
}

static void over_tcp_the_handshake_is_free_too(void **state)
{
	uint8_t bytes[600];
	struct scene_conn c;
	size_t len;

	(void)state;
	begin_free();
	scene_open(&s);
	c = to_resolver(ME);
	scene_handshake(&s, 0, &c);
	dns_begin(&message, 7, false, "www.olm.vn", DNS_A);
	len = framed(bytes);
	scene_up(&s, 1, &c, bytes, 5);
	scene_up(&s, 1, &c, bytes + 5, len - 5);
	scene_down(&s, 1, &c, 100);
	dns_begin(&message, 8, false, "www.example.vn", DNS_A);
	len = framed(bytes);
	scene_up(&s, 2, &c, bytes, len);
	scene_down(&s, 2, &c, 100);
	finish();
	assert_string_equal(told(c.client_port), "free dns_free [] 6; charged no_name [] 2");
	scene_free(&s);
}

static void a_listed_resolver_is_free_as_an_address(void **state)
{
	struct scene_conn c;

	(void)state;
	begin(ROWS RESOLVER " udp 53,dns,1\n");
	s.config.dns_free = true;
	scene_open(&s);
	c = to_resolver(ME);
	query(0, &c, 1, "www.example.vn", DNS_A);
	query(0, &c, 2, "www.olm.vn", DNS_A);
	answer(1, &c, 2, "www.olm.vn", SERVER);
	assert_int_equal(zr_pipeline_lessons(s.pipeline), 1);
	finish();
	assert_string_equal(told(c.client_port), "free prefix [prefix] 3");
	scene_free(&s);
}

/* The list drops the name: the flow is charged. */
static void another_list_judges_questions_anew(void **state)
{
	static const char *const rows[] = {".hocmai.vn,hocmai,1\n", ".aaa.vn,a,1\n.olm.vn,olm,1\n"};
	static const char *const wanted[] = {"free dns_free [] 1; charged no_name [] 1", "free dns_free [] 2"};
	static struct scene other;
	struct scene_conn c;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		begin_free();
		scene_open(&s);
		c = to_resolver(ME);
		query(0, &c, 1, "www.olm.vn", DNS_A);
		scene_init(&other, rows[i]);
		assert_int_equal(zr_pipeline_list(s.pipeline, other.image, other.index), 0);
		answer(1, &c, 1, "www.olm.vn", SERVER);
		finish();
		assert_string_equal(told(c.client_port), wanted[i]);
		scene_free(&s);
		zr_suffix_index_free(other.index);
		zr_image_free(other.image);
		free(other.block);
	}
}

/* A record's text holds what looks like an answer, and a segment begins with it: in the gap of a connection that was forgotten. */
static void what_stands_in_an_answer_is_none(void **state)
{
	uint8_t bytes[600];
	struct scene_conn c;
	size_t len;

	(void)state;
	for (unsigned int forgotten = 0; forgotten < 2; forgotten++) {
		begin(ROWS);
		s.config.learned_bytes = ZR_LEARNED_MIN;
		scene_open(&s);
		c = to_resolver(ME);
		scene_handshake(&s, 0, &c);
		dns_begin(&message, 7, false, "www.olm.vn", DNS_A);
		len = framed(bytes);
		scene_up(&s, 1, &c, bytes, len);
		for (unsigned int i = 0; forgotten != 0 && i < ZR_LEARNED_MIN / 16 / 512; i++) {
			struct scene_conn other = to_resolver(ME);

			scene_tcp(&s, 1, &other, true, ZR_TCP_SYN, NULL, 0);
		}
		/* Else more is lost than is waited for. */
		c.down_seq += forgotten != 0 ? 1000 : 40000;
		dns_begin(&message, 7, true, "www.olm.vn", DNS_A);
		dns_put_address(&message, "www.olm.vn", 300, PROXY);
		len = framed(bytes);
		scene_tcp(&s, 2, &c, false, ZR_TCP_ACK, bytes, len);
		assert_int_equal(zr_pipeline_lessons(s.pipeline), 0);
		finish();
		scene_free(&s);
	}
}

/* What cannot be followed may ask for any name. */
static void a_stream_that_cannot_be_followed_is_charged(void **state)
{
	uint8_t bytes[600];
	struct scene_conn c;
	size_t len;

	(void)state;
	begin_free();
	scene_open(&s);
	c = to_resolver(ME);
	scene_handshake(&s, 0, &c);
	dns_begin(&message, 7, false, "www.olm.vn", DNS_A);
	len = framed(bytes);
	scene_up(&s, 1, &c, bytes, len);
	memset(bytes, 0xff, sizeof(bytes));
	scene_up(&s, 2, &c, bytes, 100);
	dns_begin(&message, 8, false, "www.example.vn", DNS_A);
	len = framed(bytes);
	scene_up(&s, 3, &c, bytes, len);
	finish();
	assert_string_equal(told(c.client_port), "free dns_free [] 4; charged no_name [] 2");
	scene_free(&s);
}

/* One datagram in GTP-U, between a node and the gateway. */
static void send_in_tunnel(uint64_t ms, const struct scene_conn *c, bool up, const char *from, const char *to)
{
	struct frame_spec spec = scene_spec(c, up, ZR_PROTO_UDP);

	spec.data = message.at;
	spec.len = message.len;
	spec.outer_src = from;
	spec.outer_dst = to;
	spec.tunnel = FRAME_GTPU;
	spec.teid = 1;
	scene_send(&s, ms, &spec);
}

/* On the GTP-U side nobody has looked yet at what address a subscriber writes. */
static void an_answer_in_the_subscribers_own_tunnel_teaches_nothing(void **state)
{
	static const char *const nodes[] = {"10.200.0.1", "10.200.0.9"}, gateway[] = "10.200.0.5";
	struct scene_conn c;

	(void)state;
	start(ROWS);
	for (unsigned int node = 0; node < 2; node++) {
		/* On one port all the time, while the subscriber moves from node to node. */
		if (node == 0)
			c = to_resolver(ME);
		dns_begin(&message, 7, false, "www.olm.vn", DNS_A);
		send_in_tunnel(0, &c, true, nodes[node], gateway);
		dns_begin(&message, 7, true, "www.olm.vn", DNS_A);
		dns_put_address(&message, "www.olm.vn", 300, PROXY);
		send_in_tunnel(1, &c, false, nodes[node], gateway);
		assert_int_equal(zr_pipeline_lessons(s.pipeline), node);
		assert_int_equal(counter(ZR_COUNTER_DNS_PASSED_OVER), node + 1);
		dns_begin(&message, 7, true, "www.olm.vn", DNS_A);
		dns_put_address(&message, "www.olm.vn", 300, node == 0 ? SERVER : "203.0.113.2");
		send_in_tunnel(2, &c, false, gateway, nodes[node]);
		assert_int_equal(zr_pipeline_lessons(s.pipeline), node + 1);
	}
	finish();
	scene_free(&s);
}

/* A subscriber sends the rest of an answer before it comes, and writes his own address into it. */
static void fragments_from_both_ways_are_not_put_together(void **state)
{
	static uint8_t forged[DNS_ROOM];
	struct frame_spec spec;
	struct scene_conn c;

	(void)state;
	start(ROWS);
	c = to_resolver(ME);
	dns_begin(&message, 7, false, "www.olm.vn", DNS_A);
	send_in_tunnel(0, &c, true, "10.200.0.1", "10.200.0.5");
	dns_begin(&message, 7, true, "www.olm.vn", DNS_A);
	dns_put_address(&message, "www.olm.vn", 300, SERVER);
	spec = scene_spec(&c, false, ZR_PROTO_UDP);
	spec.len = message.len;
	spec.tunnel = FRAME_GTPU;
	memcpy(forged, message.at, message.len);
	forged[message.len - 1] = 66;
	spec.data = forged;
	spec.outer_src = "10.200.0.1";
	spec.outer_dst = "10.200.0.5";
	scene_part(&s, 1, &spec, 99, 24, frame_content(&spec) - 24);
	spec.data = message.at;
	spec.outer_src = "10.200.0.5";
	spec.outer_dst = "10.200.0.1";
	scene_part(&s, 2, &spec, 99, 0, 24);
	assert_int_equal(zr_pipeline_lessons(s.pipeline), 0);
	scene_part(&s, 2, &spec, 99, 24, frame_content(&spec) - 24);
	assert_int_equal(zr_pipeline_lessons(s.pipeline), 1);
	assert_true(is_backed(3, SERVER));
	finish();
	scene_free(&s);
}

static void addresses_where_no_server_can_be_teach_nothing(void **state)
{
	static const struct {
		const char *address;
		bool teaches;
	} cases[] = {
		{"0.0.0.0", false},
		{"0.1.2.3", false},
		{"127.0.0.1", false},
		{"169.254.1.1", false},
		{"224.0.0.251", false},
		{"255.255.255.255", false},
		{ME, false},
		{RESOLVER, false},
		{OTHER, true},
		{"::", false},
		{"::1", false},
		{"fe80::1", false},
		{"febf::1", false},
		{"ff02::fb", false},
		{"2001:db8:53::53", false},
		{"192.168.1.1", true},
		{"223.255.255.254", true},
		{"169.253.1.1", true},
		{"::2", true},
		{"::100", true},
		{"fec0::1", true},
		{"2001:db8:2::1", true},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		start(ROWS);
		resolve(0, ME, "www.olm.vn", cases[i].address);
		assert_int_equal(zr_pipeline_lessons(s.pipeline), cases[i].teaches);
		finish();
		scene_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_answers_that_were_asked_for_teach),
		cmocka_unit_test(answers_come_from_the_resolvers_side),
		cmocka_unit_test(a_wrong_checksum_teaches_nothing),
		cmocka_unit_test(an_answer_in_fragments_teaches),
		cmocka_unit_test(answers_over_tcp_teach),
		cmocka_unit_test(aliases_and_hints_teach_for_the_name_that_was_asked),
		cmocka_unit_test(an_answer_of_many_addresses_teaches_so_many),
		cmocka_unit_test(datagrams_that_are_too_long_are_passed_over),
		cmocka_unit_test(a_resolver_among_subscribers_is_no_subscriber),
		cmocka_unit_test(questions_are_charged_unless_they_may_be_free),
		cmocka_unit_test(questions_for_listed_names_are_free),
		cmocka_unit_test(a_flow_is_free_while_all_it_asks_for_is_listed),
		cmocka_unit_test(what_is_no_question_is_charged),
		cmocka_unit_test(a_day_has_so_many_bytes),
		cmocka_unit_test(over_tcp_the_handshake_is_free_too),
		cmocka_unit_test(a_listed_resolver_is_free_as_an_address),
		cmocka_unit_test(another_list_judges_questions_anew),
		cmocka_unit_test(what_stands_in_an_answer_is_none),
		cmocka_unit_test(a_stream_that_cannot_be_followed_is_charged),
		cmocka_unit_test(an_answer_in_the_subscribers_own_tunnel_teaches_nothing),
		cmocka_unit_test(fragments_from_both_ways_are_not_put_together),
		cmocka_unit_test(addresses_where_no_server_can_be_teach_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

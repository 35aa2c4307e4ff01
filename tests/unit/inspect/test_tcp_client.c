/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/hello.h"
#include "tests/unit/inspect/tcp_client_support.h"

#define POOL_BYTES 65536

static uint8_t stream[HELLO_ROOM];

static int setup(void **state)
{
	*state = client_new(POOL_BYTES);
	client_start(*state, 0, 0, true);
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(client_stop(*state), 0);
	client_free(*state);
	return 0;
}

static void assert_told(struct client *client, unsigned int count, const char *last)
{
	assert_int_equal(client->count, count);
	if (count > 0)
		assert_string_equal(client->told[count - 1].name, last);
}

/* Feed text and return the offset behind it. */
static uint32_t say(struct client *client, uint32_t offset, const char *text, enum zr_feed expected)
{
	if (client_feed(client, offset, text, strlen(text)) != expected)
		fail_msg("%s", text);
	return offset + (uint32_t)strlen(text);
}

static size_t make_request(char *out, const char *host)
{
	return (size_t)sprintf(out, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host);
}

static void test_hello_in_one_segment(void **state)
{
	size_t len = hello_stream(stream, "olm.vn", 517, 50, 16384);
	struct client *client = *state;

	assert_int_equal(client_feed(client, 0, stream, len), ZR_FEED_DONE);
	assert_told(client, 1, "olm.vn");
	assert_int_equal(client->told[0].source, ZR_SOURCE_TLS_SNI);
	assert_false(client->told[0].spoof);
	assert_int_equal(client_feed(client, 0, stream, len), ZR_FEED_DONE);
	assert_told(client, 1, "olm.vn");
}

static void test_hello_byte_by_byte_and_backwards(void **state)
{
	size_t len = hello_stream(stream, "olm.vn", 400, 50, 16384);
	struct client *client = *state;

	for (uint32_t i = 0; i < len; i++)
		assert_int_equal(client_feed(client, i, stream + i, 1), i < len - 1 ? ZR_FEED_PARTIAL : ZR_FEED_DONE);
	assert_told(client, 1, "olm.vn");
	client_start(client, UINT32_MAX - 100, 0, true);
	for (uint32_t i = (uint32_t)len; i-- > 0;)
		assert_int_equal(client_feed(client, i, stream + i, 1), i > 0 ? ZR_FEED_PARTIAL : ZR_FEED_DONE);
	assert_told(client, 1, "olm.vn");
}

static void test_empty_segment_changes_nothing(void **state)
{
	struct client *client = *state;

	assert_int_equal(client_feed(client, 0, "", 0), ZR_FEED_IDLE);
	assert_int_equal(client_feed(client, 5000, "", 0), ZR_FEED_IDLE);
	say(client, 0, "GET / HTTP/1.1\r\n", ZR_FEED_PARTIAL);
	assert_int_equal(client_feed(client, 16, "", 0), ZR_FEED_PARTIAL);
}

static void test_other_copy_inside_a_hello_is_spoof(void **state)
{
	size_t len = hello_stream(stream, "olm.vn", 400, 5, 16384);
	struct client *client = *state;
	uint8_t other[HELLO_ROOM];

	hello_stream(other, "evi.vn", 400, 5, 16384);
	client_feed(client, 100, other + 100, len - 100);
	client_feed(client, 60, stream + 60, 200);
	client_feed(client, 0, stream, 60);
	assert_told(client, 1, "evi.vn");
	assert_true(client->told[0].spoof);
}

static void test_conflict_behind_the_message_is_not_its_own(void **state)
{
	struct client *client = *state;
	const char *head = "GET / HTTP/1.1\r\nHost: a.vn\r\n\r\n";
	uint32_t len = (uint32_t)strlen(head);

	say(client, 10, head + 10, ZR_FEED_PARTIAL);
	say(client, len, "GET / HTTP/1.1\r\nHost: b.vn\r\n", ZR_FEED_PARTIAL);
	say(client, len, "GET / HTTP/1.1\r\nHost: c.vn\r\n", ZR_FEED_PARTIAL);
	assert_int_equal(client_feed(client, 0, head, 10), ZR_FEED_PARTIAL);
	assert_told(client, 1, "a.vn");
	assert_false(client->told[0].spoof);
	say(client, len + 28, "\r\n", ZR_FEED_HTTP);
	assert_told(client, 2, "b.vn");
	assert_true(client->told[1].spoof);
}

static void test_keepalives_do_no_harm(void **state)
{
	struct client *client = *state;
	uint32_t at;

	client_feed(client, UINT32_MAX, "\0", 1);
	at = say(client, 0, "GET / HTTP/1.1\r\nHost: a.vn\r\n", ZR_FEED_PARTIAL);
	assert_int_equal(client_feed(client, at - 1, "\0", 1), ZR_FEED_PARTIAL);
	at = say(client, at, "\r\n", ZR_FEED_HTTP);
	assert_false(client->told[0].spoof);
	assert_int_equal(client_feed(client, at - 1, "\0", 1), ZR_FEED_HTTP);
	assert_int_equal(client_feed(client, at - 1, "x", 1), ZR_FEED_HTTP);
	say(client, at, "GET / HTTP/1.1\r\nHost: b.vn\r\n\r\n", ZR_FEED_HTTP);
	assert_told(client, 2, "b.vn");
}

static void test_pipelined_requests_in_one_segment(void **state)
{
	struct client *client = *state;

	say(client, 0,
	    "GET / HTTP/1.1\r\nHost: a.vn\r\n\r\nPOST / HTTP/1.1\r\nHost: b.vn\r\nContent-Length: 5\r\n\r\nhello"
	    "PUT / HTTP/1.1\r\nHost: c.vn\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
	    "GET / HTTP/1.1\r\nHost: b@d\r\n\r\nGET / HTTP/1.1\r\n\r\n",
	    ZR_FEED_HTTP);
	assert_int_equal(client->count, 5);
	assert_string_equal(client->told[0].name, "a.vn");
	assert_string_equal(client->told[1].name, "b.vn");
	assert_string_equal(client->told[2].name, "c.vn");
	assert_true(client->told[3].malformed);
	assert_false(client->told[4].malformed);
	assert_string_equal(client->told[4].name, "");
	assert_int_equal(client->told[0].source, ZR_SOURCE_HTTP_HOST);
}

static void test_a_lost_body_is_no_hole(void **state)
{
	struct client *client = *state;
	uint32_t at;

	at = say(client, 0, "POST / HTTP/1.1\r\nHost: a.vn\r\nContent-Length: 900000000\r\n\r\n", ZR_FEED_HTTP);
	client_feed(client, at + 500000000, "ab", 2);
	at = say(client, at + 900000000, "PUT / HTTP/1.1\r\nHost: b.vn\r\nTransfer-Encoding: chunked\r\n\r\nfff0\r\n",
		 ZR_FEED_HTTP);
	assert_told(client, 2, "b.vn");
	at = say(client, at + 0xfff0, "\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: c.vn\r\n\r\n", ZR_FEED_HTTP);
	assert_told(client, 3, "c.vn");
}

/* Homework of 300 kB, waited for with 100-continue: each segment of it looks like a request, and every tenth is lost. */
static void test_an_upload_is_no_request(void **state)
{
	const uint32_t size = 300000, step = 1400;
	struct client *client = *state;
	uint8_t segment[1400];
	uint32_t at;

	memset(segment, '\n', sizeof(segment));
	make_request((char *)segment, "b.vn");
	at = say(client, 0, "POST / HTTP/1.1\r\nHost: a.vn\r\nExpect: 100-continue\r\nContent-Length: 300000\r\n\r\n",
		 ZR_FEED_HTTP);
	for (uint32_t sent = 0; sent < size; sent += step)
		if (sent / step % 10 != 9)
			assert_int_equal(
				client_feed(client, at + sent, segment, size - sent < step ? size - sent : step),
				ZR_FEED_HTTP);
	assert_told(client, 1, "a.vn");
	say(client, at + size, "GET / HTTP/1.1\r\nHost: c.vn\r\n\r\n", ZR_FEED_HTTP);
	assert_told(client, 2, "c.vn");
}

/* The server may refuse an upgrade, and the connection goes on as it was. */
static void test_requests_behind_a_refused_upgrade(void **state)
{
	struct client *client = *state;
	uint32_t at;

	at = say(client, 0, "GET / HTTP/1.1\r\nHost: a.vn\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
		 ZR_FEED_HTTP);
	at = say(client, at, "GET / HTTP/1.1\r\nHost: b.vn\r\nUpgrade: websocket\r\n\r\n", ZR_FEED_IDLE);
	at = say(client, at, "GET / HTTP/1.1\r\nHost: c.vn\r\n\r\n", ZR_FEED_HTTP);
	assert_told(client, 3, "c.vn");
	/* A body that the server reads when it does not upgrade hides no request. */
	at = say(client, at,
		 "GET / HTTP/1.1\r\nHost: a.vn\r\nUpgrade: websocket\r\nContent-Length: 4\r\n\r\n\x81\x82\x83\x84"
		 "GET / HTTP/1.1\r\nHost: d.vn\r\n\r\n",
		 ZR_FEED_HTTP);
	assert_told(client, 5, "d.vn");
	say(client, at, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ZR_FEED_LIMIT);
}

static void test_a_body_longer_than_the_sequence_space(void **state)
{
	struct client *client = *state;
	uint32_t at;

	at = say(client, 0, "POST / HTTP/1.1\r\nHost: a.vn\r\nContent-Length: 10000000000\r\n\r\n", ZR_FEED_HTTP);
	/* one byte of it where the inspector waits is enough each time */
	while (client->c.state == ZR_TCP_BODY)
		client_feed(client, client->c.next_seq - 1, "ab", 2);
	say(client, at + (uint32_t)UINT64_C(10000000000), "GET / HTTP/1.1\r\nHost: b.vn\r\n\r\n", ZR_FEED_HTTP);
	assert_told(client, 2, "b.vn");
}

static void test_a_body_that_overtook_its_head(void **state)
{
	const char *head = "POST / HTTP/1.1\r\nHost: a.vn\r\nContent-Length: 100\r\n\r\n";
	uint32_t len = (uint32_t)strlen(head);
	struct client *client = *state;

	client_feed(client, len + 20, stream, 30);
	say(client, len + 100, "GET / HTTP/1.1\r\nHost: b.vn\r\n\r\n", ZR_FEED_PARTIAL);
	say(client, 0, head, ZR_FEED_HTTP);
	assert_told(client, 2, "b.vn");
}

static void test_broken_chunks_end_the_step(void **state)
{
	struct client *client = *state;
	uint32_t at;

	at = say(client, 0, "PUT / HTTP/1.1\r\nHost: a.vn\r\nTransfer-Encoding: chunked\r\n\r\nzz", ZR_FEED_LIMIT);
	say(client, at, "GET / HTTP/1.1\r\nHost: b.vn\r\n\r\n", ZR_FEED_DONE);
	assert_told(client, 1, "a.vn");
}

static void test_hello_behind_connect_starttls_and_socks(void **state)
{
	static const char *const before[][3] = {
		{"CONNECT olm.vn:443 HTTP/1.1\r\nHost: x\r\n\r\n", "", ""},
		{"EHLO client\r\n", "STARTTLS\r\n", ""},
		{"a001 CAPABILITY\r\n", "a002 STARTTLS\r\n", ""},
		{"\x05\x01", "\x05\x01\x02", "x"},
		{"\x01", "AB CD EF", "not a request\r\n"},
	};
	size_t len = hello_stream(stream, "olm.vn", 517, 50, 16384);
	struct client *client = *state;

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		uint32_t at = 0;

		client_start(client, 77, 0, true);
		for (size_t n = 0; n < 3; n++) {
			client_feed(client, at, before[i][n], strlen(before[i][n]));
			at += (uint32_t)strlen(before[i][n]);
		}
		assert_int_equal(client_feed(client, at + 100, stream + 100, len - 100), ZR_FEED_PARTIAL);
		assert_int_equal(client_feed(client, at, stream, 100), ZR_FEED_DONE);
		assert_told(client, i == 0 ? 2 : 1, "olm.vn");
	}
}

static void test_hello_behind_a_proxy_line(void **state)
{
	uint32_t line = (uint32_t)sprintf((char *)stream, "PROXY TCP4 192.0.2.1 192.0.2.2 5000 443\r\n");
	size_t len = line + hello_stream(stream + line, "olm.vn", 517, 50, 16384);
	struct client *client = *state;

	for (uint32_t cut = 1; cut < len; cut++) {
		client_start(client, 0, 0, true);
		assert_int_equal(client_feed(client, 0, stream, cut), cut == line ? ZR_FEED_IDLE : ZR_FEED_PARTIAL);
		assert_int_equal(client_feed(client, cut, stream + cut, len - cut), ZR_FEED_DONE);
		assert_told(client, 1, "olm.vn");
		client_start(client, 0, 0, false);
		client_feed(client, 0, stream, cut);
		assert_int_equal(client_feed(client, cut, stream + cut, len - cut), ZR_FEED_DONE);
		assert_told(client, 1, "olm.vn");
	}
	/* a line longer than any such */
	memset(stream + 6, 'x', 110);
	client_start(client, 0, 0, true);
	assert_int_equal(client_feed(client, 0, stream, len), ZR_FEED_IDLE);
}

static void test_requests_behind_an_upgrade_that_was_refused(void **state)
{
	struct client *client = *state;
	uint32_t at;

	at = say(client, 0, "GET / HTTP/1.1\r\nHost: a.vn\r\nUpgrade: h2c\r\n\r\n", ZR_FEED_HTTP);
	at = say(client, at, "GET / HTTP/1.1\r\nHost: b.vn\r\n\r\n", ZR_FEED_HTTP);
	at = say(client, at, "GET / HTTP/1.1\r\nHost: c.vn\r\n\r\nPRI * HTTP/2.0\r\n", ZR_FEED_LIMIT);
	assert_told(client, 3, "c.vn");
}

/* A server that stays with HTTP/1 skips empty lines. */
static void test_a_request_behind_websocket_and_many_empty_lines(void **state)
{
	struct client *client = *state;
	uint32_t at;

	at = say(client, 0, "GET / HTTP/1.1\r\nHost: a.vn\r\nUpgrade: websocket\r\n\r\n", ZR_FEED_IDLE);
	for (unsigned int i = 0; i < 30; i++, at += 4)
		client_feed(client, at, "\r\n\r\n", 4);
	say(client, at, "\r\n\r\nGET / HTTP/1.1\r\nHost: b.vn\r\n\r\n", ZR_FEED_HTTP);
	assert_told(client, 2, "b.vn");
}

static void test_what_is_no_request_behind_one_ends_the_step(void **state)
{
	static const char *const behind[] = {
		"get / HTTP/1.1\r\n",
		"x",
		"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n",
	};
	struct client *client = *state;

	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		uint32_t at = say(client, 0, "GET / HTTP/1.1\r\nHost: a.vn\r\n\r\n", ZR_FEED_HTTP);

		at = say(client, at, behind[i], ZR_FEED_LIMIT);
		say(client, at, "GET / HTTP/1.1\r\nHost: b.vn\r\n\r\n", ZR_FEED_DONE);
		assert_told(client, 1, "a.vn");
		client_start(client, 0, 0, true);
	}
	say(client, 0, "PUT / HTTP/1.1\r\nHost: c.vn\r\nContent-Length: 1, 1\r\n\r\n", ZR_FEED_LIMIT);
	assert_told(client, 1, "c.vn");
}

static void test_start_overtaken_without_syn(void **state)
{
	size_t len = hello_stream(stream, "olm.vn", 1800, 90, 16384);
	struct client *client = *state;

	client_start(client, UINT32_MAX - 1000, 1200, false);
	assert_int_equal(client_feed(client, 1200, stream + 1200, len - 1200), ZR_FEED_PARTIAL);
	assert_int_equal(client_feed(client, 600, stream + 600, 600), ZR_FEED_PARTIAL);
	assert_int_equal(client_feed(client, 3, stream + 3, 597), ZR_FEED_PARTIAL);
	assert_int_equal(client_feed(client, 0, stream, 3), ZR_FEED_DONE);
	assert_told(client, 1, "olm.vn");
}

static void test_request_in_the_middle_of_a_connection(void **state)
{
	struct client *client = *state;
	uint32_t at = 5000;

	client_start(client, 9, at, false);
	at = say(client, at, "the end of a body", ZR_FEED_PARTIAL);
	at = say(client, at, "GET / HTTP/1.1\r\nHo", ZR_FEED_PARTIAL);
	at = say(client, at, "st: a.vn\r\n\r\n", ZR_FEED_HTTP);
	say(client, at, "GET / HTTP/1.1\r\nHost: b.vn\r\n\r\n", ZR_FEED_HTTP);
	assert_told(client, 2, "b.vn");
	/* the end of the body once more, and what came before it */
	client_feed(client, 4000, stream, 1017);
	assert_told(client, 2, "b.vn");
}

static void test_bytes_without_start_are_bounded(void **state)
{
	struct client *client = *state;
	uint32_t at = 100000;

	memset(stream, 'x', sizeof(stream));
	client_start(client, 0, at, false);
	for (; at < 100000 + ZR_HELLO_MAX; at += 1024)
		assert_int_equal(client_feed(client, at, stream, 1024), ZR_FEED_PARTIAL);
	assert_int_equal(client_feed(client, at, stream, 1), ZR_FEED_IDLE);
	assert_int_equal(client_feed(client, at + 1, stream, 1000), ZR_FEED_IDLE);
	assert_int_equal(client_feed(client, 50000, stream, 1000), ZR_FEED_IDLE);
	say(client, 70000, "GET / HTTP/1.1\r\nHost: a.vn\r\n\r\n", ZR_FEED_HTTP);
	assert_told(client, 1, "a.vn");
	/* too far before what is held */
	client_start(client, 0, at, false);
	assert_int_equal(client_feed(client, at, stream, 1024), ZR_FEED_PARTIAL);
	assert_int_equal(client_feed(client, at - ZR_HELLO_MAX, stream, 10), ZR_FEED_IDLE);
}

static void test_a_lost_request_ends_the_step(void **state)
{
	struct client *client = *state;
	uint32_t at = 0, lost;
	char head[128];
	size_t len = make_request(head, "a.vn");

	at = say(client, at, head, ZR_FEED_HTTP);
	lost = at;
	at += (uint32_t)len;
	memset(stream, 'x', sizeof(stream));
	while (client_feed(client, at, stream, 1000) == ZR_FEED_PARTIAL)
		at += 1000;
	assert_in_range(at, lost + ZR_HELLO_MAX - 1000, lost + ZR_HELLO_MAX + 1000);
	assert_told(client, 1, "a.vn");
	make_request(head, "b.vn");
	say(client, at + 1000, head, ZR_FEED_DONE);
	assert_told(client, 1, "a.vn");
}

static void test_lost_request_that_comes_after_all(void **state)
{
	struct client *client = *state;
	uint32_t at;

	memset(stream, 'x', sizeof(stream));
	for (at = 1000; at < 18000; at += 1000)
		client_feed(client, at, stream, 1000);
	assert_int_equal(client->c.anchored, false);
	say(client, at - 2000, "POST / HTTP/1.1\r\nHost: a.vn\r\nContent-Length: 100000\r\n\r\n", ZR_FEED_HTTP);
	assert_told(client, 1, "a.vn");
}

static void test_stray_segments_far_ahead_are_ignored(void **state)
{
	struct client *client = *state;
	uint32_t at = 0;

	memset(stream, 'x', sizeof(stream));
	for (unsigned int i = 0; i < 30; i++) {
		client_feed(client, at + 1000000 * (i + 1), stream, 1400);
		assert_true(client->c.anchored);
		at = say(client, at, "GET / HTTP/1.1\r\nHost: a.vn\r\n\r\n", ZR_FEED_HTTP);
	}
	assert_told(client, 30, "a.vn");
}

static void test_segment_reaching_past_the_window(void **state)
{
	size_t len = hello_stream(stream, "olm.vn", ZR_HELLO_MAX, 100, 16384);
	struct client *client = *state;

	memset(stream + len, 'x', 1000);
	assert_int_equal(client_feed(client, 8000, stream + 8000, len + 1000 - 8000), ZR_FEED_PARTIAL);
	assert_int_equal(client_feed(client, 0, stream, 8000), ZR_FEED_DONE);
	assert_told(client, 1, "olm.vn");
}

static void test_head_larger_than_the_bound(void **state)
{
	struct client *client = *state;
	uint32_t at;

	memset(stream, 'x', sizeof(stream));
	at = say(client, 0, "GET / HTTP/1.1\r\n", ZR_FEED_PARTIAL);
	for (; at + 1000 < ZR_HELLO_MAX; at += 1000)
		assert_int_equal(client_feed(client, at, stream, 1000), ZR_FEED_PARTIAL);
	assert_int_equal(client_feed(client, at, stream, 1000), ZR_FEED_LIMIT);
	assert_int_equal(client_feed(client, at + 1000, stream, 1000), ZR_FEED_DONE);
	/* in one segment */
	client_start(client, 0, 0, true);
	memcpy(stream, "GET / HTTP/1.1\r\n", 16);
	assert_int_equal(client_feed(client, 0, stream, 20000), ZR_FEED_LIMIT);
	assert_told(client, 0, NULL);
}

static void test_hello_larger_than_the_bound(void **state)
{
	size_t len = hello_stream(stream, "olm.vn", 20000, 0, 16384);
	struct client *client = *state;

	assert_int_equal(client_feed(client, 0, stream, len), ZR_FEED_LIMIT);
	client_start(client, 0, 0, true);
	assert_int_equal(client_feed(client, 0, stream, 8), ZR_FEED_PARTIAL);
	assert_int_equal(client_feed(client, 8, stream + 8, 1), ZR_FEED_LIMIT);
	assert_told(client, 0, NULL);
}

static void test_hello_with_a_lost_segment(void **state)
{
	size_t len = hello_stream(stream, "olm.vn", 3000, 0, 16384);
	struct client *client = *state;
	enum zr_feed feed;
	uint32_t at;

	client_feed(client, 0, stream, 1000);
	feed = client_feed(client, 2000, stream + 2000, len - 2000);
	for (at = (uint32_t)len; feed == ZR_FEED_PARTIAL && at < 100000; at += 1400)
		feed = client_feed(client, at, stream, 1400);
	assert_int_equal(feed, ZR_FEED_LIMIT);
	assert_in_range(at, ZR_HELLO_MAX, ZR_HELLO_MAX + 4200);
	assert_told(client, 0, NULL);
}

static void test_broken_hello_is_passed_over(void **state)
{
	size_t len = hello_stream(stream, "olm.vn", 517, 0, 16384);
	struct client *client = *state;

	stream[9] = 2;
	assert_int_equal(client_feed(client, 0, stream, len), ZR_FEED_IDLE);
	stream[9] = 3;
	assert_int_equal(client_feed(client, (uint32_t)len, stream, len), ZR_FEED_DONE);
	assert_told(client, 1, "olm.vn");
}

static void test_buffer_given_up_between_calls(void **state)
{
	struct client *client = client_new(POOL_BYTES);
	uint32_t at;

	(void)state;
	client_start(client, 0, 0, true);
	at = say(client, 0, "GET / HTTP/1.1\r\nHost:", ZR_FEED_PARTIAL);
	for (uint32_t owner = 1000; client->c.held != NULL; owner++)
		assert_non_null(zr_assembly_get(client->pool, owner));
	/* it goes on when the bytes come again */
	say(client, at, " a.vn\r\n\r\n", ZR_FEED_PARTIAL);
	say(client, 0, "GET / HTTP/1.1\r\nHost:", ZR_FEED_HTTP);
	assert_told(client, 1, "a.vn");
	client_free(client);
}

static void test_no_buffer_at_all(void **state)
{
	struct client *client = client_new(0);

	(void)state;
	client_start(client, 0, 0, true);
	say(client, 0, "GET / HTTP/1.1\r\nHost: a.vn\r\n\r\n", ZR_FEED_HTTP);
	say(client, 30, "GET / HTTP/1.1\r\n", ZR_FEED_LIMIT);
	client_start(client, 0, 0, false);
	say(client, 0, "something", ZR_FEED_LIMIT);
	say(client, 9, "GET / HTTP/1.1\r\nHost: a.vn\r\n\r\n", ZR_FEED_DONE);
	client_free(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_hello_in_one_segment),
		TEST(test_hello_byte_by_byte_and_backwards),
		TEST(test_empty_segment_changes_nothing),
		TEST(test_other_copy_inside_a_hello_is_spoof),
		TEST(test_conflict_behind_the_message_is_not_its_own),
		TEST(test_keepalives_do_no_harm),
		TEST(test_pipelined_requests_in_one_segment),
		TEST(test_a_lost_body_is_no_hole),
		TEST(test_an_upload_is_no_request),
		TEST(test_requests_behind_a_refused_upgrade),
		TEST(test_a_body_longer_than_the_sequence_space),
		TEST(test_a_body_that_overtook_its_head),
		TEST(test_broken_chunks_end_the_step),
		TEST(test_hello_behind_connect_starttls_and_socks),
		TEST(test_hello_behind_a_proxy_line),
		TEST(test_requests_behind_an_upgrade_that_was_refused),
		TEST(test_a_request_behind_websocket_and_many_empty_lines),
		TEST(test_what_is_no_request_behind_one_ends_the_step),
		TEST(test_start_overtaken_without_syn),
		TEST(test_request_in_the_middle_of_a_connection),
		TEST(test_bytes_without_start_are_bounded),
		TEST(test_a_lost_request_ends_the_step),
		TEST(test_lost_request_that_comes_after_all),
		TEST(test_stray_segments_far_ahead_are_ignored),
		TEST(test_segment_reaching_past_the_window),
		TEST(test_head_larger_than_the_bound),
		TEST(test_hello_larger_than_the_bound),
		TEST(test_hello_with_a_lost_segment),
		TEST(test_broken_hello_is_passed_over),
		TEST(test_buffer_given_up_between_calls),
		TEST(test_no_buffer_at_all),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/inspect/http.h"
#include "tests/support/guard.h"

/* Read a head that ends at a guard page. The host is copied to host (room for 256), since the page is gone afterwards. */
static enum zr_result read_head(const void *data, size_t len, struct zr_http_head *out, char *host)
{
	struct guard guard;
	enum zr_result result;

	*out = (struct zr_http_head){0};
	result = zr_http_request(guard_copy(&guard, data, len), len, out);
	if (result == ZR_OK) {
		assert_true(out->host.len < 256);
		if (out->host.len > 0)
			memcpy(host, out->host.at, out->host.len);
		host[out->host.len] = '\0';
	}
	guard_free(&guard);
	return result;
}

static void assert_result(const char *head, enum zr_result expected)
{
	struct zr_http_head out;
	char host[256];

	if (read_head(head, strlen(head), &out, host) != expected)
		fail_msg("%s", head);
}

static void assert_host(const char *head, const char *expected)
{
	struct zr_http_head out;
	char host[256];

	if (read_head(head, strlen(head), &out, host) != ZR_OK)
		fail_msg("%s", head);
	assert_string_equal(host, expected);
	assert_int_equal(out.head_len, strlen(head));
}

/* A request with these header lines has such a body. */
static void assert_body(const char *fields, enum zr_http_body body, uint64_t length_bytes)
{
	struct zr_http_head out;
	char head[512], host[256];
	int len = snprintf(head, sizeof(head), "POST / HTTP/1.1\r\nHost: a.vn\r\n%s\r\n", fields);

	assert_int_equal(read_head(head, (size_t)len, &out, host), ZR_OK);
	assert_int_equal(out.body, body);
	assert_int_equal(out.length_bytes, length_bytes);
	assert_false(out.connect);
}

static void test_host_of_a_plain_request(void **state)
{
	(void)state;
	assert_host("GET / HTTP/1.1\r\nHost: hocmai.vn\r\nAccept: */*\r\n\r\n", "hocmai.vn");
	assert_host("GET /a?b=c:d HTTP/1.0\r\nAccept: */*\r\nHost: hocmai.vn\r\n\r\n", "hocmai.vn");
	assert_host("OPTIONS * HTTP/1.1\r\nHost: hocmai.vn\r\n\r\n", "hocmai.vn");
	assert_host("GET / HTTP/1.1\r\n\r\n", "");
}

static void test_every_prefix_needs_more(void **state)
{
	const char *head = "\r\nPOST http://a.vn/ HTTP/1.1\r\nX: hocmai.vn\r\n folded\r\nContent-Length: 3\r\n\r\n";
	struct zr_http_head out;
	char host[256];

	(void)state;
	for (size_t len = 0; len < strlen(head); len++)
		assert_int_equal(read_head(head, len, &out, host), ZR_MORE);
	assert_host(head, "a.vn");
}

static void test_body_is_not_part_of_the_head(void **state)
{
	const char *head = "POST / HTTP/1.1\nHost: a.vn\nContent-Length: 9\n\n\nHost: b\n\n";
	struct zr_http_head out;
	char host[256];

	(void)state;
	assert_int_equal(read_head(head, strlen(head), &out, host), ZR_OK);
	assert_int_equal(out.head_len, strlen(head) - 10);
	assert_string_equal(host, "a.vn");
	/* a body that begins with a space is no folded line */
	assert_int_equal(read_head("PUT / HTTP/1.1\r\n\r\n body", 23, &out, host), ZR_OK);
	assert_int_equal(out.head_len, 18);
}

static void test_lenient_forms(void **state)
{
	(void)state;
	assert_host("GET / HTTP/1.1\nHost: a.vn\n\n", "a.vn");
	assert_host("GET / HTTP/1.1\r\nHost: a.vn\n\r\n", "a.vn");
	assert_host("\r\n\r\nGET / HTTP/1.1\r\nHost: a.vn\r\n\r\n", "a.vn");
	assert_host("GET / HTTP/1.1\r\nhOsT:a.vn\r\n\r\n", "a.vn");
	assert_host("GET / HTTP/1.1\r\nHOST: \t a.vn \t\r\n\r\n", "a.vn");
	assert_host("GET / HTTP/1.1\r\nHost:\r\n\ta.vn\r\n \r\n\r\n", "a.vn");
	assert_host("GET / HTTP/1.1\r\nX: y\r\n Host: b.vn\r\nHost: a.vn\r\n\r\n", "a.vn");
	assert_host("GET / HTTP/1.1\r\nno colon\r\n: no name\r\nHost: a.vn\r\n\r\n", "a.vn");
	assert_host("GET  /  HTTP/1.1 \r\nHost: a.vn\r\n\r\n", "a.vn");
	assert_host("GET / HTTP/1.\r\nHost: a.vn\r\n\r\n", "a.vn");
	assert_host("OPTIONS HTTP/1.1\r\nHost: a.vn\r\n\r\n", "a.vn");
	assert_host("CONNECT / HTTP/1.1\r\nHost: a.vn\r\n\r\n", "a.vn");
	assert_host("GET /a b\xc3\xa9 HTTP/1.1\r\nHost: a.vn\r\n\r\n", "a.vn");
	assert_host("GET / HTTP/1.1\r\nHost: a.vn\r\n b.vn\r\n\r\n", "a.vn\r\n b.vn");
}

static void test_names_like_host_are_not_host(void **state)
{
	(void)state;
	assert_host("GET / HTTP/1.1\r\nX-Host: b\r\nHosts: c\r\nHo st: d\r\nHos: e\r\nHost: a.vn\r\n\r\n", "a.vn");
}

static void test_host_headers_that_differ_are_none(void **state)
{
	(void)state;
	assert_host("GET / HTTP/1.1\r\nHost: a.vn\r\nHost: b.vn\r\n\r\n", "");
	assert_host("GET / HTTP/1.1\r\nHost: a.vn\r\nHost: a.vn.b\r\n\r\n", "");
	assert_host("GET / HTTP/1.1\r\nHost: a.vn\r\nHost: b.vn\r\nHost: a.vn\r\n\r\n", "");
	assert_host("GET / HTTP/1.1\r\nHost: a.vn\r\nHost:\r\n\r\n", "");
	assert_host("GET / HTTP/1.1\r\nHost: a.vn\r\nHost: a.vn:80\r\n\r\n", "a.vn");
	assert_host("GET http://a.vn/ HTTP/1.1\r\nHost: a.vn\r\nHost: c.vn\r\n\r\n", "");
	assert_host("GET / HTTP/1.1\r\nHost: a.vn\r\nHost : b.vn\r\n\r\n", "");
	assert_host("GET / HTTP/1.1\r\n Host: b.vn\r\nHost: a.vn\r\n\r\n", "");
	assert_host("GET / HTTP/1.1\r\nHost: a.vn\r\nHOST\t: A.vn\r\n\r\n", "a.vn");
	assert_host("GET / HTTP/1.1\r\nHost:\r\nHost: b.vn\r\n\r\n", "");
}

static void test_port_is_left_out(void **state)
{
	(void)state;
	assert_host("GET / HTTP/1.1\r\nHost: a.vn:8080\r\n\r\n", "a.vn");
	assert_host("GET / HTTP/1.1\r\nHost: a.vn:\r\n\r\n", "a.vn");
	assert_host("GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n", "[2001:db8::1]");
	assert_host("GET / HTTP/1.1\r\nHost: [2001:db8::1]\r\n\r\n", "[2001:db8::1]");
	assert_host("GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n", "192.0.2.1");
	assert_host("GET / HTTP/1.1\r\nHost: a.vn:http\r\n\r\n", "a.vn:http");
	assert_host("GET / HTTP/1.1\r\nHost: 8080\r\n\r\n", "8080");
	assert_host("GET / HTTP/1.1\r\nHost: :80\r\n\r\n", "");
}

static void test_absolute_form_counts_and_agrees_with_host(void **state)
{
	(void)state;
	assert_host("GET http://a.vn/x HTTP/1.1\r\nHost: b.vn\r\n\r\n", "");
	assert_host("GET http://a.vn/x HTTP/1.1\r\nHost:\r\n\r\n", "");
	assert_host("GET HTTP://a.vn:80 HTTP/1.1\r\nHost: A.vn:8080\r\n\r\n", "a.vn");
	assert_host("GET http://a.vn?q=//b.vn/ HTTP/1.1\r\n\r\n", "a.vn");
	assert_host("GET http://a.vn#f HTTP/1.1\r\n\r\n", "a.vn");
	assert_host("GET https://user:b.vn@a.vn:443/@c.vn HTTP/1.1\r\n\r\n", "a.vn");
	assert_host("GET http:///x HTTP/1.1\r\nHost: b.vn\r\n\r\n", "b.vn");
	/* a query that quotes an address is not absolute */
	assert_host("GET /?u=http://a.vn/ HTTP/1.1\r\nHost: b.vn\r\n\r\n", "b.vn");
	assert_host("GET http:/a.vn HTTP/1.1\r\nHost: b.vn\r\n\r\n", "b.vn");
	assert_host("GET h HTTP/1.1\r\nHost: b.vn\r\n\r\n", "b.vn");
}

static void test_connect(void **state)
{
	const char *head = "CONNECT a.vn:443 HTTP/1.1\r\nHost: b.vn\r\nContent-Length: 5\r\n\r\n";
	struct zr_http_head out;
	char host[256];

	(void)state;
	assert_int_equal(read_head(head, strlen(head), &out, host), ZR_OK);
	assert_string_equal(host, "a.vn");
	assert_true(out.connect);
	assert_int_equal(out.body, ZR_HTTP_BODY_TUNNEL);
}

static void test_methods(void **state)
{
	static const char *const methods[] = {
		"GET",
		"HEAD",
		"POST",
		"PUT",
		"DELETE",
		"CONNECT",
		"OPTIONS",
		"TRACE",
		"PATCH",
		"PROPFIND",
		"PROPPATCH",
		"MKCOL",
		"COPY",
		"MOVE",
		"LOCK",
		"UNLOCK",
		"REPORT",
		"MERGE",
		"VERSION-CONTROL",
		"CHECKOUT",
		"M-SEARCH",
		"BPROPPATCH",
		"X_MS",
		"UPDATEREDIRECTREF",
	};
	char head[128];

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		snprintf(head, sizeof(head), "%s a.vn HTTP/1.1\r\nHost: a.vn\r\n\r\n", methods[i]);
		assert_host(head, "a.vn");
	}
	assert_result("ABCDEFGHIJKLMNOPQRSTUVWX / HTTP/1.1\r\n\r\n", ZR_OK);
	assert_result("ABCDEFGHIJKLMNOPQRSTUVWXY / HTTP/1.1\r\n\r\n", ZR_NONE);
	assert_result("ABCDEFGHIJKLMNOPQRSTUVWXY", ZR_NONE);
}

static void test_what_is_not_http_1(void **state)
{
	static const char *const lines[] = {
		"get / HTTP/1.1\r\n",
		"GET /\r\n",
		"GET / HTTP/2.0\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"GET / HTTP/1.x\r\n",
		"GET / http/1.1\r\n",
		"GET /HTTP/1.1\r\n",
		"GETHTTP/1.1\r\n",
		"GET / HTTP/11\r\n",
		" GET / HTTP/1.1\r\n",
		"GET\t/ HTTP/1.1\r\n",
		"GET /\x01 HTTP/1.1\r\n",
		"GET /\r HTTP/1.1\r\n",
		"DESCRIBE rtsp://a.vn/ RTSP/1.0\r\n",
		"INVITE sip:a@b.vn SIP/2.0\r\n",
		"SOURCE /s ICE/1.0\r\n",
		"HTTP/1.1 200 OK\r\n",
		"EHLO a.vn\r\n",
		"STARTTLS\r\n",
		"SSH-2.0-x\r\n",
		"A",
		"GET / HTTP/1.1\r\n\r\n",
	};
	size_t count = sizeof(lines) / sizeof(lines[0]);

	(void)state;
	for (size_t i = 0; i < count - 2; i++)
		assert_result(lines[i], ZR_NONE);
	assert_result(lines[count - 2], ZR_MORE);
	assert_result(lines[count - 1], ZR_OK);
}

static void test_empty_lines_ahead_are_bounded(void **state)
{
	char head[128];

	(void)state;
	for (size_t n = 0; n <= 40; n++) {
		memset(head, '\n', n);
		strcpy(head + n, "GET / HTTP/1.1\r\n\r\n");
		assert_result(head, n <= 32 ? ZR_OK : ZR_NONE);
	}
}

static void test_head_is_bounded(void **state)
{
	static char head[ZR_HTTP_HEAD_MAX + 100];
	struct zr_http_head out;
	char host[256];

	(void)state;
	memset(head, 'x', sizeof(head));
	memcpy(head, "GET / HTTP/1.1\r\nHost: a.vn\r\nX: ", 31);
	memcpy(head + ZR_HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
	assert_int_equal(read_head(head, sizeof(head), &out, host), ZR_OK);
	assert_int_equal(out.head_len, ZR_HTTP_HEAD_MAX);
	memcpy(head + ZR_HTTP_HEAD_MAX - 4, "x\r\n\r\n", 5);
	assert_int_equal(read_head(head, sizeof(head), &out, host), ZR_MORE);
}

static void test_bodies(void **state)
{
	(void)state;
	assert_body("", ZR_HTTP_BODY_NONE, 0);
	assert_body("Content-Length: 0\r\n", ZR_HTTP_BODY_NONE, 0);
	assert_body("content-length:42\r\n", ZR_HTTP_BODY_LENGTH, 42);
	assert_body("Content-Length: 042 \r\nContent-Length: 42\r\n", ZR_HTTP_BODY_LENGTH, 42);
	assert_body("Content-Length: 999999999999999999\r\n", ZR_HTTP_BODY_LENGTH, 999999999999999999);
	assert_body("Transfer-Encoding: chunked\r\n", ZR_HTTP_BODY_CHUNKED, 0);
	assert_body("Transfer-Encoding: gzip, Chunked\r\n", ZR_HTTP_BODY_CHUNKED, 0);
	assert_body("Transfer-Encoding: gzip\r\nTransfer-Encoding:chunked\r\n", ZR_HTTP_BODY_CHUNKED, 0);
	assert_body("Connection: Upgrade\r\nUpgrade: websocket\r\n", ZR_HTTP_BODY_TUNNEL, 0);
	assert_body("Upgrade: WebSocket\r\nContent-Length: 0\r\nUpgrade: websocket\r\n", ZR_HTTP_BODY_TUNNEL, 0);
	assert_body("Upgrade: h2c\r\nContent-Length: 7\r\n", ZR_HTTP_BODY_LENGTH, 7);
	assert_body("Upgrade-Insecure-Requests: 1\r\n", ZR_HTTP_BODY_NONE, 0);
}

/* A server that does not upgrade reads the body, and one that may upgrade to something else carries requests there. */
static void test_upgrades_that_are_no_tunnel(void **state)
{
	(void)state;
	assert_body("Upgrade: websocket\r\nContent-Length: 7\r\n", ZR_HTTP_BODY_LENGTH, 7);
	assert_body("Content-Length: 7\r\nUpgrade: websocket\r\n", ZR_HTTP_BODY_LENGTH, 7);
	assert_body("Upgrade: websocket\r\nTransfer-Encoding: chunked\r\n", ZR_HTTP_BODY_CHUNKED, 0);
	assert_body("Upgrade: websocket\r\nContent-Length: x\r\n", ZR_HTTP_BODY_UNKNOWN, 0);
	assert_body("Upgrade: h2c\r\nUpgrade: websocket\r\n", ZR_HTTP_BODY_NONE, 0);
	assert_body("Upgrade: websocket\r\nUpgrade: h2c\r\n", ZR_HTTP_BODY_NONE, 0);
	assert_body("Upgrade: websocket, h2c\r\n", ZR_HTTP_BODY_NONE, 0);
}

static void test_bodies_whose_end_nobody_knows(void **state)
{
	(void)state;
	assert_body("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", ZR_HTTP_BODY_UNKNOWN, 0);
	assert_body("Transfer-Encoding : chunked\r\nContent-Length : 5\r\n", ZR_HTTP_BODY_UNKNOWN, 0);
	assert_body("Content-Length: 5\r\nContent-Length: 6\r\n", ZR_HTTP_BODY_UNKNOWN, 0);
	assert_body("Content-Length: 5, 5\r\n", ZR_HTTP_BODY_UNKNOWN, 0);
	assert_body("Content-Length: -1\r\n", ZR_HTTP_BODY_UNKNOWN, 0);
	assert_body("Content-Length: +1\r\n", ZR_HTTP_BODY_UNKNOWN, 0);
	assert_body("Content-Length: 0x10\r\n", ZR_HTTP_BODY_UNKNOWN, 0);
	assert_body("Content-Length:\r\n", ZR_HTTP_BODY_UNKNOWN, 0);
	assert_body("Content-Length: x\r\nContent-Length: 5\r\n", ZR_HTTP_BODY_UNKNOWN, 0);
	assert_body("Content-Length: 1000000000000000000\r\n", ZR_HTTP_BODY_UNKNOWN, 0);
	assert_body("Transfer-Encoding: chunked, gzip\r\n", ZR_HTTP_BODY_UNKNOWN, 0);
	assert_body("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", ZR_HTTP_BODY_UNKNOWN, 0);
	assert_body("Transfer-Encoding:\r\nContent-Length: 5\r\n", ZR_HTTP_BODY_UNKNOWN, 0);
}

/* Wait for a head byte by byte; returns how often it was read. */
static unsigned int read_as_it_comes(const char *head, size_t len, enum zr_result expected)
{
	enum zr_result result = ZR_MORE;
	struct zr_http_head out;
	unsigned int reads = 0;
	size_t seen = 0;

	for (size_t n = 1; n <= len; n++) {
		/* whenever it is not ripe, reading would have been in vain */
		if (seen > 0 && !zr_http_request_ripe((const uint8_t *)head, seen, n)) {
			assert_int_equal(zr_http_request((const uint8_t *)head, n, &out), ZR_MORE);
			seen = n;
			continue;
		}
		assert_int_equal(result, ZR_MORE);
		result = zr_http_request((const uint8_t *)head, n, &out);
		seen = n;
		reads++;
	}
	assert_int_equal(result, expected);
	return reads;
}

static void test_reads_stay_few_byte_by_byte(void **state)
{
	char head[4096];
	size_t len;

	(void)state;
	len = (size_t)snprintf(head, sizeof(head), "\r\n\r\nGET / HTTP/1.1\r\nHost: a.vn\r\nX: y\r\n \r\nA: b\r\n\r\n");
	assert_in_range(read_as_it_comes(head, len, ZR_OK), 1, 8);
	len = (size_t)snprintf(head, sizeof(head), "GET / HTTP/1.1\n");
	while (len < sizeof(head) - 3) {
		head[len++] = 'a';
		head[len++] = '\n';
	}
	head[len++] = '\n';
	assert_int_equal(read_as_it_comes(head, len, ZR_OK), 3);
	assert_int_equal(read_as_it_comes("EHLO a.vn\r\n", 11, ZR_NONE), 2);
}

static void test_ripe_when_several_bytes_come(void **state)
{
	const char *head = "\nGET / HTTP/1.1\r\nHost: a.vn\r\n\r\n";
	size_t len = strlen(head);

	(void)state;
	for (size_t seen = 1; seen < len; seen++)
		assert_true(zr_http_request_ripe((const uint8_t *)head, seen, len));
	assert_false(zr_http_request_ripe((const uint8_t *)head, len, len));
	assert_false(zr_http_request_ripe((const uint8_t *)head, 20, len - 2));
}

static enum zr_result skip_chunked(const char *body, size_t step, size_t *end)
{
	enum zr_result result = ZR_MORE;
	size_t len = strlen(body);
	uint8_t position = 0;
	uint64_t left = 0;

	for (*end = 0; *end < len && result == ZR_MORE;) {
		size_t part = len - *end < step ? len - *end : step;
		struct guard guard;
		size_t used;

		result = zr_http_chunked_skip(&position, &left, guard_copy(&guard, body + *end, part), part, &used);
		guard_free(&guard);
		assert_in_range(used, 1, part);
		if (result == ZR_MORE)
			assert_int_equal(used, part);
		*end += used;
	}
	return result;
}

static void test_chunked_bodies(void **state)
{
	static const char *const bodies[] = {
		"0\r\n\r\n",
		"5\r\nhello\r\n0\r\n\r\n",
		"5\nhello\n0\n\n",
		"000a;name=\"v\"\r\n0\r\n\r\n0\r\n\r\n\r\n1A \r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n",
		"1\r\nx\r\n0;e\r\nTrailer: 1\r\nOther: 2\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		size_t len = strlen(bodies[i]);

		for (size_t step = 1; step <= len; step++) {
			char more[256];
			size_t end;

			snprintf(more, sizeof(more), "%sGET / HTTP/1.1\r\n", bodies[i]);
			assert_int_equal(skip_chunked(more, step, &end), ZR_OK);
			assert_int_equal(end, len);
		}
	}
}

static void test_broken_chunked_bodies(void **state)
{
	static const char *const bodies[] = {
		"\r\n", "x\r\n", ";\r\n", "5x\r\n", "-1\r\n", "1\r\nab\r\n", "1\r\na2\r\n", "11111111111111111\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		for (size_t step = 1; step <= 20; step++) {
			size_t end;

			assert_int_equal(skip_chunked(bodies[i], step, &end), ZR_BAD);
		}
	}
}

static void test_chunk_data_may_be_stepped_over(void **state)
{
	uint8_t position = 0;
	uint64_t left = 0;
	size_t used;

	(void)state;
	assert_false(zr_http_chunked_in_data(position));
	assert_int_equal(zr_http_chunked_skip(&position, &left, (const uint8_t *)"ff", 2, &used), ZR_MORE);
	assert_false(zr_http_chunked_in_data(position));
	assert_int_equal(zr_http_chunked_skip(&position, &left, (const uint8_t *)"ff\r\nabc", 7, &used), ZR_MORE);
	assert_true(zr_http_chunked_in_data(position));
	assert_int_equal(left, 0xffff - 3);
	left = 0;
	assert_int_equal(zr_http_chunked_skip(&position, &left, (const uint8_t *)"\r\n0\r\n\r\n", 7, &used), ZR_OK);
	assert_int_equal(used, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_of_a_plain_request),
		cmocka_unit_test(test_every_prefix_needs_more),
		cmocka_unit_test(test_body_is_not_part_of_the_head),
		cmocka_unit_test(test_lenient_forms),
		cmocka_unit_test(test_names_like_host_are_not_host),
		cmocka_unit_test(test_host_headers_that_differ_are_none),
		cmocka_unit_test(test_port_is_left_out),
		cmocka_unit_test(test_absolute_form_counts_and_agrees_with_host),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_what_is_not_http_1),
		cmocka_unit_test(test_empty_lines_ahead_are_bounded),
		cmocka_unit_test(test_head_is_bounded),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_upgrades_that_are_no_tunnel),
		cmocka_unit_test(test_bodies_whose_end_nobody_knows),
		cmocka_unit_test(test_reads_stay_few_byte_by_byte),
		cmocka_unit_test(test_ripe_when_several_bytes_come),
		cmocka_unit_test(test_chunked_bodies),
		cmocka_unit_test(test_broken_chunked_bodies),
		cmocka_unit_test(test_chunk_data_may_be_stepped_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Several requests on one connection: the verdict follows each Host, from free only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scene.h"

#define LIST                                                     \
	".olm.vn,olm,90001,,,,,\n.hocmai.vn,hocmai,90002,,,,,\n" \
	"thi.moet.gov.vn,moet,90003," SCENE_DAY "10:00Z,,,,\n"
#define HEADERS 40

static struct scene s;
static struct scene_conn c;

static void begin(void)
{
	scene_init(&s, LIST);
	scene_open(&s);
	c = scene_conn(40000);
	c.server_port = 8081;
	scene_handshake(&s, 0, &c);
}

static void request(uint64_t ms, const char *host)
{
	char head[300];

	scene_up(&s, ms, &c, head, (size_t)snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host));
}

static void assert_part(unsigned int n, enum zr_reason reason, enum zr_cause cause, unsigned int up, unsigned int down)
{
	const struct zr_usage *u = &scene_event(&s, ZR_USAGE_PART, n)->usage;

	assert_int_equal(u->reason, reason);
	assert_int_equal(u->cause, cause);
	assert_int_equal(u->up_pkts, up);
	assert_int_equal(u->down_pkts, down);
	assert_int_equal(u->part, n);
}

static void same_host_again_cuts_nothing(void **state)
{
	(void)state;
	begin();
	request(1, "olm.vn");
	scene_down(&s, 2, &c, 500);
	request(3, "OLM.vn:8081");
	scene_down(&s, 4, &c, 500);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_part(0, ZR_REASON_HOST, ZR_CAUSE_SHUTDOWN, 4, 3);
	scene_free(&s);
}

static void from_free_to_charged_and_never_back(void **state)
{
	(void)state;
	begin();
	request(1, "olm.vn");
	scene_down(&s, 2, &c, 500);
	request(3, "game.example.net");
	scene_down(&s, 4, &c, 500);
	request(5, "olm.vn");
	scene_down(&s, 6, &c, 500);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 3);
	assert_part(0, ZR_REASON_HOST, ZR_CAUSE_HOST_CHANGE, 3, 2);
	assert_part(1, ZR_REASON_NO_MATCH, ZR_CAUSE_HOST_CHANGE, 1, 1);
	assert_part(2, ZR_REASON_NO_MATCH, ZR_CAUSE_SHUTDOWN, 1, 1);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 1);
	scene_free(&s);
}

static void another_listed_host_cuts_and_tags(void **state)
{
	(void)state;
	begin();
	request(1, "olm.vn");
	request(2, "www.olm.vn");
	request(3, "hocmai.vn");
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 3);
	assert_part(0, ZR_REASON_HOST, ZR_CAUSE_HOST_CHANGE, 3, 1);
	assert_part(1, ZR_REASON_HOST, ZR_CAUSE_HOST_CHANGE, 1, 0);
	assert_part(2, ZR_REASON_HOST, ZR_CAUSE_SHUTDOWN, 1, 0);
	assert_string_equal(scene_event(&s, ZR_USAGE_PART, 1)->name, "www.olm.vn");
	/* One for each entry, not for each name. */
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 2);
	assert_string_equal(scene_event(&s, ZR_USAGE_TAG, 1)->rule, ".hocmai.vn");
	assert_string_equal(scene_event(&s, ZR_USAGE_TAG, 1)->name, "hocmai.vn");
	scene_free(&s);
}

static void pipelined_requests_in_one_segment_are_all_judged(void **state)
{
	static const char both[] =
		"GET / HTTP/1.1\r\nHost: olm.vn\r\n\r\nGET / HTTP/1.1\r\nHost: game.example.net\r\n\r\n";

	(void)state;
	begin();
	scene_up(&s, 1, &c, both, sizeof(both) - 1);
	scene_close(&s);
	/* The segment completes the second head: it is charged; the handshake was freed by the first. */
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_part(0, ZR_REASON_HOST, ZR_CAUSE_HOST_CHANGE, 2, 1);
	assert_part(1, ZR_REASON_NO_MATCH, ZR_CAUSE_SHUTDOWN, 1, 0);
	scene_free(&s);
}

/* Any number of listed hosts in one segment, of two entries in turn: one packet, one verdict, one tag. */
static void hosts_that_no_packet_is_counted_for_leave_no_tag(void **state)
{
	char heads[3000] = "";
	size_t len = 0;

	(void)state;
	begin();
	request(1, "olm.vn");
	for (unsigned int i = 0; i < 56; i++)
		len += (size_t)snprintf(heads + len, sizeof(heads) - len, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
					i % 2 == 0 ? "olm.vn" : "hocmai.vn");
	scene_up(&s, 2, &c, heads, len);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 2);
	assert_string_equal(scene_event(&s, ZR_USAGE_TAG, 1)->rule, ".hocmai.vn");
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_part(0, ZR_REASON_HOST, ZR_CAUSE_HOST_CHANGE, 3, 1);
	assert_part(1, ZR_REASON_HOST, ZR_CAUSE_SHUTDOWN, 1, 0);
	assert_string_equal(scene_event(&s, ZR_USAGE_PART, 1)->rule, ".hocmai.vn");
	scene_free(&s);
}

/* Through a proxy: the reason and what speaks for it are those of the name at hand, whatever window opens meanwhile. */
static void hello_behind_connect_is_judged_as_a_hello(void **state)
{
	static const char head[] = "CONNECT hocmai.vn:443 HTTP/1.1\r\n\r\n";

	(void)state;
	begin();
	scene_up(&s, 1, &c, head, sizeof(head) - 1);
	scene_hello(&s, 2, &c, "olm.vn");
	scene_down(&s, 700000, &c, 500);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_part(0, ZR_REASON_HOST, ZR_CAUSE_HOST_CHANGE, 3, 1);
	assert_part(1, ZR_REASON_SNI, ZR_CAUSE_SHUTDOWN, 1, 1);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.evidence, 1 << ZR_EVIDENCE_HTTP_HOST);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.evidence, 1 << ZR_EVIDENCE_TLS_SNI);
	scene_free(&s);
}

static void packet_that_completes_a_head_belongs_to_the_new_verdict(void **state)
{
	static const char head[] = "GET / HTTP/1.1\r\nHost: game.example.net\r\n\r\n";

	(void)state;
	begin();
	request(1, "olm.vn");
	scene_up(&s, 2, &c, head, 20);
	scene_up(&s, 3, &c, head + 20, sizeof(head) - 1 - 20);
	scene_close(&s);
	assert_part(0, ZR_REASON_HOST, ZR_CAUSE_HOST_CHANGE, 4, 1);
	assert_part(1, ZR_REASON_NO_MATCH, ZR_CAUSE_SHUTDOWN, 1, 0);
	scene_free(&s);
}

static void request_in_a_body_is_no_request(void **state)
{
	static const char post[] = "POST / HTTP/1.1\r\nHost: olm.vn\r\nContent-Length: 46\r\n\r\n";
	static const char body[] = "GET / HTTP/1.1\r\nHost: game.example.net\r\n\r\n    ";

	(void)state;
	begin();
	scene_up(&s, 1, &c, post, sizeof(post) - 1);
	scene_up(&s, 2, &c, body, 46);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_part(0, ZR_REASON_HOST, ZR_CAUSE_SHUTDOWN, 4, 1);
	scene_free(&s);
}

static void head_beyond_the_bound_ends_a_free_connection(void **state)
{
	static char filler[1000];

	(void)state;
	memset(filler, 'a', sizeof(filler));
	begin();
	request(1, "olm.vn");
	scene_up(&s, 2, &c, "GET / HTTP/1.1\r\nX: ", 19);
	for (unsigned int i = 0; i < 18; i++)
		scene_up(&s, 3, &c, filler, sizeof(filler));
	scene_down(&s, 4, &c, 10);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.reason, ZR_REASON_INSPECT_LIMIT);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_host_again_cuts_nothing),
		cmocka_unit_test(from_free_to_charged_and_never_back),
		cmocka_unit_test(another_listed_host_cuts_and_tags),
		cmocka_unit_test(pipelined_requests_in_one_segment_are_all_judged),
		cmocka_unit_test(hosts_that_no_packet_is_counted_for_leave_no_tag),
		cmocka_unit_test(hello_behind_connect_is_judged_as_a_hello),
		cmocka_unit_test(packet_that_completes_a_head_belongs_to_the_new_verdict),
		cmocka_unit_test(request_in_a_body_is_no_request),
		cmocka_unit_test(head_beyond_the_bound_ends_a_free_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

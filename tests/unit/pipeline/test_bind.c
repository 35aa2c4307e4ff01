/* SPDX-License-Identifier: BSD-3-Clause */
/* Address entries that are free only beside a free flow under another service. */
#include "tests/unit/pipeline/evidence_scene.h"

#include "dataplane/pipeline/state.h"

#define MEDIA     "203.0.113.200"
#define MEDIA_ROW MEDIA " udp,live,2,,,,,,olm\n"
#define ROWS      ".olm.vn,olm,1\n" MEDIA_ROW
#define GRACE_MS  60000

static struct scene_conn stream_of(const char *client, uint16_t port)
{
	struct scene_conn c = to_server(client, port, MEDIA);

	c.server_port = 8801;
	return c;
}

static void media(uint64_t ms, const char *client, uint16_t port)
{
	struct scene_conn c = stream_of(client, port);

	scene_udp(&s, ms, &c, true, "\x80media", 6);
}

static void close_tcp(uint64_t ms, struct scene_conn *c)
{
	scene_tcp(&s, ms, c, true, ZR_TCP_RST, NULL, 0);
}

static void media_alone_are_charged(void **state)
{
	(void)state;
	start(ROWS);
	media(0, ME, 40000);
	talk(1, ME, 40001, SERVER, "www.example.vn");
	talk(1, OTHER, 40002, SERVER, "www.olm.vn");
	media(2, ME, 40000);
	finish();
	assert_string_equal(told(40000), "charged unbound [] 2");
	assert_string_equal(rule_of(40000), MEDIA " udp");
	scene_free(&s);
}

static void media_beside_the_service_are_free(void **state)
{
	(void)state;
	start(ROWS);
	media(0, ME, 40000);
	talk(1, ME, 40001, SERVER, "www.olm.vn");
	media(2, ME, 40000);
	media(3, ME, 40002);
	media(3, OTHER, 40003);
	finish();
	assert_string_equal(told(40000), "charged unbound [] 1; free prefix [prefix] 1");
	assert_string_equal(told(40002), "free prefix [prefix] 1");
	assert_string_equal(told(40003), "charged unbound [] 1");
	for (unsigned int i = 0; i < s.count; i++)
		if (s.events[i].usage.client_port == 40000)
			assert_int_equal(s.events[i].usage.retro_up_bytes, 0);
	scene_free(&s);
}

/* The last free flow ends with its linger time; from then on the grace runs, to the microsecond. */
static void the_grace_ends_exactly(void **state)
{
	const uint64_t end_ms = 1000 + 10000 + GRACE_MS;
	struct scene_conn first, second;

	(void)state;
	for (unsigned int polled = 0; polled < 2; polled++) {
		start(ROWS);
		first = talk(0, ME, 40001, SERVER, "www.olm.vn");
		second = talk(0, ME, 40002, SERVER, "api.olm.vn");
		close_tcp(500, &first);
		close_tcp(1000, &second);
		for (uint64_t ms = 1000; ms < end_ms; ms += 10000) {
			media(ms, ME, 40000);
			if (polled != 0)
				zr_pipeline_advance(s.pipeline, (s.base_us + ms * 1000 + 5000000) * 1000);
		}
		media(end_ms - 1, ME, 40000);
		media(end_ms, ME, 40000);
		/* A new one binds again. */
		talk(end_ms + 1, ME, 40003, SERVER, "www.olm.vn");
		media(end_ms + 2, ME, 40000);
		finish();
		assert_string_equal(told(40000),
				    "free prefix [prefix] 8; charged unbound [] 1; free prefix [prefix] 1");
		scene_free(&s);
	}
}

static uint32_t no_room(void *arg)
{
	(void)arg;
	return 0;
}

/* The end of the last free flow waits to be told; the grace does not. */
static void the_grace_ends_though_control_stands(void **state)
{
	struct scene_conn c;

	(void)state;
	start(ROWS);
	s.pipeline->config.room = no_room;
	c = talk(0, ME, 40001, SERVER, "www.olm.vn");
	close_tcp(1, &c);
	media(2, ME, 40000);
	for (unsigned int i = 1; i <= 10; i++)
		media(10000 * i, ME, 40000);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 2);
	finish();
	assert_string_equal(told(40000), "free prefix [prefix] 8; charged unbound [] 3");
	scene_free(&s);
}

/* The grace was over for half a second: parts and tags are the same whether somebody looked then or not. */
static void a_gap_between_two_free_flows_is_one_whoever_looks(void **state)
{
	const uint64_t end_ms = 10000 + GRACE_MS;
	struct scene_conn first, second;

	(void)state;
	for (unsigned int polled = 0; polled < 2; polled++) {
		start(ROWS);
		first = talk(0, ME, 40001, SERVER, "www.olm.vn");
		close_tcp(0, &first);
		media(end_ms - 1000, ME, 40000);
		if (polled != 0)
			zr_pipeline_advance(s.pipeline, (s.base_us + (end_ms + 200) * 1000) * 1000);
		/* Its hello comes first: no packet before it brings the time. */
		second = to_server(ME, 40003, SERVER);
		scene_hello(&s, end_ms + 500, &second, "www.olm.vn");
		media(end_ms + 600, ME, 40000);
		finish();
		assert_string_equal(told(40000), "free prefix [prefix] 1; free prefix [prefix] 1");
		scene_free(&s);
	}
}

static void a_service_that_ends_to_be_free_binds_for_the_grace(void **state)
{
	static const char first[] = "GET / HTTP/1.1\r\nHost: www.olm.vn\r\n\r\n";
	static const char second[] = "GET / HTTP/1.1\r\nHost: www.example.vn\r\n\r\n";
	struct scene_conn c = to_server(ME, 40001, SERVER);

	(void)state;
	start(ROWS);
	c.server_port = 80;
	scene_handshake(&s, 0, &c);
	scene_up(&s, 0, &c, first, sizeof(first) - 1);
	media(1, ME, 40000);
	scene_up(&s, 1000, &c, second, sizeof(second) - 1);
	media(1000 + GRACE_MS - 1, ME, 40000);
	media(1000 + GRACE_MS, ME, 40000);
	finish();
	assert_string_equal(told(40000), "free prefix [prefix] 2; charged unbound [] 1");
	scene_free(&s);
}

/* Neither flows of entries that are bound themselves nor questions to a resolver are flows of a service. */
static void what_is_bound_binds_nothing(void **state)
{
	(void)state;
	begin("www.olm.vn,live,1\n" MEDIA " udp,live,2,,,,,,live\n");
	s.config.dns_free = true;
	scene_open(&s);
	resolve(0, ME, "www.olm.vn", SERVER);
	media(0, ME, 40000);
	talk(1, ME, 40001, SERVER, "www.olm.vn");
	media(2, ME, 40002);
	zr_pipeline_advance(s.pipeline, (s.base_us + UINT64_C(7440000000) + 2000) * 1000);
	media(7440000 + GRACE_MS + 10, ME, 40003);
	finish();
	assert_string_equal(told(40000), "charged unbound [] 1");
	assert_string_equal(told(40002), "free prefix [prefix] 1");
	assert_string_equal(told(40003), "charged unbound [] 1");
	scene_free(&s);
}

/* A flow that is unlearned is not free, and binds from when it is. */
static void evidence_that_comes_binds_too(void **state)
{
	(void)state;
	start(".olm.vn,olm,1,,,require\n" MEDIA_ROW);
	talk(0, ME, 40001, SERVER, "www.olm.vn");
	media(1, ME, 40000);
	resolve(2, ME, "www.olm.vn", SERVER);
	media(3, ME, 40000);
	finish();
	assert_string_equal(told(40000), "charged unbound [] 1; free prefix [prefix] 1");
	assert_string_equal(told(40001), "charged unlearned [tls_sni] 5");
	scene_free(&s);
}

static void a_listed_name_needs_no_bond(void **state)
{
	struct scene_conn c = to_server(ME, 40000, MEDIA);

	(void)state;
	start(".olm.vn,olm,1,,,require\n" MEDIA ",live,2,,,,,,olm\n");
	resolve(0, ME, "www.olm.vn", MEDIA);
	scene_handshake(&s, 1, &c);
	scene_hello(&s, 1, &c, "www.olm.vn");
	/* The block would not free it, and so does not back it. */
	talk(2, OTHER, 40001, MEDIA, "www.olm.vn");
	finish();
	assert_string_equal(told(40000), "charged unbound [] 3; free sni [tls_sni dns_subscriber] 1");
	assert_string_equal(told(40001), "charged unbound [] 3; charged unlearned [tls_sni] 2");
	scene_free(&s);
}

static void another_list_binds_anew(void **state)
{
	static const char *const rows[] = {".olm.vn,olm,1\n" MEDIA " udp,live,2\n",
					   ".olm.vn,olm,1\n.hocmai.vn,hocmai,1\n" MEDIA " udp,live,2,,,,,,hocmai\n"};
	static const char *const wanted[] = {"free prefix [prefix] 2", "free prefix [prefix] 1; charged unbound [] 1"};
	static struct scene other;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		start(ROWS);
		talk(0, ME, 40001, SERVER, "www.olm.vn");
		media(1, ME, 40000);
		scene_init(&other, rows[i]);
		assert_int_equal(zr_pipeline_list(s.pipeline, other.image, other.index), 0);
		media(2, ME, 40000);
		finish();
		assert_string_equal(told(40000), wanted[i]);
		scene_free(&s);
		zr_suffix_index_free(other.index);
		zr_image_free(other.image);
		free(other.block);
	}
}

/* A list whose entry now binds finds the flows that were free under it before. */
static void a_list_may_begin_to_bind(void **state)
{
	static struct scene other;

	(void)state;
	start(".olm.vn,olm,1\n" MEDIA " udp,live,2\n");
	talk(0, ME, 40001, SERVER, "www.olm.vn");
	talk(0, OTHER, 40003, SERVER, "www.example.vn");
	media(1, ME, 40000);
	media(1, OTHER, 40002);
	scene_init(&other, ROWS);
	assert_int_equal(zr_pipeline_list(s.pipeline, other.image, other.index), 0);
	zr_pipeline_poll(s.pipeline, (s.base_us + 1500) * 1000);
	media(2, ME, 40000);
	media(2, OTHER, 40002);
	finish();
	assert_string_equal(told(40002), "free prefix [prefix] 1; charged unbound [] 1");
	assert_non_null(strstr(told(40000), "free prefix [prefix]"));
	assert_null(strstr(told(40000), "unlearned"));
	scene_free(&s);
	zr_suffix_index_free(other.index);
	zr_image_free(other.image);
	free(other.block);
}

static void so_many_flows_are_bound_to_one_service(void **state)
{
	(void)state;
	start(ROWS);
	talk(0, ME, 30000, SERVER, "www.olm.vn");
	for (uint16_t i = 0; i <= ZR_TIES_WAITING; i++)
		media(1, ME, 40000 + i);
	assert_int_equal(zr_pipeline_flows_free(s.pipeline), 1 + ZR_TIES_WAITING);
	assert_int_equal(counter(ZR_COUNTER_TIES_FULL), 1);
	finish();
	assert_string_equal(told(40000 + ZR_TIES_WAITING), "charged unbound [] 1");
	scene_free(&s);
}

/* A subscriber with more free flows than that takes no more room for them, and others still have theirs. */
static void so_many_flows_hold_one_service(void **state)
{
	(void)state;
	start(ROWS);
	for (uint16_t i = 0; i < ZR_TIES_HOLDING + 3; i++)
		talk(0, ME, 30000 + i, SERVER, "www.olm.vn");
	assert_int_equal(zr_pipeline_flows_free(s.pipeline), ZR_TIES_HOLDING + 3);
	assert_int_equal(counter(ZR_COUNTER_TIES_FULL), 3);
	media(1, ME, 40000);
	talk(1, OTHER, 30000, SERVER, "www.olm.vn");
	media(1, OTHER, 40001);
	assert_int_equal(counter(ZR_COUNTER_TIES_FULL), 3);
	finish();
	assert_string_equal(told(40000), "free prefix [prefix] 1");
	assert_string_equal(told(40001), "free prefix [prefix] 1");
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(media_alone_are_charged),
		cmocka_unit_test(media_beside_the_service_are_free),
		cmocka_unit_test(the_grace_ends_exactly),
		cmocka_unit_test(the_grace_ends_though_control_stands),
		cmocka_unit_test(a_gap_between_two_free_flows_is_one_whoever_looks),
		cmocka_unit_test(a_service_that_ends_to_be_free_binds_for_the_grace),
		cmocka_unit_test(what_is_bound_binds_nothing),
		cmocka_unit_test(evidence_that_comes_binds_too),
		cmocka_unit_test(a_listed_name_needs_no_bond),
		cmocka_unit_test(another_list_binds_anew),
		cmocka_unit_test(a_list_may_begin_to_bind),
		cmocka_unit_test(so_many_flows_are_bound_to_one_service),
		cmocka_unit_test(so_many_flows_hold_one_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What backs a name, and what off, flag, require and learn make of it. */
#include <arpa/inet.h>

#include "tests/unit/pipeline/evidence_scene.h"

#include "tests/support/restart.h"

#define REQUIRE ".olm.vn,olm,1,,,require\n"
#define FLAG    ".olm.vn,olm,1,,,flag\n"
#define LEARN   ".olm.vn,olm,1,,,learn\n"

static void require_charges_what_nothing_backs(void **state)
{
	(void)state;
	start(REQUIRE);
	talk(0, ME, 40000, PROXY, "www.olm.vn");
	resolve(1, ME, "www.olm.vn", SERVER);
	talk(2, ME, 40001, PROXY, "www.olm.vn");
	talk(3, ME, 40002, SERVER, "www.olm.vn");
	talk(4, OTHER, 40003, SERVER, "www.olm.vn");
	finish();
	assert_string_equal(told(40000), "charged unlearned [tls_sni] 5");
	assert_string_equal(told(40001), "charged unlearned [tls_sni] 5");
	assert_string_equal(told(40002), "free sni [tls_sni dns_subscriber] 5");
	assert_string_equal(told(40003), "charged unlearned [tls_sni] 5");
	assert_string_equal(rule_of(40000), ".olm.vn");
	scene_free(&s);
}

static void evidence_that_comes_while_it_runs_frees_from_there_on(void **state)
{
	struct scene_conn c;

	(void)state;
	start(REQUIRE);
	c = talk(0, ME, 40000, SERVER, "www.olm.vn");
	resolve(10, ME, "api.olm.vn", SERVER);
	assert_int_equal(counter(ZR_COUNTER_FLOWS_BACKED), 1);
	scene_up(&s, 11, &c, "x", 1);
	scene_down(&s, 12, &c, 100);
	finish();
	assert_string_equal(told(40000), "charged unlearned [tls_sni] 5; free sni [tls_sni dns_subscriber] 2");
	for (unsigned int i = 0; i < s.count; i++)
		assert_int_equal(s.events[i].usage.retro_up_bytes + s.events[i].usage.retro_down_bytes, 0);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 1);
	scene_free(&s);
}

static void flag_marks_what_nothing_backs(void **state)
{
	(void)state;
	start(FLAG);
	talk(0, ME, 40000, PROXY, "www.olm.vn");
	resolve(1, ME, "www.olm.vn", SERVER);
	talk(2, ME, 40001, SERVER, "www.olm.vn");
	finish();
	assert_string_equal(told(40000), "free sni [tls_sni] suspect 5");
	assert_string_equal(told(40001), "free sni [tls_sni dns_subscriber] 5");
	assert_int_equal(scene_event(&s, ZR_USAGE_TAG, 0)->usage.flags, 1 << ZR_FLAG_SPOOF_SUSPECT);
	scene_free(&s);
}

static void off_takes_the_name_and_tells_what_agreed(void **state)
{
	(void)state;
	start(".olm.vn,olm,1,,,off\n");
	talk(0, ME, 40000, PROXY, "www.olm.vn");
	resolve(1, ME, "www.olm.vn", SERVER);
	talk(2, ME, 40001, SERVER, "www.olm.vn");
	finish();
	assert_string_equal(told(40000), "free sni [tls_sni] 5");
	assert_string_equal(told(40001), "free sni [tls_sni dns_subscriber] 5");
	scene_free(&s);
}

static void an_entry_that_says_nothing_asks_for_what_is_configured(void **state)
{
	static const char *const wanted[] = {
		[ZR_VERIFY_OFF] = "free sni [tls_sni] 5",
		[ZR_VERIFY_FLAG] = "free sni [tls_sni] suspect 5",
		[ZR_VERIFY_REQUIRE] = "charged unlearned [tls_sni] 5",
	};

	(void)state;
	for (uint8_t verify = ZR_VERIFY_OFF; verify <= ZR_VERIFY_REQUIRE; verify++) {
		begin(".olm.vn,olm,1\n.hocmai.vn,hocmai,1,,,off\n");
		s.config.verify = verify;
		scene_open(&s);
		talk(0, ME, 40000, PROXY, "www.olm.vn");
		talk(0, ME, 40001, PROXY, "www.hocmai.vn");
		finish();
		assert_string_equal(told(40000), wanted[verify]);
		assert_string_equal(told(40001), "free sni [tls_sni] 5");
		scene_free(&s);
	}
	begin(REQUIRE);
	for (unsigned int verify = 0; verify < 256; verify++) {
		bool good = verify >= ZR_VERIFY_OFF && verify <= ZR_VERIFY_REQUIRE;

		s.config.verify = (uint8_t)verify;
		assert_int_equal(zr_pipeline_memory(&s.config) > 0, good);
	}
	s.config.verify = ZR_VERIFY_OFF;
	scene_open(&s);
	finish();
	scene_free(&s);
}

static void a_listed_address_backs_a_name(void **state)
{
	(void)state;
	start(REQUIRE SERVER ",media,2\n");
	talk(0, ME, 40000, SERVER, "www.olm.vn");
	talk(0, ME, 40001, PROXY, "www.olm.vn");
	finish();
	assert_string_equal(told(40000), "free prefix [prefix] 3; free sni [tls_sni prefix] 2");
	assert_string_equal(rule_of(40000), ".olm.vn");
	assert_string_equal(told(40001), "charged unlearned [tls_sni] 5");
	scene_free(&s);
}

/* The address was learned for another entry. */
static void evidence_is_for_one_entry(void **state)
{
	(void)state;
	start(REQUIRE ".hocmai.vn,hocmai,1,,,require\n");
	resolve(0, ME, "www.hocmai.vn", SERVER);
	talk(1, ME, 40000, SERVER, "www.olm.vn");
	talk(1, ME, 40001, SERVER, "hocmai.vn");
	finish();
	assert_string_equal(told(40000), "charged unlearned [tls_sni] 5");
	assert_string_equal(told(40001), "free sni [tls_sni dns_subscriber] 5");
	scene_free(&s);
}

static void every_request_of_a_connection_needs_its_own_evidence(void **state)
{
	static const char first[] = "GET / HTTP/1.1\r\nHost: www.olm.vn\r\n\r\n";
	static const char second[] = "GET / HTTP/1.1\r\nHost: www.hocmai.vn\r\n\r\n";
	struct scene_conn c = to_server(ME, 40000, SERVER);

	(void)state;
	start(REQUIRE ".hocmai.vn,hocmai,1,,,require\n");
	resolve(0, ME, "www.olm.vn", SERVER);
	c.server_port = 80;
	scene_handshake(&s, 1, &c);
	scene_up(&s, 1, &c, first, sizeof(first) - 1);
	scene_down(&s, 1, &c, 100);
	scene_up(&s, 1, &c, second, sizeof(second) - 1);
	scene_down(&s, 1, &c, 100);
	resolve(2, ME, "www.hocmai.vn", SERVER);
	scene_down(&s, 3, &c, 100);
	finish();
	assert_string_equal(told(40000), "free host [http_host dns_subscriber] 5; charged unlearned [http_host] 2; "
					 "free host [http_host dns_subscriber] 1");
	scene_free(&s);
}

/* … but what was charged for one name is not freed by another's evidence, which may be on the same address. */
static void a_connection_charged_for_a_name_stays_charged_for_the_next(void **state)
{
	static const char first[] = "GET / HTTP/1.1\r\nHost: www.olm.vn\r\n\r\n";
	static const char second[] = "GET / HTTP/1.1\r\nHost: www.hocmai.vn\r\n\r\n";
	struct scene_conn c = to_server(ME, 40000, SERVER);

	(void)state;
	start(REQUIRE ".hocmai.vn,hocmai,1,,,require\n");
	resolve(0, ME, "www.hocmai.vn", SERVER);
	c.server_port = 80;
	scene_handshake(&s, 1, &c);
	scene_up(&s, 1, &c, first, sizeof(first) - 1);
	scene_up(&s, 2, &c, second, sizeof(second) - 1);
	resolve(3, ME, "www.olm.vn", SERVER);
	scene_down(&s, 4, &c, 100);
	finish();
	assert_string_equal(told(40000), "charged unlearned [http_host] 4; charged unlearned [http_host] 2");
	scene_free(&s);
}

static void an_answer_counts_for_its_time_and_the_grace(void **state)
{
	const uint64_t until_ms = (300 + 600) * 1000;
	struct scene_conn c;

	(void)state;
	start(REQUIRE);
	resolve_ttl(0, ME, "www.olm.vn", SERVER, 300);
	c = talk(until_ms - 1, ME, 40000, SERVER, "www.olm.vn");
	talk(until_ms, ME, 40001, SERVER, "www.olm.vn");
	/* What began while it counted goes on. */
	scene_down(&s, until_ms + 1000, &c, 100);
	finish();
	assert_string_equal(told(40000), "free sni [tls_sni dns_subscriber] 6");
	assert_string_equal(told(40001), "charged unlearned [tls_sni] 5");
	scene_free(&s);
}

static void times_to_live_have_bounds(void **state)
{
	static const struct {
		uint32_t ttl_s;
		uint64_t lives_ms;
	} cases[] = {{0, 60000}, {59, 60000}, {61, 61000}, {7200, 7200000}, {7201, 7200000}, {UINT32_MAX, 60000}};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(REQUIRE);
		s.config.learned_ttl_max_us = UINT64_C(7200000000);
		s.config.learned_grace_us = 0;
		scene_open(&s);
		resolve_ttl(0, ME, "www.olm.vn", SERVER, cases[i].ttl_s);
		talk(cases[i].lives_ms - 1, ME, 40000, SERVER, "www.olm.vn");
		talk(cases[i].lives_ms, ME, 40001, SERVER, "www.olm.vn");
		finish();
		assert_string_equal(told(40000), "free sni [tls_sni dns_subscriber] 5");
		assert_string_equal(told(40001), "charged unlearned [tls_sni] 5");
		scene_free(&s);
	}
}

/* A table of rows for names at addresses of domain 0, for a day. */
static struct zr_learned_table *table_of(const char *const (*rows)[2], size_t count)
{
	struct zr_learned_row made[8];
	struct zr_learned_table *table;

	for (size_t i = 0; i < count; i++) {
		struct zr_prefix prefix;

		assert_int_equal(zr_prefix_parse(rows[i][1], strlen(rows[i][1]), &prefix), 0);
		made[i] = (struct zr_learned_row){.family = prefix.family,
						  .name = rows[i][0],
						  .name_len = (uint8_t)strlen(rows[i][0]),
						  .until_s = (int64_t)(s.base_us / 1000000) + 86400};
		memcpy(made[i].addr, prefix.addr, sizeof(made[i].addr));
	}
	assert_int_equal(zr_learned_make(made, count, &table), 0);
	return table;
}

static void what_others_asked_backs_a_name_too(void **state)
{
	static const char *const rows[][2] = {{"www.olm.vn", SERVER}};
	struct zr_learned_table *table;
	struct scene_conn c;

	(void)state;
	start(REQUIRE);
	c = talk(0, ME, 40000, SERVER, "www.olm.vn");
	table = table_of(rows, 1);
	zr_pipeline_learned(s.pipeline, table);
	scene_down(&s, 5, &c, 100);
	scene_down(&s, 10, &c, 100);
	talk(20, OTHER, 40001, SERVER, "olm.vn");
	talk(86400000, OTHER, 40002, SERVER, "olm.vn");
	zr_pipeline_learned(s.pipeline, NULL);
	talk(86400000, OTHER, 40003, SERVER, "olm.vn");
	finish();
	/* The packet that comes with the table is counted before those that wait are looked at. */
	assert_string_equal(told(40000), "charged unlearned [tls_sni] 6; free sni [tls_sni dns_seen] 1");
	assert_string_equal(told(40001), "free sni [tls_sni dns_seen] 5");
	assert_string_equal(told(40002), "charged unlearned [tls_sni] 5");
	assert_string_equal(told(40003), "charged unlearned [tls_sni] 5");
	scene_free(&s);
	zr_learned_free(table);
}

/* Without resolvers nothing is learned, but the network's table counts, and so does a poll. */
static void a_worker_without_resolvers_reads_the_table(void **state)
{
	static const char *const rows[][2] = {{"www.olm.vn", SERVER}};
	struct zr_learned_table *table;
	struct scene_conn c;

	(void)state;
	scene_init(&s, REQUIRE);
	scene_open(&s);
	resolve(0, ME, "www.olm.vn", SERVER);
	c = talk(1, ME, 40000, SERVER, "www.olm.vn");
	table = table_of(rows, 1);
	zr_pipeline_learned(s.pipeline, table);
	zr_pipeline_poll(s.pipeline, (s.base_us + 5000) * 1000);
	scene_down(&s, 6, &c, 100);
	finish();
	assert_string_equal(told(40000), "charged unlearned [tls_sni] 5; free sni [tls_sni dns_seen] 1");
	scene_free(&s);
	zr_learned_free(table);
}

/* The other list's image and index; the scene's own are freed with it. */
static void change_list(struct scene *other, const char *rows)
{
	scene_init(other, rows);
	assert_int_equal(zr_pipeline_list(s.pipeline, other->image, other->index), 0);
}

static void drop_list(struct scene *other)
{
	zr_suffix_index_free(other->index);
	zr_image_free(other->image);
	free(other->block);
}

static void another_list_asks_anew(void **state)
{
	static struct scene other;
	struct scene_conn backed, bare;

	(void)state;
	start(".olm.vn,olm,1,,,off\n");
	resolve(0, ME, "www.olm.vn", SERVER);
	backed = talk(1, ME, 40000, SERVER, "www.olm.vn");
	bare = talk(1, ME, 40001, PROXY, "www.olm.vn");
	change_list(&other, ".aaa.vn,a,1\n.olm.vn,olm,1,,,require\n");
	scene_down(&s, 2, &backed, 100);
	scene_down(&s, 2, &bare, 100);
	resolve(3, ME, "www.olm.vn", PROXY);
	scene_down(&s, 4, &bare, 100);
	finish();
	assert_string_equal(told(40000), "free sni [tls_sni dns_subscriber] 6");
	assert_string_equal(told(40001),
			    "free sni [tls_sni] 5; charged unlearned [tls_sni] 1; free sni [tls_sni dns_subscriber] 1");
	scene_free(&s);
	drop_list(&other);
}

/* The entry is the same but for what it asks: what backs the name by then stands in the record. */
static void evidence_that_another_list_asks_for_is_told(void **state)
{
	static struct scene other;
	struct scene_conn c;

	(void)state;
	start(".olm.vn,olm,1,,,off\n");
	c = talk(1, ME, 40000, SERVER, "www.olm.vn");
	resolve(2, ME, "www.olm.vn", SERVER);
	change_list(&other, REQUIRE);
	scene_down(&s, 3, &c, 100);
	finish();
	assert_string_equal(told(40000), "free sni [tls_sni dns_subscriber] 6");
	scene_free(&s);
	drop_list(&other);
}

/* The lesson is of a name, whose entry the list in force says. */
static void a_lesson_is_judged_by_the_list_in_force(void **state)
{
	static struct scene other;

	(void)state;
	start(".olm.vn,olm,1,,,require\n");
	resolve(0, ME, "www.olm.vn", SERVER);
	change_list(&other, ".olm.vn,olm,1,,,require\nwww.olm.vn,www,1,,,require\n");
	talk(1, ME, 40000, SERVER, "www.olm.vn");
	talk(1, ME, 40001, SERVER, "api.olm.vn");
	finish();
	assert_string_equal(told(40000), "free sni [tls_sni dns_subscriber] 5");
	assert_string_equal(rule_of(40000), "www.olm.vn");
	assert_string_equal(told(40001), "charged unlearned [tls_sni] 5");
	scene_free(&s);
	drop_list(&other);
}

static void an_expired_list_learns_and_frees_nothing(void **state)
{
	(void)state;
	start("#! expires: 2026-11-21T23:59:59Z\n" REQUIRE);
	resolve(0, ME, "www.olm.vn", SERVER);
	assert_int_equal(zr_pipeline_lessons(s.pipeline), 0);
	talk(1, ME, 40000, SERVER, "www.olm.vn");
	finish();
	assert_string_equal(told(40000), "charged expired [tls_sni] 5");
	scene_free(&s);
}

static void domains_learn_apart(void **state)
{
	(void)state;
	start(REQUIRE);
	resolve(0, ME, "www.olm.vn", SERVER);
	s.port.domain = 7;
	talk(1, ME, 40000, SERVER, "www.olm.vn");
	s.port.domain = 0;
	talk(1, ME, 40001, SERVER, "www.olm.vn");
	finish();
	assert_string_equal(told(40000), "charged unlearned [tls_sni] 5");
	assert_string_equal(told(40001), "free sni [tls_sni dns_subscriber] 5");
	scene_free(&s);
}

/* A subscriber of IPv6 is a /64, whatever address of it asks; one of IPv4 is somebody else. */
static void a_subscriber_is_an_address_or_a_prefix_of_64_bits(void **state)
{
	struct scene_conn c = {
		.client = "2001:db8:1:2::1", .server = "2001:db8:53::53", .client_port = 5000, .server_port = 53};

	(void)state;
	start(REQUIRE);
	dns_begin(&message, 1, false, "www.olm.vn", DNS_AAAA);
	send_message(0, &c, true);
	dns_begin(&message, 1, true, "www.olm.vn", DNS_AAAA);
	dns_put_address(&message, "www.olm.vn", 60, "2001:db8:9::1");
	send_message(0, &c, false);
	talk(1, "2001:db8:1:2:ffff::9", 40000, "2001:db8:9::1", "www.olm.vn");
	talk(1, "2001:db8:1:3::1", 40001, "2001:db8:9::1", "www.olm.vn");
	resolve(2, ME, "www.olm.vn", "2001:db8:9::2");
	talk(3, "2001:db8:1:2::1", 40002, "2001:db8:9::2", "www.olm.vn");
	finish();
	assert_string_equal(told(40000), "free sni [tls_sni dns_subscriber] 5");
	assert_string_equal(told(40001), "charged unlearned [tls_sni] 5");
	assert_string_equal(told(40002), "charged unlearned [tls_sni] 5");
	scene_free(&s);
}

/* So many waiting flows become free at once; one more than are looked after does not. */
static void as_many_flows_as_have_room_wait(void **state)
{
	(void)state;
	start(REQUIRE);
	for (uint16_t i = 0; i < ZR_TIES_WAITING + 1; i++)
		talk(0, ME, 40000 + i, SERVER, "www.olm.vn");
	assert_int_equal(counter(ZR_COUNTER_TIES_FULL), 1);
	resolve(1, ME, "www.olm.vn", SERVER);
	assert_int_equal(counter(ZR_COUNTER_FLOWS_BACKED), ZR_TIES_WAITING);
	assert_int_equal(zr_pipeline_flows_free(s.pipeline), ZR_TIES_WAITING);
	finish();
	scene_free(&s);
}

/* Wherever they go: else one subscriber's flows would take the room of everybody's. */
static void one_subscriber_has_so_many_flows_waiting(void **state)
{
	char server[INET_ADDRSTRLEN];

	(void)state;
	start(REQUIRE);
	for (uint16_t i = 0; i < ZR_TIES_WAITING + 5; i++) {
		snprintf(server, sizeof(server), "198.51.100.%u", i + 1U);
		talk(0, ME, 40000 + i, server, "www.olm.vn");
	}
	assert_int_equal(counter(ZR_COUNTER_TIES_FULL), 5);
	talk(0, OTHER, 41000, SERVER, "www.olm.vn");
	assert_int_equal(counter(ZR_COUNTER_TIES_FULL), 5);
	/* Only what goes to the address is judged again. */
	resolve(1, ME, "www.olm.vn", "198.51.100.7");
	resolve(1, OTHER, "www.olm.vn", SERVER);
	assert_int_equal(counter(ZR_COUNTER_FLOWS_BACKED), 2);
	finish();
	assert_string_equal(told(40005), "charged unlearned [tls_sni] 5");
	scene_free(&s);
}

/* With a window the verdict is another one again, and the tie goes with it. */
static void windows_and_evidence_go_together(void **state)
{
	struct scene_conn c;

	(void)state;
	start(".olm.vn,olm,1," SCENE_DAY "01:00Z," SCENE_DAY "01:59Z,require\n");
	c = talk(0, ME, 40000, SERVER, "www.olm.vn");
	scene_down(&s, 61000, &c, 100);
	resolve(62000, ME, "www.olm.vn", SERVER);
	scene_down(&s, 63000, &c, 100);
	scene_down(&s, 121000, &c, 100);
	finish();
	assert_string_equal(told(40000),
			    "charged no_match [tls_sni] 5; charged unlearned [tls_sni] 1; "
			    "free sni [tls_sni dns_subscriber] 1; charged no_match [tls_sni dns_subscriber] 1");
	scene_free(&s);
}

/* Evidence goes along with the flow, though nothing was learned yet; what was unlearned stays charged. */
static void evidence_goes_along_over_a_restart(void **state)
{
	static const char rows[] = REQUIRE ".hocmai.vn,hocmai,1,,,learn\n203.0.113.9 udp,live,3,,,,,,olm\n";
	struct scene_conn backed, bare, nameless = to_server(ME, 40002, "203.0.113.3");
	struct scene_conn bound = to_server(ME, 40003, "203.0.113.9");
	struct restart r;

	(void)state;
	start(rows);
	resolve(0, ME, "www.olm.vn", SERVER);
	resolve(0, ME, "www.hocmai.vn", "203.0.113.3");
	scene_udp(&s, 1, &bound, true, "media", 5);
	backed = talk(1, ME, 40000, SERVER, "www.olm.vn");
	bare = talk(1, ME, 40001, PROXY, "www.olm.vn");
	scene_udp(&s, 1, &nameless, true, "media", 5);
	scene_udp(&s, 2, &bound, true, "media", 5);
	restart_save(&r, &s, 1000);
	assert_string_equal(told(40003), "charged unbound [] 1; free prefix [prefix] 1");
	scene_free(&s);
	start(rows);
	restart_load(&r, &s, 2000);
	assert_int_equal(zr_pipeline_lessons(s.pipeline), 0);
	scene_down(&s, 2001, &backed, 100);
	scene_down(&s, 2001, &bare, 100);
	scene_udp(&s, 2001, &nameless, false, "media", 5);
	scene_udp(&s, 2001, &bound, false, "media", 5);
	resolve(2002, ME, "www.olm.vn", PROXY);
	scene_down(&s, 2003, &bare, 100);
	finish();
	assert_string_equal(told(40000), "free sni [tls_sni dns_subscriber] 1");
	assert_string_equal(told(40001), "charged unlearned [tls_sni] 2");
	assert_string_equal(told(40002), "free dns_learned [dns_subscriber] 1");
	assert_string_equal(told(40003), "free prefix [prefix] 1");
	scene_free(&s);
	restart_free(&r);
}

/* Questions to a resolver go on to be read, and free. */
static void questions_go_on_over_a_restart(void **state)
{
	struct scene_conn c;
	struct restart r;

	(void)state;
	begin(REQUIRE);
	s.config.dns_free = true;
	scene_open(&s);
	c = to_resolver(ME);
	dns_begin(&message, 7, false, "www.olm.vn", DNS_A);
	send_message(0, &c, true);
	restart_save(&r, &s, 1000);
	scene_free(&s);
	begin(REQUIRE);
	s.config.dns_free = true;
	scene_open(&s);
	restart_load(&r, &s, 2000);
	send_message(2001, &c, true);
	dns_begin(&message, 7, true, "www.olm.vn", DNS_A);
	dns_put_address(&message, "www.olm.vn", 300, SERVER);
	send_message(2002, &c, false);
	assert_int_equal(zr_pipeline_lessons(s.pipeline), 1);
	dns_begin(&message, 8, false, "www.example.vn", DNS_A);
	send_message(2003, &c, true);
	finish();
	assert_string_equal(told(c.client_port), "free dns_free [] 2; charged no_name [] 1");
	scene_free(&s);
	restart_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(require_charges_what_nothing_backs),
		cmocka_unit_test(evidence_that_comes_while_it_runs_frees_from_there_on),
		cmocka_unit_test(flag_marks_what_nothing_backs),
		cmocka_unit_test(off_takes_the_name_and_tells_what_agreed),
		cmocka_unit_test(an_entry_that_says_nothing_asks_for_what_is_configured),
		cmocka_unit_test(a_listed_address_backs_a_name),
		cmocka_unit_test(evidence_is_for_one_entry),
		cmocka_unit_test(every_request_of_a_connection_needs_its_own_evidence),
		cmocka_unit_test(a_connection_charged_for_a_name_stays_charged_for_the_next),
		cmocka_unit_test(an_answer_counts_for_its_time_and_the_grace),
		cmocka_unit_test(times_to_live_have_bounds),
		cmocka_unit_test(what_others_asked_backs_a_name_too),
		cmocka_unit_test(a_worker_without_resolvers_reads_the_table),
		cmocka_unit_test(another_list_asks_anew),
		cmocka_unit_test(evidence_that_another_list_asks_for_is_told),
		cmocka_unit_test(a_lesson_is_judged_by_the_list_in_force),
		cmocka_unit_test(an_expired_list_learns_and_frees_nothing),
		cmocka_unit_test(domains_learn_apart),
		cmocka_unit_test(a_subscriber_is_an_address_or_a_prefix_of_64_bits),
		cmocka_unit_test(as_many_flows_as_have_room_wait),
		cmocka_unit_test(one_subscriber_has_so_many_flows_waiting),
		cmocka_unit_test(windows_and_evidence_go_together),
		cmocka_unit_test(evidence_goes_along_over_a_restart),
		cmocka_unit_test(questions_go_on_over_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

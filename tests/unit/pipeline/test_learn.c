/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows without a name, to addresses that were learned for an entry with verify = learn. */
#include <arpa/inet.h>

#include "tests/unit/pipeline/evidence_scene.h"

#define LEARN ".olm.vn,olm,1,,,learn\n"

/* A datagram that is nothing known, and its answer. */
static void media(uint64_t ms, const char *client, uint16_t port, const char *server)
{
	struct scene_conn c = to_server(client, port, server);

	c.server_port = 8801;
	scene_udp(&s, ms, &c, true, "\x80media", 6);
	scene_udp(&s, ms, &c, false, "\x80media", 6);
}

static void what_shows_no_name_is_free(void **state)
{
	struct scene_conn c = to_server(ME, 40001, SERVER);

	(void)state;
	start(LEARN);
	media(0, ME, 39999, SERVER);
	resolve(1, ME, "www.olm.vn", SERVER);
	media(2, ME, 40000, SERVER);
	scene_handshake(&s, 2, &c);
	scene_up(&s, 2, &c, "SSH-2.0-x\r\n", 11);
	talk(2, ME, 40002, SERVER, NULL);
	media(2, OTHER, 40003, SERVER);
	media(2, ME, 40004, PROXY);
	finish();
	/* What began before is not. */
	assert_string_equal(told(39999), "charged no_name [] 2");
	assert_string_equal(told(40000), "free dns_learned [dns_subscriber] 2");
	assert_string_equal(rule_of(40000), ".olm.vn");
	assert_string_equal(told(40001), "free dns_learned [dns_subscriber] 4");
	assert_string_equal(told(40002), "free dns_learned [tls_sni dns_subscriber] 5");
	assert_string_equal(told(40003), "charged no_name [] 2");
	assert_string_equal(told(40004), "charged no_name [] 2");
	for (unsigned int i = 0; i < s.count; i++)
		assert_string_equal(s.events[i].name, "");
	scene_free(&s);
}

static void entries_that_do_not_say_learn_free_no_address(void **state)
{
	static const char *const rows[] = {".olm.vn,olm,1,,,off\n", ".olm.vn,olm,1,,,flag\n",
					   ".olm.vn,olm,1,,,require\n",
					   ".olm.vn,olm,1,,,off\n.hocmai.vn,hocmai,1,,,learn\n"};

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		start(rows[i]);
		resolve(1, ME, "www.olm.vn", SERVER);
		media(2, ME, 40000, SERVER);
		finish();
		assert_string_equal(told(40000), "charged no_name [] 2");
		scene_free(&s);
	}
}

static void names_win_over_learned_addresses(void **state)
{
	(void)state;
	start(LEARN "!quangcao.olm.vn,,\n.hocmai.vn,hocmai,2\n");
	resolve(1, ME, "www.olm.vn", SERVER);
	talk(2, ME, 40000, SERVER, "www.olm.vn");
	talk(2, ME, 40001, SERVER, "quangcao.olm.vn");
	talk(2, ME, 40002, SERVER, "www.example.vn");
	talk(2, ME, 40003, SERVER, "www.hocmai.vn");
	talk(2, ME, 40004, PROXY, "www.olm.vn");
	finish();
	assert_string_equal(told(40000), "free dns_learned [dns_subscriber] 3; free sni [tls_sni dns_subscriber] 2");
	assert_string_equal(told(40001), "free dns_learned [dns_subscriber] 3; charged excluded [tls_sni] 2");
	assert_string_equal(told(40002), "free dns_learned [dns_subscriber] 3; charged no_match [tls_sni] 2");
	assert_string_equal(told(40003), "free dns_learned [dns_subscriber] 3; free sni [tls_sni] 2");
	assert_string_equal(told(40004), "free sni [tls_sni] 5");
	scene_free(&s);
}

/* Behind an outer name that is not listed there may be any: the address says which. An excluded outer name is one like any. */
static void an_encrypted_name_is_none(void **state)
{
	static const char *const outer[] = {"front.example.vn", "quangcao.olm.vn", "www.olm.vn"};
	static const char *const wanted[] = {
		"free dns_learned [tls_sni dns_subscriber] 4",
		"free dns_learned [dns_subscriber] 3; charged excluded [tls_sni] 1",
		"free dns_learned [dns_subscriber] 3; free sni [tls_sni dns_subscriber] 1"};

	(void)state;
	start(LEARN "!quangcao.olm.vn,,\n");
	resolve(0, ME, "www.olm.vn", SERVER);
	for (uint16_t i = 0; i < 3; i++) {
		struct scene_conn c = to_server(ME, 40000 + i, SERVER), elsewhere = to_server(ME, 41000 + i, PROXY);

		scene_handshake(&s, 1, &c);
		hello_ech(1, &c, outer[i]);
		scene_handshake(&s, 1, &elsewhere);
		hello_ech(1, &elsewhere, outer[i]);
	}
	finish();
	for (uint16_t i = 0; i < 3; i++)
		assert_string_equal(told(40000 + i), wanted[i]);
	assert_string_equal(told(41000), "charged no_match [tls_sni] 4");
	scene_free(&s);
}

/* The window of another entry opens when the answer counts no more: that changes nothing for who talks on. */
static void an_encrypted_name_goes_on_as_long_as_its_entry_is_in_force(void **state)
{
	struct scene_conn c;

	(void)state;
	for (unsigned int closes = 0; closes < 2; closes++) {
		start(closes != 0 ? ".olm.vn,olm,1,," SCENE_DAY "20:00Z,learn\n"
				  : LEARN ".hocmai.vn,hocmai,2," SCENE_DAY "20:00Z,,\n");
		resolve_ttl(0, ME, "www.olm.vn", SERVER, 60);
		c = to_server(ME, 40000, SERVER);
		scene_handshake(&s, 1, &c);
		hello_ech(1, &c, "front.example.vn");
		scene_down(&s, 1190000, &c, 100);
		scene_down(&s, 1210000, &c, 100);
		finish();
		assert_string_equal(told(40000), closes != 0 ? "free dns_learned [tls_sni dns_subscriber] 4; "
							       "free dns_learned [tls_sni dns_subscriber] 1; "
							       "charged no_match [tls_sni dns_subscriber] 1"
							     : "free dns_learned [tls_sni dns_subscriber] 4; "
							       "free dns_learned [tls_sni dns_subscriber] 2");
		scene_free(&s);
	}
}

/* The second answer makes the address one of several names. */
static void shared_addresses_free_nothing_without_a_name(void **state)
{
	static const struct {
		const char *name;
		bool shared;
	} cases[] = {
		{"api.olm.vn", false}, {"www.hocmai.vn", true}, {"www.example.vn", true}, {"quangcao.olm.vn", true}};
	static const char *const notes[] = {"", "shared-intended"};
	char rows[256];

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		bool shared = cases[i / 2].shared && i % 2 == 0;

		snprintf(rows, sizeof(rows), ".olm.vn,olm,1,,,learn,,%s\n.hocmai.vn,hocmai,1\n!quangcao.olm.vn,,\n",
			 notes[i % 2]);
		start(rows);
		resolve(0, ME, "www.olm.vn", SERVER);
		/* Whoever asks, for what is not listed; for what is, the subscriber himself. */
		resolve(1, i / 2 < 2 ? ME : OTHER, cases[i / 2].name, SERVER);
		media(2, ME, 40000, SERVER);
		talk(2, ME, 40001, SERVER, "www.olm.vn");
		finish();
		assert_string_equal(told(40000),
				    shared ? "charged no_name [] 2" : "free dns_learned [dns_subscriber] 2");
		assert_non_null(strstr(told(40001), "free sni [tls_sni dns_subscriber]"));
		scene_free(&s);
	}
}

static void an_address_is_shared_for_as_long_as_the_other_answer_counts(void **state)
{
	(void)state;
	begin(LEARN);
	s.config.learned_grace_us = 0;
	scene_open(&s);
	resolve_ttl(0, OTHER, "www.example.vn", SERVER, 60);
	resolve_ttl(0, ME, "www.olm.vn", SERVER, 3600);
	media(59999, ME, 40000, SERVER);
	media(62500, ME, 40001, SERVER);
	finish();
	assert_string_equal(told(40000), "charged no_name [] 2");
	assert_string_equal(told(40001), "free dns_learned [dns_subscriber] 2");
	scene_free(&s);
}

static struct zr_learned_table *table_of(const char *one, const char *other)
{
	struct zr_learned_row rows[2] = {{.family = 4, .addr = {203, 0, 113, 1}, .until_s = INT64_MAX},
					 {.family = 4, .addr = {203, 0, 113, 1}, .until_s = INT64_MAX}};
	struct zr_learned_table *table;

	rows[0].name = one;
	rows[0].name_len = (uint8_t)strlen(one);
	if (other != NULL) {
		rows[1].name = other;
		rows[1].name_len = (uint8_t)strlen(other);
	}
	assert_int_equal(zr_learned_make(rows, other != NULL ? 2 : 1, &table), 0);
	return table;
}

static void the_networks_table_frees_and_shares_alike(void **state)
{
	static const char *const others[] = {NULL, "api.olm.vn", "www.hocmai.vn", "www.example.vn", ""};

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		struct zr_learned_table *table = table_of("www.olm.vn", others[i]);

		start(LEARN ".hocmai.vn,hocmai,1\n");
		zr_pipeline_learned(s.pipeline, table);
		media(0, ME, 40000, SERVER);
		resolve(1, ME, "www.olm.vn", SERVER);
		media(2, ME, 40001, SERVER);
		finish();
		assert_string_equal(told(40000), i < 2 ? "free dns_learned [dns_seen] 2" : "charged no_name [] 2");
		assert_string_equal(told(40001),
				    i < 2 ? "free dns_learned [dns_subscriber dns_seen] 2" : "charged no_name [] 2");
		scene_free(&s);
		zr_learned_free(table);
	}
}

/* Hashes of the name that the address was learned for find its entry in another list, long after the lesson. */
static void learned_flows_go_on_under_another_list(void **state)
{
	static const char *const rows[] = {".aaa.vn,a,1\n.olm.vn,olm,1,,,learn\n", ".olm.vn,olm,1,,,off\n",
					   "www.olm.vn,www,2,,,learn\n", ".hocmai.vn,hocmai,1\n",
					   LEARN SERVER ",media,3\n"};
	static const char *const wanted[] = {
		"free dns_learned [dns_subscriber] 3",
		"free dns_learned [dns_subscriber] 2; charged no_name [dns_subscriber] 1",
		"free dns_learned [dns_subscriber] 2; free dns_learned [dns_subscriber] 1",
		"free dns_learned [dns_subscriber] 2; charged no_name [dns_subscriber] 1",
		"free dns_learned [dns_subscriber] 2; free prefix [dns_subscriber prefix] 1",
	};
	static struct scene other;

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		struct scene_conn c = to_server(ME, 40000, SERVER);

		begin(LEARN);
		s.config.learned_grace_us = 0;
		s.config.timeout_us[ZR_TIMEOUT_UDP] = UINT64_C(3600000000);
		s.config.interim_us = UINT64_C(7200000000);
		scene_open(&s);
		resolve_ttl(0, ME, "www.olm.vn", SERVER, 60);
		c.server_port = 8801;
		media(2, ME, 40000, SERVER);
		scene_init(&other, rows[i]);
		assert_int_equal(zr_pipeline_list(s.pipeline, other.image, other.index), 0);
		scene_udp(&s, 600000, &c, false, "\x80media", 6);
		finish();
		assert_string_equal(told(40000), wanted[i]);
		scene_free(&s);
		zr_suffix_index_free(other.index);
		zr_image_free(other.image);
		free(other.block);
	}
}

/* What the worker tells of an answer, and that it does not tell it again while the table has it. */
static unsigned int news;
static struct zr_learned latest;
static char latest_name[256];

static void on_learned(void *arg, const struct zr_learned *learned)
{
	assert_ptr_equal(arg, &s);
	news++;
	latest = *learned;
	snprintf(latest_name, sizeof(latest_name), "%s", learned->name != NULL ? learned->name : "");
}

static void answers_are_told_until_the_table_has_them(void **state)
{
	struct zr_learned_row row = {.family = 4, .addr = {203, 0, 113, 1}, .name = "www.olm.vn", .name_len = 10};
	struct zr_learned_table *table;

	(void)state;
	begin(LEARN);
	s.config.learned = on_learned;
	scene_open(&s);
	news = 0;
	resolve(0, ME, "www.example.vn", PROXY);
	assert_int_equal(news, 1);
	assert_null(latest.name);
	resolve(0, OTHER, "game.example.vn", PROXY);
	assert_int_equal(news, 1);
	resolve(10, ME, "WWW.olm.vn", SERVER);
	assert_int_equal(news, 2);
	assert_string_equal(latest_name, "www.olm.vn");
	assert_int_equal(latest.family, 4);
	assert_memory_equal(latest.address.b, row.addr, 4);
	assert_int_equal(latest.resolver.b[3], 53);
	assert_int_equal(latest.type, DNS_A);
	assert_int_equal(latest.aliases, 0);
	assert_int_equal(latest.time_us, s.base_us + 10000);
	assert_int_equal(latest.until_us, s.base_us + 10000 + 900000000);
	resolve(11, OTHER, "www.olm.vn", SERVER);
	assert_int_equal(news, 3);
	/* With the table: not while it holds for half of the time, and what is not listed only where it matters. */
	row.until_s = (int64_t)(s.base_us / 1000000) + 900;
	assert_int_equal(zr_learned_make(&row, 1, &table), 0);
	zr_pipeline_learned(s.pipeline, table);
	resolve(20, OTHER, "www.olm.vn", SERVER);
	resolve(20, OTHER, "game.example.vn", "203.0.113.99");
	assert_int_equal(news, 3);
	resolve(460000, OTHER, "www.olm.vn", SERVER);
	assert_int_equal(news, 4);
	resolve(460000, OTHER, "api.olm.vn", SERVER);
	assert_int_equal(news, 5);
	resolve(460001, OTHER, "game.example.vn", SERVER);
	assert_int_equal(news, 6);
	assert_null(latest.name);
	/* … and then until the table says so. */
	resolve(460021, ME, "game.example.vn", SERVER);
	assert_int_equal(news, 7);
	finish();
	scene_free(&s);
	zr_learned_free(table);
}

/*
 * That an address is shared was known to this worker, and of no interest, before any worker learned it for a listed name: the next
 * answer tells it, though it is no news here.
 */
static void what_was_shared_before_it_was_listed_is_told(void **state)
{
	struct zr_learned_table *elsewhere = table_of("www.hocmai.vn", NULL), *table;
	struct zr_learned_row rows[2];

	(void)state;
	begin(LEARN);
	s.config.learned = on_learned;
	scene_open(&s);
	zr_pipeline_learned(s.pipeline, elsewhere);
	news = 0;
	resolve(0, ME, "www.example.vn", PROXY);
	resolve(1, ME, "www.example.vn", PROXY);
	assert_int_equal(news, 0);
	rows[0] = (struct zr_learned_row){.family = 4, .name = "www.olm.vn", .name_len = 10, .until_s = INT64_MAX};
	assert_int_equal(inet_pton(AF_INET, PROXY, rows[0].addr), 1);
	assert_int_equal(zr_learned_make(rows, 1, &table), 0);
	zr_pipeline_learned(s.pipeline, table);
	zr_learned_free(elsewhere);
	resolve(2, OTHER, "www.example.vn", PROXY);
	assert_int_equal(news, 1);
	assert_null(latest.name);
	assert_memory_equal(latest.address.b, rows[0].addr, 4);
	/* Until the table says so. */
	rows[1] = rows[0];
	rows[1].name_len = 0;
	elsewhere = table;
	assert_int_equal(zr_learned_make(rows, 2, &table), 0);
	zr_pipeline_learned(s.pipeline, table);
	zr_learned_free(elsewhere);
	resolve(3, OTHER, "www.example.vn", PROXY);
	assert_int_equal(news, 1);
	finish();
	scene_free(&s);
	zr_learned_free(table);
}

/* What is not listed came first: with the listed name it matters, to others too, and also when they learned that. */
static void that_an_address_is_shared_is_told_when_it_begins_to_matter(void **state)
{
	struct zr_learned_row row = {.family = 4, .addr = {203, 0, 113, 1}, .name = "www.olm.vn", .name_len = 10};
	struct zr_learned_table *empty, *table;

	(void)state;
	begin(LEARN);
	s.config.learned = on_learned;
	scene_open(&s);
	news = 0;
	row.until_s = (int64_t)(s.base_us / 1000000) + 900;
	assert_int_equal(zr_learned_make(&row, 0, &empty), 0);
	assert_int_equal(zr_learned_make(&row, 1, &table), 0);
	zr_pipeline_learned(s.pipeline, empty);
	resolve(0, ME, "game.example.vn", SERVER);
	assert_int_equal(news, 0);
	resolve(1, ME, "www.olm.vn", SERVER);
	assert_int_equal(news, 2);
	assert_null(latest.name);
	/* Another worker learned the name, before it was told. */
	zr_pipeline_learned(s.pipeline, table);
	resolve(2, ME, "game.example.vn", SERVER);
	assert_int_equal(news, 2);
	resolve(20, ME, "game.example.vn", SERVER);
	assert_int_equal(news, 3);
	assert_null(latest.name);
	finish();
	scene_free(&s);
	zr_learned_free(table);
	zr_learned_free(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_shows_no_name_is_free),
		cmocka_unit_test(entries_that_do_not_say_learn_free_no_address),
		cmocka_unit_test(names_win_over_learned_addresses),
		cmocka_unit_test(an_encrypted_name_is_none),
		cmocka_unit_test(an_encrypted_name_goes_on_as_long_as_its_entry_is_in_force),
		cmocka_unit_test(shared_addresses_free_nothing_without_a_name),
		cmocka_unit_test(an_address_is_shared_for_as_long_as_the_other_answer_counts),
		cmocka_unit_test(the_networks_table_frees_and_shares_alike),
		cmocka_unit_test(learned_flows_go_on_under_another_list),
		cmocka_unit_test(answers_are_told_until_the_table_has_them),
		cmocka_unit_test(that_an_address_is_shared_is_told_when_it_begins_to_matter),
		cmocka_unit_test(what_was_shared_before_it_was_listed_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One host, however it is reached: TLS, HTTP, QUIC and DTLS, over IPv4 and IPv6, are told the same, but for where the name was
 * read. Names are those of the golden captures (argument 2, truth.tsv), the list is the sample (argument 1).
 */
#include "tests/support/dtls_make.h"
#include "tests/unit/pipeline/quic_scene.h"

#include "tests/unit/pipeline/evidence_scene.h"

#define ME6       "2001:db8:1:2::1"
#define SERVER6   "2001:db8:9::1"
#define RESOLVER6 "2001:db8:53::53"
#define NAMES_MAX 128
#define STORY     1024

enum transport { TLS, HTTP, QUIC, QUIC2, DTLS, TRANSPORTS };

static const struct {
	const char *label;
	enum zr_reason reason;
	enum zr_evidence evidence;
} transports[TRANSPORTS] = {
	[TLS] = {"TLS", ZR_REASON_SNI, ZR_EVIDENCE_TLS_SNI},
	[HTTP] = {"HTTP", ZR_REASON_HOST, ZR_EVIDENCE_HTTP_HOST},
	[QUIC] = {"QUIC", ZR_REASON_QUIC_SNI, ZR_EVIDENCE_QUIC_SNI},
	[QUIC2] = {"QUIC v2", ZR_REASON_QUIC_SNI, ZR_EVIDENCE_QUIC_SNI},
	[DTLS] = {"DTLS", ZR_REASON_DTLS_SNI, ZR_EVIDENCE_DTLS_SNI},
};

#define NAME_BITS                                                                              \
	(1U << ZR_EVIDENCE_TLS_SNI | 1U << ZR_EVIDENCE_QUIC_SNI | 1U << ZR_EVIDENCE_DTLS_SNI | \
	 1U << ZR_EVIDENCE_HTTP_HOST)

/* When the subscriber's answer comes, or whose it is. */
enum answer { NEVER, BEFORE, NETWORK, BESIDE, LATE, ANSWERS };
static const char *const answers[ANSWERS] = {"never", "before", "network-wide", "before, beside other names", "late"};

/* By transport and family: a conversation, and what was told of it. */
#define WAYS ((unsigned int)TRANSPORTS * 2)
static struct scene_conn conns[WAYS];
static char stories[WAYS][STORY];

/* Hellos have an encrypted part (RFC 9849), where that is to be had: by TLS and QUIC alone. */
static bool encrypted;

static char *sample;
static char names[NAMES_MAX][ZR_NAME_MAX + 1];
static unsigned int names_count;

static bool is_taken(unsigned int way)
{
	return !encrypted || way / 2 == TLS || way / 2 == QUIC || way / 2 == QUIC2;
}

static uint16_t port_of(unsigned int way)
{
	return (uint16_t)(40000 + way);
}

static void send_request(uint64_t ms, struct scene_conn *c, const char *name)
{
	char head[ZR_NAME_MAX + 64];
	int len = name != NULL ? snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", name)
			       : snprintf(head, sizeof(head), "GET / HTTP/1.0\r\n\r\n");

	scene_up(&s, ms, c, head, (size_t)len);
}

static void send_dtls(uint64_t ms, const struct scene_conn *c, const char *name)
{
	static uint8_t datagram[32768];
	static struct dtls_hello hello;

	dtls_make_hello(&hello, name, 0, 0);
	scene_udp(&s, ms, c, true, datagram, dtls_put_datagram(datagram, &hello, 0, hello.len));
}

static void send_quic(uint64_t ms, const struct scene_conn *c, const struct quic_header *header, const char *name)
{
	static uint8_t extensions[HELLO_ROOM], hello[HELLO_ROOM];
	struct quic_bytes datagram = {.len = 0}, payload = {.len = 0};
	size_t len;

	if (!encrypted) {
		quic_send_hello(&s, ms, c, header, name, 0, 1);
		return;
	}
	len = hello_server_name(extensions, name);
	len += hello_extension(extensions + len, 0xfe0d, NULL, 64);
	len = hello_message(hello, extensions, len);
	quic_put_crypto(&payload, hello, 0, len);
	quic_put_fill(&payload, 0, QUIC_PADDED - payload.len);
	quic_seal(&datagram, header, &payload);
	scene_udp(&s, ms, c, true, datagram.at, datagram.len);
}

/* The server sends something. */
static void answer(uint64_t ms, unsigned int way)
{
	static const uint8_t zeros[100];
	struct scene_conn *c = &conns[way];

	if (way / 2 == QUIC || way / 2 == QUIC2)
		quic_send_short(&s, ms, c, false, "client-a");
	else if (way / 2 == DTLS)
		scene_udp(&s, ms, c, false, zeros, sizeof(zeros));
	else
		scene_down(&s, ms, c, sizeof(zeros));
}

/* A conversation begins: what says its name, and an answer. name NULL: nothing does. */
static void open_way(uint64_t ms, unsigned int way, const char *name)
{
	enum transport t = way / 2;
	struct scene_conn *c = &conns[way];
	struct quic_header header;
	char id[9];

	*c = to_server(way % 2 == 0 ? ME : ME6, port_of(way), way % 2 == 0 ? SERVER : SERVER6);
	if (t == HTTP)
		c->server_port = 80;
	if (t == TLS || t == HTTP)
		scene_handshake(&s, ms, c);
	snprintf(id, sizeof(id), "first-%02u", way);
	header = quic_client(t == QUIC2 ? QUIC_V2 : QUIC_V1, id, id);
	if (t == TLS && encrypted)
		hello_ech(ms, c, name);
	else if (t == TLS)
		scene_hello(&s, ms, c, name);
	else if (t == HTTP)
		send_request(ms, c, name);
	else if (t == DTLS)
		send_dtls(ms, c, name);
	else
		send_quic(ms, c, &header, name);
	answer(ms, way);
}

/* Each family asks by itself, and from its own address. */
static void ask(uint64_t ms, bool v6, const char *name)
{
	struct scene_conn c = to_resolver(v6 ? ME6 : ME);

	c.server = v6 ? RESOLVER6 : RESOLVER;
	dns_begin(&message, c.client_port, false, name, v6 ? DNS_AAAA : DNS_A);
	send_message(ms, &c, true);
	dns_begin(&message, c.client_port, true, name, v6 ? DNS_AAAA : DNS_A);
	dns_put_address(&message, name, 300, v6 ? SERVER6 : SERVER);
	send_message(ms, &c, false);
}

static struct zr_learned_table *network_table(const char *name)
{
	struct zr_learned_row rows[2] = {{.family = 4}, {.family = 6}};
	struct zr_learned_table *table;

	for (unsigned int i = 0; i < 2; i++) {
		struct zr_prefix prefix;
		const char *text = i == 0 ? SERVER : SERVER6;

		assert_int_equal(zr_prefix_parse(text, strlen(text), &prefix), 0);
		memcpy(rows[i].addr, prefix.addr, sizeof(rows[i].addr));
		rows[i].name = name;
		rows[i].name_len = (uint8_t)strlen(name);
		rows[i].until_s = INT64_MAX;
	}
	assert_int_equal(zr_learned_make(rows, 2, &table), 0);
	return table;
}

/*
 * What was told of a conversation, part by part. Where its name was read must be its own transport's; in the story it is "name".
 * What an address frees before there is a name depends on how many packets come first: it is left out.
 */
static void tell(unsigned int way, const char *context)
{
	const unsigned int own = 1U << transports[way / 2].evidence;
	char *story = stories[way];
	size_t at = 0;

	story[0] = '\0';
	for (unsigned int i = 0; i < s.count; i++) {
		const struct zr_usage *u = &s.events[i].usage;
		const char *reason = zr_reason_name(u->reason), *rule = s.events[i].rule;

		if (u->type != ZR_USAGE_PART || u->client_port != port_of(way) || u->up_pkts + u->down_pkts == 0)
			continue;
		if (at == 0 && u->cause == ZR_CAUSE_VERDICT && (u->evidence & NAME_BITS) == 0 &&
		    (u->reason == ZR_REASON_PREFIX || u->reason == ZR_REASON_DNS_LEARNED))
			continue;
		if ((u->evidence & NAME_BITS & ~own) != 0)
			fail_msg("%s: %s tells another transport's evidence", context, transports[way / 2].label);
		if (zr_reason_tells_name(u->reason)) {
			if (u->reason != transports[way / 2].reason)
				fail_msg("%s: %s is free for %s", context, transports[way / 2].label, reason);
			reason = "name";
		}
		at += (size_t)snprintf(story + at, STORY - at, "%s %s evidence %x%s flags %x rule %s cause %s %s%s; ",
				       zr_verdict_name(u->verdict), reason, u->evidence & ~NAME_BITS,
				       (u->evidence & own) != 0 ? "+name" : "", u->flags,
				       strcmp(rule, SERVER6) == 0 ? SERVER : rule, zr_cause_name(u->cause),
				       s.events[i].name, u->final ? " final" : "");
		assert_true(at < STORY);
	}
}

static void all_are_the_same(const char *context)
{
	for (unsigned int way = 0; way < WAYS; way++)
		tell(way, context);
	if (stories[0][0] == '\0')
		fail_msg("%s: nothing was told", context);
	for (unsigned int way = 1; way < WAYS; way++)
		if (is_taken(way) && strcmp(stories[0], stories[way]) != 0)
			fail_msg("%s:\nTLS over IPv4: %s\n%s over IPv%c: %s", context, stories[0],
				 transports[way / 2].label, way % 2 == 0 ? '4' : '6', stories[way]);
}

static void open_all(uint64_t ms, const char *name)
{
	for (unsigned int way = 0; way < WAYS; way++)
		if (is_taken(way))
			open_way(ms, way, name);
}

static void answer_all(uint64_t ms)
{
	for (unsigned int way = 0; way < WAYS; way++)
		if (is_taken(way))
			answer(ms, way);
}

/* One host all ways (name NULL: it is not said). teaches: the name whose address is learned. */
static void run_host(const char *rows, const char *name, const char *teaches, enum zr_verify verify, enum answer when)
{
	struct zr_learned_table *table = network_table(teaches);
	char context[ZR_NAME_MAX + 128];

	snprintf(context, sizeof(context), "%s, verify %u, answer %s", name != NULL ? name : "no name", verify,
		 answers[when]);
	begin(rows);
	s.config.verify = (uint8_t)verify;
	scene_open(&s);
	if (when == NETWORK)
		zr_pipeline_learned(s.pipeline, table);
	for (unsigned int v6 = 0; v6 < 2; v6++) {
		if (when == BEFORE || when == BESIDE)
			ask(0, v6 != 0, teaches);
		if (when == BESIDE)
			ask(0, v6 != 0, "www.another.example");
	}
	open_all(1000, name);
	answer_all(2000);
	for (unsigned int v6 = 0; v6 < 2 && when == LATE; v6++)
		ask(2500, v6 != 0, teaches);
	answer_all(3000);
	finish();
	all_are_the_same(context);
	scene_free(&s);
	zr_learned_free(table);
}

static void run_all_answers(const char *rows, const char *name, const char *teaches)
{
	for (enum zr_verify verify = ZR_VERIFY_OFF; verify <= ZR_VERIFY_REQUIRE; verify++)
		for (enum answer when = NEVER; when < ANSWERS; when++)
			run_host(rows, name, teaches, verify, when);
}

static void every_golden_host_is_told_the_same_all_ways(void **state)
{
	(void)state;
	assert_true(names_count > 10);
	for (unsigned int i = 0; i < names_count; i++)
		run_all_answers(sample, names[i], names[i]);
}

/* What all of them are told is what the entry asks for. Of a name that charged its flow no text is kept that could be told later. */
static void the_story_is_the_entrys(void **state)
{
	static const char *const wanted[ANSWERS] = {
		[NEVER] = "charged unlearned evidence 0+name flags 0 rule .olm.vn cause shutdown  final; ",
		[BEFORE] = "free name evidence 10+name flags 0 rule .olm.vn cause shutdown www.olm.vn final; ",
		[NETWORK] = "free name evidence 20+name flags 0 rule .olm.vn cause shutdown www.olm.vn final; ",
		[BESIDE] = "free name evidence 10+name flags 0 rule .olm.vn cause shutdown www.olm.vn final; ",
		[LATE] = ("charged unlearned evidence 0+name flags 0 rule .olm.vn cause verdict ; "
			  "free name evidence 10+name flags 0 rule .olm.vn cause shutdown  final; "),
	};

	(void)state;
	for (enum answer when = NEVER; when < ANSWERS; when++) {
		run_host(".olm.vn,olm,1\n", "www.olm.vn", "www.olm.vn", ZR_VERIFY_REQUIRE, when);
		assert_string_equal(stories[0], wanted[when]);
	}
}

/* A name is one however it is written. */
static void upper_case_and_a_dot_at_the_end_change_nothing(void **state)
{
	(void)state;
	run_all_answers(sample, "WWW.OLM.VN", "www.olm.vn");
	run_all_answers(sample, "Game.Example.Net.", "game.example.net");
	run_all_answers(sample, "www.QuangCao.olm.vn.", "quangcao.olm.vn");
}

static void what_each_entry_asks_for_is_asked_all_ways(void **state)
{
	static const char *const asks[] = {"off", "flag", "require", "learn"};

	(void)state;
	for (unsigned int i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		char rows[256];

		snprintf(rows, sizeof(rows), ".olm.vn,olm,1,,,%s\n!quangcao.olm.vn\n", asks[i]);
		run_all_answers(rows, "www.olm.vn", "www.olm.vn");
		run_all_answers(rows, "quangcao.olm.vn", "www.olm.vn");
		run_all_answers(rows, "www.example.vn", "www.olm.vn");
		run_all_answers(rows, NULL, "www.olm.vn");
		snprintf(rows, sizeof(rows), ".olm.vn,olm,1,,,%s,,shared-intended\n", asks[i]);
		run_all_answers(rows, NULL, "www.olm.vn");
	}
}

/* The outer name is a name like any; one that is not listed hides what may be another. */
static void an_encrypted_hello_is_told_the_same_all_ways(void **state)
{
	static const char *const asks[] = {"off", "flag", "require", "learn"};

	(void)state;
	encrypted = true;
	for (unsigned int i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		char rows[256];

		snprintf(rows, sizeof(rows), ".olm.vn,olm,1,,,%s\n!quangcao.olm.vn\n", asks[i]);
		run_all_answers(rows, "www.olm.vn", "www.olm.vn");
		run_all_answers(rows, "quangcao.olm.vn", "www.olm.vn");
		run_all_answers(rows, "front.example.net", "www.olm.vn");
		run_host(rows, "front.example.net", "www.olm.vn", ZR_VERIFY_OFF, BEFORE);
		assert_non_null(strstr(stories[0], i == 3 ? "dns_learned" : "no_match"));
	}
}

static int in_clear(void **state)
{
	(void)state;
	encrypted = false;
	return 0;
}

/* Address entries of both families, alone and as what backs a name. */
static void listed_addresses_count_all_ways(void **state)
{
	static const char rows[] = ".olm.vn,olm,1,,,require\n!quangcao.olm.vn\n" SERVER ",live,3\n" SERVER6 ",live,3\n";

	(void)state;
	run_all_answers(rows, "www.olm.vn", "www.olm.vn");
	run_all_answers(rows, "quangcao.olm.vn", "www.olm.vn");
	run_all_answers(rows, "www.example.vn", "www.olm.vn");
	run_all_answers(rows, NULL, "www.olm.vn");
}

static void an_expired_list_frees_nothing_all_ways(void **state)
{
	(void)state;
	run_all_answers("#! expires: 2026-11-21T23:59:59Z\n.olm.vn,olm,1,,,require\n", "www.olm.vn", "www.olm.vn");
}

static void a_window_opens_and_closes_all_ways(void **state)
{
	static const char rows[] = ".olm.vn,olm,1," SCENE_DAY "00:02Z," SCENE_DAY "00:02Z,off\n";

	(void)state;
	run_all_answers(rows, "www.olm.vn", "www.olm.vn");
}

/* A list that lets the host go, and the first one again. */
static void swap_lists(const char *first, const char *second, const char *name)
{
	static struct scene other, again;
	struct scene *lists[] = {&other, &again};
	const char *rows[] = {second, first};
	char context[512];

	snprintf(context, sizeof(context), "%s, from %sto %s", name, first, second);
	start(first);
	for (unsigned int v6 = 0; v6 < 2; v6++)
		ask(0, v6 != 0, name);
	open_all(1000, name);
	for (unsigned int i = 0; i < 2; i++) {
		scene_init(lists[i], rows[i]);
		assert_int_equal(zr_pipeline_list(s.pipeline, lists[i]->image, lists[i]->index), 0);
		answer_all(2000 + 1000 * i);
		zr_pipeline_poll(s.pipeline, (s.base_us + 2500000 + 1000000 * i) * 1000);
		while (!zr_pipeline_list_settled(s.pipeline))
			zr_pipeline_poll(s.pipeline, (s.base_us + 2500000 + 1000000 * i) * 1000);
	}
	answer_all(5000);
	finish();
	all_are_the_same(context);
	scene_free(&s);
	for (unsigned int i = 0; i < 2; i++) {
		zr_suffix_index_free(lists[i]->index);
		zr_image_free(lists[i]->image);
		free(lists[i]->block);
	}
}

static void another_list_changes_the_same_all_ways(void **state)
{
	static const char *const lists[] = {
		".vnedu.vn,vnedu,2\n",
		".olm.vn,olm,1\n",
		".olm.vn,olm,1,,,flag\n",
		".olm.vn,olm,1,,,require\n",
		"www.olm.vn,olm-www,5\n",
		".olm.vn,olm,1\n!www.olm.vn\n",
		SERVER ",live,3\n" SERVER6 ",live,3\n",
	};
	const unsigned int count = sizeof(lists) / sizeof(lists[0]);

	(void)state;
	for (unsigned int i = 0; i < count; i++)
		for (unsigned int j = 0; j < count; j++)
			swap_lists(lists[i], lists[j], "www.olm.vn");
}

static char *text_of(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);

	if (file == NULL || text == NULL || fread(text, 1, (1 << 20) - 1, file) == 0) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	fclose(file);
	return text;
}

/* The second column of each row, each name once. */
static void take_names(char *text)
{
	char *rest = text;

	for (char *row = strtok_r(text, "\n", &rest); row != NULL; row = strtok_r(NULL, "\n", &rest)) {
		char *name = strchr(row, '\t'), *end = name != NULL ? strchr(name + 1, '\t') : NULL;
		bool known = false;

		if (row[0] == '#' || end == NULL || end - name > ZR_NAME_MAX || name[1] == '-')
			continue;
		*end = '\0';
		for (unsigned int i = 0; i < names_count; i++)
			known = known || strcmp(names[i], name + 1) == 0;
		if (!known && names_count < NAMES_MAX)
			strcpy(names[names_count++], name + 1);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_golden_host_is_told_the_same_all_ways),
		cmocka_unit_test(the_story_is_the_entrys),
		cmocka_unit_test(upper_case_and_a_dot_at_the_end_change_nothing),
		cmocka_unit_test(what_each_entry_asks_for_is_asked_all_ways),
		cmocka_unit_test_teardown(an_encrypted_hello_is_told_the_same_all_ways, in_clear),
		cmocka_unit_test(listed_addresses_count_all_ways),
		cmocka_unit_test(an_expired_list_frees_nothing_all_ways),
		cmocka_unit_test(a_window_opens_and_closes_all_ways),
		cmocka_unit_test(another_list_changes_the_same_all_ways),
	};
	char *list, *truth;
	int failed;

	if (argc != 3) {
		fprintf(stderr, "usage: %s LIST TRUTH\n", argv[0]);
		return 2;
	}
	list = text_of(argv[1]);
	truth = text_of(argv[2]);
	sample = strstr(list, "\nmatch,");
	if (sample == NULL)
		return 2;
	sample = strchr(sample + 1, '\n') + 1;
	take_names(truth);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(truth);
	free(list);
	return failed;
}

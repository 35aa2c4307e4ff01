/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random DNS and random flows against a plain model of what was learned: every packet is counted under the verdict that the model
 * gives it. Times, names and addresses are few, so that all meet.
 */
#include "tests/unit/pipeline/evidence_scene.h"

#include "tests/support/random.h"

#define CLIENTS 3
#define SERVERS 4
#define NAMES   8
#define FLOWS   40
#define STEPS   1500

#define TTL_S    60
#define GRACE_MS 20000

static const char rows[] = ".require.vn,require,1,,,require\n.flag.vn,flag,2,,,flag\n.learn.vn,learn,3,,,learn\n"
			   "shared.vn,shared,4,,,learn,,shared-intended\n.off.vn,off,5,,,off\n!no.require.vn,,\n";

/* What each name's entry asks for; NONE: it is not listed. */
enum ask { ASK_NONE, ASK_REQUIRE, ASK_FLAG, ASK_LEARN, ASK_SHARED, ASK_OFF, ASK_EXCLUDED };

static const struct {
	const char *text;
	uint8_t ask; /* enum ask; also which entry it is */
} names[NAMES] = {
	{"a.require.vn", ASK_REQUIRE},   {"b.require.vn", ASK_REQUIRE}, {"x.flag.vn", ASK_FLAG},
	{"m.learn.vn", ASK_LEARN},       {"shared.vn", ASK_SHARED},     {"z.off.vn", ASK_OFF},
	{"no.require.vn", ASK_EXCLUDED}, {"www.example.vn", ASK_NONE},
};

static const char *const clients[CLIENTS] = {"10.0.0.1", "10.0.0.2", "10.1.0.3"};
static const char *const servers[SERVERS] = {"203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"};

/* Until when in ms; 0: never learned. */
static uint64_t lessons[CLIENTS][SERVERS][NAMES], others[SERVERS];

struct flow {
	struct scene_conn conn;
	unsigned int client, server;
	int name; /* -1: none */
	bool open, udp, backed, free;
	enum zr_reason reason;
};

static struct flow flows[FLOWS];
static struct zr_volume counted[ZR_REASON_COUNT];

static bool is_listed(unsigned int name)
{
	return names[name].ask != ASK_NONE && names[name].ask != ASK_EXCLUDED;
}

static bool is_learned(const struct flow *f, uint8_t ask, uint64_t ms)
{
	for (unsigned int n = 0; n < NAMES; n++)
		if (names[n].ask == ask && lessons[f->client][f->server][n] > ms)
			return true;
	return false;
}

/* The entry that frees a flow without a name, or ASK_NONE. */
static uint8_t learned_entry(const struct flow *f, uint64_t ms)
{
	bool several = false;
	uint8_t first = ASK_NONE, any = ASK_NONE;

	for (unsigned int n = 0; n < NAMES; n++) {
		if (lessons[f->client][f->server][n] <= ms)
			continue;
		several |= any != ASK_NONE && any != names[n].ask;
		any = names[n].ask;
	}
	if (is_learned(f, ASK_LEARN, ms) && !several && others[f->server] <= ms)
		first = ASK_LEARN;
	return first;
}

static void count(enum zr_reason reason, uint64_t bytes)
{
	counted[reason].pkts++;
	counted[reason].bytes += bytes;
}

/* One packet of the flow; the model has judged it already. */
static void packet(struct flow *f, uint64_t ms, bool up, unsigned int flags, const void *data, size_t len)
{
	count(f->reason, 20 + (f->udp ? 8U : 20U) + len);
	if (f->udp)
		scene_udp(&s, ms, &f->conn, up, data, len);
	else
		scene_tcp(&s, ms, &f->conn, up, flags, data, len);
}

/* The hello is read: what came before is counted anew when it frees. */
static void judge_name(struct flow *f, uint64_t ms, uint64_t before_pkts, uint64_t before_bytes)
{
	enum zr_reason old = f->reason;
	uint8_t ask = names[f->name].ask;

	f->backed = is_learned(f, ask, ms);
	if (ask == ASK_EXCLUDED)
		f->reason = ZR_REASON_EXCLUDED;
	else if (ask == ASK_NONE)
		f->reason = ZR_REASON_NO_MATCH;
	else if (ask == ASK_REQUIRE && !f->backed)
		f->reason = ZR_REASON_UNLEARNED;
	else
		f->reason = ZR_REASON_SNI;
	if (old != ZR_REASON_UNDECIDED)
		return;
	counted[old].pkts -= before_pkts;
	counted[old].bytes -= before_bytes;
	counted[f->reason].pkts += before_pkts;
	counted[f->reason].bytes += before_bytes;
}

static void open_flow(struct flow *f, struct random *r, uint64_t ms, uint16_t port)
{
	uint8_t hello[1400];

	*f = (struct flow){.client = random_below(r, CLIENTS), .server = random_below(r, SERVERS), .open = true};
	f->udp = random_percent(r, 30);
	f->name = f->udp ? -1 : (int)random_below(r, NAMES);
	f->conn = to_server(clients[f->client], port, servers[f->server]);
	f->conn.server_port = f->udp ? 8801 : 443;
	f->reason = ZR_REASON_UNDECIDED;
	/* Shared addresses are free for this entry only when no unshared one is: the model leaves out where both are. */
	if (learned_entry(f, ms) == ASK_LEARN)
		f->reason = ZR_REASON_DNS_LEARNED;
	else if (is_learned(f, ASK_SHARED, ms) && !is_learned(f, ASK_LEARN, ms))
		f->reason = ZR_REASON_DNS_LEARNED;
	else if (is_learned(f, ASK_SHARED, ms) && is_learned(f, ASK_LEARN, ms)) {
		f->open = false;
		return;
	}
	if (f->udp) {
		packet(f, ms, true, 0, "\x80media", 6);
		return;
	}
	packet(f, ms, true, ZR_TCP_SYN, NULL, 0);
	packet(f, ms, false, ZR_TCP_SYN | ZR_TCP_ACK, NULL, 0);
	packet(f, ms, true, ZR_TCP_ACK, NULL, 0);
	judge_name(f, ms, 3, 120);
	packet(f, ms, true, ZR_TCP_ACK, hello, frame_hello(names[f->name].text, 300, hello, sizeof(hello)));
}

/* An answer, and what the model makes of it. */
static void learn(struct random *r, uint64_t ms)
{
	unsigned int client = random_below(r, CLIENTS), server = random_below(r, SERVERS),
		     name = random_below(r, NAMES);
	uint64_t until_ms = ms + (uint64_t)TTL_S * 1000 + GRACE_MS, query_bytes;

	resolve_ttl(ms, clients[client], names[name].text, servers[server], TTL_S);
	query_bytes = 28 + 12 + strlen(names[name].text) + 2 + 4;
	count(ZR_REASON_NO_NAME, query_bytes);
	count(ZR_REASON_NO_NAME, 28 + message.len);
	if (!is_listed(name)) {
		/* To the tick, about a second. */
		others[server] = ((s.base_us + until_ms * 1000) / (1U << ZR_TICK_BITS) + 1) * (1U << ZR_TICK_BITS) /
					 1000 -
				 s.base_us / 1000;
		return;
	}
	lessons[client][server][name] = until_ms;
	for (unsigned int i = 0; i < FLOWS; i++) {
		struct flow *f = &flows[i];

		if (f->open && f->reason == ZR_REASON_UNLEARNED && f->client == client && f->server == server &&
		    names[name].ask == ASK_REQUIRE)
			f->reason = ZR_REASON_SNI;
	}
}

static void check(void)
{
	struct zr_totals totals;

	zr_pipeline_totals(s.pipeline, &totals);
	for (unsigned int reason = 0; reason < ZR_REASON_COUNT; reason++) {
		assert_int_equal(totals.reason[reason].pkts, counted[reason].pkts);
		assert_int_equal(totals.reason[reason].bytes, counted[reason].bytes);
	}
}

static void run(uint64_t seed)
{
	struct random r = {.state = seed};
	uint16_t port = 30000;
	uint64_t ms = 0;

	memset(lessons, 0, sizeof(lessons));
	memset(others, 0, sizeof(others));
	memset(flows, 0, sizeof(flows));
	memset(counted, 0, sizeof(counted));
	dns_port = 1024;
	begin(rows);
	s.config.charged_records = false;
	s.config.learned_ttl_min_us = 0;
	s.config.learned_grace_us = GRACE_MS * 1000;
	/* Nothing ends by itself: what is counted stays where the model has it. */
	for (unsigned int i = 0; i < ZR_TIMEOUT_COUNT; i++)
		s.config.timeout_us[i] = UINT64_C(86400000000);
	s.config.interim_us = UINT64_C(86400000000);
	scene_open(&s);
	for (unsigned int step = 0; step < STEPS; step++) {
		struct flow *f = &flows[random_below(&r, FLOWS)];
		unsigned int what = random_below(&r, 100);

		ms += random_below(&r, 700);
		if (what < 20)
			learn(&r, ms);
		else if (!f->open || what < 45)
			open_flow(f, &r, ms, port++);
		else
			packet(f, ms, random_percent(&r, 40), ZR_TCP_ACK, "\x17\x03\x03xx", 5);
		check();
		if (s.count > SCENE_EVENTS - 200)
			break;
	}
	/* Undecided flows have no name. */
	counted[ZR_REASON_NO_NAME].pkts += counted[ZR_REASON_UNDECIDED].pkts;
	counted[ZR_REASON_NO_NAME].bytes += counted[ZR_REASON_UNDECIDED].bytes;
	counted[ZR_REASON_UNDECIDED] = (struct zr_volume){0};
	zr_pipeline_shutdown(s.pipeline);
	scene_check_sums(&s);
	check();
	scene_free(&s);
}

static void packets_are_counted_as_the_model_says(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++)
		run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(packets_are_counted_as_the_model_says)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

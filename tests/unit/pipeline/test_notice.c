/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Edges follow from packet time: random conversations through windows, interims, switches of the tariff, silence and another
 * list leave the same events, whether each edge is noticed at once or only by the next packet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scene.h"

#define CONNS       8
#define FIRST_PORT  1000
#define STEPS       200
#define ROUNDS      400
#define NOTICE_MS   3000
#define SERVER_PORT 443

#define LIST                                                                      \
	".olm.vn,olm,90001,,,,,\n!quangcao.olm.vn,,,,,,,\n"                       \
	"thi.moet.gov.vn,moet,90002," SCENE_DAY "10:00Z," SCENE_DAY "29:59Z,,,\n" \
	"thi.moet.gov.vn,moet,90002," SCENE_DAY "45:00Z," SCENE_DAY "49:59Z,,,\n" \
	"203.0.113.2/32,live,90003," SCENE_DAY "20:00Z," SCENE_DAY "39:59Z,,,\n"

#define NEXT_LIST                                                                 \
	".olm.vn,olm,90001,,,,,\n"                                                \
	"thi.moet.gov.vn,moet,90002," SCENE_DAY "12:00Z," SCENE_DAY "13:59Z,,,\n" \
	"thi.moet.gov.vn,moet,90002," SCENE_DAY "30:00Z," SCENE_DAY "55:59Z,,,\n" \
	"203.0.113.2/32,live,90003," SCENE_DAY "15:00Z," SCENE_DAY "19:59Z,,,\n"

static struct scene late, prompt, next;

/* Every so many minutes: some of them are those of windows. */
static uint64_t switch_us;

static uint64_t tariff_next_us(const void *arg, uint64_t after_us)
{
	(void)arg;
	return (after_us / switch_us + 1) * switch_us;
}

static uint64_t random_state;

static unsigned int pick(unsigned int below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned int)(random_state >> 33) % below;
}

static void speak(struct scene *s, uint64_t ms, struct scene_conn *c)
{
	static const char *const names[] = {"olm.vn", "quangcao.olm.vn", "thi.moet.gov.vn", "game.example.net"};
	const char *name = names[pick(4)];
	char head[100];

	switch (pick(8)) {
	case 0:
		scene_hello(s, ms, c, name);
		break;
	case 1:
		scene_up(s, ms, c, head,
			 (size_t)snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", name));
		break;
	case 2:
		c->up_seq += pick(2) * 1000;
		scene_handshake(s, ms, c);
		break;
	case 3:
		scene_tcp(s, ms, c, pick(2) == 0, pick(4) == 0 ? ZR_TCP_RST : ZR_TCP_ACK, NULL, 0);
		break;
	case 4:
		scene_udp(s, ms, c, true, "x", 1);
		break;
	default:
		scene_down(s, ms, c, pick(1000));
		break;
	}
}

static void open_scene(struct scene *s)
{
	scene_init(s, LIST);
	s->config.charged_records = pick(2) == 0;
	s->config.retro_credit = pick(4) != 0;
	s->config.names_bytes = 65536;
	s->config.reassembly_bytes = 262144;
	s->config.interim_us = 1000000 * (60 + pick(900));
	switch_us = UINT64_C(60000000) * (1 + pick(20));
	if (pick(2) == 0)
		s->config.tariff_next_us = tariff_next_us;
	scene_open(s);
}

/* Let time come to ms, at once or in steps. */
static void pass_time(struct scene *s, uint64_t from_ms, uint64_t ms, bool notice)
{
	for (uint64_t at = from_ms + NOTICE_MS; notice && at < ms; at += NOTICE_MS)
		zr_pipeline_advance(s->pipeline, (s->base_us + at * 1000) * 1000);
}

static void play(struct scene *s, uint64_t seed, bool notice)
{
	struct scene_conn conns[CONNS];
	unsigned int list_at;
	uint64_t ms = 0;

	random_state = seed;
	open_scene(s);
	list_at = pick(2) == 0 ? pick(STEPS) : STEPS;
	for (unsigned int i = 0; i < CONNS; i++) {
		conns[i] = scene_conn((uint16_t)(FIRST_PORT + i));
		conns[i].server = i % 2 == 0 ? "203.0.113.1" : "203.0.113.2";
	}
	for (unsigned int i = 0; i < STEPS; i++) {
		uint64_t from_ms = ms;

		ms += pick(20) == 0 ? pick(10 * 60000) : pick(20000);
		pass_time(s, from_ms, ms, notice);
		if (i == list_at) {
			zr_pipeline_poll(s->pipeline, (s->base_us + ms * 1000) * 1000);
			assert_int_equal(zr_pipeline_list(s->pipeline, next.image, next.index), 0);
		}
		speak(s, ms, &conns[pick(CONNS)]);
	}
	scene_close(s);
}

/* The next event of a tuple from *at on, NULL when there is none. Between tuples the order may differ. */
static const struct scene_event *next_of(const struct scene *s, uint16_t port, uint8_t proto, unsigned int *at)
{
	while (*at < s->count) {
		const struct zr_usage *u = &s->events[*at].usage;

		++*at;
		if (u->proto == proto && (u->client_port == SERVER_PORT ? u->server_port : u->client_port) == port)
			return &s->events[*at - 1];
	}
	return NULL;
}

static void assert_same(const struct scene_event *a, const struct scene_event *b)
{
	assert_int_equal(a->usage.type, b->usage.type);
	assert_int_equal(a->usage.cause, b->usage.cause);
	assert_int_equal(a->usage.final, b->usage.final);
	assert_int_equal(a->usage.part, b->usage.part);
	assert_int_equal(a->usage.reason, b->usage.reason);
	assert_int_equal(a->usage.evidence, b->usage.evidence);
	assert_string_equal(a->rule, b->rule);
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->usage.client_port, b->usage.client_port);
	assert_int_equal(a->usage.up_bytes, b->usage.up_bytes);
	assert_int_equal(a->usage.down_bytes, b->usage.down_bytes);
	assert_int_equal(a->usage.retro_up_bytes, b->usage.retro_up_bytes);
	assert_int_equal(a->usage.retro_down_bytes, b->usage.retro_down_bytes);
	assert_int_equal(a->usage.first_us, b->usage.first_us);
	assert_int_equal(a->usage.last_us, b->usage.last_us);
}

static void assert_same_events(uint16_t port, uint8_t proto)
{
	unsigned int at_late = 0, at_prompt = 0;
	const struct scene_event *a, *b;

	do {
		a = next_of(&late, port, proto, &at_late);
		b = next_of(&prompt, port, proto, &at_prompt);
		assert_true((a == NULL) == (b == NULL));
		if (a != NULL)
			assert_same(a, b);
	} while (a != NULL);
}

static void events_do_not_depend_on_who_notices_the_edges(void **state)
{
	(void)state;
	scene_init(&next, NEXT_LIST);
	scene_open(&next);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		play(&late, round, false);
		play(&prompt, round, true);
		for (uint16_t port = FIRST_PORT; port < FIRST_PORT + CONNS; port++) {
			assert_same_events(port, ZR_PROTO_TCP);
			assert_same_events(port, ZR_PROTO_UDP);
		}
		scene_free(&late);
		scene_free(&prompt);
	}
	scene_free(&next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(events_do_not_depend_on_who_notices_the_edges)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

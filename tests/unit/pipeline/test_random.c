/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random conversations through small tables and little memory, with windows, interims and clock jumps: whatever happens,
 * received = judged + unaccounted, the records add up to the totals (scene_close checks both), parts are numbered without
 * gaps, and every flow that left a record has exactly one final one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scene.h"

#define CONNS  24
#define STEPS  700
#define ROUNDS 60

#define LIST                                                                      \
	".olm.vn,olm,90001,,,,,\n!quangcao.olm.vn,,,,,,,\n"                       \
	"thi.moet.gov.vn,moet,90002," SCENE_DAY "10:00Z," SCENE_DAY "29:59Z,,,\n" \
	"203.0.113.1/32 udp,live,90003,,,,,\n"

static struct scene s;
static uint64_t random_state;

static unsigned int pick(unsigned int below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned int)(random_state >> 33) % below;
}

static void speak(uint64_t ms, struct scene_conn *c)
{
	static const char *const names[] = {"olm.vn", "quangcao.olm.vn", "thi.moet.gov.vn", "game.example.net",
					    "a.olm.vn"};
	const char *name = names[pick(5)];
	uint8_t bytes[1400];
	size_t len, from;

	switch (pick(9)) {
	case 0:
		c->up_seq += pick(3);
		scene_handshake(&s, ms, c);
		break;
	case 1:
		scene_hello(&s, ms, c, name);
		break;
	case 2:
		len = frame_hello(name, 200 + pick(900), bytes, sizeof(bytes));
		from = pick((unsigned int)len);
		scene_up(&s, ms, c, bytes + from, pick((unsigned int)(len - from)) + 1);
		break;
	case 3:
		len = (size_t)snprintf((char *)bytes, sizeof(bytes), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", name);
		scene_up(&s, ms, c, bytes, len - pick(10));
		break;
	case 4:
		scene_down(&s, ms, c, pick(1400));
		break;
	case 5:
		scene_udp(&s, ms, c, pick(2) == 0, bytes, 0);
		break;
	case 6:
		scene_tcp(&s, ms, c, pick(2) == 0, ZR_TCP_FIN | ZR_TCP_ACK, NULL, 0);
		break;
	case 7:
		scene_tcp(&s, ms, c, pick(2) == 0, ZR_TCP_RST, NULL, 0);
		break;
	default:
		scene_tcp(&s, ms, c, pick(2) == 0, pick(64), NULL, 0);
		break;
	}
}

static void check_parts(void)
{
	for (unsigned int i = 0; i < s.count; i++) {
		const struct zr_usage *u = &s.events[i].usage;
		unsigned int before = 0, finals = 0;

		for (unsigned int j = 0; j < s.count; j++) {
			const struct zr_usage *other = &s.events[j].usage;

			if (other->flow != u->flow || other->type != ZR_USAGE_PART)
				continue;
			before += j < i;
			finals += other->final;
			assert_true(!other->final || j >= i);
		}
		assert_int_equal(finals, 1);
		if (u->type == ZR_USAGE_PART)
			assert_int_equal(u->part, before);
		assert_true(u->retro_up_bytes <= u->up_bytes && u->retro_down_bytes <= u->down_bytes);
		assert_true(u->first_us <= u->last_us);
		assert_true(u->verdict == ZR_FREE || u->retro_up_bytes + u->retro_down_bytes == 0);
	}
}

static void sums_hold_whatever_happens(void **state)
{
	struct scene_conn conns[CONNS];

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint64_t ms = 0;

		random_state = round;
		scene_init(&s, LIST);
		s.config.flows = 1 + pick(2 * CONNS);
		s.config.reassembly_bytes = 262144;
		s.config.retro_credit = pick(4) != 0;
		s.config.keep_names = pick(2) == 0;
		scene_open(&s);
		for (unsigned int i = 0; i < CONNS; i++)
			conns[i] = scene_conn((uint16_t)(1000 + i));
		for (unsigned int i = 0; i < STEPS; i++) {
			ms += pick(50) == 0 ? pick(20 * 60000) : pick(2000);
			speak(ms, &conns[pick(CONNS)]);
		}
		scene_close(&s);
		check_parts();
		scene_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(sums_hold_whatever_happens)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Floods against a small gateway with little memory: whatever strangers send, and though nobody takes any record meanwhile,
 * lessons that are free stay free and are counted exactly, totals add up, and nothing is allocated once the pipeline stands. (Calls of the core's and this file's
 * own allocations are wrapped by the linker; those inside the cipher library are not.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/quic_make.h"
#include "tests/support/random.h"
#include "tests/support/scene.h"

#define LIST     ".olm.vn,olm,90001,,,,,\n"
#define LESSONS  24
#define FIRST_MS 1000

static struct scene s;
static struct random chance;

/* A free connection, and what it sent so far. */
static struct lesson {
	struct scene_conn conn;
	uint64_t up_bytes, down_bytes;
	uint32_t up_pkts, down_pkts;
} lessons[LESSONS];

static unsigned int allocations;

/* While strangers flood, nobody takes records. */
static bool full;

static bool refuses(const struct zr_usage *usage)
{
	(void)usage;
	return full;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	allocations++;
	return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	allocations++;
	return __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	allocations++;
	return __real_aligned_alloc(alignment, size);
}

/* A packet of a lesson without anything new to say, in either direction. */
static void lesson_goes_on(struct lesson *lesson, uint64_t ms)
{
	size_t len = random_below(&chance, 1400);
	static const uint8_t zeros[1400];

	if (random_percent(&chance, 50)) {
		scene_tcp(&s, ms, &lesson->conn, false, ZR_TCP_ACK, zeros, len);
		lesson->down_pkts++;
		lesson->down_bytes += 40 + len;
	} else {
		scene_tcp(&s, ms, &lesson->conn, true, ZR_TCP_ACK, NULL, 0);
		lesson->up_pkts++;
		lesson->up_bytes += 40;
	}
}

/* Handshake, and a hello or (every fourth) a request. */
static void lesson_begins(struct lesson *lesson, unsigned int number)
{
	uint8_t bytes[1400];
	char name[40];
	size_t len;

	*lesson = (struct lesson){.conn = scene_conn((uint16_t)(100 + number))};
	lesson->conn.client = "10.1.0.1";
	scene_handshake(&s, number, &lesson->conn);
	snprintf(name, sizeof(name), "lop-%u.olm.vn", number);
	if (number % 4 == 0)
		len = (size_t)snprintf((char *)bytes, sizeof(bytes), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", name);
	else
		len = frame_hello(name, 300, bytes, sizeof(bytes));
	scene_up(&s, number, &lesson->conn, bytes, len);
	lesson->up_pkts = 3;
	lesson->up_bytes = 3 * 40 + len;
	lesson->down_pkts = 1;
	lesson->down_bytes = 40;
}

static void begin(uint32_t flows)
{
	chance = (struct random){.state = 1};
	scene_init(&s, LIST);
	s.config.flows = flows;
	s.config.reassembly_bytes = 262144;
	s.config.names_bytes = 65536;
	s.config.charged_records = false;
	s.config.interim_us = 1000000;
	s.refuses = refuses;
	scene_open(&s);
	for (unsigned int i = 0; i < LESSONS; i++)
		lesson_begins(&lessons[i], i);
	/* The scene did allocate: the counter counts. */
	assert_true(allocations > 0);
	allocations = 0;
	full = true;
}

/* The time of step n, ten to the millisecond. Lessons go on meanwhile. */
static uint64_t step_ms(unsigned int n)
{
	uint64_t ms = FIRST_MS + n / 10;

	if (n % 50 == 0)
		lesson_goes_on(&lessons[random_below(&chance, LESSONS)], ms);
	assert_true(zr_pipeline_flows(s.pipeline) <= s.config.flows);
	return ms;
}

static void assert_lesson(const struct lesson *lesson)
{
	const struct zr_usage *u = NULL;

	for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++)
		if (scene_event(&s, ZR_USAGE_PART, i)->usage.client_port == lesson->conn.client_port) {
			assert_null(u);
			u = &scene_event(&s, ZR_USAGE_PART, i)->usage;
		}
	assert_non_null(u);
	assert_int_equal(u->verdict, ZR_FREE);
	assert_int_equal(u->cause, ZR_CAUSE_SHUTDOWN);
	assert_int_equal(u->up_pkts, lesson->up_pkts);
	assert_int_equal(u->up_bytes, lesson->up_bytes);
	assert_int_equal(u->down_pkts, lesson->down_pkts);
	assert_int_equal(u->down_bytes, lesson->down_bytes);
}

/* scene_close checks that totals add up. */
static void finish(void)
{
	assert_int_equal(allocations, 0);
	assert_true(s.refused > 0);
	full = false;
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), LESSONS);
	for (unsigned int i = 0; i < LESSONS; i++)
		assert_lesson(&lessons[i]);
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_EVICTED_FREE), 0);
	scene_free(&s);
}

/* The n-th of many strangers. */
static struct scene_conn stranger(unsigned int n)
{
	static char client[20];
	struct scene_conn c = scene_conn((uint16_t)(1024 + n % 60000));

	snprintf(client, sizeof(client), "10.2.%u.%u", n / 60000, n % 250);
	c.client = client;
	return c;
}

static void new_tuples(void **state)
{
	(void)state;
	begin(1024);
	for (unsigned int n = 0; n < 200000; n++) {
		struct scene_conn c = stranger(n);
		uint64_t ms = step_ms(n);

		/* Undecided ones, then decided ones. */
		if (n < 100000)
			scene_tcp(&s, ms, &c, true, ZR_TCP_SYN, NULL, 0);
		else
			scene_hello(&s, ms, &c, "game.example.net");
	}
	assert_true(zr_pipeline_counter(s.pipeline, ZR_COUNTER_EVICTED_UNDECIDED) > 90000);
	assert_true(zr_pipeline_counter(s.pipeline, ZR_COUNTER_EVICTED_CHARGED) > 90000);
	finish();
}

static void hellos_that_are_never_finished(void **state)
{
	uint8_t hello[4000];
	size_t len = frame_hello("lop.olm.vn", 3000, hello, sizeof(hello));

	(void)state;
	begin(65536);
	for (unsigned int n = 0; n < 20000; n++) {
		struct scene_conn c = stranger(n);
		uint64_t ms = step_ms(n);

		scene_tcp(&s, ms, &c, true, ZR_TCP_SYN, NULL, 0);
		scene_up(&s, ms, &c, hello, 1400);
		/* Every second one wants a large buffer. */
		c.up_seq += 1400;
		if (n % 2 == 0)
			scene_up(&s, ms, &c, hello + 2800, len - 2800);
	}
	assert_true(zr_pipeline_counter(s.pipeline, ZR_COUNTER_HELLOS_GIVEN_UP) > 10000);
	finish();
}

/* One Initial with the front of a hello, from many strangers. */
static void quic_hellos_that_are_never_finished(void **state)
{
	struct quic_bytes datagram = {.len = 0}, payload = {.len = 0};
	struct quic_header header = {.version = QUIC_V1, .dcid = {.at = "abcdefgh", .len = 8}};
	uint8_t hello[2000];

	(void)state;
	quic_make_hello("lop.olm.vn", sizeof(hello), hello, sizeof(hello));
	quic_put_crypto(&payload, hello, 0, 1150);
	quic_seal(&datagram, &header, &payload);
	begin(65536);
	for (unsigned int n = 0; n < 20000; n++) {
		struct scene_conn c = stranger(n);

		scene_udp(&s, step_ms(n), &c, true, datagram.at, datagram.len);
	}
	assert_true(zr_pipeline_counter(s.pipeline, ZR_COUNTER_HELLOS_GIVEN_UP) > 10000);
	finish();
}

static void heads_that_never_end(void **state)
{
	static char filler[1400];

	(void)state;
	memset(filler, 'a', sizeof(filler));
	begin(65536);
	for (unsigned int n = 0; n < 2000; n++) {
		struct scene_conn c = stranger(n);
		uint64_t ms = step_ms(n);

		scene_tcp(&s, ms, &c, true, ZR_TCP_SYN, NULL, 0);
		scene_up(&s, ms, &c, "GET / HTTP/1.1\r\nCookie: ", 24);
		for (unsigned int i = 0; i < 20; i++)
			scene_up(&s, ms, &c, filler, sizeof(filler));
	}
	finish();
}

/* Segments of a few connections at any place of their streams, over each other, around the end of the numbers. */
static void segments_anywhere(void **state)
{
	uint8_t bytes[1400];
	size_t len = frame_hello("game.example.net", 1300, bytes, sizeof(bytes));

	(void)state;
	begin(1024);
	for (unsigned int n = 0; n < 100000; n++) {
		struct scene_conn c = stranger(random_below(&chance, 200));
		uint32_t from = random_below(&chance, (uint32_t)len), spread = 1U << random_below(&chance, 32);
		uint64_t ms = step_ms(n);

		c.up_seq = UINT32_MAX - 8000 + random_below(&chance, spread);
		bytes[100 + random_below(&chance, (uint32_t)len - 100)]++;
		scene_tcp(&s, ms, &c, true, random_percent(&chance, 2) ? ZR_TCP_SYN : ZR_TCP_ACK, bytes + from,
			  random_below(&chance, (uint32_t)(len - from) + 1));
	}
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_tuples),
		cmocka_unit_test(hellos_that_are_never_finished),
		cmocka_unit_test(quic_hellos_that_are_never_finished),
		cmocka_unit_test(heads_that_never_end),
		cmocka_unit_test(segments_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

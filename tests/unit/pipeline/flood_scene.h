/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Free lessons that go on while strangers flood a small gateway, and nobody takes any record meanwhile. At the end each lesson
 * has left one record, free and of its exact volume; totals add up; nothing was allocated once the pipeline stood (calls of
 * the core's and this file's own are wrapped by the linker, those inside the cipher library are not), the process has no more
 * memory than before, and no packet told of more than a bounded number of flows.
 */
#ifndef TESTS_UNIT_PIPELINE_FLOOD_SCENE_H
#define TESTS_UNIT_PIPELINE_FLOOD_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/random.h"
#include "tests/support/resident.h"
#include "tests/support/scene.h"

#define LIST     ".olm.vn,olm,90001,,,,,\n"
#define LESSONS  24
#define FIRST_MS 1000

/* Most flows that a burst may tell of: those that its sweep passes, and those that its packets end. */
#define TOLD_MOST 320

/* What a process may grow by that takes no more memory: stacks, and pages of the test's own. */
#define GROWS_MOST (UINT64_C(512) << 10)

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

/* Events that were offered. */
static unsigned int offered;

static uint64_t resident_before;

static inline bool refuses(const struct zr_usage *usage)
{
	(void)usage;
	offered++;
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
static inline void lesson_goes_on(struct lesson *lesson, uint64_t ms)
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
static inline void lesson_begins(struct lesson *lesson, unsigned int number)
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

static inline void prepare(uint32_t flows, const char *rows)
{
	chance = (struct random){.state = 1};
	scene_init(&s, rows);
	s.config.flows = flows;
	s.config.reassembly_bytes = 262144;
	s.config.names_bytes = 65536;
	s.config.charged_records = false;
	s.config.interim_us = 1000000;
	s.refuses = refuses;
}

static inline void go(void)
{
	scene_open(&s);
	for (unsigned int i = 0; i < LESSONS; i++)
		lesson_begins(&lessons[i], i);
	/* The scene did allocate: the counter counts. */
	assert_true(allocations > 0);
	/* All of it is there, as a gateway's is. */
	for (size_t at = 0; at < s.memory_len; at += 4096)
		((volatile uint8_t *)s.memory)[at] = ((volatile uint8_t *)s.memory)[at];
	memset(s.events + s.count, 1, (SCENE_EVENTS - s.count) * sizeof(s.events[0]));
	resident_before = resident_bytes();
	allocations = 0;
	full = true;
}

static inline void begin(uint32_t flows)
{
	prepare(flows, LIST);
	go();
}

/* The time of step n, ten to the millisecond. Lessons go on meanwhile. */
static inline uint64_t step_ms(unsigned int n)
{
	uint64_t ms = FIRST_MS + n / 10;

	if (n % 50 == 0)
		lesson_goes_on(&lessons[random_below(&chance, LESSONS)], ms);
	assert_true(zr_pipeline_flows(s.pipeline) <= s.config.flows);
	return ms;
}

static inline void assert_lesson(const struct lesson *lesson)
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
static inline void finish(void)
{
	assert_int_equal(allocations, 0);
	if (RESIDENT_TELLS)
		assert_in_range(resident_bytes(), 0, resident_before + GROWS_MOST);
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
static inline struct scene_conn stranger(unsigned int n)
{
	static char client[20];
	struct scene_conn c = scene_conn((uint16_t)(1024 + n % 60000));

	snprintf(client, sizeof(client), "10.2.%u.%u", n / 60000, n % 250);
	c.client = client;
	return c;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known network-wide: merged, bounded, the oldest first, forgotten in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/known.h"
#include "control/known_table.h"

#define NOW_S  INT64_C(1700000000)
#define LEAST  (4 * ZR_KNOWN_ROW_BYTES(ZR_NAME_MAX))
#define A_KIND 1

static struct zr_learned lesson(const char *name, uint32_t address, int64_t for_s)
{
	struct zr_learned learned = {.name = name,
				     .family = 4,
				     .resolver_family = 4,
				     .type = A_KIND,
				     .time_us = (uint64_t)NOW_S * 1000000,
				     .until_us = (uint64_t)(NOW_S + for_s) * 1000000};

	memcpy(learned.address.b, &address, sizeof(address));
	learned.resolver.b[3] = 53;
	return learned;
}

static bool add(struct zr_known *known, const char *name, uint32_t address, int64_t for_s)
{
	struct zr_learned learned = lesson(name, address, for_s);

	return zr_known_add(known, &learned);
}

static struct zr_known *make(size_t most)
{
	struct zr_known *known = NULL;

	assert_int_equal(zr_known_make(most, &known), 0);
	return known;
}

/* A table as of now, of rows that are copied a few at a time. */
static struct zr_learned_table *table_of(struct zr_known *known, int64_t now_s)
{
	struct zr_known_copy copy = {0};
	struct zr_learned_table *table;

	zr_known_copy_begin(&copy, known);
	while (zr_known_copy_step(&copy, known, now_s, 3))
		;
	assert_int_equal(zr_known_copy_end(&copy, &table), 0);
	assert_null(copy.rows);
	return table;
}

/* How many names a table of it has for an address; -1: it is not in it. */
static int names_of(struct zr_known *known, uint32_t address, uint16_t domain, bool *other)
{
	struct zr_learned_table *table = table_of(known, NOW_S);
	struct zr_learned_names names;
	bool found;

	found = zr_learned_find(table, 4, (const uint8_t *)&address, domain, NOW_S, &names);
	if (found && other != NULL)
		*other = names.other;
	zr_learned_free(table);
	return found ? names.count : -1;
}

static void test_merged(void **state)
{
	struct zr_known *known = make(LEAST);
	struct zr_known_status status;
	bool other = true;

	(void)state;
	assert_true(add(known, "a.olm.vn", 1, 60));
	/* The same once more, and for a shorter time, says nothing new. */
	assert_false(add(known, "a.olm.vn", 1, 60));
	assert_false(add(known, "a.olm.vn", 1, 30));
	assert_true(add(known, "a.olm.vn", 1, 61));
	assert_true(add(known, "b.olm.vn", 1, 60));
	assert_int_equal(names_of(known, 1, 0, &other), 2);
	assert_false(other);
	assert_true(add(known, NULL, 1, 60));
	assert_int_equal(names_of(known, 1, 0, &other), 2);
	assert_true(other);
	assert_int_equal(names_of(known, 1, 1, NULL), -1);
	assert_int_equal(names_of(known, 2, 0, NULL), -1);
	zr_known_status(known, &status);
	assert_int_equal(status.rows, 2);
	assert_int_equal(status.others, 1);
	assert_int_equal(status.added, 3);
	assert_int_equal(status.renewed, 3);
	assert_int_equal(status.evicted, 0);
	zr_known_free(known);
}

/* Bytes behind the address, which nobody wrote on purpose, make no other row. */
static void test_rest_of_address(void **state)
{
	struct zr_known *known = make(LEAST);
	struct zr_learned learned = lesson("a.olm.vn", 7, 60);

	(void)state;
	assert_true(zr_known_add(known, &learned));
	memset(learned.address.b + 4, 0xff, 12);
	assert_false(zr_known_add(known, &learned));
	zr_known_free(known);
}

/* Three quarters are for listed names; the one renewed last stays longest. */
static void test_oldest_goes(void **state)
{
	struct zr_known *known = make(LEAST);
	struct zr_known_status status;
	size_t room = (LEAST - LEAST / 4) / ZR_KNOWN_ROW_BYTES(8);

	(void)state;
	for (uint32_t i = 0; i < room; i++)
		assert_true(add(known, "a.olm.vn", i, 60));
	zr_known_status(known, &status);
	assert_int_equal(status.rows, room);
	assert_int_equal(status.evicted, 0);
	add(known, "a.olm.vn", 0, 61);
	assert_true(add(known, "a.olm.vn", 1000, 60));
	zr_known_status(known, &status);
	assert_int_equal(status.rows, room);
	assert_int_equal(status.evicted, 1);
	assert_true(status.bytes <= status.most);
	assert_int_equal(names_of(known, 0, 0, NULL), 1);
	assert_int_equal(names_of(known, 1, 0, NULL), -1);
	assert_int_equal(names_of(known, 1000, 0, NULL), 1);
	zr_known_free(known);
}

/* However many addresses somebody's own names have, what is known of listed ones stays. */
static void test_others_push_out_none(void **state)
{
	struct zr_known *known = make(LEAST);
	struct zr_known_status status;

	(void)state;
	add(known, "a.olm.vn", 1, 60);
	for (uint32_t i = 2; i < 1000; i++)
		add(known, NULL, i, 60);
	zr_known_status(known, &status);
	assert_int_equal(status.rows, 1);
	assert_int_equal(status.others, LEAST / 4 / ZR_KNOWN_ROW_BYTES(0));
	assert_int_equal(status.evicted, 998 - status.others);
	assert_int_equal(names_of(known, 1, 0, NULL), 1);
	zr_known_free(known);
}

static void test_forgotten_in_time(void **state)
{
	struct zr_known *known = make(LEAST);
	struct zr_known_status status;
	struct zr_learned_table *table;

	(void)state;
	add(known, "a.olm.vn", 1, 10);
	add(known, NULL, 1, 10);
	add(known, "b.olm.vn", 1, 11);
	zr_learned_free(table_of(known, NOW_S + 9));
	zr_known_status(known, &status);
	assert_int_equal(status.rows + status.others, 3);
	zr_learned_free(table_of(known, NOW_S + 10));
	zr_known_status(known, &status);
	assert_int_equal(status.rows + status.others, 1);
	table = table_of(known, NOW_S + 11);
	assert_int_equal(zr_learned_addresses(table), 0);
	zr_learned_free(table);
	zr_known_status(known, &status);
	assert_int_equal(status.bytes, 0);
	zr_known_free(known);
}

struct seen {
	unsigned int count;
	struct zr_known_row last;
	char names[64]; /* first letters */
};

static void take(void *arg, const struct zr_known_row *row)
{
	struct seen *seen = arg;

	seen->last = *row;
	assert_true(seen->count < sizeof(seen->names) - 1);
	seen->names[seen->count++] = *row->name != '\0' ? *row->name : '-';
	seen->names[seen->count] = '\0';
}

static bool step(struct zr_known *known, enum zr_known_walk walk, unsigned int rows, struct seen *seen)
{
	return zr_known_step(known, walk, NOW_S, rows, take, seen);
}

static void test_walk(void **state)
{
	struct zr_known *known = make(LEAST);
	struct seen seen = {0}, other = {0};

	(void)state;
	assert_false(step(known, ZR_KNOWN_ANSWER, 10, &seen));
	zr_known_walk(known, ZR_KNOWN_ANSWER);
	assert_false(step(known, ZR_KNOWN_ANSWER, 10, &seen));
	assert_int_equal(seen.count, 0);
	add(known, "a.olm.vn", 1, 60);
	add(known, "b.olm.vn", 2, 60);
	add(known, NULL, 2, 60);
	zr_known_walk(known, ZR_KNOWN_ANSWER);
	assert_true(step(known, ZR_KNOWN_ANSWER, 2, &seen));
	assert_string_equal(seen.names, "-a");
	assert_int_equal(seen.last.type, A_KIND);
	assert_int_equal(seen.last.resolver.b[3], 53);
	assert_int_equal(seen.last.learned_s, NOW_S);
	assert_int_equal(seen.last.until_s, NOW_S + 60);
	/* The other walk has a place of its own. */
	zr_known_walk(known, ZR_KNOWN_TABLE);
	assert_true(step(known, ZR_KNOWN_TABLE, 1, &other));
	assert_false(step(known, ZR_KNOWN_ANSWER, 10, &seen));
	assert_string_equal(seen.names, "-ab");
	assert_false(step(known, ZR_KNOWN_ANSWER, 10, &seen));
	assert_false(step(known, ZR_KNOWN_TABLE, 10, &other));
	assert_string_equal(other.names, "-ab");
	/* A walk begun anew sees all of it again. */
	zr_known_walk(known, ZR_KNOWN_TABLE);
	assert_false(step(known, ZR_KNOWN_TABLE, 10, &other));
	assert_string_equal(other.names, "-ab-ab");
	zr_known_free(known);
}

/* What is renewed, learned or forgotten between two steps of a walk. */
static void test_walk_while_it_changes(void **state)
{
	struct zr_known *known = make(LEAST);
	struct seen seen = {0};

	(void)state;
	for (const char *name = "abcdef"; *name != '\0'; name++)
		add(known, (const char[]){*name, '\0'}, 1, 60);
	zr_known_walk(known, ZR_KNOWN_ANSWER);
	assert_true(step(known, ZR_KNOWN_ANSWER, 2, &seen));
	add(known, "a", 1, 61); /* seen: not again */
	add(known, "c", 1, 61); /* the next one: later */
	add(known, "f", 1, 61); /* not seen: later */
	add(known, "g", 1, 61);
	add(known, "d", 1, -1); /* renewed, with the time that it had */
	assert_true(step(known, ZR_KNOWN_ANSWER, 1, &seen));
	assert_string_equal(seen.names, "abe");
	assert_true(step(known, ZR_KNOWN_ANSWER, 5, &seen));
	assert_string_equal(seen.names, "abecfgd");
	/* Nothing is behind it; the last one, taken away and put back, is not seen twice, and what comes then is. */
	add(known, "d", 1, 62);
	add(known, "h", 1, 60);
	assert_false(step(known, ZR_KNOWN_ANSWER, 10, &seen));
	assert_string_equal(seen.names, "abecfgdh");
	zr_known_free(known);
}

/* Rows go for want of memory, or of time, just where a walk is. */
static void test_walk_while_rows_go(void **state)
{
	struct zr_known *known = make(LEAST);
	struct zr_known_status status;
	struct seen seen = {0};

	(void)state;
	for (const char *name = "abc"; *name != '\0'; name++)
		add(known, (const char[]){*name, '\0'}, 1, 60);
	zr_known_walk(known, ZR_KNOWN_ANSWER);
	zr_known_walk(known, ZR_KNOWN_TABLE);
	assert_true(step(known, ZR_KNOWN_ANSWER, 1, &seen));
	for (uint32_t i = 2; i < 1000; i++)
		add(known, "z", i, 60);
	zr_known_status(known, &status);
	assert_int_equal(status.evicted, 1001 - status.rows);
	assert_false(step(known, ZR_KNOWN_ANSWER, 1000, &seen));
	assert_int_equal(seen.count, 1 + status.rows);
	assert_int_equal(seen.names[1], 'z');
	/* All of them are over, and are forgotten by whoever comes by. */
	zr_known_walk(known, ZR_KNOWN_ANSWER);
	assert_false(zr_known_step(known, ZR_KNOWN_ANSWER, NOW_S + 60, 1000, take, &seen));
	assert_int_equal(seen.count, 1 + status.rows);
	zr_known_status(known, &status);
	assert_int_equal(status.rows, 0);
	assert_false(step(known, ZR_KNOWN_TABLE, 1000, &seen));
	zr_known_free(known);
}

/* More comes, and longer names, than there was room for when the copy was begun. */
static void test_copy_grows(void **state)
{
	struct zr_known *known = make(32 << 20);
	struct zr_known_copy copy = {0};
	struct zr_learned_table *table;
	char name[ZR_NAME_MAX + 1];

	(void)state;
	memset(name, 'a', ZR_NAME_MAX);
	name[ZR_NAME_MAX] = '\0';
	add(known, name, 0, 60);
	zr_known_copy_begin(&copy, known);
	for (uint32_t i = 1; i < 10000; i++)
		add(known, name, i, 60);
	while (zr_known_copy_step(&copy, known, NOW_S, 100))
		;
	assert_int_equal(zr_known_copy_end(&copy, &table), 0);
	assert_int_equal(zr_learned_addresses(table), 10000);
	zr_learned_free(table);
	/* One that is begun and given up. */
	zr_known_copy_begin(&copy, known);
	zr_known_copy_step(&copy, known, NOW_S, 100);
	zr_known_copy_clear(&copy);
	zr_known_free(known);
}

static size_t full_bytes = 64 << 20;

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void count(void *arg, const struct zr_known_row *row)
{
	(void)row;
	++*(unsigned int *)arg;
}

/*
 * All of the memory in use: however much it is, a step does no more than it was asked for. How long steps take is printed; another
 * size is given on the command line.
 */
static void test_full(void **state)
{
	struct zr_known *known = make(full_bytes);
	uint64_t longest_us = 0, begun_us = now_us(), took_us;
	struct zr_known_copy copy = {0};
	struct zr_learned_table *table;
	struct zr_known_status status;
	unsigned int steps = 0, seen = 0;
	char name[64];
	bool more;

	(void)state;
	for (uint32_t i = 0; i < full_bytes / 512; i++) {
		snprintf(name, sizeof(name), "host-%u.school-%u.example.vn", i % 7, i / 4);
		add(known, name, i / 2, 60);
		add(known, NULL, i, 60);
	}
	zr_known_status(known, &status);
	assert_true(status.evicted > 0 && status.bytes <= status.most);
	assert_true(status.bytes + 2 * ZR_KNOWN_ROW_BYTES(64) > status.most);
	took_us = now_us() - begun_us;
	printf("%zu MiB: %" PRIu64 " rows and %" PRIu64 " others in %" PRIu64 " ms\n", full_bytes >> 20, status.rows,
	       status.others, took_us / 1000);
	zr_known_copy_begin(&copy, known);
	do {
		size_t before = copy.count;

		begun_us = now_us();
		more = zr_known_copy_step(&copy, known, NOW_S, 4096);
		took_us = now_us() - begun_us;
		longest_us = took_us > longest_us ? took_us : longest_us;
		assert_true(copy.count - before <= 4096);
		steps++;
	} while (more);
	assert_int_equal(copy.count, status.rows + status.others);
	printf("%u steps of a copy, the longest %" PRIu64 " us\n", steps, longest_us);
	begun_us = now_us();
	assert_int_equal(zr_known_copy_end(&copy, &table), 0);
	printf("a table of %zu MiB made in %" PRIu64 " ms\n", zr_learned_len_bytes(table) >> 20,
	       (now_us() - begun_us) / 1000);
	zr_learned_free(table);
	zr_known_walk(known, ZR_KNOWN_ANSWER);
	assert_true(zr_known_step(known, ZR_KNOWN_ANSWER, NOW_S, 4096, count, &seen));
	assert_int_equal(seen, 4096);
	zr_known_free(known);
}

static void test_least(void **state)
{
	struct zr_known *known;
	char name[ZR_NAME_MAX + 1];

	(void)state;
	assert_int_equal(zr_known_make(LEAST - 1, &known), -EINVAL);
	zr_known_free(NULL);
	known = make(LEAST);
	memset(name, 'a', ZR_NAME_MAX);
	name[ZR_NAME_MAX] = '\0';
	for (uint32_t i = 0; i < 10; i++)
		assert_true(add(known, name, i, 60));
	assert_int_equal(names_of(known, 9, 0, NULL), 1);
	zr_known_free(known);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_rest_of_address),
		cmocka_unit_test(test_oldest_goes),
		cmocka_unit_test(test_others_push_out_none),
		cmocka_unit_test(test_forgotten_in_time),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_walk_while_it_changes),
		cmocka_unit_test(test_walk_while_rows_go),
		cmocka_unit_test(test_copy_grows),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_least),
	};

	if (argc > 1)
		full_bytes = (size_t)strtoull(argv[1], NULL, 10) << 20;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What is known network-wide: merged, bounded, the oldest first, forgotten in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/known.h"

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

/* How many names a table of it has for an address; -1: it is not in it. */
static int names_of(struct zr_known *known, uint32_t address, uint16_t domain, bool *other)
{
	struct zr_learned_table *table;
	struct zr_learned_names names;
	bool found;

	assert_int_equal(zr_known_table(known, NOW_S, &table), 0);
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
	assert_int_equal(zr_known_table(known, NOW_S + 9, &table), 0);
	zr_learned_free(table);
	zr_known_status(known, &status);
	assert_int_equal(status.rows + status.others, 3);
	assert_int_equal(zr_known_table(known, NOW_S + 10, &table), 0);
	zr_learned_free(table);
	zr_known_status(known, &status);
	assert_int_equal(status.rows + status.others, 1);
	assert_int_equal(zr_known_table(known, NOW_S + 11, &table), 0);
	assert_int_equal(zr_learned_addresses(table), 0);
	zr_learned_free(table);
	zr_known_status(known, &status);
	assert_int_equal(status.bytes, 0);
	zr_known_free(known);
}

struct seen {
	unsigned int count, most;
	struct zr_known_row last;
	char name[ZR_NAME_MAX + 1];
};

static bool take(void *arg, const struct zr_known_row *row)
{
	struct seen *seen = arg;

	seen->last = *row;
	strcpy(seen->name, row->name);
	return ++seen->count < seen->most;
}

static void test_each(void **state)
{
	struct zr_known *known = make(LEAST);
	struct seen seen = {.most = 1};

	(void)state;
	zr_known_each(known, take, &seen);
	assert_int_equal(seen.count, 0);
	add(known, "a.olm.vn", 1, 60);
	add(known, "b.olm.vn", 2, 60);
	add(known, NULL, 2, 60);
	zr_known_each(known, take, &seen);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.name, "b.olm.vn");
	assert_int_equal(seen.last.type, A_KIND);
	assert_int_equal(seen.last.resolver.b[3], 53);
	assert_int_equal(seen.last.learned_s, NOW_S);
	assert_int_equal(seen.last.until_s, NOW_S + 60);
	seen = (struct seen){.most = 10};
	zr_known_each(known, take, &seen);
	assert_int_equal(seen.count, 3);
	assert_string_equal(seen.name, "");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_rest_of_address),
		cmocka_unit_test(test_oldest_goes),
		cmocka_unit_test(test_others_push_out_none),
		cmocka_unit_test(test_forgotten_in_time),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_least),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

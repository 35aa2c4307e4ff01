/* SPDX-License-Identifier: BSD-3-Clause */
/* The network-wide table of learned addresses: what it says is what its rows say, whatever their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include "rules/learned.h"
#include "tests/support/guard.h"
#include "tests/support/random.h"

#define NOW 1000

static struct zr_learned_row row(uint8_t family, uint8_t last, uint16_t domain, const char *name, int64_t until_s)
{
	return (struct zr_learned_row){.family = family,
				       .addr = {10, 0, 0, last},
				       .domain = domain,
				       .name = name,
				       .name_len = (uint8_t)strlen(name),
				       .until_s = until_s};
}

/* "name until, …" in the order of names, with "other" first. */
static const char *said(const struct zr_learned_table *table, uint8_t family, uint8_t last, uint16_t domain)
{
	const uint8_t addr[16] = {10, 0, 0, last};
	static char text[4096];
	struct zr_learned_names names;
	size_t at = 0;

	if (!zr_learned_find(table, family, addr, domain, NOW, &names))
		return "nothing";
	at += (size_t)snprintf(text, sizeof(text), "%u of %u:%s", names.count, names.names_total,
			       names.other ? " other" : "");
	for (unsigned int i = 0; i < names.count; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, " %.*s %d", names.names[i].len,
				       names.names[i].text, (int)names.until_s[i]);
	return text;
}

static void an_empty_table_knows_nothing(void **state)
{
	struct zr_learned_table *table;

	(void)state;
	assert_int_equal(zr_learned_make(NULL, 0, &table), 0);
	assert_int_equal(zr_learned_addresses(table), 0);
	assert_string_equal(said(table, 4, 1, 0), "nothing");
	zr_learned_free(table);
}

static void rows_of_one_address_come_together(void **state)
{
	struct zr_learned_row rows[] = {
		row(4, 1, 0, "www.olm.vn", 2000),      row(4, 2, 0, "olm.vn", 2000),
		row(4, 1, 0, "api.olm.vn", 1500),      row(6, 1, 0, "six.vn", 2000),
		row(4, 1, 1, "other-domain.vn", 2000), row(4, 1, 0, "www.olm.vn", 1200),
	};
	struct zr_learned_table *table;

	(void)state;
	assert_int_equal(zr_learned_make(rows, sizeof(rows) / sizeof(rows[0]), &table), 0);
	assert_int_equal(zr_learned_addresses(table), 4);
	assert_string_equal(said(table, 4, 1, 0), "2 of 2: api.olm.vn 1500 www.olm.vn 2000");
	assert_string_equal(said(table, 4, 2, 0), "1 of 1: olm.vn 2000");
	assert_string_equal(said(table, 4, 1, 1), "1 of 1: other-domain.vn 2000");
	assert_string_equal(said(table, 6, 1, 0), "1 of 1: six.vn 2000");
	assert_string_equal(said(table, 4, 3, 0), "nothing");
	assert_string_equal(said(table, 4, 2, 1), "nothing");
	zr_learned_free(table);
}

static void what_is_over_is_not_told_and_a_name_not_listed_is(void **state)
{
	struct zr_learned_row rows[] = {
		row(4, 1, 0, "past.vn", NOW), row(4, 1, 0, "now.vn", NOW + 1), row(4, 2, 0, "", NOW),
		row(4, 2, 0, "a.vn", 2000),   row(4, 3, 0, "", NOW + 1),
	};
	struct zr_learned_table *table;

	(void)state;
	assert_int_equal(zr_learned_make(rows, sizeof(rows) / sizeof(rows[0]), &table), 0);
	assert_string_equal(said(table, 4, 1, 0), "1 of 2: now.vn 1001");
	assert_string_equal(said(table, 4, 2, 0), "1 of 1: a.vn 2000");
	assert_string_equal(said(table, 4, 3, 0), "0 of 0: other");
	zr_learned_free(table);
}

static void an_address_of_too_many_names_keeps_those_that_hold_longest_and_is_shared(void **state)
{
	struct zr_learned_row rows[ZR_LEARNED_NAMES + 1];
	char names[ZR_LEARNED_NAMES + 1][8];
	struct zr_learned_table *table;
	struct zr_learned_names out;

	(void)state;
	for (unsigned int i = 0; i <= ZR_LEARNED_NAMES; i++) {
		snprintf(names[i], sizeof(names[i]), "n%u.vn", i);
		rows[i] = row(4, 1, 0, names[i], 2000 + i);
	}
	assert_int_equal(zr_learned_make(rows, ZR_LEARNED_NAMES, &table), 0);
	assert_true(zr_learned_find(table, 4, rows[0].addr, 0, NOW, &out));
	assert_false(out.other);
	zr_learned_free(table);
	assert_int_equal(zr_learned_make(rows, ZR_LEARNED_NAMES + 1, &table), 0);
	assert_true(zr_learned_find(table, 4, rows[0].addr, 0, NOW, &out));
	assert_true(out.other);
	assert_int_equal(out.count, ZR_LEARNED_NAMES);
	assert_int_equal(out.names_total, ZR_LEARNED_NAMES + 1);
	for (unsigned int i = 0; i < out.count; i++)
		assert_true(out.until_s[i] > 2000);
	zr_learned_free(table);
}

/* A copy of the block anywhere says the same, and nothing behind it is read. */
static void the_block_may_lie_anywhere(void **state)
{
	struct zr_learned_row rows[] = {row(4, 1, 0, "www.olm.vn", 2000), row(4, 9, 0, "z.vn", 2000)};
	struct zr_learned_table *table;
	struct guard guard;
	char wanted[64];
	void *copy;

	(void)state;
	assert_int_equal(zr_learned_make(rows, 2, &table), 0);
	snprintf(wanted, sizeof(wanted), "%s", said(table, 4, 9, 0));
	copy = guard_copy(&guard, table, zr_learned_len_bytes(table));
	zr_learned_free(table);
	assert_string_equal(said(copy, 4, 9, 0), wanted);
	guard_free(&guard);
}

/* Random rows against a plain walk over them. */
static void random_rows_are_found(void **state)
{
	static struct zr_learned_row rows[3000];
	static char names[40][8];
	struct random r = {.state = 9};
	struct zr_learned_table *table;
	struct zr_learned_names out;

	(void)state;
	for (unsigned int i = 0; i < 40; i++)
		snprintf(names[i], sizeof(names[i]), "n%u.vn", i);
	for (unsigned int i = 0; i < 3000; i++) {
		rows[i] = row(random_percent(&r, 50) ? 4 : 6, (uint8_t)random_below(&r, 250),
			      (uint16_t)random_below(&r, 2), random_percent(&r, 5) ? "" : names[random_below(&r, 25)],
			      NOW - 500 + random_below(&r, 1000));
	}
	assert_int_equal(zr_learned_make(rows, 3000, &table), 0);
	for (unsigned int q = 0; q < 1000; q++) {
		uint8_t family = q % 2 == 0 ? 4 : 6, addr[16] = {10, 0, 0, (uint8_t)(q / 2 % 256)};
		uint16_t domain = (uint16_t)(q / 512);
		bool wanted = false, other = false;
		unsigned int count = 0;

		for (unsigned int n = 0; n < 25; n++) {
			bool holds = false;

			for (unsigned int i = 0; i < 3000; i++) {
				if (rows[i].family != family || rows[i].domain != domain || rows[i].addr[3] != addr[3])
					continue;
				wanted = true;
				other |= rows[i].name_len == 0 && rows[i].until_s > NOW;
				holds |= rows[i].until_s > NOW && strcmp(rows[i].name, names[n]) == 0;
			}
			count += holds;
		}
		assert_int_equal(zr_learned_find(table, family, addr, domain, NOW, &out), wanted);
		if (wanted) {
			assert_int_equal(out.count, count);
			assert_int_equal(out.other, other);
		}
	}
	zr_learned_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_table_knows_nothing),
		cmocka_unit_test(rows_of_one_address_come_together),
		cmocka_unit_test(what_is_over_is_not_told_and_a_name_not_listed_is),
		cmocka_unit_test(an_address_of_too_many_names_keeps_those_that_hold_longest_and_is_shared),
		cmocka_unit_test(the_block_may_lie_anywhere),
		cmocka_unit_test(random_rows_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

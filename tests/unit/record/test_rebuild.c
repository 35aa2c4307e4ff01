/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records that were stored: each value goes through a column of SQLite and back, and what comes of it must be the same
 * line. Values that no record can have are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/guard.h"
#include "tests/unit/record/events.h"

#define EVENTS 20000

#define TYPE_WORD    " TEXT"
#define TYPE_STRING  " TEXT"
#define TYPE_NUMBER  " INTEGER"
#define TYPE_BOOL    " INTEGER"
#define TYPE_WORDS   " TEXT"
#define TYPE_NUMBERS " TEXT"
#define TYPE_PROTO   ""

/* A table with a column per member, and the statements that write and read its only row. */
struct store {
	sqlite3 *db;
	sqlite3_stmt *write, *read;
};

static void store_open(struct store *store)
{
	static const char create[] = "CREATE TABLE records (id INTEGER PRIMARY KEY"
#define X(id, name, column, form) ", " column TYPE_##form
		ZR_MEMBERS(X)
#undef X
			")";
	static const char read[] = "SELECT id"
#define X(id, name, column, form) ", " column
		ZR_MEMBERS(X)
#undef X
			" FROM records";
	static const char write[] = "REPLACE INTO records VALUES (1"
#define X(id, name, column, form) ", ?"
		ZR_MEMBERS(X)
#undef X
			")";

	assert_int_equal(sqlite3_open(":memory:", &store->db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(store->db, create, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(store->db, write, -1, &store->write, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(store->db, read, -1, &store->read, NULL), SQLITE_OK);
}

static void store_close(struct store *store)
{
	sqlite3_finalize(store->write);
	sqlite3_finalize(store->read);
	assert_int_equal(sqlite3_close(store->db), SQLITE_OK);
}

static void store_write(struct store *store, const struct zr_record *record)
{
	for (int i = 0; i < ZR_MEMBER_COUNT; i++) {
		const struct zr_value *value = &record->members[i];

		if (value->kind == ZR_VALUE_TEXT)
			sqlite3_bind_text(store->write, i + 1, value->text, (int)value->len, SQLITE_TRANSIENT);
		else if (value->kind == ZR_VALUE_NUMBER)
			sqlite3_bind_int64(store->write, i + 1, (sqlite3_int64)value->number);
		else
			sqlite3_bind_null(store->write, i + 1);
	}
	assert_int_equal(sqlite3_step(store->write), SQLITE_DONE);
	sqlite3_reset(store->write);
}

/* Valid until the next call. */
static void store_read(struct store *store, struct zr_record *record)
{
	sqlite3_reset(store->read);
	assert_int_equal(sqlite3_step(store->read), SQLITE_ROW);
	zr_record_clear(record);
	for (int i = 0; i < ZR_MEMBER_COUNT; i++) {
		struct zr_value value = {.kind = ZR_VALUE_NONE};

		switch (sqlite3_column_type(store->read, i + 1)) {
		case SQLITE_TEXT:
			value = (struct zr_value){.kind = ZR_VALUE_TEXT,
						  .text = (const char *)sqlite3_column_text(store->read, i + 1),
						  .len = (uint32_t)sqlite3_column_bytes(store->read, i + 1)};
			break;
		case SQLITE_INTEGER:
			value = (struct zr_value){.kind = ZR_VALUE_NUMBER,
						  .number = (uint64_t)sqlite3_column_int64(store->read, i + 1)};
			break;
		default:
			break;
		}
		assert_true(zr_record_set(record, i, &value));
	}
}

static void test_same_line(void **state)
{
	struct random random = {.state = 20261122};
	static struct event event;
	struct store store;

	(void)state;
	store_open(&store);
	for (unsigned int i = 0; i < EVENTS; i++) {
		char line[ZR_RECORD_JSON_MAX], again[ZR_RECORD_JSON_MAX], csv[ZR_RECORD_CSV_MAX],
			csv_again[ZR_RECORD_CSV_MAX];
		struct zr_record record, stored;
		size_t len, csv_len;

		event_random(&random, UINT64_MAX, &event);
		event_record(&random, random_next(&random), &event, &record);
		len = zr_record_json(&record, line);
		csv_len = zr_record_csv(&record, csv);
		store_write(&store, &record);
		store_read(&store, &stored);
		assert_int_equal(zr_record_json(&stored, again), len);
		assert_memory_equal(again, line, len);
		assert_int_equal(zr_record_csv(&stored, csv_again), csv_len);
		assert_memory_equal(csv_again, csv, csv_len);
	}
	store_close(&store);
}

/* Is the text taken for a member? It ends at a guard page. */
static bool takes(enum zr_member member, const char *text, size_t len)
{
	struct guard guard;
	const struct zr_value value = {
		.kind = ZR_VALUE_TEXT, .len = (uint32_t)len, .text = (const char *)guard_copy(&guard, text, len)};
	struct zr_record record;
	bool taken;

	zr_record_clear(&record);
	taken = zr_record_set(&record, member, &value);
	assert_int_equal(record.members[member].kind, taken ? ZR_VALUE_TEXT : ZR_VALUE_NONE);
	guard_free(&guard);
	return taken;
}

static bool takes_text(enum zr_member member, const char *text)
{
	return takes(member, text, strlen(text));
}

static bool takes_number(enum zr_member member, uint64_t number)
{
	const struct zr_value value = {.kind = ZR_VALUE_NUMBER, .number = number};
	struct zr_record record;

	zr_record_clear(&record);
	return zr_record_set(&record, member, &value);
}

static void test_words(void **state)
{
	static const char *const bad[] = {"",    "a\"", "a\\", "a b", "a,b", "a|b", "=a", "-1", "h\xe1\xbb\x8d\x63",
					  "a\n", "+1",  "@"};
	char longest[49];

	(void)state;
	assert_true(takes_text(ZR_MEMBER_CAUSE, "host_change"));
	assert_true(takes_text(ZR_MEMBER_CLIENT_IP, "2001:db8::1"));
	assert_true(takes_text(ZR_MEMBER_SUBSCRIBER_IP, "2001:db8::/64"));
	assert_true(takes_text(ZR_MEMBER_FIRST, "2026-11-22T00:00:00.000001Z"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(takes_text(ZR_MEMBER_CAUSE, bad[i]));
	memset(longest, 'a', sizeof(longest));
	assert_true(takes(ZR_MEMBER_CAUSE, longest, 48));
	assert_false(takes(ZR_MEMBER_CAUSE, longest, 49));
	assert_false(takes_number(ZR_MEMBER_CAUSE, 0));
}

static void test_joined(void **state)
{
	char longest[194];

	(void)state;
	assert_true(takes_text(ZR_MEMBER_EVIDENCE, "tls_sni"));
	assert_true(takes_text(ZR_MEMBER_EVIDENCE, "tls_sni|prefix"));
	assert_false(takes_text(ZR_MEMBER_EVIDENCE, ""));
	assert_false(takes_text(ZR_MEMBER_EVIDENCE, "|prefix"));
	assert_false(takes_text(ZR_MEMBER_EVIDENCE, "prefix|"));
	assert_false(takes_text(ZR_MEMBER_EVIDENCE, "a||b"));
	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = i % 2 == 0 ? 'a' : '|';
	assert_true(takes(ZR_MEMBER_FLAGS, longest, 191));
	assert_false(takes(ZR_MEMBER_FLAGS, longest, 193));

	assert_true(takes_text(ZR_MEMBER_VLAN, "0"));
	assert_true(takes_text(ZR_MEMBER_VLAN, "100|4094|0|65535"));
	assert_false(takes_text(ZR_MEMBER_VLAN, ""));
	assert_false(takes_text(ZR_MEMBER_VLAN, "01"));
	assert_false(takes_text(ZR_MEMBER_VLAN, "1|"));
	assert_false(takes_text(ZR_MEMBER_VLAN, "1|x"));
	assert_false(takes_text(ZR_MEMBER_VLAN, "1|2|3|4|5|6|7|8|9|10|11|12"));
	assert_false(takes_number(ZR_MEMBER_VLAN, 5));
}

static void test_strings(void **state)
{
	static char longest[ZR_RULE_MAX + 1];

	(void)state;
	memset(longest, '\a', sizeof(longest));
	assert_true(takes_text(ZR_MEMBER_SERVICE, ""));
	assert_true(takes_text(ZR_MEMBER_SERVICE, "a \"b\", \n=\xff|"));
	assert_true(takes(ZR_MEMBER_GATEWAY, longest, 64));
	assert_false(takes(ZR_MEMBER_GATEWAY, longest, 65));
	assert_true(takes(ZR_MEMBER_RULE, longest, ZR_RULE_MAX));
	assert_false(takes(ZR_MEMBER_RULE, longest, ZR_RULE_MAX + 1));
	assert_true(takes(ZR_MEMBER_SERVICE, longest, ZR_SERVICE_MAX));
	assert_false(takes(ZR_MEMBER_SERVICE, longest, ZR_SERVICE_MAX + 1));
	assert_true(takes(ZR_MEMBER_NAME, longest, ZR_NAME_MAX));
	assert_false(takes(ZR_MEMBER_NAME, longest, ZR_NAME_MAX + 1));
	assert_false(takes_number(ZR_MEMBER_NAME, 1));
}

static void test_numbers(void **state)
{
	(void)state;
	assert_true(takes_number(ZR_MEMBER_SEQ, UINT64_MAX));
	assert_false(takes_text(ZR_MEMBER_SEQ, "1"));
	assert_true(takes_number(ZR_MEMBER_FINAL, 0));
	assert_true(takes_number(ZR_MEMBER_FINAL, 1));
	assert_false(takes_number(ZR_MEMBER_FINAL, 2));
	assert_false(takes_text(ZR_MEMBER_FINAL, "true"));
	assert_true(takes_number(ZR_MEMBER_PROTO, 255));
	assert_false(takes_number(ZR_MEMBER_PROTO, 256));
	assert_true(takes_text(ZR_MEMBER_PROTO, "tcp"));
	assert_false(takes_text(ZR_MEMBER_PROTO, "\"tcp\""));
}

/* Every member there and at its longest, of the characters that take most: both encoders stay within their room. */
static void test_longest(void **state)
{
	static const uint8_t blank[ZR_RECORD_JSON_MAX > ZR_RECORD_CSV_MAX ? ZR_RECORD_JSON_MAX : ZR_RECORD_CSV_MAX];
	static char bells[ZR_RULE_MAX], bad[ZR_RULE_MAX], bars[192];
	struct zr_record record;
	struct guard guard;
	char *out;

	(void)state;
	memset(bells, '\a', sizeof(bells));
	memset(bad, 0xff, sizeof(bad));
	for (size_t i = 0; i < sizeof(bars); i++)
		bars[i] = i % 2 == 0 ? 'a' : '|';
	for (unsigned int round = 0; round < 2; round++) {
		zr_record_clear(&record);
		for (unsigned int i = 0; i < ZR_MEMBER_COUNT; i++) {
			const char *text = zr_member_form(i) != ZR_FORM_STRING ? bars : round == 0 ? bells : bad;
			struct zr_value value = {.kind = ZR_VALUE_TEXT, .len = ZR_RULE_MAX, .text = text};

			if (zr_member_form(i) == ZR_FORM_WORD || zr_member_form(i) == ZR_FORM_PROTO)
				value.text = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/64/64/64";
			if (zr_member_form(i) == ZR_FORM_NUMBERS)
				value.text = "65535|65535|65535|65535|65535";
			while (value.len > 0 && !zr_record_set(&record, i, &value))
				value.len--;
			if (value.len == 0)
				value = (struct zr_value){.kind = ZR_VALUE_NUMBER, .number = UINT64_MAX};
			if (value.kind == ZR_VALUE_NUMBER && !zr_record_set(&record, i, &value))
				record.members[i] = (struct zr_value){.kind = ZR_VALUE_NUMBER, .number = 0};
			assert_int_not_equal(record.members[i].kind, ZR_VALUE_NONE);
		}
		out = (char *)guard_copy(&guard, blank, ZR_RECORD_JSON_MAX);
		assert_in_range(zr_record_json(&record, out), 3000, ZR_RECORD_JSON_MAX);
		guard_free(&guard);
		out = (char *)guard_copy(&guard, blank, ZR_RECORD_CSV_MAX);
		assert_in_range(zr_record_csv_sheet(&record, out), 1500, ZR_RECORD_CSV_MAX);
		guard_free(&guard);
	}
}

/* Nothing stored at all. */
static void test_nothing(void **state)
{
	struct zr_record record;
	char out[ZR_RECORD_CSV_MAX];

	(void)state;
	zr_record_clear(&record);
	assert_int_equal(zr_record_json(&record, out), 2);
	assert_memory_equal(out, "{}", 2);
	assert_int_equal(zr_record_csv(&record, out), ZR_MEMBER_COUNT - 1 + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_line), cmocka_unit_test(test_words),   cmocka_unit_test(test_joined),
		cmocka_unit_test(test_strings),   cmocka_unit_test(test_numbers), cmocka_unit_test(test_longest),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows as bytes: found where they are, refused wherever they are cut or changed; what begins them cannot be read beyond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "control/ledger/hash.h"
#include "control/ledger/row.h"
#include "tests/support/guard.h"
#include "tests/unit/ledger/book.h"

#define ROOM 8192

static const struct zr_exporter exporter = {.gateway = "hn-gw-01", .epoch_us = BOOK_NOW_US};

static size_t put_varint(uint8_t *at, uint64_t value)
{
	if (value < 128) {
		at[0] = (uint8_t)value;
		return 1;
	}
	assert_true(value < 128 * 128);
	at[0] = (uint8_t)(0x80 | value >> 7);
	at[1] = value & 0x7f;
	return 2;
}

/* A cell as the file format describes it, written independently: every number has eight bytes. */
static size_t make_cell(uint64_t seq, uint8_t *out, char *json, size_t *json_len)
{
	uint8_t header[256], body[ROOM];
	size_t header_len = 0, body_len = 0, len = 0;
	struct zr_record record;
	struct zr_usage usage = {.type = ZR_USAGE_PART,
				 .verdict = ZR_FREE,
				 .reason = ZR_REASON_SNI,
				 .rule = ZR_ENTRY_NONE,
				 .name = "olm.vn",
				 .family = 4,
				 .proto = 6,
				 .up_bytes = UINT64_MAX,
				 .down_bytes = 1};

	zr_record_of_usage(&exporter, seq, &usage, &record);
	*json_len = zr_record_json(&record, json);
	for (unsigned int i = 0; i <= ZR_MEMBER_COUNT; i++) {
		struct zr_value hash = {.kind = ZR_VALUE_NUMBER, .number = zr_ledger_hash(json, *json_len)};
		const struct zr_value *value = i < ZR_MEMBER_COUNT ? &record.members[i] : &hash;

		if (i == ZR_MEMBER_SEQ || value->kind == ZR_VALUE_NONE) {
			header[header_len++] = 0;
		} else if (value->kind == ZR_VALUE_TEXT) {
			header_len += put_varint(header + header_len, value->len * 2 + 13);
			memcpy(body + body_len, value->text, value->len);
			body_len += value->len;
		} else if (value->number <= 1) {
			header[header_len++] = (uint8_t)(8 + value->number);
		} else {
			header[header_len++] = 6;
			for (int shift = 56; shift >= 0; shift -= 8)
				body[body_len++] = (uint8_t)(value->number >> shift);
		}
	}
	assert_true(header_len < 126);
	len = put_varint(out, header_len + 1 + body_len);
	len += put_varint(out + len, seq);
	out[len++] = (uint8_t)(header_len + 1);
	memcpy(out + len, header, header_len);
	memcpy(out + len + header_len, body, body_len);
	return len + header_len + body_len;
}

static void test_found(void **state)
{
	char json[ZR_RECORD_JSON_MAX], again[ZR_RECORD_JSON_MAX];
	uint8_t cell[ROOM];
	size_t json_len, len = make_cell(1841, cell, json, &json_len);
	struct zr_record record;
	uint64_t hash;

	(void)state;
	assert_int_equal(zr_row_parse(cell, len, &record, &hash), len);
	assert_int_equal(zr_row_json(&record, hash, again), json_len);
	assert_memory_equal(json, again, json_len);
}

/* Cut anywhere, before a guard page: no row. */
static void test_cut(void **state)
{
	char json[ZR_RECORD_JSON_MAX];
	uint8_t cell[ROOM];
	size_t json_len, len = make_cell(1841, cell, json, &json_len);
	struct zr_record record;
	uint64_t hash;

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		struct guard guard;
		const uint8_t *bytes = guard_copy(&guard, cell, cut);

		assert_int_equal(zr_row_parse(bytes, cut, &record, &hash), 0);
		guard_free(&guard);
	}
}

/* Any bit changed: no row, or one that its hash disproves, or (where nothing is kept) the same record. */
static void test_changed(void **state)
{
	char json[ZR_RECORD_JSON_MAX], again[ZR_RECORD_JSON_MAX];
	uint8_t cell[ROOM];
	size_t json_len, len = make_cell(1841, cell, json, &json_len);
	struct zr_record record;
	uint64_t hash;

	(void)state;
	for (size_t at = 0; at < len; at++) {
		for (unsigned int bit = 0; bit < 8; bit++) {
			struct guard guard;
			uint8_t *bytes = guard_copy(&guard, cell, len);

			bytes[at] ^= (uint8_t)(1 << bit);
			if (zr_row_parse(bytes, len, &record, &hash) != 0 && zr_row_json(&record, hash, again) != 0)
				assert_memory_equal(again, json, json_len);
			guard_free(&guard);
		}
	}
}

/* The hash sees lengths, order and every bit. */
static void test_hash(void **state)
{
	char text[32] = "abcdefghijklmnopqrstuvwxyz01234";
	uint64_t whole = zr_ledger_hash(text, 31);

	(void)state;
	for (size_t len = 0; len < 31; len++)
		assert_true(zr_ledger_hash(text, len) != whole);
	assert_true(zr_ledger_hash("\0", 1) != zr_ledger_hash("\0\0", 2));
	assert_true(zr_ledger_hash("\0\0\0\0\0\0\0\0", 8) != zr_ledger_hash("", 0));
	for (size_t i = 0; i < 31; i++) {
		text[i] ^= 0x20;
		assert_true(zr_ledger_hash(text, 31) != whole);
		text[i] ^= 0x20;
	}
	/* Files are read by other machines and later versions: the value is fixed. */
	assert_int_equal(zr_ledger_hash("", 0), 0);
	assert_int_equal(zr_ledger_hash("a", 1), (0x60 * 0x9e3779b97f4a7c15ULL) ^ (0x60 * 0x9e3779b97f4a7c15ULL) >> 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

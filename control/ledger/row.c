/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ledger/row.h"

#include "control/ledger/hash.h"
#include "control/ledger/sql.h"

/* A cell's header: length of the payload, number of the row, length of the payload's header, a type per column. */
#define VARINT_MAX 9

int zr_row_bind(sqlite3_stmt *insert, const struct zr_record *record, uint64_t hash)
{
	int code = SQLITE_OK;

	for (int i = 0; i < ZR_MEMBER_COUNT && code == SQLITE_OK; i++) {
		const struct zr_value *value = &record->members[i];

		if (value->kind == ZR_VALUE_TEXT)
			code = sqlite3_bind_text(insert, i + 1, value->text, (int)value->len, SQLITE_STATIC);
		else if (value->kind == ZR_VALUE_NUMBER)
			code = sqlite3_bind_int64(insert, i + 1, (sqlite3_int64)value->number);
		else
			code = sqlite3_bind_null(insert, i + 1);
	}
	if (code == SQLITE_OK)
		code = sqlite3_bind_int64(insert, ZR_ROW_COLUMNS, (sqlite3_int64)hash);
	return zr_sql_errno(NULL, code);
}

/* What a column holds; false when it is nothing that a record has. */
static bool read_column(sqlite3_stmt *select, int column, struct zr_value *out)
{
	switch (sqlite3_column_type(select, column)) {
	case SQLITE_INTEGER:
		*out = (struct zr_value){.kind = ZR_VALUE_NUMBER,
					 .number = (uint64_t)sqlite3_column_int64(select, column)};
		return true;
	case SQLITE_TEXT:
		*out = (struct zr_value){.kind = ZR_VALUE_TEXT,
					 .text = (const char *)sqlite3_column_text(select, column)};
		out->len = (uint32_t)sqlite3_column_bytes(select, column);
		return out->text != NULL;
	case SQLITE_NULL:
		*out = (struct zr_value){.kind = ZR_VALUE_NONE};
		return true;
	default:
		return false;
	}
}

bool zr_row_read(sqlite3_stmt *select, struct zr_record *out, uint64_t *hash)
{
	struct zr_value value;

	for (int i = 0; i < ZR_MEMBER_COUNT; i++) {
		if (!read_column(select, i, &value) || !zr_record_set(out, (enum zr_member)i, &value))
			return false;
	}
	*hash = (uint64_t)sqlite3_column_int64(select, ZR_MEMBER_COUNT);
	return true;
}

/* A big-endian number of 7 bits a byte, the last of nine with 8. Returns its length, 0 when it does not end in time. */
static size_t read_varint(const uint8_t *bytes, size_t len, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len && i < VARINT_MAX; i++) {
		if (i == VARINT_MAX - 1) {
			*out = value << 8 | bytes[i];
			return VARINT_MAX;
		}
		value = value << 7 | (bytes[i] & 0x7f);
		if ((bytes[i] & 0x80) == 0) {
			*out = value;
			return i + 1;
		}
	}
	return 0;
}

/* Length of a value of a type. */
static uint64_t type_len(uint64_t type)
{
	static const uint8_t fixed[12] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};

	return type < 12 ? fixed[type] : (type - 12) / 2;
}

/* A signed big-endian number of 1 to 8 bytes. */
static uint64_t read_number(const uint8_t *bytes, size_t len)
{
	uint64_t value = (bytes[0] & 0x80) != 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < len; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* A value of a type; false when no value of ours has it (REAL, BLOB). */
static bool read_value(uint64_t type, const uint8_t *bytes, struct zr_value *out)
{
	*out = (struct zr_value){.kind = ZR_VALUE_NONE};
	if (type == 0)
		return true;
	if (type >= 13 && type % 2 == 1) {
		out->kind = ZR_VALUE_TEXT;
		out->text = (const char *)bytes;
		out->len = (uint32_t)type_len(type);
		return true;
	}
	out->kind = ZR_VALUE_NUMBER;
	if (type >= 1 && type <= 6)
		out->number = read_number(bytes, type_len(type));
	else if (type == 8 || type == 9)
		out->number = type - 8;
	else
		return false;
	return true;
}

size_t zr_row_parse(const uint8_t *bytes, size_t len, struct zr_record *out, uint64_t *hash)
{
	uint64_t types[ZR_ROW_COLUMNS], payload_len, seq, header_len, body_len = 0;
	const uint8_t *at = bytes, *payload, *body, *end = bytes + len;
	struct zr_value value;
	size_t step;

	if ((step = read_varint(at, (size_t)(end - at), &payload_len)) == 0)
		return 0;
	at += step;
	if ((step = read_varint(at, (size_t)(end - at), &seq)) == 0)
		return 0;
	payload = at += step;
	if (payload_len > (size_t)(end - payload) || (step = read_varint(at, payload_len, &header_len)) == 0 ||
	    header_len < step + ZR_ROW_COLUMNS || header_len > payload_len)
		return 0;
	at += step;
	body = payload + header_len;
	for (unsigned int i = 0; i < ZR_ROW_COLUMNS; i++) {
		if ((step = read_varint(at, (size_t)(body - at), &types[i])) == 0)
			return 0;
		at += step;
		body_len += type_len(types[i]);
		if (body_len > payload_len)
			return 0;
	}
	if (at != body || header_len + body_len != payload_len)
		return 0;
	for (unsigned int i = 0; i < ZR_ROW_COLUMNS; i++) {
		if (!read_value(types[i], body, &value))
			return 0;
		body += type_len(types[i]);
		if (i == ZR_MEMBER_SEQ) /* kept as the row's number; the column itself is empty */
			value = (struct zr_value){.kind = ZR_VALUE_NUMBER, .number = seq};
		if (i < ZR_MEMBER_COUNT && !zr_record_set(out, (enum zr_member)i, &value))
			return 0;
	}
	*hash = value.kind == ZR_VALUE_NUMBER ? value.number : 0;
	return (size_t)(body - bytes);
}

size_t zr_row_json(const struct zr_record *record, uint64_t hash, char *out)
{
	size_t len = zr_record_json(record, out);

	return zr_ledger_hash(out, len) == hash ? len : 0;
}

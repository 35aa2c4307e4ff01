/* SPDX-License-Identifier: BSD-3-Clause */
/* A record as a line of CSV. Every field is written with a comma behind it; the last comma becomes the line break. */
#include "control/record/bounds.h"
#include "control/record/json_writer.h"
#include "control/record/member.h"
#include "rules/utf8.h"

/* Most bytes of a field. In a STRING every byte may become three (U+FFFD); two quotes and an apostrophe come around it. */
#define MOST_WORD(id)    ZR_WORD_MAX
#define MOST_STRING(id)  (ZR_TEXT_MAX_##id * 3 + 3)
#define MOST_NUMBER(id)  ZR_JSON_U64_MAX
#define MOST_BOOL(id)    5
#define MOST_WORDS(id)   ZR_WORDS_MAX
#define MOST_NUMBERS(id) ZR_NUMBERS_MAX
#define MOST_PROTO(id)   ZR_WORD_MAX

#define X(id, name, column, form) +1 + MOST_##form(id)
_Static_assert(0 ZR_MEMBERS(X) + sizeof("\r\n") - 2 <= ZR_RECORD_CSV_MAX, "the longest line fits");
#undef X
#define X(id, name, column, form) +sizeof(column)
_Static_assert(0 ZR_MEMBERS(X) + sizeof("\r\n") - 2 <= ZR_RECORD_CSV_MAX, "the header fits");
#undef X

/* Must the field stand in quotes (RFC 4180, section 2, 6)? Spaces at the ends too: some readers drop them. */
static bool needs_quotes(const struct zr_value *value)
{
	const char *text = value->text;

	for (uint32_t i = 0; i < value->len; i++) {
		if (text[i] == '"' || text[i] == ',' || text[i] == '\r' || text[i] == '\n')
			return true;
	}
	return value->len > 0 && (text[0] == ' ' || text[value->len - 1] == ' ');
}

static bool is_formula(const struct zr_value *value)
{
	return value->len > 0 && memchr("=+-@\t\r\n'", value->text[0], 8) != NULL;
}

/* A character of several bytes; a byte of no well-formed one becomes U+FFFD. Moves *text behind it. */
static char *put_character(char *at, const char **text, const char *end)
{
	uint32_t code;
	size_t len = zr_utf8_read(*text, (size_t)(end - *text), &code);

	if (len == 0) {
		(*text)++;
		return zr_json_raw(at, "\xef\xbf\xbd");
	}
	memcpy(at, *text, len);
	*text += len;
	return at + len;
}

static char *put_string(char *at, const struct zr_value *value, bool sheet)
{
	const char *text = value->text, *end = text + value->len;
	bool quotes = needs_quotes(value);

	if (quotes)
		*at++ = '"';
	if (sheet && is_formula(value))
		*at++ = '\'';
	while (text < end) {
		if (*text == '"')
			*at++ = '"';
		if ((*text & 0x80) == 0)
			*at++ = *text++;
		else
			at = put_character(at, &text, end);
	}
	if (quotes)
		*at++ = '"';
	return at;
}

static char *put_value(char *at, enum zr_form form, const struct zr_value *value, bool sheet)
{
	if (value->kind == ZR_VALUE_NONE)
		return at;
	if (form == ZR_FORM_BOOL)
		return zr_json_raw(at, value->number != 0 ? "true" : "false");
	if (value->kind == ZR_VALUE_NUMBER)
		return zr_json_u64(at, value->number);
	if (form == ZR_FORM_STRING)
		return put_string(at, value, sheet);
	memcpy(at, value->text, value->len);
	return at + value->len;
}

static size_t put_record(const struct zr_record *record, char *out, bool sheet)
{
	char *at = out;

	for (unsigned int i = 0; i < ZR_MEMBER_COUNT; i++) {
		at = put_value(at, zr_member_form(i), &record->members[i], sheet);
		*at++ = ',';
	}
	at = zr_json_raw(at - 1, "\r\n");
	return (size_t)(at - out);
}

size_t zr_record_csv(const struct zr_record *record, char *out)
{
	return put_record(record, out, false);
}

size_t zr_record_csv_sheet(const struct zr_record *record, char *out)
{
	return put_record(record, out, true);
}

size_t zr_record_csv_header(char *out)
{
	char *at = out;

	for (unsigned int i = 0; i < ZR_MEMBER_COUNT; i++) {
		at = zr_json_raw(at, zr_member_column(i));
		*at++ = ',';
	}
	at = zr_json_raw(at - 1, "\r\n");
	return (size_t)(at - out);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/record/member.h"

#include <string.h>

#include "control/record/bounds.h"

const char *zr_member_name(enum zr_member member)
{
	static const char *const names[ZR_MEMBER_COUNT] = {
#define X(id, name, column, form) [ZR_MEMBER_##id] = name,
		ZR_MEMBERS(X)
#undef X
	};

	return names[member];
}

const char *zr_member_column(enum zr_member member)
{
	static const char *const columns[ZR_MEMBER_COUNT] = {
#define X(id, name, column, form) [ZR_MEMBER_##id] = column,
		ZR_MEMBERS(X)
#undef X
	};

	return columns[member];
}

enum zr_form zr_member_form(enum zr_member member)
{
	static const uint8_t forms[ZR_MEMBER_COUNT] = {
#define X(id, name, column, form) [ZR_MEMBER_##id] = ZR_FORM_##form,
		ZR_MEMBERS(X)
#undef X
	};

	return (enum zr_form)forms[member];
}

void zr_record_clear(struct zr_record *record)
{
	memset(record->members, 0, sizeof(record->members));
}

static bool is_word_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
	       c == ':' || c == '/' || c == '-';
}

/* Nothing to escape in JSON, nothing to quote in CSV, no formula. */
static bool is_word(const char *text, size_t len)
{
	if (len == 0 || len > ZR_WORD_MAX || text[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_word_char(text[i]))
			return false;
	}
	return true;
}

/* A number as JSON has it: no leading zero. */
static bool is_number(const char *text, size_t len)
{
	if (len == 0 || (len > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
	}
	return true;
}

static bool is_joined(const char *text, size_t len, bool (*is_item)(const char *text, size_t len))
{
	const char *end = text + len, *bar;

	if (len == 0)
		return false;
	while ((bar = memchr(text, '|', (size_t)(end - text))) != NULL) {
		if (!is_item(text, (size_t)(bar - text)))
			return false;
		text = bar + 1;
	}
	return is_item(text, (size_t)(end - text));
}

/* Longest text of each STRING. */
#define MAX_STRING(id)  ZR_TEXT_MAX_##id
#define MAX_WORD(id)    0
#define MAX_NUMBER(id)  0
#define MAX_BOOL(id)    0
#define MAX_WORDS(id)   0
#define MAX_NUMBERS(id) 0
#define MAX_PROTO(id)   0

static const uint16_t text_max[ZR_MEMBER_COUNT] = {
#define X(id, name, column, form) [ZR_MEMBER_##id] = MAX_##form(id),
	ZR_MEMBERS(X)
#undef X
};

static bool text_fits(enum zr_member member, const char *text, size_t len)
{
	switch (zr_member_form(member)) {
	case ZR_FORM_WORD:
	case ZR_FORM_PROTO:
		return is_word(text, len);
	case ZR_FORM_STRING:
		return len <= text_max[member];
	case ZR_FORM_WORDS:
		return len <= ZR_WORDS_MAX && is_joined(text, len, is_word);
	case ZR_FORM_NUMBERS:
		return len <= ZR_NUMBERS_MAX && is_joined(text, len, is_number);
	case ZR_FORM_NUMBER:
	case ZR_FORM_BOOL:
		break;
	}
	return false;
}

static bool number_fits(enum zr_member member, uint64_t number)
{
	switch (zr_member_form(member)) {
	case ZR_FORM_NUMBER:
		return true;
	case ZR_FORM_BOOL:
		return number <= 1;
	case ZR_FORM_PROTO:
		return number <= UINT8_MAX;
	default:
		return false;
	}
}

bool zr_record_set(struct zr_record *record, enum zr_member member, const struct zr_value *value)
{
	if ((value->kind == ZR_VALUE_TEXT && !text_fits(member, value->text, value->len)) ||
	    (value->kind == ZR_VALUE_NUMBER && !number_fits(member, value->number)) || value->kind > ZR_VALUE_TEXT)
		return false;
	record->members[member] = *value;
	return true;
}

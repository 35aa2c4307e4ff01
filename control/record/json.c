/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A record as one line of JSON. Every member is written with a comma before it; the first comma of an object then becomes
 * its bracket, so that no member need know whether it is the first.
 */
#include "control/record/bounds.h"
#include "control/record/json_writer.h"
#include "control/record/member.h"

/*
 * Most bytes of a text between its quotes; what would need more is cut. The texts of a list that was checked are printable,
 * so that escaping doubles them at most; names need no escapes; a gateway may be all escapes.
 */
#define ROOM_GATEWAY            (ZR_TEXT_MAX_GATEWAY * 6)
#define ROOM_RULE               (ZR_TEXT_MAX_RULE * 2)
#define ROOM_SERVICE            (ZR_TEXT_MAX_SERVICE * 2)
#define ROOM_NAME               ZR_TEXT_MAX_NAME
#define ROOM_SUBSCRIBER_IMSI    ZR_TEXT_MAX_SUBSCRIBER_IMSI
#define ROOM_SUBSCRIBER_MSISDN  ZR_TEXT_MAX_SUBSCRIBER_MSISDN
#define ROOM_SUBSCRIBER_SESSION (ZR_TEXT_MAX_SUBSCRIBER_SESSION * 2)

/* Most bytes of a value of each form. In WORDS every other byte may be a '|' that becomes three. */
#define MOST_WORD(id)    (ZR_WORD_MAX + 2)
#define MOST_STRING(id)  (ROOM_##id + 2)
#define MOST_NUMBER(id)  ZR_JSON_U64_MAX
#define MOST_BOOL(id)    5
#define MOST_WORDS(id)   (ZR_WORDS_MAX * 2 + 4)
#define MOST_NUMBERS(id) (ZR_NUMBERS_MAX + 2)
#define MOST_PROTO(id)   (ZR_WORD_MAX + 2)

#define SUBSCRIBER ",\"subscriber\":"

#define X(id, name, column, form) +sizeof(",\"" name "\":") - 1 + MOST_##form(id)
_Static_assert(0 ZR_MEMBERS(X) + sizeof(SUBSCRIBER "}}") - 1 <= ZR_RECORD_JSON_MAX, "the longest record fits");
#undef X

static inline char *put_NUMBER(char *at, const char *key, size_t key_len, const struct zr_value *value)
{
	memcpy(at, key, key_len);
	return zr_json_u64(at + key_len, value->number);
}

static inline char *put_BOOL(char *at, const char *key, size_t key_len, const struct zr_value *value)
{
	memcpy(at, key, key_len);
	return zr_json_raw(at + key_len, value->number != 0 ? "true" : "false");
}

static inline char *put_WORD(char *at, const char *key, size_t key_len, const struct zr_value *value)
{
	memcpy(at, key, key_len);
	at += key_len;
	*at++ = '"';
	memcpy(at, value->text, value->len);
	at += value->len;
	*at++ = '"';
	return at;
}

/* The joined texts, with `between` in the place of every '|'. */
static char *put_joined(char *at, const struct zr_value *value, const char *between)
{
	for (uint32_t i = 0; i < value->len; i++) {
		if (value->text[i] == '|')
			at = zr_json_raw(at, between);
		else
			*at++ = value->text[i];
	}
	return at;
}

static inline char *put_WORDS(char *at, const char *key, size_t key_len, const struct zr_value *value)
{
	memcpy(at, key, key_len);
	at = zr_json_raw(at + key_len, "[\"");
	return zr_json_raw(put_joined(at, value, "\",\""), "\"]");
}

static inline char *put_NUMBERS(char *at, const char *key, size_t key_len, const struct zr_value *value)
{
	memcpy(at, key, key_len);
	at = zr_json_raw(at + key_len, "[");
	return zr_json_raw(put_joined(at, value, ","), "]");
}

static inline char *put_PROTO(char *at, const char *key, size_t key_len, const struct zr_value *value)
{
	return value->kind == ZR_VALUE_TEXT ? put_WORD(at, key, key_len, value) : put_NUMBER(at, key, key_len, value);
}

static inline char *put_STRING(char *at, const char *key, size_t key_len, size_t room, const struct zr_value *value)
{
	memcpy(at, key, key_len);
	return zr_json_text(at + key_len, value->text, value->len, room);
}

#define PUT_WORD(id, key)    put_WORD(at, key, sizeof(key) - 1, &values[ZR_MEMBER_##id])
#define PUT_NUMBER(id, key)  put_NUMBER(at, key, sizeof(key) - 1, &values[ZR_MEMBER_##id])
#define PUT_BOOL(id, key)    put_BOOL(at, key, sizeof(key) - 1, &values[ZR_MEMBER_##id])
#define PUT_WORDS(id, key)   put_WORDS(at, key, sizeof(key) - 1, &values[ZR_MEMBER_##id])
#define PUT_NUMBERS(id, key) put_NUMBERS(at, key, sizeof(key) - 1, &values[ZR_MEMBER_##id])
#define PUT_PROTO(id, key)   put_PROTO(at, key, sizeof(key) - 1, &values[ZR_MEMBER_##id])
#define PUT_STRING(id, key)  put_STRING(at, key, sizeof(key) - 1, ROOM_##id, &values[ZR_MEMBER_##id])

size_t zr_record_json(const struct zr_record *record, char *out)
{
	const struct zr_value *values = record->members;
	char *at = out, *object;

#define X(id, name, column, form)                         \
	if (values[ZR_MEMBER_##id].kind != ZR_VALUE_NONE) \
		at = PUT_##form(id, ",\"" name "\":");
	ZR_MEMBERS_IDENTITY(X)
	at = object = zr_json_raw(at, SUBSCRIBER);
	ZR_MEMBERS_SUBSCRIBER(X)
	if (at > object) {
		*object = '{';
		*at++ = '}';
	} else {
		at = object - (sizeof(SUBSCRIBER) - 1);
	}
	ZR_MEMBERS_TRAFFIC(X)
#undef X
	if (at == out) /* no member at all */
		at++;
	*out = '{';
	*at++ = '}';
	return (size_t)(at - out);
}

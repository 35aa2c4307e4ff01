/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/records/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static struct zr_value number_of(uint64_t number)
{
	return (struct zr_value){.kind = ZR_VALUE_NUMBER, .number = number};
}

static struct zr_value text_of(const char *text, size_t len)
{
	return (struct zr_value){.kind = ZR_VALUE_TEXT, .len = (uint32_t)len, .text = text};
}

/* Join an array of words or numbers by '|' behind the first used bytes of joined. False when it holds anything else. */
static bool join(struct zr_record_json *out, size_t *used, const json_t *array, struct zr_value *value)
{
	char *begin = out->joined + *used, *at = begin;
	const json_t *item;
	size_t i;

	json_array_foreach(array, i, item)
	{
		size_t room = sizeof(out->joined) - (size_t)(at - out->joined);
		int len;

		if (json_is_string(item))
			len = snprintf(at, room, "%s%s", i > 0 ? "|" : "", json_string_value(item));
		else if (json_is_integer(item))
			len = snprintf(at, room, "%s%" JSON_INTEGER_FORMAT, i > 0 ? "|" : "", json_integer_value(item));
		else
			return false;
		if ((size_t)len >= room)
			return false;
		at += len;
	}
	*used += (size_t)(at - begin) + 1;
	*value = text_of(begin, (size_t)(at - begin));
	return *used < sizeof(out->joined);
}

static bool read_value(struct zr_record_json *out, size_t *used, enum zr_member member, const json_t *value)
{
	struct zr_value *to = &out->record.members[member];

	switch (zr_member_form(member)) {
	case ZR_FORM_BOOL:
		*to = number_of(json_is_true(value));
		return json_is_boolean(value);
	case ZR_FORM_NUMBER:
		*to = number_of((uint64_t)json_integer_value(value));
		return json_is_integer(value) && json_integer_value(value) >= 0;
	case ZR_FORM_WORDS:
	case ZR_FORM_NUMBERS:
		return json_is_array(value) && join(out, used, value, to);
	case ZR_FORM_PROTO:
		if (json_is_integer(value)) {
			*to = number_of((uint64_t)json_integer_value(value));
			return json_integer_value(value) >= 0;
		}
		break;
	default:
		break;
	}
	*to = text_of(json_string_value(value), json_string_length(value));
	return json_is_string(value);
}

bool zr_record_json_read(struct zr_record_json *out, const char *json, size_t len)
{
	size_t used = 0;

	memset(out->record.members, 0, sizeof(out->record.members));
	out->object = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(out->object))
		return false;
	for (unsigned int member = 0; member < ZR_MEMBER_COUNT; member++) {
		bool of_subscriber = member >= ZR_MEMBER_SUBSCRIBER_IP && member <= ZR_MEMBER_SUBSCRIBER_TEID_DOWN;
		const json_t *in = of_subscriber ? json_object_get(out->object, "subscriber") : out->object;
		const json_t *value = json_object_get(in, zr_member_name(member));

		if (value != NULL && !read_value(out, &used, member, value))
			return false;
	}
	return true;
}

void zr_record_json_clear(struct zr_record_json *record)
{
	json_decref(record->object);
	record->object = NULL;
}

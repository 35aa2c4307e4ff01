/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/message.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>

#include "control/record/record.h"
#include "rules/timestamp.h"

#define SECONDS_LEN 19 /* of "2026-11-23T05:57:05" */
#define US_PER_S    1000000U

/* How many of a message's members are there? */
static size_t count_members(const json_t *object, const char *const *names)
{
	size_t count = 0;

	for (; *names != NULL; names++)
		count += json_object_get(object, *names) != NULL;
	return count;
}

/* Copy a text of 1 to room - 1 bytes without control characters. */
static bool take_text(const json_t *value, char *out, size_t room)
{
	const char *text = json_string_value(value);

	if (text == NULL || *text == '\0' || strlen(text) >= room)
		return false;
	for (const char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return false;
	strcpy(out, text);
	return true;
}

static bool take_number(const json_t *value, uint64_t least, uint64_t most, uint64_t *out)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 0 || (uint64_t)number < least || (uint64_t)number > most)
		return false;
	*out = (uint64_t)number;
	return true;
}

/* An epoch, in the one form that records have it in. */
static bool take_epoch(const json_t *value, uint64_t *out_us)
{
	char text[ZR_TIME_TEXT], whole[SECONDS_LEN + 1], again[ZR_TIME_TEXT];
	uint64_t us = 0;
	int64_t s;

	if (!take_text(value, text, sizeof(text)) || strlen(text) != ZR_TIME_TEXT - 1)
		return false;
	memcpy(whole, text, SECONDS_LEN);
	whole[SECONDS_LEN] = 'Z';
	if (zr_timestamp_parse(whole, sizeof(whole), &s) != 0 || s < 0)
		return false;
	for (const char *at = text + SECONDS_LEN + 1; isdigit((unsigned char)*at); at++)
		us = us * 10 + (uint64_t)(*at - '0');
	us += (uint64_t)s * US_PER_S;
	zr_time_format(us, again);
	*out_us = us;
	return strcmp(again, text) == 0;
}

static const char *take_subscribe(const json_t *object, struct zr_message *out)
{
	static const char *const names[] = {"op", "consumer", "window", "last", NULL};
	const json_t *consumer = json_object_get(object, "consumer"), *window = json_object_get(object, "window");
	const json_t *last = json_object_get(object, "last");

	out->op = ZR_MESSAGE_SUBSCRIBE;
	out->window = ZR_WINDOW_DEFAULT;
	if (count_members(object, names) != json_object_size(object))
		return "subscribe has the members consumer, window and last, and no others";
	if (consumer != NULL && !take_text(consumer, out->consumer, sizeof(out->consumer)))
		return "consumer is a text of 1 to 64 bytes without control characters";
	if (window != NULL && !take_number(window, 1, ZR_WINDOW_MAX, &out->window))
		return "window is a number from 1 to 1000000000";
	if (last != NULL && consumer != NULL)
		return "last is for streams without a consumer: a consumer goes on behind its last ack";
	if (last != NULL && !take_number(last, 0, ZR_LAST_MAX, &out->last))
		return "last is a number from 0 to 9007199254740992";
	return NULL;
}

static const char *take_ack(const json_t *object, struct zr_message *out)
{
	static const char *const names[] = {"op", "epoch", "seq", NULL};

	out->op = ZR_MESSAGE_ACK;
	if (count_members(object, names) != json_object_size(object))
		return "ack has the members epoch and seq, and no others";
	if (!take_epoch(json_object_get(object, "epoch"), &out->epoch_us))
		return "ack needs the epoch of the records, as they have it";
	if (!take_number(json_object_get(object, "seq"), 0, INT64_MAX, &out->seq))
		return "ack needs seq, the number of the last record that is safe";
	return NULL;
}

static const char *take_object(const json_t *object, struct zr_message *out)
{
	const char *op = json_string_value(json_object_get(object, "op"));

	if (op == NULL)
		return "a message is a JSON object with a text op: subscribe or ack";
	if (strcmp(op, "subscribe") == 0)
		return take_subscribe(object, out);
	if (strcmp(op, "ack") == 0)
		return take_ack(object, out);
	return "there is no such op: subscribe and ack are known";
}

const char *zr_message_read(const char *line, size_t len, struct zr_message *out)
{
	json_t *object = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	const char *wrong;

	*out = (struct zr_message){0};
	if (object == NULL)
		return "a message is one JSON object a line";
	wrong = take_object(object, out);
	json_decref(object);
	return wrong;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ask_request.h"

#include <errno.h>
#include <string.h>

#define FLOWS_DEFAULT     100
#define ROWS_DEFAULT      20
#define DECISIONS_DEFAULT 20

#define ALL_STATES ((1U << ZR_STATE_COUNT) - 1)

/* Are the members among these, ended by NULL? */
static bool has_only(const json_t *object, const char *const *names)
{
	size_t count = 0;

	for (; *names != NULL; names++)
		count += json_object_get(object, *names) != NULL;
	return count == json_object_size(object);
}

/* A text of at least one byte and at most so many, without zero bytes; NULL: it is none. */
static const char *text_of(const json_t *value, size_t max)
{
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	return text != NULL && len > 0 && len <= max && strlen(text) == len ? text : NULL;
}

static void cut_to_network(struct zr_prefix *prefix)
{
	prefix->len = 64;
	memset(prefix->addr + 8, 0, 8);
}

/* Nothing when it is left out. */
static const char *read_server(const json_t *value, struct zr_prefix *out)
{
	const char *text = text_of(value, ZR_PREFIX_TEXT);
	int err = text != NULL ? zr_prefix_parse(text, strlen(text), out) : -EINVAL;

	if (value == NULL)
		return NULL;
	if (err == -ERANGE)
		return "server has address bits behind its length: clear them";
	return err == 0 ? NULL : "server is an address or a prefix: \"192.0.2.1\", \"2001:db8::/32\"";
}

/* A prefix; of IPv6 an address stands for its /64. */
static const char *read_subscribers(const json_t *value, struct zr_prefix *out)
{
	const char *text = text_of(value, ZR_PREFIX_TEXT);
	int err = text != NULL ? zr_prefix_parse(text, strlen(text), out) : -EINVAL;

	if (value == NULL)
		return NULL;
	if (err == -ERANGE)
		return "subscriber has address bits behind its length: clear them";
	if (err != 0)
		return "subscriber is an address or a prefix: \"10.0.0.1\", \"2001:db8:0:1::/64\"";
	if (out->family == 6 && strchr(text, '/') == NULL)
		cut_to_network(out);
	return NULL;
}

/* One subscriber, which must be given. */
static const char *read_subscriber(const json_t *value, struct zr_prefix *out)
{
	static const char wrong[] = "it needs subscriber, one address: \"10.0.0.1\", \"2001:db8:0:1::/64\"";
	const char *text = text_of(value, ZR_PREFIX_TEXT);

	if (text == NULL || zr_prefix_parse(text, strlen(text), out) != 0 || out->len < (out->family == 4 ? 32 : 64))
		return wrong;
	if (out->family == 6)
		cut_to_network(out);
	return NULL;
}

/* Left out it is what out holds. */
static bool read_number(const json_t *value, uint32_t most, uint32_t *out)
{
	json_int_t number = json_integer_value(value);

	if (value == NULL)
		return true;
	if (!json_is_integer(value) || number < 1 || number > (json_int_t)most)
		return false;
	*out = (uint32_t)number;
	return true;
}

static bool read_text(const json_t *value, size_t max, char *out)
{
	const char *text = text_of(value, max);

	if (value == NULL)
		return true;
	if (text == NULL)
		return false;
	strcpy(out, text);
	return true;
}

static bool read_state(const json_t *value, uint8_t *states)
{
	static const char *const names[] = {
		[ZR_STATE_UNDECIDED] = "undecided", [ZR_STATE_CHARGED] = "charged", [ZR_STATE_FREE] = "free"};
	const char *text = json_string_value(value);

	if (value == NULL)
		return true;
	for (unsigned int i = 0; text != NULL && i < ZR_STATE_COUNT; i++) {
		if (strcmp(text, names[i]) == 0) {
			*states = (uint8_t)(1U << i);
			return true;
		}
	}
	return false;
}

const char *zr_ask_request_flows(const json_t *object, struct zr_ask_request *out)
{
	static const char *const names[] = {"op", "subscriber", "server", "service", "rule", "state", "limit", NULL};
	const char *wrong;

	*out = (struct zr_ask_request){.look = {.states = ALL_STATES}, .limit = FLOWS_DEFAULT};
	if (!has_only(object, names))
		return "flows has the members subscriber, server, service, rule, state and limit, and no others";
	wrong = read_subscribers(json_object_get(object, "subscriber"), &out->look.subscriber);
	if (wrong == NULL)
		wrong = read_server(json_object_get(object, "server"), &out->look.server);
	if (wrong != NULL)
		return wrong;
	if (!read_text(json_object_get(object, "service"), ZR_SERVICE_MAX, out->look.service))
		return "service is a text of 1 to 128 bytes, as the list has it";
	if (!read_text(json_object_get(object, "rule"), ZR_RULE_MAX, out->look.rule))
		return "rule is a text of 1 to 512 bytes, as the list has it";
	if (!read_state(json_object_get(object, "state"), &out->look.states))
		return "state is free, charged or undecided";
	if (!read_number(json_object_get(object, "limit"), ZR_ASK_FLOWS_MAX, &out->limit))
		return "limit is a number from 1 to 10000";
	return NULL;
}

const char *zr_top_by_name(enum zr_top_by by)
{
	static const char *const names[] = {
		[ZR_TOP_SERVICE] = "service", [ZR_TOP_RULE] = "rule", [ZR_TOP_SUBSCRIBER] = "subscriber"};

	return names[by];
}

const char *zr_ask_request_top(const json_t *object, struct zr_ask_request *out)
{
	static const char *const names[] = {"op", "by", "limit", NULL};
	const char *by = json_string_value(json_object_get(object, "by"));

	*out = (struct zr_ask_request){.look = {.states = ALL_STATES}, .limit = ROWS_DEFAULT};
	if (!has_only(object, names))
		return "top has the members by and limit, and no others";
	while (by != NULL && out->by <= ZR_TOP_SUBSCRIBER && strcmp(by, zr_top_by_name(out->by)) != 0)
		out->by++;
	if (by == NULL || out->by > ZR_TOP_SUBSCRIBER)
		return "top needs by: service, rule or subscriber";
	if (!read_number(json_object_get(object, "limit"), ZR_ASK_ROWS_MAX, &out->limit))
		return "limit is a number from 1 to 1000";
	return NULL;
}

const char *zr_ask_request_explain(const json_t *object, struct zr_ask_request *out)
{
	static const char *const names[] = {"op", "subscriber", "server", "limit", NULL};
	const char *wrong;

	*out = (struct zr_ask_request){.limit = DECISIONS_DEFAULT};
	if (!has_only(object, names))
		return "explain has the members subscriber, server and limit, and no others";
	wrong = read_subscriber(json_object_get(object, "subscriber"), &out->look.subscriber);
	if (wrong == NULL)
		wrong = read_server(json_object_get(object, "server"), &out->look.server);
	if (wrong == NULL && !read_number(json_object_get(object, "limit"), ZR_ASK_DECISIONS_MAX, &out->limit))
		wrong = "limit is a number from 1 to 1000";
	return wrong;
}

const char *zr_ask_request_record(const json_t *object, struct zr_ask_request *out)
{
	static const char *const names[] = {"op", "subscriber", "seconds", NULL};
	const char *wrong;

	*out = (struct zr_ask_request){0};
	if (!has_only(object, names))
		return "explain_record has the members subscriber and seconds, and no others";
	wrong = read_subscriber(json_object_get(object, "subscriber"), &out->look.subscriber);
	if (wrong == NULL &&
	    (!read_number(json_object_get(object, "seconds"), ZR_ASK_SECONDS_MAX, &out->seconds) || out->seconds == 0))
		wrong = "explain_record needs seconds: a number from 1 to 3600";
	return wrong;
}

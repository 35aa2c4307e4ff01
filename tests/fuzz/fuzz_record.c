/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any event, any texts: the record stays in its bounds and is one valid JSON object in valid UTF-8; its values, stored and
 * taken back, make the same one. Any values that are taken from storage: a valid object again, and CSV with all its columns.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "control/record/record.h"
#include "rules/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct zr_image {
	struct zr_entry entry;
	uint64_t serial;
};

void zr_image_entry(const struct zr_image *image, uint32_t entry, struct zr_entry *out)
{
	if (entry != 0)
		abort();
	*out = image->entry;
}

uint64_t zr_image_serial(const struct zr_image *image)
{
	return image->serial;
}

/* The input as a source of numbers and texts; zeroes and empty texts behind its end. */
struct source {
	const uint8_t *at, *end;
};

static void take(struct source *s, void *out, size_t len)
{
	size_t left = (size_t)(s->end - s->at);
	size_t count = len < left ? len : left;

	memset(out, 0, len);
	memcpy(out, s->at, count);
	s->at += count;
}

static uint64_t take_number(struct source *s, size_t len)
{
	uint64_t value = 0;

	take(s, &value, len);
	return value;
}

static char *take_bytes(struct source *s, uint32_t *len)
{
	char *text;

	*len = (uint32_t)(take_number(s, 2) % 4096);
	text = calloc(1, (size_t)*len + 1);
	if (text == NULL)
		abort();
	take(s, text, *len);
	return text;
}

static char *take_text(struct source *s)
{
	uint32_t len;

	return take_bytes(s, &len);
}

/* A checker of JSON (RFC 8259): each function returns where its piece ended, NULL when it is none. */
static const char *check_value(const char *at, const char *end, unsigned int depth);

static const char *check_escape(const char *at, const char *end)
{
	if (at < end && memchr("\"\\/bfnrt", *at, 8) != NULL)
		return at + 1;
	if (end - at < 5 || *at != 'u')
		return NULL;
	for (unsigned int i = 1; i < 5; i++) {
		if (memchr("0123456789abcdef", at[i], 16) == NULL)
			return NULL;
	}
	return at + 5;
}

static const char *check_string(const char *at, const char *end)
{
	if (at == end || *at++ != '"')
		return NULL;
	while (at != NULL && at < end && *at != '"') {
		uint32_t code;
		size_t len = zr_utf8_read(at, (size_t)(end - at), &code);

		if (len == 0 || code < ' ')
			return NULL;
		at = *at == '\\' ? check_escape(at + 1, end) : at + len;
	}
	return at != NULL && at < end ? at + 1 : NULL;
}

static const char *check_number(const char *at, const char *end)
{
	const char *first = at;

	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at == first || (*first == '0' && at != first + 1) ? NULL : at;
}

/* What stands between brackets: nothing is never written. */
static const char *check_members(const char *at, const char *end, bool keys, unsigned int depth)
{
	for (;;) {
		if (keys) {
			at = check_string(at, end);
			if (at == NULL || at == end || *at++ != ':')
				return NULL;
		}
		at = check_value(at, end, depth + 1);
		if (at == NULL || at == end)
			return NULL;
		if (*at == (keys ? '}' : ']'))
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
}

static const char *check_value(const char *at, const char *end, unsigned int depth)
{
	if (at == end || depth > 3)
		return NULL;
	if (*at == '{' || *at == '[')
		return check_members(at + 1, end, *at == '{', depth);
	if (*at == '"')
		return check_string(at, end);
	if (end - at >= 4 && memcmp(at, "true", 4) == 0)
		return at + 4;
	if (end - at >= 5 && memcmp(at, "false", 5) == 0)
		return at + 5;
	return check_number(at, end);
}

static void take_usage(struct source *s, struct zr_usage *usage)
{
	*usage = (struct zr_usage){
		.type = take_number(s, 1) % 2,
		.verdict = take_number(s, 1) % 2,
		.reason = (uint8_t)(take_number(s, 1) % ZR_REASON_COUNT),
		.cause = (uint8_t)(take_number(s, 1) % ZR_CAUSE_COUNT),
		.final = take_number(s, 1) & 1,
		.evidence = (uint8_t)take_number(s, 1),
		.flags = (uint8_t)take_number(s, 1),
		.worker = (uint8_t)take_number(s, 1),
		.flow = take_number(s, 8),
		.part = (uint32_t)take_number(s, 4),
		.rule = take_number(s, 1) & 1 ? ZR_ENTRY_NONE : 0,
		.family = (uint8_t)take_number(s, 1),
		.proto = (uint8_t)take_number(s, 1),
		.vlan_count = (uint8_t)(take_number(s, 1) % (ZR_VLANS_MAX + 1)),
		.has_teid_up = take_number(s, 1) & 1,
		.has_teid_down = take_number(s, 1) & 1,
		.domain = (uint16_t)take_number(s, 2),
		.client_port = (uint16_t)take_number(s, 2),
		.server_port = (uint16_t)take_number(s, 2),
		.teid_up = (uint32_t)take_number(s, 4),
		.teid_down = (uint32_t)take_number(s, 4),
		.up_bytes = take_number(s, 8),
		.down_bytes = take_number(s, 8),
		.retro_up_bytes = take_number(s, 8),
		.retro_down_bytes = take_number(s, 8),
		.up_pkts = (uint32_t)take_number(s, 4),
		.down_pkts = (uint32_t)take_number(s, 4),
		.first_us = take_number(s, 8),
		.last_us = take_number(s, 8),
	};
	take(s, &usage->client, sizeof(usage->client));
	take(s, &usage->server, sizeof(usage->server));
	take(s, usage->vlans, sizeof(usage->vlans));
}

/* The object in memory of its own, so that a byte too far is found. Returns its length. */
static size_t encode(const struct zr_record *record, char *out)
{
	size_t len = zr_record_json(record, out);

	if (len > ZR_RECORD_JSON_MAX || out[0] != '{' || (len > 2 && check_value(out, out + len, 0) != out + len))
		abort();
	return len;
}

/* As many fields as columns; every quotation mark inside a field is doubled. */
static void check_csv(const char *at, const char *end)
{
	unsigned int fields = 1;

	if (end - at < 2 || memcmp(end - 2, "\r\n", 2) != 0)
		abort();
	for (end -= 2; at < end; fields++, at++) {
		if (*at == '"') {
			do {
				at = memchr(at + 1, '"', (size_t)(end - at - 1));
				if (at == NULL)
					abort();
				at++;
			} while (at < end && *at == '"');
		} else {
			while (at < end && *at != ',') {
				if (memchr("\"\r\n", *at++, 3) != NULL)
					abort();
			}
		}
		if (at == end)
			break;
		if (*at != ',')
			abort();
	}
	if (at != end || fields != ZR_MEMBER_COUNT)
		abort();
}

static void encode_csv(const struct zr_record *record)
{
	char *out = malloc(ZR_RECORD_CSV_MAX);

	if (out == NULL)
		abort();
	check_csv(out, out + zr_record_csv(record, out));
	check_csv(out, out + zr_record_csv_sheet(record, out));
	free(out);
}

/* Each member is taken back as it is. */
static void check_stored(const struct zr_record *record, const char *line, size_t len)
{
	struct zr_record again;
	char *out = malloc(ZR_RECORD_JSON_MAX);

	if (out == NULL)
		abort();
	zr_record_clear(&again);
	for (unsigned int i = 0; i < ZR_MEMBER_COUNT; i++) {
		if (!zr_record_set(&again, i, &record->members[i]))
			abort();
	}
	if (encode(&again, out) != len || memcmp(out, line, len) != 0)
		abort();
	free(out);
}

/* What a damaged ledger may hold: any text or number for any member. */
static void check_any_values(struct source *s)
{
	struct zr_record record;
	char *texts[ZR_MEMBER_COUNT], *out = malloc(ZR_RECORD_JSON_MAX);

	if (out == NULL)
		abort();
	zr_record_clear(&record);
	for (unsigned int i = 0; i < ZR_MEMBER_COUNT; i++) {
		struct zr_value value = {.kind = (uint8_t)(take_number(s, 1) % 4)};

		texts[i] = take_bytes(s, &value.len);
		if (value.kind == ZR_VALUE_NUMBER)
			value.number = take_number(s, 8);
		else
			value.text = texts[i];
		zr_record_set(&record, i, &value);
	}
	encode(&record, out);
	encode_csv(&record);
	for (unsigned int i = 0; i < ZR_MEMBER_COUNT; i++)
		free(texts[i]);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source s = {.at = data, .end = data + size};
	struct zr_exporter exporter;
	struct zr_image image;
	struct zr_usage usage;
	struct zr_record record;
	uint64_t seq;
	uint8_t which;
	char *out = malloc(ZR_RECORD_JSON_MAX);
	char *gateway, *rule, *service, *name;
	size_t len;

	take_usage(&s, &usage);
	which = (uint8_t)take_number(&s, 1);
	seq = take_number(&s, 8);
	exporter.epoch_us = take_number(&s, 8);
	usage.start = (uint16_t)take_number(&s, 2);
	image.serial = take_number(&s, 8);
	image.entry.rating_group = (uint32_t)take_number(&s, 4);
	image.entry.rule = rule = take_text(&s);
	image.entry.service = service = take_text(&s);
	exporter.gateway = gateway = take_text(&s);
	name = take_text(&s);
	usage.image = which & 1 ? &image : NULL;
	usage.name = which & 2 ? name : NULL;

	zr_record_of_usage(&exporter, seq, &usage, &record);
	len = encode(&record, out);
	check_stored(&record, out, len);
	encode_csv(&record);
	check_any_values(&s);
	free(name);
	free(gateway);
	free(service);
	free(rule);
	free(out);
	return 0;
}

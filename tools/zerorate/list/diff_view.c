/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/list/diff_view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/record/json_writer.h"
#include "tools/zerorate/list/when.h"
#include "tools/zerorate/table.h"

/* What changed, in words: two services, two numbers, four times, and the words between. */
#define DETAILS_MAX 1024
/* Of one JSON line; texts need up to six octets for one. */
#define JSON_MAX 16384

#define SHARED " (shared)"
#define ARROW  " \xe2\x86\x92 "

struct view {
	const struct zr_image *before, *after;
	enum zr_diff_format format;
	struct zr_output *out;
	struct zr_table *table; /* of that format only */
	int64_t count;
};

static const char *const words[ZR_CHANGE_COUNT] = {
	[ZR_CHANGE_ADDED] = "added",     [ZR_CHANGE_REMOVED] = "removed",   [ZR_CHANGE_CHANGED] = "changed",
	[ZR_CHANGE_WIDENED] = "widened", [ZR_CHANGE_NARROWED] = "narrowed",
};

/* Words with commas between them. */
struct details {
	char text[DETAILS_MAX];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void detail(struct details *d, const char *format, ...)
{
	va_list arguments;
	int len;

	if (d->len > 0)
		d->len += (size_t)snprintf(d->text + d->len, sizeof(d->text) - d->len, ", ");
	va_start(arguments, format);
	len = vsnprintf(d->text + d->len, sizeof(d->text) - d->len, format, arguments);
	va_end(arguments);
	d->len += (size_t)len;
}

/* The last second of a window. */
static const char *last_second(int64_t until_s, char out[ZR_LIST_WHEN])
{
	return zr_list_when(until_s - 1, out);
}

static const char *edge(int64_t time_s, bool is_until, char out[ZR_LIST_WHEN])
{
	if (time_s == INT64_MIN || time_s == INT64_MAX)
		return "always";
	return is_until ? last_second(time_s, out) : zr_list_when(time_s, out);
}

static const char *verify_of(const struct zr_entry *e)
{
	return e->verify != ZR_VERIFY_DEFAULT ? zr_verify_word(e->verify) : "default";
}

static const char *bind_of(const struct zr_entry *e)
{
	return e->bind[0] != '\0' ? e->bind : "none";
}

static void describe_one(struct details *d, const struct zr_entry *e)
{
	char when[ZR_LIST_WHEN];

	if (e->rule[0] != '!')
		detail(d, "service %s, rating group %" PRIu32, e->service, e->rating_group);
	if (e->verify != ZR_VERIFY_DEFAULT)
		detail(d, "verify %s%s", zr_verify_word(e->verify), e->shared_intended ? SHARED : "");
	if (e->bind[0] != '\0')
		detail(d, "bind %s", e->bind);
	if (e->from_s != INT64_MIN)
		detail(d, "from %s", zr_list_when(e->from_s, when));
	if (e->until_s != INT64_MAX)
		detail(d, "until %s", last_second(e->until_s, when));
}

static void describe_pair(struct details *d, const struct zr_entry *before, const struct zr_entry *after)
{
	char one[ZR_LIST_WHEN], other[ZR_LIST_WHEN];

	if (strcmp(before->service, after->service) != 0)
		detail(d, "service %s" ARROW "%s", before->service, after->service);
	if (before->rating_group != after->rating_group)
		detail(d, "rating group %" PRIu32 ARROW "%" PRIu32, before->rating_group, after->rating_group);
	if (before->verify != after->verify || before->shared_intended != after->shared_intended)
		detail(d, "verify %s%s" ARROW "%s%s", verify_of(before), before->shared_intended ? SHARED : "",
		       verify_of(after), after->shared_intended ? SHARED : "");
	if (strcmp(before->bind, after->bind) != 0)
		detail(d, "bind %s" ARROW "%s", bind_of(before), bind_of(after));
	if (before->from_s != after->from_s)
		detail(d, "from %s" ARROW "%s", edge(before->from_s, false, one), edge(after->from_s, false, other));
	if (before->until_s != after->until_s)
		detail(d, "until %s" ARROW "%s", edge(before->until_s, true, one), edge(after->until_s, true, other));
}

static void put(struct view *v, const char *text)
{
	zr_output_put(v->out, text, strlen(text));
}

static void put_row(struct view *v, const char *change, const char *match, const char *details)
{
	if (zr_table_full(v->table))
		zr_table_write(v->table, v->out);
	zr_table_cell(v->table, change);
	zr_table_cell(v->table, match);
	zr_table_cell(v->table, details);
}

static void put_line(struct view *v, const char *change, const char *match, const char *details)
{
	char line[16];

	snprintf(line, sizeof(line), "%-9s ", change);
	put(v, line);
	put(v, match);
	if (details[0] != '\0') {
		put(v, ": ");
		put(v, details);
	}
	put(v, "\n");
}

static char *json_entry(char *at, const struct zr_entry *e)
{
	char when[ZR_LIST_WHEN];

	at = zr_json_string(zr_json_raw(at, "{\"match\":"), e->rule, ZR_RULE_MAX * 6);
	if (e->rule[0] != '!') {
		at = zr_json_string(zr_json_raw(at, ",\"service\":"), e->service, ZR_SERVICE_MAX * 6);
		at = zr_json_u64(zr_json_raw(at, ",\"rating_group\":"), e->rating_group);
	}
	if (e->verify != ZR_VERIFY_DEFAULT)
		at = zr_json_string(zr_json_raw(at, ",\"verify\":"), zr_verify_word(e->verify), 16);
	if (e->shared_intended)
		at = zr_json_raw(at, ",\"shared_intended\":true");
	if (e->bind[0] != '\0')
		at = zr_json_string(zr_json_raw(at, ",\"bind\":"), e->bind, ZR_SERVICE_MAX * 6);
	if (e->from_s != INT64_MIN)
		at = zr_json_string(zr_json_raw(at, ",\"from\":"), zr_list_when(e->from_s, when), ZR_LIST_WHEN);
	if (e->until_s != INT64_MAX)
		at = zr_json_string(zr_json_raw(at, ",\"until\":"), last_second(e->until_s, when), ZR_LIST_WHEN);
	return zr_json_raw(at, "}");
}

static void put_json(struct view *v, const char *change, const struct zr_entry *before, const struct zr_entry *after)
{
	char *start = zr_output_room(v->out, JSON_MAX);
	char *at = zr_json_string(zr_json_raw(start, "{\"type\":\"entry\",\"change\":"), change, 16);

	if (before != NULL)
		at = json_entry(zr_json_raw(at, ",\"before\":"), before);
	if (after != NULL)
		at = json_entry(zr_json_raw(at, ",\"after\":"), after);
	at = zr_json_raw(at, "}\n");
	zr_output_add(v->out, (size_t)(at - start));
}

static void tell(void *arg, enum zr_change change, uint32_t before, uint32_t after)
{
	struct zr_entry a, b;
	struct details details = {.text = ""};
	struct view *v = arg;
	char match[2 * ZR_RULE_MAX + sizeof(ARROW)];

	if (before != ZR_ENTRY_NONE)
		zr_image_entry(v->before, before, &a);
	if (after != ZR_ENTRY_NONE)
		zr_image_entry(v->after, after, &b);
	if (v->format == ZR_DIFF_JSON) {
		put_json(v, words[change], before != ZR_ENTRY_NONE ? &a : NULL, after != ZR_ENTRY_NONE ? &b : NULL);
		return;
	}
	if (before != ZR_ENTRY_NONE && after != ZR_ENTRY_NONE)
		describe_pair(&details, &a, &b);
	else
		describe_one(&details, before != ZR_ENTRY_NONE ? &a : &b);
	if (before != ZR_ENTRY_NONE && after != ZR_ENTRY_NONE && strcmp(a.rule, b.rule) != 0)
		snprintf(match, sizeof(match), "%s" ARROW "%s", a.rule, b.rule);
	else
		snprintf(match, sizeof(match), "%s", before != ZR_ENTRY_NONE ? a.rule : b.rule);
	if (v->format == ZR_DIFF_TABLE)
		put_row(v, words[change], match, details.text);
	else
		put_line(v, words[change], match, details.text);
}

/* Show a directive that has another value. */
static void directive(struct view *v, const char *name, const char *before, const char *after)
{
	char text[2 * ZR_ISSUER_MAX + sizeof(ARROW)];
	char *start, *at;

	v->count++;
	if (v->format == ZR_DIFF_JSON) {
		start = zr_output_room(v->out, JSON_MAX);
		at = zr_json_string(zr_json_raw(start, "{\"type\":\"directive\",\"name\":"), name, 16);
		at = zr_json_string(zr_json_raw(at, ",\"before\":"), before, ZR_ISSUER_MAX * 6);
		at = zr_json_raw(zr_json_string(zr_json_raw(at, ",\"after\":"), after, ZR_ISSUER_MAX * 6), "}\n");
		zr_output_add(v->out, (size_t)(at - start));
		return;
	}
	snprintf(text, sizeof(text), "%s" ARROW "%s", before, after);
	if (v->format == ZR_DIFF_TABLE)
		put_row(v, "directive", name, text);
	else
		put_line(v, "directive", name, text);
}

static void compare_directives(struct view *v)
{
	char one[ZR_LIST_WHEN], other[ZR_LIST_WHEN];

	if (zr_image_serial(v->before) != zr_image_serial(v->after)) {
		snprintf(one, sizeof(one), "%" PRIu64, zr_image_serial(v->before));
		snprintf(other, sizeof(other), "%" PRIu64, zr_image_serial(v->after));
		directive(v, "serial", one, other);
	}
	if (strcmp(zr_image_issuer(v->before), zr_image_issuer(v->after)) != 0)
		directive(v, "issuer", zr_image_issuer(v->before), zr_image_issuer(v->after));
	if (zr_image_issued_s(v->before) != zr_image_issued_s(v->after))
		directive(v, "issued", zr_list_when(zr_image_issued_s(v->before), one),
			  zr_list_when(zr_image_issued_s(v->after), other));
	if (zr_image_expires_s(v->before) != zr_image_expires_s(v->after))
		directive(v, "expires", last_second(zr_image_expires_s(v->before), one),
			  last_second(zr_image_expires_s(v->after), other));
}

static void put_counts(struct view *v, const uint64_t counts[ZR_CHANGE_COUNT])
{
	bool json = v->format == ZR_DIFF_JSON;
	char line[64];

	put(v, json ? "{\"type\":\"summary\"" : "");
	for (unsigned int i = 0; i < ZR_CHANGE_COUNT; i++) {
		if (json)
			snprintf(line, sizeof(line), ",\"%s\":%" PRIu64, words[i], counts[i]);
		else
			snprintf(line, sizeof(line), "%s%" PRIu64 " %s", i > 0 ? ", " : "", counts[i], words[i]);
		put(v, line);
	}
	put(v, json ? "}\n" : "\n");
}

int64_t zr_diff_view(const struct zr_image *before, const struct zr_image *after, enum zr_diff_format format,
		     unsigned int width, struct zr_output *out)
{
	static const struct zr_table_column columns[] = {{"CHANGE", false, 0}, {"MATCH", false, 0}, {"WHAT", false, 0}};
	struct view v = {.before = before, .after = after, .format = format, .out = out};
	uint64_t counts[ZR_CHANGE_COUNT];
	int error = 0;

	if (format == ZR_DIFF_TABLE) {
		v.table = malloc(sizeof(*v.table));
		if (v.table == NULL)
			return -ENOMEM;
		zr_table_init(v.table, columns, 3, width);
	}
	compare_directives(&v);
	error = zr_list_diff(v.before, v.after, tell, &v, counts);
	if (error == 0) {
		if (v.table != NULL)
			zr_table_write(v.table, out);
		put_counts(&v, counts);
		for (unsigned int i = 0; i < ZR_CHANGE_COUNT; i++)
			v.count += (int64_t)counts[i];
	}
	free(v.table);
	return error != 0 ? error : v.count;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/list/lookup_view.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "tools/zerorate/list/when.h"
#include "tools/zerorate/text.h"

#define WHY_TEXT 1024

static const struct zr_table_column columns[] = {
	{"ASKED", false, 0},   {"ANSWER", false, 0},      {"ENTRY", false, 0},
	{"SERVICE", false, 0}, {"RATING GROUP", true, 0}, {"WHY", false, 0},
};

static bool has_expired(const struct zr_answer *answer)
{
	return answer->at_s >= zr_image_expires_s(answer->image);
}

bool zr_answer_is_free(const struct zr_answer *answer)
{
	return answer->query->kind != ZR_QUERY_BAD && answer->explanation.match.kind == ZR_MATCH_LISTED &&
	       !has_expired(answer);
}

/* One word, for machines. */
static const char *reason_of(const struct zr_answer *answer)
{
	if (answer->query->kind == ZR_QUERY_BAD)
		return "invalid";
	if (has_expired(answer))
		return "expired";
	switch (answer->explanation.match.kind) {
	case ZR_MATCH_LISTED:
		return "listed";
	case ZR_MATCH_EXCLUDED:
		return "excluded";
	default:
		return "no_match";
	}
}

/* The last second in force, as lists write it. */
static int64_t last_second(const struct zr_entry *entry)
{
	return entry->until_s - 1;
}

/* Why the entry that was found applies, and for how long. */
static void say_listed(const struct zr_answer *answer, const struct zr_entry *entry, char out[WHY_TEXT])
{
	const char *what = "exactly this host is listed";
	char until[ZR_LIST_WHEN];

	if (answer->query->kind == ZR_QUERY_ADDRESS)
		what = "the address lies in a listed block";
	else if (entry->rule[0] == '.')
		what = "the domain is listed with all its subdomains";
	else if (entry->rule[0] == '*')
		what = "the subdomains of a domain are listed";
	if (entry->until_s == INT64_MAX) {
		snprintf(out, WHY_TEXT, "%s", what);
		return;
	}
	zr_list_when(last_second(entry), until);
	snprintf(out, WHY_TEXT, "%s, until %s", what, until);
}

static void say_why(const struct zr_answer *answer, char out[WHY_TEXT])
{
	const struct zr_explanation *explanation = &answer->explanation;
	struct zr_entry entry;
	char time[ZR_LIST_WHEN];

	if (answer->query->kind == ZR_QUERY_BAD) {
		snprintf(out, WHY_TEXT, "%s", answer->query->fault);
	} else if (has_expired(answer)) {
		zr_list_when(zr_image_expires_s(answer->image) - 1, time);
		snprintf(out, WHY_TEXT, "the whole list is in force until %s only", time);
	} else if (explanation->match.kind == ZR_MATCH_LISTED) {
		zr_image_entry(answer->image, explanation->match.entry, &entry);
		say_listed(answer, &entry, out);
	} else if (explanation->match.kind == ZR_MATCH_EXCLUDED) {
		snprintf(out, WHY_TEXT, "an exclusion covers it: it is never free");
	} else {
		snprintf(out, WHY_TEXT, "%s",
			 explanation->count > 0 ? "no entry in force covers it" : "no entry comes near it");
	}
}

/* Why an entry that comes near does not apply. */
static void say_near(const struct zr_answer *answer, const struct zr_near *near, const struct zr_entry *entry,
		     char out[WHY_TEXT])
{
	char time[ZR_LIST_WHEN];

	switch ((enum zr_near_reason)near->reason) {
	case ZR_NEAR_NOT_YET:
		zr_list_when(entry->from_s, time);
		snprintf(out, WHY_TEXT, "covers it, but not before %s", time);
		break;
	case ZR_NEAR_PAST:
		zr_list_when(last_second(entry), time);
		snprintf(out, WHY_TEXT, "covered it until %s", time);
		break;
	case ZR_NEAR_OVERRULED:
		snprintf(out, WHY_TEXT, "would cover it, but the exclusion wins");
		break;
	case ZR_NEAR_EXACT_ONLY:
		snprintf(out, WHY_TEXT, "is exactly that host, without its subdomains");
		break;
	case ZR_NEAR_BELOW_ONLY:
		snprintf(out, WHY_TEXT, "is its subdomains, not the domain itself");
		break;
	case ZR_NEAR_OTHER_PROTO:
		snprintf(out, WHY_TEXT, "covers the address, but not %s",
			 answer->query->proto == 0 ? "every protocol: ask with --proto and --port" : "this protocol");
		break;
	case ZR_NEAR_OTHER_PORTS:
		snprintf(out, WHY_TEXT, "covers the address, but not %s",
			 answer->query->port == 0 ? "every port: ask with --port" : "this port");
		break;
	case ZR_NEAR_SUBDOMAIN:
		snprintf(out, WHY_TEXT, "is below it");
		break;
	case ZR_NEAR_INSIDE_LABEL:
		snprintf(out, WHY_TEXT, "is how it ends, but not from a dot on");
		break;
	case ZR_NEAR_SPELLING:
		snprintf(out, WHY_TEXT, "is spelled otherwise: %u character%s differ%s", near->distance,
			 near->distance == 1 ? "" : "s", near->distance == 1 ? "s" : "");
		break;
	case ZR_NEAR_SIBLING:
		snprintf(out, WHY_TEXT, "is another name below the same domain");
		break;
	case ZR_NEAR_NEIGHBOUR:
		snprintf(out, WHY_TEXT, "is a block beside it");
		break;
	case ZR_NEAR_REASON_COUNT:
		break;
	}
}

/* A member of text; JSON wants UTF-8, which what was typed may not be. */
static void put_text(json_t *object, const char *member, const char *text)
{
	char clean[1024];

	zr_text_clean(clean, sizeof(clean), text);
	json_object_set_new(object, member, json_string(clean));
}

static void put_time(json_t *object, const char *member, int64_t time_s)
{
	char text[ZR_LIST_WHEN];

	zr_list_when(time_s, text);
	put_text(object, member, text);
}

static void put_entry(json_t *object, const struct zr_image *image, uint32_t number)
{
	struct zr_entry entry;

	zr_image_entry(image, number, &entry);
	put_text(object, "rule", entry.rule);
	if (entry.rule[0] != '!') {
		put_text(object, "service", entry.service);
		json_object_set_new(object, "rating_group", json_integer(entry.rating_group));
	}
	if (entry.verify != ZR_VERIFY_DEFAULT)
		put_text(object, "verify", zr_verify_word(entry.verify));
	if (entry.bind[0] != '\0')
		put_text(object, "bind", entry.bind);
	if (entry.from_s != INT64_MIN)
		put_time(object, "from", entry.from_s);
	if (entry.until_s != INT64_MAX)
		put_time(object, "until", last_second(&entry));
}

static json_t *near_json(const struct zr_answer *answer)
{
	json_t *all = json_array();

	for (unsigned int i = 0; i < answer->explanation.count; i++) {
		const struct zr_near *near = &answer->explanation.near[i];
		json_t *object = json_object();
		struct zr_entry entry;
		char why[WHY_TEXT];

		zr_image_entry(answer->image, near->entry, &entry);
		say_near(answer, near, &entry, why);
		put_entry(object, answer->image, near->entry);
		put_text(object, "reason", zr_near_word(near->reason));
		put_text(object, "why", why);
		json_array_append_new(all, object);
	}
	return all;
}

char *zr_answer_json(const struct zr_answer *answer)
{
	json_t *object = json_object();
	char why[WHY_TEXT];
	char *line;

	say_why(answer, why);
	put_text(object, "query", answer->query->text);
	json_object_set_new(object, "free", json_boolean(zr_answer_is_free(answer)));
	put_text(object, "reason", reason_of(answer));
	put_text(object, "why", why);
	if (answer->query->kind != ZR_QUERY_BAD && answer->explanation.match.kind != ZR_MATCH_NONE)
		put_entry(object, answer->image, answer->explanation.match.entry);
	if (answer->explanation.count > 0)
		json_object_set_new(object, "near", near_json(answer));
	if (answer->explanation.left_out > 0)
		json_object_set_new(object, "near_left_out", json_integer((json_int_t)answer->explanation.left_out));
	put_time(object, "at", answer->at_s);
	json_object_set_new(object, "list_serial", json_integer((json_int_t)zr_image_serial(answer->image)));
	line = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	return line;
}

void zr_answer_table_init(struct zr_table *table)
{
	/* As wide as it needs to be: a reason that is cut is none. */
	zr_table_init(table, columns, sizeof(columns) / sizeof(columns[0]), 0);
}

/* entry: NULL when there is none. */
static void add_row(struct zr_table *table, struct zr_output *out, const char *asked, const char *answer,
		    const struct zr_entry *entry, const char *why)
{
	bool has_tariff = entry != NULL && entry->rule[0] != '!';

	if (zr_table_full(table))
		zr_table_write(table, out);
	zr_table_cell(table, asked);
	zr_table_cell(table, answer);
	zr_table_cell(table, entry != NULL ? entry->rule : "-");
	zr_table_cell(table, has_tariff ? entry->service : "-");
	if (has_tariff)
		zr_table_cell_number(table, entry->rating_group);
	else
		zr_table_cell(table, "-");
	zr_table_cell(table, why);
}

void zr_answer_table_add(struct zr_table *table, struct zr_output *out, const struct zr_answer *answer)
{
	const struct zr_explanation *explanation = &answer->explanation;
	bool has_entry = answer->query->kind != ZR_QUERY_BAD && explanation->match.kind != ZR_MATCH_NONE;
	struct zr_entry entry;
	char why[WHY_TEXT];

	if (has_entry)
		zr_image_entry(answer->image, explanation->match.entry, &entry);
	say_why(answer, why);
	add_row(table, out, answer->query->text, zr_answer_is_free(answer) ? "free" : "charged",
		has_entry ? &entry : NULL, why);
	for (unsigned int i = 0; i < explanation->count; i++) {
		zr_image_entry(answer->image, explanation->near[i].entry, &entry);
		say_near(answer, &explanation->near[i], &entry, why);
		add_row(table, out, "", "near", &entry, why);
	}
	if (explanation->left_out > 0) {
		snprintf(why, sizeof(why), "%" PRIu64 " more come near it", explanation->left_out);
		add_row(table, out, "", "", NULL, why);
	}
}

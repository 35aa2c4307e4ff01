/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of members against what is documented (the paths are arguments), and every record's JSON against the table:
 * which members, in which order, of which types.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/record/events.h"

#define EVENTS   20000
#define NAMES    64
#define NAME_LEN 64

static const char *readme_path, *manual_path;

/* Columns' names as a document tells them. */
struct names {
	unsigned int count;
	char texts[NAMES][NAME_LEN];
};

static void add(struct names *names, const char *before, const char *text, size_t len)
{
	assert_true(names->count < NAMES && strlen(before) + len < NAME_LEN);
	sprintf(names->texts[names->count++], "%s%.*s", before, (int)len, text);
}

/*
 * The names between marks (` or *) in the first cell of a row. Behind `subscriber:` they are members of that object.
 */
static void read_cell(const char *cell, const char *end, char mark, struct names *names)
{
	const char *before = "";

	while ((cell = memchr(cell, mark, (size_t)(end - cell))) != NULL) {
		const char *close = memchr(cell + 1, mark, (size_t)(end - cell - 1));

		assert_non_null(close);
		if (close + 1 < end && close[1] == ':')
			before = "subscriber_";
		else
			add(names, before, cell + 1, (size_t)(close - cell - 1));
		cell = close + 1;
	}
}

/* The first cells of the rows that begin with `row`, from the line `heading` to the next one that begins with `next`. */
static void read_table(const char *path, const char *heading, const char *next, const char *row, char mark,
		       struct names *names)
{
	FILE *file = fopen(path, "r");
	char line[4096];
	bool inside = false;

	assert_non_null(file);
	names->count = 0;
	while (fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, next, strlen(next)) == 0)
			inside = strcmp(line, heading) == 0;
		else if (inside && strncmp(line, row, strlen(row)) == 0) {
			const char *cell = line + strlen(row), *end = strstr(cell, " |");

			read_cell(cell, end != NULL ? end : cell + strlen(cell), mark, names);
		}
	}
	fclose(file);
}

static void check_names(const struct names *names)
{
	for (unsigned int i = 0; i < names->count && i < ZR_MEMBER_COUNT; i++)
		assert_string_equal(names->texts[i], zr_member_column(i));
	assert_int_equal(names->count, ZR_MEMBER_COUNT);
}

static void test_readme(void **state)
{
	struct names names;

	(void)state;
	read_table(readme_path, "## The record", "## ", "| ", '`', &names);
	check_names(&names);
}

static void test_manual(void **state)
{
	struct names names;

	(void)state;
	read_table(manual_path, "# MEMBERS", "# ", "|  ", '*', &names);
	check_names(&names);
}

/* Every word that a record may have is told, in bold. */
static void test_words(void **state)
{
	static const char *const words[] = {
#define X(id, name, verdict) "*" name "*",
		ZR_REASONS(X)
#undef X
#define X(id, name) "*" name "*",
			ZR_CAUSES(X) ZR_EVIDENCE(X) ZR_FLAGS(X) ZR_LOSS_CAUSES(X)
#undef X
	};
	static char manual[1 << 16];
	FILE *file = fopen(manual_path, "r");
	size_t len;

	(void)state;
	assert_non_null(file);
	len = fread(manual, 1, sizeof(manual) - 1, file);
	fclose(file);
	assert_in_range(len, 1, sizeof(manual) - 2);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strstr(manual, words[i]) == NULL)
			fail_msg("%s does not tell what %s means", manual_path, words[i]);
	}
}

/* Each column is the member's name, or its object's and its own. */
static void test_columns(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ZR_MEMBER_COUNT; i++) {
		char column[NAME_LEN];
		bool nested = i >= ZR_MEMBER_SUBSCRIBER_IP && i <= ZR_MEMBER_SUBSCRIBER_TEID_DOWN;

		sprintf(column, "%s%s", nested ? "subscriber_" : "", zr_member_name(i));
		assert_string_equal(column, zr_member_column(i));
	}
}

static void check_array(const json_t *value, int type)
{
	size_t i;
	json_t *item;

	assert_true(json_is_array(value));
	assert_int_not_equal(json_array_size(value), 0);
	json_array_foreach(value, i, item) assert_int_equal(json_typeof(item), type);
}

static void check_type(enum zr_member member, const json_t *value)
{
	switch (zr_member_form(member)) {
	case ZR_FORM_WORD:
	case ZR_FORM_STRING:
		assert_true(json_is_string(value));
		break;
	case ZR_FORM_NUMBER:
		assert_true(json_is_integer(value));
		break;
	case ZR_FORM_BOOL:
		assert_true(json_is_boolean(value));
		break;
	case ZR_FORM_WORDS:
		check_array(value, JSON_STRING);
		break;
	case ZR_FORM_NUMBERS:
		check_array(value, JSON_INTEGER);
		break;
	case ZR_FORM_PROTO:
		assert_true(json_is_integer(value) || strcmp(json_string_value(value), "tcp") == 0 ||
			    strcmp(json_string_value(value), "udp") == 0);
	}
}

/* The members of an object from `first` to `last`, in order; none else. */
static void check_object(json_t *object, const struct zr_record *record, enum zr_member first, enum zr_member last)
{
	void *at = json_object_iter(object);

	for (unsigned int i = first; i <= last; i++) {
		if (record->members[i].kind == ZR_VALUE_NONE)
			continue;
		if (i == ZR_MEMBER_SUBSCRIBER_IP && first != i) {
			assert_non_null(at);
			assert_string_equal(json_object_iter_key(at), "subscriber");
			check_object(json_object_iter_value(at), record, i, ZR_MEMBER_SUBSCRIBER_TEID_DOWN);
			i = ZR_MEMBER_SUBSCRIBER_TEID_DOWN;
		} else {
			assert_non_null(at);
			assert_string_equal(json_object_iter_key(at), zr_member_name(i));
			check_type(i, json_object_iter_value(at));
		}
		at = json_object_iter_next(object, at);
	}
	assert_null(at);
}

static void test_random_records(void **state)
{
	struct random random = {.state = 8259};

	(void)state;
	for (unsigned int i = 0; i < EVENTS; i++) {
		static struct event event;
		struct zr_record record;
		char line[ZR_RECORD_JSON_MAX];
		json_t *object;

		event_random(&random, INT64_MAX, &event); /* jansson's numbers are signed */
		event_record(&random, i, &event, &record);
		object = json_loadb(line, zr_record_json(&record, line), JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(object);
		check_object(object, &record, 0, ZR_MEMBER_COUNT - 1);
		json_decref(object);
	}
}

/* Members that a record of each type always has. */
static void check_has(const struct zr_record *record, const enum zr_member *members, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		assert_int_not_equal(record->members[members[i]].kind, ZR_VALUE_NONE);
}

static void test_always_there(void **state)
{
	static const enum zr_member identity[] = {ZR_MEMBER_TYPE, ZR_MEMBER_GATEWAY, ZR_MEMBER_EPOCH, ZR_MEMBER_SEQ};
	static const enum zr_member flow[] = {ZR_MEMBER_FLOW,          ZR_MEMBER_VERDICT,   ZR_MEMBER_REASON,
					      ZR_MEMBER_SUBSCRIBER_IP, ZR_MEMBER_PROTO,     ZR_MEMBER_CLIENT_IP,
					      ZR_MEMBER_CLIENT_PORT,   ZR_MEMBER_SERVER_IP, ZR_MEMBER_SERVER_PORT,
					      ZR_MEMBER_DOMAIN};
	static const enum zr_member volume[] = {ZR_MEMBER_UP_BYTES, ZR_MEMBER_UP_PKTS, ZR_MEMBER_DOWN_BYTES,
						ZR_MEMBER_DOWN_PKTS};
	struct random random = {.state = 1};

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		static struct event event;
		struct zr_record record;

		event_random(&random, INT64_MAX, &event);
		zr_record_of_usage(&event.exporter, i, &event.usage, &record);
		check_has(&record, identity, sizeof(identity) / sizeof(identity[0]));
		check_has(&record, flow, sizeof(flow) / sizeof(flow[0]));
		if (event.usage.type == ZR_USAGE_PART)
			check_has(&record, volume, sizeof(volume) / sizeof(volume[0]));
		else
			assert_int_equal(record.members[ZR_MEMBER_UP_BYTES].kind, ZR_VALUE_NONE);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readme),         cmocka_unit_test(test_manual),
		cmocka_unit_test(test_words),          cmocka_unit_test(test_columns),
		cmocka_unit_test(test_random_records), cmocka_unit_test(test_always_there),
	};

	if (argc != 3) {
		fprintf(stderr, "usage: test_member README.md zerorate-records.5.scd\n");
		return 2;
	}
	readme_path = argv[1];
	manual_path = argv[2];
	return cmocka_run_group_tests(tests, NULL, NULL);
}

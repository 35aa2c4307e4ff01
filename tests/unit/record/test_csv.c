/* SPDX-License-Identifier: BSD-3-Clause */
/* CSV: a reader of RFC 4180 finds every value again, and a spreadsheet finds no formula. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rules/utf8.h"
#include "tests/support/guard.h"
#include "tests/unit/record/events.h"

#define EVENTS 20000

/* A line taken apart. */
struct fields {
	unsigned int count;
	size_t lens[ZR_MEMBER_COUNT + 1];
	char texts[ZR_MEMBER_COUNT + 1][ZR_RECORD_CSV_MAX];
};

static void add(struct fields *fields, char c)
{
	fields->texts[fields->count][fields->lens[fields->count]++] = c;
}

/* A field in quotes, behind its first one; returns what is behind its last. */
static const char *read_quoted(struct fields *fields, const char *at, const char *end)
{
	for (;; at++) {
		assert_true(at < end);
		if (*at == '"' && (at + 1 == end || at[1] != '"'))
			return at + 1;
		if (*at == '"')
			at++;
		add(fields, *at);
	}
}

/* RFC 4180, section 2. */
static void read_line(const char *line, size_t len, struct fields *fields)
{
	const char *at = line, *end = line + len - 2;

	assert_true(len >= 2);
	assert_memory_equal(end, "\r\n", 2);
	for (fields->count = 0;; at++) {
		assert_true(fields->count <= ZR_MEMBER_COUNT);
		fields->lens[fields->count] = 0;
		if (at < end && *at == '"')
			at = read_quoted(fields, at + 1, end);
		else
			for (; at < end && *at != ','; at++) {
				assert_null(memchr("\"\r\n", *at, 3));
				add(fields, *at);
			}
		fields->count++;
		if (at == end)
			break;
		assert_int_equal(*at, ',');
	}
	assert_int_equal(fields->count, ZR_MEMBER_COUNT);
}

/* The text as it must be read: bytes that are not UTF-8 became U+FFFD. */
static size_t as_utf8(const struct zr_value *value, char *out)
{
	const char *text = value->text, *end = text + value->len;
	char *at = out;

	while (text < end) {
		uint32_t code;
		size_t len = zr_utf8_read(text, (size_t)(end - text), &code);

		memcpy(at, len > 0 ? text : "\xef\xbf\xbd", len > 0 ? len : 3);
		at += len > 0 ? len : 3;
		text += len > 0 ? len : 1;
	}
	return (size_t)(at - out);
}

static size_t expected(enum zr_member member, const struct zr_value *value, char *out)
{
	if (value->kind == ZR_VALUE_NONE)
		return 0;
	if (value->kind == ZR_VALUE_TEXT)
		return as_utf8(value, out);
	if (zr_member_form(member) == ZR_FORM_BOOL)
		return (size_t)sprintf(out, "%s", value->number != 0 ? "true" : "false");
	return (size_t)sprintf(out, "%" PRIu64, value->number);
}

static bool is_risky(const char *text, size_t len)
{
	return len > 0 && memchr("=+-@\t\r\n'", text[0], 8) != NULL;
}

static void check_field(enum zr_member member, const struct zr_value *value, const struct fields *plain,
			const struct fields *sheet)
{
	char text[ZR_RECORD_CSV_MAX];
	size_t len = expected(member, value, text);
	bool marked = is_risky(text, len);
	const char *shown = sheet->texts[member];

	assert_int_equal(plain->lens[member], len);
	assert_memory_equal(plain->texts[member], text, len);
	assert_int_equal(sheet->lens[member], len + marked);
	assert_memory_equal(shown + marked, text, len);
	assert_true(!marked || shown[0] == '\'');
	assert_true(!marked || zr_member_form(member) == ZR_FORM_STRING);
	assert_true(len == 0 || memchr("=+-@\t\r\n", shown[0], 7) == NULL);
}

static void test_random_records(void **state)
{
	static const uint8_t blank[ZR_RECORD_CSV_MAX];
	static struct fields plain, sheet;
	struct random random = {.state = 4180};
	struct guard guard;
	char *out = (char *)guard_copy(&guard, blank, sizeof(blank));
	unsigned int marked = 0;

	(void)state;
	for (unsigned int i = 0; i < EVENTS; i++) {
		struct zr_record record;
		static struct event event;
		size_t len;

		event_random(&random, UINT64_MAX, &event);
		event_record(&random, i, &event, &record);
		len = zr_record_csv(&record, out);
		read_line(out, len, &plain);
		marked += zr_record_csv_sheet(&record, out) > len;
		read_line(out, zr_record_csv_sheet(&record, out), &sheet);
		for (unsigned int m = 0; m < ZR_MEMBER_COUNT; m++)
			check_field(m, &record.members[m], &plain, &sheet);
	}
	assert_in_range(marked, EVENTS / 100, EVENTS);
	guard_free(&guard);
}

static void check_rule(const char *rule, const char *plain, const char *sheet)
{
	struct zr_record record;
	char out[ZR_RECORD_CSV_MAX], line[ZR_RECORD_CSV_MAX];
	const struct zr_value value = {.kind = ZR_VALUE_TEXT, .len = (uint32_t)strlen(rule), .text = rule};

	zr_record_clear(&record);
	assert_true(zr_record_set(&record, ZR_MEMBER_RULE, &value));
	out[zr_record_csv(&record, out)] = '\0';
	sprintf(line, ",,,,,,,,,,,,%s,,,,,,,,,,,,,,,,,,,,,,,,,\r\n", plain);
	assert_string_equal(out, line);
	out[zr_record_csv_sheet(&record, out)] = '\0';
	sprintf(line, ",,,,,,,,,,,,%s,,,,,,,,,,,,,,,,,,,,,,,,,\r\n", sheet);
	assert_string_equal(out, line);
}

static void test_quotes(void **state)
{
	(void)state;
	check_rule(".olm.vn", ".olm.vn", ".olm.vn");
	check_rule("203.162.10.0/24 udp 8801-8810", "203.162.10.0/24 udp 8801-8810", "203.162.10.0/24 udp 8801-8810");
	check_rule("a,b", "\"a,b\"", "\"a,b\"");
	check_rule("\"a\"", "\"\"\"a\"\"\"", "\"\"\"a\"\"\"");
	check_rule("a\r\nb", "\"a\r\nb\"", "\"a\r\nb\"");
	check_rule(" a", "\" a\"", "\" a\"");
	check_rule("a ", "\"a \"", "\"a \"");
	check_rule(" ", "\" \"", "\" \"");
}

static void test_formulas(void **state)
{
	(void)state;
	check_rule("=1+1", "=1+1", "'=1+1");
	check_rule("+1", "+1", "'+1");
	check_rule("-a.olm.vn", "-a.olm.vn", "'-a.olm.vn");
	check_rule("@a", "@a", "'@a");
	check_rule("\t=1", "\t=1", "'\t=1");
	check_rule("\n=1", "\"\n=1\"", "\"'\n=1\"");
	check_rule("'a", "'a", "''a");
	check_rule("=\"a,\"", "\"=\"\"a,\"\"\"", "\"'=\"\"a,\"\"\"");
	check_rule("a=1", "a=1", "a=1");
}

static void test_header(void **state)
{
	static struct fields fields;
	char out[ZR_RECORD_CSV_MAX];

	(void)state;
	read_line(out, zr_record_csv_header(out), &fields);
	for (unsigned int i = 0; i < ZR_MEMBER_COUNT; i++) {
		assert_int_equal(fields.lens[i], strlen(zr_member_column(i)));
		assert_memory_equal(fields.texts[i], zr_member_column(i), fields.lens[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_records),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_formulas),
		cmocka_unit_test(test_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

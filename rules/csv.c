/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/csv.h"

#include <string.h>
#include <strings.h>

#include "rules/utf8.h"

static bool at_newline(const struct zr_csv *csv)
{
	return csv->at < csv->len && (csv->source[csv->at] == '\n' || csv->source[csv->at] == '\r');
}

static void take_newline(struct zr_csv *csv)
{
	bool cr = csv->source[csv->at++] == '\r';

	if (cr && csv->at < csv->len && csv->source[csv->at] == '\n')
		csv->at++;
	csv->line++;
	csv->line_at = csv->at;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct zr_csv *csv)
{
	while (csv->at < csv->len && is_blank(csv->source[csv->at]))
		csv->at++;
}

/* The first separator outside quotes settles which one it is. */
static bool at_separator(struct zr_csv *csv)
{
	char c = csv->at < csv->len ? csv->source[csv->at] : '\0';

	if (csv->separator == 0 && (c == ',' || c == ';'))
		csv->separator = c;
	return c != '\0' && c == csv->separator;
}

static bool at_field_end(struct zr_csv *csv)
{
	return csv->at == csv->len || at_newline(csv) || at_separator(csv);
}

struct zr_place zr_csv_place(const struct zr_csv *csv, const struct zr_csv_field *field, size_t offset)
{
	size_t octets = field->at + offset - field->line_at;

	return (struct zr_place){
		.line = field->line,
		.column = (unsigned int)zr_utf8_count(csv->source + field->line_at, octets) + 1,
	};
}

/* Places cost a walk over their line, so that no more of them are asked for than fields are kept. */
static void report_fault(const struct zr_csv *csv, const struct zr_csv_field *field, size_t offset, const char *fault)
{
	if (!csv->full)
		zr_report(csv->report, zr_csv_place(csv, field, offset), "%s", fault);
}

static struct zr_csv_field field_here(const struct zr_csv *csv)
{
	return (struct zr_csv_field){
		.text = csv->copy + csv->at, .line = csv->line, .line_at = csv->line_at, .at = csv->at};
}

static void trim(struct zr_csv_field *field)
{
	size_t blanks = zr_utf8_blanks(field->text, field->len);

	field->text += blanks;
	field->at += blanks;
	field->len = zr_utf8_trimmed(field->text, field->len - blanks);
}

/* Up to the end of the line, a comment: what a spreadsheet made of it may end with separators. */
static void read_comment(struct zr_csv *csv, struct zr_csv_field *field)
{
	*field = field_here(csv);
	while (csv->at < csv->len && !at_newline(csv))
		csv->at++;
	field->len = csv->at - field->at;
	while (field->len > 0 && strchr(",; \t", field->text[field->len - 1]) != NULL)
		field->len--;
	field->len = zr_utf8_trimmed(field->text, field->len);
}

/* Nearly all octets of a list can neither end a field nor be a quote. */
static bool is_plain(char c)
{
	return c != ',' && c != ';' && c != '\n' && c != '\r' && c != '"';
}

static void read_plain(struct zr_csv *csv, struct zr_csv_field *field)
{
	size_t quote = 0;

	*field = field_here(csv);
	for (; csv->at < csv->len; csv->at++) {
		if (is_plain(csv->source[csv->at]))
			continue;
		if (at_field_end(csv))
			break;
		if (csv->source[csv->at] == '"' && quote == 0)
			quote = csv->at;
	}
	field->len = csv->at - field->at;
	if (quote != 0)
		report_fault(csv, field, quote - field->at,
			     "a quote inside a field: put the whole field in quotes and write this quote twice");
}

/* At an opening quote. Decodes up to the closing one; false, with nothing taken, when there is none. */
static bool take_quoted(struct zr_csv *csv, struct zr_csv_field *field)
{
	struct zr_csv start = *csv;
	char *to;

	csv->at++;
	*field = field_here(csv);
	to = csv->copy + csv->at;
	while (csv->at < csv->len) {
		size_t begin = csv->at;

		if (csv->source[csv->at] == '"') {
			csv->at++;
			if (csv->at == csv->len || csv->source[csv->at] != '"') {
				field->len = (size_t)(to - field->text);
				return true;
			}
			begin = csv->at++;
		} else if (at_newline(csv)) {
			take_newline(csv);
		} else {
			csv->at++;
		}
		memmove(to, csv->source + begin, csv->at - begin);
		to += csv->at - begin;
	}
	*csv = start;
	return false;
}

static void read_quoted(struct zr_csv *csv, struct zr_csv_field *field)
{
	struct zr_csv_field quote = field_here(csv), rest;

	if (!take_quoted(csv, field)) {
		report_fault(csv, &quote, 0,
			     "this quote is never closed: close it, or write it twice inside a quoted field");
		memcpy(csv->copy + csv->at, csv->source + csv->at, csv->len - csv->at);
		csv->at++;
		*field = field_here(csv);
		while (!at_field_end(csv))
			csv->at++;
		field->len = csv->at - field->at;
		return;
	}
	skip_blanks(csv);
	if (at_field_end(csv))
		return;
	rest = field_here(csv);
	while (!at_field_end(csv))
		csv->at++;
	report_fault(csv, &rest, 0,
		     "text behind the closing quote: remove it, or write a quote that belongs to the text twice");
}

/* The fields of one line, or more when newlines are quoted; up to and including the newline that ends it. */
static void read_fields(struct zr_csv *csv, struct zr_csv_record *record)
{
	struct zr_csv_field field;

	for (;;) {
		csv->full = record->count == ZR_CSV_FIELDS_MAX;
		skip_blanks(csv);
		if (csv->at < csv->len && csv->source[csv->at] == '"')
			read_quoted(csv, &field);
		else
			read_plain(csv, &field);
		trim(&field);
		if (!csv->full)
			record->fields[record->count++] = field;
		if (!at_separator(csv))
			break;
		csv->at++;
	}
	if (at_newline(csv))
		take_newline(csv);
}

static bool is_blank_record(const struct zr_csv_record *record)
{
	for (unsigned int i = 0; i < record->count; i++)
		if (record->fields[i].len > 0)
			return false;
	return true;
}

void zr_csv_take_separator_line(struct zr_csv *csv)
{
	const char *at = csv->source + csv->at;
	size_t left = csv->len - csv->at, quote = left > 0 && at[0] == '"', len = strlen("sep=");
	struct zr_place place = {.line = csv->line, .column = 1};
	char separator;

	if (left < quote * 2 + len + 1 || strncasecmp(at + quote, "sep=", len) != 0)
		return;
	separator = at[quote + len];
	len += quote * 2 + 1;
	if ((quote == 1 && at[len - 1] != '"') || (len < left && at[len] != '\n' && at[len] != '\r'))
		return;
	if (separator == ',' || separator == ';')
		csv->separator = separator;
	else
		zr_report(csv->report, place,
			  "the fields are not separated by commas or semicolons: save the list as \"CSV UTF-8\"");
	csv->at += len;
	if (at_newline(csv))
		take_newline(csv);
}

bool zr_csv_next(struct zr_csv *csv, struct zr_csv_record *record)
{
	do {
		if (csv->at == csv->len)
			return false;
		record->count = 0;
		record->comment = false;
		skip_blanks(csv);
		if (csv->at < csv->len && csv->source[csv->at] == '#') {
			read_comment(csv, &record->fields[record->count++]);
			if (at_newline(csv))
				take_newline(csv);
		} else {
			read_fields(csv, record);
		}
	} while (is_blank_record(record));
	record->comment = record->fields[0].len > 0 && record->fields[0].text[0] == '#';
	return true;
}

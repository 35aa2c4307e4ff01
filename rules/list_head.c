/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/list_head.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "rules/cell.h"
#include "rules/image.h"
#include "rules/timestamp.h"
#include "rules/utf8.h"

static const char *const column_names[ZR_COLUMN_COUNT] = {
	"match", "service", "rating_group", "from", "until", "verify", "bind", "owner", "note",
};

static const bool column_is_required[ZR_COLUMN_COUNT] = {
	[ZR_COLUMN_MATCH] = true,
	[ZR_COLUMN_SERVICE] = true,
	[ZR_COLUMN_RATING_GROUP] = true,
};

static const char *const directive_names[ZR_DIRECTIVE_COUNT] = {"serial", "issuer", "issued", "expires"};

/* Longest word that is compared with the known ones. */
#define WORD_MAX 32

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edit distance (Levenshtein), upper case taken for lower; more than WORD_MAX for a longer word. */
static size_t distance(const char *word, size_t len, const char *known)
{
	size_t row[WORD_MAX + 1], known_len = strlen(known);

	if (len > WORD_MAX)
		return WORD_MAX + 1;
	for (size_t i = 0; i <= len; i++)
		row[i] = i;
	for (size_t k = 1; k <= known_len; k++) {
		size_t diagonal = row[0];

		row[0] = k;
		for (size_t i = 1; i <= len; i++) {
			bool same = tolower((unsigned char)word[i - 1]) == known[k - 1];
			size_t changed = diagonal + (same ? 0 : 1);

			diagonal = row[i];
			row[i] = least(changed, least(row[i], row[i - 1]) + 1);
		}
	}
	return row[len];
}

/* The known word that was probably meant, or count. A third of its letters may be wrong. */
static unsigned int nearest(const char *word, size_t len, const char *const *known, unsigned int count)
{
	unsigned int best = count;
	size_t best_distance = WORD_MAX;

	for (unsigned int i = 0; i < count; i++) {
		size_t d = distance(word, len, known[i]);

		if (d < best_distance && d <= (strlen(known[i]) + 1) / 3) {
			best = i;
			best_distance = d;
		}
	}
	return best;
}

/* Spreadsheets for telephones begin cells with a capital: upper case makes no difference. */
static unsigned int find_word(const char *word, size_t len, const char *const *known, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (strlen(known[i]) == len && strncasecmp(known[i], word, len) == 0)
			return i;
	return count;
}

/* Append a word to a list of words in text. */
static void add_word(char *text, size_t room, const char *word)
{
	size_t len = strlen(text);

	snprintf(text + len, room - len, "%s%s", len > 0 ? ", " : "", word);
}

/* The directive that a word names, or was meant to name; ZR_DIRECTIVE_COUNT, reported, when it is none. */
static unsigned int directive_of(const struct zr_csv *csv, struct zr_place place, const char *word, size_t len)
{
	unsigned int found = find_word(word, len, directive_names, ZR_DIRECTIVE_COUNT);

	if (found < ZR_DIRECTIVE_COUNT)
		return found;
	found = nearest(word, len, directive_names, ZR_DIRECTIVE_COUNT);
	if (found < ZR_DIRECTIVE_COUNT)
		zr_report(csv->report, place, "unknown directive \"%.*s\": write %s", zr_report_excerpt(word, len),
			  word, directive_names[found]);
	else
		zr_report(csv->report, place,
			  "unknown directive \"%.*s\": serial, issuer, issued and expires are known",
			  zr_report_excerpt(word, len), word);
	return found;
}

static bool is_issuer(const char *value, size_t len)
{
	return len > 0 && len <= ZR_ISSUER_MAX && !zr_utf8_has_control(value, len);
}

static bool read_value(enum zr_directive directive, const char *value, size_t len, struct zr_list *list)
{
	switch (directive) {
	case ZR_DIRECTIVE_SERIAL:
		return zr_cell_number(value, len, INT64_MAX, &list->serial) && list->serial > 0;
	case ZR_DIRECTIVE_ISSUED:
		return zr_timestamp_parse(value, len, &list->issued_s) == 0;
	case ZR_DIRECTIVE_EXPIRES:
		if (zr_timestamp_parse(value, len, &list->expires_s) != 0)
			return false;
		list->expires_s++;
		return true;
	default:
		return is_issuer(value, len);
	}
}

static int add_issuer(struct zr_list *list, const char *value, size_t len)
{
	char text[ZR_ISSUER_MAX + 1];

	memcpy(text, value, len);
	text[len] = '\0';
	return zr_list_intern_add(&list->texts, text, len + 1, &list->issuer);
}

static int read_directive(struct zr_list_head *head, struct zr_list *list, const struct zr_csv *csv,
			  struct zr_place place, unsigned int directive, const char *value, size_t len)
{
	static const char *const examples[ZR_DIRECTIVE_COUNT] = {
		"a number from 1 to 9223372036854775807, like 2026112201",
		"who issues the list, in one line of at most 256 octets",
		ZR_TIMESTAMP_FORM "2026-11-22T00:00:00+07:00",
		ZR_TIMESTAMP_FORM "2027-06-30T23:59:59+07:00",
	};

	if (head->has[directive]) {
		zr_report(csv->report, place, "the directive %s stands here a second time: keep one of them",
			  directive_names[directive]);
		return 0;
	}
	head->has[directive] = true;
	head->is_good[directive] = read_value(directive, value, len, list);
	if (directive == ZR_DIRECTIVE_EXPIRES)
		head->expires = place;
	if (!head->is_good[directive])
		zr_report(csv->report, place, "\"%.*s\" cannot be the value of %s: write %s",
			  zr_report_excerpt(value, len), value, directive_names[directive], examples[directive]);
	else if (directive == ZR_DIRECTIVE_ISSUER)
		return add_issuer(list, value, len);
	return 0;
}

static size_t skip_blanks(const char *text, size_t len, size_t at)
{
	return at + zr_utf8_blanks(text + at, len - at);
}

/* A row whose first cell a spreadsheet could not compute: it is no comment, and must not be lost as one. */
static void refuse_error_value(const struct zr_csv *csv, const struct zr_csv_field *field)
{
	static const char *const values[] = {"#NAME?",  "#REF!",  "#N/A",  "#VALUE!",
					     "#DIV/0!", "#NULL!", "#NUM!", "#ERROR!"};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		size_t len = strlen(values[i]);

		if (field->len < len || memcmp(field->text, values[i], len) != 0 ||
		    (field->len > len && field->text[len] != ',' && field->text[len] != ';'))
			continue;
		zr_report(
			csv->report, zr_csv_place(csv, field, 0),
			"%s is what a spreadsheet shows for a formula that it cannot compute: write the value itself, "
			"in a column formatted as text",
			values[i]);
	}
}

int zr_list_head_comment(struct zr_list_head *head, struct zr_list *list, const struct zr_csv *csv,
			 const struct zr_csv_record *record)
{
	const struct zr_csv_field *field = &record->fields[0];
	size_t word, word_end, value;
	const char *colon;
	unsigned int directive;

	if (field->len < 2 || field->text[1] != '!') {
		refuse_error_value(csv, field);
		return 0;
	}
	word = skip_blanks(field->text, field->len, 2);
	colon = memchr(field->text, ':', field->len);
	if (head->has_header) {
		zr_report(csv->report, zr_csv_place(csv, field, 0),
			  "a directive behind the header row: write all directives before it");
		return 0;
	}
	if (colon == NULL) {
		zr_report(
			csv->report, zr_csv_place(csv, field, word),
			"a directive without a value: write it like \"#! serial: 2026112201\", or a comment with \"#\" "
			"alone");
		return 0;
	}
	word_end = (size_t)(colon - field->text);
	value = skip_blanks(field->text, field->len, word_end + 1);
	word_end = word + zr_utf8_trimmed(field->text + word, word_end - word);
	directive = directive_of(csv, zr_csv_place(csv, field, word), field->text + word, word_end - word);
	if (directive == ZR_DIRECTIVE_COUNT)
		return 0;
	return read_directive(head, list, csv, zr_csv_place(csv, field, value), directive, field->text + value,
			      field->len - value);
}

/* The column that a field names, or was meant to name; ZR_COLUMN_COUNT, reported, when it is none. */
static unsigned int column_of(const struct zr_csv *csv, const struct zr_csv_field *field)
{
	unsigned int found = find_word(field->text, field->len, column_names, ZR_COLUMN_COUNT);
	struct zr_place place = zr_csv_place(csv, field, 0);
	char known[128] = "";

	if (found < ZR_COLUMN_COUNT)
		return found;
	found = nearest(field->text, field->len, column_names, ZR_COLUMN_COUNT);
	if (found < ZR_COLUMN_COUNT) {
		zr_report(csv->report, place, "unknown column \"%.*s\": write %s",
			  zr_report_excerpt(field->text, field->len), field->text, column_names[found]);
		return found;
	}
	for (unsigned int i = 0; i < ZR_COLUMN_COUNT; i++)
		add_word(known, sizeof(known), column_names[i]);
	if (field->len == 0)
		zr_report(csv->report, place, "a column without a name: remove it, or name it one of %s", known);
	else
		zr_report(csv->report, place, "unknown column \"%.*s\": the known ones are %s",
			  zr_report_excerpt(field->text, field->len), field->text, known);
	return found;
}

/* A header row with no known column at all, whatever stands there: one finding. */
static bool refuse_header(const struct zr_list_head *head, const struct zr_csv *csv, const struct zr_csv_record *record)
{
	const struct zr_csv_field *first = &record->fields[0];
	const char *tab = memchr(first->text, '\t', first->len);

	if (tab != NULL) {
		zr_report(csv->report, zr_csv_place(csv, first, (size_t)(tab - first->text)),
			  "columns are separated by tabs: save the list as \"CSV UTF-8\", with commas or semicolons");
		return true;
	}
	for (unsigned int i = 0; i < head->columns; i++)
		if (nearest(record->fields[i].text, record->fields[i].len, column_names, ZR_COLUMN_COUNT) <
		    ZR_COLUMN_COUNT)
			return false;
	zr_report(csv->report, zr_csv_place(csv, first, 0),
		  "the header row names no known column: write match,service,rating_group and, where they are used, "
		  "from, until, verify, bind, owner, note; entries follow in the next line");
	return true;
}

static void read_columns(struct zr_list_head *head, const struct zr_csv *csv, const struct zr_csv_record *record)
{
	for (unsigned int i = 0; i < head->columns; i++) {
		unsigned int column = column_of(csv, &record->fields[i]);

		if (column == ZR_COLUMN_COUNT)
			continue;
		if (head->column_at[column] >= 0)
			zr_report(csv->report, zr_csv_place(csv, &record->fields[i], 0),
				  "the column %s stands here a second time: keep one of them", column_names[column]);
		else
			head->column_at[column] = (int)i;
	}
}

void zr_list_head_columns(struct zr_list_head *head, const struct zr_csv *csv, const struct zr_csv_record *record)
{
	char missing[128] = "";

	head->has_header = true;
	head->columns = record->count;
	while (head->columns > 0 && record->fields[head->columns - 1].len == 0)
		head->columns--;
	for (unsigned int i = 0; i < ZR_COLUMN_COUNT; i++)
		head->column_at[i] = -1;
	if (refuse_header(head, csv, record))
		return;
	read_columns(head, csv, record);
	for (unsigned int i = 0; i < ZR_COLUMN_COUNT; i++)
		if (column_is_required[i] && head->column_at[i] < 0)
			add_word(missing, sizeof(missing), column_names[i]);
	if (missing[0] != '\0')
		zr_report(csv->report, (struct zr_place){.line = record->fields[0].line, .column = 1},
			  "the header row lacks the required %s: write match,service,rating_group and the columns that "
			  "are used",
			  missing);
}

void zr_list_head_finish(const struct zr_list_head *head, const struct zr_list *list, const struct zr_csv *csv)
{
	char missing[128] = "";

	for (unsigned int i = 0; i < ZR_DIRECTIVE_COUNT; i++)
		if (!head->has[i])
			add_word(missing, sizeof(missing), directive_names[i]);
	if (missing[0] != '\0')
		zr_report(csv->report, (struct zr_place){.line = 1, .column = 1},
			  "the list lacks the required %s: write each in a line of its own before the header row, like "
			  "\"#! serial: 2026112201\"",
			  missing);
	if (!head->has_header)
		zr_report(csv->report, (struct zr_place){.line = csv->line, .column = 1},
			  "the list has no header row: write match,service,rating_group behind the directives");
	if (head->is_good[ZR_DIRECTIVE_ISSUED] && head->is_good[ZR_DIRECTIVE_EXPIRES] &&
	    list->expires_s <= list->issued_s)
		zr_report(csv->report, head->expires, "the list expires before it is issued: write a later time");
}

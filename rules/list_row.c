/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/list_row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rules/cell.h"
#include "rules/hash.h"
#include "rules/image.h"
#include "rules/list_bind.h"
#include "rules/match.h"
#include "rules/public_suffix.h"
#include "rules/timestamp.h"
#include "rules/utf8.h"

/* The word in an entry's note that lets shared addresses count for verify = learn. */
#define SHARED_WORD "shared-intended"

/* A row at hand. */
struct row {
	const struct zr_list_head *head;
	const struct zr_csv *csv;
	const struct zr_csv_record *record;
	bool excluded;
};

/* The cell of a column: NULL when the list has no such column; blank, at the row's last cell, when the row is shorter. */
static const struct zr_csv_field *cell(const struct row *row, enum zr_column column, struct zr_csv_field *blank)
{
	int at = row->head->column_at[column];

	if (at < 0)
		return NULL;
	if ((unsigned int)at < row->record->count)
		return &row->record->fields[at];
	*blank = row->record->fields[row->record->count - 1];
	blank->at += blank->len;
	blank->text += blank->len;
	blank->len = 0;
	return blank;
}

static bool cell_is(const struct zr_csv_field *field, const char *word)
{
	return field->len == strlen(word) && strncasecmp(field->text, word, field->len) == 0;
}

/* A subtree of a public suffix is free in full only when the note says that it is meant so. */
static void check_public_suffix(const struct row *row, const struct zr_rule *rule, struct zr_place place)
{
	struct zr_csv_field blank;
	const struct zr_csv_field *note = cell(row, ZR_COLUMN_NOTE, &blank);

	if ((rule->kind != ZR_RULE_SUBTREE && rule->kind != ZR_RULE_BELOW) || !zr_public_suffix_is(rule->name) ||
	    (note != NULL && zr_public_suffix_is_intended(note->text, note->len)))
		return;
	zr_report(
		row->csv->report, place,
		"\"%s\" is a public suffix, under which others register their names: write the domains that are meant, "
		"or " ZR_PUBLIC_SUFFIX_WORD " into the note if all of them are",
		rule->name);
}

/* 0, -EINVAL when it was reported, -ENOMEM. */
static int read_match(const struct row *row, struct zr_rule *out, struct zr_place *place)
{
	struct zr_report *report = row->csv->report;
	const struct zr_csv_field *field;
	struct zr_csv_field blank;
	struct zr_fault fault = {.at = 0};
	bool is_full = zr_report_is_full(report);
	int error;

	field = cell(row, ZR_COLUMN_MATCH, &blank);
	error = zr_rule_parse(field->text, field->len, out, is_full ? NULL : &fault);
	*place = is_full ? (struct zr_place){.line = field->line, .column = 1}
			 : zr_csv_place(row->csv, field, fault.at);
	if (error == -EINVAL)
		zr_report(report, *place, "%s", fault.text);
	if (error == 0)
		check_public_suffix(row, out, *place);
	return error;
}

/* Report what an exclusion should have left blank. */
static void require_blank(const struct row *row, const struct zr_csv_field *field, const char *column)
{
	if (field->len > 0)
		zr_report(row->csv->report, zr_csv_place(row->csv, field, 0), "an exclusion has no %s: leave it blank",
			  column);
}

/* A service in a cell that is not blank; false when it is none. */
static bool read_service_name(const struct row *row, const struct zr_csv_field *field)
{
	if (field->len > ZR_SERVICE_MAX)
		zr_report(row->csv->report, zr_csv_place(row->csv, field, 0),
			  "the service has %zu octets: at most %d are allowed", field->len, ZR_SERVICE_MAX);
	else if (zr_utf8_has_control(field->text, field->len))
		zr_report(row->csv->report, zr_csv_place(row->csv, field, 0),
			  "the service holds control characters or newlines: write it in one line of plain text");
	else
		return true;
	return false;
}

static void read_service(const struct row *row, struct zr_csv_field *out)
{
	struct zr_csv_field blank;
	const struct zr_csv_field *field = cell(row, ZR_COLUMN_SERVICE, &blank);

	*out = (struct zr_csv_field){.text = "", .len = 0};
	if (field == NULL)
		return;
	if (row->excluded)
		require_blank(row, field, "service");
	else if (field->len == 0)
		zr_report(row->csv->report, zr_csv_place(row->csv, field, 0),
			  "the service is blank: write the name under which this entry is accounted");
	else if (read_service_name(row, field))
		*out = *field;
}

/* Report a value that cannot be read: what a spreadsheet did to it when that is known, else what it should be. */
static void report_value(const struct row *row, const struct zr_csv_field *field, const char *fault, const char *wanted)
{
	zr_report(row->csv->report, zr_csv_place(row->csv, field, 0), "\"%.*s\" %s",
		  zr_report_excerpt(field->text, field->len), field->text, fault != NULL ? fault : wanted);
}

static uint32_t read_rating_group(const struct row *row)
{
	struct zr_csv_field blank;
	const struct zr_csv_field *field = cell(row, ZR_COLUMN_RATING_GROUP, &blank);
	uint64_t value = 0;

	if (field == NULL)
		return 0;
	if (row->excluded)
		require_blank(row, field, "rating group");
	else if (field->len == 0)
		zr_report(row->csv->report, zr_csv_place(row->csv, field, 0),
			  "the rating group is blank: write the number under which this entry is charged");
	else if (!zr_cell_number(field->text, field->len, UINT32_MAX, &value))
		report_value(row, field, zr_cell_number_fault(field->text, field->len),
			     "is no rating group: write a number from 0 to 4294967295");
	return (uint32_t)value;
}

/* Read from or until when it is there and not blank; false when it is wrong. */
static bool read_time(const struct row *row, enum zr_column column, int64_t *out_s)
{
	struct zr_csv_field blank;
	const struct zr_csv_field *field = cell(row, column, &blank);

	if (field == NULL || field->len == 0 || zr_timestamp_parse(field->text, field->len, out_s) == 0)
		return true;
	report_value(row, field, zr_cell_time_fault(field->text, field->len),
		     "is no time: write " ZR_TIMESTAMP_FORM "2026-06-01T00:00:00+07:00");
	return false;
}

static bool read_window(const struct row *row, struct zr_window *out)
{
	struct zr_csv_field blank;
	bool from_is_good, until_is_good;

	*out = (struct zr_window){.from_s = INT64_MIN, .until_s = INT64_MAX};
	from_is_good = read_time(row, ZR_COLUMN_FROM, &out->from_s);
	until_is_good = read_time(row, ZR_COLUMN_UNTIL, &out->until_s);
	if (!from_is_good || !until_is_good)
		return false;
	if (out->until_s < out->from_s) {
		zr_report(row->csv->report, zr_csv_place(row->csv, cell(row, ZR_COLUMN_UNTIL, &blank), 0),
			  "until is before from: exchange them, or write a later time");
		return false;
	}
	/* The second that until names belongs to the window. */
	if (out->until_s != INT64_MAX)
		out->until_s++;
	return true;
}

/* What the entry asks for. Exclusions ask for nothing, and of address entries the address itself is what is listed. */
static void read_verify(const struct row *row, const struct zr_rule *rule, struct zr_image_entry *out)
{
	struct zr_csv_field blank, blank_note;
	const struct zr_csv_field *field = cell(row, ZR_COLUMN_VERIFY, &blank);
	const struct zr_csv_field *note = cell(row, ZR_COLUMN_NOTE, &blank_note);
	unsigned int verify = ZR_VERIFY_DEFAULT;

	if (field == NULL || field->len == 0)
		return;
	while (++verify < ZR_VERIFY_COUNT && !cell_is(field, zr_verify_word((enum zr_verify)verify)))
		;
	if (row->excluded && verify != ZR_VERIFY_OFF)
		require_blank(row, field, "verify");
	else if (verify == ZR_VERIFY_COUNT)
		zr_report(row->csv->report, zr_csv_place(row->csv, field, 0),
			  "unknown verify \"%.*s\": write off, flag, require or learn, or leave it blank",
			  zr_report_excerpt(field->text, field->len), field->text);
	else if (rule->kind == ZR_RULE_BLOCK && verify > ZR_VERIFY_OFF)
		zr_report(row->csv->report, zr_csv_place(row->csv, field, 0),
			  "an address entry needs no evidence, its address is what is listed: leave verify blank");
	else if (!row->excluded) {
		out->verify = verify & 7;
		out->shared = verify == ZR_VERIFY_LEARN && note != NULL &&
			      zr_cell_has_word(note->text, note->len, SHARED_WORD);
	}
}

/* The service that an address entry is bound to; blank: none. */
static void read_bind(const struct row *row, const struct zr_rule *rule, struct zr_csv_field *out)
{
	struct zr_csv_field blank;
	const struct zr_csv_field *field = cell(row, ZR_COLUMN_BIND, &blank);

	*out = (struct zr_csv_field){.text = "", .len = 0};
	if (field == NULL || field->len == 0)
		return;
	if (row->excluded)
		require_blank(row, field, "bind");
	else if (rule->kind != ZR_RULE_BLOCK)
		zr_report(row->csv->report, zr_csv_place(row->csv, field, 0),
			  "only an address entry can be bound to a service: leave bind blank");
	else if (read_service_name(row, field))
		*out = *field;
}

static void check_surplus(const struct row *row)
{
	for (unsigned int i = row->head->columns; i < row->record->count; i++) {
		const struct zr_csv_field *field = &row->record->fields[i];

		if (field->len == 0)
			continue;
		zr_report(
			row->csv->report, zr_csv_place(row->csv, field, 0),
			"\"%.*s\" stands behind the last column: remove it, or put the field that holds a separator in "
			"quotes",
			zr_report_excerpt(field->text, field->len), field->text);
		return;
	}
}

/* A row that is one field to the reader, because it is separated otherwise: one finding instead of many blank cells. */
static bool refuse_separator(const struct row *row)
{
	const struct zr_csv_field *field = &row->record->fields[0];
	char used = row->csv->separator, other = used == ',' ? ';' : ',';
	const char *at = memchr(field->text, other, field->len);

	if (row->record->count > 1 || used == '\0' || at == NULL)
		return false;
	zr_report(row->csv->report, zr_csv_place(row->csv, field, (size_t)(at - field->text)),
		  "the fields of this row are separated by '%c', those of the header row by '%c': write '%c'", other,
		  used, used);
	return true;
}

/* Keep the rule as it is written, and behind it the canonical name when that is no part of it. */
static int add_rule(struct zr_list *list, const struct zr_csv_field *written, const struct zr_rule *rule,
		    struct zr_image_entry *out)
{
	/* What the texts of all entries may take is within the reach of their offsets. */
	_Static_assert((uint64_t)ZR_LIST_ENTRIES_MAX * (ZR_RULE_MAX + ZR_NAME_MAX + 2 * ZR_SERVICE_MAX + 4) +
				       ZR_ISSUER_MAX + 1 <
			       UINT32_MAX,
		       "32 bits");
	char texts[ZR_RULE_MAX + 1 + ZR_NAME_MAX + 1];
	const char *name;
	size_t len = written->len + 1;

	memcpy(texts, written->text, written->len);
	texts[written->len] = '\0';
	name = memmem(texts, written->len, rule->name, rule->name_len);
	if (name == NULL) {
		name = texts + len;
		memcpy(texts + len, rule->name, rule->name_len + (size_t)1);
		len += rule->name_len + (size_t)1;
	}
	out->name_skip = (uint16_t)(name - texts);
	out->name_len = rule->name_len;
	return zr_list_intern_add(&list->texts, texts, len, &out->rule);
}

static int add_text(struct zr_list *list, const struct zr_csv_field *field, uint32_t *offset)
{
	char text[ZR_SERVICE_MAX + 1];

	memcpy(text, field->text, field->len);
	text[field->len] = '\0';
	return zr_list_intern_add(&list->texts, text, field->len + 1, offset);
}

static int add_tariff(struct zr_list *list, const struct row *row, const struct zr_csv_field *service,
		      uint32_t rating_group, const struct zr_csv_field *bind, uint32_t *index)
{
	struct zr_tariff tariff = {.rating_group = rating_group};
	int error = add_text(list, service, &tariff.service);

	if (error == 0)
		error = add_text(list, bind, &tariff.bind);
	if (error == 0 && bind->len > 0)
		error = zr_list_bind_add(list, tariff.bind, zr_csv_place(row->csv, bind, 0));
	if (error == 0)
		error = zr_list_intern_add(&list->tariffs, &tariff, sizeof(tariff), index);
	*index /= sizeof(tariff);
	return error;
}

static int add_block(struct zr_list *list, const struct zr_block *block, uint32_t *index)
{
	if (list->block_count == list->block_room) {
		size_t room = list->block_room == 0 ? 16 : list->block_room * 2;
		struct zr_block *blocks = reallocarray(list->blocks, room, sizeof(*blocks));

		if (blocks == NULL)
			return -ENOMEM;
		list->blocks = blocks;
		list->block_room = room;
	}
	*index = (uint32_t)list->block_count;
	list->blocks[list->block_count++] = *block;
	return 0;
}

static int add_entry(struct zr_list *list, const struct zr_list_entry *entry)
{
	if (list->entry_count == list->entry_room) {
		size_t room = list->entry_room == 0 ? 64 : list->entry_room * 2;
		struct zr_list_entry *entries = reallocarray(list->entries, room, sizeof(*entries));

		if (entries == NULL)
			return -ENOMEM;
		list->entries = entries;
		list->entry_room = room;
	}
	list->entries[list->entry_count++] = *entry;
	return 0;
}

static int add_row(struct zr_list *list, const struct zr_rule *rule, const struct zr_csv_field *written,
		   const struct zr_window *window, struct zr_list_entry *entry)
{
	int error = add_rule(list, written, rule, &entry->image);

	entry->image.kind = rule->kind & 7;
	if (error == 0)
		error = zr_list_intern_add(&list->windows, window, sizeof(*window), &entry->image.window);
	entry->image.window /= sizeof(*window);
	entry->hash = zr_hash_name(rule->name, rule->name_len);
	if (rule->kind == ZR_RULE_BLOCK) {
		entry->hash = zr_block_hash(&rule->block);
		if (error == 0)
			error = add_block(list, &rule->block, &entry->block);
	}
	return error != 0 ? error : add_entry(list, entry);
}

int zr_list_row_read(const struct zr_list_head *head, struct zr_list *list, const struct zr_csv *csv,
		     const struct zr_csv_record *record)
{
	struct row row = {.head = head, .csv = csv, .record = record};
	struct zr_list_entry entry = {0};
	struct zr_csv_field service, bind, blank;
	struct zr_window window;
	bool window_is_good;
	uint32_t rating_group;
	struct zr_rule rule;
	int error, match_error;

	if (refuse_separator(&row))
		return 0;
	match_error = read_match(&row, &rule, &entry.place);
	if (match_error == -ENOMEM)
		return -ENOMEM;
	row.excluded = rule.kind == ZR_RULE_EXCLUDED;
	read_service(&row, &service);
	rating_group = read_rating_group(&row);
	window_is_good = read_window(&row, &window);
	read_verify(&row, &rule, &entry.image);
	read_bind(&row, &rule, &bind);
	check_surplus(&row);
	if (match_error != 0 || !window_is_good)
		return 0;
	error = add_tariff(list, &row, &service, rating_group, &bind, &entry.image.tariff);
	return error != 0 ? error : add_row(list, &rule, cell(&row, ZR_COLUMN_MATCH, &blank), &window, &entry);
}

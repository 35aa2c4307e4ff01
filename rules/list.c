/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/csv.h"
#include "rules/entries.h"
#include "rules/list_bind.h"
#include "rules/list_head.h"
#include "rules/list_row.h"
#include "rules/utf8.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* What workbooks begin with: xlsx and ods are ZIP archives, xls is a compound file. */
#define ZIP_MARK "PK\x03\x04"
#define OLE_MARK "\xd0\xcf\x11\xe0"

/*
 * Report the first octet that is not UTF-8: it is one mistake of the whole file. The place is counted like the reader's.
 */
static void check_encoding(const char *text, size_t len, struct zr_report *report)
{
	struct zr_place place = {1, 1};

	for (size_t at = 0, octets; at < len; at += octets) {
		uint32_t code;

		octets = (unsigned char)text[at] < 0x80 ? 1 : zr_utf8_read(text + at, len - at, &code);
		if (octets == 0) {
			zr_report(report, place,
				  "octet 0x%02X is not UTF-8, so the list is in another encoding (like Windows-1258): "
				  "save it as \"CSV UTF-8\"",
				  (unsigned int)(unsigned char)text[at]);
			return;
		}
		place.column++;
		if (text[at] == '\n' || (text[at] == '\r' && (at + 1 == len || text[at + 1] != '\n')))
			place = (struct zr_place){place.line + 1, 1};
	}
}

/* Reading ends where the list has more entries than it may have. */
static bool is_full(const struct zr_list *list, const struct zr_csv *csv)
{
	if (list->entry_count <= ZR_LIST_ENTRIES_MAX)
		return false;
	zr_report(csv->report, list->entries[ZR_LIST_ENTRIES_MAX].place,
		  "this is entry %u: a list has at most %u, so write fewer", ZR_LIST_ENTRIES_MAX + 1,
		  ZR_LIST_ENTRIES_MAX);
	return true;
}

/* Read all records of csv into list. Without a match column there is nothing to say of the rows. */
static int read_records(struct zr_csv *csv, struct zr_list *list)
{
	struct zr_list_head head = {0};
	struct zr_csv_record record;
	int error = 0;

	while (error == 0 && !is_full(list, csv) && zr_csv_next(csv, &record)) {
		if (record.comment) {
			error = zr_list_head_comment(&head, list, csv, &record);
		} else if (!head.has_header) {
			zr_list_head_columns(&head, csv, &record);
			if (head.column_at[ZR_COLUMN_MATCH] < 0)
				break;
		} else {
			error = zr_list_row_read(&head, list, csv, &record);
		}
	}
	zr_list_head_finish(&head, list, csv);
	return error;
}

static bool begins_with(const char *text, size_t len, const char *mark)
{
	return len >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0;
}

/* Is the file something else altogether? Then this is all there is to say of it. NULL when it is not. */
static const char *refuse_file(const char *text, size_t len)
{
	if (begins_with(text, len, "\xff\xfe") || begins_with(text, len, "\xfe\xff"))
		return "the list is UTF-16 (\"Unicode Text\"): save it as \"CSV UTF-8\"";
	if (begins_with(text, len, ZIP_MARK) || begins_with(text, len, OLE_MARK))
		return "the list is a workbook of a spreadsheet program: save it as \"CSV UTF-8\"";
	_Static_assert(ZR_LIST_BYTES_MAX == (size_t)512 << 20, "as the text says");
	if (len > ZR_LIST_BYTES_MAX)
		return "the list is larger than 512 MiB, the most that is read: shorten it";
	if (len > 0 && memchr(text, '\0', len) != NULL)
		return "the list holds zero octets, so it is no text: save it as \"CSV UTF-8\"";
	return NULL;
}

static int read_text(const char *text, size_t len, struct zr_list *list, struct zr_report *report)
{
	struct zr_csv csv = {.source = text, .len = len, .line = 1, .report = report};
	const char *refused = refuse_file(text, len);
	int error;

	if (refused != NULL) {
		zr_report(report, (struct zr_place){1, 1}, "%s", refused);
		return 0;
	}
	if (begins_with(text, len, BYTE_ORDER_MARK))
		csv.at = csv.line_at = strlen(BYTE_ORDER_MARK);
	check_encoding(text + csv.at, len - csv.at, report);
	zr_csv_take_separator_line(&csv);
	csv.copy = malloc(len + 1);
	if (csv.copy == NULL)
		return -ENOMEM;
	if (len > 0)
		memcpy(csv.copy, text, len);
	error = read_records(&csv, list);
	free(csv.copy);
	if (error == 0)
		error = zr_list_bind_report(list, report);
	if (error == 0)
		error = zr_order_make(list);
	return error != 0 ? error : zr_conflicts_report(list, report);
}

int zr_list_read(const char *text, size_t len, struct zr_list **out, struct zr_findings *errors)
{
	struct zr_list *list = calloc(1, sizeof(*list));
	struct zr_report report = {.findings = errors, .begin = errors->count};
	int error;

	if (list == NULL)
		return -ENOMEM;
	error = read_text(text, len, list, &report);
	if (report.no_memory)
		error = -ENOMEM;
	zr_report_sort(&report);
	if (error == 0 && report.count > 0)
		error = -EINVAL;
	if (error == 0)
		*out = list;
	else
		zr_list_free(list);
	return error;
}

void zr_list_free(struct zr_list *list)
{
	if (list == NULL)
		return;
	zr_list_intern_clear(&list->texts);
	zr_list_intern_clear(&list->tariffs);
	zr_list_intern_clear(&list->windows);
	free(list->entries);
	free(list->blocks);
	free(list->binds);
	free(list->names.items);
	free(list->addresses.items);
	free(list);
}

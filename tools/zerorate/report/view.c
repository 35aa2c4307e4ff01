/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/report/view.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/zerorate/table.h"
#include "tools/zerorate/terminal.h"

#define BYTES_PER_MB UINT64_C(1000000)
#define MICROS       UINT64_C(1000000)

/* Bytes times a price pass 64 bits. */
__extension__ typedef unsigned __int128 wide;

struct view {
	const struct zr_report_head *head;
	struct zr_table *table;
	struct zr_output *output;
	json_t *rows;
};

uint64_t zr_report_value(const struct zr_report_tariff *tariff, uint64_t bytes)
{
	wide value = (wide)bytes * tariff->micros_per_mb;

	value = (value + BYTES_PER_MB * MICROS / 2) / (BYTES_PER_MB * MICROS);
	return value > UINT64_MAX ? UINT64_MAX : (uint64_t)value;
}

static uint64_t value_of(const struct view *view, const struct zr_report_row *row)
{
	return zr_report_value(&view->head->tariff, row->up_bytes + row->down_bytes);
}

static void table_row(void *arg, const struct zr_report_row *row)
{
	struct view *view = arg;

	if (zr_table_full(view->table))
		zr_table_write(view->table, view->output);
	zr_table_cell(view->table, *row->key != '\0' ? row->key : "-");
	zr_table_cell_number(view->table, row->subscribers);
	zr_table_cell_number(view->table, row->records);
	zr_table_cell_number(view->table, row->up_bytes);
	zr_table_cell_number(view->table, row->down_bytes);
	zr_table_cell_number(view->table, row->up_bytes + row->down_bytes);
	if (view->head->tariff.given)
		zr_table_cell_number(view->table, value_of(view, row));
}

/* A field of RFC 4180: in quotes, so that none is taken for anything else. */
static void csv_text(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
}

static void csv_row(void *arg, const struct zr_report_row *row)
{
	struct view *view = arg;

	csv_text(row->key);
	printf(",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, row->subscribers, row->records,
	       row->up_bytes, row->down_bytes, row->up_bytes + row->down_bytes);
	if (view->head->tariff.given)
		printf(",%" PRIu64, value_of(view, row));
	fputs("\r\n", stdout);
}

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *object_of(const struct view *view, const char *key_name, const struct zr_report_row *row)
{
	json_t *object = json_object();

	if (key_name != NULL)
		json_object_set_new(object, key_name, json_string(row->key));
	json_object_set_new(object, "subscribers", number(row->subscribers));
	json_object_set_new(object, "records", number(row->records));
	json_object_set_new(object, "up_bytes", number(row->up_bytes));
	json_object_set_new(object, "down_bytes", number(row->down_bytes));
	json_object_set_new(object, "bytes", number(row->up_bytes + row->down_bytes));
	if (view->head->tariff.given)
		json_object_set_new(object, "value", number(value_of(view, row)));
	return object;
}

static void json_row(void *arg, const struct zr_report_row *row)
{
	struct view *view = arg;

	json_array_append_new(view->rows, object_of(view, zr_report_by_name(view->head->by), row));
}

static void tell_lost(const struct zr_report_row *lost)
{
	if (lost->records > 0)
		fprintf(stderr,
			"zerorate report: %" PRIu64 " bytes of free volume are in no row: %" PRIu64
			" loss records name them\n",
			lost->up_bytes + lost->down_bytes, lost->records);
}

static bool write_table(struct zr_report_sums *sums, struct view *view, const struct zr_report_row *total)
{
	const struct zr_table_column columns[] = {
		{zr_report_by_name(view->head->by), false, 0},
		{"subscribers", true, 0},
		{"records", true, 1},
		{"up_bytes", true, 2},
		{"down_bytes", true, 3},
		{"bytes", true, 0},
		{"value", true, 0},
	};
	bool good = false;

	view->table = malloc(sizeof(*view->table));
	view->output = malloc(sizeof(*view->output));
	if (view->table != NULL && view->output != NULL) {
		zr_output_init(view->output, STDOUT_FILENO);
		zr_table_init(view->table, columns, view->head->tariff.given ? 7 : 6, zr_terminal_width(STDOUT_FILENO));
		good = zr_report_sums_rows(sums, table_row, view);
		table_row(view, total);
		zr_table_write(view->table, view->output);
		good = zr_output_flush(view->output) && good;
	}
	free(view->output);
	free(view->table);
	return good;
}

static bool write_csv(struct zr_report_sums *sums, struct view *view)
{
	printf("%s,subscribers,records,up_bytes,down_bytes,bytes%s\r\n", zr_report_by_name(view->head->by),
	       view->head->tariff.given ? ",value" : "");
	return zr_report_sums_rows(sums, csv_row, view);
}

static bool write_json(struct zr_report_sums *sums, struct view *view, const struct zr_report_row *total,
		       const struct zr_report_row *lost)
{
	json_t *report = json_pack("{s:s, s:s, s:s}", "from", view->head->from, "to", view->head->to, "by",
				   zr_report_by_name(view->head->by));
	bool good;

	view->rows = json_array();
	good = zr_report_sums_rows(sums, json_row, view);
	json_object_set_new(report, "rows", view->rows);
	json_object_set_new(report, "total", object_of(view, NULL, total));
	json_object_set_new(report, "lost_bytes", number(lost->up_bytes + lost->down_bytes));
	good = json_dumpf(report, stdout, JSON_COMPACT) == 0 && putchar('\n') != EOF && good;
	json_decref(report);
	return good;
}

bool zr_report_write(struct zr_report_sums *sums, const struct zr_report_head *head, enum zr_report_format format)
{
	struct view view = {.head = head};
	struct zr_report_row total = {0}, lost = {0};
	bool good = zr_report_sums_total(sums, &total) && zr_report_sums_lost(sums, &lost);

	if (!good)
		return false;
	if (format == ZR_REPORT_TABLE)
		good = write_table(sums, &view, &total);
	else if (format == ZR_REPORT_CSV)
		good = write_csv(sums, &view);
	else
		good = write_json(sums, &view, &total, &lost);
	if (format != ZR_REPORT_JSON)
		tell_lost(&lost);
	return good;
}

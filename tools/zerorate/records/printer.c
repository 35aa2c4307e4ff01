/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/records/printer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/terminal.h"

/* What a row of the table shows; more has no room. */
static const struct {
	enum zr_member member;
	struct zr_table_column column;
} cells[] = {
	{ZR_MEMBER_LAST, {"last", false, 0}},
	{ZR_MEMBER_SEQ, {"seq", true, 4}},
	{ZR_MEMBER_TYPE, {"type", false, 0}},
	{ZR_MEMBER_CAUSE, {"cause", false, 3}},
	{ZR_MEMBER_SUBSCRIBER_IP, {"subscriber", false, 0}},
	{ZR_MEMBER_SERVER_IP, {"server", false, 2}},
	{ZR_MEMBER_REASON, {"reason", false, 1}},
	{ZR_MEMBER_SERVICE, {"service", false, 0}},
	{ZR_MEMBER_UP_BYTES, {"up_bytes", true, 0}},
	{ZR_MEMBER_DOWN_BYTES, {"down_bytes", true, 0}},
	{ZR_MEMBER_NAME, {"name", false, 0}},
};

#define CELL_COUNT (sizeof(cells) / sizeof(*cells))

void zr_printer_init(struct zr_printer *printer)
{
	static struct zr_table_column columns[CELL_COUNT];

	for (size_t i = 0; i < CELL_COUNT; i++)
		columns[i] = cells[i].column;
	zr_output_init(&printer->output, STDOUT_FILENO);
	zr_table_init(&printer->table, columns, CELL_COUNT, zr_terminal_width(STDOUT_FILENO));
}

static void put_row(struct zr_printer *printer)
{
	char text[ZR_TABLE_CELL];

	if (zr_table_full(&printer->table))
		zr_table_write(&printer->table, &printer->output);
	for (size_t i = 0; i < CELL_COUNT; i++) {
		const struct zr_value *value = &printer->record.record.members[cells[i].member];

		if (value->kind == ZR_VALUE_NUMBER)
			snprintf(text, sizeof(text), "%" PRIu64, value->number);
		else
			snprintf(text, sizeof(text), "%.*s", value->kind == ZR_VALUE_TEXT ? (int)value->len : 0,
				 value->kind == ZR_VALUE_TEXT ? value->text : "");
		zr_table_cell(&printer->table, text);
	}
}

static void put_csv(struct zr_printer *printer)
{
	char *room;

	if (!printer->has_header)
		zr_output_add(&printer->output,
			      zr_record_csv_header(zr_output_room(&printer->output, ZR_RECORD_CSV_MAX)));
	printer->has_header = true;
	room = zr_output_room(&printer->output, ZR_RECORD_CSV_MAX);
	zr_output_add(&printer->output, zr_record_csv_sheet(&printer->record.record, room));
}

/* Is the record of the time that was asked for? One without packets has no time and is of none. */
static bool is_wanted(const struct zr_printer *printer)
{
	const struct zr_value *last = &printer->record.record.members[ZR_MEMBER_LAST];

	if (printer->from[0] == '\0' && printer->to[0] == '\0')
		return true;
	if (last->kind != ZR_VALUE_TEXT || last->len + 1 != sizeof(printer->from))
		return false;
	return (printer->from[0] == '\0' || memcmp(last->text, printer->from, last->len) >= 0) &&
	       (printer->to[0] == '\0' || memcmp(last->text, printer->to, last->len) < 0);
}

static bool put(struct zr_printer *printer, const struct zr_stream_item *item)
{
	bool is_read = zr_record_json_read(&printer->record, item->json, item->json_len);

	if (!is_read)
		fprintf(stderr, "zerorate %s: record %" PRIu64 " of %s is not what zerorate-records(5) says\n",
			printer->command, item->seq, item->epoch);
	else if (is_wanted(printer) && printer->format == ZR_PRINT_CSV)
		put_csv(printer);
	else if (is_wanted(printer) && printer->format == ZR_PRINT_TABLE)
		put_row(printer);
	else if (is_wanted(printer)) {
		zr_output_put(&printer->output, item->json, item->json_len);
		zr_output_put(&printer->output, "\n", 1);
	}
	zr_record_json_clear(&printer->record);
	return is_read;
}

bool zr_printer_take(void *arg, const struct zr_stream_item *item)
{
	struct zr_printer *printer = arg;

	if (item->kind == ZR_STREAM_RECORD)
		return put(printer, item);
	fprintf(stderr, "zerorate %s: records %" PRIu64 " to %" PRIu64 " of %s are no longer kept\n", printer->command,
		item->seq, item->last_seq, item->epoch);
	return true;
}

bool zr_printer_flush(void *arg)
{
	struct zr_printer *printer = arg;

	if (printer->format == ZR_PRINT_TABLE)
		zr_table_write(&printer->table, &printer->output);
	if (zr_output_flush(&printer->output))
		return true;
	zr_command_output_failed(printer->command, printer->output.error);
	return false;
}

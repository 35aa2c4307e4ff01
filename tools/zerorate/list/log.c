/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate list log`: which lists were accepted and refused, when, why and by whom. */
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "tools/zerorate/arguments.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/command_line.h"
#include "tools/zerorate/daemon.h"
#include "tools/zerorate/json_table.h"
#include "tools/zerorate/list/commands.h"

#define COMMAND "zerorate list log"

#define LAST      20
#define LAST_MAX  1000
#define CELL_ROOM 1024

static const char help[] = COMMAND
	" - which lists were accepted and refused, when, why and by whom\n"
	"\n"
	"Usage: zerorate list log [-n N] [--format json|table | --json] [--socket PATH]\n"
	"\n"
	"Shows the end of the daemon's audit log, the newest entry last.\n"
	"\n"
	"Options:\n"
	"  -n N                so many entries, 1 to 1000; without it 20\n"
	"  --format json|table\n"
	"                      json: one object a line, as the log has it; table: for eyes. Without it a\n"
	"                      table on a terminal, else json\n"
	"  --json              --format json\n" ZR_SOCKET_HELP "\n" ZR_EXIT_HELP "\n"
	"Example:\n"
	"  zerorate list log -n 100 --format json | jq 'select(.event == \"refused\")'\n";

struct options {
	const char *socket;
	uint64_t last;
	enum zr_format format;
};

static const struct zr_table_column columns[] = {
	{"TIME (UTC)", false, 0}, {"EVENT", false, 0},     {"SERIAL", true, 0},
	{"SOURCE", false, 4},     {"WHO", false, 5},       {"ENTRIES", true, 3},
	{"CHANGES", false, 2},    {"SIGNED BY", false, 1}, {"WHY", false, 0},
};

static void who_cell(struct zr_table *t, const json_t *who)
{
	if (json_is_string(json_object_get(who, "user")))
		zr_json_cell_text(t, who, "user");
	else
		zr_json_cell_number(t, who, "uid");
}

/* "+3 -1 ~2": added, removed, and changed in any way. */
static void changes_cell(struct zr_table *t, const json_t *entry)
{
	static const char *const ways[] = {"changed", "widened", "narrowed"};
	char text[80] = "-";
	int64_t changed = 0;

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		changed += json_integer_value(json_object_get(entry, ways[i])) & INT32_MAX;
	if (json_object_get(entry, "added") != NULL)
		snprintf(text, sizeof(text), "+%" PRId64 " -%" PRId64 " ~%" PRId64,
			 (int64_t)json_integer_value(json_object_get(entry, "added")),
			 (int64_t)json_integer_value(json_object_get(entry, "removed")), changed);
	zr_table_cell(t, text);
}

/* Texts of an array, with blanks between them. */
static void texts_cell(struct zr_table *t, const json_t *texts, size_t most)
{
	char text[CELL_ROOM] = "";
	const json_t *value;
	size_t i, len = 0;

	json_array_foreach(texts, i, value)
	{
		int more = i < most && json_is_string(value) ? snprintf(text + len, sizeof(text) - len, "%s%s",
									i > 0 ? " " : "", json_string_value(value))
							     : 0;

		len += more > 0 ? (size_t)more : 0;
		if (len >= sizeof(text))
			break;
	}
	zr_table_cell(t, text[0] != '\0' ? text : "-");
}

/* Whose names were recorded, and until when. */
static void recording_cell(struct zr_table *t, const json_t *entry)
{
	char text[CELL_ROOM];

	snprintf(text, sizeof(text), "%s until %.19s", zr_json_member(entry, "subscriber"),
		 zr_json_member(entry, "until"));
	zr_table_cell(t, text);
}

/* The first error, or what was overridden. */
static void why_cell(struct zr_table *t, const json_t *entry)
{
	const json_t *errors = json_object_get(entry, "errors");

	if (json_object_get(entry, "subscriber") != NULL)
		recording_cell(t, entry);
	else if (json_array_size(errors) > 0)
		texts_cell(t, errors, 1);
	else
		texts_cell(t, json_object_get(entry, "override"), SIZE_MAX);
}

static void add_row(struct zr_table *t, const json_t *entry)
{
	zr_json_cell_time(t, entry, "time");
	zr_json_cell_text(t, entry, "event");
	zr_json_cell_number(t, entry, "serial");
	zr_json_cell_text(t, entry, "source");
	who_cell(t, json_object_get(entry, "who"));
	zr_json_cell_number(t, entry, "entries");
	changes_cell(t, entry);
	texts_cell(t, json_object_get(entry, "signers"), SIZE_MAX);
	why_cell(t, entry);
}

static int show(const json_t *reply, void *arg)
{
	static const struct zr_json_table table = {"list log", columns, sizeof(columns) / sizeof(*columns), add_row};
	const json_t *entries = json_object_get(reply, "entries");
	const struct options *options = arg;

	return options->format == ZR_FORMAT_TABLE ? zr_json_table_print(&table, entries, NULL)
						  : zr_daemon_print_each("list log", entries);
}

int zr_list_command_log(int argc, char **argv)
{
	struct options o = {.socket = ZR_CONTROL_PATH,
			    .last = LAST,
			    .format = isatty(STDOUT_FILENO) == 1 ? ZR_FORMAT_TABLE : ZR_FORMAT_JSON};
	bool json = false;
	const struct zr_option options[] = {
		{.letter = 'n', .take = zr_option_number, .target = &o.last, .least = 1, .most = LAST_MAX},
		{.name = "format", .take = zr_option_format, .target = &o.format},
		ZR_OPTION_JSON(json),
		ZR_OPTION_SOCKET(o.socket),
	};
	const struct zr_command_line line = ZR_COMMAND_LINE("list log", help, options);
	int status;

	if (!zr_command_line_read(&line, argc, argv, &status))
		return status;
	if (json)
		o.format = ZR_FORMAT_JSON;
	return zr_daemon_show("list log", o.socket,
			      json_pack("{s:s, s:I}", "op", "list_log", "last", (json_int_t)o.last), show, &o);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate list log`: which lists were accepted and refused, when, why and by whom. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/client.h"
#include "rules/decimal.h"
#include "tools/zerorate/arguments.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/list/commands.h"
#include "tools/zerorate/list/daemon.h"
#include "tools/zerorate/table.h"
#include "tools/zerorate/terminal.h"

#define COMMAND "zerorate list log"

#define LAST      20
#define LAST_MAX  1000
#define CELL_ROOM 1024

static const char help[] = COMMAND
	" - which lists were accepted and refused, when, why and by whom\n"
	"\n"
	"Usage: zerorate list log [-n N] [--format json|table] [--socket PATH]\n"
	"\n"
	"Shows the end of the daemon's audit log, the newest entry last.\n"
	"\n"
	"Options:\n"
	"  -n N                  so many entries, 1 to 1000; without it 20\n"
	"  --format json|table   json: one object a line, as the log has it; table: for eyes. Without it a\n"
	"                        table on a terminal, else json\n"
	"  --socket PATH         the daemon's control socket; without it " ZR_CONTROL_PATH "\n"
	"  --help                print this\n"
	"\n"
	"Exit status: 0 shown, 1 the daemon does not answer, 2 usage.\n"
	"\n"
	"Example:\n"
	"  zerorate list log -n 100 --format json | jq 'select(.event == \"refused\")'\n";

struct options {
	const char *socket;
	uint64_t last;
	enum zr_format format;
	bool help;
};

static const struct zr_table_column columns[] = {
	{"TIME (UTC)", false, 0}, {"EVENT", false, 0},     {"SERIAL", true, 0},
	{"SOURCE", false, 4},     {"WHO", false, 5},       {"ENTRIES", true, 3},
	{"CHANGES", false, 2},    {"SIGNED BY", false, 1}, {"WHY", false, 0},
};

static bool read_options(int argc, char **argv, struct options *options)
{
	enum { OPTION_FORMAT = 256, OPTION_SOCKET, OPTION_HELP };
	static const struct option long_options[] = {
		{"format", required_argument, NULL, OPTION_FORMAT},
		{"socket", required_argument, NULL, OPTION_SOCKET},
		{"help", no_argument, NULL, OPTION_HELP},
		{NULL, 0, NULL, 0},
	};
	static char name[] = COMMAND; /* for getopt's messages */
	int option;

	*options = (struct options){.socket = ZR_CONTROL_PATH,
				    .last = LAST,
				    .format = isatty(STDOUT_FILENO) == 1 ? ZR_FORMAT_TABLE : ZR_FORMAT_JSON};
	argv[0] = name;
	optind = 0; /* as if never called: glibc's way */
	while ((option = getopt_long(argc, argv, "n:h", long_options, NULL)) != -1) {
		if (option == OPTION_SOCKET)
			options->socket = optarg;
		else if (option == OPTION_HELP || option == 'h')
			options->help = true;
		else if (option == OPTION_FORMAT && !zr_argument_format("list log", optarg, &options->format))
			return false;
		else if (option == 'n' &&
			 (!zr_decimal_parse(optarg, strlen(optarg), LAST_MAX, &options->last) || options->last == 0))
			return zr_argument_refuse("list log", "-n", "is a number from 1 to 1000");
		else if (option == '?')
			return false;
	}
	if (optind < argc)
		fputs(COMMAND ": it takes options only\n", stderr);
	return optind == argc;
}

static const char *text_of(const json_t *entry, const char *member)
{
	const char *text = json_string_value(json_object_get(entry, member));

	return text != NULL ? text : "-";
}

/* A number, or a dash where there is none. */
static void number_cell(struct zr_table *t, const json_t *value)
{
	char text[32] = "-";

	if (json_is_integer(value))
		snprintf(text, sizeof(text), "%" PRId64, (int64_t)json_integer_value(value));
	zr_table_cell(t, text);
}

static void who_cell(struct zr_table *t, const json_t *who)
{
	if (json_is_string(json_object_get(who, "user")))
		zr_table_cell(t, text_of(who, "user"));
	else
		number_cell(t, json_object_get(who, "uid"));
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

/* The first error, or what was overridden. */
static void why_cell(struct zr_table *t, const json_t *entry)
{
	const json_t *errors = json_object_get(entry, "errors");

	if (json_array_size(errors) > 0)
		texts_cell(t, errors, 1);
	else
		texts_cell(t, json_object_get(entry, "override"), SIZE_MAX);
}

static void add_row(struct zr_table *t, const json_t *entry)
{
	char time[32];

	snprintf(time, sizeof(time), "%.19s", text_of(entry, "time"));
	zr_table_cell(t, time);
	zr_table_cell(t, text_of(entry, "event"));
	number_cell(t, json_object_get(entry, "serial"));
	zr_table_cell(t, text_of(entry, "source"));
	who_cell(t, json_object_get(entry, "who"));
	number_cell(t, json_object_get(entry, "entries"));
	changes_cell(t, entry);
	texts_cell(t, json_object_get(entry, "signers"), SIZE_MAX);
	why_cell(t, entry);
}

static bool print_table(const json_t *entries)
{
	struct zr_output *out = malloc(sizeof(*out));
	struct zr_table *table = malloc(sizeof(*table));
	bool printed = out != NULL && table != NULL;
	const json_t *entry;
	size_t i;

	if (printed) {
		zr_output_init(out, STDOUT_FILENO);
		zr_table_init(table, columns, sizeof(columns) / sizeof(*columns), zr_terminal_width(STDOUT_FILENO));
		json_array_foreach(entries, i, entry)
		{
			if (zr_table_full(table))
				zr_table_write(table, out);
			add_row(table, entry);
		}
		zr_table_write(table, out);
		printed = zr_output_flush(out);
		if (!printed)
			zr_command_output_failed("list log", out->error);
	}
	free(table);
	free(out);
	return printed;
}

static bool print_json(const json_t *entries)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry)
	{
		char *line = json_dumps(entry, JSON_COMPACT);

		if (line != NULL)
			puts(line);
		free(line);
	}
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return true;
	zr_command_output_failed("list log", errno);
	return false;
}

static int show(const struct options *options)
{
	json_t *request = json_pack("{s:s, s:I}", "op", "list_log", "last", (json_int_t)options->last);
	json_t *reply = zr_list_daemon_ask(COMMAND, options->socket, request, NULL, 0);
	const json_t *entries = json_object_get(reply, "entries");
	bool shown = false;

	if (reply != NULL)
		shown = options->format == ZR_FORMAT_TABLE ? print_table(entries) : print_json(entries);
	json_decref(reply);
	json_decref(request);
	return shown ? ZR_EXIT_OK : ZR_EXIT_FAILED;
}

int zr_list_command_log(int argc, char **argv)
{
	struct options options;

	if (!read_options(argc, argv, &options)) {
		fputs("Try '" COMMAND " --help'.\n", stderr);
		return ZR_EXIT_USAGE;
	}
	if (options.help)
		return zr_command_print(help);
	return zr_command_begin("list log") ? show(&options) : ZR_EXIT_FAILED;
}

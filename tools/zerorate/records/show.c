/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate records tail`, `follow` and `export`: records on standard output. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/record/record.h"
#include "rules/decimal.h"
#include "rules/timestamp.h"
#include "tools/zerorate/arguments.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/records/commands.h"
#include "tools/zerorate/records/printer.h"
#include "tools/zerorate/records/source.h"

#define US_PER_S UINT64_C(1000000)

/* All records there are: as far back as a message can say. */
#define EVERYTHING (UINT64_C(1) << 53)

#define FORMAT_HELP                                                                                           \
	"  --format json|csv|table\n"                                                                         \
	"                      json: one object a line. csv: a header and all members, arrays joined by |.\n" \
	"                      table: what fits. Without it: table on a terminal, json otherwise\n"           \
	"  --socket PATH       the daemon's records socket; " ZR_STREAM_PATH " without it\n"                  \
	"  -h, --help          print this\n"

static const char tail_help[] =
	"zerorate records tail - print the last records of a gateway\n"
	"\n"
	"Usage: zerorate records tail [-n N] [OPTION...]\n"
	"\n"
	"Options:\n"
	"  -n N                how many; 10 without it. Records that come meanwhile are printed too\n" FORMAT_HELP "\n"
	"Exit status: 0 printed, 1 no daemon, not allowed or output failed, 2 usage.\n";

static const char follow_help[] =
	"zerorate records follow - print records as they come\n"
	"\n"
	"Usage: zerorate records follow [-n N] [OPTION...]\n"
	"\n"
	"When the daemon goes away it waits, and goes on behind the last record that was printed.\n"
	"\n"
	"Options:\n"
	"  -n N                begin so many records back; 0 without it\n" FORMAT_HELP "\n"
	"Exit status: 0 ended by SIGINT or SIGTERM, 1 not allowed or output failed, 2 usage.\n"
	"\n"
	"Example:\n"
	"  zerorate records follow --format json | jq -r 'select(.type == \"tag\") | .name'\n";

static const char export_help[] =
	"zerorate records export - print all records that a gateway keeps\n"
	"\n"
	"Usage: zerorate records export [--consumer NAME] [OPTION...]\n"
	"\n"
	"Prints what is kept when it begins, oldest first, and ends. As a consumer it prints what that\n"
	"consumer has not acknowledged, and acknowledges what went out: pipe it only into what is safe.\n"
	"\n"
	"Options:\n"
	"  --consumer NAME     a durable consumer, one of records.consumers in zerorated.conf\n"
	"  --from TIME         only records whose last packet came at this time or later, like\n"
	"                      2026-11-01T00:00:00+07:00; not with --consumer\n"
	"  --to TIME           … and before this time\n" FORMAT_HELP "\n"
	"Exit status: 0 all was printed, 1 no daemon, not allowed or output failed, 2 usage.\n"
	"\n"
	"Example:\n"
	"  zerorate records export --format csv --from 2026-11-23T00:00:00+07:00 >monday.csv\n";

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

/* What tells the three commands apart. */
struct kind {
	const char *command, *help;
	bool takes_count, follows;
	uint64_t last; /* when no count is given */
};

struct show {
	const struct kind *kind;
	struct zr_source source;
	struct zr_printer printer;
};

static bool refuse(const struct show *show, const char *option, const char *what)
{
	fprintf(stderr, "zerorate %s: %s %s\n", show->kind->command, option, what);
	return false;
}

static bool take_count(struct show *show, const char *text)
{
	return (show->kind->takes_count && zr_decimal_parse(text, strlen(text), EVERYTHING, &show->source.last)) ||
	       refuse(show, "-n", "is a number of records");
}

static bool take_format(struct show *show, const char *text)
{
	static const char *const names[] = {"json", "csv", "table"};

	for (unsigned int i = 0; i < 3; i++) {
		if (strcmp(text, names[i]) == 0) {
			show->printer.format = i;
			return true;
		}
	}
	return refuse(show, "--format", "is json, csv or table");
}

static bool take_time(struct show *show, const char *option, const char *text, char *out)
{
	int64_t time_s;

	if (zr_timestamp_parse(text, strlen(text), &time_s) != 0 || time_s < 0)
		return refuse(show, option, "is " ZR_TIMESTAMP_FORM "2026-11-01T00:00:00+07:00");
	zr_time_format((uint64_t)time_s * US_PER_S, out);
	return true;
}

enum { OPTION_CONSUMER = 256, OPTION_FROM, OPTION_TO, OPTION_FORMAT, OPTION_SOCKET };

static const struct option count_options[] = {
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"socket", required_argument, NULL, OPTION_SOCKET},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static const struct option export_options[] = {
	{"consumer", required_argument, NULL, OPTION_CONSUMER},
	{"from", required_argument, NULL, OPTION_FROM},
	{"to", required_argument, NULL, OPTION_TO},
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"socket", required_argument, NULL, OPTION_SOCKET},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static bool take_option(struct show *show, int option, const char *argument)
{
	switch (option) {
	case 'n':
		return take_count(show, argument);
	case OPTION_CONSUMER:
		show->source.consumer = argument;
		return true;
	case OPTION_FROM:
		return take_time(show, "--from", argument, show->printer.from);
	case OPTION_TO:
		return take_time(show, "--to", argument, show->printer.to);
	case OPTION_FORMAT:
		return take_format(show, argument);
	case OPTION_SOCKET:
		show->source.path = argument;
		return true;
	default:
		return false; /* getopt has said what is wrong */
	}
}

static enum zr_options_result read_options(struct show *show, int argc, char **argv)
{
	char name[64];
	int option;

	snprintf(name, sizeof(name), "zerorate %s", show->kind->command);
	argv[0] = name; /* for getopt's messages */
	optind = 0;     /* as if never called: glibc's way */
	while ((option = getopt_long(argc, argv, show->kind->takes_count ? "n:h" : "h",
				     show->kind->takes_count ? count_options : export_options, NULL)) != -1) {
		if (option == 'h')
			return ZR_OPTIONS_HELP;
		if (!take_option(show, option, optarg))
			return ZR_OPTIONS_BAD;
	}
	if (optind < argc) {
		refuse(show, argv[optind], "is no option: it takes options only");
		return ZR_OPTIONS_BAD;
	}
	if (show->source.consumer != NULL && (show->printer.from[0] != '\0' || show->printer.to[0] != '\0')) {
		refuse(show, "--consumer",
		       "acknowledges all that it is sent, so it prints all: leave --from and --to out");
		return ZR_OPTIONS_BAD;
	}
	return ZR_OPTIONS_OK;
}

static int run(struct show *show)
{
	const struct sigaction on_stop = {.sa_handler = stop};

	if (!zr_command_begin(show->kind->command))
		return ZR_EXIT_FAILED;
	sigaction(SIGINT, &on_stop, NULL);
	sigaction(SIGTERM, &on_stop, NULL);
	zr_printer_init(&show->printer);
	return zr_source_read(&show->source) ? ZR_EXIT_OK : ZR_EXIT_FAILED;
}

static int show_records(int argc, char **argv, const struct kind *kind)
{
	struct show *show = calloc(1, sizeof(*show));
	int status = ZR_EXIT_USAGE;

	if (show == NULL)
		return ZR_EXIT_FAILED;
	show->kind = kind;
	show->source = (struct zr_source){
		.command = kind->command,
		.last = kind->last,
		.follows = kind->follows,
		.take = zr_printer_take,
		.flush = zr_printer_flush,
		.arg = &show->printer,
		.stopped = &stopped,
	};
	show->printer.command = kind->command;
	show->printer.format = isatty(STDOUT_FILENO) == 1 ? ZR_PRINT_TABLE : ZR_PRINT_JSON;
	switch (read_options(show, argc, argv)) {
	case ZR_OPTIONS_HELP:
		status = zr_command_print(kind->help);
		break;
	case ZR_OPTIONS_BAD:
		fprintf(stderr, "Try 'zerorate %s --help'.\n", kind->command);
		break;
	default:
		status = run(show);
	}
	free(show);
	return status;
}

int zr_records_command_tail(int argc, char **argv)
{
	static const struct kind kind = {"records tail", tail_help, .takes_count = true, .last = 10};

	return show_records(argc, argv, &kind);
}

int zr_records_command_follow(int argc, char **argv)
{
	static const struct kind kind = {"records follow", follow_help, .takes_count = true, .follows = true};

	return show_records(argc, argv, &kind);
}

int zr_records_command_export(int argc, char **argv)
{
	static const struct kind kind = {"records export", export_help, .last = EVERYTHING};

	return show_records(argc, argv, &kind);
}

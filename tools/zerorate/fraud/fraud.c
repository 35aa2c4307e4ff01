/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate fraud`: who, or which entry, has flows whose names nothing backs, from the ledger's files. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/zerorate/arguments.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/fraud/suspects.h"
#include "tools/zerorate/json_table.h"
#include "tools/zerorate/ledger_files.h"

static const char command[] = "fraud";

static const char help[] =
	"zerorate fraud - say who has flows whose names nothing backs\n"
	"\n"
	"Usage: zerorate fraud [OPTION...]\n"
	"\n"
	"Sums the usage records of a ledger that are suspect: spoof_suspect, free under a name that neither an\n"
	"answer of a trusted resolver nor a listed address backs (verify flag); unlearned, charged for the same\n"
	"(verify require); spoof, charged for a hello that came twice with different bytes. The last two are\n"
	"recorded with records.charged_flows only; a ledger without them is told on standard error. A suspect need\n"
	"not be guilty: who resolves names elsewhere has no answer either.\n"
	"\n"
	"Options:\n"
	"  --by WHAT           rows by subscriber (without it) or rule\n"
	"  --ledger FOLDER     the daemon's ledger; " ZR_LEDGER_FOLDER " without it\n"
	"  --from TIME         from this time on, like 2026-11-01T00:00:00+07:00; without it, all there is\n"
	"  --to TIME           up to this time, which is not included; without it, all there is\n"
	"  --format table|json\n"
	"                      without it: table on a terminal, json otherwise\n"
	"  -h, --help          print this\n"
	"\n"
	"Exit status: 0 all files were summed, 1 one could not be (each is told; the others are summed) or the\n"
	"output failed, 2 usage.\n"
	"\n"
	"Examples:\n"
	"  zerorate fraud --from 2026-11-01T00:00:00+07:00\n"
	"  zerorate fraud --by rule --format json\n";

static const char no_charged[] =
	"zerorate fraud: the ledger has no records of charged flows, so that unlearned and spoof are not there:\n"
	"records.charged_flows of zerorated.conf is off. zerorate status --json has their sums of all subscribers,\n"
	"totals.reasons; zerorate explain --subscriber ADDRESS says who is concerned now.\n";

struct options {
	const char *ledger;
	uint64_t from_us, to_us;
	enum zr_fraud_by by;
	enum zr_format format;
};

static bool take_by(const char *text, enum zr_fraud_by *out)
{
	*out = strcmp(text, "rule") == 0 ? ZR_FRAUD_BY_RULE : ZR_FRAUD_BY_SUBSCRIBER;
	return *out == ZR_FRAUD_BY_RULE || strcmp(text, "subscriber") == 0 ||
	       zr_argument_refuse(command, "--by", "is subscriber or rule");
}

enum { OPTION_LEDGER = 256, OPTION_FROM, OPTION_TO, OPTION_BY, OPTION_FORMAT };

static bool take_option(int option, const char *argument, struct options *out)
{
	switch (option) {
	case OPTION_LEDGER:
		out->ledger = argument;
		return true;
	case OPTION_FROM:
		return zr_argument_time(command, "--from", argument, &out->from_us);
	case OPTION_TO:
		return zr_argument_time(command, "--to", argument, &out->to_us);
	case OPTION_BY:
		return take_by(argument, &out->by);
	case OPTION_FORMAT:
		return zr_argument_format(command, argument, &out->format);
	default:
		return false; /* getopt has said what is wrong */
	}
}

static enum zr_options_result read_options(int argc, char **argv, struct options *out)
{
	static const struct option long_options[] = {
		{"ledger", required_argument, NULL, OPTION_LEDGER},
		{"from", required_argument, NULL, OPTION_FROM},
		{"to", required_argument, NULL, OPTION_TO},
		{"by", required_argument, NULL, OPTION_BY},
		{"format", required_argument, NULL, OPTION_FORMAT},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	static char name[] = "zerorate fraud"; /* for getopt's messages */
	int option;

	*out = (struct options){
		.ledger = ZR_LEDGER_FOLDER,
		.to_us = UINT64_MAX,
		.format = isatty(STDOUT_FILENO) == 1 ? ZR_FORMAT_TABLE : ZR_FORMAT_JSON,
	};
	argv[0] = name;
	optind = 0; /* as if never called: glibc's way */
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option == 'h')
			return ZR_OPTIONS_HELP;
		if (!take_option(option, optarg, out))
			goto bad;
	}
	if (optind == argc)
		return ZR_OPTIONS_OK;
	zr_argument_refuse(command, argv[optind], "is no option: it takes options only");
bad:
	fputs("Try 'zerorate fraud --help'.\n", stderr);
	return ZR_OPTIONS_BAD;
}

static bool add_file(void *arg, const char *path)
{
	return zr_suspects_add(arg, path);
}

static void take(void *arg, const struct zr_suspect *suspect)
{
	json_array_append_new(arg, json_pack("{s:s, s:s, s:I, s:I, s:I, s:s}", "suspect", suspect->key, "kinds",
					     suspect->kinds, "flows", (json_int_t)suspect->flows, "free_bytes",
					     (json_int_t)suspect->free_bytes, "charged_bytes",
					     (json_int_t)suspect->charged_bytes, "last", suspect->last));
}

static void add_row(struct zr_table *t, const json_t *row)
{
	zr_json_cell_text(t, row, "suspect");
	zr_json_cell_text(t, row, "kinds");
	zr_json_cell_number(t, row, "flows");
	zr_json_cell_number(t, row, "free_bytes");
	zr_json_cell_number(t, row, "charged_bytes");
	zr_json_cell_time(t, row, "last");
}

static int print(const struct options *options, const json_t *rows)
{
	const struct zr_table_column columns[] = {
		{options->by == ZR_FRAUD_BY_RULE ? "rule" : "subscriber", false, 0},
		{"kinds", false, 0},
		{"flows", true, 1},
		{"free_bytes", true, 0},
		{"charged_bytes", true, 0},
		{"last", false, 2},
	};
	const struct zr_json_table table = {
		.command = command, .columns = columns, .column_count = 6, .add_row = add_row};

	if (options->format == ZR_FORMAT_TABLE)
		return zr_json_table_print(&table, rows, NULL);
	if (json_dumpf(rows, stdout, JSON_COMPACT) == 0 && putchar('\n') != EOF && fflush(stdout) == 0)
		return ZR_EXIT_OK;
	zr_command_output_failed(command, errno);
	return ZR_EXIT_FAILED;
}

static int run(const struct options *options)
{
	struct zr_suspects *suspects = zr_suspects_make(options->by, options->from_us, options->to_us);
	json_t *rows = json_array();
	int status = ZR_EXIT_FAILED;

	if (suspects != NULL && rows != NULL) {
		bool good = zr_ledger_files_each(command, options->ledger, add_file, suspects);

		good = zr_suspects_each(suspects, take, rows) && good;
		status = print(options, rows);
		if (good && !zr_suspects_charged(suspects))
			fputs(no_charged, stderr);
		if (!good)
			status = ZR_EXIT_FAILED;
	}
	json_decref(rows);
	zr_suspects_free(suspects);
	return status;
}

int zr_command_fraud(int argc, char **argv)
{
	struct options options;

	switch (read_options(argc, argv, &options)) {
	case ZR_OPTIONS_HELP:
		return zr_command_print(help);
	case ZR_OPTIONS_BAD:
		return ZR_EXIT_USAGE;
	default:
		return zr_command_begin(command) ? run(&options) : ZR_EXIT_FAILED;
	}
}

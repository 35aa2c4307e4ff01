/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate report`: what was free, for whom and what it was worth, from the ledger's files. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/record/record.h"
#include "rules/decimal.h"
#include "tools/zerorate/arguments.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/report/view.h"

/* A tariff has up to six decimals, and at most so many units. */
#define TARIFF_MAX UINT64_C(1000000000)

static const char command[] = "report";

static const char help[] =
	"zerorate report - say what was free of charge, for whom, and what it was worth\n"
	"\n"
	"Usage: zerorate report [OPTION...]\n"
	"\n"
	"Sums the usage records of a ledger. The daemon may run, and nothing of its files is changed. A record\n"
	"counts where its last packet came in; volume is what a charging function counts (IP lengths).\n"
	"\n"
	"Options:\n"
	"  --ledger FOLDER     the daemon's ledger; " ZR_LEDGER_FOLDER " without it\n"
	"  --from TIME         from this time on, like 2026-11-01T00:00:00+07:00; without it, all there is\n"
	"  --to TIME           up to this time, which is not included; without it, all there is\n"
	"  --by WHAT           rows by service (without it), rating_group, subscriber, rule or hour (UTC)\n"
	"  --tariff VND_PER_MB also tell the value at this price for a million bytes: 25, or 0.5\n"
	"  --format table|csv|json\n"
	"                      without it: table on a terminal, csv otherwise\n"
	"  -h, --help          print this\n"
	"\n"
	"The total counts each subscriber once; its value is that of the total volume, and so need not be the\n"
	"sum of rounded rows. CSV has no total.\n"
	"\n"
	"Exit status: 0 all files were summed, 1 one could not be (each is told; the others are summed) or the\n"
	"output failed, 2 usage.\n"
	"\n"
	"Examples:\n"
	"  zerorate report --from 2026-11-01T00:00:00+07:00 --to 2026-12-01T00:00:00+07:00 --tariff 25\n"
	"  zerorate report --by subscriber --format csv >subscribers.csv\n";

struct options {
	const char *ledger;
	uint64_t from_us, to_us;
	struct zr_report_head head;
	enum zr_report_format format;
};

static bool take_by(const char *text, enum zr_report_by *out)
{
	for (unsigned int by = 0; by < ZR_REPORT_BY_COUNT; by++) {
		if (strcmp(text, zr_report_by_name(by)) == 0) {
			*out = by;
			return true;
		}
	}
	return zr_argument_refuse(command, "--by", "is service, rating_group, subscriber, rule or hour");
}

static bool take_format(const char *text, enum zr_report_format *out)
{
	static const char *const names[] = {"table", "csv", "json"};

	for (unsigned int i = 0; i < 3; i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = i;
			return true;
		}
	}
	return zr_argument_refuse(command, "--format", "is table, csv or json");
}

/* A decimal number with at most six decimals, as millionths. */
static bool take_tariff(const char *text, struct zr_report_tariff *out)
{
	size_t units_len = strcspn(text, "."), decimals_len;
	char decimals[] = "000000";
	uint64_t units, micros = 0;

	decimals_len = text[units_len] == '.' ? strlen(text + units_len + 1) : 0;
	if (!zr_decimal_parse(text, units_len, TARIFF_MAX, &units) || decimals_len > 6 ||
	    (text[units_len] == '.' && decimals_len == 0))
		return zr_argument_refuse(command, "--tariff", "is a price for a million bytes, like 25 or 0.5");
	if (decimals_len > 0) {
		memcpy(decimals, text + units_len + 1, decimals_len);
		if (!zr_decimal_parse(decimals, 6, 999999, &micros))
			return zr_argument_refuse(command, "--tariff",
						  "is a price for a million bytes, like 25 or 0.5");
	}
	*out = (struct zr_report_tariff){.given = true, .micros_per_mb = units * 1000000 + micros};
	return true;
}

enum { OPTION_LEDGER = 256, OPTION_FROM, OPTION_TO, OPTION_BY, OPTION_TARIFF, OPTION_FORMAT };

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
		return take_by(argument, &out->head.by);
	case OPTION_TARIFF:
		return take_tariff(argument, &out->head.tariff);
	case OPTION_FORMAT:
		return take_format(argument, &out->format);
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
		{"tariff", required_argument, NULL, OPTION_TARIFF},
		{"format", required_argument, NULL, OPTION_FORMAT},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	static char name[] = "zerorate report"; /* for getopt's messages */
	int option;

	*out = (struct options){
		.ledger = ZR_LEDGER_FOLDER,
		.to_us = UINT64_MAX,
		.format = isatty(STDOUT_FILENO) == 1 ? ZR_REPORT_TABLE : ZR_REPORT_CSV,
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
	fputs("Try 'zerorate report --help'.\n", stderr);
	return ZR_OPTIONS_BAD;
}

static bool add_file(void *arg, const char *path)
{
	return zr_report_sums_add(arg, path);
}

static int run(const struct options *options)
{
	struct zr_report_sums *sums = zr_report_sums_make(options->head.by, options->from_us, options->to_us);
	char from[ZR_TIME_TEXT], to[ZR_TIME_TEXT];
	struct zr_report_head head = options->head;
	bool good;

	if (sums == NULL)
		return ZR_EXIT_FAILED;
	zr_time_format(options->from_us, from);
	zr_time_format(options->to_us, to);
	head.from = from;
	head.to = to;
	good = zr_ledger_files_each(command, options->ledger, add_file, sums);
	good = zr_report_write(sums, &head, options->format) && good;
	zr_report_sums_free(sums);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		zr_command_output_failed(command, errno);
		good = false;
	}
	return good ? ZR_EXIT_OK : ZR_EXIT_FAILED;
}

int zr_command_report(int argc, char **argv)
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

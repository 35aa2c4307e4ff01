/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate list diff OLD NEW`: what a new list changes. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/list/commands.h"
#include "tools/zerorate/list/diff_view.h"
#include "tools/zerorate/list_file.h"
#include "tools/zerorate/terminal.h"

/* As diff(1) has them. */
enum { EXIT_SAME, EXIT_DIFFERENT, EXIT_TROUBLE };

static const char help[] =
	"zerorate list diff - what a new list changes\n"
	"\n"
	"Usage: zerorate list diff [OPTION...] OLD NEW\n"
	"\n"
	"OLD and NEW are lists (CSV) or compiled lists (`zerorate list compile`). Each difference is a line:\n"
	"  directive  serial, issuer, issued or expires has another value\n"
	"  added      NEW alone has the entry\n"
	"  removed    OLD alone has it; of an exclusion (!x), more is free then, and less when one is added\n"
	"  widened    the same name or addresses, and more is free: .x for x, more ports, a longer window,\n"
	"             a shorter window of an exclusion\n"
	"  narrowed   … and less is free\n"
	"  changed    another service or rating group, or a window or ports that moved\n"
	"and the last line says how many there are of each. Another length of an address block is another\n"
	"block: removed and added. The order of rows, spelling, owner and note make no difference.\n"
	"\n"
	"Options:\n"
	"  --format FORMAT  text (the default), table, or json: an object a line\n"
	"  --help           print this\n"
	"\n"
	"Exit status: 0 no difference, 1 differences, 2 usage, or a list cannot be read; like diff(1).\n"
	"\n"
	"Examples:\n"
	"  zerorate list diff 2026-11.csv 2026-12.csv\n"
	"  zerorate list diff --format json old.csv new.csv | jq -r 'select(.change == \"widened\").after.match'\n";

struct options {
	enum zr_diff_format format;
	const char *before, *after;
	bool help;
};

static bool read_format(const char *text, enum zr_diff_format *format)
{
	static const char *const names[] = {
		[ZR_DIFF_TEXT] = "text", [ZR_DIFF_TABLE] = "table", [ZR_DIFF_JSON] = "json"};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(text, names[i]) == 0) {
			*format = (enum zr_diff_format)i;
			return true;
		}
	fprintf(stderr, "zerorate list diff: --format is text, table or json, not \"%s\"\n", text);
	return false;
}

static bool read_options(int argc, char **argv, struct options *options)
{
	enum { OPTION_FORMAT = 256, OPTION_HELP };
	static const struct option long_options[] = {
		{"format", required_argument, NULL, OPTION_FORMAT},
		{"help", no_argument, NULL, OPTION_HELP},
		{NULL, 0, NULL, 0},
	};
	static char name[] = "zerorate list diff"; /* for getopt's messages */
	int option;

	*options = (struct options){0};
	argv[0] = name;
	optind = 0; /* as if never called: glibc's way */
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option == OPTION_HELP || option == 'h') {
			options->help = true;
			return true;
		}
		if (option != OPTION_FORMAT || !read_format(optarg, &options->format))
			return false;
	}
	if (argc - optind != 2) {
		fputs("zerorate list diff: name two lists, the old one and the new one\n", stderr);
		return false;
	}
	options->before = argv[optind];
	options->after = argv[optind + 1];
	return true;
}

static int show(const struct options *options, const struct zr_image *before, const struct zr_image *after)
{
	struct zr_output *out = malloc(sizeof(*out));
	int64_t count;
	int status;

	if (out == NULL) {
		fputs("zerorate list diff: no memory\n", stderr);
		return EXIT_TROUBLE;
	}
	zr_output_init(out, STDOUT_FILENO);
	count = zr_diff_view(before, after, options->format, zr_terminal_width(STDOUT_FILENO), out);
	status = count == 0 ? EXIT_SAME : EXIT_DIFFERENT;
	if (count < 0) {
		fputs("zerorate list diff: no memory for so many differences\n", stderr);
		status = EXIT_TROUBLE;
	} else if (!zr_output_flush(out)) {
		zr_command_output_failed("list diff", out->error);
		status = EXIT_TROUBLE;
	}
	free(out);
	return status;
}

int zr_list_command_diff(int argc, char **argv)
{
	struct zr_list_loaded before = {0}, after = {0};
	struct options options;
	int status = EXIT_TROUBLE;
	bool before_is_good, after_is_good;

	if (!read_options(argc, argv, &options)) {
		fputs("Try 'zerorate list diff --help'.\n", stderr);
		return EXIT_TROUBLE;
	}
	if (options.help)
		return zr_command_print(help) == ZR_EXIT_OK ? EXIT_SAME : EXIT_TROUBLE;
	if (!zr_command_begin("list diff"))
		return EXIT_TROUBLE;
	before_is_good = zr_list_or_image_open(options.before, zr_command_seed, &before);
	after_is_good = zr_list_or_image_open(options.after, zr_command_seed, &after);
	if (before_is_good && after_is_good)
		status = show(&options, before.image, after.image);
	zr_list_loaded_clear(&before);
	zr_list_loaded_clear(&after);
	return status;
}

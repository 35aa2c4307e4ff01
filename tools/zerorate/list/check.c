/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate list check FILE`: everything that is wrong with a list, in one run. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/list/commands.h"
#include "tools/zerorate/list_file.h"

static const char help[] =
	"zerorate list check - say all that is wrong with a list\n"
	"\n"
	"Usage: zerorate list check FILE\n"
	"\n"
	"Reads the list as a gateway would and tells every error on standard error: where it is, what is\n"
	"wrong and what to write instead. Signatures are not looked at: `zerorate list verify` does that.\n"
	"\n"
	"Exit status: 0 the list has no errors, 1 it has, or it cannot be read, 2 usage.\n"
	"\n"
	"Example:\n"
	"  zerorate list check elearning-vn.csv && minisign -Sm elearning-vn.csv\n";

int zr_list_command_check(int argc, char **argv)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	static char name[] = "zerorate list check"; /* for getopt's messages */
	struct zr_list_loaded list;
	int option, status = ZR_EXIT_FAILED;

	argv[0] = name;
	optind = 0; /* as if never called: glibc's way */
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
		if (option == 'h')
			return zr_command_print(help);
		else
			return ZR_EXIT_USAGE;
	if (argc - optind != 1) {
		fputs("zerorate list check: name one list. Try 'zerorate list check --help'.\n", stderr);
		return ZR_EXIT_USAGE;
	}
	if (zr_list_file_open(argv[optind], zr_command_seed, &list)) {
		printf("%s: no errors: list %" PRIu64 " with %" PRIu32 " entries\n", argv[optind],
		       zr_image_serial(list.image), zr_image_entry_count(list.image));
		status = ZR_EXIT_OK;
	}
	zr_list_loaded_clear(&list);
	return status;
}

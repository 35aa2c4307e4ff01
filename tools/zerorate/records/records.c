/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate records COMMAND`: what people and file transfers do with records. */
#include <stdio.h>
#include <string.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/records/commands.h"

static const char help[] = "zerorate records - read the records of a gateway\n"
			   "\n"
			   "Usage: zerorate records COMMAND [OPTION...]\n"
			   "\n"
			   "Commands (`zerorate records COMMAND --help` tells all about one):\n"
			   "  tail     print the last records\n"
			   "  follow   print records as they come\n"
			   "  export   print all records that are kept, or those that a consumer has not acknowledged\n"
			   "  files    write closed files for a billing system, as a durable consumer\n"
			   "\n"
			   "They read zerorated's records socket, as any billing system may: zerorate-records(5).\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"tail", zr_records_command_tail},
	{"follow", zr_records_command_follow},
	{"export", zr_records_command_export},
	{"files", zr_records_command_files},
};

int zr_command_records(int argc, char **argv)
{
	if (argc < 2) {
		fputs("zerorate records: a command is missing. Try 'zerorate records --help'.\n", stderr);
		return ZR_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return zr_command_print(help);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "zerorate records: there is no command '%s'. Try 'zerorate records --help'.\n", argv[1]);
	return ZR_EXIT_USAGE;
}

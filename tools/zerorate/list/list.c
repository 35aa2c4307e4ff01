/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate list COMMAND`: everything that people do with lists. */
#include <stdio.h>
#include <string.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/list/commands.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"check", zr_list_command_check, "say all that is wrong with a list"},
	{"compile", zr_list_command_compile, "compile a list; its serial, size and hashes"},
	{"diff", zr_list_command_diff, "what a new list changes"},
	{"lookup", zr_list_command_lookup, "which entry frees a name or an address, or why none does"},
	{"learned", zr_list_command_learned, "what stands behind a name, as answers taught a daemon"},
	{"log", zr_list_command_log, "which lists a daemon accepted and refused, when, why and by whom"},
	{"push", zr_list_command_push, "hand a list to a daemon and hear what it decides"},
	{"verify", zr_list_command_verify, "which keys have signed a list"},
	{"export", zr_list_command_export, "a list in the formats of other programs"},
	{"import", zr_list_command_import, "a list from what other programs write"},
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(*commands))

static int help(void)
{
	char text[4096];
	size_t len = (size_t)snprintf(text, sizeof(text),
				      "zerorate list - check, compare, sign off and look into approved lists\n"
				      "\n"
				      "Usage: zerorate list COMMAND [OPTION...] ...\n"
				      "\n"
				      "Commands (`zerorate list COMMAND --help` tells all about one):\n");

	for (size_t i = 0; i < COMMAND_COUNT && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "  %-10s %s\n", commands[i].name,
					commands[i].help);
	return zr_command_print(text);
}

int zr_command_list(int argc, char **argv)
{
	if (argc < 2) {
		fputs("zerorate list: a command is missing. Try 'zerorate list --help'.\n", stderr);
		return ZR_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return help();
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "zerorate list: there is no command '%s'. Try 'zerorate list --help'.\n", argv[1]);
	return ZR_EXIT_USAGE;
}

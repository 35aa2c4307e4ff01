/* SPDX-License-Identifier: BSD-3-Clause */
/* A command's options from a table. What is refused is told on standard error, in the name of the command. */
#ifndef TOOLS_ZERORATE_COMMAND_LINE_H
#define TOOLS_ZERORATE_COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/client.h"

struct zr_option {
	const char *name; /* behind "--"; NULL: it has none */
	char letter;      /* behind "-"; 0: it has none */
	/* Take the value, which is NULL for zr_option_flag alone; false when it was refused. */
	bool (*take)(const char *command, const struct zr_option *option, const char *value);
	void *target;         /* take's */
	uint64_t least, most; /* numbers and times */
	const char *choices;  /* "service|rule" */
};

/* Stock takers, and what their target is. */
bool zr_option_flag(const char *command, const struct zr_option *option, const char *value);   /* bool */
bool zr_option_text(const char *command, const struct zr_option *option, const char *value);   /* const char * */
bool zr_option_choice(const char *command, const struct zr_option *option, const char *value); /* const char * */
bool zr_option_number(const char *command, const struct zr_option *option, const char *value); /* uint64_t */
bool zr_option_seconds(const char *command, const struct zr_option *option,
		       const char *value); /* uint64_t; "90s" "10m" "1h" */
bool zr_option_prefix(const char *command, const struct zr_option *option,
		      const char *value); /* const char *; checked */
bool zr_option_subscriber(const char *command, const struct zr_option *option,
			  const char *value); /* const char *; checked */
bool zr_option_format(const char *command, const struct zr_option *option, const char *value); /* enum zr_format */

/* Say what is wrong with an option; returns false. */
bool zr_option_refuse(const char *command, const struct zr_option *option, const char *what);

/* The options that all commands have which ask the daemon. */
#define ZR_OPTION_JSON(flag)                                              \
	{                                                                 \
		.name = "json", .take = zr_option_flag, .target = &(flag) \
	}
#define ZR_OPTION_SOCKET(path)                                              \
	{                                                                   \
		.name = "socket", .take = zr_option_text, .target = &(path) \
	}

/* What help says of them, and of exit statuses of commands that find nothing wrong. */
#define ZR_ASKING_HELP                                                              \
	"  --json              print the daemon's answer, one JSON object a line: " \
	"zerorate-control.sock(5)\n" ZR_SOCKET_HELP
#define ZR_SOCKET_HELP                                                                        \
	"  --socket PATH       the daemon's control socket; without it " ZR_CONTROL_PATH "\n" \
	"  -h, --help          print this\n"
#define ZR_EXIT_HELP                                                                                            \
	"Exit status: 0 shown, 1 the output failed, 2 usage, 3 the daemon cannot be asked, or answers with an " \
	"error.\n"

struct zr_command_line {
	const char *command; /* "list log" */
	const char *help;
	const struct zr_option *options;
	unsigned int option_count; /* at most ZR_OPTIONS_MAX */
	/* One operand is needed when it has a name here, such as "one list"; none may be there otherwise. */
	const char *operand_name;
	const char **operand;
};

#define ZR_OPTIONS_MAX 16

/* One of a table of options, without an operand. */
#define ZR_COMMAND_LINE(name, text, table)                                                                        \
	{                                                                                                         \
		.command = name, .help = text, .options = table, .option_count = sizeof(table) / sizeof(*(table)) \
	}

/*
 * Read a command line (argv[0] is the command's last word; getopt may reorder it) into the options' targets, and begin the
 * command (zr_command_begin). False when there is no more to do: help was printed, or something is wrong and told; *status is
 * then the exit status.
 */
bool zr_command_line_read(const struct zr_command_line *line, int argc, char **argv, int *status);

/* Point to the help behind what else was refused, and return the exit status. */
int zr_command_line_refused(const char *command);

#endif

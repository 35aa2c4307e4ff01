/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of `zerorate` and what they end with. */
#ifndef TOOLS_ZERORATE_COMMAND_H
#define TOOLS_ZERORATE_COMMAND_H

/* Exit statuses. */
enum {
	ZR_EXIT_OK,
	ZR_EXIT_FAILED, /* something could not be read or written; what could be was still done */
	ZR_EXIT_USAGE,  /* the command line makes no sense */
};

/* Print a text that was asked for, such as help. Returns the exit status. */
int zr_command_print(const char *text);

/* `zerorate classify`; argv[0] is the command's name. Returns the exit status. */
int zr_command_classify(int argc, char **argv);

#endif

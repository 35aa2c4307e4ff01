/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of `zerorate list`. Each: argv[0] is the command's name; returns the exit status. */
#ifndef TOOLS_ZERORATE_LIST_COMMANDS_H
#define TOOLS_ZERORATE_LIST_COMMANDS_H

int zr_list_command_check(int argc, char **argv);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of `zerorate records`. Each: argv[0] is the command's name; returns the exit status. */
#ifndef TOOLS_ZERORATE_RECORDS_COMMANDS_H
#define TOOLS_ZERORATE_RECORDS_COMMANDS_H

int zr_records_command_tail(int argc, char **argv);
int zr_records_command_follow(int argc, char **argv);
int zr_records_command_export(int argc, char **argv);
int zr_records_command_files(int argc, char **argv);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of `zerorate list`. Each: argv[0] is the command's name; returns the exit status. */
#ifndef TOOLS_ZERORATE_LIST_COMMANDS_H
#define TOOLS_ZERORATE_LIST_COMMANDS_H

int zr_list_command_check(int argc, char **argv);
int zr_list_command_compile(int argc, char **argv);
int zr_list_command_diff(int argc, char **argv);
int zr_list_command_export(int argc, char **argv);
int zr_list_command_import(int argc, char **argv);
int zr_list_command_learned(int argc, char **argv);
int zr_list_command_log(int argc, char **argv);
int zr_list_command_lookup(int argc, char **argv);
int zr_list_command_push(int argc, char **argv);
int zr_list_command_verify(int argc, char **argv);

#endif

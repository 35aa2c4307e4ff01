/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of `zerorate` and what they end with. */
#ifndef TOOLS_ZERORATE_COMMAND_H
#define TOOLS_ZERORATE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses. */
enum {
	ZR_EXIT_OK,
	ZR_EXIT_FAILED, /* something could not be read or written; what could be was still done */
	ZR_EXIT_USAGE,  /* the command line makes no sense */
	/* The daemon cannot be asked at its control socket: it is not there, lets nobody in, or answers with an error. */
	ZR_EXIT_NO_DAEMON,
};

/*
 * The seed of all hashes. Fixed, so that one capture gives one output; nobody can aim at the hash of a program that has read
 * its input.
 */
extern const uint64_t zr_command_seed[2];

/* Print a text that was asked for, such as help. Returns the exit status. */
int zr_command_print(const char *text);

/*
 * What commands do at their beginning and their end. Failures are told on standard error, in the name of the command.
 */

/* Is there a standard output? From here on a closed pipe is an error of writing and no signal. */
bool zr_command_begin(const char *command);

/* Zeroed memory, of which only what is used is taken; NULL when it cannot be had. Give it back with munmap. */
void *zr_command_memory(const char *command, size_t len);

/* Writing failed with that errno. */
void zr_command_output_failed(const char *command, int error);

/* `zerorate classify`; argv[0] is the command's name. Returns the exit status. */
int zr_command_classify(int argc, char **argv);

/* `zerorate dns`; likewise. */
int zr_command_dns(int argc, char **argv);

/* `zerorate status`; likewise, and so are the others that ask the daemon. */
int zr_command_status(int argc, char **argv);
int zr_command_ports(int argc, char **argv);
int zr_command_flows(int argc, char **argv);
int zr_command_top(int argc, char **argv);
int zr_command_explain(int argc, char **argv);
int zr_command_reload(int argc, char **argv);
int zr_command_version(int argc, char **argv);

/* `zerorate list COMMAND`; likewise. */
int zr_command_list(int argc, char **argv);

/* `zerorate fraud`; likewise. */
int zr_command_fraud(int argc, char **argv);

/* `zerorate records COMMAND`; likewise. */
int zr_command_records(int argc, char **argv);

/* `zerorate report`; likewise. */
int zr_command_report(int argc, char **argv);

#endif

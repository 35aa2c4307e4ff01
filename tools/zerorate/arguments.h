/* SPDX-License-Identifier: BSD-3-Clause */
/* Arguments that several commands take. What is refused is told on standard error, in the name of the command. */
#ifndef TOOLS_ZERORATE_ARGUMENTS_H
#define TOOLS_ZERORATE_ARGUMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "rules/prefix.h"

enum zr_format { ZR_FORMAT_JSON, ZR_FORMAT_TABLE };

/* What reading a command line came to. */
enum zr_options_result {
	ZR_OPTIONS_OK,
	ZR_OPTIONS_HELP, /* help is asked for; nothing else was looked at */
	ZR_OPTIONS_BAD,  /* said why on standard error */
};

/* Tell what is wrong with an option; returns false. */
bool zr_argument_refuse(const char *command, const char *option, const char *what);

/* Add prefixes with commas between them to a set. */
bool zr_argument_prefixes(const char *command, const char *option, const char *text, struct zr_prefix_set *set);

/* A point in time, as a timestamp with an offset; in microseconds. Not before 1970. */
bool zr_argument_time(const char *command, const char *option, const char *text, uint64_t *out_us);

/* The argument of --format. */
bool zr_argument_format(const char *command, const char *text, enum zr_format *format);

#endif

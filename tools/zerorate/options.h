/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of `zerorate classify`. */
#ifndef TOOLS_ZERORATE_OPTIONS_H
#define TOOLS_ZERORATE_OPTIONS_H

#include "tools/zerorate/arguments.h"

struct zr_options {
	const char *list;
	struct zr_prefix_set subscribers, tunnel_endpoints, trusted_resolvers; /* empty: not given */
	uint8_t verify; /* enum zr_verify: what entries ask for that say nothing; DEFAULT: not given, like OFF */
	bool all, show_names, verify_checksums;
	enum zr_format format;
	char **captures; /* inside argv */
	int capture_count;
};

/*
 * Read the command line (argv[0] is "classify"; getopt may reorder it). stdout_is_terminal decides the format when no
 * --format is given. Call zr_options_clear afterwards, whatever the result.
 */
enum zr_options_result zr_options_read(int argc, char **argv, bool stdout_is_terminal, struct zr_options *out);
void zr_options_clear(struct zr_options *options);

/* What --help says. */
extern const char zr_options_help[];

#endif

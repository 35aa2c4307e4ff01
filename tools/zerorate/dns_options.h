/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of `zerorate dns`. */
#ifndef TOOLS_ZERORATE_DNS_OPTIONS_H
#define TOOLS_ZERORATE_DNS_OPTIONS_H

#include "tools/zerorate/arguments.h"

struct zr_dns_options {
	struct zr_prefix_set tunnel_endpoints; /* empty: not given */
	enum zr_format format;
	char **captures; /* inside argv */
	int capture_count;
};

/*
 * Read the command line (argv[0] is "dns"; getopt may reorder it). stdout_is_terminal decides the format when no --format is
 * given. Call zr_dns_options_clear afterwards, whatever the result.
 */
enum zr_options_result zr_dns_options_read(int argc, char **argv, bool stdout_is_terminal, struct zr_dns_options *out);
void zr_dns_options_clear(struct zr_dns_options *options);

/* What --help says. */
extern const char zr_dns_options_help[];

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate list lookup`: which entry covers a name or an address, or why none does. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rules/decimal.h"
#include "rules/timestamp.h"
#include "tools/zerorate/arguments.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/list/commands.h"
#include "tools/zerorate/list/lookup_view.h"
#include "tools/zerorate/list_file.h"

#define PROTO_TCP 6
#define PROTO_UDP 17

static const char help[] =
	"zerorate list lookup - which entry of a list frees a name or an address, or why none does\n"
	"\n"
	"Usage: zerorate list lookup --list FILE [OPTION...] NAME|ADDRESS...\n"
	"\n"
	"Asks the list as a gateway would and tells the entry that applies. When none does, it tells the\n"
	"entries that come nearest, at most 8, and why each of them does not apply. The list need not be\n"
	"signed: nothing is decided here.\n"
	"\n"
	"A name is a host name, such as www.olm.vn. An address is one IPv4 or IPv6 address of a server, with\n"
	"or without its port: 203.162.10.5, 203.162.10.5:8801, 2001:db8::1, [2001:db8::1]:443. Address\n"
	"entries with a protocol or ports apply only when --proto, and a port, say that they do.\n"
	"\n"
	"Options:\n"
	"  --list FILE          the list (CSV), or an image that `zerorate list compile` made; required\n"
	"  --at TIME            ask for that time, such as 2026-07-15T23:59:59+07:00. Without it: now\n"
	"  --proto tcp|udp      the protocol, for addresses\n"
	"  --port N             the server's port, for addresses that are written without one\n"
	"  --format json|table  json: one object a line. table: aligned columns. Without it: table on a\n"
	"                       terminal, json otherwise\n"
	"  -h, --help           print this\n"
	"\n"
	"Members of an object:\n"
	"  query          what was asked\n"
	"  free           true or false\n"
	"  reason         listed, excluded, no_match, expired (the list as a whole), invalid (neither a name\n"
	"                 nor an address)\n"
	"  why            the reason in a sentence\n"
	"  rule, service, rating_group, from, until\n"
	"                 the entry that was found, as the list has it; times in UTC\n"
	"  near           entries that come near, the nearest first, each with those members and its own\n"
	"                 reason and why. Reasons: not_yet, past (outside its window), overruled (an\n"
	"                 exclusion wins), exact_only, below_only, other_protocol, other_ports,\n"
	"                 subdomain_listed, inside_a_label, similar_spelling, sibling_listed,\n"
	"                 neighbouring_block\n"
	"  near_left_out  how many more come near\n"
	"  at             the time asked for\n"
	"  list_serial    the list's serial\n"
	"\n"
	"Exit status:\n"
	"  0  all that was asked for is free\n"
	"  1  some of it is not\n"
	"  2  the command line makes no sense\n"
	"  3  the list cannot be read or has errors, or the output cannot be written\n"
	"\n"
	"Examples:\n"
	"  zerorate list lookup --list elearning-vn.csv www.olm.vn quangcao.olm.vn\n"
	"  zerorate list lookup --list elearning-vn.csv --proto udp 203.162.10.5:8801\n"
	"  zerorate list lookup --list elearning-vn.csv --format json thi.moet.gov.vn | jq '.near[].why'\n";

static const char command[] = "list lookup";

/* The answers are no: something else must be told from that. */
#define EXIT_UNANSWERED 3

struct options {
	const char *list;
	int64_t at_s;
	uint8_t proto;
	uint16_t port;
	enum zr_format format;
	char **queries; /* inside argv */
	int query_count;
};

struct run {
	const struct options *options;
	struct zr_list_loaded list;
	struct zr_output output;
	struct zr_table table;
};

enum { OPTION_LIST = 256, OPTION_AT, OPTION_PROTO, OPTION_PORT, OPTION_FORMAT };

static bool take_proto(const char *text, struct options *options)
{
	if (strcmp(text, "tcp") == 0)
		options->proto = PROTO_TCP;
	else if (strcmp(text, "udp") == 0)
		options->proto = PROTO_UDP;
	else
		return zr_argument_refuse(command, "--proto", "is tcp or udp");
	return true;
}

static bool take_port(const char *text, struct options *options)
{
	uint64_t port;

	if (!zr_decimal_parse(text, strlen(text), UINT16_MAX, &port))
		return zr_argument_refuse(command, "--port", "is a number from 0 to 65535");
	options->port = (uint16_t)port;
	return true;
}

static bool take_option(int option, const char *argument, struct options *options)
{
	switch (option) {
	case OPTION_LIST:
		options->list = argument;
		return true;
	case OPTION_AT:
		return zr_timestamp_parse(argument, strlen(argument), &options->at_s) == 0 ||
		       zr_argument_refuse(command, "--at", "is " ZR_TIMESTAMP_FORM "2026-07-15T23:59:59+07:00");
	case OPTION_PROTO:
		return take_proto(argument, options);
	case OPTION_PORT:
		return take_port(argument, options);
	case OPTION_FORMAT:
		return zr_argument_format(command, argument, &options->format);
	default:
		return false; /* getopt has said what is wrong */
	}
}

static enum zr_options_result read_options(int argc, char **argv, struct options *options)
{
	static const struct option long_options[] = {
		{"list", required_argument, NULL, OPTION_LIST},
		{"at", required_argument, NULL, OPTION_AT},
		{"proto", required_argument, NULL, OPTION_PROTO},
		{"port", required_argument, NULL, OPTION_PORT},
		{"format", required_argument, NULL, OPTION_FORMAT},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	static char name[] = "zerorate list lookup"; /* for getopt's messages */
	int option;

	*options = (struct options){
		.at_s = time(NULL),
		.format = isatty(STDOUT_FILENO) == 1 ? ZR_FORMAT_TABLE : ZR_FORMAT_JSON,
	};
	argv[0] = name;
	optind = 0; /* as if never called: glibc's way */
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option == 'h')
			return ZR_OPTIONS_HELP;
		if (!take_option(option, optarg, options))
			return ZR_OPTIONS_BAD;
	}
	options->queries = argv + optind;
	options->query_count = argc - optind;
	if (options->list == NULL) {
		zr_argument_refuse(command, "--list FILE", "is required: which list shall be asked?");
		return ZR_OPTIONS_BAD;
	}
	if (options->query_count > 0)
		return ZR_OPTIONS_OK;
	zr_argument_refuse(command, "NAME or ADDRESS", "is missing: what shall be looked up?");
	return ZR_OPTIONS_BAD;
}

static void explain(struct zr_answer *answer)
{
	const struct zr_query *query = answer->query;

	if (query->kind == ZR_QUERY_NAME)
		zr_explain_name(answer->image, query->name, query->name_len, answer->at_s, &answer->explanation);
	else if (query->kind == ZR_QUERY_ADDRESS)
		zr_explain_address(answer->image, query->address.family, query->address.addr, query->proto, query->port,
				   answer->at_s, &answer->explanation);
}

/* False when there is no memory. */
static bool show(struct run *run, const struct zr_answer *answer)
{
	char *line;

	if (run->options->format == ZR_FORMAT_TABLE) {
		zr_answer_table_add(&run->table, &run->output, answer);
		return true;
	}
	line = zr_answer_json(answer);
	if (line == NULL)
		return false;
	zr_output_put(&run->output, line, strlen(line));
	zr_output_put(&run->output, "\n", 1);
	free(line);
	return true;
}

static int ask_all(struct run *run)
{
	const struct options *options = run->options;
	int status = ZR_EXIT_OK;

	for (int i = 0; i < options->query_count; i++) {
		struct zr_answer answer = {.image = run->list.image, .at_s = options->at_s};
		struct zr_query query;

		zr_query_read(options->queries[i], options->proto, options->port, &query);
		answer.query = &query;
		explain(&answer);
		if (!show(run, &answer)) {
			fputs("zerorate list lookup: no memory for the answer\n", stderr);
			return EXIT_UNANSWERED;
		}
		if (!zr_answer_is_free(&answer))
			status = ZR_EXIT_FAILED;
	}
	zr_table_write(&run->table, &run->output);
	if (zr_output_flush(&run->output))
		return status;
	zr_command_output_failed(command, run->output.error);
	return EXIT_UNANSWERED;
}

static int lookup(const struct options *options)
{
	struct run *run = calloc(1, sizeof(*run));
	int status = EXIT_UNANSWERED;

	if (run == NULL) {
		fputs("zerorate list lookup: no memory\n", stderr);
		return status;
	}
	run->options = options;
	zr_output_init(&run->output, STDOUT_FILENO);
	zr_answer_table_init(&run->table);
	if (zr_command_begin(command) && zr_list_or_image_open(options->list, zr_command_seed, &run->list))
		status = ask_all(run);
	zr_list_loaded_clear(&run->list);
	free(run);
	return status;
}

int zr_list_command_lookup(int argc, char **argv)
{
	struct options options;

	switch (read_options(argc, argv, &options)) {
	case ZR_OPTIONS_OK:
		return lookup(&options);
	case ZR_OPTIONS_HELP:
		return zr_command_print(help);
	default:
		fputs("Try 'zerorate list lookup --help'.\n", stderr);
		return ZR_EXIT_USAGE;
	}
}

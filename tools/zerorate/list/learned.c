/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate list learned`: what stands behind a name, or which names an address stands for, network-wide. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/inspect/dns.h"
#include "rules/name_text.h"
#include "rules/prefix.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/command_line.h"
#include "tools/zerorate/daemon.h"
#include "tools/zerorate/json_table.h"
#include "tools/zerorate/list/commands.h"

static const char help[] =
	"zerorate list learned - what stands behind a name, and how it was learned\n"
	"\n"
	"Usage: zerorate list learned [OPTION...] NAME|ADDRESS\n"
	"\n"
	"Asks the daemon what answers of trusted resolvers taught it: for a name, the addresses of it and of\n"
	"all names below it; for an address, the listed names that it stands for. A row '(not listed)' says\n"
	"that the address stands for some name that is not listed, too: it is shared. Latest first, at most\n"
	"1000. Who asked is not known.\n"
	"\n"
	"Options:\n" ZR_ASKING_HELP "\n" ZR_EXIT_HELP "\n"
	"Examples:\n"
	"  zerorate list learned olm.vn\n"
	"  zerorate list learned --json 203.0.113.7 | jq -r '.rows[].name'\n";

static const struct zr_table_column columns[] = {
	{"name", false, 0},   {"address", false, 0},  {"domain", true, 5},   {"type", false, 4},
	{"aliases", true, 3}, {"resolver", false, 2}, {"learned", false, 1}, {"until", false, 0},
};

static const char *type_of(const json_t *row)
{
	switch (json_integer_value(json_object_get(row, "type"))) {
	case ZR_DNS_A:
		return "A";
	case ZR_DNS_AAAA:
		return "AAAA";
	case ZR_DNS_HTTPS:
		return "HTTPS";
	default:
		return "SVCB";
	}
}

static void add_row(struct zr_table *t, const json_t *row)
{
	if (json_is_string(json_object_get(row, "name")))
		zr_json_cell_text(t, row, "name");
	else
		zr_table_cell(t, "(not listed)");
	zr_json_cell_text(t, row, "address");
	zr_json_cell_number(t, row, "domain");
	zr_table_cell(t, type_of(row));
	zr_json_cell_number(t, row, "aliases");
	zr_json_cell_text(t, row, "resolver");
	zr_json_cell_time(t, row, "learned");
	zr_json_cell_time(t, row, "until");
}

static int show(const json_t *reply, void *arg)
{
	static const struct zr_json_table table = {"list learned", columns, sizeof(columns) / sizeof(*columns),
						   add_row};
	const json_t *rows = json_object_get(reply, "rows");
	json_int_t matched = json_integer_value(json_object_get(reply, "matched"));
	const bool *json = arg;

	if (*json)
		return zr_daemon_print("list learned", reply);
	if (json_array_size(rows) == 0)
		puts("Nothing is known of it: no trusted resolver answered for it, its time is over, or it is not "
		     "listed.");
	else if ((size_t)matched > json_array_size(rows))
		printf("The latest of %" PRId64 ":\n", (int64_t)matched);
	return json_array_size(rows) > 0 ? zr_json_table_print(&table, rows, NULL) : zr_daemon_flush("list learned");
}

/*
 * The request, or NULL when the text is neither name nor address, which is told. Written as in a list, *.olm.vn or .olm.vn, is the name
 * and all below it too.
 */
static json_t *request_of(const char *what)
{
	size_t skip = *what == '*' && what[1] == '.' ? 2 : *what == '.';
	char name[ZR_NAME_MAX + 1];
	struct zr_prefix prefix;
	struct zr_fault fault;

	if (zr_prefix_parse(what, strlen(what), &prefix) == 0)
		return json_pack("{s:s, s:s}", "op", "learned", "address", what);
	switch (zr_name_from_text(what + skip, strlen(what + skip), name, &fault)) {
	case -ENOMEM:
		fputs("zerorate list learned: no memory\n", stderr);
		return NULL;
	case -EINVAL:
		fprintf(stderr, "zerorate list learned: '%s' is no host name and no address: %s\n", what, fault.text);
		return NULL;
	default:
		return json_pack("{s:s, s:s}", "op", "learned", "name", name);
	}
}

int zr_list_command_learned(int argc, char **argv)
{
	const char *socket = ZR_CONTROL_PATH, *what = NULL;
	bool json = false;
	const struct zr_option options[] = {ZR_OPTION_JSON(json), ZR_OPTION_SOCKET(socket)};
	const struct zr_command_line line = {.command = "list learned",
					     .help = help,
					     .options = options,
					     .option_count = 2,
					     .operand_name = "one name or address",
					     .operand = &what};
	json_t *request;
	int status;

	if (!zr_command_line_read(&line, argc, argv, &status))
		return status;
	request = request_of(what);
	return request != NULL ? zr_daemon_show("list learned", socket, request, show, &json)
			       : zr_command_line_refused("list learned");
}

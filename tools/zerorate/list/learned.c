/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate list learned`: what stands behind a name, or which names an address stands for, network-wide. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
	"all names below it; for an address, the listed names that it stands for. A row without a name says\n"
	"that the address stands for some name that is not listed, too: it is shared. Latest first, at most\n"
	"1000. Who asked is not known.\n"
	"\n"
	"Options:\n" ZR_ASKING_HELP "\n" ZR_EXIT_HELP "\n"
	"Examples:\n"
	"  zerorate list learned olm.vn\n"
	"  zerorate list learned --json 203.0.113.7 | jq -r '.rows[].name'\n";

static const struct zr_table_column columns[] = {
	{"name", false, 0},   {"address", false, 0},  {"domain", true, 5},   {"type", true, 4},
	{"aliases", true, 3}, {"resolver", false, 2}, {"learned", false, 1}, {"until", false, 0},
};

static void add_row(struct zr_table *t, const json_t *row)
{
	zr_json_cell_text(t, row, "name");
	zr_json_cell_text(t, row, "address");
	zr_json_cell_number(t, row, "domain");
	zr_json_cell_number(t, row, "type");
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
		puts("Nothing is known of it: no trusted resolver answered for it, or its time is over.");
	else if ((size_t)matched > json_array_size(rows))
		printf("The latest of %" PRId64 ":\n", (int64_t)matched);
	return json_array_size(rows) > 0 ? zr_json_table_print(&table, rows, NULL) : zr_daemon_flush("list learned");
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
	struct zr_prefix prefix;
	int status;

	if (!zr_command_line_read(&line, argc, argv, &status))
		return status;
	return zr_daemon_show("list learned", socket,
			      json_pack("{s:s, s:s}", "op", "learned",
					zr_prefix_parse(what, strlen(what), &prefix) == 0 ? "address" : "name", what),
			      show, &json);
}

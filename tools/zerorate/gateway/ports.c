/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate ports`: the daemon's ports, what they took and what they dropped. */
#include <inttypes.h>
#include <stdio.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/command_line.h"
#include "tools/zerorate/daemon.h"
#include "tools/zerorate/json_table.h"

static const char help[] =
	"zerorate ports - the gateway's ports: link, frames, drops\n"
	"\n"
	"Usage: zerorate ports [OPTION...]\n"
	"\n"
	"Shows for each port its role and domain, the port that it forwards to, its link, the frames and\n"
	"bytes it received and sent since the daemon's start, and every kind of drop that occurred, in\n"
	"frames. A tap sends nothing.\n"
	"\n"
	"Options:\n"
	"  --json              print a JSON object a line, each a port as zerorate-control.sock(5) has it,\n"
	"                      with all drops\n" ZR_SOCKET_HELP "\n" ZR_EXIT_HELP "\n"
	"Examples:\n"
	"  zerorate ports\n"
	"  zerorate ports --json | jq 'select(.link_up | not) | .device'\n";

static const struct zr_table_column columns[] = {
	{"PORT", false, 0},      {"ROLE", false, 5},    {"DOMAIN", true, 4},     {"PEER", false, 6},
	{"LINK", false, 0},      {"SPEED", true, 3},    {"RX PACKETS", true, 0}, {"RX BYTES", true, 2},
	{"TX PACKETS", true, 0}, {"TX BYTES", true, 1}, {"DROPS", false, 0},
};

/* Add a kind of drop, if it occurred: "rx_missed 3 tx_full 17". Returns the new length. */
static size_t add_drop(char text[ZR_TABLE_CELL], size_t len, const char *name, json_int_t pkts)
{
	int added = pkts > 0 && len < ZR_TABLE_CELL ? snprintf(text + len, ZR_TABLE_CELL - len, "%s%s %" PRId64,
							       len > 0 ? " " : "", name, (int64_t)pkts)
						    : 0;

	return len + (size_t)added;
}

static void drops_cell(struct zr_table *t, const json_t *port)
{
	char text[ZR_TABLE_CELL] = "";
	const json_t *value;
	const char *name;
	size_t len = 0;

	json_object_foreach(json_object_get(port, "drops"), name, value)
		len = add_drop(text, len, name, json_integer_value(value));
	json_object_foreach(json_object_get(port, "tx_drops"), name, value)
		len = add_drop(text, len, name, json_integer_value(json_object_get(value, "pkts")));
	zr_table_cell(t, len > 0 ? text : "none");
}

static void speed_cell(struct zr_table *t, const json_t *port)
{
	json_int_t mbps = json_integer_value(json_object_get(port, "link_mbps"));
	char text[32] = "-";

	if (mbps > 0)
		snprintf(text, sizeof(text), "%" PRId64 " Mbit/s", (int64_t)mbps);
	zr_table_cell(t, text);
}

static void add_port(struct zr_table *t, const json_t *port)
{
	zr_json_cell_text(t, port, "device");
	zr_json_cell_text(t, port, "role");
	zr_json_cell_number(t, port, "domain");
	zr_json_cell_text(t, port, "peer");
	zr_table_cell(t, json_is_true(json_object_get(port, "link_up")) ? "up" : "down");
	speed_cell(t, port);
	zr_json_cell_number(t, port, "rx_pkts");
	zr_json_cell_number(t, port, "rx_bytes");
	zr_json_cell_number(t, port, "tx_pkts");
	zr_json_cell_number(t, port, "tx_bytes");
	drops_cell(t, port);
}

static int show(const json_t *reply, void *arg)
{
	static const struct zr_json_table table = {"ports", columns, sizeof(columns) / sizeof(*columns), add_port};
	const json_t *ports = json_object_get(reply, "ports");
	const bool *json = arg;

	return *json ? zr_daemon_print_each("ports", ports) : zr_json_table_print(&table, ports, NULL);
}

int zr_command_ports(int argc, char **argv)
{
	const char *socket = ZR_CONTROL_PATH;
	bool json = false;
	const struct zr_option options[] = {ZR_OPTION_JSON(json), ZR_OPTION_SOCKET(socket)};
	const struct zr_command_line line = ZR_COMMAND_LINE("ports", help, options);
	int status;

	if (!zr_command_line_read(&line, argc, argv, &status))
		return status;
	return zr_daemon_show("ports", socket, json_pack("{s:s}", "op", "status"), show, &json);
}

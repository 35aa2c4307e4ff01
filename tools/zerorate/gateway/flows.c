/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate flows`: flows that are open. */
#include <inttypes.h>
#include <stdio.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/command_line.h"
#include "tools/zerorate/daemon.h"
#include "tools/zerorate/gateway/endpoint.h"
#include "tools/zerorate/json_table.h"

#define LIMIT     100
#define LIMIT_MAX 10000

static const char help[] =
	"zerorate flows - flows that are open, and what they are\n"
	"\n"
	"Usage: zerorate flows [OPTION...]\n"
	"\n"
	"Lists the open flows that fit all that is given, those with most bytes first. Volumes are since a\n"
	"flow's last record. Names are shown of free flows only.\n"
	"\n"
	"Options:\n"
	"  --subscriber PREFIX only flows of this subscriber, or of a prefix of subscribers\n"
	"  --server PREFIX     only flows to this server, or to a prefix of servers\n"
	"  --service NAME      only flows of this service of the list\n"
	"  --rule RULE         only flows of this entry of the list, written as it is there: .olm.vn\n"
	"  --state free|charged|undecided\n"
	"                      only flows in this state; undecided ones are charged so far\n"
	"  --limit N           list at most so many, 1 to 10000; without it 100\n" ZR_ASKING_HELP "\n" ZR_EXIT_HELP "\n"
	"Examples:\n"
	"  zerorate flows --subscriber 10.0.0.1\n"
	"  zerorate flows --service olm --state free --json | jq '.matched, .matched_bytes'\n";

static const struct zr_table_column columns[] = {
	{"STATE", false, 0},   {"REASON", false, 0},    {"SERVICE", false, 2},    {"RULE", false, 3},
	{"PROTO", false, 4},   {"CLIENT", false, 0},    {"SERVER", false, 0},     {"DOMAIN", true, 6},
	{"UP BYTES", true, 0}, {"DOWN BYTES", true, 0}, {"LAST (UTC)", false, 5}, {"NAME", false, 1},
};

struct options {
	const char *socket, *subscriber, *server, *service, *rule, *state;
	uint64_t limit;
	bool json;
};

static void endpoint_cell(struct zr_table *t, const json_t *flow, const char *ip, const char *port)
{
	char text[ZR_ENDPOINT_TEXT];

	zr_endpoint_format(flow, ip, port, text);
	zr_table_cell(t, text);
}

static void add_flow(struct zr_table *t, const json_t *flow)
{
	char proto[ZR_ENDPOINT_TEXT];

	zr_endpoint_proto(flow, proto);
	zr_json_cell_text(t, flow, "state");
	zr_json_cell_text(t, flow, "reason");
	zr_json_cell_text(t, flow, "service");
	zr_json_cell_text(t, flow, "rule");
	zr_table_cell(t, proto);
	endpoint_cell(t, flow, "client_ip", "client_port");
	endpoint_cell(t, flow, "server_ip", "server_port");
	zr_json_cell_number(t, flow, "domain");
	zr_json_cell_number(t, flow, "up_bytes");
	zr_json_cell_number(t, flow, "down_bytes");
	zr_json_cell_time(t, flow, "last");
	zr_json_cell_text(t, flow, "name");
}

static int show(const json_t *reply, void *arg)
{
	static const struct zr_json_table table = {"flows", columns, sizeof(columns) / sizeof(*columns), add_flow};
	const json_t *flows = json_object_get(reply, "flows");
	const struct options *options = arg;
	int status;

	if (options->json)
		return zr_daemon_print("flows", reply);
	status = zr_json_table_print(&table, flows, NULL);
	printf("%zu listed of %" PRId64 " that fit, with %" PRId64 " bytes; %" PRId64 " are open\n",
	       json_array_size(flows), (int64_t)json_integer_value(json_object_get(reply, "matched")),
	       (int64_t)json_integer_value(json_object_get(reply, "matched_bytes")),
	       (int64_t)json_integer_value(json_object_get(reply, "open")));
	return status == ZR_EXIT_OK ? zr_daemon_flush("flows") : status;
}

/* What is not given is left out. */
static json_t *request_of(const struct options *o)
{
	return json_pack("{s:s, s:s*, s:s*, s:s*, s:s*, s:s*, s:I}", "op", "flows", "subscriber", o->subscriber,
			 "server", o->server, "service", o->service, "rule", o->rule, "state", o->state, "limit",
			 (json_int_t)o->limit);
}

int zr_command_flows(int argc, char **argv)
{
	struct options o = {.socket = ZR_CONTROL_PATH, .limit = LIMIT};
	const struct zr_option options[] = {
		{.name = "subscriber", .take = zr_option_prefix, .target = &o.subscriber},
		{.name = "server", .take = zr_option_prefix, .target = &o.server},
		{.name = "service", .take = zr_option_text, .target = &o.service},
		{.name = "rule", .take = zr_option_text, .target = &o.rule},
		{.name = "state", .take = zr_option_choice, .target = &o.state, .choices = "free|charged|undecided"},
		{.name = "limit", .take = zr_option_number, .target = &o.limit, .least = 1, .most = LIMIT_MAX},
		ZR_OPTION_JSON(o.json),
		ZR_OPTION_SOCKET(o.socket),
	};
	const struct zr_command_line line = ZR_COMMAND_LINE("flows", help, options);
	int status;

	if (!zr_command_line_read(&line, argc, argv, &status))
		return status;
	return zr_daemon_show("flows", o.socket, request_of(&o), show, &o);
}

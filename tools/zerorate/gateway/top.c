/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate top`: who has most volume in this interval. */
#include <stdio.h>
#include <string.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/command_line.h"
#include "tools/zerorate/daemon.h"
#include "tools/zerorate/json_table.h"
#include "tools/zerorate/text.h"
#include "tools/zerorate/watch.h"

#define LIMIT     20
#define LIMIT_MAX 1000
#define WATCH_MAX 3600

static const char help[] =
	"zerorate top - which services, entries or subscribers have most volume\n"
	"\n"
	"Usage: zerorate top [OPTION...]\n"
	"\n"
	"Shows free and charged volume of the interval so far (records.totals_interval), open flows\n"
	"included: what the next total records would say if every flow ended now. By subscriber it is open\n"
	"flows only, unless records.totals_subscribers is configured. What belongs to no entry of the list\n"
	"has no name.\n"
	"\n"
	"Options:\n"
	"  --by service|rule|subscriber\n"
	"                      what is summed up; without it service\n"
	"  --limit N           list at most so many, 1 to 1000; without it 20\n"
	"  --watch SECONDS     again every so many seconds, 1 to 3600, until it is interrupted\n" ZR_ASKING_HELP
	"\n" ZR_EXIT_HELP "\n"
	"Examples:\n"
	"  zerorate top --watch 2\n"
	"  zerorate top --by rule --json | jq -r '.rows[] | [.rule, .free_bytes] | @tsv'\n";

#define VOLUME_COLUMNS                                                                                      \
	{"FLOWS", true, 1}, {"FREE BYTES", true, 0}, {"FREE PACKETS", true, 3}, {"CHARGED BYTES", true, 0}, \
	{                                                                                                   \
		"CHARGED PACKETS", true, 2                                                                  \
	}

struct options {
	const char *socket, *by;
	uint64_t limit, watch_s;
	bool json;
};

/* The sums below the rows have a label. */
static const char *label_of(const json_t *row, const char *member)
{
	const char *label = json_string_value(json_object_get(row, "label"));
	const char *text = json_string_value(json_object_get(row, member));

	return label != NULL ? label : text != NULL ? text : "(no entry)";
}

static void add_volumes(struct zr_table *t, const json_t *row)
{
	zr_json_cell_number(t, row, "flows");
	zr_json_cell_number(t, row, "free_bytes");
	zr_json_cell_number(t, row, "free_pkts");
	zr_json_cell_number(t, row, "charged_bytes");
	zr_json_cell_number(t, row, "charged_pkts");
}

static void add_service(struct zr_table *t, const json_t *row)
{
	zr_table_cell(t, label_of(row, "service"));
	add_volumes(t, row);
}

static void add_rule(struct zr_table *t, const json_t *row)
{
	zr_table_cell(t, label_of(row, "rule"));
	zr_json_cell_text(t, row, "service");
	add_volumes(t, row);
}

static void add_subscriber(struct zr_table *t, const json_t *row)
{
	zr_table_cell(t, label_of(row, "subscriber"));
	add_volumes(t, row);
}

static const struct zr_table_column service_columns[] = {{"SERVICE", false, 0}, VOLUME_COLUMNS};
static const struct zr_table_column rule_columns[] = {{"RULE", false, 0}, {"SERVICE", false, 4}, VOLUME_COLUMNS};
static const struct zr_table_column subscriber_columns[] = {{"SUBSCRIBER", false, 0}, VOLUME_COLUMNS};

static const struct zr_json_table tables[] = {
	{"top", service_columns, sizeof(service_columns) / sizeof(*service_columns), add_service},
	{"top", rule_columns, sizeof(rule_columns) / sizeof(*rule_columns), add_rule},
	{"top", subscriber_columns, sizeof(subscriber_columns) / sizeof(*subscriber_columns), add_subscriber},
};

static const struct zr_json_table *table_of(const char *by)
{
	return &tables[strcmp(by, "service") == 0 ? 0 : strcmp(by, "rule") == 0 ? 1 : 2];
}

/* The sum of what the rows leave out, and of all. */
static json_t *sums_of(const json_t *reply)
{
	json_t *others = json_deep_copy(json_object_get(reply, "others"));
	json_t *total = json_deep_copy(json_object_get(reply, "total"));

	json_object_set_new(others, "label", json_string("(others)"));
	json_object_set_new(total, "label", json_string("(total)"));
	return json_pack("[o*, o*]", others, total);
}

static int show(const json_t *reply, void *arg)
{
	const struct options *options = arg;
	const json_t *since = json_object_get(reply, "since");
	char clean[64];
	json_t *sums;
	int status;

	if (options->json)
		return zr_daemon_print("top", reply);
	zr_text_clean(clean, sizeof(clean), zr_json_member(reply, "since"));
	if (since != NULL)
		printf("By %s, since %s\n", options->by, clean);
	else
		printf("By %s, open flows only\n", options->by);
	sums = sums_of(reply);
	status = zr_json_table_print(table_of(options->by), json_object_get(reply, "rows"), sums);
	json_decref(sums);
	return status;
}

static int ask(void *arg)
{
	const struct options *options = arg;
	json_t *request = json_pack("{s:s, s:s, s:I}", "op", "top", "by", options->by, "limit",
				    (json_int_t)options->limit);

	return zr_daemon_show("top", options->socket, request, show, arg);
}

int zr_command_top(int argc, char **argv)
{
	struct options o = {.socket = ZR_CONTROL_PATH, .by = "service", .limit = LIMIT};
	const struct zr_option options[] = {
		{.name = "by", .take = zr_option_choice, .target = &o.by, .choices = "service|rule|subscriber"},
		{.name = "limit", .take = zr_option_number, .target = &o.limit, .least = 1, .most = LIMIT_MAX},
		{.name = "watch", .take = zr_option_number, .target = &o.watch_s, .least = 1, .most = WATCH_MAX},
		ZR_OPTION_JSON(o.json),
		ZR_OPTION_SOCKET(o.socket),
	};
	const struct zr_command_line line = ZR_COMMAND_LINE("top", help, options);
	int status;

	if (!zr_command_line_read(&line, argc, argv, &status))
		return status;
	return o.watch_s > 0 ? zr_watch(o.watch_s, !o.json, ask, &o) : ask(&o);
}

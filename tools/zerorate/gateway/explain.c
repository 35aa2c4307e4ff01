/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate explain`: why a subscriber's flows were charged or free. */
#include <stdio.h>
#include <string.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/command_line.h"
#include "tools/zerorate/daemon.h"
#include "tools/zerorate/gateway/record.h"
#include "tools/zerorate/gateway/words.h"
#include "tools/zerorate/json_table.h"
#include "tools/zerorate/text.h"

#define LIMIT     20
#define LIMIT_MAX 1000
#define FOR_S     600
#define FOR_MAX_S 3600

/* Reasons that are told apart when it comes to what to do next. */
#define REASONS_MAX 32

static const char help[] =
	"zerorate explain - why was this charged? A subscriber's last decisions, each with its reason\n"
	"\n"
	"Usage: zerorate explain --subscriber IP [--server IP] [OPTION...]\n"
	"       zerorate explain --record IP [--for TIME] [OPTION...]\n"
	"\n"
	"Prints the last decisions about a subscriber's flows, the newest first: what was decided, why, by\n"
	"which list and entry, and what it was read from; then what to do about each reason. The gateway\n"
	"keeps a bounded number of them.\n"
	"\n"
	"Names of charged flows are not kept: the law protects them. With --record an operator has the\n"
	"gateway keep them, of one subscriber, as long as this command runs, and prints that subscriber's\n"
	"decisions as they come. Who recorded whom, and when, is logged and stands in the audit log; the\n"
	"names are wiped at the end.\n"
	"\n"
	"Options:\n"
	"  --subscriber IP     whose decisions; of IPv6 the /64 counts\n"
	"  --server IP         only decisions about flows to this server, or to a prefix of servers\n"
	"  --limit N           at most so many decisions, 1 to 1000; without it 20\n"
	"  --record IP         keep names of this subscriber's charged flows meanwhile, and print decisions\n"
	"                      as they come, until Ctrl-C or the time is over; for operators\n"
	"  --for TIME          record so long, 1s to 1h; without it 10m\n"
	"  --json              print the daemon's answer, one JSON object; with --record each decision is\n"
	"                      one, a line each: zerorate-control.sock(5)\n" ZR_SOCKET_HELP "\n" ZR_EXIT_HELP "\n"
	"Examples:\n"
	"  zerorate explain --subscriber 10.0.0.1\n"
	"  zerorate explain --subscriber 10.0.0.1 --json | jq '.decisions[] | select(.verdict == \"charged\")'\n"
	"  zerorate explain --record 10.0.0.1 --for 5m\n";

struct options {
	const char *subscriber, *server;
	uint64_t limit;
	bool json;
};

/* For each reason that occurred, what to do. */
static void print_next(const json_t *decisions)
{
	const char *told[REASONS_MAX];
	unsigned int count = 0;
	const json_t *decision;
	size_t i;

	json_array_foreach(decisions, i, decision)
	{
		const char *reason = zr_json_member(decision, "reason"), *next = zr_words_next(reason);
		unsigned int at = 0;

		while (at < count && strcmp(told[at], reason) != 0)
			at++;
		if (next == NULL || at < count || count == REASONS_MAX)
			continue;
		printf("%s  %s: %s\n", count == 0 ? "Next:\n" : "", reason, next);
		told[count++] = reason;
	}
}

static int show(const json_t *reply, void *arg)
{
	const struct options *options = arg;
	const json_t *decisions = json_object_get(reply, "decisions"), *decision;
	const char *until = json_string_value(json_object_get(reply, "recorded_until"));
	char line[ZR_WORDS_ROOM];
	size_t i;

	if (options->json)
		return zr_daemon_print("explain", reply);
	json_array_foreach(decisions, i, decision)
	{
		zr_words_decision(decision, line);
		puts(line);
	}
	if (json_array_size(decisions) == 0)
		puts("No decision is known: no flow of this subscriber was decided since the daemon began, or its "
		     "decisions had to make room. `zerorate flows --subscriber IP` shows what is open; what was "
		     "charged "
		     "unread (overload) is in the reasons of `zerorate status --json`.");
	print_next(decisions);
	if (until != NULL) {
		zr_text_clean(line, sizeof(line), until);
		printf("An operator records the names of this subscriber's charged flows until %s.\n", line);
	}
	return zr_daemon_flush("explain");
}

/* What is asked for, one of two; false: it is told. */
static bool is_clear(const struct options *o, const char *record, bool has_time)
{
	const char *wrong = NULL;

	if (o->subscriber == NULL && record == NULL)
		wrong = "--subscriber IP is missing: whose decisions shall be explained?";
	else if (o->subscriber != NULL && record != NULL)
		wrong = "--subscriber and --record are two questions: --record explains what comes, too";
	else if (has_time && record == NULL)
		wrong = "--for is how long --record goes on: name whom to record";
	if (wrong != NULL)
		fprintf(stderr, "zerorate explain: %s\n", wrong);
	return wrong == NULL;
}

int zr_command_explain(int argc, char **argv)
{
	struct options o = {.limit = LIMIT};
	struct zr_recording recording = {.socket = ZR_CONTROL_PATH};
	const struct zr_option options[] = {
		{.name = "subscriber", .take = zr_option_subscriber, .target = &o.subscriber},
		{.name = "server", .take = zr_option_prefix, .target = &o.server},
		{.name = "limit", .take = zr_option_number, .target = &o.limit, .least = 1, .most = LIMIT_MAX},
		{.name = "record", .take = zr_option_subscriber, .target = &recording.subscriber},
		{.name = "for", .take = zr_option_seconds, .target = &recording.seconds, .least = 1, .most = FOR_MAX_S},
		ZR_OPTION_JSON(o.json),
		ZR_OPTION_SOCKET(recording.socket),
	};
	const struct zr_command_line line = ZR_COMMAND_LINE("explain", help, options);
	int status;

	if (!zr_command_line_read(&line, argc, argv, &status))
		return status;
	if (!is_clear(&o, recording.subscriber, recording.seconds > 0))
		return zr_command_line_refused("explain");
	if (recording.subscriber == NULL)
		return zr_daemon_show("explain", recording.socket,
				      json_pack("{s:s, s:s, s:s*, s:I}", "op", "explain", "subscriber", o.subscriber,
						"server", o.server, "limit", (json_int_t)o.limit),
				      show, &o);
	recording.server = o.server;
	recording.json = o.json;
	if (recording.seconds == 0)
		recording.seconds = FOR_S;
	return zr_record_decisions(&recording);
}

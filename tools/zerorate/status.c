/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/command_line.h"
#include "tools/zerorate/daemon.h"
#include "tools/zerorate/status_view.h"
#include "tools/zerorate/watch.h"

#define WATCH_S 1

static const char help[] =
	"zerorate status - what the daemon does\n"
	"\n"
	"Usage: zerorate status [OPTION...]\n"
	"\n"
	"Shows the list in force and its age, ports with rates and drops, workers with their load, flows,\n"
	"free and charged totals, records and who takes them.\n"
	"\n"
	"Options:\n"
	"  --watch             again every second, until it is interrupted\n" ZR_ASKING_HELP "\n"
	"Exit status:\n"
	"  0  the daemon runs and all is well\n"
	"  1  something is wrong, which is also told on standard error: totals do not add up (exactness),\n"
	"     the last list was refused, the list has expired, records were lost, the ledger cannot be\n"
	"     written, a worker makes no progress; or the output failed\n"
	"  2  the command line makes no sense\n"
	"  3  the daemon cannot be asked, or answers with an error\n"
	"\n"
	"Examples:\n"
	"  zerorate status --watch\n"
	"  zerorate status --json | jq '.ports[] | [.device, .drops]'\n";

struct options {
	const char *socket;
	bool json, watch;
};

static int show(const json_t *reply, void *arg)
{
	const struct options *options = arg;
	int status = ZR_EXIT_OK;

	if (options->json)
		status = zr_daemon_print("status", reply);
	else
		zr_status_view(reply, stdout);
	if (status == ZR_EXIT_OK)
		status = zr_daemon_flush("status");
	return zr_status_wrongs(reply, stderr) == 0 ? status : ZR_EXIT_FAILED;
}

/* Ask once, on a connection of its own: with --watch the daemon may come and go. */
static int ask(void *arg)
{
	const struct options *options = arg;

	return zr_daemon_show("status", options->socket, json_pack("{s:s}", "op", "status"), show, arg);
}

int zr_command_status(int argc, char **argv)
{
	struct options o = {.socket = ZR_CONTROL_PATH};
	const struct zr_option options[] = {
		{.name = "watch", .take = zr_option_flag, .target = &o.watch},
		ZR_OPTION_JSON(o.json),
		ZR_OPTION_SOCKET(o.socket),
	};
	const struct zr_command_line line = ZR_COMMAND_LINE("status", help, options);
	int status;

	if (!zr_command_line_read(&line, argc, argv, &status))
		return status;
	return o.watch ? zr_watch(WATCH_S, !o.json, ask, &o) : ask(&o);
}

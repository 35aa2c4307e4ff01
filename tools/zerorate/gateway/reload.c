/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate reload`: have the daemon look at the list's file now. */
#include "tools/zerorate/command.h"
#include "tools/zerorate/command_line.h"
#include "tools/zerorate/daemon.h"
#include "tools/zerorate/json_table.h"
#include "tools/zerorate/list/decision.h"

static const char help[] =
	"zerorate reload - have the daemon look at the list's file now\n"
	"\n"
	"Usage: zerorate reload [OPTION...]\n"
	"\n"
	"Does what SIGHUP does, and waits for the decision: the list is in force, is the one in force\n"
	"already, or is refused, with every reason. The daemon looks at the file by itself when it changes;\n"
	"`zerorate list push` hands over a list from elsewhere. For operators.\n"
	"\n"
	"Options:\n" ZR_ASKING_HELP "\n"
	"Exit status: 0 the file's list is in force, 1 it was refused or the output failed, 2 usage, 3 the\n"
	"daemon cannot be asked, or answers with an error.\n"
	"\n"
	"Example:\n"
	"  zerorate list check list.csv && zerorate reload\n";

static int show(const json_t *reply, void *arg)
{
	const bool *json = arg;

	return zr_list_decision_show("reload", reply, zr_json_member(reply, "file"), *json);
}

int zr_command_reload(int argc, char **argv)
{
	const char *socket = ZR_CONTROL_PATH;
	bool json = false;
	const struct zr_option options[] = {ZR_OPTION_JSON(json), ZR_OPTION_SOCKET(socket)};
	const struct zr_command_line line = ZR_COMMAND_LINE("reload", help, options);
	int status;

	if (!zr_command_line_read(&line, argc, argv, &status))
		return status;
	return zr_daemon_show("reload", socket, json_pack("{s:s}", "op", "reload"), show, &json);
}

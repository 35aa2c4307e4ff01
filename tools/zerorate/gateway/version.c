/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate version`: of this program, and of the daemon. */
#include <stdio.h>
#include <string.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/command_line.h"
#include "tools/zerorate/daemon.h"
#include "tools/zerorate/text.h"

#define TEXT_ROOM 128

static const char help[] =
	"zerorate version - of this program, and of the daemon where it can be asked\n"
	"\n"
	"Usage: zerorate version [OPTION...]\n"
	"\n"
	"Options:\n"
	"  --json              print one JSON object: zerorate, and zerorated and dpdk where they are "
	"known\n" ZR_SOCKET_HELP "\n"
	"A daemon that cannot be asked is told on standard error and is no failure: it need not be there.\n"
	"\n"
	"Exit status: 0 shown, 1 the daemon has another version (it was not restarted after an upgrade), or\n"
	"the output failed, 2 usage.\n"
	"\n"
	"Example:\n"
	"  zerorate version --json | jq -r .dpdk\n";

/* What the daemon says of itself may be NULL: it cannot be asked. */
static int show(const json_t *status, bool json)
{
	const char *daemon = json_string_value(json_object_get(status, "version"));
	const char *dpdk = json_string_value(json_object_get(status, "dpdk"));
	char clean_daemon[TEXT_ROOM], clean_dpdk[TEXT_ROOM];
	json_t *object;
	int printed;

	if (json) {
		object = json_pack("{s:s, s:s*, s:s*}", "zerorate", ZR_VERSION, "zerorated", daemon, "dpdk", dpdk);
		printed = zr_daemon_print("version", object);
		json_decref(object);
	} else {
		printf("zerorate %s\n", ZR_VERSION);
		zr_text_clean(clean_daemon, sizeof(clean_daemon), daemon != NULL ? daemon : "of an unknown version");
		zr_text_clean(clean_dpdk, sizeof(clean_dpdk), dpdk != NULL ? dpdk : "of an unknown version");
		if (status != NULL)
			printf("zerorated %s, DPDK %s\n", clean_daemon, clean_dpdk);
		printed = zr_daemon_flush("version");
	}
	return status == NULL || (daemon != NULL && strcmp(daemon, ZR_VERSION) == 0) ? printed : ZR_EXIT_FAILED;
}

int zr_command_version(int argc, char **argv)
{
	const char *socket = ZR_CONTROL_PATH;
	bool json = false;
	const struct zr_option options[] = {ZR_OPTION_JSON(json), ZR_OPTION_SOCKET(socket)};
	const struct zr_command_line line = ZR_COMMAND_LINE("version", help, options);
	json_t *request, *reply;
	int status;

	if (!zr_command_line_read(&line, argc, argv, &status))
		return status;
	request = json_pack("{s:s}", "op", "status");
	reply = zr_daemon_ask("version", socket, request, NULL, 0);
	status = show(reply, json);
	json_decref(reply);
	json_decref(request);
	return status;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/client.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/status_view.h"

static const char help[] =
	"zerorate status - what the daemon does\n"
	"\n"
	"Usage: zerorate status [OPTION...]\n"
	"\n"
	"Shows the list in force and its age, ports with rates and drops, workers with their load, flows,\n"
	"free and charged totals, records and who takes them.\n"
	"\n"
	"Options:\n"
	"  --json          print the daemon's whole answer, one JSON object a line\n"
	"  --watch         again every second, until it is interrupted\n"
	"  --socket PATH   the daemon's control socket; without it " ZR_CONTROL_PATH "\n"
	"  -h, --help      print this\n"
	"\n"
	"Exit status:\n"
	"  0  the daemon runs and all is well\n"
	"  1  it does not answer; or something is wrong, which is also told on standard error: totals do\n"
	"     not add up (exactness), the last list was refused, the list has expired, records were lost,\n"
	"     the ledger cannot be written, a worker makes no progress\n"
	"  2  the command line makes no sense\n"
	"\n"
	"Examples:\n"
	"  zerorate status --watch\n"
	"  zerorate status --json | jq '.ports[] | [.device, .drops]'\n";

struct options {
	const char *socket;
	bool json, watch, help;
};

static bool read_options(int argc, char **argv, struct options *options)
{
	enum { OPTION_JSON = 256, OPTION_WATCH, OPTION_SOCKET };
	static const struct option long_options[] = {
		{"json", no_argument, NULL, OPTION_JSON},
		{"watch", no_argument, NULL, OPTION_WATCH},
		{"socket", required_argument, NULL, OPTION_SOCKET},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	static char name[] = "zerorate status"; /* for getopt's messages */
	int option;

	*options = (struct options){.socket = ZR_CONTROL_PATH};
	argv[0] = name;
	optind = 0; /* as if never called: glibc's way */
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option == OPTION_JSON)
			options->json = true;
		else if (option == OPTION_WATCH)
			options->watch = true;
		else if (option == OPTION_SOCKET)
			options->socket = optarg;
		else if (option == 'h')
			options->help = true;
		else
			return false;
	}
	if (optind < argc)
		fprintf(stderr, "zerorate status: it takes options only, not \"%s\"\n", argv[optind]);
	return optind == argc;
}

static int show(const struct options *options, const char *reply)
{
	json_t *status = json_loads(reply, JSON_REJECT_DUPLICATES, NULL);
	const char *op = json_string_value(json_object_get(status, "op"));
	bool well = op != NULL && strcmp(op, "status") == 0;

	if (!well) {
		const char *error = json_string_value(json_object_get(status, "error"));

		fprintf(stderr, "zerorate status: %s\n", error != NULL ? error : "the daemon's answer is no status");
	} else if (options->json) {
		puts(reply);
	} else {
		zr_status_view(status, stdout);
	}
	if (well)
		well = zr_status_wrongs(status, stderr) == 0;
	json_decref(status);
	return well ? ZR_EXIT_OK : ZR_EXIT_FAILED;
}

/* Ask once, on a connection of its own: with --watch the daemon may come and go. */
static int ask(const struct options *options)
{
	char error[ZR_CLIENT_ERROR], *reply = NULL;
	int status = ZR_EXIT_FAILED;
	int fd = zr_client_connect(options->socket, error);

	if (fd >= 0 && zr_client_ask(fd, "{\"op\":\"status\"}", &reply, error) == 0)
		status = show(options, reply);
	else
		fprintf(stderr, "zerorate status: %s\n", error);
	free(reply);
	if (fd >= 0)
		close(fd);
	return fflush(stdout) == 0 ? status : ZR_EXIT_FAILED;
}

static int watch(const struct options *options)
{
	bool clears = isatty(STDOUT_FILENO) == 1 && !options->json;
	int status;

	for (;;) {
		if (clears)
			fputs("\033[H\033[2J", stdout); /* ECMA-48: cursor home, erase display */
		status = ask(options);
		if (ferror(stdout))
			return status;
		sleep(1);
	}
}

int zr_command_status(int argc, char **argv)
{
	struct options options;

	if (!read_options(argc, argv, &options)) {
		fputs("Try 'zerorate status --help'.\n", stderr);
		return ZR_EXIT_USAGE;
	}
	if (options.help)
		return zr_command_print(help);
	if (!zr_command_begin("status"))
		return ZR_EXIT_FAILED;
	return options.watch ? watch(&options) : ask(&options);
}

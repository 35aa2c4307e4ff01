/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "control/config.h"
#include "control/daemon.h"
#include "control/status_memory.h"

#define MIB UINT64_C(1048576)

enum { EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_REFUSED };

static const char help[] =
	"zerorated - say which traffic of a gateway's ports an approved list makes free of charge\n"
	"\n"
	"Usage:\n"
	"  zerorated -c FILE [--check]\n"
	"  zerorated --help | --version\n"
	"\n"
	"Options:\n"
	"  -c, --config FILE   the configuration: zerorated.conf(5)\n"
	"  --check             say all that is wrong with the configuration, and start nothing\n"
	"  --help, --version   print this, or the version\n"
	"\n"
	"It stays in the foreground and logs to standard error, each line with its level as journald\n"
	"reads it (<3> error, <4> warning, <5> notice, <6> information).\n"
	"\n"
	"Signals:\n"
	"  SIGHUP              look at the list's file at once; it is watched anyway. A list that is refused\n"
	"                      changes nothing, and every error is logged. The configuration is read at\n"
	"                      start only\n"
	"  SIGTERM, SIGINT     cut all open flows, deliver the records (ten seconds at most), end\n"
	"\n"
	"Sockets: records.sock gives records to the billing system, zerorate-records.sock(5); control.sock\n"
	"answers `zerorate status`, zerorate-control.sock(5).\n"
	"\n"
	"Exit status:\n"
	"  0  stopped by a signal, or --check found nothing wrong\n"
	"  1  the configuration has errors (each told as FILE:LINE), or the daemon could not start or go\n"
	"     on, which the log's last lines say\n"
	"  2  the command line makes no sense\n"
	"  3  a tap sees the same traffic twice, from two sides of a gateway: another start would, too\n"
	"\n"
	"Example:\n"
	"  zerorated -c /etc/zerorate/zerorated.conf --check && systemctl restart zerorated\n";

struct options {
	const char *config;
	bool check;
};

static int usage_error(const char *what)
{
	fprintf(stderr, "zerorated: %s\nTry 'zerorated --help'.\n", what);
	return EXIT_USAGE;
}

static int print(const char *text)
{
	return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILED : EXIT_OK;
}

/* Nothing is wrong with the file; does what it asks for fit? Maybe beside a daemon that runs and that the next start replaces. */
static int check(const char *path, const struct zr_config *config)
{
	struct zr_dataplane_config dataplane;
	char error[512] = "", text[ZR_MEMORY_TEXT];
	struct zr_memory memory;
	int err;

	zr_config_dataplane(config, &dataplane);
	err = zr_dataplane_memory(&dataplane, true, &memory, error, sizeof(error));
	if (err != 0) {
		fprintf(stderr, "%s: %s\n", path, error);
		return err;
	}
	zr_status_memory_text(&memory, text);
	printf("%s: no errors\nIt takes %s; on top comes what frames need, and as it is used up to %" PRIu64
	       " MiB of records.memory and evidence.network_memory, and the list, twice while it changes\n",
	       path, text, zr_status_memory_later(config) / MIB);
	if (zr_dataplane_memory(&dataplane, false, &memory, error, sizeof(error)) != 0)
		fprintf(stderr,
			"%s: no error, but just now there is too little memory: %s. If a zerorated runs, its memory is "
			"there again when it has ended\n",
			path, error);
	return 0;
}

static int run(const struct options *options)
{
	struct zr_config_errors errors;
	struct zr_config config;
	int err = zr_config_read(options->config, &config, &errors);

	for (size_t i = 0; i < errors.count; i++)
		fprintf(stderr, "%s\n", errors.lines[i]);
	if (err == 0 && options->check)
		err = check(options->config, &config);
	else if (err == 0)
		err = zr_daemon_run(&config);
	zr_config_errors_clear(&errors);
	zr_config_clear(&config);
	if (err == -ENOTUNIQ)
		return EXIT_REFUSED;
	return err == 0 ? EXIT_OK : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	enum { OPTION_CHECK = 256, OPTION_HELP, OPTION_VERSION };
	static const struct option long_options[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, OPTION_CHECK},
		{"help", no_argument, NULL, OPTION_HELP},
		{"version", no_argument, NULL, OPTION_VERSION},
		{NULL, 0, NULL, 0},
	};
	struct options options = {0};
	int option;

	while ((option = getopt_long(argc, argv, "c:h", long_options, NULL)) != -1) {
		if (option == 'c')
			options.config = optarg;
		else if (option == OPTION_CHECK)
			options.check = true;
		else if (option == OPTION_HELP || option == 'h')
			return print(help);
		else if (option == OPTION_VERSION)
			return print("zerorated " ZR_VERSION "\n");
		else
			return usage_error("an option is not known or lacks its argument");
	}
	if (optind < argc)
		return usage_error("it takes options only");
	if (options.config == NULL)
		return usage_error("which configuration? -c FILE");
	return run(&options);
}

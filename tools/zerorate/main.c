/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "tools/zerorate/command.h"
#include "tools/zerorate/text.h"

#define CLEAN_ROOM 256

static const char help[] =
	"zerorate - see which traffic an approved list makes free of charge\n"
	"\n"
	"Usage:\n"
	"  zerorate classify --list FILE [OPTION...] CAPTURE...\n"
	"  zerorate dns [OPTION...] CAPTURE...\n"
	"  zerorate list COMMAND [OPTION...] ...\n"
	"  zerorate records COMMAND [OPTION...]\n"
	"  zerorate report [OPTION...]\n"
	"  zerorate fraud [OPTION...]\n"
	"  zerorate status|ports|flows|top|explain|reload|version [OPTION...]\n"
	"  zerorate --help | --version\n"
	"\n"
	"Commands:\n"
	"  classify   Read capture files (pcap, pcapng), find out which host each subscriber flow\n"
	"             talks to, judge it by the list, and print the records that a gateway would\n"
	"             hand to the billing system, with a summary that accounts for every byte.\n"
	"  dns        Read capture files and print which addresses the DNS answers in them taught to\n"
	"             whom: name, aliases, address, TTL, resolver, subscriber.\n"
	"  status     Ask the daemon zerorated how it does: list in force, ports, workers, flows,\n"
	"             totals, records.\n"
	"  ports      The gateway's ports: link, frames, drops.\n"
	"  flows      Flows that are open, and what they are.\n"
	"  top        Which services, entries or subscribers have most volume.\n"
	"  explain    Why was this charged? A subscriber's last decisions, each with its reason.\n"
	"  reload     Have the daemon look at the list's file now.\n"
	"  version    The version of this program, and of the daemon.\n"
	"  list       Check, compare and look into approved lists.\n"
	"  records    Read the records of a gateway: the last ones, as they come, or as closed files.\n"
	"  report     Sum the ledger: free volume by service, subscriber or hour, and what it was worth.\n"
	"  fraud      Sum the ledger: who, or which entry, has flows whose names nothing backs.\n"
	"\n"
	"`zerorate COMMAND --help` tells all about a command: options, exit statuses, examples.\n"
	"\n"
	"Example:\n"
	"  zerorate classify --list list.csv --format table morning.pcap\n"
	"\n"
	"Exit status: 0 all done, 1 something could not be read or written or is not well, 2 usage,\n"
	"3 the daemon cannot be asked at its control socket.\n";

static int usage_error(const char *what, const char *command)
{
	char clean[CLEAN_ROOM];

	zr_text_clean(clean, sizeof(clean), command);
	fprintf(stderr, "zerorate: %s%s\nTry 'zerorate --help'.\n", what, clean);
	return ZR_EXIT_USAGE;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"classify", zr_command_classify}, {"dns", zr_command_dns},       {"list", zr_command_list},
	{"records", zr_command_records},   {"report", zr_command_report}, {"status", zr_command_status},
	{"ports", zr_command_ports},       {"flows", zr_command_flows},   {"top", zr_command_top},
	{"explain", zr_command_explain},   {"reload", zr_command_reload}, {"version", zr_command_version},
	{"fraud", zr_command_fraud},
};

int main(int argc, char **argv)
{
	if (argc < 2)
		return usage_error("a command is missing", "");
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return zr_command_print(help);
	if (strcmp(argv[1], "--version") == 0)
		return zr_command_print("zerorate " ZR_VERSION "\n");
	return usage_error("there is no command ", argv[1]);
}

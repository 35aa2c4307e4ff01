/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "rules/image.h"

const char zr_options_help[] =
	"zerorate classify - judge the traffic of capture files by a list\n"
	"\n"
	"Usage: zerorate classify --list FILE [OPTION...] CAPTURE...\n"
	"\n"
	"Reads the captures in the order given as one stream, on their own clock, and runs on them what\n"
	"a gateway runs: headers, tunnels, flows, host names out of TLS, DTLS, QUIC and HTTP, the list.\n"
	"Prints a tag record for each flow that becomes free, usage records with its volume, and a summary\n"
	"in which free + charged + unaccounted is exactly what the captures hold. The list need not be\n"
	"signed: nothing is decided here.\n"
	"\n"
	"Captures are pcap or pcapng, micro- or nanoseconds; Ethernet, raw IP, Linux cooked (v1, v2), BSD\n"
	"loopback and PPP. Packets of other link types are counted as unaccounted, link_type.\n"
	"\n"
	"Options:\n"
	"  --list FILE             the approved list (CSV); required\n"
	"  --subscribers P[,P...]  address prefixes of the subscribers, such as 10.0.0.0/8,2405:4800::/32.\n"
	"                          Traffic with no subscriber in it is charged as not_subscriber. Without\n"
	"                          it the client is whoever opened the connection\n"
	"  --tunnel-endpoints P[,P...]\n"
	"                          open tunnels (GTP-U, GRE, IP in IP) only between these addresses.\n"
	"                          Without it every tunnel is opened, which is right for captures\n"
	"                          and wrong for a gateway\n"
	"  --trusted-resolvers P[,P...]\n"
	"                          answers from these addresses, in the captures, tell which addresses stand\n"
	"                          behind listed names. Without it nothing is learned\n"
	"  --verify off|flag|require\n"
	"                          entries that say nothing: a name is enough; is free and suspect; or is\n"
	"                          charged, until an answer or a listed address backs it. The last two need\n"
	"                          --trusted-resolvers. Without it: off\n"
	"  --verify-checksums      look for no name where a TCP, UDP or IPv4 checksum is wrong: the server\n"
	"                          ignores them too. They count as ever. Off without it, since a capture made\n"
	"                          on a sending machine holds checksums that its network card fills in later\n"
	"  --all                   print records of charged flows too\n"
	"  --show-names            print the names of charged flows too (with --all; your own captures only:\n"
	"                          they are personal data)\n"
	"  --format json|table     json: one object a line, the summary as the last line. table: aligned\n"
	"                          usage records, the summary on standard error; columns that a terminal\n"
	"                          has no room for are left out. Without it: table on a terminal, json\n"
	"                          otherwise\n"
	"  -h, --help              print this\n"
	"\n"
	"Exit status:\n"
	"  0  everything was read and printed\n"
	"  1  a list with errors (each told as FILE:LINE:COLUMN; no capture is read), or a capture that\n"
	"     could not be read or not to its end (what could be read is counted), or output that failed\n"
	"  2  the command line makes no sense\n"
	"\n"
	"Examples:\n"
	"  zerorate classify --list list.csv morning.pcap\n"
	"  zerorate classify --list list.csv --format json a.pcap b.pcap |\n"
	"      jq -r 'select(.type == \"usage\") | [.service, .up_bytes + .down_bytes] | @tsv'\n"
	"  zerorate classify --list list.csv --all --show-names --format json test.pcapng | tail -1 | jq .\n"
	"\n"
	"It keeps up to 1,048,576 flows open at a time (about 140 MB when they are all used; only what is\n"
	"used is taken). The members of a record are described in zerorate-records(5), the list's format in\n"
	"zerorate-list(5).\n";

enum {
	OPTION_LIST = 256,
	OPTION_SUBSCRIBERS,
	OPTION_TUNNELS,
	OPTION_RESOLVERS,
	OPTION_VERIFY,
	OPTION_CHECKSUMS,
	OPTION_ALL,
	OPTION_NAMES,
	OPTION_FORMAT
};

static const struct option long_options[] = {
	{"list", required_argument, NULL, OPTION_LIST},
	{"subscribers", required_argument, NULL, OPTION_SUBSCRIBERS},
	{"tunnel-endpoints", required_argument, NULL, OPTION_TUNNELS},
	{"trusted-resolvers", required_argument, NULL, OPTION_RESOLVERS},
	{"verify", required_argument, NULL, OPTION_VERIFY},
	{"verify-checksums", no_argument, NULL, OPTION_CHECKSUMS},
	{"all", no_argument, NULL, OPTION_ALL},
	{"show-names", no_argument, NULL, OPTION_NAMES},
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static const char command[] = "classify";

static bool refuse(const char *option, const char *what)
{
	return zr_argument_refuse(command, option, what);
}

static bool take_verify(const char *argument, uint8_t *out)
{
	for (uint8_t verify = ZR_VERIFY_OFF; verify <= ZR_VERIFY_REQUIRE; verify++) {
		if (strcmp(argument, zr_verify_word(verify)) == 0) {
			*out = verify;
			return true;
		}
	}
	return refuse("--verify", "is off, flag or require; learn can only stand in the list");
}

static bool take_option(int option, const char *argument, struct zr_options *out)
{
	switch (option) {
	case OPTION_LIST:
		if (out->list != NULL)
			return refuse("--list", "is given twice: there is one list");
		out->list = argument;
		return true;
	case OPTION_SUBSCRIBERS:
		return zr_argument_prefixes(command, "--subscribers", argument, &out->subscribers);
	case OPTION_TUNNELS:
		return zr_argument_prefixes(command, "--tunnel-endpoints", argument, &out->tunnel_endpoints);
	case OPTION_RESOLVERS:
		return zr_argument_prefixes(command, "--trusted-resolvers", argument, &out->trusted_resolvers);
	case OPTION_VERIFY:
		return take_verify(argument, &out->verify);
	case OPTION_CHECKSUMS:
		return out->verify_checksums = true;
	case OPTION_ALL:
		return out->all = true;
	case OPTION_NAMES:
		return out->show_names = true;
	case OPTION_FORMAT:
		return zr_argument_format(command, argument, &out->format);
	default:
		return false; /* getopt has said what is wrong */
	}
}

static bool is_complete(const struct zr_options *options)
{
	if (options->list == NULL)
		return refuse("--list FILE", "is missing: by which list shall the traffic be judged?");
	if (options->verify > ZR_VERIFY_OFF && options->trusted_resolvers.count == 0)
		return refuse("--verify", "asks for answers of trusted resolvers: name them with --trusted-resolvers");
	if (options->capture_count == 0)
		return refuse("CAPTURE", "is missing: which files shall be read?");
	return true;
}

enum zr_options_result zr_options_read(int argc, char **argv, bool stdout_is_terminal, struct zr_options *out)
{
	static char name[] = "zerorate classify"; /* for getopt's messages */
	int option;

	*out = (struct zr_options){.format = stdout_is_terminal ? ZR_FORMAT_TABLE : ZR_FORMAT_JSON};
	argv[0] = name;
	optind = 0; /* as if never called: glibc's way */
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option == 'h')
			return ZR_OPTIONS_HELP;
		if (!take_option(option, optarg, out))
			goto bad;
	}
	out->captures = argv + optind;
	out->capture_count = argc - optind;
	if (is_complete(out))
		return ZR_OPTIONS_OK;
bad:
	fputs("Try 'zerorate classify --help'.\n", stderr);
	return ZR_OPTIONS_BAD;
}

void zr_options_clear(struct zr_options *options)
{
	zr_prefix_set_clear(&options->subscribers);
	zr_prefix_set_clear(&options->tunnel_endpoints);
	zr_prefix_set_clear(&options->trusted_resolvers);
}

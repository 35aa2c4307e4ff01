/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/dns_options.h"

#include <getopt.h>
#include <stdio.h>

const char zr_dns_options_help[] =
	"zerorate dns - show which addresses stand behind which names, by the DNS answers in capture files\n"
	"\n"
	"Usage: zerorate dns [OPTION...] CAPTURE...\n"
	"\n"
	"Reads the captures in the order given as one stream, on their own clock, and prints every address\n"
	"that an answer taught: A and AAAA records, and the address hints of HTTPS and SVCB records, each\n"
	"with the name that was asked for and the aliases (CNAME, or the target of HTTPS and SVCB) that led\n"
	"to it. An answer teaches only the subscriber who asked: it counts when the query was seen before\n"
	"it, at most 10 s ago, between the same addresses and ports, with the same id and question. DNS is\n"
	"read over UDP and TCP, on any port, inside tunnels too; DNS over TLS, HTTPS and QUIC cannot be.\n"
	"Multicast DNS and LLMNR are not resolution and are passed over.\n"
	"\n"
	"Options:\n"
	"  --tunnel-endpoints P[,P...]\n"
	"                          open tunnels (GTP-U, GRE, IP in IP) only between these addresses.\n"
	"                          Without it every tunnel is opened\n"
	"  --format json|table     json: one object a line. table: aligned columns, and on standard error\n"
	"                          what became of all messages. Without it: table on a terminal, json\n"
	"                          otherwise\n"
	"  -h, --help              print this\n"
	"\n"
	"Members of an object (columns of the table):\n"
	"  time        of the answer, UTC\n"
	"  subscriber  who asked; an IPv6 subscriber is its /64\n"
	"  resolver    the address that was asked\n"
	"  transport   udp or tcp\n"
	"  name        that was asked for, in lower case\n"
	"  chain       the aliases, in order; the last of them has the address\n"
	"  type        of the record that has the address: A, AAAA, HTTPS, SVCB\n"
	"  address     what was learned\n"
	"  ttl         of that record, in seconds\n"
	"\n"
	"What became of all messages: queries and answers that were seen, answers that nobody had asked for\n"
	"or that came too late (unasked), that said no (failed) or broke off (broken), names that are no\n"
	"host names and were passed over (names_other), addresses that were learned.\n"
	"\n"
	"Exit status:\n"
	"  0  everything was read and printed\n"
	"  1  a capture could not be read or not to its end (what could be read is told), or output failed\n"
	"  2  the command line makes no sense\n"
	"\n"
	"Examples:\n"
	"  zerorate dns morning.pcap\n"
	"  zerorate dns --format json morning.pcap |\n"
	"      jq -r 'select(.name | endswith(\".olm.vn\")) | [.name, .address, .ttl] | @tsv' | sort -u\n";

static const char command[] = "dns";

enum { OPTION_TUNNELS = 256, OPTION_FORMAT };

static const struct option long_options[] = {
	{"tunnel-endpoints", required_argument, NULL, OPTION_TUNNELS},
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static bool take_option(int option, const char *argument, struct zr_dns_options *out)
{
	switch (option) {
	case OPTION_TUNNELS:
		return zr_argument_prefixes(command, "--tunnel-endpoints", argument, &out->tunnel_endpoints);
	case OPTION_FORMAT:
		return zr_argument_format(command, argument, &out->format);
	default:
		return false; /* getopt has said what is wrong */
	}
}

enum zr_options_result zr_dns_options_read(int argc, char **argv, bool stdout_is_terminal, struct zr_dns_options *out)
{
	static char name[] = "zerorate dns"; /* for getopt's messages */
	int option;

	*out = (struct zr_dns_options){.format = stdout_is_terminal ? ZR_FORMAT_TABLE : ZR_FORMAT_JSON};
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
	if (out->capture_count > 0)
		return ZR_OPTIONS_OK;
	zr_argument_refuse(command, "CAPTURE", "is missing: which files shall be read?");
bad:
	fputs("Try 'zerorate dns --help'.\n", stderr);
	return ZR_OPTIONS_BAD;
}

void zr_dns_options_clear(struct zr_dns_options *options)
{
	zr_prefix_set_clear(&options->tunnel_endpoints);
}

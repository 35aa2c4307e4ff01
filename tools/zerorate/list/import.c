/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate list import`: a list from packet flow descriptions, or from names. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rules/decimal.h"
#include "rules/utf8.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/list/commands.h"
#include "tools/zerorate/list/imported.h"
#include "tools/zerorate/list/when.h"
#include "tools/zerorate/list/written.h"
#include "tools/zerorate/whole_file.h"

/* Longer files are refused. */
#define MOST_BYTES ((size_t)64 << 20)

static const char help[] =
	"zerorate list import - a list from what other programs write\n"
	"\n"
	"Usage: zerorate list import --from FORMAT --rating-group N --serial N --issuer TEXT --expires TIME\n"
	"                            [OPTION...] FILE\n"
	"\n"
	"Makes a list (CSV) of FILE, reads it as a gateway would, and writes it when all is well. Otherwise\n"
	"nothing is written, and all that is wrong is told on standard error in one run. Formats:\n"
	"  pfd    packet flow descriptions, the JSON PfdManagement of 3GPP TS 29.122. domainNames are names,\n"
	"         or regular expressions for a plain suffix: ^(.+\\.)?olm\\.vn$ becomes .olm.vn, ^.+\\.olm\\.vn$\n"
	"         becomes *.olm.vn, ^olm\\.vn$ becomes olm.vn (.* for .+, ?: in the group and [.] for \\. are\n"
	"         read, too); all others are refused with their text. dnProtocol is TLS_SNI, DNS_QNAME,\n"
	"         TLS_SAN, TLS_SCN or TSL_SCN. flowDescriptions are \"permit out PROTOCOL from SERVER [PORTS] to\n"
	"         assigned\" (or any), a row for each range of ports; all others are refused, and so are urls,\n"
	"         a PFD with both names and flows, and members that TS 29.122 does not have. The application\n"
	"         zerorate-excluded, which export writes, becomes exclusions.\n"
	"  hosts  a hosts file (an address and names on a line) or a plain list (a name on a line); comments\n"
	"         begin with # at the beginning of a line or behind a blank. Addresses are not used: the names\n"
	"         are what is listed, exactly, or with .name and *.name on a line as in a list. On lines with\n"
	"         an address localhost, ip6-allnodes and their like are skipped; other names of one label are\n"
	"         refused. Filter lists of browsers are refused with line and column.\n"
	"What comes twice is written once. Files of more than 64 MiB are refused.\n"
	"\n"
	"Options:\n"
	"  --from FORMAT      pfd or hosts\n"
	"  --service S        the service of all entries; pfd: without it each application's externalAppId\n"
	"  --rating-group N   the rating group of all entries\n"
	"  --serial N         the list's serial, higher than the last one\n"
	"  --issuer TEXT      who issues the list\n"
	"  --issued TIME      without it now\n"
	"  --expires TIME     like 2027-06-30T23:59:59+07:00\n"
	"  -o, --output OUT   the file to write, which is there whole or not at all; without it standard output\n"
	"  --help             print this\n"
	"\n"
	"Exit status: 0 written, 1 refused or not written, 2 usage.\n"
	"\n"
	"Examples:\n"
	"  zerorate list import --from hosts --service olm --rating-group 90001 --serial 2026112201 \\\n"
	"    --issuer 'MOET' --expires 2027-06-30T23:59:59+07:00 -o olm.csv names.txt\n"
	"  curl -s \"$NEF/3gpp-pfd-management/v1/as1/transactions/7\" |\n"
	"    zerorate list import --from pfd --rating-group 90001 --serial 2026112201 --issuer MOET \\\n"
	"    --expires 2027-06-30T23:59:59+07:00 /dev/stdin > list.csv\n";

struct options {
	const char *from, *rating_group, *output, *file;
	struct zr_imported_settings settings;
	char issued[ZR_LIST_WHEN];
	bool help;
};

/* The place of an option's argument; NULL when there is no such option. */
static const char **argument_of(int option, struct options *options)
{
	switch (option) {
	case 'f':
		return &options->from;
	case 's':
		return &options->settings.service;
	case 'r':
		return &options->rating_group;
	case 'n':
		return &options->settings.serial;
	case 'i':
		return &options->settings.issuer;
	case 'd':
		return &options->settings.issued;
	case 'e':
		return &options->settings.expires;
	case 'o':
		return &options->output;
	default:
		return NULL;
	}
}

static bool refuse(const char *text)
{
	fprintf(stderr, "zerorate list import: %s\n", text);
	return false;
}

static bool check_options(struct options *options)
{
	struct zr_imported_settings *settings = &options->settings;
	const char *const texts[] = {settings->service, settings->serial, settings->issuer, settings->issued,
				     settings->expires};
	uint64_t group;

	if (options->from == NULL || (strcmp(options->from, "pfd") != 0 && strcmp(options->from, "hosts") != 0))
		return refuse("name the format with --from: pfd or hosts");
	if (settings->service == NULL && strcmp(options->from, "hosts") == 0)
		return refuse("name the service with --service: hosts files have none");
	if (options->rating_group == NULL || settings->serial == NULL || settings->issuer == NULL ||
	    settings->expires == NULL)
		return refuse("--rating-group, --serial, --issuer and --expires are required");
	if (!zr_decimal_parse(options->rating_group, strlen(options->rating_group), UINT32_MAX, &group))
		return refuse("--rating-group is a number from 0 to 4294967295");
	settings->rating_group = (uint32_t)group;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i] != NULL && !zr_utf8_is_printable(texts[i], strlen(texts[i])))
			return refuse(
				"--service, --serial, --issuer, --issued and --expires are one line of UTF-8 each");
	if (settings->service != NULL && settings->service[0] == '\0')
		return refuse("--service is empty");
	return true;
}

static bool read_options(int argc, char **argv, struct options *options)
{
	static const struct option long_options[] = {
		{"from", required_argument, NULL, 'f'},    {"service", required_argument, NULL, 's'},
		{"serial", required_argument, NULL, 'n'},  {"rating-group", required_argument, NULL, 'r'},
		{"issuer", required_argument, NULL, 'i'},  {"issued", required_argument, NULL, 'd'},
		{"expires", required_argument, NULL, 'e'}, {"output", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
	};
	static char name[] = "zerorate list import"; /* for getopt's messages */
	int option;

	*options = (struct options){0};
	options->settings.issued = zr_list_when((int64_t)time(NULL), options->issued);
	argv[0] = name;
	optind = 0; /* as if never called: glibc's way */
	while ((option = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1) {
		const char **argument = argument_of(option, options);

		if (option == 'h') {
			options->help = true;
			return true;
		}
		if (argument == NULL)
			return false;
		*argument = optarg;
	}
	if (argc - optind != 1)
		return refuse("name one file");
	options->file = argv[optind];
	return check_options(options);
}

static void tell_counts(const struct zr_imported *list)
{
	if (list->repeated > 0)
		fprintf(stderr, "%s: %" PRIu64 " entries came more than once and are written once\n", list->path,
			list->repeated);
	if (list->skipped > 0)
		fprintf(stderr, "%s: %" PRIu64 " names of the machine itself, like localhost, are skipped\n",
			list->path, list->skipped);
	if (list->other_protocols > 0)
		fprintf(stderr,
			"%s: %" PRIu64 " names have a dnProtocol other than TLS_SNI: they are listed as names that "
			"subscribers ask for\n",
			list->path, list->other_protocols);
}

static int import(const struct options *options, const char *bytes, size_t len)
{
	struct zr_imported list = {.path = options->file, .settings = &options->settings, .messages = stderr};
	int status = ZR_EXIT_FAILED;
	char *text;

	if (strcmp(options->from, "pfd") == 0)
		zr_import_pfd(&list, bytes, len);
	else
		zr_import_hosts(&list, bytes, len);
	text = zr_imported_text(&list);
	if (text != NULL) {
		tell_counts(&list);
		status = zr_list_written("list import", options->output, text, strlen(text));
	} else if (list.no_memory) {
		fprintf(stderr, "%s: no memory for so many entries\n", list.path);
	} else {
		fprintf(stderr, "%s: nothing is written: %" PRIu64 " error%s%s\n", list.path, list.refused,
			list.refused == 1 ? "" : "s",
			list.refused > ZR_IMPORTED_MESSAGES_MAX ? ", of which the first are told" : "");
		if (list.bad_directive)
			status = ZR_EXIT_USAGE;
	}
	free(text);
	zr_imported_clear(&list);
	return status;
}

int zr_list_command_import(int argc, char **argv)
{
	struct options options;
	char reason[ZR_WHOLE_FILE_REASON], *bytes;
	size_t len;
	int status;

	if (!read_options(argc, argv, &options)) {
		fputs("Try 'zerorate list import --help'.\n", stderr);
		return ZR_EXIT_USAGE;
	}
	if (options.help)
		return zr_command_print(help);
	if (!zr_command_begin("list import"))
		return ZR_EXIT_FAILED;
	bytes = zr_whole_file_read(options.file, MOST_BYTES, &len, reason);
	if (bytes == NULL) {
		fprintf(stderr, "%s: cannot be read: %s\n", options.file, reason);
		return ZR_EXIT_FAILED;
	}
	status = import(&options, bytes, len);
	free(bytes);
	return status;
}

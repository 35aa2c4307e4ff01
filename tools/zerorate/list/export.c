/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate list export`: a list in the formats of name servers and of 3GPP exposure functions. */
#include "tools/zerorate/list/export.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rules/decimal.h"
#include "rules/timestamp.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/list/commands.h"
#include "tools/zerorate/list/when.h"
#include "tools/zerorate/list/written.h"
#include "tools/zerorate/list_file.h"
#include "tools/zerorate/text_stream.h"

#define ORIGIN "rpz.zerorate"

static const char help[] =
	"zerorate list export - a list in the formats of other programs\n"
	"\n"
	"Usage: zerorate list export --to FORMAT [OPTION...] FILE\n"
	"\n"
	"FILE is a list (CSV) or a compiled list. Formats:\n"
	"  rpz  a response policy zone that passes through what is free: a name, a name and *.name, *.name\n"
	"       alone, and addresses (rpz-ip). Entries with a protocol or ports are left out. What an entry\n"
	"       above covers already is not repeated.\n"
	"  pfd  packet flow descriptions, the JSON PfdManagement of 3GPP TS 29.122: an application for each\n"
	"       service; names as domainNames with dnProtocol TLS_SNI, subdomains as regular expressions\n"
	"       like ^(.+\\.)?olm\\.vn$, addresses as flowDescriptions. Rating groups are not part of it.\n"
	"Neither knows windows: entries in force at one time are written, the others left out. What is left\n"
	"out is told on standard error with its number, and so is the time until which the file holds: what\n"
	"is left in use longer frees more than the list. Nothing else is written wider than the list has it.\n"
	"\n"
	"Options:\n"
	"  --to FORMAT         rpz or pfd\n"
	"  -o, --output OUT    the file to write, which is there whole or not at all; without it standard output\n"
	"  --at TIME           entries in force at TIME, like 2026-12-01T00:00:00+07:00; without it now\n"
	"  --exclusions HOW    neither format has exclusions, so that a list with exclusions in force is refused\n"
	"                      unless this says how they are written:\n"
	"                        nxdomain, nodata  rpz: as names that do not exist, or have no data\n"
	"                        separate          pfd: as an application " ZR_EXPORT_EXCLUDED ", which the\n"
	"                                          network must charge with a higher precedence\n"
	"  --origin NAME       rpz: the zone's name; without it " ORIGIN "\n"
	"  --soa-serial N      rpz: the zone's serial; without it the lowest 32 bits of the list's. Secondaries\n"
	"                      take a zone only when its serial is higher (RFC 1982): give another one when a\n"
	"                      list is exported again because a window began or ended\n"
	"  --help              print this\n"
	"\n"
	"Exit status: 0 written, 1 the list is refused or cannot be written so, 2 usage.\n"
	"\n"
	"Examples:\n"
	"  zerorate list export --to rpz --exclusions nxdomain -o rpz.zone elearning-vn.csv &&\n"
	"    named-checkzone -i none " ORIGIN " rpz.zone\n"
	"  zerorate list export --to pfd --at 2026-06-15T00:00:00+07:00 elearning-vn.csv | jq .\n";

struct options {
	const char *to, *output, *list, *exclusions;
	char origin[ZR_NAME_MAX + 1];
	bool has_origin, has_serial, help;
	uint32_t soa_serial;
	int64_t at_s;
};

static bool is_in_force(const struct zr_export *export, const struct zr_entry *entry)
{
	return export->at_s >= entry->from_s && export->at_s < entry->until_s;
}

bool zr_export_next(const struct zr_export *export, uint32_t *number, struct zr_export_entry *out)
{
	for (; *number < zr_image_entry_count(export->image); ++*number) {
		zr_image_entry(export->image, *number, &out->entry);
		if (is_in_force(export, &out->entry)) {
			out->number = (*number)++;
			zr_image_rule(export->image, out->number, &out->rule);
			return true;
		}
	}
	return false;
}

struct zr_match zr_export_below(const struct zr_export *export, const char *name)
{
	/* No name in a list has a label that is a hyphen alone. */
	char text[ZR_NAME_MAX + 3];
	struct zr_name_ref ref = {.text = text};
	struct zr_match match;

	ref.len = (uint8_t)snprintf(text, sizeof(text), "-.%.*s", ZR_NAME_MAX, name);
	zr_image_match_names(export->image, &ref, 1, export->at_s, &match);
	return match;
}

const char *zr_export_parent(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot != NULL ? dot + 1 : NULL;
}

static bool refuse(const char *text, const char *value)
{
	fprintf(stderr, "zerorate list export: %s, not \"%s\"\n", text, value);
	return false;
}

static bool read_option(int option, struct options *options)
{
	uint64_t serial;
	int len;

	switch (option) {
	case 't':
		options->to = optarg;
		return strcmp(optarg, "rpz") == 0 || strcmp(optarg, "pfd") == 0 || refuse("--to is rpz or pfd", optarg);
	case 'o':
		options->output = optarg;
		return true;
	case 'a':
		return zr_timestamp_parse(optarg, strlen(optarg), &options->at_s) == 0 ||
		       refuse("--at is " ZR_TIMESTAMP_FORM "2026-12-01T00:00:00+07:00", optarg);
	case 'e':
		options->exclusions = optarg;
		return true;
	case 'n':
		options->has_origin = true;
		len = zr_name_canonical((const uint8_t *)optarg, strlen(optarg), options->origin);
		return len > 0 || refuse("--origin is a name like " ORIGIN, optarg);
	case 's':
		options->has_serial = true;
		if (!zr_decimal_parse(optarg, strlen(optarg), UINT32_MAX, &serial))
			return refuse("--soa-serial is a number up to 4294967295", optarg);
		options->soa_serial = (uint32_t)serial;
		return true;
	default:
		return false;
	}
}

/* Do the options fit the format? */
static bool check_options(const struct options *options, enum zr_export_exclusions *exclusions)
{
	static const struct {
		const char *name, *format;
	} known[] = {
		[ZR_EXCLUSIONS_NXDOMAIN] = {"nxdomain", "rpz"},
		[ZR_EXCLUSIONS_NODATA] = {"nodata", "rpz"},
		[ZR_EXCLUSIONS_SEPARATE] = {"separate", "pfd"},
	};

	*exclusions = ZR_EXCLUSIONS_REFUSED;
	if (options->to == NULL) {
		fputs("zerorate list export: name a format with --to: rpz or pfd\n", stderr);
		return false;
	}
	if ((options->has_origin || options->has_serial) && strcmp(options->to, "rpz") != 0) {
		fputs("zerorate list export: --origin and --soa-serial go with --to rpz\n", stderr);
		return false;
	}
	if (options->exclusions == NULL)
		return true;
	for (unsigned int i = ZR_EXCLUSIONS_NXDOMAIN; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(options->exclusions, known[i].name) == 0 && strcmp(options->to, known[i].format) == 0)
			*exclusions = (enum zr_export_exclusions)i;
	return *exclusions != ZR_EXCLUSIONS_REFUSED ||
	       refuse(strcmp(options->to, "rpz") == 0 ? "--exclusions of --to rpz is nxdomain or nodata"
						      : "--exclusions of --to pfd is separate",
		      options->exclusions);
}

static bool read_options(int argc, char **argv, struct options *options)
{
	static const struct option long_options[] = {
		{"to", required_argument, NULL, 't'},     {"output", required_argument, NULL, 'o'},
		{"at", required_argument, NULL, 'a'},     {"exclusions", required_argument, NULL, 'e'},
		{"origin", required_argument, NULL, 'n'}, {"soa-serial", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
	};
	static char name[] = "zerorate list export"; /* for getopt's messages */
	int option;

	*options = (struct options){.origin = ORIGIN, .at_s = (int64_t)time(NULL)};
	argv[0] = name;
	optind = 0; /* as if never called: glibc's way */
	while ((option = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1) {
		if (option == 'h') {
			options->help = true;
			return true;
		}
		if (!read_option(option, options))
			return false;
	}
	if (argc - optind != 1) {
		fputs("zerorate list export: name one list\n", stderr);
		return false;
	}
	options->list = argv[optind];
	return true;
}

/* Is the list in force, and does the format have all that must not be left out? */
static bool check_list(const struct zr_export *export)
{
	uint32_t count = zr_image_entry_count(export->image), exclusions = 0, absent = 0;
	int64_t expires_s = zr_image_expires_s(export->image);
	char when[ZR_LIST_WHEN];
	struct zr_entry entry;
	struct zr_rule rule;

	if (export->at_s >= expires_s) {
		fprintf(stderr,
			"%s: the list expires at %s and frees nothing at that time: name an earlier one with --at\n",
			export->path, zr_list_when(expires_s - 1, when));
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		zr_image_entry(export->image, i, &entry);
		zr_image_rule(export->image, i, &rule);
		if (!is_in_force(export, &entry)) {
			absent++;
		} else if (rule.kind == ZR_RULE_EXCLUDED && export->exclusions == ZR_EXCLUSIONS_REFUSED) {
			exclusions++;
			fprintf(stderr, "%s: the exclusion %s cannot be written\n", export->path, entry.rule);
		}
	}
	if (exclusions > 0)
		fprintf(stderr,
			"%s: refused: %" PRIu32
			" exclusion%s in force; say with --exclusions how they are written (see --help)\n",
			export->path, exclusions, exclusions == 1 ? " is" : "s are");
	else if (absent > 0)
		fprintf(stderr, "%s: left out %" PRIu32 " entr%s not in force at %s\n", export->path, absent,
			absent == 1 ? "y" : "ies", zr_list_when(export->at_s, when));
	return exclusions == 0;
}

/* When what is written is no longer what the list says: neither format ends by itself. */
static void tell_edge(const struct zr_export *export)
{
	int64_t edge_s = zr_image_next_edge_s(export->image, export->at_s);
	bool expires = edge_s == zr_image_expires_s(export->image);
	char when[ZR_LIST_WHEN];

	fprintf(stderr, "%s: this holds until %s, when %s: %s then\n", export->path, zr_list_when(edge_s - 1, when),
		expires ? "the list expires" : "a window ends or the next begins",
		expires ? "remove it, or export the next list" : "export again");
}

static int write_list(const struct zr_export *export, const struct options *options)
{
	int status = ZR_EXIT_FAILED;
	struct zr_text_stream stream;
	char *text = NULL;
	bool good = false;
	size_t len;

	if (zr_text_stream_open(&stream)) {
		good = strcmp(options->to, "rpz") == 0 ? zr_export_rpz(export, stream.file)
						       : zr_export_pfd(export, stream.file);
		text = zr_text_stream_close(&stream, &len);
	}
	if (text == NULL)
		fputs("zerorate list export: no memory\n", stderr);
	else if (good)
		status = zr_list_written("list export", options->output, text, len);
	free(text);
	if (status == ZR_EXIT_OK)
		tell_edge(export);
	return status;
}

int zr_list_command_export(int argc, char **argv)
{
	struct zr_export export = {0};
	struct zr_list_loaded list = {0};
	struct options options;
	int status = ZR_EXIT_FAILED;

	if (!read_options(argc, argv, &options) || (!options.help && !check_options(&options, &export.exclusions))) {
		fputs("Try 'zerorate list export --help'.\n", stderr);
		return ZR_EXIT_USAGE;
	}
	if (options.help)
		return zr_command_print(help);
	if (!zr_command_begin("list export"))
		return ZR_EXIT_FAILED;
	if (zr_list_or_image_open(options.list, zr_command_seed, &list)) {
		export.path = options.list;
		export.image = list.image;
		export.at_s = options.at_s;
		export.origin = options.origin;
		export.soa_serial = options.has_serial ? options.soa_serial : (uint32_t)zr_image_serial(list.image);
		if (check_list(&export))
			status = write_list(&export, &options);
	}
	zr_list_loaded_clear(&list);
	return status;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate list verify FILE`: which keys have signed a list. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/decimal.h"
#include "rules/utf8.h"
#include "tools/zerorate/arguments.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/list/commands.h"
#include "tools/zerorate/list/signature_files.h"
#include "tools/zerorate/list_file.h"
#include "tools/zerorate/text.h"

static const char help[] =
	"zerorate list verify - which keys have signed a list, and which signatures do not count and why\n"
	"\n"
	"Usage: zerorate list verify FILE --key KEY [--key KEY...] [--required K]\n"
	"       zerorate list verify FILE --keys FILE [--required K]\n"
	"\n"
	"Reads the list once, and the signature files beside it: FILE.minisig and FILE.NAME.minisig, where\n"
	"NAME is of 1 to 64 characters; at most 16 files of at most 8192 bytes. Each counts that fits the\n"
	"list, its own trusted comment and one of the keys; a key counts once, however often it signed. Errors in\n"
	"the list are not looked for: `zerorate list check` does that.\n"
	"\n"
	"Options:\n"
	"  --key KEY      a public key as minisign prints it, RW and 54 more characters; once for each key,\n"
	"                 at most 16\n"
	"  --keys FILE    keys from a file, one a line; a .pub file that minisign made is such a file. Blank\n"
	"                 lines and those that begin with # or \"untrusted comment:\" are passed over\n"
	"  --required K   so many distinct keys must have signed. Without it: all that are given\n"
	"  -h, --help     print this\n"
	"\n"
	"Prints one sentence with the keys that signed and their trusted comments, then a line for each file\n"
	"that counts. Files that do not count are told on standard error.\n"
	"\n"
	"Exit status: 0 at least K keys have signed, 1 fewer have, or something cannot be read, 2 usage.\n"
	"\n"
	"Examples:\n"
	"  minisign -Sm list.csv                             the first desk signs: list.csv.minisig\n"
	"  minisign -Sm list.csv -x list.csv.mic.minisig     the second desk signs the same file\n"
	"  zerorate list verify list.csv --keys moet.pub --keys mic.pub\n"
	"  zerorate list verify list.csv --keys desks.keys --required 2\n";

static const char command[] = "list verify";

/* Files of keys are small. */
#define KEYS_FILE_MAX ((size_t)1 << 16)

struct options {
	const char *list;
	struct zr_keys keys;
	unsigned int required;
};

static bool take_key(const char *text, struct zr_keys *keys)
{
	const char *reason;

	return zr_keys_add(keys, text, strlen(text), &reason) == 0 || zr_argument_refuse(command, "--key:", reason);
}

/* A line of a file of keys, without its end. */
static bool take_line(const char *path, unsigned int number, const char *line, size_t len, struct zr_keys *keys)
{
	static const char comment[] = "untrusted comment:";
	const char *reason;
	size_t blanks;

	if (len > 0 && line[len - 1] == '\r')
		len--;
	len = zr_utf8_trimmed(line, len);
	blanks = zr_utf8_blanks(line, len); /* and a byte order mark */
	line += blanks;
	len -= blanks;
	if (len == 0 || *line == '#' || (len >= strlen(comment) && memcmp(line, comment, strlen(comment)) == 0))
		return true;
	if (zr_keys_add(keys, line, len, &reason) == 0)
		return true;
	fprintf(stderr, "%s:%u: %s\n", path, number, reason);
	return false;
}

static bool take_keys_file(const char *path, struct zr_keys *keys)
{
	char reason[ZR_WHOLE_FILE_REASON];
	unsigned int before = keys->count, number = 1;
	size_t len;
	char *text = zr_whole_file_read(path, KEYS_FILE_MAX, &len, reason);
	bool taken = text != NULL;

	if (text == NULL)
		fprintf(stderr, "%s: the keys cannot be read: %s; name a file with a public key a line\n", path,
			reason);
	for (const char *at = text; taken && at < text + len; number++) {
		const char *end = memchr(at, '\n', (size_t)(text + len - at));

		end = end != NULL ? end : text + len;
		taken = take_line(path, number, at, (size_t)(end - at), keys);
		at = end + 1;
	}
	if (taken && keys->count == before) {
		fprintf(stderr, "%s: it holds no key: write one a line, as minisign -G prints it\n", path);
		taken = false;
	}
	free(text);
	return taken;
}

static bool take_required(const char *text, struct options *options)
{
	uint64_t number = 0;

	if (!zr_decimal_parse(text, strlen(text), ZR_KEYS_MAX, &number) || number == 0)
		return zr_argument_refuse(command, "--required", "is a number from 1 to 16");
	options->required = (unsigned int)number;
	return true;
}

enum { OPTION_KEY = 256, OPTION_KEYS, OPTION_REQUIRED };

static bool take_option(int option, const char *argument, struct options *options)
{
	switch (option) {
	case OPTION_KEY:
		return take_key(argument, &options->keys);
	case OPTION_KEYS:
		return take_keys_file(argument, &options->keys);
	case OPTION_REQUIRED:
		return take_required(argument, options);
	default:
		return false; /* getopt has said what is wrong */
	}
}

static enum zr_options_result read_options(int argc, char **argv, struct options *options)
{
	static const struct option long_options[] = {
		{"key", required_argument, NULL, OPTION_KEY},
		{"keys", required_argument, NULL, OPTION_KEYS},
		{"required", required_argument, NULL, OPTION_REQUIRED},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	static char name[] = "zerorate list verify"; /* for getopt's messages */
	int option;

	*options = (struct options){0};
	argv[0] = name;
	optind = 0; /* as if never called: glibc's way */
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option == 'h')
			return ZR_OPTIONS_HELP;
		if (!take_option(option, optarg, options))
			return ZR_OPTIONS_BAD;
	}
	if (argc - optind != 1) {
		zr_argument_refuse(command, "FILE", "is to be one list");
		return ZR_OPTIONS_BAD;
	}
	options->list = argv[optind];
	if (options->keys.count == 0) {
		zr_argument_refuse(command, "--key or --keys", "is required: whose signatures shall count?");
		return ZR_OPTIONS_BAD;
	}
	if (options->required == 0)
		options->required = options->keys.count;
	if (options->required > options->keys.count) {
		zr_argument_refuse(command, "--required", "is more than the keys that are given");
		return ZR_OPTIONS_BAD;
	}
	return ZR_OPTIONS_OK;
}

/* A file's name came from whoever may write to the folder. */
static void tell_file(FILE *to, const char *name, const char *text)
{
	char clean[1024];

	zr_text_clean(clean, sizeof(clean), name);
	fprintf(to, "%s: %s\n", clean, text);
}

static void tell_findings(const struct zr_signature_files *files, const struct zr_approval *approval)
{
	char text[ZR_APPROVAL_FINDING];

	for (unsigned int i = 0; i < approval->file_count; i++) {
		zr_approval_finding(approval, i, text);
		tell_file(approval->files[i].wrong == NULL ? stdout : stderr, files->files[i].name, text);
	}
	if (files->left_out > 0)
		fprintf(stderr,
			"%u more signature files were not looked at: 16 are the most; remove those that do not count\n",
			files->left_out);
}

static void tell_missing(const struct options *options, const struct zr_approval *approval)
{
	char id[ZR_KEY_ID_TEXT];

	fprintf(stderr, "%s: not enough signatures; these keys have not signed it:", options->list);
	for (unsigned int i = 0; i < options->keys.count; i++) {
		if (approval->signed_by[i])
			continue;
		zr_public_key_format(&options->keys.keys[i], id);
		fprintf(stderr, " %s", id);
	}
	fprintf(stderr, "; sign with: minisign -Sm %s -x %s.NAME.minisig\n", options->list, options->list);
}

static int judge(const struct options *options, const char *text, size_t len, const struct zr_signature_files *files)
{
	char sentence[ZR_APPROVAL_TEXT];
	struct zr_approval approval;

	zr_approval_judge(&options->keys, text, len, files->files, files->count, &approval);
	zr_approval_format(&approval, &options->keys, options->required, sentence);
	printf("%s: %s\n", options->list, sentence);
	tell_findings(files, &approval);
	if (fflush(stdout) != 0) {
		zr_command_output_failed(command, errno);
		return ZR_EXIT_FAILED;
	}
	if (approval.count >= options->required)
		return ZR_EXIT_OK;
	tell_missing(options, &approval);
	return ZR_EXIT_FAILED;
}

static int verify(const struct options *options)
{
	struct zr_signature_files files;
	int err, status = ZR_EXIT_FAILED;
	size_t len;
	char *text = zr_list_file_read(options->list, &len);

	if (text == NULL)
		return ZR_EXIT_FAILED;
	err = zr_signature_files_read(options->list, &files);
	if (err == 0)
		status = judge(options, text, len, &files);
	else
		fprintf(stderr, "%s: the folder of the list cannot be read: %s\n", options->list, strerror(-err));
	zr_signature_files_clear(&files);
	free(text);
	return status;
}

int zr_list_command_verify(int argc, char **argv)
{
	struct options options;

	switch (read_options(argc, argv, &options)) {
	case ZR_OPTIONS_OK:
		return zr_command_begin(command) ? verify(&options) : ZR_EXIT_FAILED;
	case ZR_OPTIONS_HELP:
		return zr_command_print(help);
	default:
		fputs("Try 'zerorate list verify --help'.\n", stderr);
		return ZR_EXIT_USAGE;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate list push FILE`: hand a list and its signatures to the daemon. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/client.h"
#include "rules/approval.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/list/commands.h"
#include "tools/zerorate/list/daemon.h"
#include "tools/zerorate/text.h"

#define COMMAND    "zerorate list push"
#define NAME_ROOM  4096
#define ERROR_ROOM 8192

static const char help[] = COMMAND
	" - hand a list to the daemon and hear what it decides\n"
	"\n"
	"Usage: zerorate list push FILE [--override NAME]... [--socket PATH]\n"
	"\n"
	"Gives the daemon the list and the signature files beside it (FILE.minisig, FILE.NAME.minisig), and\n"
	"waits until it is in force or refused. The daemon needs no right to read the files. Who pushed it\n"
	"stands in the audit log: `zerorate list log`.\n"
	"\n"
	"Options:\n"
	"  --override shrink    take it although it drops more entries than shrink_limit allows\n"
	"  --override expired   take it although it has expired: it is in force as what it is, and\n"
	"                       everything is charged\n"
	"  --socket PATH        the daemon's control socket; without it " ZR_CONTROL_PATH "\n"
	"  --help               print this\n"
	"\n"
	"Signatures, format and serial cannot be overridden.\n"
	"\n"
	"Exit status: 0 the list is in force, 1 it was refused (every reason is told) or the daemon does not\n"
	"answer, 2 usage.\n"
	"\n"
	"Example:\n"
	"  zerorate list check list.csv && zerorate list push list.csv\n";

struct options {
	const char *socket, *file;
	json_t *overrides;
	bool help;
};

/* The open files of a push. */
struct files {
	int fds[1 + ZR_SIGNATURE_FILES_MAX];
	unsigned int count;
	json_t *names; /* of the signature files */
	bool has_more; /* signature files than a list may have */
};

static bool read_options(int argc, char **argv, struct options *options)
{
	enum { OPTION_OVERRIDE = 256, OPTION_SOCKET, OPTION_HELP };
	static const struct option long_options[] = {
		{"override", required_argument, NULL, OPTION_OVERRIDE},
		{"socket", required_argument, NULL, OPTION_SOCKET},
		{"help", no_argument, NULL, OPTION_HELP},
		{NULL, 0, NULL, 0},
	};
	static char name[] = COMMAND; /* for getopt's messages */
	int option;

	argv[0] = name;
	optind = 0; /* as if never called: glibc's way */
	while ((option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (option == OPTION_SOCKET) {
			options->socket = optarg;
		} else if (option == OPTION_HELP || option == 'h') {
			options->help = true;
		} else if (option != OPTION_OVERRIDE) {
			return false;
		} else if (strcmp(optarg, "shrink") != 0 && strcmp(optarg, "expired") != 0) {
			fprintf(stderr, COMMAND ": --override is shrink or expired\n");
			return false;
		} else {
			json_array_append_new(options->overrides, json_string(optarg));
		}
	}
	if (!options->help && argc - optind != 1) {
		fputs(COMMAND ": name one list\n", stderr);
		return false;
	}
	options->file = argv[optind];
	return true;
}

/* Add an open file; what cannot be opened is told. */
static bool add_file(struct files *files, int folder, const char *path)
{
	int fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char clean[NAME_ROOM];

	if (fd >= 0) {
		files->fds[files->count++] = fd;
		return true;
	}
	zr_text_clean(clean, sizeof(clean), path);
	fprintf(stderr, COMMAND ": %s: cannot be read: %s\n", clean, strerror(errno));
	return false;
}

static bool add_signature(struct files *files, int folder, const char *name)
{
	char clean[NAME_ROOM];

	if (files->count == sizeof(files->fds) / sizeof(*files->fds)) {
		files->has_more = true;
		return true;
	}
	zr_text_clean(clean, sizeof(clean), name);
	return add_file(files, folder, name) && json_array_append_new(files->names, json_string(clean)) == 0;
}

/* Open the signature files beside the list. */
static bool add_signatures(struct files *files, const char *path)
{
	const char *slash = strrchr(path, '/'), *list_name = slash != NULL ? slash + 1 : path;
	char *folder_path = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	DIR *folder = folder_path != NULL ? opendir(folder_path) : NULL;
	const struct dirent *entry;
	bool added = true;

	free(folder_path);
	if (folder == NULL) {
		fprintf(stderr, COMMAND ": signature files cannot be looked for: %s\n", strerror(errno));
		return false;
	}
	while (added && (entry = readdir(folder)) != NULL)
		if (zr_signature_file_is_of(list_name, entry->d_name))
			added = add_signature(files, dirfd(folder), entry->d_name);
	closedir(folder);
	if (files->has_more)
		fprintf(stderr, COMMAND ": there are more than %u signature files: remove those of other lists\n",
			ZR_SIGNATURE_FILES_MAX);
	return added && !files->has_more;
}

static void tell_errors(const json_t *reply)
{
	const json_t *errors = json_object_get(reply, "errors"), *error;
	uint64_t count = (uint64_t)json_integer_value(json_object_get(reply, "error_count"));
	char clean[ERROR_ROOM];
	size_t i;

	json_array_foreach(errors, i, error)
	{
		zr_text_clean(clean, sizeof(clean), json_is_string(error) ? json_string_value(error) : "-");
		fprintf(stderr, "%s\n", clean);
	}
	if (count > json_array_size(errors))
		fprintf(stderr, "… and %" PRIu64 " more: `zerorate list check` tells all\n",
			count - json_array_size(errors));
}

static int64_t number_of(const json_t *reply, const char *member)
{
	return json_integer_value(json_object_get(reply, member));
}

/* Tell the decision. Returns the exit status. */
static int tell(const json_t *reply, const char *path)
{
	const char *outcome = json_string_value(json_object_get(reply, "outcome"));
	char clean[NAME_ROOM];

	zr_text_clean(clean, sizeof(clean), path);
	if (outcome != NULL && strcmp(outcome, "in_force") == 0) {
		printf("%s: is in force already; nothing was changed\n", clean);
		return ZR_EXIT_OK;
	}
	if (outcome == NULL || strcmp(outcome, "accepted") != 0) {
		tell_errors(reply);
		fprintf(stderr, "%s: refused; the list in force stays\n", clean);
		return ZR_EXIT_FAILED;
	}
	printf("%s: list %" PRId64 " with %" PRId64 " entries is in force", clean, number_of(reply, "serial"),
	       number_of(reply, "entries"));
	if (json_object_get(reply, "added") != NULL)
		printf(": %" PRId64 " added, %" PRId64 " removed, %" PRId64 " changed, %" PRId64 " widened, %" PRId64
		       " narrowed",
		       number_of(reply, "added"), number_of(reply, "removed"), number_of(reply, "changed"),
		       number_of(reply, "widened"), number_of(reply, "narrowed"));
	putchar('\n');
	return ZR_EXIT_OK;
}

static int ask(const struct options *options, const struct files *files)
{
	char clean[NAME_ROOM];
	json_t *request, *reply;
	int status = ZR_EXIT_FAILED;

	zr_text_clean(clean, sizeof(clean), options->file);
	request = json_pack("{s:s, s:s, s:O}", "op", "list_push", "file", clean, "signatures", files->names);
	if (json_array_size(options->overrides) > 0)
		json_object_set(request, "override", options->overrides);
	reply = zr_list_daemon_ask(COMMAND, options->socket, request, files->fds, files->count);
	if (reply != NULL)
		status = tell(reply, options->file);
	json_decref(reply);
	json_decref(request);
	return status;
}

static int push(const struct options *options)
{
	struct files files = {.names = json_array()};
	int status = ZR_EXIT_FAILED;

	if (files.names != NULL && add_file(&files, AT_FDCWD, options->file) && add_signatures(&files, options->file))
		status = ask(options, &files);
	while (files.count > 0)
		close(files.fds[--files.count]);
	json_decref(files.names);
	if (fflush(stdout) == 0)
		return status;
	zr_command_output_failed("list push", errno);
	return ZR_EXIT_FAILED;
}

int zr_list_command_push(int argc, char **argv)
{
	struct options options = {.socket = ZR_CONTROL_PATH, .overrides = json_array()};
	int status;

	if (!read_options(argc, argv, &options)) {
		fputs("Try '" COMMAND " --help'.\n", stderr);
		status = ZR_EXIT_USAGE;
	} else if (options.help) {
		status = zr_command_print(help);
	} else {
		status = zr_command_begin("list push") ? push(&options) : ZR_EXIT_FAILED;
	}
	json_decref(options.overrides);
	return status;
}

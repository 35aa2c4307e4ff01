/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate list push FILE`: hand a list and its signatures to the daemon. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rules/approval.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/command_line.h"
#include "tools/zerorate/daemon.h"
#include "tools/zerorate/list/commands.h"
#include "tools/zerorate/list/decision.h"
#include "tools/zerorate/text.h"

#define COMMAND   "zerorate list push"
#define NAME_ROOM 4096

static const char help[] = COMMAND
	" - hand a list to the daemon and hear what it decides\n"
	"\n"
	"Usage: zerorate list push FILE [--override NAME]... [--json] [--socket PATH]\n"
	"\n"
	"Gives the daemon the list and the signature files beside it (FILE.minisig, FILE.NAME.minisig), and\n"
	"waits until it is in force or refused. The daemon needs no right to read the files. Who pushed it\n"
	"stands in the audit log: `zerorate list log`.\n"
	"\n"
	"Options:\n"
	"  --override shrink   take it although it drops more entries than shrink_limit allows\n"
	"  --override expired  take it although it has expired: it is in force as what it is, and\n"
	"                      everything is charged\n" ZR_ASKING_HELP "\n"
	"Signatures, format and serial cannot be overridden.\n"
	"\n"
	"Exit status: 0 the list is in force, 1 it was refused (every reason is told) or a file cannot be\n"
	"read, 2 usage, 3 the daemon cannot be asked, or answers with an error.\n"
	"\n"
	"Example:\n"
	"  zerorate list check list.csv && zerorate list push list.csv\n";

struct options {
	const char *socket, *file;
	json_t *overrides;
	bool json;
};

/* The open files of a push. */
struct files {
	int fds[1 + ZR_SIGNATURE_FILES_MAX];
	unsigned int count;
	json_t *names; /* of the signature files */
	bool has_more; /* signature files than a list may have */
};

static bool take_override(const char *command, const struct zr_option *option, const char *value)
{
	const char *taken;
	struct zr_option choice = *option;

	choice.target = &taken;
	return zr_option_choice(command, &choice, value) &&
	       json_array_append_new(*(json_t **)option->target, json_string(taken)) == 0;
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

static int ask(const struct options *options, const struct files *files)
{
	char clean[NAME_ROOM];
	json_t *request, *reply;
	int status = ZR_EXIT_NO_DAEMON;

	zr_text_clean(clean, sizeof(clean), options->file);
	request = json_pack("{s:s, s:s, s:O}", "op", "list_push", "file", clean, "signatures", files->names);
	if (json_array_size(options->overrides) > 0)
		json_object_set(request, "override", options->overrides);
	reply = zr_daemon_ask("list push", options->socket, request, files->fds, files->count);
	if (reply != NULL)
		status = zr_list_decision_show("list push", reply, options->file, options->json);
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
	struct options o = {.socket = ZR_CONTROL_PATH, .overrides = json_array()};
	const struct zr_option options[] = {
		{.name = "override", .take = take_override, .target = &o.overrides, .choices = "shrink|expired"},
		ZR_OPTION_JSON(o.json),
		ZR_OPTION_SOCKET(o.socket),
	};
	const struct zr_command_line line = {.command = "list push",
					     .help = help,
					     .options = options,
					     .option_count = sizeof(options) / sizeof(*options),
					     .operand_name = "one list",
					     .operand = &o.file};
	int status;

	if (zr_command_line_read(&line, argc, argv, &status))
		status = push(&o);
	json_decref(o.overrides);
	return status;
}

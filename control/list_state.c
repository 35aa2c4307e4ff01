/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/file.h"
#include "rules/decimal.h"

#define FOLDER_MODE 0750
#define FILE_MODE   0640

/* "SERIAL SHA256\n" and "SERIAL-SHA256" (its first digits), with terminators. */
#define MARK_ROOM   (20 + 1 + ZR_SHA256_TEXT + 1)
#define HASH_DIGITS 16
#define NAME_ROOM   (20 + 1 + HASH_DIGITS + 1)

#define WRITE_HIGHEST                                                                             \
	", and without it old lists could come back: write one line into it, the serial and the " \
	"SHA-256 (sha256sum) of the newest list in the folder accepted, with a blank between"

/* A list that is being written, before it has its name. */
#define UNFINISHED "unfinished"

bool zr_list_mark_parse(const char *text, size_t len, struct zr_list_mark *out)
{
	const char *space = memchr(text, ' ', len), *end;
	size_t hex_at = space != NULL ? (size_t)(space - text) + 1 : len, octets;

	if (space == NULL || !zr_decimal_parse(text, hex_at - 1, UINT64_MAX, &out->serial) || out->serial == 0 ||
	    len - hex_at != ZR_SHA256_TEXT || text[len - 1] != '\n')
		return false;
	return sodium_hex2bin(out->sha256, sizeof(out->sha256), text + hex_at, ZR_SHA256_TEXT - 1, NULL, &octets,
			      &end) == 0 &&
	       octets == sizeof(out->sha256) && end == text + len - 1;
}

static void format_name(const struct zr_list_mark *mark, char out[NAME_ROOM])
{
	char hex[ZR_SHA256_TEXT];

	zr_sha256_format(mark->sha256, hex);
	snprintf(out, NAME_ROOM, "%" PRIu64 "-%.*s", mark->serial, HASH_DIGITS, hex);
}

static int refuse(int err, const char *path, const char *what, char error[ZR_LIST_STATE_ERROR])
{
	snprintf(error, ZR_LIST_STATE_ERROR, "%s: %s", path, what);
	return err;
}

/* Open a folder, which is made when it is not there. The descriptor or -errno. */
static int make_folder(int at, const char *name)
{
	int fd;

	if (mkdirat(at, name, FOLDER_MODE) != 0 && errno != EEXIST)
		return -errno;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 ? fd : -errno;
}

/* The serial that a folder's name begins with; 0 when it is no folder of a list. */
static uint64_t serial_of(const char *name)
{
	const char *dash = strchr(name, '-');
	uint64_t serial = 0;

	return dash != NULL && zr_decimal_parse(name, (size_t)(dash - name), UINT64_MAX, &serial) ? serial : 0;
}

/* The accepted lists' folder, to be listed; NULL when it cannot be. */
static DIR *list_accepted(const struct zr_list_state *state)
{
	int fd = openat(state->accepted, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;

	if (folder == NULL && fd >= 0)
		close(fd);
	return folder;
}

/* Are there more accepted lists than the one that a kill leaves before the first mark? */
static bool was_marked(const struct zr_list_state *state)
{
	DIR *folder = list_accepted(state);
	const struct dirent *entry;
	unsigned int count = 0;

	if (folder == NULL)
		return false;
	while ((entry = readdir(folder)) != NULL)
		count += serial_of(entry->d_name) > 0;
	closedir(folder);
	return count > 1;
}

static int read_highest(struct zr_list_state *state, char error[ZR_LIST_STATE_ERROR])
{
	int fd = openat(state->folder, "highest", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	size_t len = 0;
	int err;

	if (fd < 0 && errno != ENOENT)
		return refuse(-errno, state->path, strerror(errno), error);
	if (fd < 0)
		return was_marked(state)
			       ? refuse(-ENOENT, state->path, "the file highest is missing" WRITE_HIGHEST, error)
			       : 0;
	err = zr_file_read_open(fd, MARK_ROOM, &text, &len);
	close(fd);
	if (err == 0 && !zr_list_mark_parse(text, len, &state->highest))
		err = -EINVAL;
	free(text);
	if (err == 0)
		return 0;
	return refuse(err, state->path, "the file highest is damaged" WRITE_HIGHEST, error);
}

/* A folder that was just made is on the disk when its parent is. */
static void sync_parent(int folder)
{
	int parent = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (parent < 0)
		return;
	fsync(parent);
	close(parent);
}

static int open_folders(struct zr_list_state *state, char error[ZR_LIST_STATE_ERROR])
{
	struct stat st;

	state->folder = make_folder(AT_FDCWD, state->path);
	if (state->folder < 0)
		return refuse(
			state->folder, state->path,
			"cannot be the folder of accepted lists (list.state): make it and give it to the daemon's user",
			error);
	if (flock(state->folder, LOCK_EX | LOCK_NB) != 0)
		return refuse(-EADDRINUSE, state->path,
			      "another daemon keeps its lists here: stop it or configure another folder (list.state)",
			      error);
	if (fstat(state->folder, &st) != 0)
		return refuse(-errno, state->path, strerror(errno), error);
	if ((st.st_mode & S_IWOTH) != 0)
		return refuse(-EPERM, state->path,
			      "everybody may write here, and so bring old lists back: take that right away (chmod o-w)",
			      error);
	sync_parent(state->folder);
	state->accepted = make_folder(state->folder, "accepted");
	if (state->accepted < 0)
		return refuse(state->accepted, state->path, "no folder for accepted lists can be made in it", error);
	return 0;
}

void zr_list_state_close(struct zr_list_state *state)
{
	if (state->accepted >= 0)
		close(state->accepted);
	if (state->folder >= 0)
		close(state->folder);
	state->accepted = state->folder = -1;
}

int zr_list_state_read(const struct zr_list_state *state, struct zr_list_files *out)
{
	char name[NAME_ROOM], *path = NULL;
	int err;

	*out = (struct zr_list_files){0};
	format_name(&state->highest, name);
	if (asprintf(&path, "%s/accepted/%s/list.csv", state->path, name) < 0)
		return -ENOMEM;
	err = zr_list_files_read(path, out);
	free(path);
	if (err == 0 && memcmp(out->sha256, state->highest.sha256, sizeof(out->sha256)) != 0)
		err = -EBADMSG;
	return err;
}

static int write_all(int fd, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t written = write(fd, text + at, len - at);

		if (written < 0)
			return -errno;
		at += (size_t)written;
	}
	return 0;
}

/* Write a file anew, on the disk when it returns. */
static int write_file(int folder, const char *name, const char *text, size_t len)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	int err;

	if (fd < 0)
		return -errno;
	err = write_all(fd, text, len);
	if (err == 0 && fsync(fd) != 0)
		err = -errno;
	if (close(fd) != 0 && err == 0)
		err = -errno;
	return err;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Remove a folder of files. What cannot be removed stays: it is in nobody's way. */
static void remove_folder(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *entry;

	if (folder == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(folder)) != NULL)
		if (!is_dots(entry->d_name))
			unlinkat(fd, entry->d_name, 0);
	closedir(folder);
	unlinkat(at, name, AT_REMOVEDIR);
}

static int write_list(int folder, const struct zr_list_files *files, const bool keep[ZR_SIGNATURE_FILES_MAX])
{
	int err = write_file(folder, "list.csv", files->text, files->len);

	for (unsigned int i = 0; err == 0 && i < files->signature_count; i++) {
		char name[48];

		if (!keep[i])
			continue;
		snprintf(name, sizeof(name), "list.csv.%u.minisig", i + 1);
		err = write_file(folder, name, files->signatures[i].text, files->signatures[i].len);
	}
	return err == 0 && fsync(folder) != 0 ? -errno : err;
}

/* Give the unfinished folder its name. One that has it is damaged, or was never the highest: it is exchanged and removed. */
static int name_folder(const struct zr_list_state *state, const char *name)
{
	int err = renameat(state->accepted, UNFINISHED, state->accepted, name) == 0 ? 0 : -errno;

	if (err == -EEXIST || err == -ENOTEMPTY) {
		err = renameat2(state->accepted, UNFINISHED, state->accepted, name, RENAME_EXCHANGE) == 0 ? 0 : -errno;
		remove_folder(state->accepted, UNFINISHED);
	}
	return err == 0 && fsync(state->accepted) != 0 ? -errno : err;
}

static int keep_list(const struct zr_list_state *state, const char *name, const struct zr_list_files *files,
		     const bool keep[ZR_SIGNATURE_FILES_MAX])
{
	int folder, err;

	remove_folder(state->accepted, UNFINISHED);
	folder = make_folder(state->accepted, UNFINISHED);
	if (folder < 0)
		return folder;
	err = write_list(folder, files, keep);
	close(folder);
	if (err == 0)
		err = name_folder(state, name);
	if (err != 0)
		remove_folder(state->accepted, UNFINISHED);
	return err;
}

static int replace_highest(struct zr_list_state *state, const struct zr_list_mark *mark)
{
	char hex[ZR_SHA256_TEXT], line[MARK_ROOM];
	int len, err;

	zr_sha256_format(mark->sha256, hex);
	len = snprintf(line, sizeof(line), "%" PRIu64 " %s\n", mark->serial, hex);
	err = write_file(state->folder, "highest.new", line, (size_t)len);
	if (err == 0 && renameat(state->folder, "highest.new", state->folder, "highest") != 0)
		err = -errno;
	if (err != 0)
		return err;
	/* Whether it is on the disk or not: nothing below it is accepted from now on. */
	state->highest = *mark;
	return fsync(state->folder) != 0 ? -errno : 0;
}

/* How many lists below that serial are kept, and the lowest of them. */
static unsigned int count_below(DIR *folder, uint64_t serial, char lowest[NAME_MAX + 1])
{
	const struct dirent *entry;
	unsigned int count = 0;
	uint64_t least = 0;

	rewinddir(folder);
	while ((entry = readdir(folder)) != NULL) {
		uint64_t at = serial_of(entry->d_name);

		if (at == 0 || at >= serial)
			continue;
		count++;
		if (least == 0 || at < least) {
			least = at;
			strcpy(lowest, entry->d_name);
		}
	}
	return count;
}

/* Remove what a kill left, and the oldest lists. */
static void prune(const struct zr_list_state *state)
{
	char highest_name[NAME_ROOM], lowest[NAME_MAX + 1];
	const struct dirent *entry;
	DIR *folder;

	format_name(&state->highest, highest_name);
	/* A mark that names nothing here was written by hand, and what it was to name is still needed. */
	if (state->highest.serial > 0 && faccessat(state->accepted, highest_name, F_OK, 0) != 0)
		return;
	folder = list_accepted(state);
	if (folder == NULL)
		return;
	remove_folder(state->accepted, UNFINISHED);
	while ((entry = readdir(folder)) != NULL) {
		uint64_t at = serial_of(entry->d_name);

		if (at > 0 && at >= state->highest.serial && strcmp(entry->d_name, highest_name) != 0)
			remove_folder(state->accepted, entry->d_name);
	}
	while (count_below(folder, state->highest.serial, lowest) > ZR_LIST_STATE_KEPT - 1) {
		remove_folder(state->accepted, lowest);
		if (faccessat(state->accepted, lowest, F_OK, 0) == 0)
			break; /* it cannot be removed */
	}
	closedir(folder);
}

int zr_list_state_open(const char *path, struct zr_list_state *out, char error[ZR_LIST_STATE_ERROR])
{
	int err;

	*out = (struct zr_list_state){.path = path, .folder = -1, .accepted = -1};
	err = open_folders(out, error);
	if (err == 0)
		err = read_highest(out, error);
	if (err != 0)
		zr_list_state_close(out);
	else
		prune(out);
	return err;
}

int zr_list_state_commit(struct zr_list_state *state, uint64_t serial, const struct zr_list_files *files,
			 const bool keep[ZR_SIGNATURE_FILES_MAX])
{
	struct zr_list_mark mark = {.serial = serial};
	char name[NAME_ROOM];
	int err;

	memcpy(mark.sha256, files->sha256, sizeof(mark.sha256));
	format_name(&mark, name);
	err = keep_list(state, name, files, keep);
	if (err == 0)
		err = replace_highest(state, &mark);
	if (err == 0)
		prune(state);
	return err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ledger/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/record/record.h"
#include "rules/timestamp.h"

#define PREFIX      "records-"
#define HOUR_LEN    13 /* 2026-11-23T08 */
#define US_PER_S    1000000ULL
#define US_PER_HOUR (3600 * US_PER_S)
#define SUFFIX_MAX  65535U

static bool is_digits(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
	}
	return len > 0 && len <= 5;
}

static bool ends_with(const char *name, size_t len, const char *end)
{
	size_t end_len = strlen(end);

	return len >= end_len && memcmp(name + len - end_len, end, end_len) == 0;
}

/* Beginning of the hour that a file of records is named for; false when it is none. */
static bool hour_of(const char *name, size_t len, uint64_t *out_us)
{
	char time[sizeof("2026-11-23T08:00:00Z")];
	const char *rest = name + sizeof(PREFIX) - 1 + HOUR_LEN;
	size_t rest_len;
	int64_t s;

	if (len < sizeof(PREFIX) - 1 + HOUR_LEN + 3 || memcmp(name, PREFIX, sizeof(PREFIX) - 1) != 0 ||
	    !ends_with(name, len, ".db"))
		return false;
	rest_len = len - (sizeof(PREFIX) - 1 + HOUR_LEN) - 3;
	if (rest_len > 0 && (rest[0] != '-' || !is_digits(rest + 1, rest_len - 1)))
		return false;
	memcpy(time, name + sizeof(PREFIX) - 1, HOUR_LEN);
	memcpy(time + HOUR_LEN, ":00:00Z", sizeof(":00:00Z"));
	if (zr_timestamp_parse(time, strlen(time), &s) != 0 || s < 0)
		return false;
	*out_us = (uint64_t)s * US_PER_S;
	return true;
}

enum zr_file_kind zr_file_kind(const char *name)
{
	size_t len = strlen(name);
	const char *damaged = strstr(name, ".damaged");
	uint64_t us;

	if (len >= ZR_FILE_NAME_MAX)
		return ZR_FILE_OTHER;
	if (ends_with(name, len, "-wal"))
		return ZR_FILE_LOG;
	if (damaged != NULL && (damaged[8] == '\0' || is_digits(damaged + 8, strlen(damaged + 8))))
		return ZR_FILE_DAMAGED;
	if (hour_of(name, len, &us))
		return ZR_FILE_RECORDS;
	if (ends_with(name, len, ".new") && hour_of(name, len - 4, &us))
		return ZR_FILE_RECORDS_NEW;
	return ZR_FILE_OTHER;
}

void zr_file_name(uint64_t now_us, unsigned int suffix, char out[ZR_FILE_NAME_MAX])
{
	char time[ZR_TIME_TEXT];

	zr_time_format(now_us, time);
	if (suffix == 0)
		snprintf(out, ZR_FILE_NAME_MAX, PREFIX "%.*s.db", HOUR_LEN, time);
	else
		snprintf(out, ZR_FILE_NAME_MAX, PREFIX "%.*s-%u.db", HOUR_LEN, time, suffix);
}

bool zr_file_is_of_hour(const char *name, uint64_t now_us)
{
	char plain[ZR_FILE_NAME_MAX];

	zr_file_name(now_us, 0, plain);
	return strncmp(name, plain, sizeof(PREFIX) - 1 + HOUR_LEN) == 0;
}

uint64_t zr_file_end_us(const char *name)
{
	uint64_t us;

	return hour_of(name, strlen(name), &us) ? us + US_PER_HOUR : 0;
}

int zr_folder_path(const struct zr_folder *folder, const char *name, const char *suffix, char *out, size_t room)
{
	return snprintf(out, room, "%s/%s%s", folder->path, name, suffix) < (int)room ? 0 : -ENAMETOOLONG;
}

bool zr_folder_has(const struct zr_folder *folder, const char *name)
{
	return faccessat(folder->fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

struct taken {
	char hour[sizeof(PREFIX) + HOUR_LEN];
	unsigned int next; /* behind the highest suffix */
};

static void note_taken(void *arg, const char *name, uint64_t bytes)
{
	struct taken *taken = arg;
	size_t len = sizeof(taken->hour) - 1;
	unsigned int suffix = 0;

	(void)bytes;
	if (strncmp(name, taken->hour, len) != 0)
		return;
	if (name[len] == '-')
		suffix = (unsigned int)strtoul(name + len + 1, NULL, 10);
	if (suffix >= taken->next && suffix <= SUFFIX_MAX)
		taken->next = suffix + 1;
}

int zr_folder_free_name(const struct zr_folder *folder, uint64_t now_us, char out[ZR_FILE_NAME_MAX])
{
	struct taken taken = {.next = 0};
	int err;

	zr_file_name(now_us, 0, out);
	snprintf(taken.hour, sizeof(taken.hour), "%s", out);
	err = zr_folder_list(folder, note_taken, &taken);
	if (err == 0 && taken.next > SUFFIX_MAX)
		err = -EEXIST;
	if (err == 0)
		zr_file_name(now_us, taken.next, out);
	return err;
}

static const char *with(const char *name, const char *suffix, char out[ZR_FILE_NAME_MAX + 8])
{
	snprintf(out, ZR_FILE_NAME_MAX + 8, "%s%s", name, suffix);
	return out;
}

uint64_t zr_folder_bytes(const struct zr_folder *folder, const char *name)
{
	struct stat st;

	return fstatat(folder->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (uint64_t)st.st_size : 0;
}

uint64_t zr_folder_log_bytes(const struct zr_folder *folder, const char *name)
{
	char log[ZR_FILE_NAME_MAX + 8];

	return zr_folder_bytes(folder, with(name, "-wal", log));
}

static int sync_folder(const struct zr_folder *folder)
{
	return fsync(folder->fd) == 0 ? 0 : -errno;
}

/* What is not there need not be removed. */
static int remove_one(const struct zr_folder *folder, const char *name)
{
	return unlinkat(folder->fd, name, 0) == 0 || errno == ENOENT ? 0 : -errno;
}

int zr_folder_remove(const struct zr_folder *folder, const char *name)
{
	char other[ZR_FILE_NAME_MAX + 8];
	/* The database goes first: a log without it is nothing, a database without its log would be an older one. */
	int err = remove_one(folder, name);

	if (err == 0)
		err = remove_one(folder, with(name, "-wal", other));
	if (err == 0)
		err = remove_one(folder, with(name, "-shm", other));
	return err;
}

int zr_folder_set_aside(const struct zr_folder *folder, const char *name, char out[ZR_FILE_NAME_MAX])
{
	char from[ZR_FILE_NAME_MAX + 8], to[ZR_FILE_NAME_MAX + 8];
	unsigned int number = 0;

	snprintf(out, ZR_FILE_NAME_MAX, "%s.damaged", name);
	while (zr_folder_has(folder, out)) {
		if (++number > SUFFIX_MAX)
			return -EEXIST;
		snprintf(out, ZR_FILE_NAME_MAX, "%s.damaged%u", name, number);
	}
	if (renameat(folder->fd, name, folder->fd, out) != 0)
		return -errno;
	with(name, "-wal", from);
	if (zr_folder_bytes(folder, from) > 0 && renameat(folder->fd, from, folder->fd, with(out, "-wal", to)) != 0)
		return -errno;
	if (remove_one(folder, from) != 0 || remove_one(folder, with(name, "-shm", from)) != 0)
		return -errno;
	return sync_folder(folder);
}

int zr_folder_finish(const struct zr_folder *folder, const char *name)
{
	char unfinished[ZR_FILE_NAME_MAX + 8], other[ZR_FILE_NAME_MAX + 8];
	/* A log that outlived a database of that name would be taken for this one's. */
	int err = remove_one(folder, with(name, "-wal", other));

	if (err == 0)
		err = remove_one(folder, with(name, "-shm", other));
	if (err != 0)
		return err;
	if (renameat(folder->fd, with(name, ".new", unfinished), folder->fd, name) != 0)
		return -errno;
	return sync_folder(folder);
}

int zr_folder_list(const struct zr_folder *folder, void (*tell)(void *arg, const char *name, uint64_t bytes), void *arg)
{
	int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	int err = 0;

	if (dir == NULL) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	while (errno = 0, (entry = readdir(dir)) != NULL) {
		struct stat st;

		if (fstatat(folder->fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
			tell(arg, entry->d_name, (uint64_t)st.st_size);
	}
	err = -errno;
	closedir(dir);
	return err;
}

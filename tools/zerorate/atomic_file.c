/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t done = write(fd, bytes, len);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		bytes += done;
		len -= (size_t)done;
	}
	return 0;
}

/* The rename itself lasts only when the folder is on disk. */
static int sync_folder(char *path)
{
	int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd >= 0 && fsync(fd) == 0 ? 0 : -errno;

	if (fd >= 0)
		close(fd);
	/* Some file systems cannot do it, and then need it not. */
	return err == -EINVAL ? 0 : err;
}

/* A descriptor or -errno. mkostemp's files are their owner's alone; this one gets the rights of any new file. */
static int open_beside(char *path)
{
	mode_t mask = umask(0);
	int fd = mkostemp(path, O_CLOEXEC);

	umask(mask);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, 0666 & ~mask) != 0) {
		int err = -errno;

		close(fd);
		unlink(path);
		return err;
	}
	return fd;
}

int zr_atomic_file_write(const char *path, const void *bytes, size_t len)
{
	struct stat st;
	char *beside;
	int fd, err;

	/* The renaming would replace a link, not what it leads to; as root even /dev/stdout. */
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return -EEXIST;
	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return -ENOMEM;
	fd = open_beside(beside);
	err = fd < 0 ? fd : 0;
	if (err != 0)
		goto out;
	err = write_all(fd, bytes, len);
	if (err == 0 && fsync(fd) != 0)
		err = -errno;
	if (close(fd) != 0 && err == 0)
		err = -errno;
	if (err == 0 && rename(beside, path) != 0)
		err = -errno;
	if (err != 0)
		unlink(beside);
	else
		err = sync_folder(beside);
out:
	free(beside);
	return err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The size of an open file that can be read as a whole. */
static int size_of(int fd, size_t max, size_t *size)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((uint64_t)st.st_size > max)
		return -EFBIG;
	*size = (size_t)st.st_size;
	return 0;
}

/* What was appended since the size was asked for is left out: whoever writes in place will write again. */
static int read_all(int fd, char *text, size_t size, size_t *len)
{
	ssize_t got = 1;

	for (*len = 0; *len < size && got != 0; *len += (size_t)got) {
		got = pread(fd, text + *len, size - *len, (off_t)*len);
		if (got < 0)
			return -errno;
	}
	text[*len] = '\0';
	return 0;
}

int zr_file_read_open(int fd, size_t max, char **text, size_t *len)
{
	size_t size = 0;
	int err = size_of(fd, max, &size);

	*text = err == 0 ? malloc(size + 1) : NULL;
	if (err == 0)
		err = *text != NULL ? read_all(fd, *text, size, len) : -ENOMEM;
	if (err != 0) {
		free(*text);
		*text = NULL;
	}
	return err;
}

int zr_file_read(const char *path, size_t max, char **text, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err;

	*text = NULL;
	if (fd < 0)
		return -errno;
	err = zr_file_read_open(fd, max, text, len);
	close(fd);
	return err;
}

const char *zr_file_error(int err)
{
	switch (err) {
	case -EFBIG:
		return "it is too large";
	case -EINVAL:
		return "it is no regular file";
	default:
		return strerror(-err);
	}
}

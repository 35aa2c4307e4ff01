/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* First guess of a pipe's bytes; it doubles as needed. */
#define FIRST_ROOM ((size_t)1 << 16)

static void say_too_large(size_t most, char reason[ZR_WHOLE_FILE_REASON])
{
	if (most >= 1U << 20)
		snprintf(reason, ZR_WHOLE_FILE_REASON, "it is larger than %zu MiB", most >> 20);
	else
		snprintf(reason, ZR_WHOLE_FILE_REASON, "it is larger than %zu bytes", most);
}

static const char *kind_of(mode_t mode)
{
	if (S_ISDIR(mode))
		return "it is a folder";
	return S_ISFIFO(mode) ? "it is a pipe, not a file" : "it is a device or socket, not a file";
}

/* How much room to begin with, terminator included; 0 with the reason when it cannot be read as a whole. */
static size_t first_room(int fd, size_t most, bool takes_pipes, char reason[ZR_WHOLE_FILE_REASON])
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		snprintf(reason, ZR_WHOLE_FILE_REASON, "%s", strerror(errno));
		return 0;
	}
	if (takes_pipes && S_ISFIFO(st.st_mode))
		return FIRST_ROOM;
	if (S_ISREG(st.st_mode) && (uintmax_t)st.st_size <= most)
		return (size_t)st.st_size + 2; /* one byte more, so that the end is seen */
	if (S_ISREG(st.st_mode))
		say_too_large(most, reason);
	else
		snprintf(reason, ZR_WHOLE_FILE_REASON, "%s", kind_of(st.st_mode));
	return 0;
}

/* Like read, and waits for a pipe that has a writer. */
static ssize_t read_some(int fd, char *to, size_t room)
{
	struct pollfd waiting = {.fd = fd, .events = POLLIN};
	ssize_t got;

	while ((got = read(fd, to, room)) < 0 && (errno == EAGAIN || errno == EINTR))
		poll(&waiting, 1, -1);
	return got;
}

static char *read_all(int fd, size_t most, bool takes_pipes, size_t *len, char reason[ZR_WHOLE_FILE_REASON])
{
	size_t room = first_room(fd, most, takes_pipes, reason);
	char *text = room > 0 ? malloc(room) : NULL;
	ssize_t got;

	*len = 0;
	while (text != NULL) {
		char *larger;

		got = read_some(fd, text + *len, room - 1 - *len);
		if (got < 0)
			break;
		*len += (size_t)got;
		text[*len] = '\0';
		if (got == 0)
			return text;
		if (*len > most) {
			say_too_large(most, reason);
			goto refuse;
		}
		if (*len < room - 1)
			continue;
		room = room <= most ? room * 2 : most + 2;
		larger = realloc(text, room);
		if (larger == NULL)
			break;
		text = larger;
	}
	if (room > 0)
		snprintf(reason, ZR_WHOLE_FILE_REASON, "%s", strerror(errno));
refuse:
	free(text);
	return NULL;
}

static char *read_path(const char *path, size_t most, bool takes_pipes, size_t *len, char reason[ZR_WHOLE_FILE_REASON])
{
	/* O_NONBLOCK: a pipe that nobody writes into would be waited for, for ever and without a word. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char *text;

	if (fd < 0) {
		snprintf(reason, ZR_WHOLE_FILE_REASON, "%s", strerror(errno));
		return NULL;
	}
	text = read_all(fd, most, takes_pipes, len, reason);
	if (text != NULL && *len == 0 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode)) {
		snprintf(reason, ZR_WHOLE_FILE_REASON, "it is a pipe that nobody writes into");
		free(text);
		text = NULL;
	}
	close(fd);
	return text;
}

char *zr_whole_file_read(const char *path, size_t most, size_t *len, char reason[ZR_WHOLE_FILE_REASON])
{
	return read_path(path, most, true, len, reason);
}

char *zr_regular_file_read(const char *path, size_t most, size_t *len, char reason[ZR_WHOLE_FILE_REASON])
{
	return read_path(path, most, false, len, reason);
}

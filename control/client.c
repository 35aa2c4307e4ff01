/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/client.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT_S       10
#define FILES_TIMEOUT_S 600
#define REPLY_FIRST     65536
#define REPLY_MAX_BYTES (16U << 20)

static const char *advice_of(int err)
{
	switch (err) {
	case ENOENT:
		return "there is no such socket: start zerorated, or name its control socket with --socket";
	case ECONNREFUSED:
		return "nobody listens: zerorated is not running; start it, or see its log for why it ended";
	case EACCES:
		return "not allowed: call as root or as a member of the daemon's control group";
	case EAGAIN:
		return "zerorated does not answer: see its log";
	default:
		return strerror(err);
	}
}

static int refuse(int err, const char *what, char error[ZR_CLIENT_ERROR])
{
	snprintf(error, ZR_CLIENT_ERROR, "%s%s", what, advice_of(err));
	return -err;
}

int zr_client_connect(const char *path, char error[ZR_CLIENT_ERROR])
{
	const struct timeval bound = {.tv_sec = TIMEOUT_S};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char what[sizeof(address.sun_path) + 8];
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return refuse(ENAMETOOLONG, "the socket's path: ", error);
	strcpy(address.sun_path, path);
	snprintf(what, sizeof(what), "%s: ", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return refuse(errno, what, error);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	err = errno;
	close(fd);
	return refuse(err, what, error);
}

static int send_all(int fd, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t sent = send(fd, text + at, len - at, MSG_NOSIGNAL);

		if (sent < 0)
			return -errno;
		at += (size_t)sent;
	}
	return 0;
}

/* Read up to a line break, which becomes the terminator. */
static int receive_line(int fd, char **line)
{
	size_t room = REPLY_FIRST, len = 0;
	char *text = malloc(room);

	while (text != NULL) {
		ssize_t got = recv(fd, text + len, room - len, 0);
		int err = got < 0 ? -errno : got == 0 ? -ECONNRESET : 0;

		if (err == 0)
			len += (size_t)got;
		if (err == 0 && text[len - 1] == '\n') {
			text[len - 1] = '\0';
			*line = text;
			return 0;
		}
		if (err == 0 && len == REPLY_MAX_BYTES)
			err = -EMSGSIZE;
		if (err != 0) {
			free(text);
			return err;
		}
		if (len == room) {
			char *larger = realloc(text, room *= 2);

			if (larger == NULL)
				free(text);
			text = larger;
		}
	}
	return -ENOMEM;
}

/* Send the first byte, and the descriptors with it. */
static int send_files(int fd, const char *text, const int *files, unsigned int count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(ZR_CLIENT_FILES_MAX * sizeof(int))];
	} control = {.bytes = {0}};
	struct iovec part = {(char *)(uintptr_t)text, 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = CMSG_SPACE(count * sizeof(int))};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(header), files, count * sizeof(int));
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int zr_client_ask_files(int fd, const char *request, const int *files, unsigned int count, char **reply,
			char error[ZR_CLIENT_ERROR])
{
	const struct timeval bound = {.tv_sec = FILES_TIMEOUT_S};
	int err = count > ZR_CLIENT_FILES_MAX ? -E2BIG : 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
	if (err == 0)
		err = send_files(fd, request, files, count);
	return err == 0 || err == -EPIPE ? zr_client_ask(fd, request + 1, reply, error)
					 : refuse(-err, "no request: ", error);
}

int zr_client_ask(int fd, const char *request, char **reply, char error[ZR_CLIENT_ERROR])
{
	int err = send_all(fd, request, strlen(request));

	if (err == 0)
		err = send_all(fd, "\n", 1);
	/* A daemon that refuses says why before it closes: that is worth more than the broken pipe. */
	if (err == 0 || err == -EPIPE)
		err = receive_line(fd, reply);
	return err == 0 ? 0 : refuse(-err, "no reply: ", error);
}

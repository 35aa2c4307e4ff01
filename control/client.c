/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/client.h"

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define TIMEOUT_S       10
#define REPLY_FIRST     65536
#define REPLY_MAX_BYTES (16U << 20)

/* Who may connect, as far as the socket's file tells. */
static void advise_access(const char *path, char *out, size_t room)
{
	const struct group *group = NULL;
	struct stat st;

	if (stat(path, &st) != 0)
		snprintf(out, room, "not allowed: its folder lets only some in; call as root");
	else if ((st.st_mode & S_IWGRP) == 0 || st.st_gid == 0)
		snprintf(out, room,
			 "not allowed: call as root; control.group and control.readers of zerorated.conf let "
			 "others in");
	else if ((group = getgrgid(st.st_gid)) != NULL)
		snprintf(out, room, "not allowed: call as root or as a member of the group %s", group->gr_name);
	else
		snprintf(out, room, "not allowed: call as root or as a member of the group %lu",
			 (unsigned long)st.st_gid);
}

/* What to do; path: of the socket that could not be connected to, else NULL. */
static void advise(int err, const char *path, char *out, size_t room)
{
	struct stat st;

	if (err == ENOENT || err == ENOTDIR)
		snprintf(out, room,
			 "there is no such socket: zerorated is not running; start it (systemctl start zerorated), or "
			 "name its control socket with --socket");
	else if (path != NULL && (err == ECONNREFUSED || err == EPROTOTYPE) && stat(path, &st) == 0 &&
		 (!S_ISSOCK(st.st_mode) || err == EPROTOTYPE))
		snprintf(out, room, "is no control socket: name zerorated's with --socket");
	else if (err == ECONNREFUSED)
		snprintf(out, room,
			 "nobody listens: zerorated is not running; start it, or see its log (journalctl -u zerorated) "
			 "for why it ended");
	else if (path != NULL && err == EACCES)
		advise_access(path, out, room);
	else if (err == EAGAIN)
		snprintf(out, room, "zerorated does not answer: see its log (journalctl -u zerorated)");
	else if (err == ECONNRESET)
		snprintf(out, room,
			 "the connection was closed: zerorated has ended, or others needed the place; try "
			 "again, or see its log");
	else
		snprintf(out, room, "%s", strerror(err));
}

static int refuse(int err, const char *path, const char *what, char error[ZR_CLIENT_ERROR])
{
	size_t len = (size_t)snprintf(error, ZR_CLIENT_ERROR, "%s", what);

	advise(err, path, error + len, ZR_CLIENT_ERROR - len);
	return -err;
}

int zr_client_connect(const char *path, char error[ZR_CLIENT_ERROR])
{
	const struct timeval bound = {.tv_sec = TIMEOUT_S};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char what[sizeof(address.sun_path) + 8];
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return refuse(ENAMETOOLONG, NULL, "the socket's path: ", error);
	strcpy(address.sun_path, path);
	snprintf(what, sizeof(what), "%s: ", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return refuse(errno, NULL, what, error);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof(bound));
	zr_client_wait(fd, TIMEOUT_S);
	do
		err = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
	while (err == EINTR);
	if (err == 0)
		return fd;
	close(fd);
	return refuse(err, path, what, error);
}

void zr_client_wait(int fd, unsigned int seconds)
{
	const struct timeval bound = {.tv_sec = seconds};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
}

/* What has a timeout is interrupted when the program is stopped and goes on (signal(7)), without a handler too: hence EINTR. */
static int send_all(int fd, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		ssize_t sent = send(fd, text + at, len - at, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			return -errno;
		at += sent > 0 ? (size_t)sent : 0;
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

		if (err == -EINTR)
			continue;
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
	ssize_t sent;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(header), files, count * sizeof(int));
	do
		sent = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* A daemon that refuses says why before it closes: that is worth more than the broken connection. */
static bool may_be_refused(int err)
{
	return err == -EPIPE || err == -ECONNRESET;
}

int zr_client_ask_files(int fd, const char *request, const int *files, unsigned int count, char **reply,
			char error[ZR_CLIENT_ERROR])
{
	int err = count > ZR_CLIENT_FILES_MAX ? -E2BIG : 0;

	if (err == 0)
		err = send_files(fd, request, files, count);
	return err == 0 || may_be_refused(err) ? zr_client_ask(fd, request + 1, reply, error)
					       : refuse(-err, NULL, "no request: ", error);
}

int zr_client_ask(int fd, const char *request, char **reply, char error[ZR_CLIENT_ERROR])
{
	int err = send_all(fd, request, strlen(request));

	if (err == 0)
		err = send_all(fd, "\n", 1);
	if (err == 0 || may_be_refused(err))
		err = receive_line(fd, reply);
	return err == 0 ? 0 : refuse(-err, NULL, "no reply: ", error);
}

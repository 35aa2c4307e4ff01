/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/server.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/log.h"

/* For the daemon's user and a group; for all when more than that may connect, who are told from others by their credentials. */
#define MODE_GROUP 0660
#define MODE_ALL   0666

#define BACKLOG 64

/* Most descriptors that the kernel passes with one message (SCM_MAX_FD). */
#define FILES_MAX 253

static int refuse(const char *path, int err, const char *what)
{
	zr_log(ZR_LOG_ERROR, "%s: %s", path, what);
	return err;
}

/* Make way: a file that nobody listens on is removed. */
static int remove_stale(const char *path, const struct sockaddr_un *address)
{
	struct stat st;
	int fd, err;

	if (lstat(path, &st) != 0)
		return 0; /* nothing is there, or bind says why it cannot be */
	if (!S_ISSOCK(st.st_mode))
		return refuse(path, -EEXIST, "is there and no socket: remove it or configure another socket");
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return refuse(path, -errno, strerror(errno));
	err = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : errno;
	close(fd);
	if (err != ECONNREFUSED)
		return refuse(path, -EADDRINUSE, "another daemon listens here: stop it or configure another socket");
	if (unlink(path) != 0)
		return refuse(path, -errno, "a dead daemon's socket that cannot be removed: check the folder's owner");
	return 0;
}

/* A file has one group. */
static mode_t mode_of(const struct zr_socket_config *config)
{
	bool two = config->group != ZR_NO_GROUP && config->readers != ZR_NO_GROUP;

	return config->user_count > 0 || two ? MODE_ALL : MODE_GROUP;
}

/* Nobody can connect with more rights than the file is to give: it is made with them. */
static int bind_file(int fd, const struct zr_socket_config *config, const struct sockaddr_un *address)
{
	gid_t group = config->group != ZR_NO_GROUP ? config->group : config->readers;
	mode_t mode = mode_of(config);

	if (fchmod(fd, mode) != 0 || bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
		int err = errno;

		zr_log(ZR_LOG_ERROR, "%s: cannot listen here: %s; make the folder and give it to the daemon's user",
		       config->path, strerror(err));
		return -err;
	}
	if ((group != ZR_NO_GROUP && chown(config->path, (uid_t)-1, group) != 0) || chmod(config->path, mode) != 0) {
		int err = errno;

		unlink(config->path);
		return refuse(config->path, -err, "its group cannot be set: the daemon's user must belong to it");
	}
	return 0;
}

static int spare_open(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* The process has no descriptor left: the spare one is taken to hang up with. */
static void hang_up(struct zr_server *server)
{
	int fd;

	close(server->spare);
	fd = accept4(server->watch.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		close(fd);
	server->spare = spare_open();
	zr_log_often(ZR_LOG_KIND_REFUSED, zr_log_who(server->path), ZR_LOG_ERROR,
		     "%s: hung up on a caller: the daemon has no descriptor left; raise LimitNOFILE= of its unit",
		     server->path);
}

static void accept_client(void *arg, uint32_t events)
{
	struct zr_server *server = arg;
	int fd = accept4(server->watch.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0)
		server->arrived(server->arg, fd);
	else if (errno == EMFILE || errno == ENFILE)
		hang_up(server);
}

int zr_server_open(struct zr_server *server, struct zr_loop *loop, const struct zr_socket_config *config)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, err;

	if (strlen(config->path) >= sizeof(address.sun_path))
		return refuse(config->path, -ENAMETOOLONG, "is too long for a socket: configure a shorter path");
	strcpy(address.sun_path, config->path);
	err = remove_stale(config->path, &address);
	if (err != 0)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return refuse(config->path, -errno, strerror(errno));
	err = bind_file(fd, config, &address);
	if (err != 0)
		goto fail;
	server->watch = (struct zr_watch){.fd = fd, .ready = accept_client, .arg = server};
	server->spare = spare_open();
	err = server->spare >= 0 && listen(fd, BACKLOG) == 0 ? zr_loop_add(loop, &server->watch, EPOLLIN) : -errno;
	if (err == 0) {
		server->loop = loop;
		server->path = config->path;
		return 0;
	}
	refuse(config->path, err, strerror(-err));
	unlink(config->path);
	if (server->spare >= 0)
		close(server->spare);
fail:
	close(fd);
	return err;
}

void zr_server_close(struct zr_server *server)
{
	if (server->loop == NULL)
		return;
	zr_loop_remove(server->loop, &server->watch);
	unlink(server->path);
	close(server->watch.fd);
	close(server->spare);
	server->loop = NULL;
}

/* Keep the descriptors of a message, as far as there is room. */
static void take_files(struct msghdr *message, int *files, unsigned int *count, unsigned int room)
{
	for (struct cmsghdr *at = CMSG_FIRSTHDR(message); at != NULL; at = CMSG_NXTHDR(message, at)) {
		size_t bytes = at->cmsg_len - CMSG_LEN(0);

		if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i + sizeof(int) <= bytes; i += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(at) + i, sizeof(fd));
			if (*count < room)
				files[(*count)++] = fd;
			else
				close(fd);
		}
	}
}

/* Make room for what comes; false when there is none. */
static bool make_room(struct zr_lines *lines)
{
	memmove(lines->bytes, lines->bytes + lines->taken, lines->len - lines->taken);
	lines->len -= lines->taken;
	lines->taken = 0;
	return lines->len < sizeof(lines->bytes);
}

static int receive(struct zr_lines *lines, int fd, struct msghdr *message)
{
	struct iovec part = {lines->bytes + lines->len, sizeof(lines->bytes) - lines->len};
	ssize_t got;

	message->msg_iov = &part;
	message->msg_iovlen = 1;
	got = recvmsg(fd, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	message->msg_iov = NULL;
	if (got < 0) {
		message->msg_controllen = 0;
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	}
	lines->ended = got == 0;
	lines->len += (size_t)got;
	return 0;
}

int zr_lines_read(struct zr_lines *lines, int fd)
{
	struct msghdr message = {0};

	/* Without room for them, descriptors never arrive. */
	return make_room(lines) ? receive(lines, fd, &message) : 0;
}

int zr_lines_read_files(struct zr_lines *lines, int fd, int *files, unsigned int *count, unsigned int room)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FILES_MAX * sizeof(int))];
	} control;
	struct msghdr message = {.msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
	int err;

	if (!make_room(lines))
		return 0;
	err = receive(lines, fd, &message);
	take_files(&message, files, count, room);
	return err;
}

const char *zr_lines_next(struct zr_lines *lines, size_t *len)
{
	const char *begin = lines->bytes + lines->taken;
	const char *end = memchr(begin, '\n', lines->len - lines->taken);

	if (end == NULL)
		return NULL;
	*len = (size_t)(end - begin);
	lines->taken += *len + 1;
	return begin;
}

bool zr_lines_overlong(const struct zr_lines *lines)
{
	return lines->taken == 0 && lines->len == sizeof(lines->bytes);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* A Unix stream socket that listens, and what its clients write: lines of bounded length. One thread. */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "control/config.h"
#include "control/loop.h"

/* Longest line that a client may write, its line break included. */
#define ZR_LINE_MAX 4096

struct zr_server {
	struct zr_watch watch;
	struct zr_loop *loop;
	const char *path;
	int spare; /* given up for a moment when there is no other descriptor, to hang up on whoever calls */
	void (*arrived)(void *arg, int fd); /* takes over the descriptor, which does not block */
	void *arg;
};

/*
 * Listen on config's path with its group and permissions 0660, or 0666 when it names users or a second group: whoever connects
 * is to be asked for with zr_peer_of. A socket file that a dead daemon left is replaced; one that somebody listens on, and any
 * other file, is not. Whoever connects while the process has no descriptor left is hung up on, else the loop would hear of him
 * for ever. server->arrived and arg are set by the caller, config outlives it. Returns 0 or -errno, which is logged.
 */
int zr_server_open(struct zr_server *server, struct zr_loop *loop, const struct zr_socket_config *config);
/* Stop listening and remove the file. Nothing happens when it was not opened. */
void zr_server_close(struct zr_server *server);

/* What came in and is not yet taken. Zero at the beginning. */
struct zr_lines {
	char bytes[ZR_LINE_MAX];
	size_t len;   /* filled */
	size_t taken; /* of these, lines that were handed out */
	bool ended;   /* the client writes no more */
};

/* Read what fits. 0 or -errno: the connection is gone. */
int zr_lines_read(struct zr_lines *lines, int fd);
/*
 * The same, and keep the descriptors that come along: files has room for `room` of them, of which *count are filled. What has
 * no room is closed.
 */
int zr_lines_read_files(struct zr_lines *lines, int fd, int *files, unsigned int *count, unsigned int room);
/* The next whole line without its line break, which stays until the next call; NULL when there is none. */
const char *zr_lines_next(struct zr_lines *lines, size_t *len);
/* Is it full without a line break? */
bool zr_lines_overlong(const struct zr_lines *lines);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* An address and port to listen on, as the configuration writes them. No state; any thread. */
#ifndef CONTROL_LISTEN_H
#define CONTROL_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

struct zr_listen {
	struct sockaddr_storage any;
	socklen_t len;
};

/* Read "127.0.0.1:9469" or "[::1]:9469": a numeric address and a port from 1 to 65535. 0 or -EINVAL. */
int zr_listen_parse(const char *text, struct zr_listen *out);

/* Is it reached from this machine alone? */
bool zr_listen_is_loopback(const struct zr_listen *listen);

#endif

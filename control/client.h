/* SPDX-License-Identifier: BSD-3-Clause */
/* The other end of control.sock: what tools use to ask the daemon. Blocking, with a bound. */
#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

#include <stddef.h>

/* Where the daemon listens when nothing else is configured. */
#define ZR_CONTROL_PATH "/run/zerorate/control.sock"

/* Room for what went wrong. */
#define ZR_CLIENT_ERROR 512

/* Connect. Returns a descriptor to be closed, or -errno with a sentence in error that says what to do. */
int zr_client_connect(const char *path, char error[ZR_CLIENT_ERROR]);

/* Wait so long for replies from now on; without it ten seconds, which is for what the daemon answers at once. */
void zr_client_wait(int fd, unsigned int seconds);

/*
 * Send a request, one line of JSON without its line break, and wait for the reply. Returns 0 with *reply (malloc'ed,
 * terminated, without its line break), or -errno with a sentence in error.
 */
int zr_client_ask(int fd, const char *request, char **reply, char error[ZR_CLIENT_ERROR]);

/* The same with open files, which the daemon gets descriptors of: at most ZR_CLIENT_FILES_MAX. */
#define ZR_CLIENT_FILES_MAX 32
int zr_client_ask_files(int fd, const char *request, const int *files, unsigned int count, char **reply,
			char error[ZR_CLIENT_ERROR]);

#endif

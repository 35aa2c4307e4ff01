/* SPDX-License-Identifier: BSD-3-Clause */
/* Asking the daemon at its control socket. What goes wrong is told on standard error, in the name of the command ("list log"). */
#ifndef TOOLS_ZERORATE_DAEMON_H
#define TOOLS_ZERORATE_DAEMON_H

#include <jansson.h>

#include "control/client.h"

/* Connect; a descriptor to be closed, or -errno. */
int zr_daemon_connect(const char *command, const char *socket);

/* Ask on a connection. The object, whose op is the request's (a new reference), or NULL. */
json_t *zr_daemon_ask_on(const char *command, int fd, const json_t *request);

/*
 * Ask once, on a connection of its own, with open files when count is above 0. The object, whose op is the request's (a new
 * reference), or NULL.
 */
json_t *zr_daemon_ask(const char *command, const char *socket, const json_t *request, const int *files,
		      unsigned int count);

/*
 * Ask once and show the reply; the exit status is show's, or ZR_EXIT_NO_DAEMON. Takes the request over; NULL: an option is no
 * UTF-8, which is told.
 */
int zr_daemon_show(const char *command, const char *socket, json_t *request,
		   int (*show)(const json_t *reply, void *arg), void *arg);

/* Print a value as one line of JSON, members in their order, or each value of an array as one. Exit status: of printing. */
int zr_daemon_print(const char *command, const json_t *value);
int zr_daemon_print_each(const char *command, const json_t *array);
/* What was printed is written. Likewise. */
int zr_daemon_flush(const char *command);

#endif

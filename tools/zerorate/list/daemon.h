/* SPDX-License-Identifier: BSD-3-Clause */
/* Asking the daemon, for the commands that need it. */
#ifndef TOOLS_ZERORATE_LIST_DAEMON_H
#define TOOLS_ZERORATE_LIST_DAEMON_H

#include <jansson.h>

/*
 * Send a request, with open files when count is above 0, and wait for the reply. Returns the object, whose op is the request's
 * (a new reference), or NULL, which is told on standard error in the name of the command.
 */
json_t *zr_list_daemon_ask(const char *command, const char *socket, const json_t *request, const int *files,
			   unsigned int count);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon from its configuration to its end. */
#ifndef CONTROL_DAEMON_H
#define CONTROL_DAEMON_H

#include "control/config.h"

/*
 * Load the list, open the sockets, start the dataplane, and run until SIGTERM or SIGINT; SIGHUP reads the list anew. At the end
 * every open flow is cut, its record delivered. Returns 0; -ENOTUNIQ when a tap saw traffic twice; or -errno
 * when it could not start or go on. Either is logged.
 */
int zr_daemon_run(const struct zr_config *config);

#endif

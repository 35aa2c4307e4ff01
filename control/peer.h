/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may speak on a Unix socket, by the credentials that the kernel keeps of the peer. */
#ifndef CONTROL_PEER_H
#define CONTROL_PEER_H

#include <stdbool.h>

#include "control/config.h"

/*
 * May the peer of fd, as it was when it connected, use this socket? Root and the daemon's own user may, and so may the users of
 * the socket's configuration and the members of its group (as their main group or another one). False when the kernel does not
 * say who it is. Any thread.
 */
bool zr_peer_allowed(int fd, const struct zr_socket_config *config);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may speak on a Unix socket, by the credentials that the kernel keeps of the peer. */
#ifndef CONTROL_PEER_H
#define CONTROL_PEER_H

#include <sys/types.h>

#include "control/config.h"

/* What a peer may do. */
enum zr_access {
	ZR_ACCESS_NONE,
	ZR_ACCESS_READ,    /* ask what changes nothing */
	ZR_ACCESS_OPERATE, /* everything */
};

struct zr_peer {
	uid_t uid;
	gid_t gid;
	enum zr_access access;
};

/*
 * Who is the peer of fd, as it was when it connected, and what may it do at this socket? Root and the daemon's own user may do
 * everything, and so may the users of the socket's configuration and the members of its group (as their main group or another
 * one); members of its readers may read. Nothing when the kernel does not say who it is. Any thread.
 */
struct zr_peer zr_peer_of(int fd, const struct zr_socket_config *config);

/* Room for a group's name in a sentence. */
#define ZR_GROUP_TEXT 80

/* A group in a sentence, such as "the group noc"; its number when it has no name. ZR_NO_GROUP has none. Reads the databases. */
void zr_peer_group_text(gid_t group, char out[ZR_GROUP_TEXT]);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/peer.h"

#include <sys/socket.h>
#include <unistd.h>

/* Most groups of a peer that are looked at. */
#define GROUPS_MAX 256

/* Does the peer belong to a group, with its main group or another one? */
static bool is_member(int fd, gid_t main_group, gid_t group)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (group == ZR_NO_GROUP)
		return false;
	if (main_group == group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
		return false;
	for (size_t i = 0; i < len / sizeof(*groups); i++)
		if (groups[i] == group)
			return true;
	return false;
}

bool zr_peer_allowed(int fd, const struct zr_socket_config *config)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
		return false;
	if (peer.uid == 0 || peer.uid == geteuid() || is_member(fd, peer.gid, config->group))
		return true;
	for (unsigned int i = 0; i < config->user_count; i++)
		if (config->users[i] == peer.uid)
			return true;
	return false;
}

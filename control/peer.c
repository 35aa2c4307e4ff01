/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/peer.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rules/utf8.h"

/* A peer's groups beside its main one. */
struct groups {
	gid_t *at;
	size_t count;
};

/* All of them, to be freed; none when the kernel does not say or there is no memory. */
static struct groups read_groups(int fd)
{
	socklen_t len = 0;
	gid_t *groups;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &len) == 0 || errno != ERANGE)
		return (struct groups){0};
	groups = malloc(len);
	if (groups != NULL && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == 0)
		return (struct groups){groups, len / sizeof(*groups)};
	free(groups);
	return (struct groups){0};
}

static bool is_member(const struct zr_peer *peer, const struct groups *groups, gid_t group)
{
	if (group == ZR_NO_GROUP)
		return false;
	if (peer->gid == group)
		return true;
	for (size_t i = 0; i < groups->count; i++)
		if (groups->at[i] == group)
			return true;
	return false;
}

static bool is_user(const struct zr_peer *peer, const struct zr_socket_config *config)
{
	if (peer->uid == 0 || peer->uid == geteuid())
		return true;
	for (unsigned int i = 0; i < config->user_count; i++)
		if (config->users[i] == peer->uid)
			return true;
	return false;
}

struct zr_peer zr_peer_of(int fd, const struct zr_socket_config *config)
{
	struct zr_peer peer = {.uid = (uid_t)-1, .gid = ZR_NO_GROUP};
	struct groups groups;
	struct ucred kernel;
	socklen_t len = sizeof(kernel);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &kernel, &len) != 0)
		return peer;
	peer.uid = kernel.uid;
	peer.gid = kernel.gid;
	groups = read_groups(fd);
	if (is_user(&peer, config) || is_member(&peer, &groups, config->group))
		peer.access = ZR_ACCESS_OPERATE;
	else if (is_member(&peer, &groups, config->readers))
		peer.access = ZR_ACCESS_READ;
	free(groups.at);
	return peer;
}

void zr_peer_group_text(gid_t group, char out[ZR_GROUP_TEXT])
{
	const struct group *known = getgrgid(group);

	if (known != NULL)
		snprintf(out, ZR_GROUP_TEXT, "the group %s", known->gr_name);
	else
		snprintf(out, ZR_GROUP_TEXT, "the group %lu", (unsigned long)group);
	out[zr_utf8_mask(out, strlen(out))] = '\0';
}

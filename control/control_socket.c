/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/control_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/log.h"
#include "control/server.h"

/* Most groups of a peer that are looked at. */
#define GROUPS_MAX 256

struct client {
	struct zr_watch watch;
	struct zr_control_socket *all;
	struct client *next;
	uint64_t number;
	uint64_t heard_ms; /* when something last came */
	struct ucred peer;
	struct zr_lines in;
	int files[ZR_CONTROL_FILES_MAX]; /* that came with what is read next */
	unsigned int file_count;
	char *reply; /* what is being written; requests wait meanwhile */
	size_t reply_len, reply_at;
	bool waiting; /* for a reply that comes later; requests wait, too */
	bool ending;  /* gone when the reply is written */
};

struct zr_control_socket {
	struct zr_server server;
	struct zr_loop *loop;
	zr_control_answer *answer;
	void *arg;
	gid_t group;
	struct client *first;
	unsigned int count;
	uint64_t arrived; /* connections so far */
};

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

static bool is_allowed(const struct zr_control_socket *all, int fd, struct ucred *peer)
{
	socklen_t len = sizeof(*peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &len) != 0)
		return false;
	return peer->uid == 0 || peer->uid == geteuid() || is_member(fd, peer->gid, all->group);
}

static void close_files(struct client *client)
{
	for (unsigned int i = 0; i < client->file_count; i++)
		if (client->files[i] >= 0)
			close(client->files[i]);
	client->file_count = 0;
}

static void drop(struct client *client)
{
	struct zr_control_socket *all = client->all;
	struct client **at = &all->first;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	all->count--;
	zr_loop_remove(all->loop, &client->watch);
	close(client->watch.fd);
	close_files(client);
	free(client->reply);
	free(client);
}

json_t *zr_control_error(const char *what)
{
	return json_pack("{s:s, s:s}", "op", "error", "error", what);
}

static bool is_error(const json_t *reply)
{
	const char *op = json_string_value(json_object_get(reply, "op"));

	return op != NULL && strcmp(op, "error") == 0;
}

/* The reply to one request; NULL when it comes later, or without memory. */
static json_t *answer(struct client *client, const char *line, size_t len)
{
	struct zr_control_peer peer = {.uid = client->peer.uid,
				       .gid = client->peer.gid,
				       .connection = client->number,
				       .files = client->files,
				       .file_count = client->file_count};
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL), *reply;

	if (json_is_string(json_object_get(request, "op"))) {
		reply = client->all->answer(client->all->arg, request, &peer);
		client->waiting = peer.later;
		if (reply == NULL && !peer.later)
			reply = zr_control_error("there is no such op: status, list_push and list_log are known");
	} else {
		reply = zr_control_error("a request is one JSON object a line: {\"op\":\"status\"}");
	}
	close_files(client);
	json_decref(request);
	return reply;
}

/* Queue a reply, which it takes over; false when there is no memory. */
static bool set_reply(struct client *client, json_t *reply)
{
	char *text = reply != NULL ? json_dumps(reply, JSON_COMPACT) : NULL;

	client->ending |= is_error(reply);
	json_decref(reply);
	if (text == NULL)
		return false;
	client->reply = text;
	client->reply_len = strlen(text) + 1;
	client->reply_at = 0;
	text[client->reply_len - 1] = '\n'; /* in place of the terminator */
	return true;
}

/* Write what is left of the reply; false when the connection is gone. */
static bool flush(struct client *client)
{
	ssize_t sent;

	if (client->reply == NULL)
		return true;
	sent = send(client->watch.fd, client->reply + client->reply_at, client->reply_len - client->reply_at,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return errno == EAGAIN || errno == EINTR;
	client->reply_at += (size_t)sent;
	if (client->reply_at == client->reply_len) {
		free(client->reply);
		client->reply = NULL;
	}
	return true;
}

/* Can the next request be looked at? */
static bool is_free(const struct client *client)
{
	return client->reply == NULL && !client->waiting && !client->ending;
}

/* Answer what has come, one request after the other; false when the connection has ended. */
static bool take_input(struct client *client)
{
	const char *line;
	size_t len;

	while (is_free(client) && (line = zr_lines_next(&client->in, &len)) != NULL) {
		json_t *reply = answer(client, line, len);

		if (!client->waiting && (!set_reply(client, reply) || !flush(client)))
			return false;
	}
	if (is_free(client) && zr_lines_overlong(&client->in) &&
	    (!set_reply(client, zr_control_error("a request has at most 4096 bytes with its line break")) ||
	     !flush(client)))
		return false;
	return client->reply != NULL || client->waiting || !(client->ending || client->in.ended);
}

/* While a reply is waited for, only the end of the connection is of interest, which epoll always tells. */
static uint32_t interest(const struct client *client)
{
	if (client->waiting)
		return 0;
	return client->reply != NULL ? EPOLLOUT : EPOLLIN;
}

static void ready(void *arg, uint32_t events)
{
	struct client *client = arg;
	bool lives = (events & (EPOLLHUP | EPOLLERR)) == 0 && flush(client);

	client->heard_ms = zr_loop_now_ms();
	if (lives && (events & EPOLLIN) != 0 && is_free(client))
		lives = zr_lines_read_files(&client->in, client->watch.fd, client->files, &client->file_count,
					    ZR_CONTROL_FILES_MAX) == 0;
	if (!lives || !take_input(client))
		drop(client);
	else
		zr_loop_change(client->all->loop, &client->watch, interest(client));
}

void zr_control_socket_reply(struct zr_control_socket *all, uint64_t connection, json_t *reply)
{
	struct client *client = all->first;

	while (client != NULL && client->number != connection)
		client = client->next;
	if (client == NULL) {
		json_decref(reply);
		return;
	}
	client->waiting = false;
	if (!set_reply(client, reply) || !flush(client) || !take_input(client))
		drop(client);
	else
		zr_loop_change(all->loop, &client->watch, interest(client));
}

/* Make room for another connection: whoever was silent longest goes. False when all wait for replies. */
static bool make_room(const struct zr_control_socket *all)
{
	struct client *silent = NULL;

	if (all->count < ZR_CONTROL_CLIENTS_MAX)
		return true;
	for (struct client *at = all->first; at != NULL; at = at->next)
		if (!at->waiting && (silent == NULL || at->heard_ms <= silent->heard_ms))
			silent = at;
	if (silent != NULL)
		drop(silent);
	return silent != NULL;
}

static void arrived(void *arg, int fd)
{
	static const char full[] = "{\"op\":\"error\",\"error\":\"too many connections: close one\"}\n";
	static const char denied[] = "{\"op\":\"error\",\"error\":\"not allowed: call as root, as the daemon's user or "
				     "in its control group\"}\n";
	struct zr_control_socket *all = arg;
	struct ucred peer;
	const char *wrong = !is_allowed(all, fd, &peer) ? denied : !make_room(all) ? full : NULL;
	struct client *client = wrong == NULL ? calloc(1, sizeof(*client)) : NULL;

	if (client == NULL) {
		if (wrong != NULL)
			(void)!send(fd, wrong, strlen(wrong), MSG_DONTWAIT | MSG_NOSIGNAL);
		close(fd);
		return;
	}
	client->all = all;
	client->number = ++all->arrived;
	client->heard_ms = zr_loop_now_ms();
	client->peer = peer;
	client->next = all->first;
	client->watch = (struct zr_watch){.fd = fd, .ready = ready, .arg = client};
	all->first = client;
	all->count++;
	if (zr_loop_add(all->loop, &client->watch, EPOLLIN) != 0)
		drop(client);
}

int zr_control_socket_open(struct zr_loop *loop, const struct zr_socket_config *config, zr_control_answer *answer_op,
			   void *arg, struct zr_control_socket **out)
{
	struct zr_control_socket *all = calloc(1, sizeof(*all));
	int err;

	if (all == NULL)
		return -ENOMEM;
	*all = (struct zr_control_socket){.loop = loop, .answer = answer_op, .arg = arg, .group = config->group};
	all->server.arrived = arrived;
	all->server.arg = all;
	err = zr_server_open(&all->server, loop, config);
	if (err != 0) {
		free(all);
		return err;
	}
	*out = all;
	return 0;
}

void zr_control_socket_close(struct zr_control_socket *all)
{
	if (all == NULL)
		return;
	zr_server_close(&all->server);
	while (all->first != NULL)
		drop(all->first);
	free(all);
}

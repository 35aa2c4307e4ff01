/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/control_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/log.h"
#include "control/peer.h"
#include "control/server.h"

#define SENTENCE_ROOM 512

struct client {
	struct zr_watch watch;
	struct zr_control_socket *all;
	struct client *next;
	uint64_t number;
	uint64_t heard_ms; /* when something last came */
	struct zr_peer peer;
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
	const struct zr_socket_config *config;
	void (*closed)(void *arg, uint64_t connection); /* NULL: nobody is told */
	void *closed_arg;
	struct client *first;
	unsigned int count;
	uint64_t arrived;              /* connections so far */
	char operators[ZR_GROUP_TEXT]; /* whose members may do everything; empty: nobody's */
	char denied[SENTENCE_ROOM];    /* what others are told, a line */
};

static void close_files(struct client *client)
{
	for (unsigned int i = 0; i < client->file_count; i++)
		if (client->files[i] >= 0)
			close(client->files[i]);
	client->file_count = 0;
}

/* Names that somebody recorded may be in it. */
static void reply_free(struct client *client)
{
	if (client->reply != NULL)
		explicit_bzero(client->reply, client->reply_len);
	free(client->reply);
	client->reply = NULL;
}

static void drop(struct client *client)
{
	struct zr_control_socket *all = client->all;
	struct client **at = &all->first;
	uint64_t number = client->number;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	all->count--;
	zr_loop_remove(all->loop, &client->watch);
	close(client->watch.fd);
	close_files(client);
	reply_free(client);
	free(client);
	if (all->closed != NULL)
		all->closed(all->closed_arg, number);
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
				       .file_count = client->file_count,
				       .operates = client->peer.access == ZR_ACCESS_OPERATE,
				       .operators = client->all->operators};
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL), *reply;

	if (json_is_string(json_object_get(request, "op"))) {
		reply = client->all->answer(client->all->arg, request, &peer);
		client->waiting = peer.later;
	} else {
		reply = zr_control_error("a request is one JSON object a line: {\"op\":\"status\"}");
	}
	close_files(client);
	json_decref(request);
	return reply;
}

static void set_text(struct client *client, char *text, size_t len)
{
	client->reply = text;
	client->reply_len = len;
	client->reply_at = 0;
}

/* Queue a reply, which it takes over; false when there is no memory. */
static bool set_reply(struct client *client, json_t *reply)
{
	char *text = reply != NULL ? json_dumps(reply, JSON_COMPACT) : NULL;
	size_t len = text != NULL ? strlen(text) : 0;

	client->ending |= is_error(reply);
	json_decref(reply);
	if (text == NULL)
		return false;
	text[len] = '\n'; /* in place of the terminator */
	set_text(client, text, len + 1);
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
	if (client->reply_at == client->reply_len)
		reply_free(client);
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

/* Who may push no list has no descriptors to send. */
static int read_input(struct client *client)
{
	if (client->peer.access != ZR_ACCESS_OPERATE)
		return zr_lines_read(&client->in, client->watch.fd);
	return zr_lines_read_files(&client->in, client->watch.fd, client->files, &client->file_count,
				   ZR_CONTROL_FILES_MAX);
}

static void ready(void *arg, uint32_t events)
{
	struct client *client = arg;
	bool lives = (events & (EPOLLHUP | EPOLLERR)) == 0 && flush(client);

	client->heard_ms = zr_loop_now_ms();
	if (lives && (events & EPOLLIN) != 0 && is_free(client))
		lives = read_input(client) == 0;
	if (!lives || !take_input(client))
		drop(client);
	else
		zr_loop_change(client->all->loop, &client->watch, interest(client));
}

static struct client *client_of(const struct zr_control_socket *all, uint64_t connection)
{
	struct client *client = all->first;

	while (client != NULL && client->number != connection)
		client = client->next;
	return client;
}

/* It has its reply, if there was memory for it, and may go on. */
static void go_on(struct client *client, bool replied)
{
	client->waiting = false;
	if (!replied || !flush(client) || !take_input(client))
		drop(client);
	else
		zr_loop_change(client->all->loop, &client->watch, interest(client));
}

void zr_control_socket_reply(struct zr_control_socket *all, uint64_t connection, json_t *reply)
{
	struct client *client = client_of(all, connection);

	if (client != NULL)
		go_on(client, set_reply(client, reply));
	else
		json_decref(reply);
}

void zr_control_socket_reply_text(struct zr_control_socket *all, uint64_t connection, char *text, size_t len)
{
	struct client *client = client_of(all, connection);

	if (client == NULL) {
		explicit_bzero(text, len);
		free(text);
		return;
	}
	set_text(client, text, len);
	go_on(client, true);
}

void zr_control_socket_watch(struct zr_control_socket *control, void (*closed)(void *arg, uint64_t connection),
			     void *arg)
{
	control->closed = closed;
	control->closed_arg = arg;
}

/* Who makes room for whom: nobody who waits, but readers for operators; readers never take an operator's place. */
static bool may_go(const struct client *client, enum zr_access newcomer)
{
	if (newcomer != ZR_ACCESS_OPERATE)
		return client->peer.access != ZR_ACCESS_OPERATE && !client->waiting;
	return client->peer.access != ZR_ACCESS_OPERATE || !client->waiting;
}

/* Is a, who may go, to go before b? Readers before operators, who does not wait before who does, then who was silent longest. */
static bool goes_before(const struct client *a, const struct client *b)
{
	if (b == NULL)
		return true;
	if (a->peer.access != b->peer.access)
		return a->peer.access != ZR_ACCESS_OPERATE;
	if (a->waiting != b->waiting)
		return b->waiting;
	return a->heard_ms <= b->heard_ms;
}

/* Make room for another connection; false when nobody may go. */
static bool make_room(const struct zr_control_socket *all, enum zr_access newcomer)
{
	struct client *goes = NULL;

	if (all->count < ZR_CONTROL_CLIENTS_MAX)
		return true;
	for (struct client *at = all->first; at != NULL; at = at->next)
		if (may_go(at, newcomer) && goes_before(at, goes))
			goes = at;
	if (goes != NULL)
		drop(goes);
	return goes != NULL;
}

static void arrived(void *arg, int fd)
{
	static const char full[] = "{\"op\":\"error\",\"error\":\"too many connections: close one\"}\n";
	struct zr_control_socket *all = arg;
	struct zr_peer peer = zr_peer_of(fd, all->config);
	const char *wrong = peer.access == ZR_ACCESS_NONE ? all->denied : !make_room(all, peer.access) ? full : NULL;
	struct client *client = wrong == NULL ? calloc(1, sizeof(*client)) : NULL;

	if (client == NULL) {
		zr_log_often(ZR_LOG_KIND_REFUSED, peer.uid, ZR_LOG_WARNING, "%s: uid %lu refused: %s",
			     all->config->path, (unsigned long)peer.uid,
			     wrong == all->denied ? "not allowed" : "too many connections");
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

/* What those are told who may do nothing here. False without memory. */
static bool write_denied(struct zr_control_socket *all)
{
	const struct zr_socket_config *config = all->config;
	char readers[ZR_GROUP_TEXT] = "", text[SENTENCE_ROOM];
	json_t *error;
	size_t len;

	if (config->group != ZR_NO_GROUP)
		zr_peer_group_text(config->group, all->operators);
	if (config->readers != ZR_NO_GROUP)
		zr_peer_group_text(config->readers, readers);
	snprintf(text, sizeof(text), "not allowed: call as root or the daemon's user%s%s%s%s",
		 *all->operators != '\0' ? ", or in " : "", all->operators,
		 *readers != '\0' ? ", or, to look only, in " : "", readers);
	error = zr_control_error(text);
	len = json_dumpb(error, all->denied, sizeof(all->denied) - 2, JSON_COMPACT);
	json_decref(error);
	if (len == 0 || len > sizeof(all->denied) - 2)
		return false;
	memcpy(all->denied + len, "\n", 2);
	return true;
}

int zr_control_socket_open(struct zr_loop *loop, const struct zr_socket_config *config, zr_control_answer *answer_op,
			   void *arg, struct zr_control_socket **out)
{
	struct zr_control_socket *all = calloc(1, sizeof(*all));
	int err;

	if (all == NULL)
		return -ENOMEM;
	*all = (struct zr_control_socket){.loop = loop, .answer = answer_op, .arg = arg, .config = config};
	all->server.arrived = arrived;
	all->server.arg = all;
	err = write_denied(all) ? zr_server_open(&all->server, loop, config) : -ENOMEM;
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

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * control.sock: one JSON request and one reply a line. Only root, the daemon's own user and members of the configured groups
 * are listened to. One thread.
 */
#ifndef CONTROL_CONTROL_SOCKET_H
#define CONTROL_CONTROL_SOCKET_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "control/config.h"
#include "control/loop.h"

struct zr_control_socket;

/*
 * Most connections at a time: another one takes the place of that which was silent longest, a reader's before an operator's,
 * and never one that waits for its reply, but that an operator finds room among readers in any case.
 */
#define ZR_CONTROL_CLIENTS_MAX 16

/* Most descriptors that an operator's request may bring; more are closed, and so are all of others. */
#define ZR_CONTROL_FILES_MAX 32

/* Who asks, and what came along. */
struct zr_control_peer {
	uid_t uid;
	gid_t gid;
	bool operates;         /* false: it may ask what changes nothing */
	const char *operators; /* the group that operates, as "the group noc"; empty: there is none */
	uint64_t connection;   /* for zr_control_socket_reply; never used twice */
	/* Descriptors that were sent with the request. The answer takes one over by setting it to -1; the others are closed. */
	int *files;
	unsigned int file_count;
	bool later; /* set by an answer that returns NULL and gives the reply by zr_control_socket_reply */
};

/*
 * The reply to a request (a new reference), an object with a text op at least; NULL without memory, or when it comes later.
 * A reply whose op is "error" (zr_control_error) closes the connection behind it. request is an object with a text op.
 */
typedef json_t *zr_control_answer(void *arg, const json_t *request, struct zr_control_peer *peer);

/* A reply that says what is wrong and what to do. */
json_t *zr_control_error(const char *what);

/* Listen. config outlives it. 0 or -errno, which is logged. */
int zr_control_socket_open(struct zr_loop *loop, const struct zr_socket_config *config, zr_control_answer *answer,
			   void *arg, struct zr_control_socket **out);
/* The reply to a request that was answered "later"; it is dropped when the connection is gone. Takes the reply over. */
void zr_control_socket_reply(struct zr_control_socket *control, uint64_t connection, json_t *reply);
/* The same of a reply as text with its line break, which is freed; it is no error. */
void zr_control_socket_reply_text(struct zr_control_socket *control, uint64_t connection, char *text, size_t len);

/* Call closed for each connection that has closed, whatever it waited for; arg outlives the socket. */
void zr_control_socket_watch(struct zr_control_socket *control, void (*closed)(void *arg, uint64_t connection),
			     void *arg);
void zr_control_socket_close(struct zr_control_socket *control);

#endif

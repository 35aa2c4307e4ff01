/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * control.sock: one JSON request and one reply a line. Only root, the daemon's own user and members of the configured group are
 * listened to. One thread.
 */
#ifndef CONTROL_CONTROL_SOCKET_H
#define CONTROL_CONTROL_SOCKET_H

#include <jansson.h>

#include "control/config.h"
#include "control/loop.h"

struct zr_control_socket;

/* Most connections at a time. */
#define ZR_CONTROL_CLIENTS_MAX 16

/* The reply to a request (a new reference), or NULL when there is no such op. */
typedef json_t *zr_control_answer(void *arg, const char *op);

/* Listen. config outlives it. 0 or -errno, which is logged. */
int zr_control_socket_open(struct zr_loop *loop, const struct zr_socket_config *config, zr_control_answer *answer,
			   void *arg, struct zr_control_socket **out);
void zr_control_socket_close(struct zr_control_socket *control);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Recording the names of one subscriber's charged flows, at an operator's request: until a time, or until the connection that
 * asked for it closes. Each begin and end is logged and audited; it ends at once when the audit log cannot be written. One
 * thread.
 */
#ifndef CONTROL_RECORDER_H
#define CONTROL_RECORDER_H

#include <jansson.h>

#include "control/ask_request.h"
#include "control/control_socket.h"
#include "control/list.h"

struct zr_recorder {
	struct zr_dataplane *dataplane;
	struct zr_lists *lists; /* whose audit log tells of it */
	bool on;
	bool untold; /* workers are still to be told whether it is */
	struct zr_prefix subscriber;
	uint64_t until_us, until_ms; /* by the wall clock, and by the one that is never set */
	uint64_t connection;
	uid_t uid;
};

/* The reply to explain_record, by who may do it. */
json_t *zr_recorder_begin(struct zr_recorder *recorder, const struct zr_ask_request *request,
			  const struct zr_control_peer *peer);
/* Every few milliseconds: end when it is time, tell the workers. */
void zr_recorder_round(struct zr_recorder *recorder);
/* A connection has closed. */
void zr_recorder_closed(struct zr_recorder *recorder, uint64_t connection);
void zr_recorder_end(struct zr_recorder *recorder);

/* Until when it is recorded; 0: it is not. */
uint64_t zr_recorder_until_us(const struct zr_recorder *recorder, const struct zr_prefix *subscriber);

/* A subscriber as replies name it; room: ZR_ADDRESS_TEXT_MAX and a terminator. */
void zr_recorder_subscriber_text(const struct zr_prefix *subscriber, char *out);

#endif

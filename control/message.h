/* SPDX-License-Identifier: BSD-3-Clause */
/* What a consumer says on records.sock. */
#ifndef CONTROL_MESSAGE_H
#define CONTROL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/config.h"

#define ZR_WINDOW_DEFAULT 10000
#define ZR_WINDOW_MAX     1000000000

/* Most records before the next one that a stream may ask for: every number that JSON carries exactly. */
#define ZR_LAST_MAX (UINT64_C(1) << 53)

enum zr_message_op { ZR_MESSAGE_SUBSCRIBE, ZR_MESSAGE_ACK };

struct zr_message {
	enum zr_message_op op;
	char consumer[ZR_CONSUMER_MAX + 1]; /* subscribe; empty: anonymous */
	uint64_t window;                    /* subscribe */
	uint64_t last;                      /* subscribe: so many records before the next one, anonymous streams only */
	uint64_t epoch_us;                  /* ack */
	uint64_t seq;                       /* ack */
};

/*
 * Read one line, hostile, without its line break. Returns NULL, or what is wrong and what to write instead, a constant. Members
 * that do not belong to the message are wrong too: they would be misunderstood in silence.
 */
const char *zr_message_read(const char *line, size_t len, struct zr_message *out);

#endif

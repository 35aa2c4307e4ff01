/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * records.sock: records to those who subscribe, each at its own speed; a configured name goes on behind its last ack, which the
 * ledger remembers. DESIGN section 4 has the messages. One thread.
 */
#ifndef CONTROL_CONSUMERS_H
#define CONTROL_CONSUMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/config.h"
#include "control/loop.h"
#include "control/message.h"
#include "control/records.h"

struct zr_consumers;

/* Most connections at a time. */
#define ZR_CONSUMERS_MAX 64

struct zr_consumers_config {
	const struct zr_socket_config *socket;
	const struct zr_consumer_names *names; /* who may subscribe with a name */
};

/* Listen. What config points to, records and the ledger outlive it. 0 or -errno, which is logged. */
int zr_consumers_open(struct zr_loop *loop, const struct zr_consumers_config *config, const struct zr_records *records,
		      struct zr_ledger *ledger, struct zr_consumers **out);
/* Close all connections. */
void zr_consumers_close(struct zr_consumers *consumers);

/* There may be new records: send what each one may be sent. */
void zr_consumers_serve(struct zr_consumers *consumers);

/* Has everybody been sent all records that are committed? */
bool zr_consumers_served(const struct zr_consumers *consumers);

struct zr_consumer_status {
	char name[ZR_CONSUMER_MAX + 1]; /* empty: anonymous */
	bool connected;
	struct zr_position acked; /* everything up to it is safe with the consumer */
	uint64_t lag;             /* records that it has not acknowledged, sent or not */
	uint64_t next;            /* the next record that it is sent; while connected, like the following */
	uint64_t in_flight;       /* sent and not acknowledged */
	uint64_t window;
};

/* Most that zr_consumers_status writes. */
#define ZR_CONSUMERS_STATUS_MAX (ZR_CONSUMERS_MAX + ZR_CONSUMERS_NAMED_MAX)

/* Those that are configured, connected or not, and the anonymous ones. Returns how many. */
unsigned int zr_consumers_status(const struct zr_consumers *consumers, struct zr_consumer_status *out);

#endif

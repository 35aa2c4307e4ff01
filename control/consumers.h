/* SPDX-License-Identifier: BSD-3-Clause */
/* records.sock: records to those who subscribe, each at its own speed. DESIGN section 4 has the messages. One thread. */
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

/* Listen. config and records outlive it. 0 or -errno, which is logged. */
int zr_consumers_open(struct zr_loop *loop, const struct zr_socket_config *config, const struct zr_records *records,
		      struct zr_consumers **out);
/* Close all connections. */
void zr_consumers_close(struct zr_consumers *consumers);

/* There may be new records: send what each one may be sent. */
void zr_consumers_serve(struct zr_consumers *consumers);

/* Has everybody been sent all records there are? */
bool zr_consumers_served(const struct zr_consumers *consumers);

struct zr_consumer_status {
	char name[ZR_CONSUMER_MAX + 1]; /* empty: anonymous */
	uint64_t next;                  /* the next record that it is sent */
	uint64_t in_flight;             /* sent and not acknowledged */
	uint64_t window;
	uint64_t lag; /* records that it has not acknowledged, sent or not */
};

/* Those that have subscribed: at most ZR_CONSUMERS_MAX. Returns how many. */
unsigned int zr_consumers_status(const struct zr_consumers *consumers, struct zr_consumer_status *out);

#endif

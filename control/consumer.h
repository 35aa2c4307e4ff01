/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection to records.sock: what it is told and sent. Private to consumers.c and consumer.c. */
#ifndef CONTROL_CONSUMER_H
#define CONTROL_CONSUMER_H

#include "control/message.h"
#include "control/records.h"
#include "control/server.h"

/* Longest message that is no record: hello, with a gateway's name whose every byte is escaped. */
#define MESSAGE_MAX 768

/* Waiting to be written: the rest of a record and a few messages. */
#define OUT_ROOM (ZR_RECORD_LINE_MAX + 3 * MESSAGE_MAX)

struct zr_consumer {
	struct zr_watch watch;
	struct zr_consumers *all;
	struct zr_loop *loop;
	const struct zr_records *records;
	const char *epoch; /* as text */
	struct zr_consumer *next_one;
	uint32_t events; /* that are watched for */
	struct zr_lines in;
	char out[OUT_ROOM];
	size_t out_len;
	bool subscribed;
	bool ending; /* told of its error: gone when that is written */
	bool ended;  /* gone with this round */
	unsigned int beats;
	char name[ZR_CONSUMER_MAX + 1];
	uint64_t window;
	uint64_t next;  /* record to be sent */
	uint64_t acked; /* up to it nothing is in flight */
};

/* It is gone; whoever holds the connections takes it out at the end of the round. */
void zr_consumer_end(struct zr_consumer *consumer);

/* The last thing that it is told: one line, and the connection closes. */
void zr_consumer_refuse(struct zr_consumer *consumer, const char *what);

/* Messages of DESIGN section 4. There may be no room when it reads nothing; then it is not told. */
void zr_consumer_hello(struct zr_consumer *consumer);
void zr_consumer_lost(struct zr_consumer *consumer, uint64_t from, uint64_t to);
void zr_consumer_alive(struct zr_consumer *consumer);

/* Write what waits and what records it may be sent, as far as its socket takes them; never waits. */
void zr_consumer_serve(struct zr_consumer *consumer);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection to records.sock: what it is told and sent. Private to consumers.c and consumer.c. */
#ifndef CONTROL_CONSUMER_H
#define CONTROL_CONSUMER_H

#include "control/flight.h"
#include "control/message.h"
#include "control/records.h"
#include "control/server.h"

/* Longest message that is no record: hello, with a gateway's name whose every byte is escaped. */
#define MESSAGE_MAX 768

/* Waiting to be written: the rest of a record and a few messages. */
#define OUT_ROOM (ZR_RECORD_LINE_MAX + 3 * MESSAGE_MAX)

/*
 * Records come from memory while it holds the next one, else from the ledger, chunk by chunk: one is read while none is there.
 * What left memory is in the ledger, so changing from one to the other leaves nothing out and nothing twice.
 */
struct zr_consumer {
	struct zr_watch watch;
	struct zr_consumers *all;
	struct zr_loop *loop;
	const struct zr_records *records;
	struct zr_ledger *ledger;
	struct zr_consumer *next_one;
	uint32_t events; /* that are watched for */
	struct zr_lines in;
	char out[OUT_ROOM];
	size_t out_len;
	bool subscribed;
	bool greeted; /* was told hello */
	bool ending;  /* told of its error: gone when that is written */
	bool ended;   /* gone with this round */
	unsigned int beats;
	char name[ZR_CONSUMER_MAX + 1];
	uint64_t window;
	struct zr_flight flight;
	struct zr_position at; /* the last record that was sent or announced, or behind which the stream begins */
	struct zr_ledger_reader *reader;     /* NULL while records come from memory */
	struct zr_position asked;            /* how far the ledger was asked to read */
	const struct zr_ledger_chunk *chunk; /* what it gave; NULL while a request is under way */
	unsigned int item;                   /* of the chunk, to be sent next */
	bool has_lost;                       /* was told that records are lost */
	bool waits;                          /* reading failed: not before the next beat */
	bool pressing;                       /* there is more to send: the socket says when it takes it */
};

/* It is gone; whoever holds the connections takes it out at the end of the round. */
void zr_consumer_end(struct zr_consumer *consumer);

/* The last thing that it is told: one line, and the connection closes. */
void zr_consumer_refuse(struct zr_consumer *consumer, const char *what);

/* It has subscribed: the stream begins behind a position. */
void zr_consumer_begin(struct zr_consumer *consumer, struct zr_position after);

/* Say that the daemon lives. There may be no room when it reads nothing; then it is not told. */
void zr_consumer_alive(struct zr_consumer *consumer);

/* Write what waits and what records it may be sent, as far as its socket takes them; never waits. */
void zr_consumer_serve(struct zr_consumer *consumer);

/* After its descriptor was closed and is no longer watched. */
void zr_consumer_free(struct zr_consumer *consumer);

/* Was it sent all that is committed? */
bool zr_consumer_is_served(const struct zr_consumer *consumer);

#endif

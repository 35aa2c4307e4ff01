/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS over TCP (RFC 1035, section 4.2.2; RFC 7766): one side's segments in, whole messages out. */
#ifndef DATAPLANE_INSPECT_DNS_STREAM_H
#define DATAPLANE_INSPECT_DNS_STREAM_H

#include "dataplane/inspect/assembly.h"

/* One side of a connection. Small; buffers come from the pool. */
struct zr_dns_stream {
	struct zr_assembly *held; /* bytes of messages that are not complete, or NULL */
	uint32_t owner;           /* handed to the pool */
	uint32_t next_seq;        /* where the next message begins */
	bool anchored;            /* next_seq is certain */
	bool other;               /* this is not DNS: nothing is looked at any more */
	bool strict;              /* set after the start: a place that is lost is not found again */
};

/* Begin: at seq, the first byte's (anchored); or where a segment begins like a message (not anchored, seq means nothing). */
void zr_dns_stream_start(struct zr_dns_stream *s, uint32_t owner, uint32_t seq, bool anchored);

/* A message is complete. */
typedef void (*zr_dns_message_fn)(void *arg, const uint8_t *data, size_t len);

/*
 * Feed one segment; seq: of data[0]. Segments may come in any order, cut anywhere, repeated, with several messages in one.
 * Passed over: messages of ZR_HELLO_MAX bytes with their length and more, and those whose bytes came twice with different
 * contents. Behind a hole that is not filled for so long the stream goes on where a segment begins like a message.
 *
 * A strict stream does not: what a segment begins with then may be what somebody had put into the middle of a message. It is not
 * looked at any more from there on, nor behind a message that is passed over.
 */
void zr_dns_stream_feed(struct zr_dns_stream *s, struct zr_assembly_pool *pool, uint32_t seq, const uint8_t *data,
			uint32_t len, zr_dns_message_fn found, void *arg);

/* The pool has given the buffer up. */
void zr_dns_stream_lost(struct zr_dns_stream *s);

/* Give back what is held. */
void zr_dns_stream_stop(struct zr_dns_stream *s, struct zr_assembly_pool *pool);

#endif

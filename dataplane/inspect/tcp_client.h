/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a TCP client says: its segments in, hellos and requests out. Segments may come in any order, cut anywhere, repeated
 * or overlapping. Finds the TLS hello at the start of the stream or of a later segment (after CONNECT, STARTTLS), and the head
 * of every HTTP/1 request of a connection.
 */
#ifndef DATAPLANE_INSPECT_TCP_CLIENT_H
#define DATAPLANE_INSPECT_TCP_CLIENT_H

#include "dataplane/inspect/assembly.h"
#include "dataplane/inspect/inspect.h"

enum zr_tcp_state {
	ZR_TCP_START,  /* nothing recognised yet */
	ZR_TCP_TLS,    /* inside a TLS hello */
	ZR_TCP_HTTP,   /* behind a request and its body: inside the next one's head, or waiting for it */
	ZR_TCP_BODY,   /* inside a request's body */
	ZR_TCP_OPAQUE, /* neither: a hello or request may begin where the stream goes on, as far as that is known */
	ZR_TCP_HEAD,   /* inside the first request's head */
	ZR_TCP_DONE,   /* nothing more will be told (behind a TLS hello, or a bound was reached) */
};

/* The inspector of one connection: zeroed, then zr_tcp_client_start. Small; buffers come from the pool. */
struct zr_tcp_client {
	struct zr_assembly *held; /* bytes kept for the message being put together, or NULL */
	uint32_t owner;           /* handed to the pool */
	uint32_t next_seq;        /* sequence number of the first byte not yet consumed */
	uint32_t need;            /* no use in parsing again before held has this many contiguous bytes */
	uint64_t body_left;       /* bytes of a body, or of a chunk */
	uint32_t inspected;       /* bytes that came ahead of the hole at next_seq, against the bound */
	uint8_t state;            /* enum zr_tcp_state */
	uint8_t body;             /* enum zr_http_body, with the chunk reader's position in chunk */
	uint8_t chunk;
	bool anchored; /* next_seq is certain: the SYN was seen, or a hello or request has begun */
};

/* One message is complete: the segment being fed completed it. */
typedef void (*zr_hello_fn)(void *arg, const struct zr_hello *hello);

/* Begin at seq: the sequence number of the first byte of the stream (anchored), or of the first byte seen. */
void zr_tcp_client_start(struct zr_tcp_client *c, uint32_t owner, uint32_t seq, bool anchored);

/* What feeding a segment came to. */
enum zr_feed {
	ZR_FEED_IDLE,    /* nothing is held; nothing recognised at the point reached */
	ZR_FEED_PARTIAL, /* a message has begun, or bytes are held behind a hole */
	ZR_FEED_HTTP,    /* in step with an HTTP connection: the next request will be told */
	ZR_FEED_DONE,    /* nothing more will be told */
	ZR_FEED_LIMIT,   /* a bound was reached while a message was incomplete */
};

/*
 * Feed one segment from the client. seq: of data[0]. scratch: ZR_HELLO_MAX bytes. found is called for every message that
 * this segment completes, in stream order, from inside the call. c->held is kept up to date, also when the pool gives the
 * buffer up between two calls (the owner sets it to NULL then).
 */
enum zr_feed zr_tcp_client_feed(struct zr_tcp_client *c, struct zr_assembly_pool *pool, uint8_t *scratch, uint32_t seq,
				const uint8_t *data, uint32_t len, zr_hello_fn found, void *arg);

/* Give back what is held. */
void zr_tcp_client_stop(struct zr_tcp_client *c, struct zr_assembly_pool *pool);

#endif

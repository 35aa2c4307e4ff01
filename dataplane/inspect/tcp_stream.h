/* SPDX-License-Identifier: BSD-3-Clause */
/* Private to the TCP client inspector: what the stream says, byte after byte, once its segments are in order. */
#ifndef DATAPLANE_INSPECT_TCP_STREAM_H
#define DATAPLANE_INSPECT_TCP_STREAM_H

#include "dataplane/inspect/tcp_client.h"

/* One call of zr_tcp_client_feed. */
struct zr_tcp_feed {
	struct zr_tcp_client *c;
	struct zr_assembly_pool *pool;
	uint8_t *scratch;
	zr_hello_fn found;
	void *arg;
	bool limit; /* a bound was reached while a message was incomplete */
};

/* Is a request behind it, and does every further one count? */
static inline bool zr_tcp_is_followed(const struct zr_tcp_client *c)
{
	return c->state == ZR_TCP_HTTP || c->state == ZR_TCP_BODY;
}

/*
 * Read what the stream says at data, its next len bytes (1 or more), which stand in c->held or in no buffer. Tells what is
 * complete. Returns how many bytes of the stream are done with, which may be more than len: the rest of a body that is still
 * to come. 0: the message there needs more bytes than len, or the state is DONE.
 */
uint32_t zr_tcp_stream_read(struct zr_tcp_feed *f, const uint8_t *data, uint32_t len);

/* Do these bytes surely begin a hello or a request? For streams whose start is not known. */
bool zr_tcp_stream_begins(uint8_t *scratch, const uint8_t *data, uint32_t len);

#endif

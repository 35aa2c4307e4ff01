/* SPDX-License-Identifier: BSD-3-Clause */
/* Segments: brought into order here, read in tcp_stream.c. */
#include "dataplane/inspect/tcp_client.h"

#include <errno.h>

#include "dataplane/inspect/tcp_stream.h"

struct segment {
	uint32_t seq;
	uint32_t len;
	const uint8_t *data;
};

void zr_tcp_client_start(struct zr_tcp_client *c, uint32_t owner, uint32_t seq, bool anchored)
{
	*c = (struct zr_tcp_client){.owner = owner, .next_seq = seq, .state = ZR_TCP_START, .anchored = anchored};
}

void zr_tcp_client_stop(struct zr_tcp_client *c, struct zr_assembly_pool *pool)
{
	if (c->held != NULL)
		zr_assembly_put(pool, c->held);
	c->held = NULL;
}

/* How far seq lies ahead of the first byte that is not consumed; negative: behind it. */
static int32_t offset_of(const struct zr_tcp_client *c, uint32_t seq)
{
	return (int32_t)(seq - c->next_seq);
}

static void advance(struct zr_tcp_client *c, uint32_t n)
{
	c->next_seq += n;
	c->need = 0;
	c->inspected = 0;
}

static void reach_limit(struct zr_tcp_feed *f)
{
	f->c->state = ZR_TCP_DONE;
	f->limit = true;
}

/* Keep bytes, as far as the window reaches. */
static void hold(struct zr_tcp_feed *f, uint32_t offset, const uint8_t *data, uint32_t len)
{
	struct zr_tcp_client *c = f->c;

	if (c->held == NULL)
		c->held = zr_assembly_get(f->pool, c->owner);
	if (c->held == NULL || zr_assembly_add(f->pool, &c->held, offset, data, len) == -ENOMEM)
		reach_limit(f);
}

/* Read what is held as far as it goes without a hole. */
static void read_held(struct zr_tcp_feed *f)
{
	struct zr_tcp_client *c = f->c;

	for (;;) {
		uint32_t len;
		const uint8_t *data = zr_assembly_bytes(c->held, &len);
		uint32_t n = len > 0 ? zr_tcp_stream_read(f, data, len) : 0;

		if (n == 0)
			break;
		zr_assembly_consume(c->held, n);
		advance(c, n);
	}
	if (zr_assembly_end(c->held) == 0)
		zr_tcp_client_stop(c, f->pool);
}

/* Read bytes where they stand and keep what is left. For when nothing is held. */
static void read_in_place(struct zr_tcp_feed *f, const uint8_t *data, uint32_t len)
{
	uint32_t n;

	while ((n = zr_tcp_stream_read(f, data, len)) > 0) {
		advance(f->c, n);
		if (n >= len)
			return;
		data += n;
		len -= n;
	}
	if (f->c->state != ZR_TCP_DONE)
		hold(f, 0, data, len);
}

/* Take off a segment's front what is consumed already. */
static void drop_old(const struct zr_tcp_client *c, struct segment *s)
{
	uint32_t old;

	if (offset_of(c, s->seq) >= 0)
		return;
	old = c->next_seq - s->seq;
	if (old > s->len)
		old = s->len;
	s->seq += old;
	s->data += old;
	s->len -= old;
}

/* A segment of a stream whose position is known. */
static void take(struct zr_tcp_feed *f, struct segment s)
{
	struct zr_tcp_client *c = f->c;

	drop_old(c, &s);
	while (s.len > 0 && c->state != ZR_TCP_DONE) {
		uint32_t offset = s.seq - c->next_seq;
		uint32_t before = c->next_seq;

		if (offset == 0 && c->held == NULL) {
			read_in_place(f, s.data, s.len);
			return;
		}
		if (offset >= ZR_HELLO_MAX)
			return;
		hold(f, offset, s.data, s.len);
		if (c->held != NULL)
			read_held(f);
		/* A segment longer than the window goes on where reading made room. */
		if (offset + s.len <= ZR_HELLO_MAX || c->next_seq == before)
			return;
		drop_old(c, &s);
	}
}

/* A segment behind a hole: has so much come there that the hole will not be filled any more? */
static bool is_hole_lost(struct zr_tcp_client *c, const struct segment *s)
{
	int32_t offset = offset_of(c, s->seq);
	uint32_t contiguous = 0;

	if (c->held != NULL)
		zr_assembly_bytes(c->held, &contiguous);
	if (offset <= (int32_t)contiguous)
		return false;
	c->inspected += s->len;
	return (uint32_t)offset + s->len > ZR_HELLO_MAX && c->inspected > ZR_HELLO_MAX;
}

/* The stream goes on where it is not known what is said: look for a new start, from seq on. Requests must all be known. */
static void lose_step(struct zr_tcp_feed *f, uint32_t seq)
{
	if (f->c->state == ZR_TCP_TLS || zr_tcp_is_followed(f->c)) {
		reach_limit(f);
		return;
	}
	zr_tcp_client_stop(f->c, f->pool);
	zr_tcp_client_start(f->c, f->c->owner, seq, false);
}

/* The stream begins at seq, for all that matters. */
static void anchor(struct zr_tcp_feed *f, uint32_t seq)
{
	struct zr_tcp_client *c = f->c;
	int32_t offset = offset_of(c, seq);

	if (c->held != NULL && offset >= 0)
		zr_assembly_consume(c->held, (uint32_t)offset);
	if (c->held != NULL && offset < 0 && zr_assembly_precede(f->pool, &c->held, c->next_seq - seq) == -EFBIG)
		zr_tcp_client_stop(c, f->pool);
	if (c->held != NULL && zr_assembly_end(c->held) == 0)
		zr_tcp_client_stop(c, f->pool);
	c->next_seq = seq;
	c->anchored = true;
}

/*
 * Keep a segment of a stream whose start was not found: the segment that completes the start may still come, before or behind
 * it. False when all together no longer fit.
 */
static bool hold_startless(struct zr_tcp_feed *f, const struct segment *s)
{
	struct zr_tcp_client *c = f->c;
	int32_t offset;

	if (c->held == NULL)
		c->next_seq = s->seq;
	offset = offset_of(c, s->seq);
	if (offset < 0) {
		if (zr_assembly_precede(f->pool, &c->held, c->next_seq - s->seq) != 0)
			return false;
		c->next_seq = s->seq;
		offset = 0;
	}
	if ((uint32_t)offset + s->len > ZR_HELLO_MAX)
		return false;
	hold(f, (uint32_t)offset, s->data, s->len);
	return c->held != NULL;
}

/* A segment of a stream whose start is not known. True when it begins a hello or request: the stream starts there. */
static bool find_start(struct zr_tcp_feed *f, const struct segment *s)
{
	struct zr_tcp_client *c = f->c;
	const uint8_t *data;
	uint32_t len;

	if (zr_tcp_stream_begins(f->scratch, s->data, s->len)) {
		anchor(f, s->seq);
		return true;
	}
	if (c->state == ZR_TCP_OPAQUE)
		return false;
	if (!hold_startless(f, s)) {
		zr_tcp_client_stop(c, f->pool);
		c->state = f->limit ? ZR_TCP_DONE : ZR_TCP_OPAQUE;
		return false;
	}
	data = zr_assembly_bytes(c->held, &len);
	if (zr_tcp_stream_begins(f->scratch, data, len)) {
		c->anchored = true;
		read_held(f);
	}
	return false;
}

/*
 * A keepalive of the kind that repeats a byte (RFC 9293, section 3.8.4) sends a zero in its place. It contradicts nothing.
 */
static bool is_keepalive(const struct zr_tcp_client *c, const struct segment *s)
{
	return s->len == 1 && s->data[0] == 0 && c->held != NULL &&
	       s->seq + 1 - c->next_seq == zr_assembly_end(c->held);
}

static enum zr_feed outcome(const struct zr_tcp_feed *f)
{
	const struct zr_tcp_client *c = f->c;

	if (f->limit)
		return ZR_FEED_LIMIT;
	if (c->state == ZR_TCP_DONE)
		return ZR_FEED_DONE;
	if (c->held != NULL)
		return ZR_FEED_PARTIAL;
	return zr_tcp_is_followed(c) ? ZR_FEED_HTTP : ZR_FEED_IDLE;
}

enum zr_feed zr_tcp_client_feed(struct zr_tcp_client *c, struct zr_assembly_pool *pool, uint8_t *scratch, uint32_t seq,
				const uint8_t *data, uint32_t len, zr_hello_fn found, void *arg)
{
	struct zr_tcp_feed f = {.c = c, .pool = pool, .scratch = scratch, .found = found, .arg = arg};
	struct segment s = {.seq = seq, .len = len, .data = data};

	if (len > 0 && c->state != ZR_TCP_DONE && !is_keepalive(c, &s)) {
		if (c->anchored && is_hole_lost(c, &s))
			lose_step(&f, seq);
		if (c->anchored || find_start(&f, &s))
			take(&f, s);
	}
	if (c->state == ZR_TCP_DONE)
		zr_tcp_client_stop(c, pool);
	return outcome(&f);
}

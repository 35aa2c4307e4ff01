/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/dns_stream.h"

#include "dataplane/inspect/dns.h"
#include "dataplane/inspect/inspect.h"

#define LENGTH_LEN 2

/* One call of zr_dns_stream_feed. */
struct feed {
	struct zr_dns_stream *s;
	struct zr_assembly_pool *pool;
	zr_dns_message_fn found;
	void *arg;
};

void zr_dns_stream_start(struct zr_dns_stream *s, uint32_t owner, uint32_t seq, bool anchored)
{
	*s = (struct zr_dns_stream){.owner = owner, .next_seq = seq, .anchored = anchored};
}

void zr_dns_stream_stop(struct zr_dns_stream *s, struct zr_assembly_pool *pool)
{
	if (s->held != NULL)
		zr_assembly_put(pool, s->held);
	s->held = NULL;
}

void zr_dns_stream_lost(struct zr_dns_stream *s)
{
	s->held = NULL;
	s->anchored = false;
	s->other |= s->strict;
}

static uint32_t message_len(const uint8_t *data)
{
	return (uint32_t)data[0] << 8 | data[1];
}

static bool begins(const uint8_t *data, uint32_t len)
{
	return len >= LENGTH_LEN + ZR_DNS_HEADER_LEN && zr_dns_begins(data + LENGTH_LEN, message_len(data));
}

static void pass(struct feed *f, uint32_t len)
{
	zr_assembly_consume(f->s->held, len);
	f->s->next_seq += len;
}

/* Read what is held as far as it goes without a hole. */
static void read_held(struct feed *f)
{
	struct zr_dns_stream *s = f->s;

	for (;;) {
		uint32_t len, want;
		const uint8_t *data = zr_assembly_bytes(s->held, &len);

		if (len < LENGTH_LEN + ZR_DNS_HEADER_LEN)
			return;
		if (!begins(data, len)) {
			s->other = true;
			return;
		}
		want = LENGTH_LEN + message_len(data);
		if (len < want && want <= ZR_HELLO_MAX)
			return;
		if (want <= ZR_HELLO_MAX && !zr_assembly_conflict(s->held, want)) {
			f->found(f->arg, data + LENGTH_LEN, want - LENGTH_LEN);
		} else if (s->strict) {
			s->other = true;
			return;
		}
		pass(f, want);
	}
}

/* Hold bytes at offset, no more than fit behind it, and read. */
static void take(struct feed *f, uint32_t offset, const uint8_t *data, uint32_t len)
{
	struct zr_dns_stream *s = f->s;

	if (s->held == NULL)
		s->held = zr_assembly_get(f->pool, s->owner);
	if (s->held != NULL)
		zr_assembly_add(f->pool, &s->held, offset, data, len);
	if (s->held == NULL) {
		zr_dns_stream_lost(s);
		return;
	}
	read_held(f);
	if (s->other || zr_assembly_end(s->held) == 0)
		zr_dns_stream_stop(s, f->pool);
}

/* Is it known where the segment stands? Behind what is too much to wait for, it may be where the stream begins anew. */
static bool place(struct feed *f, uint32_t seq, const uint8_t *data, uint32_t len)
{
	struct zr_dns_stream *s = f->s;
	int32_t ahead = (int32_t)(seq - s->next_seq);

	if (s->anchored && ahead < ZR_HELLO_MAX)
		return true;
	zr_dns_stream_stop(s, f->pool);
	if (s->strict) {
		s->other = true;
		return false;
	}
	s->anchored = begins(data, len);
	s->next_seq = seq;
	return s->anchored;
}

void zr_dns_stream_feed(struct zr_dns_stream *s, struct zr_assembly_pool *pool, uint32_t seq, const uint8_t *data,
			uint32_t len, zr_dns_message_fn found, void *arg)
{
	struct feed f = {.s = s, .pool = pool, .found = found, .arg = arg};

	while (len > 0 && !s->other && place(&f, seq, data, len)) {
		uint32_t ahead = seq - s->next_seq;
		bool old = (int32_t)ahead < 0;
		uint32_t n = old ? -ahead : ZR_HELLO_MAX - ahead;

		if (n > len)
			n = len;
		if (!old)
			take(&f, ahead, data, n);
		seq += n;
		data += n;
		len -= n;
	}
}

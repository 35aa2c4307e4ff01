/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/saved.h"

#include <string.h>

#include "dataplane/flow/flow.h"
#include "dataplane/flow/verdict.h"
#include "dataplane/inspect/http.h"
#include "dataplane/inspect/tcp_client.h"
#include "dataplane/packet/cursor.h"
#include "rules/image.h"
#include "rules/name.h"

/* What is left of a chunked body: positions of zr_http_chunked_skip inside one. */
#define CHUNK_MAX 6

#define VLAN_ID_MAX 0x0fff

#define HAS_TEID_UP   1U
#define HAS_TEID_DOWN 2U

struct writer {
	uint8_t *at;
};

static void put(struct writer *w, const void *bytes, size_t len)
{
	memcpy(w->at, bytes, len);
	w->at += len;
}

/* The len low bytes of a number. */
static void put_number(struct writer *w, uint64_t number, unsigned int len)
{
	while (len > 0)
		*w->at++ = (uint8_t)(number >> 8 * --len);
}

static void put_stream(struct writer *w, const struct zr_saved_stream *stream)
{
	put_number(w, stream->next_seq, 4);
	put_number(w, stream->body_left, 8);
	put_number(w, stream->state, 1);
	put_number(w, stream->body, 1);
	put_number(w, stream->chunk, 1);
}

static void put_fixed(struct writer *w, const struct zr_saved_flow *s)
{
	put_number(w, s->family, 1);
	put_number(w, s->proto, 1);
	put_number(w, s->worker, 1);
	put_number(w, s->timeout, 1);
	put_number(w, s->reason, 1);
	put_number(w, s->evidence, 1);
	put_number(w, s->flags, 2);
	put_number(w, s->domain, 2);
	put_number(w, s->client_port, 2);
	put_number(w, s->server_port, 2);
	put_number(w, s->part, 2);
	put_number(w, s->start, 4);
	put_number(w, s->rule, 4);
	put_number(w, s->id, 8);
	put_number(w, s->entry, 8);
	put_number(w, s->first_us, 8);
	put_number(w, s->last_us, 8);
	put_number(w, (s->has_teid_up ? HAS_TEID_UP : 0) | (s->has_teid_down ? HAS_TEID_DOWN : 0), 1);
	put_number(w, s->vlan_count, 1);
	put_number(w, s->server_id_len, 1);
	put_number(w, s->name_len, 1);
}

size_t zr_saved_write(const struct zr_saved_flow *s, uint8_t *out)
{
	size_t addr_len = s->family == 4 ? 4 : 16;
	struct writer w = {.at = out + 2};
	size_t len;

	put_fixed(&w, s);
	put(&w, s->client.b, addr_len);
	put(&w, s->server.b, addr_len);
	if (s->has_teid_up)
		put_number(&w, s->teid_up, 4);
	if (s->has_teid_down)
		put_number(&w, s->teid_down, 4);
	for (unsigned int i = 0; i < s->vlan_count; i++)
		put_number(&w, s->vlans[i], 2);
	if ((s->flags & ZR_SAVED_STREAM) != 0)
		put_stream(&w, &s->stream);
	put(&w, s->server_id, s->server_id_len);
	put(&w, s->name, s->name_len);
	len = (size_t)(w.at - out);
	w.at = out;
	put_number(&w, len, 2);
	return len;
}

static uint64_t take_u64(struct zr_cursor *c)
{
	uint64_t high = zr_cursor_u32(c);

	return high << 32 | zr_cursor_u32(c);
}

static void take(struct zr_cursor *c, void *out, size_t len)
{
	const uint8_t *at = zr_cursor_take(c, len);

	if (at != NULL)
		memcpy(out, at, len);
}

static void take_stream(struct zr_cursor *c, struct zr_saved_stream *stream)
{
	stream->next_seq = zr_cursor_u32(c);
	stream->body_left = take_u64(c);
	stream->state = zr_cursor_u8(c);
	stream->body = zr_cursor_u8(c);
	stream->chunk = zr_cursor_u8(c);
}

/* Which of the parts that may be there are. */
static unsigned int take_fixed(struct zr_cursor *c, struct zr_saved_flow *s)
{
	unsigned int teids;

	s->family = zr_cursor_u8(c);
	s->proto = zr_cursor_u8(c);
	s->worker = zr_cursor_u8(c);
	s->timeout = zr_cursor_u8(c);
	s->reason = zr_cursor_u8(c);
	s->evidence = zr_cursor_u8(c);
	s->flags = zr_cursor_u16(c);
	s->domain = zr_cursor_u16(c);
	s->client_port = zr_cursor_u16(c);
	s->server_port = zr_cursor_u16(c);
	s->part = zr_cursor_u16(c);
	s->start = zr_cursor_u32(c);
	s->rule = zr_cursor_u32(c);
	s->id = take_u64(c);
	s->entry = take_u64(c);
	s->first_us = take_u64(c);
	s->last_us = take_u64(c);
	teids = zr_cursor_u8(c);
	s->vlan_count = zr_cursor_u8(c);
	s->server_id_len = zr_cursor_u8(c);
	s->name_len = zr_cursor_u8(c);
	return teids;
}

/* False when the lengths cannot be. */
static bool take_rest(struct zr_cursor *c, unsigned int teids, struct zr_saved_flow *s)
{
	size_t addr_len = s->family == 4 ? 4 : 16;

	if ((s->family != 4 && s->family != 6) || (teids & ~(HAS_TEID_UP | HAS_TEID_DOWN)) != 0 ||
	    s->vlan_count > ZR_VLANS_MAX || s->server_id_len > ZR_QUIC_CID_MAX || s->name_len > ZR_NAME_MAX)
		return false;
	take(c, s->client.b, addr_len);
	take(c, s->server.b, addr_len);
	s->has_teid_up = (teids & HAS_TEID_UP) != 0;
	s->has_teid_down = (teids & HAS_TEID_DOWN) != 0;
	s->teid_up = s->has_teid_up ? zr_cursor_u32(c) : 0;
	s->teid_down = s->has_teid_down ? zr_cursor_u32(c) : 0;
	for (unsigned int i = 0; i < s->vlan_count; i++)
		s->vlans[i] = zr_cursor_u16(c);
	if ((s->flags & ZR_SAVED_STREAM) != 0)
		take_stream(c, &s->stream);
	take(c, s->server_id, s->server_id_len);
	take(c, s->name, s->name_len);
	return !c->short_ && zr_cursor_left(c) == 0;
}

static bool stream_holds(const struct zr_saved_flow *s)
{
	const struct zr_saved_stream *stream = &s->stream;

	if ((s->flags & ZR_SAVED_STREAM) == 0)
		return true;
	if (s->proto != ZR_PROTO_TCP || (s->flags & ZR_SAVED_INSPECT) == 0 || s->reason == ZR_REASON_UNDECIDED ||
	    (s->flags & ZR_SAVED_CUT_SHORT) != 0)
		return false;
	if (stream->state != ZR_TCP_HTTP && stream->state != ZR_TCP_BODY)
		return false;
	return stream->body < ZR_HTTP_BODY_TUNNEL && stream->chunk <= CHUNK_MAX;
}

static bool name_holds(const struct zr_saved_flow *s)
{
	char canonical[ZR_NAME_MAX + 1];

	if (s->name_len == 0)
		return true;
	if (!zr_reason_tells_name((enum zr_reason)s->reason))
		return false;
	return zr_name_canonical((const uint8_t *)s->name, s->name_len, canonical) == s->name_len &&
	       memcmp(canonical, s->name, s->name_len) == 0;
}

static bool server_id_holds(const struct zr_saved_flow *s)
{
	return s->server_id_len == 0 || (s->server_id_len >= ZR_QUIC_SERVER_ID_MIN && s->proto == ZR_PROTO_UDP &&
					 s->reason != ZR_REASON_UNDECIDED && (s->flags & ZR_SAVED_INSPECT) == 0 &&
					 (s->evidence & 1U << ZR_EVIDENCE_QUIC_SNI) != 0);
}

/* Does it say what a pipeline could have written? */
static bool flow_holds(const struct zr_saved_flow *s)
{
	const unsigned int of_tcp = ZR_SAVED_FIN_UP | ZR_SAVED_FIN_DOWN | ZR_SAVED_RST | ZR_SAVED_STREAMED_UP |
				    ZR_SAVED_STREAMED_DOWN;
	bool tcp = s->proto == ZR_PROTO_TCP, ports = tcp || s->proto == ZR_PROTO_UDP;

	if (s->timeout >= ZR_TIMEOUT_COUNT || s->reason >= ZR_REASON_COUNT || s->evidence >> ZR_EVIDENCE_COUNT != 0 ||
	    (s->flags & ~ZR_SAVED_ALL) != 0 || s->last_us > ZR_TIME_MAX_US || s->first_us > s->last_us)
		return false;
	if (!tcp && (s->flags & of_tcp) != 0)
		return false;
	if (!ports && (s->flags & (ZR_SAVED_INSPECT | ZR_SAVED_START_KNOWN)) != 0)
		return false;
	if ((s->flags & (ZR_SAVED_INSPECT | ZR_SAVED_CUT_SHORT)) == ZR_SAVED_CUT_SHORT)
		return false;
	if (s->reason == ZR_REASON_UNDECIDED && (s->flags & (ZR_SAVED_TAG_DUE | ZR_SAVED_STAYS_CHARGED)) != 0)
		return false;
	for (unsigned int i = 0; i < s->vlan_count; i++)
		if (s->vlans[i] > VLAN_ID_MAX)
			return false;
	return stream_holds(s) && name_holds(s) && server_id_holds(s);
}

enum zr_result zr_saved_read(const uint8_t *data, size_t len, size_t *used, struct zr_saved_flow *out)
{
	struct zr_cursor all = zr_cursor_of(data, len), c;
	unsigned int teids;
	size_t flow_len;

	if (len == 0)
		return ZR_NONE;
	flow_len = zr_cursor_u16(&all);
	if (flow_len < 2 || flow_len > ZR_SAVED_MAX)
		return ZR_BAD;
	c = zr_cursor_sub(&all, flow_len - 2);
	memset(out, 0, sizeof(*out));
	teids = take_fixed(&c, out);
	if (!take_rest(&c, teids, out) || !flow_holds(out))
		return ZR_BAD;
	*used = flow_len;
	return ZR_OK;
}

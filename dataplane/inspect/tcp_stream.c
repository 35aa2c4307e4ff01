/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/tcp_stream.h"

#include <string.h>

#include "dataplane/inspect/http.h"
#include "dataplane/inspect/tls.h"

#define TLS_HANDSHAKE_RECORD 22
/* Most bytes of a body that are stepped over before they came: far below the half of the sequence space that is "ahead". */
#define AHEAD_MAX (UINT32_C(1) << 30)
/* An incomplete message is a sure sign of its protocol when so many bytes of it agree. */
#define SURE_LEN 8
/* Longest line of a PROXY protocol header, version 1 (HAProxy's proxy-protocol.txt, section 2.1). */
#define PROXY_LINE_MAX 107

static void tell(struct zr_tcp_feed *f, struct zr_hello *hello, enum zr_source source, uint32_t message_len)
{
	hello->source = (uint8_t)source;
	hello->spoof = f->c->held != NULL && zr_assembly_conflict(f->c->held, message_len);
	f->found(f->arg, hello);
}

/* No further message can be told from what it is in. */
static uint32_t give_up(struct zr_tcp_feed *f)
{
	f->c->state = ZR_TCP_DONE;
	f->limit = true;
	return 0;
}

/* The message at hand is incomplete: no use in reading it again before it has need bytes. */
static uint32_t wait_for(struct zr_tcp_feed *f, enum zr_tcp_state state, size_t need)
{
	if (need > ZR_HELLO_MAX) {
		f->limit = true;
		state = ZR_TCP_DONE;
	}
	f->c->state = (uint8_t)state;
	f->c->need = (uint32_t)need;
	return 0;
}

/* Length of the line that a proxy puts before the client's own stream; 0 when there is none. */
static uint32_t proxy_line_len(const uint8_t *data, uint32_t len)
{
	static const char start[] = {'P', 'R', 'O', 'X', 'Y', ' '};
	const uint8_t *lf;

	if (len < sizeof(start) || memcmp(data, start, sizeof(start)) != 0)
		return 0;
	lf = memchr(data, '\n', len < PROXY_LINE_MAX ? len : PROXY_LINE_MAX);
	if (lf == NULL)
		return 0;
	for (const uint8_t *p = data; p < lf; p++) {
		if ((*p < ' ' || *p > '~') && !(*p == '\r' && p + 1 == lf))
			return 0;
	}
	return (uint32_t)(lf + 1 - data);
}

/* Length of the line ends before what may be a hello, or a request that is behind more of them than are read. */
static uint32_t line_end_len(const uint8_t *data, uint32_t len)
{
	uint32_t n = 0;

	while (n < len && (data[n] == '\r' || data[n] == '\n'))
		n++;
	return n;
}

/* What begins at data is neither TLS nor HTTP. Returns how much of it to pass over. */
static uint32_t not_ours(struct zr_tcp_feed *f, const uint8_t *data, uint32_t len)
{
	struct zr_tcp_client *c = f->c;
	uint32_t text_len = proxy_line_len(data, len);

	/* A server reads it as a request all the same, or as more of them. */
	if (zr_tcp_is_followed(c))
		return give_up(f);
	if (text_len == 0)
		text_len = line_end_len(data, len);
	c->state = ZR_TCP_OPAQUE;
	return text_len > 0 ? text_len : len;
}

static uint32_t read_tls(struct zr_tcp_feed *f, const uint8_t *data, uint32_t len)
{
	struct zr_hello hello;
	size_t used, need;

	if (len < f->c->need)
		return 0;
	switch (zr_tls_hello_stream(data, len, f->scratch, &hello, &used, &need)) {
	case ZR_OK:
		tell(f, &hello, ZR_SOURCE_TLS_SNI, (uint32_t)used);
		f->c->state = ZR_TCP_DONE;
		return (uint32_t)used;
	case ZR_MORE:
		return wait_for(f, ZR_TCP_TLS, need);
	default:
		return not_ours(f, data, len);
	}
}

/* Step over bytes of a body or chunk whose length is known, whether they have come or not. */
static uint32_t step_over(struct zr_tcp_client *c)
{
	uint32_t n = c->body_left < AHEAD_MAX ? (uint32_t)c->body_left : AHEAD_MAX;

	c->body_left -= n;
	if (c->body_left == 0 && c->body == ZR_HTTP_BODY_LENGTH)
		c->state = ZR_TCP_HTTP;
	return n;
}

/* Behind a request's head: returns how many bytes of its body are done with at once. */
static uint32_t enter_body(struct zr_tcp_client *c, const struct zr_http_head *head)
{
	static const uint8_t states[] = {
		[ZR_HTTP_BODY_NONE] = ZR_TCP_HTTP,    [ZR_HTTP_BODY_LENGTH] = ZR_TCP_BODY,
		[ZR_HTTP_BODY_CHUNKED] = ZR_TCP_BODY, [ZR_HTTP_BODY_TUNNEL] = ZR_TCP_OPAQUE,
		[ZR_HTTP_BODY_UNKNOWN] = ZR_TCP_DONE,
	};

	c->state = states[head->body];
	c->body = head->body;
	c->body_left = head->length_bytes;
	c->chunk = 0;
	return c->body == ZR_HTTP_BODY_LENGTH ? step_over(c) : 0;
}

static uint32_t read_http(struct zr_tcp_feed *f, const uint8_t *data, uint32_t len)
{
	struct zr_tcp_client *c = f->c;
	enum zr_tcp_state state = c->state == ZR_TCP_HTTP ? ZR_TCP_HTTP : ZR_TCP_HEAD;
	struct zr_hello hello = {0};
	struct zr_http_head head;
	int name_len;

	/* need is one more than what was read in vain */
	if (c->need > 0 && len < ZR_HTTP_HEAD_MAX && !zr_http_request_ripe(data, c->need - 1, len))
		return wait_for(f, state, len + 1);
	switch (zr_http_request(data, len, &head)) {
	case ZR_OK:
		break;
	case ZR_MORE:
		return wait_for(f, state, (size_t)len + 1);
	default:
		return not_ours(f, data, len);
	}
	if (head.host.len > 0) {
		name_len = zr_name_canonical(head.host.at, head.host.len, hello.name);
		hello.malformed_name = name_len < 0;
		hello.name_len = name_len < 0 ? 0 : (uint8_t)name_len;
	}
	tell(f, &hello, ZR_SOURCE_HTTP_HOST, (uint32_t)head.head_len);
	f->limit |= head.body == ZR_HTTP_BODY_UNKNOWN;
	return (uint32_t)head.head_len + enter_body(c, &head);
}

static uint32_t read_body(struct zr_tcp_feed *f, const uint8_t *data, uint32_t len)
{
	struct zr_tcp_client *c = f->c;
	size_t used;

	if (c->body == ZR_HTTP_BODY_LENGTH)
		return step_over(c);
	switch (zr_http_chunked_skip(&c->chunk, &c->body_left, data, len, &used)) {
	case ZR_OK:
		c->state = ZR_TCP_HTTP;
		return (uint32_t)used;
	case ZR_MORE:
		return len + (zr_http_chunked_in_data(c->chunk) ? step_over(c) : 0);
	default:
		return give_up(f);
	}
}

uint32_t zr_tcp_stream_read(struct zr_tcp_feed *f, const uint8_t *data, uint32_t len)
{
	if (f->c->state == ZR_TCP_DONE)
		return 0;
	if (f->c->state == ZR_TCP_BODY)
		return read_body(f, data, len);
	/* Behind a request nothing but requests follow: what begins like a hello there, and is none, may hide some. */
	if (data[0] == TLS_HANDSHAKE_RECORD && !zr_tcp_is_followed(f->c))
		return read_tls(f, data, len);
	return read_http(f, data, len);
}

bool zr_tcp_stream_begins(uint8_t *scratch, const uint8_t *data, uint32_t len)
{
	struct zr_http_head head;
	struct zr_hello hello;
	size_t used, need;
	enum zr_result result;

	if (len == 0)
		return false;
	result = data[0] == TLS_HANDSHAKE_RECORD ? zr_tls_hello_stream(data, len, scratch, &hello, &used, &need)
						 : zr_http_request(data, len, &head);
	return result == ZR_OK || (result == ZR_MORE && len >= SURE_LEN) || proxy_line_len(data, len) > 0;
}

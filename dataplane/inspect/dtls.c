/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/dtls.h"

#include "dataplane/inspect/client_hello.h"
#include "dataplane/packet/cursor.h"

#define RECORD_HANDSHAKE     22
#define MESSAGE_CLIENT_HELLO 1
#define MESSAGE_SEQ_LAST     1 /* of the hello that brings the server's cookie (RFC 6347, section 4.2.2) */

/* What stands in front of a held message: the handshake header of TLS, so that two lengths for one message conflict. */
#define HELD_HEADER_LEN 4
#define MESSAGE_MAX     (ZR_HELLO_MAX - HELD_HEADER_LEN)

struct fragment {
	uint16_t message_seq;
	uint32_t message_len; /* of the whole body */
	uint32_t offset;      /* of data in it */
	struct zr_slice data;
};

/*
 * Step to the next handshake record in clear (RFC 6347, section 4.1). False at the end of what can be read. Of the version
 * only the first byte is looked at, as servers do: the second differs between a client's first hello and its later ones.
 */
static bool record_next(struct zr_cursor *datagram, struct zr_cursor *fragments)
{
	for (;;) {
		uint8_t type = zr_cursor_u8(datagram);
		uint8_t version_major = zr_cursor_u8(datagram);
		uint16_t epoch;

		zr_cursor_take(datagram, 1); /* minor version */
		epoch = zr_cursor_u16(datagram);
		zr_cursor_take(datagram, 6); /* sequence number */
		*fragments = zr_cursor_sub(datagram, zr_cursor_u16(datagram));
		if (datagram->short_ || version_major != ZR_CLIENT_HELLO_DTLS)
			return false;
		if (type == RECORD_HANDSHAKE && epoch == 0)
			return true;
	}
}

/* Step to a record's next fragment of a hello (RFC 6347, section 4.2.2). False at its end, or where it is broken. */
static bool fragment_next(struct zr_cursor *record, struct fragment *out)
{
	while (zr_cursor_left(record) > 0) {
		uint8_t type = zr_cursor_u8(record);

		out->message_len = zr_cursor_u24(record);
		out->message_seq = zr_cursor_u16(record);
		out->offset = zr_cursor_u24(record);
		out->data.len = zr_cursor_u24(record);
		out->data.at = zr_cursor_take(record, out->data.len);
		if (record->short_ || out->offset + out->data.len > out->message_len)
			return false;
		if (type == MESSAGE_CLIENT_HELLO && out->message_seq <= MESSAGE_SEQ_LAST &&
		    out->message_len <= MESSAGE_MAX)
			return true;
	}
	return false;
}

bool zr_dtls_begins(const uint8_t *data, size_t len)
{
	struct zr_cursor datagram = zr_cursor_of(data, len);
	struct zr_cursor record;

	return record_next(&datagram, &record);
}

void zr_dtls_client_stop(struct zr_dtls_client *c, struct zr_assembly_pool *pool)
{
	if (c->held != NULL)
		zr_assembly_put(pool, c->held);
	c->held = NULL;
}

static enum zr_result read_hello(const uint8_t *body, size_t len, struct zr_hello *out)
{
	out->source = ZR_SOURCE_DTLS_SNI;
	out->spoof = false;
	return zr_client_hello_read(ZR_CLIENT_HELLO_DTLS, body, len, out) ? ZR_OK : ZR_BAD;
}

static enum zr_result read_held(const struct zr_dtls_client *c, struct zr_hello *out)
{
	uint32_t len, want;
	const uint8_t *bytes = zr_assembly_bytes(c->held, &len);
	enum zr_result result;

	want = HELD_HEADER_LEN + ((uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3]);
	if (len < want)
		return ZR_MORE;
	result = read_hello(bytes + HELD_HEADER_LEN, want - HELD_HEADER_LEN, out);
	out->spoof = zr_assembly_conflict(c->held, want);
	return result;
}

static enum zr_result hold(struct zr_dtls_client *c, struct zr_assembly_pool *pool, const struct fragment *f,
			   struct zr_hello *out)
{
	const uint8_t header[HELD_HEADER_LEN] = {
		MESSAGE_CLIENT_HELLO,
		(uint8_t)(f->message_len >> 16),
		(uint8_t)(f->message_len >> 8),
		(uint8_t)f->message_len,
	};

	if (c->held == NULL)
		c->held = zr_assembly_get(pool, c->owner);
	if (c->held == NULL)
		return ZR_MORE;
	c->message_seq = f->message_seq;
	zr_assembly_add(pool, &c->held, 0, header, sizeof(header));
	zr_assembly_add(pool, &c->held, HELD_HEADER_LEN + f->offset, f->data.at, (uint32_t)f->data.len);
	return c->held == NULL ? ZR_MORE : read_held(c, out);
}

static enum zr_result take(struct zr_dtls_client *c, struct zr_assembly_pool *pool, const struct fragment *f,
			   struct zr_hello *out)
{
	if (c->held != NULL && f->message_seq < c->message_seq)
		return ZR_MORE;
	if (c->held != NULL && f->message_seq > c->message_seq)
		zr_dtls_client_stop(c, pool);
	if (c->held == NULL && f->data.len == f->message_len)
		return read_hello(f->data.at, f->data.len, out);
	return hold(c, pool, f, out);
}

enum zr_result zr_dtls_client_feed(struct zr_dtls_client *c, struct zr_assembly_pool *pool, const uint8_t *data,
				   size_t len, struct zr_hello *out)
{
	struct zr_cursor datagram = zr_cursor_of(data, len);
	enum zr_result result = ZR_NONE;
	struct zr_cursor record;
	struct fragment fragment;

	while (record_next(&datagram, &record)) {
		while (fragment_next(&record, &fragment)) {
			if (result == ZR_NONE && c->datagrams++ == ZR_DTLS_DATAGRAMS_MAX)
				return ZR_BAD;
			result = take(c, pool, &fragment, out);
			if (result != ZR_MORE)
				return result;
		}
	}
	return result;
}

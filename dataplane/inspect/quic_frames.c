/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/quic_frames.h"

#include <string.h>

#include "dataplane/inspect/quic_packet.h"

/* Frame types that an Initial may hold (RFC 9000, section 12.4, table 3). */
enum {
	FRAME_PADDING = 0x00,
	FRAME_PING = 0x01,
	FRAME_ACK = 0x02,
	FRAME_ACK_ECN = 0x03,
	FRAME_CRYPTO = 0x06,
	FRAME_CONNECTION_CLOSE = 0x1c,
};

/* An Initial may well be padding for the most part: eight bytes at a time. */
static void skip_padding(struct zr_cursor *c)
{
	uint64_t word;

	while (zr_cursor_left(c) >= sizeof(word)) {
		memcpy(&word, c->at, sizeof(word));
		if (word != 0)
			break;
		c->at += sizeof(word);
	}
	while (zr_cursor_left(c) > 0 && *c->at == FRAME_PADDING)
		c->at++;
}

/* RFC 9000, section 19.3. */
static void skip_ack(struct zr_cursor *c, bool ecn)
{
	uint64_t ranges;

	zr_quic_varint(c); /* largest acknowledged */
	zr_quic_varint(c); /* delay */
	ranges = zr_quic_varint(c);
	zr_quic_varint(c); /* first range */
	for (; ranges > 0 && !c->short_; ranges--) {
		zr_quic_varint(c); /* gap */
		zr_quic_varint(c); /* length */
	}
	for (unsigned int i = 0; ecn && i < 3; i++)
		zr_quic_varint(c); /* counts of ECT(0), ECT(1), CE */
}

/* RFC 9000, section 19.19. */
static void skip_connection_close(struct zr_cursor *c)
{
	zr_quic_varint(c); /* error code */
	zr_quic_varint(c); /* frame type */
	zr_cursor_take(c, zr_quic_varint(c));
}

static bool read_crypto(struct zr_cursor *c, struct zr_quic_crypto_frame *out)
{
	uint64_t len;

	out->offset = zr_quic_varint(c);
	len = zr_quic_varint(c);
	out->data = (struct zr_slice){.at = zr_cursor_take(c, len), .len = len};
	return !c->short_;
}

bool zr_quic_crypto_frame_next(struct zr_cursor *payload, struct zr_quic_crypto_frame *out)
{
	while (zr_cursor_left(payload) > 0) {
		switch (zr_cursor_u8(payload)) {
		case FRAME_PADDING:
			skip_padding(payload);
			break;
		case FRAME_PING:
			break;
		case FRAME_ACK:
			skip_ack(payload, false);
			break;
		case FRAME_ACK_ECN:
			skip_ack(payload, true);
			break;
		case FRAME_CRYPTO:
			return read_crypto(payload, out);
		case FRAME_CONNECTION_CLOSE:
			skip_connection_close(payload);
			break;
		default:
			return false;
		}
	}
	return false;
}

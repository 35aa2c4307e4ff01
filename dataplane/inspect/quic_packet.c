/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/quic_packet.h"

#include "dataplane/inspect/quic.h"

/* Bits of the first byte (RFC 9000, section 17.2). */
#define LONG_HEADER 0x80
#define FIXED_BIT   0x40

/* Header protection samples 16 bytes, 4 bytes behind the start of the packet number (RFC 9001, section 5.4.2). */
#define PN_AND_SAMPLE_LEN 20

/* A Retry ends in an integrity tag (RFC 9001, section 5.8). */
#define RETRY_TAG_LEN 16

enum type { TYPE_INITIAL, TYPE_0RTT, TYPE_HANDSHAKE, TYPE_RETRY };

enum zr_quic_version zr_quic_version_of(uint32_t wire_version)
{
	switch (wire_version) {
	case 0xff00001d:
		return ZR_QUIC_DRAFT_29;
	case 0x00000001:
		return ZR_QUIC_V1;
	case 0x6b3343cf:
		return ZR_QUIC_V2;
	default:
		return ZR_QUIC_VERSION_OTHER;
	}
}

/* Version 2 turns the type bits by one (RFC 9369, section 3.2). */
static enum type type_of(enum zr_quic_version version, uint8_t first)
{
	unsigned int bits = first >> 4 & 3;

	return (enum type)(version == ZR_QUIC_V2 ? (bits + 3) % 4 : bits);
}

uint64_t zr_quic_varint(struct zr_cursor *c)
{
	uint8_t first = zr_cursor_u8(c);
	uint64_t value = first & 0x3f;

	for (unsigned int more = (1U << (first >> 6)) - 1; more > 0; more--)
		value = value << 8 | zr_cursor_u8(c);
	return value;
}

static struct zr_slice read_id(struct zr_cursor *c)
{
	uint8_t len = zr_cursor_u8(c);

	if (len > ZR_QUIC_CID_MAX)
		c->short_ = true;
	return (struct zr_slice){.at = zr_cursor_take(c, len), .len = len};
}

bool zr_quic_packet_next(struct zr_cursor *datagram, struct zr_quic_packet *out)
{
	const uint8_t *start = datagram->at;
	uint8_t first = zr_cursor_u8(datagram);
	enum zr_quic_version version;
	enum type type;
	uint64_t token_len = 0;
	uint64_t rest_len;

	if (!(first & LONG_HEADER))
		return false;
	out->start = start;
	out->version = zr_cursor_u32(datagram);
	version = zr_quic_version_of(out->version);
	if (version == ZR_QUIC_VERSION_OTHER)
		return false;
	type = type_of(version, first);
	if (type == TYPE_RETRY)
		return false;
	out->initial = type == TYPE_INITIAL;
	out->dcid = read_id(datagram);
	out->scid = read_id(datagram);
	if (out->initial) {
		token_len = zr_quic_varint(datagram);
		zr_cursor_take(datagram, token_len);
	}
	rest_len = zr_quic_varint(datagram);
	out->pn_offset = (size_t)(datagram->at - start);
	zr_cursor_take(datagram, rest_len);
	if (datagram->short_ || (out->initial && rest_len < PN_AND_SAMPLE_LEN))
		return false;
	/* Who knows the server from before, and so has a token of it, may send the fixed bit as 0 (RFC 9287, section 3). */
	if (!(first & FIXED_BIT) && token_len == 0)
		return false;
	out->len = out->pn_offset + rest_len;
	return true;
}

bool zr_quic_is_retry(const uint8_t *data, size_t len, struct zr_slice *scid)
{
	struct zr_cursor c = zr_cursor_of(data, len);
	uint8_t first = zr_cursor_u8(&c);
	enum zr_quic_version version = zr_quic_version_of(zr_cursor_u32(&c));

	if (!(first & LONG_HEADER) || version == ZR_QUIC_VERSION_OTHER || type_of(version, first) != TYPE_RETRY)
		return false;
	read_id(&c);
	*scid = read_id(&c);
	zr_cursor_take(&c, RETRY_TAG_LEN);
	return !c.short_;
}

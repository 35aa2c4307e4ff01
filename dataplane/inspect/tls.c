/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/tls.h"

#include <string.h>

#include "dataplane/inspect/client_hello.h"
#include "dataplane/packet/cursor.h"

#define RECORD_HEADER_LEN    5
#define RECORD_HANDSHAKE     22
#define RECORD_MAX           16384 /* RFC 8446, section 5.1 */
#define RECORDS_EMPTY_MAX    32    /* forbidden, but servers bear with some */
#define MESSAGE_HEADER_LEN   4
#define MESSAGE_CLIENT_HELLO 1

/* Length of a handshake message with its header, of which MESSAGE_HEADER_LEN bytes are there. */
static size_t message_len(const uint8_t *header)
{
	return MESSAGE_HEADER_LEN + ((size_t)header[1] << 16 | (size_t)header[2] << 8 | header[3]);
}

enum zr_result zr_tls_hello_message(const uint8_t *data, size_t len, struct zr_hello *out, size_t *need)
{
	if (len > 0 && data[0] != MESSAGE_CLIENT_HELLO)
		return ZR_NONE;
	*need = len < MESSAGE_HEADER_LEN ? MESSAGE_HEADER_LEN : message_len(data);
	if (len < *need)
		return ZR_MORE;
	return zr_client_hello_read(ZR_CLIENT_HELLO_TLS, data + MESSAGE_HEADER_LEN, *need - MESSAGE_HEADER_LEN, out)
		       ? ZR_OK
		       : ZR_BAD;
}

/* A record's header. NONE: these bytes do not begin a handshake record. */
static enum zr_result read_record(const uint8_t *data, size_t len, size_t *fragment_len)
{
	struct zr_cursor c = zr_cursor_of(data, len);
	uint8_t type = zr_cursor_u8(&c);
	uint8_t version_major;

	if (!c.short_ && type != RECORD_HANDSHAKE)
		return ZR_NONE;
	version_major = zr_cursor_u8(&c);
	if (!c.short_ && version_major != ZR_CLIENT_HELLO_TLS)
		return ZR_NONE;
	zr_cursor_take(&c, 1); /* minor version: clients write anything from 0 to 4 */
	*fragment_len = zr_cursor_u16(&c);
	if (c.short_)
		return ZR_MORE;
	return *fragment_len <= RECORD_MAX ? ZR_OK : ZR_NONE;
}

/* A handshake message being put together from the fragments of records. */
struct message {
	uint8_t *bytes; /* ZR_HELLO_MAX of them */
	size_t len;     /* how many are there */
	size_t want;    /* the message's length; its header's until that is there */
};

/* Add what belongs to the message from len bytes of a fragment; returns how many that were. */
static size_t add_fragment(struct message *m, const uint8_t *fragment, size_t len)
{
	size_t taken = 0;

	while (taken < len && m->len < m->want && m->want <= ZR_HELLO_MAX) {
		size_t n = len - taken < m->want - m->len ? len - taken : m->want - m->len;

		memcpy(m->bytes + m->len, fragment + taken, n);
		m->len += n;
		taken += n;
		if (m->len == MESSAGE_HEADER_LEN)
			m->want = message_len(m->bytes);
	}
	return taken;
}

enum zr_result zr_tls_hello_stream(const uint8_t *data, size_t len, uint8_t *scratch, struct zr_hello *out,
				   size_t *used, size_t *need)
{
	struct message m = {.bytes = scratch, .want = MESSAGE_HEADER_LEN};
	unsigned int empty = 0;
	size_t at = 0;

	while (m.len < m.want) {
		size_t fragment_len, have;
		enum zr_result result = read_record(data + at, len - at, &fragment_len);

		/* What is missing takes at least one more record. */
		*need = at + RECORD_HEADER_LEN + m.want - m.len;
		if (result == ZR_MORE || m.want > ZR_HELLO_MAX)
			return ZR_MORE;
		if (result == ZR_NONE)
			return m.len == 0 ? ZR_NONE : ZR_BAD;
		if (fragment_len == 0 && ++empty > RECORDS_EMPTY_MAX)
			return ZR_BAD;
		at += RECORD_HEADER_LEN;
		have = len - at < fragment_len ? len - at : fragment_len;
		if (m.len == 0 && have >= MESSAGE_HEADER_LEN && message_len(data + at) <= have) {
			*used = at + message_len(data + at);
			return zr_tls_hello_message(data + at, have, out, need);
		}
		at += add_fragment(&m, data + at, have);
		if (m.len > 0 && m.bytes[0] != MESSAGE_CLIENT_HELLO)
			return ZR_NONE;
		if (m.len < m.want && have < fragment_len) {
			size_t missing = m.want - m.len;

			*need = len + missing + (missing > fragment_len - have ? RECORD_HEADER_LEN : 0);
			return ZR_MORE;
		}
	}
	*used = at;
	return zr_tls_hello_message(scratch, m.len, out, need);
}

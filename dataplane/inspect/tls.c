/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/tls.h"

#include <string.h>

#include "dataplane/packet/cursor.h"

#define RECORD_HEADER_LEN    5
#define RECORD_HANDSHAKE     22
#define RECORD_MAX           16384 /* RFC 8446, section 5.1 */
#define RECORDS_EMPTY_MAX    32    /* forbidden, but servers bear with some */
#define MESSAGE_HEADER_LEN   4
#define MESSAGE_CLIENT_HELLO 1
#define VERSION_MAJOR        3 /* SSL 3.0 and every TLS */
#define RANDOM_LEN           32
#define SESSION_ID_MAX       32
#define EXT_SERVER_NAME      0
#define EXT_ECH              0xfe0d /* RFC 9849 */
#define NAME_TYPE_HOST       0

/* Length of a handshake message with its header, of which MESSAGE_HEADER_LEN bytes are there. */
static size_t message_len(const uint8_t *header)
{
	return MESSAGE_HEADER_LEN + ((size_t)header[1] << 16 | (size_t)header[2] << 8 | header[3]);
}

/* Body of the server_name extension. Further name types begin with a 16-bit length too (RFC 6066, section 3). */
static void read_server_name(struct zr_cursor ext, struct zr_hello *out)
{
	struct zr_cursor list = zr_cursor_sub(&ext, zr_cursor_u16(&ext));
	const uint8_t *host = NULL;
	size_t host_len = 0;
	unsigned int hosts = 0;
	int name_len;

	while (zr_cursor_left(&list) > 0) {
		uint8_t type = zr_cursor_u8(&list);
		uint16_t len = zr_cursor_u16(&list);
		const uint8_t *name = zr_cursor_take(&list, len);

		if (type == NAME_TYPE_HOST && name != NULL) {
			host = name;
			host_len = len;
			hosts++;
		}
	}
	name_len = hosts == 1 && !list.short_ && zr_cursor_left(&ext) == 0
			   ? zr_name_canonical(host, host_len, out->name)
			   : -1;
	out->malformed_name = name_len < 0;
	out->name_len = name_len < 0 ? 0 : (uint8_t)name_len;
}

/* The extensions, up to the end of the hello. False when they are broken. */
static bool read_extensions(struct zr_cursor *c, struct zr_hello *out)
{
	struct zr_cursor list = zr_cursor_sub(c, zr_cursor_u16(c));
	bool named = false;

	while (zr_cursor_left(&list) > 0) {
		uint16_t type = zr_cursor_u16(&list);
		struct zr_cursor ext = zr_cursor_sub(&list, zr_cursor_u16(&list));

		if (ext.short_)
			return false;
		if (type == EXT_ECH)
			out->ech = true;
		if (type != EXT_SERVER_NAME)
			continue;
		if (named)
			return false;
		named = true;
		read_server_name(ext, out);
	}
	return !list.short_ && !c->short_ && zr_cursor_left(c) == 0;
}

/* The hello behind the message's header; c ends where the message ends. */
static bool read_hello(struct zr_cursor *c, struct zr_hello *out)
{
	uint8_t version_major = zr_cursor_u8(c);
	uint8_t session_id_len;
	uint16_t ciphers_len;
	uint8_t compressions_len;

	zr_cursor_take(c, 1 + RANDOM_LEN); /* minor version */
	session_id_len = zr_cursor_u8(c);
	zr_cursor_take(c, session_id_len);
	ciphers_len = zr_cursor_u16(c);
	zr_cursor_take(c, ciphers_len);
	compressions_len = zr_cursor_u8(c);
	zr_cursor_take(c, compressions_len);
	if (c->short_ || version_major != VERSION_MAJOR || session_id_len > SESSION_ID_MAX || ciphers_len < 2 ||
	    ciphers_len % 2 != 0 || compressions_len == 0)
		return false;
	return zr_cursor_left(c) == 0 || read_extensions(c, out);
}

enum zr_result zr_tls_hello_message(const uint8_t *data, size_t len, struct zr_hello *out, size_t *need)
{
	struct zr_cursor body;

	if (len > 0 && data[0] != MESSAGE_CLIENT_HELLO)
		return ZR_NONE;
	*need = len < MESSAGE_HEADER_LEN ? MESSAGE_HEADER_LEN : message_len(data);
	if (len < *need)
		return ZR_MORE;
	body = zr_cursor_of(data + MESSAGE_HEADER_LEN, *need - MESSAGE_HEADER_LEN);
	out->name_len = 0;
	out->name[0] = '\0';
	out->malformed_name = false;
	out->ech = false;
	return read_hello(&body, out) ? ZR_OK : ZR_BAD;
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
	if (!c.short_ && version_major != VERSION_MAJOR)
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

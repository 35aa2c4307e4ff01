/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/client_hello.h"

#include "dataplane/packet/cursor.h"

#define RANDOM_LEN      32
#define SESSION_ID_MAX  32
#define EXT_SERVER_NAME 0
#define EXT_ECH         0xfe0d /* RFC 9849 */
#define NAME_TYPE_HOST  0

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

bool zr_client_hello_read(enum zr_client_hello kind, const uint8_t *body, size_t len, struct zr_hello *out)
{
	struct zr_cursor c = zr_cursor_of(body, len);
	uint8_t version_major = zr_cursor_u8(&c);
	uint8_t session_id_len;
	uint16_t ciphers_len;
	uint8_t compressions_len;

	out->name_len = 0;
	out->name[0] = '\0';
	out->malformed_name = false;
	out->ech = false;
	zr_cursor_take(&c, 1 + RANDOM_LEN); /* minor version */
	session_id_len = zr_cursor_u8(&c);
	zr_cursor_take(&c, session_id_len);
	if (kind == ZR_CLIENT_HELLO_DTLS)
		zr_cursor_take(&c, zr_cursor_u8(&c)); /* cookie */
	ciphers_len = zr_cursor_u16(&c);
	zr_cursor_take(&c, ciphers_len);
	compressions_len = zr_cursor_u8(&c);
	zr_cursor_take(&c, compressions_len);
	if (c.short_ || version_major != kind || session_id_len > SESSION_ID_MAX || ciphers_len < 2 ||
	    ciphers_len % 2 != 0 || compressions_len == 0)
		return false;
	return zr_cursor_left(&c) == 0 || read_extensions(&c, out);
}

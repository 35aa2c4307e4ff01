/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/dtls_make.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/hello.h"

#define MESSAGE_HEADER_LEN 4
#define SESSION_ID_END     67 /* in the body of what hello_message makes */
#define EXTENSION_PADDING  21
#define CLIENT_HELLO       1
#define HANDSHAKE          22

static void put_u16(uint8_t *out, size_t value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
}

static void put_u24(uint8_t *out, size_t value)
{
	out[0] = (uint8_t)(value >> 16);
	put_u16(out + 1, value);
}

void dtls_make_hello(struct dtls_hello *out, const char *name, size_t cookie_len, size_t min_len)
{
	static uint8_t extensions[HELLO_ROOM], message[HELLO_ROOM];
	size_t n = 0, len;

	if (min_len > sizeof(out->body) - 1024 || cookie_len > 255)
		abort();
	n += hello_extension(extensions, EXTENSION_PADDING, NULL, min_len);
	if (name != NULL)
		n += hello_server_name(extensions + n, name);
	len = hello_message(message, extensions, n) - MESSAGE_HEADER_LEN;
	memcpy(out->body, message + MESSAGE_HEADER_LEN, SESSION_ID_END);
	put_u16(out->body, DTLS_1_2);
	out->body[SESSION_ID_END] = (uint8_t)cookie_len;
	memset(out->body + SESSION_ID_END + 1, 0xc0, cookie_len);
	memcpy(out->body + SESSION_ID_END + 1 + cookie_len, message + MESSAGE_HEADER_LEN + SESSION_ID_END,
	       len - SESSION_ID_END);
	out->len = len + 1 + cookie_len;
	out->message_seq = cookie_len > 0 ? 1 : 0;
}

size_t dtls_put_fragment(uint8_t *out, const struct dtls_hello *hello, size_t offset, size_t len)
{
	out[0] = CLIENT_HELLO;
	put_u24(out + 1, hello->len);
	put_u16(out + 4, hello->message_seq);
	put_u24(out + 6, offset);
	put_u24(out + 9, len);
	memcpy(out + DTLS_FRAGMENT_HEADER, hello->body + offset, len);
	return DTLS_FRAGMENT_HEADER + len;
}

size_t dtls_put_record(uint8_t *out, uint8_t type, uint16_t version, uint16_t epoch, const uint8_t *body, size_t len)
{
	memmove(out + DTLS_RECORD_HEADER, body, len);
	out[0] = type;
	put_u16(out + 1, version);
	put_u16(out + 3, epoch);
	memset(out + 5, 0, 6);
	put_u16(out + 11, len);
	return DTLS_RECORD_HEADER + len;
}

size_t dtls_put_datagram(uint8_t *out, const struct dtls_hello *hello, size_t offset, size_t len)
{
	uint8_t *body = out + DTLS_RECORD_HEADER;

	return dtls_put_record(out, HANDSHAKE, DTLS_1_2, 0, body, dtls_put_fragment(body, hello, offset, len));
}

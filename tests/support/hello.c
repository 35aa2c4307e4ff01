/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/hello.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_HEADER_LEN 5
#define EXTENSION_FILLER  0xfafa /* reserved for GREASE, RFC 8701 */

static void put16(uint8_t *out, size_t value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
}

size_t hello_extension(uint8_t *out, uint16_t type, const void *body, size_t len)
{
	put16(out, type);
	put16(out + 2, len);
	if (body != NULL)
		memcpy(out + 4, body, len);
	else
		memset(out + 4, 0, len);
	return 4 + len;
}

size_t hello_server_name(uint8_t *out, const char *name)
{
	size_t len = strlen(name);
	uint8_t body[512];

	if (len > sizeof(body) - 5)
		abort();
	put16(body, len + 3);
	body[2] = 0;
	put16(body + 3, len);
	memcpy(body + 5, name, len);
	return hello_extension(out, 0, body, len + 5);
}

size_t hello_message(uint8_t *out, const uint8_t *extensions, size_t len)
{
	static const uint8_t ciphers[] = {0x00, 0x06, 0x13, 0x01, 0x13, 0x02, 0xc0, 0x2b, /* */ 0x01, 0x00};
	size_t n = 4;

	put16(out + n, 0x0303);
	memset(out + n + 2, 0xa5, 32);
	n += 34;
	out[n++] = 32;
	memset(out + n, 0x5a, 32);
	n += 32;
	memcpy(out + n, ciphers, sizeof(ciphers));
	n += sizeof(ciphers);
	if (len > 0) {
		put16(out + n, len);
		memcpy(out + n + 2, extensions, len);
		n += 2 + len;
	}
	out[0] = 1;
	out[1] = (uint8_t)((n - 4) >> 16);
	put16(out + 2, n - 4);
	return n;
}

size_t hello_records(uint8_t *out, const uint8_t *message, size_t len, size_t fragment_len)
{
	size_t n = 0;

	for (size_t at = 0; at < len;) {
		size_t part = len - at < fragment_len ? len - at : fragment_len;

		out[n] = 22;
		put16(out + n + 1, 0x0301);
		put16(out + n + 3, part);
		memcpy(out + n + RECORD_HEADER_LEN, message + at, part);
		n += RECORD_HEADER_LEN + part;
		at += part;
	}
	return n;
}

size_t hello_named(uint8_t *out, const char *name, size_t total, unsigned int at)
{
	uint8_t *extensions = malloc(HELLO_ROOM);
	size_t name_len = name != NULL ? hello_server_name(extensions, name) : 0;
	size_t fixed = hello_message(out, NULL, 0) + 2 + name_len + 2 * 4;
	size_t filler = total > fixed ? total - fixed : 0;
	size_t before = filler * at / 100;
	size_t n;

	n = hello_extension(extensions, EXTENSION_FILLER, NULL, before);
	if (name != NULL)
		n += hello_server_name(extensions + n, name);
	n += hello_extension(extensions + n, EXTENSION_FILLER, NULL, filler - before);
	n = hello_message(out, extensions, n);
	free(extensions);
	return n;
}

size_t hello_stream(uint8_t *out, const char *name, size_t total, unsigned int at, size_t fragment_len)
{
	size_t headers_len = (1 + total / (fragment_len + RECORD_HEADER_LEN)) * RECORD_HEADER_LEN;
	uint8_t *message = malloc(HELLO_ROOM);
	size_t n = hello_named(message, name, total > headers_len ? total - headers_len : 0, at);

	n = hello_records(out, message, n, fragment_len);
	free(message);
	return n;
}

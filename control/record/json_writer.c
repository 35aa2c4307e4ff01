/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/record/json_writer.h"

#include <stdbool.h>

#include "rules/utf8.h"

/* Longest form of one character: \u001f. */
#define ESCAPED_MAX 6

char *zr_json_u64(char *at, uint64_t value)
{
	char digits[ZR_JSON_U64_MAX];
	size_t first = sizeof(digits);

	do {
		digits[--first] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	memcpy(at, digits + first, sizeof(digits) - first);
	return at + sizeof(digits) - first;
}

char *zr_json_hex(char *at, uint64_t value, unsigned int digits)
{
	while (digits-- > 0)
		*at++ = "0123456789abcdef"[value >> (digits * 4) & 15];
	return at;
}

static bool is_plain(char c)
{
	return (c >= ' ' && c <= '!') || (c >= '#' && c <= '[') || (c >= ']' && c <= '~');
}

/* Write the JSON form of the first character of text into out[ESCAPED_MAX]; tells how many bytes of text it took. */
static size_t escape(char *out, const char *text, size_t left, size_t *taken)
{
	uint32_t code;
	size_t len = zr_utf8_read(text, left, &code);

	*taken = len > 0 ? len : 1;
	if (len == 0)
		return (size_t)(zr_json_raw(out, "\xef\xbf\xbd") - out);
	if (*text == '"' || *text == '\\') {
		out[0] = '\\';
		out[1] = *text;
		return 2;
	}
	if (code < ' ')
		return (size_t)(zr_json_hex(zr_json_raw(out, "\\u"), code, 4) - out);
	memcpy(out, text, len);
	return len;
}

char *zr_json_string(char *at, const char *text, size_t room)
{
	const char *text_end = text + strlen(text);
	char *end = at + 1 + room;

	*at++ = '"';
	while (text < text_end) {
		char form[ESCAPED_MAX];
		size_t taken, len;

		if (at < end && is_plain(*text)) {
			*at++ = *text++;
			continue;
		}
		len = escape(form, text, (size_t)(text_end - text), &taken);
		if (len > (size_t)(end - at))
			break;
		memcpy(at, form, len);
		at += len;
		text += taken;
	}
	*at++ = '"';
	return at;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/record/json_writer.h"

#include <stdbool.h>

#include "rules/utf8.h"

/* Longest form of one character: \u001f. */
#define ESCAPED_MAX 6

/* Not terminated: 200 characters. */
const char zr_json_pairs[200] = {
	"00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354"
	"55565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
	"9899"};

/* How many decimal digits; the logarithm to the base 2, times log10(2), is right or one too small (0 has none). */
static unsigned int digits_of(uint64_t value)
{
	static const uint64_t powers[] = {1,
					  10,
					  100,
					  1000,
					  10000,
					  100000,
					  1000000,
					  10000000,
					  100000000,
					  1000000000,
					  10000000000,
					  100000000000,
					  1000000000000,
					  10000000000000,
					  100000000000000,
					  1000000000000000,
					  10000000000000000,
					  100000000000000000,
					  1000000000000000000,
					  10000000000000000000U};
	unsigned int bits = 64 - (unsigned int)__builtin_clzll(value | 1);
	unsigned int digits = bits * 1233 >> 12;

	return digits + (value >= powers[digits]);
}

char *zr_json_u64(char *at, uint64_t value)
{
	char *end = at + (value == 0 ? 1 : digits_of(value));
	char *to = end;

	while (value >= 100) {
		to -= 2;
		zr_json_pair(to, (unsigned int)(value % 100));
		value /= 100;
	}
	if (value >= 10)
		zr_json_pair(to - 2, (unsigned int)value);
	else
		to[-1] = (char)('0' + value);
	return end;
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

char *zr_json_text(char *at, const char *text, size_t len, size_t room)
{
	const char *text_end = text + len;
	char *end = at + 1 + room;

	*at++ = '"';
	while (text < text_end) {
		char form[ESCAPED_MAX];
		size_t taken, form_len;

		if (at < end && is_plain(*text)) {
			*at++ = *text++;
			continue;
		}
		form_len = escape(form, text, (size_t)(text_end - text), &taken);
		if (form_len > (size_t)(end - at))
			break;
		memcpy(at, form, form_len);
		at += form_len;
		text += taken;
	}
	*at++ = '"';
	return at;
}

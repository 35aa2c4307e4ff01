/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/utf8.h"

size_t zr_utf8_read(const char *text, size_t len, uint32_t *code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = len > 0 ? (uint8_t)text[0] : 0xff;
	size_t octets;

	if (first < 0x80) {
		*code = first;
		return 1;
	}
	if (first < 0xc0 || first > 0xf7)
		return 0;
	octets = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (len < octets)
		return 0;
	*code = first & (0x7fU >> octets);
	for (size_t i = 1; i < octets; i++) {
		if (((uint8_t)text[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | ((uint8_t)text[i] & 0x3f);
	}
	if (*code < smallest[octets] || *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return octets;
}

size_t zr_utf8_count(const char *text, size_t len)
{
	size_t count = 0;
	uint32_t code;

	for (size_t at = 0; at < len; count++) {
		size_t octets = zr_utf8_read(text + at, len - at, &code);

		at += octets > 0 ? octets : 1;
	}
	return count;
}

static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

bool zr_utf8_is_printable(const char *text, size_t len)
{
	uint32_t code;

	for (size_t at = 0, octets; at < len; at += octets) {
		octets = zr_utf8_read(text + at, len - at, &code);
		if (octets == 0 || is_control(code))
			return false;
	}
	return true;
}

bool zr_utf8_has_control(const char *text, size_t len)
{
	uint32_t code;

	for (size_t at = 0, octets; at<len; at += octets> 0 ? octets : 1) {
		octets = zr_utf8_read(text + at, len - at, &code);
		if (octets > 0 && is_control(code))
			return true;
	}
	return false;
}

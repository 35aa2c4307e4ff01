/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/utf8.h"

#include <string.h>

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

/* What a terminal obeys. Those of direction make one text look like another. */
static bool is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
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

bool zr_utf8_is_blank(uint32_t code)
{
	return code == ' ' || code == '\t' || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
	       code == 0x2028 || code == 0x2029 || code == 0x202f || code == 0x205f || code == 0x3000;
}

bool zr_utf8_is_invisible(uint32_t code)
{
	static const uint32_t ranges[][2] = {
		{0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},     {0x115f, 0x1160}, {0x17b4, 0x17b5},
		{0x180b, 0x180f},   {0x200b, 0x200b},   {0x200e, 0x200f},   {0x202a, 0x202e}, {0x2060, 0x206f},
		{0x3164, 0x3164},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0}, {0xfff9, 0xfffb},
		{0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]) && code >= ranges[i][0]; i++)
		if (code <= ranges[i][1])
			return true;
	return false;
}

/* Octets of the blank or invisible character that text begins with, 0 when it begins with another. */
static size_t blank_octets(const char *text, size_t len)
{
	uint32_t code;
	size_t octets = zr_utf8_read(text, len, &code);

	return octets > 0 && (zr_utf8_is_blank(code) || zr_utf8_is_invisible(code)) ? octets : 0;
}

size_t zr_utf8_blanks(const char *text, size_t len)
{
	size_t at = 0, octets;

	while (at < len && (octets = blank_octets(text + at, len - at)) > 0)
		at += octets;
	return at;
}

size_t zr_utf8_trimmed(const char *text, size_t len)
{
	while (len > 0) {
		size_t last = len - 1;

		while (last > 0 && len - last < 4 && ((uint8_t)text[last] & 0xc0) == 0x80)
			last--;
		if (blank_octets(text + last, len - last) != len - last)
			break;
		len = last;
	}
	return len;
}

size_t zr_utf8_mask(char *text, size_t len)
{
	size_t used = 0;

	for (size_t at = 0, octets; at < len; at += octets) {
		uint32_t code = 0;
		bool is_shown;

		octets = zr_utf8_read(text + at, len - at, &code);
		is_shown = octets > 0 && !is_control(code) && !zr_utf8_is_invisible(code);
		octets = octets > 0 ? octets : 1;
		if (is_shown)
			memmove(text + used, text + at, octets);
		else
			text[used] = '?';
		used += is_shown ? octets : 1;
	}
	return used;
}

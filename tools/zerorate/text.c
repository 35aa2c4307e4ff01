/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/text.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "rules/utf8.h"

/* What decomposed Vietnamese is written with. */
static bool is_combining(uint32_t code)
{
	return code >= 0x300 && code < 0x370;
}

size_t zr_text_clean(char *out, size_t room, const char *text)
{
	const char *end = text + strlen(text);
	size_t used = 0;

	while (text < end) {
		uint32_t code;
		size_t taken = zr_utf8_read(text, (size_t)(end - text), &code);
		const char *shown = text;
		size_t len = taken;

		if (taken == 0) {
			taken = 1;
			shown = "\xef\xbf\xbd";
			len = 3;
		} else if (!zr_utf8_is_printable(text, taken)) {
			shown = "?";
			len = 1;
		}
		if (used + len >= room)
			break;
		memcpy(out + used, shown, len);
		used += len;
		text += taken;
	}
	out[used] = '\0';
	return used;
}

/* Walk over clean text, as far as it takes no more than *columns; *columns is then what it takes. */
static size_t walk(const char *text, unsigned int *columns)
{
	unsigned int taken = 0;
	size_t at = 0;

	while (text[at] != '\0') {
		uint32_t code;
		size_t len = zr_utf8_read(text + at, 4, &code);

		if (!is_combining(code)) {
			if (taken == *columns)
				break;
			taken++;
		}
		at += len;
	}
	*columns = taken;
	return at;
}

unsigned int zr_text_width(const char *text)
{
	unsigned int columns = UINT_MAX;

	walk(text, &columns);
	return columns;
}

size_t zr_text_fit(const char *text, unsigned int columns)
{
	return walk(text, &columns);
}

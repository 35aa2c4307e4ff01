/* SPDX-License-Identifier: BSD-3-Clause */
/* Text for terminals: what may be shown, and how wide it is. */
#ifndef TOOLS_ZERORATE_TEXT_H
#define TOOLS_ZERORATE_TEXT_H

#include <stddef.h>

/*
 * Copy text into out[room], terminated, cut before the character that does not fit. Control characters (rules/utf8.h; a terminal would
 * obey them) become '?', bytes that are not UTF-8 become U+FFFD. Returns the length.
 */
size_t zr_text_clean(char *out, size_t room, const char *text);

/* Columns that clean text takes: a character each, none for combining marks. */
unsigned int zr_text_width(const char *text);

/* Bytes of the longest beginning of clean text that takes no more than so many columns. */
size_t zr_text_fit(const char *text, unsigned int columns);

#endif

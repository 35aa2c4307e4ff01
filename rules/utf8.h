/* SPDX-License-Identifier: BSD-3-Clause */
/* UTF-8 (RFC 3629), one character at a time. */
#ifndef RULES_UTF8_H
#define RULES_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The character that text begins with: returns its octets (1 to 4) and stores its code point, or returns 0 when the bytes
 * are not well-formed (RFC 3629, section 4) or len is 0.
 */
size_t zr_utf8_read(const char *text, size_t len, uint32_t *code);

/* Characters in len bytes; an octet of no well-formed character counts as one. */
size_t zr_utf8_count(const char *text, size_t len);

/*
 * Is all of it well-formed and free of control characters (U+0000 to U+001F, U+007F to U+009F, separators of lines and
 * paragraphs U+2028 and U+2029, embeddings, overrides and isolates of direction U+202A to U+202E and U+2066 to U+2069)?
 */
bool zr_utf8_is_printable(const char *text, size_t len);
/* Is it a blank: a space or a tab, or one of the spaces outside ASCII (no-break, narrow, ideographic and so on)? */
bool zr_utf8_is_blank(uint32_t code);
/*
 * Is it a character that nobody sees (zero-width space, soft hyphen, marks of direction, variation selectors and so on)? The
 * two joiners U+200C and U+200D are not among them: some scripts need them.
 */
bool zr_utf8_is_invisible(uint32_t code);

/* Octets of the blanks and the invisible characters that text begins with. */
size_t zr_utf8_blanks(const char *text, size_t len);
/* The length of text without the blanks and the invisible characters that it ends with. */
size_t zr_utf8_trimmed(const char *text, size_t len);

/*
 * Put '?' in place of whatever a terminal may obey or nobody sees: control characters, invisible ones, and octets of no
 * well-formed character. Returns the new length, which is not above len; no terminator is written.
 */
size_t zr_utf8_mask(char *text, size_t len);

/* Is there a control character among what is well-formed? */
bool zr_utf8_has_control(const char *text, size_t len);

#endif

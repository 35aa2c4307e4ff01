/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pieces of JSON, each written at `at` and returning where it ended, like stpcpy. None checks for room: the caller bounds
 * every piece beforehand and proves that their sum fits. Nothing is terminated, allocated or able to fail. Any thread.
 */
#ifndef CONTROL_RECORD_JSON_WRITER_H
#define CONTROL_RECORD_JSON_WRITER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Most bytes that zr_json_u64 writes: 18446744073709551615. */
#define ZR_JSON_U64_MAX 20

/* Copy text as it is: punctuation and names that need no escaping. A literal's length is known when it is compiled. */
static inline char *zr_json_raw(char *at, const char *text)
{
	size_t len = strlen(text);

	memcpy(at, text, len);
	return at + len;
}

/* The two decimal digits of every number below 100, one behind the other. */
extern const char zr_json_pairs[200];

/* A number below 100 as two digits. */
static inline char *zr_json_pair(char *at, unsigned int value)
{
	memcpy(at, zr_json_pairs + (size_t)2 * value, 2);
	return at + 2;
}

/* A number in decimal. */
char *zr_json_u64(char *at, uint64_t value);

/* The lower `digits` hexadecimal digits of a number, lower case, with leading zeros, no quotes. */
char *zr_json_hex(char *at, uint64_t value, unsigned int digits);

/*
 * A string in quotes (RFC 8259, section 7) of any len bytes: quotation marks, backslashes and control characters are
 * escaped, bytes that are not UTF-8 become U+FFFD. Writes at most room bytes between the quotes: text that would need more
 * is cut before the character that does not fit.
 */
char *zr_json_text(char *at, const char *text, size_t len, size_t room);

/* The same of a terminated text. */
static inline char *zr_json_string(char *at, const char *text, size_t room)
{
	return zr_json_text(at, text, strlen(text), room);
}

#endif

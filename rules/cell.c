/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/cell.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "rules/decimal.h"
#include "rules/utf8.h"

/* Most octets of a cell that are looked at: no number or date of a spreadsheet is longer. */
#define CELL_MAX 40

#define APOSTROPHE_FAULT "begins with an apostrophe, with which spreadsheets mark text: remove it"
#define FORMULA_FAULT    "is a formula or an error of a spreadsheet: write the value itself, in a column formatted as text"

bool zr_cell_number(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	size_t zeros = 0;

	while (zeros < 2 && zeros + 2 < len && text[len - 1 - zeros] == '0')
		zeros++;
	if (zeros > 0 && (text[len - 1 - zeros] == '.' || text[len - 1 - zeros] == ','))
		len -= zeros + 1;
	return zr_decimal_parse(text, len, max, out);
}

/* Octets at the beginning that are digits, signs between them, or blanks; and how many digits there are. */
static size_t count_numeric(const char *text, size_t len, size_t *digits)
{
	size_t at = 0, blanks;

	*digits = 0;
	while (at < len) {
		if (text[at] >= '0' && text[at] <= '9') {
			++*digits;
			at++;
		} else if (text[at] == '.' || text[at] == ',' || text[at] == '\'' || text[at] == '+') {
			at++;
		} else if ((blanks = zr_utf8_blanks(text + at, len - at)) > 0) {
			at += blanks;
		} else {
			break;
		}
	}
	return at;
}

/* What both kinds of cells may have become. */
static const char *fault_of_any(const char *text, size_t len)
{
	if (len == 0)
		return NULL;
	if (text[0] == '\'' || (len >= 3 && memcmp(text, "\xe2\x80\x99", 3) == 0))
		return APOSTROPHE_FAULT;
	if (text[0] == '=' || (text[0] == '#' && len > 1))
		return FORMULA_FAULT;
	return NULL;
}

const char *zr_cell_number_fault(const char *text, size_t len)
{
	const char *fault = fault_of_any(text, len);
	size_t digits, numeric;

	if (fault != NULL || len > CELL_MAX)
		return fault;
	numeric = count_numeric(text, len, &digits);
	if (digits == 0)
		return NULL;
	if (numeric == len && digits < len)
		return "has separators between its digits, or a fraction: write the digits alone, like 90001, in a "
		       "column formatted as text";
	if (numeric < len && (text[numeric] == 'E' || text[numeric] == 'e'))
		return "was shortened by a spreadsheet: write all its digits, like 90001, in a column formatted as "
		       "text";
	return NULL;
}

const char *zr_cell_time_fault(const char *text, size_t len)
{
	const char *fault = fault_of_any(text, len);
	bool has_separator = false;
	uint64_t day;

	if (fault != NULL || len == 0 || len > CELL_MAX || text[0] < '0' || text[0] > '9')
		return fault;
	if ((len > 10 && (text[10] == 'T' || text[10] == 't')) || memchr(text, '+', len) != NULL)
		return NULL;
	for (size_t i = 0; i < len; i++)
		has_separator = has_separator || text[i] == '/' || text[i] == '-' || text[i] == '.' || text[i] == ':';
	/* Five digits alone are the number of a day, counted from 1900. */
	if (has_separator || (len == 5 && zr_decimal_parse(text, len, 99999, &day)))
		return "is a date as spreadsheets write it, without its time zone: write it like "
		       "2026-06-01T00:00:00+07:00, in a column formatted as text";
	return NULL;
}

/* Would a word go on with this octet? */
static bool is_of_word(char c)
{
	return c == '-' || c == '_' || isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

bool zr_cell_has_word(const char *text, size_t len, const char *word)
{
	const size_t word_len = strlen(word);

	for (size_t at = 0; at + word_len <= len; at++)
		if (strncasecmp(text + at, word, word_len) == 0 && (at == 0 || !is_of_word(text[at - 1])) &&
		    (at + word_len == len || !is_of_word(text[at + word_len])))
			return true;
	return false;
}

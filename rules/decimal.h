/* SPDX-License-Identifier: BSD-3-Clause */
/* Decimal numbers as the list writes them: digits and nothing else. */
#ifndef RULES_DECIMAL_H
#define RULES_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Read all len characters of text as one number of at most max; false when they are anything else. */
static inline bool zr_decimal_parse(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)(unsigned char)text[i] - '0';

		if (digit > 9 || digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return len > 0;
}

#endif

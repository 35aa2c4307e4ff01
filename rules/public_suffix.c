/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/public_suffix.h"

#include <ctype.h>
#include <libpsl.h>
#include <string.h>
#include <strings.h>

bool zr_public_suffix_is(const char *name)
{
	/* With no list this says yes to every name: nothing is freed that should not be. */
	return psl_is_public_suffix(psl_builtin(), name) != 0;
}

/* Would a word go on with this octet? */
static bool is_of_word(char c)
{
	return c == '-' || c == '_' || isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

bool zr_public_suffix_is_intended(const char *note, size_t len)
{
	const size_t word_len = strlen(ZR_PUBLIC_SUFFIX_WORD);

	for (size_t at = 0; at + word_len <= len; at++)
		if (strncasecmp(note + at, ZR_PUBLIC_SUFFIX_WORD, word_len) == 0 &&
		    (at == 0 || !is_of_word(note[at - 1])) &&
		    (at + word_len == len || !is_of_word(note[at + word_len])))
			return true;
	return false;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/public_suffix.h"

#include <libpsl.h>

#include "rules/cell.h"

bool zr_public_suffix_is(const char *name)
{
	/* With no list this says yes to every name: nothing is freed that should not be. */
	return psl_is_public_suffix(psl_builtin(), name) != 0;
}

bool zr_public_suffix_is_intended(const char *note, size_t len)
{
	return zr_cell_has_word(note, len, ZR_PUBLIC_SUFFIX_WORD);
}

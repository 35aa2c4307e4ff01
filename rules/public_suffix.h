/* SPDX-License-Identifier: BSD-3-Clause */
/* Names under which anyone may register (the Public Suffix List, by libpsl with the list built into it). */
#ifndef RULES_PUBLIC_SUFFIX_H
#define RULES_PUBLIC_SUFFIX_H

#include <stdbool.h>
#include <stddef.h>

/* The word in an entry's note that lets it free all of a public suffix. */
#define ZR_PUBLIC_SUFFIX_WORD "public-suffix-intended"

/*
 * Is a canonical, terminated name a public suffix, of a registry or of a company that gives out names? A single label that the
 * list does not know is one too, and so is every name when libpsl was built without its list. Any thread.
 */
bool zr_public_suffix_is(const char *name);

/* Does a note hold the word, whole, in upper or lower case? */
bool zr_public_suffix_is_intended(const char *note, size_t len);

#endif

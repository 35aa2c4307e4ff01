/* SPDX-License-Identifier: BSD-3-Clause */
/* Labels outside ASCII (IDNA 2008, RFC 5890 to 5893), by libidn2. */
#ifndef RULES_IDN_H
#define RULES_IDN_H

#include <stdbool.h>

#include "rules/fault.h"
#include "rules/name.h"

/*
 * The A-label, or the plain label, of a label that is written with characters outside ASCII. text, len: no dots in it, not
 * terminated, at most ZR_RULE_MAX octets. Latin, Greek and Cyrillic letters do not stand together in one. out: room for ZR_LABEL_MAX + 1 bytes, terminated on success. Returns its length,
 * -EINVAL with *fault (which may be NULL) filled, or -ENOMEM.
 */
int zr_idn_from_text(const char *text, size_t len, char *out, struct zr_fault *fault);

/* Does a lower-case label of at most ZR_LABEL_MAX octets begin like an A-label? */
bool zr_idn_is_a_label(const char *label, size_t len);

/*
 * Is a lower-case, terminated label that begins like an A-label the A-label of something that IDNA 2008 allows? Returns 0,
 * -EINVAL with *fault (which may be NULL) filled, or -ENOMEM.
 */
int zr_idn_check(const char *label, struct zr_fault *fault);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Host names as people write them: letters of any script, upper case, a trailing dot. */
#ifndef RULES_NAME_TEXT_H
#define RULES_NAME_TEXT_H

#include "rules/fault.h"
#include "rules/name.h"

/*
 * Bring a host name that a person wrote into canonical form (rules/name.h). Labels with characters outside ASCII become
 * their A-labels: composed (NFC), mapped as UTS 46 does without transitional processing, checked by IDNA 2008 (RFC 5891,
 * section 4); Latin, Greek and Cyrillic letters, which look alike, do not stand together in one. A-labels are checked by
 * IDNA 2008 too. Full stops of East Asian scripts (U+3002, U+FF0E, U+FF61) are dots.
 * Labels may hold underscores, but neither begin nor end with a hyphen; the last one is no number.
 *
 * text, len: not terminated, without blanks around it. out: room for ZR_NAME_MAX + 1 bytes; terminated on success. fault may
 * be NULL when only the answer is wanted, which then is cheaper.
 * Returns the length of the name, -EINVAL with *fault filled, or -ENOMEM. Any thread.
 */
int zr_name_from_text(const char *text, size_t len, char *out, struct zr_fault *fault);

#endif

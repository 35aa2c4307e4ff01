/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Host names as packet flow descriptions have them: "an FQDN or a regular expression as a domain name matching criteria"
 * (3GPP TS 29.122, Pfd: domainNames). Of regular expressions those are read that say no more than the list can:
 *
 *   ^(.+\.)?olm\.vn$     the name and its subdomains, .olm.vn; in the group also .* for .+, and ?: at its beginning
 *   ^.+\.olm\.vn$        its subdomains, *.olm.vn; also .* for .+, and without .+ or .* and ^: \.olm\.vn$
 *   ^olm\.vn$            the name alone
 *
 * Dots are escaped by a backslash or stand in brackets, [.].
 */
#ifndef TOOLS_ZERORATE_LIST_PATTERN_H
#define TOOLS_ZERORATE_LIST_PATTERN_H

#include <stddef.h>

#include "rules/image.h"
#include "rules/match.h"

/* Room for what zr_pattern_write writes: every character of a name escaped, and what stands around it. */
#define ZR_PATTERN_MAX (2 * ZR_NAME_MAX + 16)

/* Write a rule for a name, no exclusion, as FQDN or regular expression, terminated. Returns the length. */
size_t zr_pattern_write(const struct zr_rule *rule, char out[ZR_PATTERN_MAX]);

/*
 * Read an FQDN or a regular expression as a match column. Returns NULL, or what is wrong as a constant, the end of a sentence.
 * What stands in rule then may still be no host name.
 */
const char *zr_pattern_read(const char *text, size_t len, char rule[ZR_RULE_MAX + 1]);

#endif

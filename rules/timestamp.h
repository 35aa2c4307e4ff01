/* SPDX-License-Identifier: BSD-3-Clause */
/* Times as the list writes them. */
#ifndef RULES_TIMESTAMP_H
#define RULES_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

/* What to write, for messages; an example follows. */
#define ZR_TIMESTAMP_FORM "a day that exists, the time to the second and the time zone, like "

/*
 * Read an RFC 3339 date-time with an offset and whole seconds, "2026-06-01T00:00:00+07:00", as Unix seconds.
 * Fractions are refused, because windows count whole seconds, and so is the leap second :60, which Unix time has not.
 * Returns 0 or -EINVAL.
 */
int zr_timestamp_parse(const char *text, size_t len, int64_t *out_s);

#endif

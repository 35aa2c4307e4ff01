/* SPDX-License-Identifier: BSD-3-Clause */
/* Times of lists as text. */
#ifndef TOOLS_ZERORATE_LIST_WHEN_H
#define TOOLS_ZERORATE_LIST_WHEN_H

#include <stdint.h>

/* Room for what zr_list_when writes, terminator included. */
#define ZR_LIST_WHEN 32

/* Unix seconds of a list as RFC 3339 in UTC, "2026-06-01T00:00:00Z". Returns out. */
const char *zr_list_when(int64_t time_s, char out[ZR_LIST_WHEN]);

#endif

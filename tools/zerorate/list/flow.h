/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address entries as packet flow descriptions have them: an IPFilterRule (RFC 6733, section 4.3.1) with the restrictions of
 * 3GPP TS 29.212, section 5.3.8: action permit, direction out, from the server to the subscriber, no options.
 *
 *   permit out 17 from 203.162.10.0/24 8801-8810 to assigned
 */
#ifndef TOOLS_ZERORATE_LIST_FLOW_H
#define TOOLS_ZERORATE_LIST_FLOW_H

#include <stddef.h>

#include "rules/match.h"

/* Room for a flow description as zr_flow_write writes it. */
#define ZR_FLOW_MAX 128
/* Most ranges of ports that one flow description is read with. */
#define ZR_FLOW_RANGES_MAX 64
/* Longest flow description that is read. */
#define ZR_FLOW_READ_MAX 1024

/* Write a block, terminated. Returns the length. */
size_t zr_flow_write(const struct zr_block *block, char out[ZR_FLOW_MAX]);

/* What a flow description is in match columns: one for each range of ports. */
struct zr_flow {
	unsigned int count;
	char rules[ZR_FLOW_RANGES_MAX][ZR_FLOW_MAX];
};

/*
 * Read a flow description. Returns NULL, or what is wrong as a constant, the end of a sentence. What stands in the rules may
 * still be wider than a list may hold.
 */
const char *zr_flow_read(const char *text, size_t len, struct zr_flow *out);

#endif

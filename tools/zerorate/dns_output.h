/* SPDX-License-Identifier: BSD-3-Clause */
/* What was learned from DNS, as text. */
#ifndef TOOLS_ZERORATE_DNS_OUTPUT_H
#define TOOLS_ZERORATE_DNS_OUTPUT_H

#include "dataplane/inspect/dns_learn.h"
#include "tools/zerorate/table.h"

/* Room that one object of any content needs. */
#define ZR_DNS_JSON_MAX 8192

/* Write one learned address as a JSON object, without a newline and without a terminator; returns its length. */
size_t zr_dns_json(const struct zr_dns_learned *learned, char *out);

/* Begin a table of learned addresses; width as in zr_table_init. */
void zr_dns_table_init(struct zr_table *t, unsigned int width);

/* Keep a row for one; not when zr_table_full. */
void zr_dns_table_add(struct zr_table *t, const struct zr_dns_learned *learned);

#endif

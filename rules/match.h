/* SPDX-License-Identifier: BSD-3-Clause */
/* The match column: name, .name, *.name, !name, or a block of addresses with protocol and ports. */
#ifndef RULES_MATCH_H
#define RULES_MATCH_H

#include "rules/fault.h"
#include "rules/image_format.h"
#include "rules/name.h"

/* Widest blocks that a list may free, in bits of prefix. */
#define ZR_BLOCK_V4_MIN_LEN 12
#define ZR_BLOCK_V6_MIN_LEN 28

struct zr_rule {
	uint8_t kind; /* enum zr_rule_kind */
	uint8_t name_len;
	char name[ZR_NAME_MAX + 1]; /* canonical; names only */
	struct zr_block block;      /* blocks only */
};

/*
 * Read a match column without blanks around it. fault may be NULL when only the answer is wanted. Returns 0, -ENOMEM, or
 * -EINVAL with *fault filled; out->kind then is still ZR_RULE_EXCLUDED exactly when the text begins with '!'.
 */
int zr_rule_parse(const char *text, size_t len, struct zr_rule *out, struct zr_fault *fault);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The match column: name, .name, *.name, !name, or a block of addresses with protocol and ports. */
#ifndef RULES_MATCH_H
#define RULES_MATCH_H

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

/* Why a match column cannot be read. */
struct zr_rule_fault {
	size_t at;      /* octet of the text */
	char text[512]; /* what is wrong, and what to write instead; a rule of ZR_RULE_MAX fits */
};

/*
 * Read a match column without blanks around it. Returns 0, or -EINVAL with *fault filled; out->kind then is still
 * ZR_RULE_EXCLUDED exactly when the text begins with '!'.
 */
int zr_rule_parse(const char *text, size_t len, struct zr_rule *out, struct zr_rule_fault *fault);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wrong with a text that a person wrote. */
#ifndef RULES_FAULT_H
#define RULES_FAULT_H

#include <stddef.h>

#include "rules/image.h"

struct zr_fault {
	size_t at;                    /* octet of the text */
	char text[ZR_RULE_MAX + 256]; /* what is wrong, and what to write instead; a rule of ZR_RULE_MAX fits */
};

/*
 * Fill in fault, unless it is NULL, as printf does; at is the octet of the text. Returns -EINVAL, for the caller to return.
 */
__attribute__((format(printf, 3, 4))) int zr_fault_set(struct zr_fault *fault, size_t at, const char *format, ...);

#endif

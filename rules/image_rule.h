/* SPDX-License-Identifier: BSD-3-Clause */
/* What the entries of an image cover, without reading their text again. */
#ifndef RULES_IMAGE_RULE_H
#define RULES_IMAGE_RULE_H

#include "rules/image.h"
#include "rules/match.h"

/* The rule of the entry with that number (below zr_image_entry_count), as zr_rule_parse read it. Const, any thread. */
void zr_image_rule(const struct zr_image *image, uint32_t entry, struct zr_rule *out);

#endif

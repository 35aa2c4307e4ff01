/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/image_rule.h"

#include <string.h>

#include "rules/image_view.h"

void zr_image_rule(const struct zr_image *image, uint32_t entry, struct zr_rule *out)
{
	const struct zr_image_entry *e = &image->entries[entry];

	*out = (struct zr_rule){.kind = e->kind, .name_len = e->name_len};
	if (entry >= image->name_count)
		out->block = image->blocks[entry - image->name_count];
	else
		memcpy(out->name, zr_image_entry_name(image, e), e->name_len);
}

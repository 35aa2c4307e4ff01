/* SPDX-License-Identifier: BSD-3-Clause */
/* Any bytes as a list: what is accepted compiles into an image that loads, what is refused says why. */
#include <errno.h>
#include <stdlib.h>

#include "rules/image.h"
#include "rules/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compile(const struct zr_list *list)
{
	struct zr_image *image;
	void *block;
	size_t len;

	if (zr_list_compile(list, &block, &len) != 0 || zr_image_load(block, len, &image, NULL) != 0)
		abort();
	zr_image_free(image);
	free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zr_findings errors = {0};
	struct zr_list *list;
	int error = zr_list_read((const char *)data, size, &list, &errors);

	if (error == 0) {
		compile(list);
		zr_list_free(list);
	}
	if ((error == 0) != (errors.count == 0) || (error != 0 && error != -EINVAL))
		abort();
	for (size_t i = 0; i < errors.count; i++)
		if (errors.at[i].line == 0 || errors.at[i].column == 0 || errors.at[i].text[0] == '\0' ||
		    (i > 0 && errors.at[i].line < errors.at[i - 1].line))
			abort();
	zr_findings_clear(&errors);
	return 0;
}

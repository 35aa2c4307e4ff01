/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_load.h"

#include <stdlib.h>

#include "control/file.h"

int zr_list_load(const char *path, const uint64_t key[2], struct zr_list_loaded *out)
{
	size_t len = 0;
	char *text;
	int err;

	*out = (struct zr_list_loaded){0};
	err = zr_file_read(path, ZR_LIST_BYTES_MAX, &text, &len);
	if (err != 0)
		return zr_list_refuse(out, err, "the list cannot be read: ", zr_file_error(err));
	err = zr_list_build(text, len, key, out);
	free(text);
	return err;
}

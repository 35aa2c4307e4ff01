/* SPDX-License-Identifier: BSD-3-Clause */
/* A list file, ready to judge by. */
#ifndef TOOLS_ZERORATE_LIST_FILE_H
#define TOOLS_ZERORATE_LIST_FILE_H

#include <stdbool.h>

#include "rules/image.h"

struct zr_list_file {
	void *block;
	struct zr_image *image;
	struct zr_suffix_index *index;
};

/*
 * Read, compile and index a list. What is wrong is told on standard error, every finding as FILE:LINE:COLUMN: text, then
 * their number. Close it with zr_list_file_close whatever the result.
 */
bool zr_list_file_open(const char *path, const uint64_t key[2], struct zr_list_file *out);
void zr_list_file_close(struct zr_list_file *list);

#endif

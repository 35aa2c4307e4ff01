/* SPDX-License-Identifier: BSD-3-Clause */
/* A list file, ready to judge by. What is wrong is told on standard error. */
#ifndef TOOLS_ZERORATE_LIST_FILE_H
#define TOOLS_ZERORATE_LIST_FILE_H

#include <stdbool.h>

#include "rules/list_build.h"

/* The bytes of a list: a file, or what a pipe gives. malloc'ed; NULL when it cannot be read. */
char *zr_list_file_read(const char *path, size_t *len);

/*
 * Compile and index the bytes of a list that were read from path. Every finding is told as FILE:LINE:COLUMN: text, then their
 * number. Call zr_list_loaded_clear whatever the result.
 */
bool zr_list_file_build(const char *path, const char *text, size_t len, const uint64_t key[2],
			struct zr_list_loaded *out);

/* Both. */
bool zr_list_file_open(const char *path, const uint64_t key[2], struct zr_list_loaded *out);

/* Open a list, or the image that one was compiled to; an image comes without an index. Otherwise like zr_list_file_open. */
bool zr_list_or_image_open(const char *path, const uint64_t key[2], struct zr_list_loaded *out);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A list file, ready to judge by. */
#ifndef TOOLS_ZERORATE_LIST_FILE_H
#define TOOLS_ZERORATE_LIST_FILE_H

#include <stdbool.h>

#include "rules/list_build.h"

/*
 * Read, compile and index a list: a file, or what a pipe gives. What is wrong is told on standard error, every finding as
 * FILE:LINE:COLUMN: text, then their number. Call zr_list_loaded_clear whatever the result.
 */
bool zr_list_file_open(const char *path, const uint64_t key[2], struct zr_list_loaded *out);

#endif

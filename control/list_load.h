/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONTROL_LIST_LOAD_H
#define CONTROL_LIST_LOAD_H

#include "rules/list_build.h"

/* zr_list_build on a regular file, which is refused before it fills memory. Any thread. */
int zr_list_load(const char *path, const uint64_t key[2], struct zr_list_loaded *out);

#endif

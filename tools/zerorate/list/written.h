/* SPDX-License-Identifier: BSD-3-Clause */
/* What a command made, where its user wants it. */
#ifndef TOOLS_ZERORATE_LIST_WRITTEN_H
#define TOOLS_ZERORATE_LIST_WRITTEN_H

#include <stddef.h>

/*
 * Write to a file, which is there whole or not at all, or (path NULL) to standard output. Failures are told on standard error,
 * in the name of the command. Returns the exit status.
 */
int zr_list_written(const char *command, const char *path, const char *text, size_t len);

#endif

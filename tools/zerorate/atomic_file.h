/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that are there whole or not at all. */
#ifndef TOOLS_ZERORATE_ATOMIC_FILE_H
#define TOOLS_ZERORATE_ATOMIC_FILE_H

#include <stddef.h>

/*
 * Put len bytes under a path: written to a file of its own beside it, synchronised, renamed over what is there. Whoever reads
 * the path sees the old bytes or the new ones, and after a crash too. Only a regular file is replaced, no symbolic link.
 * Returns 0 or -errno (-EEXIST: something else has that name), and then leaves everything as it was; but when only the folder
 * cannot be synchronised, the new bytes are there.
 */
int zr_atomic_file_write(const char *path, const void *bytes, size_t len);

#endif

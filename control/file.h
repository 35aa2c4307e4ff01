/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole files in memory. */
#ifndef CONTROL_FILE_H
#define CONTROL_FILE_H

#include <stddef.h>

/*
 * Read a file of at most max bytes. Returns 0 with *text (malloc'ed, a zero byte behind its *len bytes), or -errno
 * with *text NULL: -EFBIG when it is larger, -EISDIR or -EINVAL when it is no regular file. Never waits for a writer. Any thread.
 */
int zr_file_read(const char *path, size_t max, char **text, size_t *len);

/* The same of an open file, from its beginning, wherever its descriptor stands. The descriptor stays the caller's. */
int zr_file_read_open(int fd, size_t max, char **text, size_t *len);

/* What -errno of zr_file_read means, as the end of a sentence. */
const char *zr_file_error(int err);

#endif

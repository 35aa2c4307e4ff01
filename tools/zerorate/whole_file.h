/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole files in memory, however large or strange what the user named is. */
#ifndef TOOLS_ZERORATE_WHOLE_FILE_H
#define TOOLS_ZERORATE_WHOLE_FILE_H

#include <stddef.h>

#define ZR_WHOLE_FILE_REASON 128

/*
 * Read a file, or what a pipe gives until its writers are gone, of at most most bytes. Devices, folders and pipes without a
 * writer are refused, and so is what is larger, before it is read where its size is known. Returns the bytes, malloc'ed, with
 * a zero byte behind them, or NULL with reason filled: why, as the end of a sentence.
 */
char *zr_whole_file_read(const char *path, size_t most, size_t *len, char reason[ZR_WHOLE_FILE_REASON]);

/*
 * The same for files that the user did not name, which others may have put there: pipes are refused too, since whoever holds
 * one open could keep the reader waiting for ever.
 */
char *zr_regular_file_read(const char *path, size_t most, size_t *len, char reason[ZR_WHOLE_FILE_REASON]);

#endif

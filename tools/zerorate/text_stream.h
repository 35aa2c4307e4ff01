/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A text that is put together with stdio and is whole or not there. open_memstream is not enough: glibc's tells a writer that it
 * had no memory, and loses what was written, but neither ferror nor fclose know of it afterwards.
 */
#ifndef TOOLS_ZERORATE_TEXT_STREAM_H
#define TOOLS_ZERORATE_TEXT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Zero before it is opened; private. */
struct zr_text_stream {
	FILE *file; /* to write to */
	char *text;
	size_t len, room;
	bool failed;
};

/* Open file. False when there is no memory. */
bool zr_text_stream_open(struct zr_text_stream *stream);

/* Close it. Returns the text, terminated, for the caller to free, and its length, or NULL when any of it found no memory. */
char *zr_text_stream_close(struct zr_text_stream *stream, size_t *len);

#endif

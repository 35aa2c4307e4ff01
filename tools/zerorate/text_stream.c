/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/text_stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define FIRST_ROOM 4096

/* As fopencookie wants it: returns 0 when it fails. */
static ssize_t append(void *cookie, const char *bytes, size_t len)
{
	struct zr_text_stream *stream = cookie;
	size_t room = stream->room;
	char *text;

	/* One byte more, for the terminator. */
	while (room - stream->len <= len)
		room *= 2;
	if (!stream->failed && room > stream->room) {
		text = realloc(stream->text, room);
		stream->failed = text == NULL;
		if (text != NULL) {
			stream->text = text;
			stream->room = room;
		}
	}
	/* Later, shorter pieces might fit again, behind a gap. */
	if (stream->failed)
		return 0;
	memcpy(stream->text + stream->len, bytes, len);
	stream->len += len;
	return (ssize_t)len;
}

bool zr_text_stream_open(struct zr_text_stream *stream)
{
	*stream = (struct zr_text_stream){.text = malloc(FIRST_ROOM), .room = FIRST_ROOM};
	if (stream->text != NULL)
		stream->file = fopencookie(stream, "w", (cookie_io_functions_t){.write = append});
	if (stream->file != NULL)
		return true;
	free(stream->text);
	return false;
}

char *zr_text_stream_close(struct zr_text_stream *stream, size_t *len)
{
	if (fclose(stream->file) != 0 || stream->failed) {
		free(stream->text);
		return NULL;
	}
	stream->text[stream->len] = '\0';
	*len = stream->len;
	return stream->text;
}

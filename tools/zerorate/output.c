/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void zr_output_init(struct zr_output *out, int fd)
{
	out->fd = fd;
	out->error = 0;
	out->used = 0;
}

bool zr_output_flush(struct zr_output *out)
{
	size_t done = 0;

	while (out->error == 0 && done < out->used) {
		ssize_t count = write(out->fd, out->buffer + done, out->used - done);

		if (count > 0)
			done += (size_t)count;
		else if (count == 0 || errno != EINTR)
			out->error = count == 0 ? EIO : errno;
	}
	out->used = 0;
	return out->error == 0;
}

char *zr_output_room(struct zr_output *out, size_t len)
{
	if (sizeof(out->buffer) - out->used < len)
		zr_output_flush(out);
	return out->buffer + out->used;
}

void zr_output_add(struct zr_output *out, size_t len)
{
	out->used += len;
}

void zr_output_put(struct zr_output *out, const char *bytes, size_t len)
{
	while (len > 0) {
		size_t count = len < ZR_OUTPUT_ROOM ? len : ZR_OUTPUT_ROOM;

		memcpy(zr_output_room(out, count), bytes, count);
		zr_output_add(out, count);
		bytes += count;
		len -= count;
	}
}

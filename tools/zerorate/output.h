/* SPDX-License-Identifier: BSD-3-Clause */
/* Buffered writing to a file descriptor, in place: whoever writes asks for room and fills it. */
#ifndef TOOLS_ZERORATE_OUTPUT_H
#define TOOLS_ZERORATE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Most that zr_output_room can be asked for. */
#define ZR_OUTPUT_ROOM (256 * 1024)

struct zr_output {
	int fd;
	int error; /* errno of the first write that failed; from then on nothing is written */
	size_t used;
	char buffer[ZR_OUTPUT_ROOM];
};

void zr_output_init(struct zr_output *out, int fd);

/* Room for len bytes (at most ZR_OUTPUT_ROOM); never NULL. What was put in it is announced by zr_output_add. */
char *zr_output_room(struct zr_output *out, size_t len);
void zr_output_add(struct zr_output *out, size_t len);

/* Copy bytes of any length. */
void zr_output_put(struct zr_output *out, const char *bytes, size_t len);

/* Write what is buffered. Returns false when this or an earlier write failed. */
bool zr_output_flush(struct zr_output *out);

#endif

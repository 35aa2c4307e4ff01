/* SPDX-License-Identifier: BSD-3-Clause */
/* Records from records.sock, up to those that are there when the reading begins, or for ever. */
#ifndef TOOLS_ZERORATE_RECORDS_SOURCE_H
#define TOOLS_ZERORATE_RECORDS_SOURCE_H

#include <signal.h>
#include <stdbool.h>

#include "control/client/stream.h"

struct zr_source {
	const char *command;  /* in whose name is told what goes wrong */
	const char *path;     /* the socket */
	const char *consumer; /* a durable consumer: acknowledged when flush has succeeded; NULL: anonymous */
	uint64_t last;        /* anonymous: begin so many records back */
	bool follows;         /* without end; when the daemon goes away, go on behind what came */

	/* Takes a record or a loss. False ends the reading as failed. */
	bool (*take)(void *arg, const struct zr_stream_item *item);
	/* All that was taken must go out: before waiting, and before an acknowledgement. False ends the reading as failed. */
	bool (*flush)(void *arg);
	void *arg;
	volatile sig_atomic_t *stopped; /* set by a signal: end well */
};

/* Read until the end. Returns true when it came to it; else it is told why. */
bool zr_source_read(const struct zr_source *source);

#endif

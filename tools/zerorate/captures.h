/* SPDX-License-Identifier: BSD-3-Clause */
/* The capture files of a command line, one behind the other. */
#ifndef TOOLS_ZERORATE_CAPTURES_H
#define TOOLS_ZERORATE_CAPTURES_H

#include "tools/zerorate/arguments.h"
#include "tools/zerorate/capture.h"
#include "tools/zerorate/progress.h"

/* Takes up to ZR_BURST packets; false ends the reading. */
typedef bool (*zr_burst_fn)(void *arg, const struct zr_view *views, unsigned int count);

/*
 * Hand over the packets of all files in order. A progress line is shown where it does not disturb: on a terminal that takes no
 * output in JSON. Returns false when a file could not be read, or not to its end, which is told on standard error; the
 * others are read all the same.
 */
bool zr_captures_read(char **paths, int count, enum zr_format format, struct zr_progress *progress, zr_burst_fn burst,
		      void *arg);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Showing something again and again. */
#ifndef TOOLS_ZERORATE_WATCH_H
#define TOOLS_ZERORATE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Call show every so many seconds, at most a few thousand, until it is interrupted, or standard output fails or is closed by
 * who reads it: the exit status is of that. With clears, and on a terminal that can, the screen is cleared before.
 */
int zr_watch(uint64_t seconds, bool clears, int (*show)(void *arg), void *arg);

#endif

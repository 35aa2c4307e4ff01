/* SPDX-License-Identifier: BSD-3-Clause */
/* A line on a terminal that says how far a long file is read. Nothing is shown for what is quick, or to a file. */
#ifndef TOOLS_ZERORATE_PROGRESS_H
#define TOOLS_ZERORATE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct zr_progress {
	FILE *terminal; /* NULL: show nothing */
	const char *what;
	uint64_t size_bytes; /* 0: not known */
	uint64_t next_ms;    /* when it is shown next */
	uint32_t calls;
	bool shown;
};

/* Say what is read from now on. terminal may be NULL; what stays the caller's. */
void zr_progress_start(struct zr_progress *p, FILE *terminal, const char *what, uint64_t size_bytes);

/* Is it time for a new line? Cheap enough to be asked with every burst. */
bool zr_progress_due(struct zr_progress *p);
void zr_progress_show(struct zr_progress *p, uint64_t done_bytes, uint64_t pkts);

/* Take the line away: before anything else is written to the terminal. */
void zr_progress_hide(struct zr_progress *p);

#endif

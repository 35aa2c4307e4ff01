/* SPDX-License-Identifier: BSD-3-Clause */
/* The core's events that all benches of records are fed with, so that their figures belong together. */
#ifndef TESTS_BENCH_EVENTS_H
#define TESTS_BENCH_EVENTS_H

#include "dataplane/pipeline/usage.h"

/* Different events. */
#define BENCH_EVENTS 4096

/* The list that they are judged by: its source, terminated. */
extern const char bench_events_list[];

/* The list compiled; *block is its memory, the caller's, like the image. Aborts when it cannot be compiled. */
struct zr_image *bench_events_image(void **block);

/*
 * Tags and usage in a random mix that is the same in every run: three of four are volume, one of three is IPv6, one of four
 * came through a tunnel. image: the list compiled, which must outlive them.
 */
void bench_events_make(struct zr_usage events[BENCH_EVENTS], const struct zr_image *image);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A list and flows that it frees, for benches of established flows. */
#ifndef TESTS_BENCH_OPENING_H
#define TESTS_BENCH_OPENING_H

#include "dataplane/pipeline/pipeline.h"
#include "tests/bench/traffic.h"

/* A list with the one name of the hellos; *block is its memory, to be freed after it. Aborts when it cannot be had. */
struct zr_image *opening_image(void **block);

/*
 * A hello on the tuple of each opening packet, from the side that the packet's client is. port, time_ns: where and when they
 * come in instead of what the views say; NULL and 0: what they say.
 */
void opening_run(struct zr_pipeline *pipeline, const struct traffic *traffic, const struct zr_port *port,
		 uint64_t time_ns);

#endif

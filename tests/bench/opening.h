/* SPDX-License-Identifier: BSD-3-Clause */
/* A list and flows that it frees, for benches of established flows. */
#ifndef TESTS_BENCH_OPENING_H
#define TESTS_BENCH_OPENING_H

#include "dataplane/pipeline/pipeline.h"
#include "tests/bench/traffic.h"

/* A list with the one name of the hellos, as a file holds it. */
extern const char opening_list[];

/* It compiled; *block is its memory, to be freed after it. Aborts when it cannot be had. */
struct zr_image *opening_image(void **block);

/*
 * A hello from the client of each of the traffic's flows, in an order of its own, in bursts; in GTP-U the server answers. port, time_ns: where and when
 * they come in; NULL and 0: at the traffic's port, before its packets.
 */
void opening_run(struct zr_pipeline *pipeline, const struct traffic *traffic, const struct zr_port *port,
		 uint64_t time_ns);

#endif

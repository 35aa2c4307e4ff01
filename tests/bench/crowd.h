/* SPDX-License-Identifier: BSD-3-Clause */
/* Very many flows of one packet each, over UDP and without a name: the packets are made as they are needed. */
#ifndef TESTS_BENCH_CROWD_H
#define TESTS_BENCH_CROWD_H

#include "dataplane/pipeline/pipeline.h"

/* Client addresses differ in 24 bits. */
#define CROWD_MAX (1U << 24)

/* Open so many flows, at most CROWD_MAX, all at that time. port: as in struct zr_view. */
void crowd_open(struct zr_pipeline *pipeline, uint32_t flows, const struct zr_port *port, uint64_t time_ns);

#endif

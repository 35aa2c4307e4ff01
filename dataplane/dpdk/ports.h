/* SPDX-License-Identifier: BSD-3-Clause */
/* All ports together. Private to this folder. */
#ifndef DATAPLANE_DPDK_PORTS_H
#define DATAPLANE_DPDK_PORTS_H

#include "dataplane/dpdk/state.h"

/*
 * Set up all ports of dp->config for worker_count workers: fills devices, views, queues and hardware. Ports are not
 * started. Returns 0, or a negative errno with a sentence in error that names the port, what it cannot do and what to do.
 */
int zr_ports_open(struct zr_dataplane *dp, char *error, size_t error_len);

/* Start them. Also finds out where packets' times stand. */
int zr_ports_start(struct zr_dataplane *dp, char *error, size_t error_len);

/* Stop and close what was opened; the mbufs of the ports must not be in use any more. */
void zr_ports_close(struct zr_dataplane *dp);

#endif

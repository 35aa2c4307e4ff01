/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of DPDK's telemetry, over what zr_dataplane_telemetry was given last. */
#ifndef DATAPLANE_DPDK_TELEMETRY_H
#define DATAPLANE_DPDK_TELEMETRY_H

#include <stddef.h>

/* Make the commands known, once per process: EAL runs. 0, or a negative errno with a sentence in error. */
int zr_telemetry_register(char *error, size_t error_len);

#endif

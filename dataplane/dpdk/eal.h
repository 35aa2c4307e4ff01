/* SPDX-License-Identifier: BSD-3-Clause */
/* EAL, once per process. Private to this folder. */
#ifndef DATAPLANE_DPDK_EAL_H
#define DATAPLANE_DPDK_EAL_H

#include "dataplane/dpdk/lcores.h"

/*
 * Start EAL with the words of `eal` and an lcore for each worker; this thread becomes the main lcore. Its log goes to
 * stderr, warnings and worse. When it runs already, workers must be among the lcores that it was started with, and `eal`
 * must be the same text: EAL cannot be started twice.
 * *shared: some worker has no CPU for itself. Returns 0, or a negative errno with a sentence in error.
 */
int zr_eal_start(const char *eal, const struct zr_lcores *workers, bool *shared, char *error, size_t error_len);

#endif

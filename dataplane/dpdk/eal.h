/* SPDX-License-Identifier: BSD-3-Clause */
/* EAL, once per process. Private to this folder. */
#ifndef DATAPLANE_DPDK_EAL_H
#define DATAPLANE_DPDK_EAL_H

#include "dataplane/dpdk/lcores.h"

/*
 * Start EAL with the words of `eal` and an lcore for each worker; this thread becomes the main lcore. Its log goes to
 * stderr, warnings and worse. When it runs already, workers must be among the lcores that it was started with, and `eal`
 * must be the same text: EAL cannot be started twice.
 * ordinary_mib: without huge pages, that many MiB of ordinary ones are reserved, unless `eal` says -m, and --in-memory, which is
 * for huge pages, becomes --no-shconf; 0: `eal` says all of it.
 * *shared: some worker has no CPU for itself. Returns 0, or a negative errno with a sentence in error.
 */
int zr_eal_start(const char *eal, const struct zr_lcores *workers, unsigned int ordinary_mib, bool *shared, char *error,
		 size_t error_len);

#endif

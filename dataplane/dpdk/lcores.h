/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers as lcores, and on which CPUs they run. Pure text work: no EAL. Private to this folder. */
#ifndef DATAPLANE_DPDK_LCORES_H
#define DATAPLANE_DPDK_LCORES_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

#include "dataplane/dpdk/dataplane.h"

/* Lcore numbers end here (RTE_MAX_LCORE of Debian's DPDK). */
#define ZR_LCORES_MAX 128

struct zr_lcores {
	unsigned int ids[ZR_WORKERS_MAX]; /* ascending */
	unsigned int count;
};

/* Read "1-3,5". Returns 0, or -EINVAL with a sentence in error. */
int zr_lcores_parse(const char *text, struct zr_lcores *out, char *error, size_t error_len);

struct zr_lcore_map {
	char *lcores;            /* for EAL's --lcores; the caller's to free */
	unsigned int main_lcore; /* the control thread's: the lowest number that no worker has */
	bool shared;             /* some worker has no CPU for itself: empty polls must yield */
};

/*
 * Workers whose number is one of the process's CPUs have that CPU; the others float over all CPUs. The main lcore has the
 * CPUs that no worker is tied to, or all when there is none. Returns 0 or -ENOMEM.
 */
int zr_lcores_map(const struct zr_lcores *workers, const cpu_set_t *cpus, struct zr_lcore_map *out);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Sizes, counts and times as the configuration writes them. Pure; any thread. */
#ifndef CONTROL_UNITS_H
#define CONTROL_UNITS_H

#include <stdint.h>

/* "64MiB": a whole number and B, KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB. 0, -EINVAL, or -ERANGE. */
int zr_units_size(const char *text, uint64_t *bytes);

/* "1M": a whole number and nothing, K, M or G (powers of 1000). 0, -EINVAL, or -ERANGE. */
int zr_units_count(const char *text, uint64_t *count);

/* "2h4m": whole numbers each with d, h, m, s, ms or us, the larger unit first. 0, -EINVAL, or -ERANGE. */
int zr_units_time(const char *text, uint64_t *us);

#endif

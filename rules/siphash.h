/* SPDX-License-Identifier: BSD-3-Clause */
/* SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). */
#ifndef RULES_SIPHASH_H
#define RULES_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* The keyed hash of len bytes. key: the 128-bit key as two little-endian words. Pure. */
uint64_t zr_siphash(const uint64_t key[2], const void *data, size_t len);

#endif

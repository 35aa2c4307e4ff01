/* SPDX-License-Identifier: BSD-3-Clause */
/* The hash that stands beside what the ledger keeps, so that damage is seen row by row. It is no defence against forgers. */
#ifndef CONTROL_LEDGER_HASH_H
#define CONTROL_LEDGER_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * 64 bits over len bytes: begins with their number; then for every 8 of them, as a little-endian word whose missing bytes are
 * zero: xor the word, multiply by 0x9e3779b97f4a7c15, xor the upper half into the lower one. Each step can be undone, so that
 * damage within one word is always seen. Any thread.
 */
uint64_t zr_ledger_hash(const void *bytes, size_t len);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Interned values of one worker: names of free flows, keyed hashes of charged flows' names, VLAN and tunnel paths. Many
 * flows share one; each is held once and counted. Bounded, in the caller's memory, nothing allocated later. One thread.
 */
#ifndef DATAPLANE_PIPELINE_INTERN_H
#define DATAPLANE_PIPELINE_INTERN_H

#include <stddef.h>
#include <stdint.h>

/* What a value is; values of different kinds are never the same. */
enum zr_intern_kind {
	ZR_INTERN_TEXT,
	ZR_INTERN_SUFFIXES, /* keyed hashes of a name's suffixes: what the client asked for */
	ZR_INTERN_LEARNED,  /* the same: what its server's address was learned for */
	ZR_INTERN_PATH
};

/* Longest value in bytes: a name and its terminator. */
#define ZR_INTERN_MAX 254

struct zr_intern;

/* Bytes of memory for a pool bounded by that many; and making it there (zeroed, aligned to 64). */
size_t zr_intern_memory(size_t bytes);
struct zr_intern *zr_intern_init(void *memory, size_t bytes, const uint64_t key[2]);

/* The id of a value (1 and up), held once more; 0 when the memory is full. data: len (1 to ZR_INTERN_MAX) bytes. */
uint32_t zr_intern_hold(struct zr_intern *pool, enum zr_intern_kind kind, const void *data, size_t len);
/* Let go of one hold; id 0 is nothing. */
void zr_intern_release(struct zr_intern *pool, uint32_t id);

/* The bytes of a value, aligned to 8, until it is released; its kind and length. id is not 0. */
const void *zr_intern_value(const struct zr_intern *pool, uint32_t id, enum zr_intern_kind *kind, size_t *len);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reassembly: bytes of a stream put together from pieces in any order, with any overlap, in bounded memory.
 * The first copy of a byte stays; a later copy that differs is remembered as a conflict. Buffers come in two sizes from one
 * pool with a hard bound; nothing is allocated after zr_assembly_pool_init.
 */
#ifndef DATAPLANE_INSPECT_ASSEMBLY_H
#define DATAPLANE_INSPECT_ASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct zr_assembly_pool;
struct zr_assembly;

/*
 * Bytes of memory a pool with this much for buffers needs, its own head included; and making one in such memory
 * (zeroed, aligned to 64, owned by the caller). given_up is called with the owner of the oldest buffer when the pool is
 * empty and somebody else needs one: that buffer is free again when it returns, and the owner must forget it.
 */
size_t zr_assembly_pool_memory(size_t bytes);
struct zr_assembly_pool *zr_assembly_pool_init(void *memory, size_t bytes, void (*given_up)(void *arg, uint32_t owner),
					       void *arg);

/* Buffers in use, bytes of memory they hold, and how many were given up since the start. */
struct zr_assembly_stats {
	uint64_t in_use, in_use_bytes, given_up;
};
void zr_assembly_pool_stats(const struct zr_assembly_pool *pool, struct zr_assembly_stats *out);

/* An empty buffer for owner, or NULL when none can be had. */
struct zr_assembly *zr_assembly_get(struct zr_assembly_pool *pool, uint32_t owner);
void zr_assembly_put(struct zr_assembly_pool *pool, struct zr_assembly *a);

/*
 * Add len bytes that stand at offset of the stream. Offsets at or behind ZR_HELLO_MAX are refused. The buffer may move to a
 * larger one of the pool: *a is updated; when there is none, *a is NULL and -ENOMEM is returned (the old buffer is free).
 * Returns 0; -EFBIG when the bytes reach past ZR_HELLO_MAX (what fits was added).
 */
int zr_assembly_add(struct zr_assembly_pool *pool, struct zr_assembly **a, uint32_t offset, const uint8_t *data,
		    uint32_t len);

/* The bytes from the start without a hole, and how many. */
const uint8_t *zr_assembly_bytes(const struct zr_assembly *a, uint32_t *len);
/* Did a byte below upto come twice with different contents? */
bool zr_assembly_conflict(const struct zr_assembly *a, uint32_t upto);
/* Drop the first n bytes (n at most what zr_assembly_bytes told): what follows moves to offset 0. */
void zr_assembly_consume(struct zr_assembly *a, uint32_t n);

#endif

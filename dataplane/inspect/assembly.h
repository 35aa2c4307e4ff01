/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reassembly: bytes of a stream put together from pieces in any order, with any overlap, in bounded memory.
 * The first copy of a byte stays; a later copy that differs is remembered as a conflict. Buffers come in two sizes from one
 * pool with a hard bound; nothing is allocated after zr_assembly_pool_init.
 *
 * Half of the pool's memory is for buffers of ZR_HELLO_MAX bytes, half for small ones that hold an ordinary hello. Neither
 * half lends to the other: whoever floods one size takes nothing from the other, and within a size a buffer is safe until
 * as many others as that half holds were taken after it. One worker's pool of 64 MiB holds 1814 large buffers and 11398
 * small ones. One thread.
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
 * (zeroed, aligned to 64, owned by the caller). given_up is called with the owner of the oldest buffer of a size when none
 * of that size is left and somebody else needs one: that buffer is no longer the owner's, who must forget it and not touch
 * or put it.
 */
size_t zr_assembly_pool_memory(size_t bytes);
struct zr_assembly_pool *zr_assembly_pool_init(void *memory, size_t bytes, void (*given_up)(void *arg, uint32_t owner),
					       void *arg);

/* Buffers in use, bytes of memory they hold, and how many were lost for want of memory since the start. */
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
/* One behind the last byte that is there, holes before it or not; 0: the buffer is empty. */
uint32_t zr_assembly_end(const struct zr_assembly *a);
/*
 * Drop the first n bytes, holes among them included: what follows moves to offset 0. When bytes on both sides of n were in
 * conflict, what follows counts as in conflict from its first byte on.
 */
void zr_assembly_consume(struct zr_assembly *a, uint32_t n);
/*
 * Open a hole of n bytes in front: what is there moves up to offset n. *a as in zr_assembly_add. Returns 0; -EFBIG when the
 * last byte would come to lie behind ZR_HELLO_MAX (nothing was changed); -ENOMEM as zr_assembly_add.
 */
int zr_assembly_precede(struct zr_assembly_pool *pool, struct zr_assembly **a, uint32_t n);

#endif

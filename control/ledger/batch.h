/* SPDX-License-Identifier: BSD-3-Clause */
/* Records on their way to the disk, one behind the other in one piece of memory. One thread at a time. */
#ifndef CONTROL_LEDGER_BATCH_H
#define CONTROL_LEDGER_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/ledger/mark.h"
#include "control/record/member.h"

/* Most that a batch holds. Its memory is taken as it is used. */
#define ZR_BATCH_BYTES   ((size_t)32 << 20)
#define ZR_BATCH_RECORDS 65536U

struct zr_batch {
	char *bytes;
	size_t used;
	uint64_t count, first, last; /* numbers; 0 when it is empty */
	struct zr_mark mark;         /* behind its last record */
};

/* 0 or -ENOMEM. */
int zr_batch_init(struct zr_batch *batch);
void zr_batch_free(struct zr_batch *batch);
void zr_batch_clear(struct zr_batch *batch);

/* Copy a record and its line's hash. False: no room. */
bool zr_batch_add(struct zr_batch *batch, uint64_t seq, const struct zr_record *record, uint64_t hash);

/*
 * The record that begins at a byte of the batch, and its hash; its texts point into the batch. Returns where the next one
 * begins; the last one's is batch->used.
 */
size_t zr_batch_get(const struct zr_batch *batch, size_t at, struct zr_record *out, uint64_t *hash);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A question to all workers, and their answers on the way to control. Control makes it, announces it, and frees it when no
 * worker can hold it any more (QSBR); each worker walks through its pipeline a little in every round, while there is room for
 * what it finds. Private to this folder.
 */
#ifndef DATAPLANE_DPDK_ASK_H
#define DATAPLANE_DPDK_ASK_H

#include <stdalign.h>
#include <stdatomic.h>

#include "dataplane/dpdk/dataplane.h"

struct zr_worker;

/* One worker's part: answers in a ring that it fills and control empties. */
struct zr_asked_worker {
	/* The worker's. */
	alignas(64) struct zr_look_cursor cursor;
	_Atomic uint32_t written;
	_Atomic uint64_t open, looked; /* of the cursor, for control */
	_Atomic bool done;             /* nothing is written any more */
	/* Control's. */
	alignas(64) _Atomic uint32_t taken;
	struct zr_answer *ring;
};

struct zr_asked {
	struct zr_question question;
	uint32_t room; /* of each ring, a power of two */
	unsigned int worker_count;
	unsigned int turn; /* control's: the worker that is drained first */
	struct zr_answer *rings;
	struct zr_asked_worker workers[]; /* worker_count of them */
};

/* Whose names are recorded, as it is announced to workers. */
struct zr_recording {
	uint64_t generation;
	bool on;
	struct zr_prefix subscriber;
};

/* By a worker, between two bursts: go on with what is asked. idle: the round found no packets. */
void zr_worker_answer(struct zr_worker *w, bool idle);

/* Free what was asked before once no worker holds it; does nobody? */
bool zr_ask_reap(struct zr_dataplane *dp);

/* When all workers have ended: free what is asked. */
void zr_ask_clear(struct zr_dataplane *dp);

#endif

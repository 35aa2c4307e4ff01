/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's counters as one moment saw them: the worker writes them between two bursts without waiting for anybody, any
 * thread reads them whole, also while the worker is off its CPU in the middle of a write. Two copies are written in turn,
 * and a reader takes the one that is not being written; words are atomic, so that no race is undefined.
 * Private to this folder.
 */
#ifndef DATAPLANE_DPDK_SNAPSHOT_H
#define DATAPLANE_DPDK_SNAPSHOT_H

#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>

#include "dataplane/dpdk/dataplane.h"

#define ZR_SNAPSHOT_WORDS (sizeof(struct zr_worker_status) / sizeof(uint64_t))
_Static_assert(sizeof(struct zr_worker_status) % sizeof(uint64_t) == 0, "whole words");

struct zr_snapshot {
	alignas(64) _Atomic uint64_t written; /* how often; the latest is copies[written % 2] */
	_Atomic uint64_t copies[2][ZR_SNAPSHOT_WORDS];
};

/* By the one thread that writes. */
static inline void zr_snapshot_write(struct zr_snapshot *s, const struct zr_worker_status *status)
{
	uint64_t written = atomic_load_explicit(&s->written, memory_order_relaxed) + 1;
	const uint8_t *from = (const uint8_t *)status;

	/* Who sees a word of this write sees that the one before was finished. */
	atomic_thread_fence(memory_order_release);
	for (size_t i = 0; i < ZR_SNAPSHOT_WORDS; i++) {
		uint64_t word;

		memcpy(&word, from + i * sizeof(word), sizeof(word));
		atomic_store_explicit(&s->copies[written % 2][i], word, memory_order_relaxed);
	}
	atomic_store_explicit(&s->written, written, memory_order_release);
}

/* By any thread. Reads again only when the worker has finished a write meanwhile, so that one that hangs holds up nobody. */
static inline void zr_snapshot_read(struct zr_snapshot *s, struct zr_worker_status *out)
{
	uint8_t *to = (uint8_t *)out;
	uint64_t written;

	do {
		written = atomic_load_explicit(&s->written, memory_order_acquire);
		for (size_t i = 0; i < ZR_SNAPSHOT_WORDS; i++) {
			uint64_t word = atomic_load_explicit(&s->copies[written % 2][i], memory_order_relaxed);

			memcpy(to + i * sizeof(word), &word, sizeof(word));
		}
		atomic_thread_fence(memory_order_acquire);
	} while (written != atomic_load_explicit(&s->written, memory_order_relaxed));
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's counters as one moment saw them: the worker writes them between two bursts without waiting for anybody, any
 * thread reads them whole. A sequence lock over atomic words, so that a torn read is noticed and no race is undefined.
 * Private to this folder.
 */
#ifndef DATAPLANE_DPDK_SNAPSHOT_H
#define DATAPLANE_DPDK_SNAPSHOT_H

#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <string.h>

#include "dataplane/dpdk/dataplane.h"

#define ZR_SNAPSHOT_WORDS (sizeof(struct zr_worker_status) / sizeof(uint64_t))
_Static_assert(sizeof(struct zr_worker_status) % sizeof(uint64_t) == 0, "whole words");

struct zr_snapshot {
	alignas(64) _Atomic uint64_t sequence; /* odd while being written */
	_Atomic uint64_t words[ZR_SNAPSHOT_WORDS];
};

/* By the one thread that writes. */
static inline void zr_snapshot_write(struct zr_snapshot *s, const struct zr_worker_status *status)
{
	uint64_t sequence = atomic_load_explicit(&s->sequence, memory_order_relaxed);
	const uint8_t *from = (const uint8_t *)status;

	atomic_store_explicit(&s->sequence, sequence + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (size_t i = 0; i < ZR_SNAPSHOT_WORDS; i++) {
		uint64_t word;

		memcpy(&word, from + i * sizeof(word), sizeof(word));
		atomic_store_explicit(&s->words[i], word, memory_order_relaxed);
	}
	atomic_store_explicit(&s->sequence, sequence + 2, memory_order_release);
}

/* By any thread. Waits while the worker writes, which takes well below a microsecond unless the worker is off its CPU. */
static inline void zr_snapshot_read(struct zr_snapshot *s, struct zr_worker_status *out)
{
	uint8_t *to = (uint8_t *)out;

	for (;; sched_yield()) {
		uint64_t before = atomic_load_explicit(&s->sequence, memory_order_acquire);

		for (size_t i = 0; i < ZR_SNAPSHOT_WORDS; i++) {
			uint64_t word = atomic_load_explicit(&s->words[i], memory_order_relaxed);

			memcpy(to + i * sizeof(word), &word, sizeof(word));
		}
		atomic_thread_fence(memory_order_acquire);
		if (before % 2 == 0 && before == atomic_load_explicit(&s->sequence, memory_order_relaxed))
			return;
	}
}

#endif

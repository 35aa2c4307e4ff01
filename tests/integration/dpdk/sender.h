/* SPDX-License-Identifier: BSD-3-Clause */
/* Traffic that comes again and again on a thread of its own, while the test does something else. */
#ifndef TESTS_INTEGRATION_DPDK_SENDER_H
#define TESTS_INTEGRATION_DPDK_SENDER_H

#include <stdatomic.h>

#include "tests/integration/dpdk/rig.h"
#include "tests/integration/dpdk/traffic.h"

struct rig_sender {
	const struct traffic *traffic;
	struct rte_ring *ring;
	atomic_bool stop;          /* behind the last frame of the traffic */
	atomic_ulong sent, judged; /* frames so far; the test says how many are judged, and there is room for more */
};

/* The thread. arg: its struct rig_sender. */
void *rig_sender_run(void *arg);

/* Packets that the workers have judged so far. */
uint64_t rig_judged(struct zr_dataplane *dp);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/integration/dpdk/sender.h"

#include <unistd.h>

/* Frames on their way at a time: fewer than a ring between workers holds. */
#define AHEAD 1500

void *rig_sender_run(void *arg)
{
	struct rig_sender *s = arg;

	while (!atomic_load(&s->stop))
		for (size_t i = 0; i < s->traffic->count; i++) {
			const struct traffic_frame *f = &s->traffic->frames[i];

			while (atomic_load(&s->sent) - atomic_load(&s->judged) >= AHEAD)
				usleep(20);
			rig_send(s->ring, f->data, f->len, f->segment);
			atomic_fetch_add(&s->sent, 1);
		}
	return NULL;
}

uint64_t rig_judged(struct zr_dataplane *dp)
{
	struct zr_dataplane_status status;
	uint64_t pkts = 0;

	zr_dataplane_status(dp, &status);
	for (unsigned int i = 0; i < status.worker_count; i++)
		pkts += status.workers[i].pkts;
	return pkts;
}

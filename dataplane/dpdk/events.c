/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/events.h"

#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>

#define TAKE_BULK 16

/* An event with its name beside it: usage.name only says whether there is one until it is taken. */
struct event {
	struct zr_usage usage;
	char name[ZR_NAME_MAX + 1];
};

_Static_assert(sizeof(struct event) % 4 == 0, "rings hold whole words of 32 bits");

uint32_t zr_events_wanted(uint32_t flows)
{
	return RTE_MIN(RTE_MAX(rte_align32pow2(flows + 1), ZR_EVENTS_MIN), ZR_EVENTS_MAX);
}

size_t zr_events_bytes(uint32_t count)
{
	return (size_t)rte_ring_get_memsize_elem(sizeof(struct event), count);
}

struct rte_ring *zr_events_make(unsigned int worker, uint32_t count, int socket)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "zr_events_%u", worker);
	return rte_ring_create_elem(name, sizeof(struct event), count, socket, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

uint32_t zr_events_room(const struct rte_ring *ring)
{
	uint32_t half = rte_ring_get_capacity(ring) / 2, room = rte_ring_free_count(ring);

	return room > half ? room - half : 0;
}

bool zr_events_put(struct rte_ring *ring, const struct zr_usage *usage)
{
	struct event event;

	if (rte_ring_full(ring) || (!usage->recorded && zr_events_room(ring) == 0))
		return false;
	event.usage = *usage;
	if (usage->name != NULL)
		memcpy(event.name, usage->name, strlen(usage->name) + 1);
	return rte_ring_sp_enqueue_elem(ring, &event, sizeof(event)) == 0;
}

unsigned int zr_events_take(struct rte_ring *ring, void (*take)(void *arg, const struct zr_usage *usage), void *arg,
			    unsigned int max)
{
	struct event events[TAKE_BULK];
	unsigned int count, taken = 0;

	do {
		count = rte_ring_sc_dequeue_burst_elem(ring, events, sizeof(events[0]), RTE_MIN(max - taken, TAKE_BULK),
						       NULL);
		for (unsigned int i = 0; i < count; i++) {
			if (events[i].usage.name != NULL)
				events[i].usage.name = events[i].name;
			take(arg, &events[i].usage);
		}
		taken += count;
	} while (count > 0 && taken < max);
	return taken;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/teach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ring_elem.h>

/* Lessons that control has not taken yet; it does so every few milliseconds. A power of two. */
#define TEACH_RING 1024

#define TAKE_BULK 16

/* A lesson with its name beside it: learned.name only says whether there is one until it is taken. */
struct lesson {
	struct zr_learned learned;
	char name[ZR_NAME_MAX + 1];
};

_Static_assert(sizeof(struct lesson) % 4 == 0, "rings hold whole words of 32 bits");

struct rte_ring *zr_teach_ring(unsigned int worker, int socket)
{
	char name[RTE_RING_NAMESIZE];

	snprintf(name, sizeof(name), "zr_learned_%u", worker);
	return rte_ring_create_elem(name, sizeof(struct lesson), TEACH_RING, socket, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

void zr_teach_tell(void *arg, const struct zr_learned *learned)
{
	struct zr_worker *w = arg;
	struct lesson lesson = {.learned = *learned};

	if (learned->name != NULL)
		memcpy(lesson.name, learned->name, strnlen(learned->name, ZR_NAME_MAX));
	if (rte_ring_sp_enqueue_elem(w->lessons, &lesson, sizeof(lesson)) != 0)
		w->status.learned_untold++;
}

static unsigned int worker_take(struct zr_worker *w, void (*take)(void *arg, const struct zr_learned *learned),
				void *arg, unsigned int max)
{
	struct lesson lessons[TAKE_BULK];
	unsigned int count, taken = 0;

	do {
		count = rte_ring_sc_dequeue_burst_elem(w->lessons, lessons, sizeof(lessons[0]),
						       RTE_MIN(max - taken, TAKE_BULK), NULL);
		for (unsigned int i = 0; i < count; i++) {
			if (lessons[i].learned.name != NULL)
				lessons[i].learned.name = lessons[i].name;
			take(arg, &lessons[i].learned);
		}
		taken += count;
	} while (count > 0 && taken < max);
	return taken;
}

unsigned int zr_dataplane_learned(struct zr_dataplane *dp, void (*take)(void *arg, const struct zr_learned *learned),
				  void *arg, unsigned int max)
{
	unsigned int count = 0;

	/* The next call goes on with the worker after the one at which max was reached. */
	for (unsigned int i = 0; i < dp->worker_count && count < max; i++) {
		if (dp->workers[dp->learned_turn]->lessons != NULL)
			count += worker_take(dp->workers[dp->learned_turn], take, arg, max - count);
		dp->learned_turn = (dp->learned_turn + 1) % dp->worker_count;
	}
	return count;
}

int zr_dataplane_teach(struct zr_dataplane *dp, const struct zr_learned_table *table)
{
	if (!zr_dataplane_taught(dp))
		return -EBUSY;
	atomic_store_explicit(&dp->taught, table, memory_order_release);
	dp->taught_token = rte_rcu_qsbr_start(dp->qsbr);
	dp->teaching = 2;
	return 0;
}

/*
 * Workers keep a table from one round's notice to the next one's, over the report at the round's end. Who noticed before the table
 * was there may report right after, and reads the one before in its next round. That round's notice lies in the second grace period.
 */
bool zr_dataplane_taught(struct zr_dataplane *dp)
{
	if (dp->teaching == 0 || rte_rcu_qsbr_check(dp->qsbr, dp->taught_token, false) != 1)
		return dp->teaching == 0;
	if (--dp->teaching > 0)
		dp->taught_token = rte_rcu_qsbr_start(dp->qsbr);
	return dp->teaching == 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/dpdk/state.h"

/*
 * Places that a worker looks at in one round: few while packets come, so that no burst waits for long and little is taken from
 * them (two answers, or 16 places without one), more when there is nothing else to do.
 */
#define LOOKS_BUSY 16
#define LOOKS_IDLE 1024

/* Answers that have room, of all workers together and of each. */
#define ANSWERS_ALL 8192
#define ANSWERS_MIN 128
#define ANSWERS_MAX 1024

static uint32_t room_for(unsigned int workers)
{
	uint32_t room = ANSWERS_MIN;

	while (room < ANSWERS_MAX && room * 2 * workers <= ANSWERS_ALL)
		room *= 2;
	return room;
}

static void asked_free(struct zr_asked *asked)
{
	if (asked == NULL)
		return;
	/* Names of charged flows may be among them. */
	if (asked->question.kind == ZR_ASK_DECISIONS)
		explicit_bzero(asked->rings, (size_t)asked->room * asked->worker_count * sizeof(*asked->rings));
	free(asked->rings);
	free(asked);
}

static struct zr_asked *asked_make(const struct zr_dataplane *dp, const struct zr_question *question)
{
	size_t len = sizeof(struct zr_asked) + dp->worker_count * sizeof(struct zr_asked_worker);
	uint32_t room = room_for(dp->worker_count);
	struct zr_asked *asked = aligned_alloc(alignof(struct zr_asked_worker), (len + 63) & ~(size_t)63);

	if (asked == NULL)
		return NULL;
	memset(asked, 0, len);
	asked->question = *question;
	asked->room = room;
	asked->worker_count = dp->worker_count;
	asked->rings = malloc((size_t)room * dp->worker_count * sizeof(*asked->rings));
	if (asked->rings == NULL) {
		free(asked);
		return NULL;
	}
	/* Pages are taken here, not by workers. */
	memset(asked->rings, 0, (size_t)room * dp->worker_count * sizeof(*asked->rings));
	for (unsigned int i = 0; i < dp->worker_count; i++)
		asked->workers[i].ring = asked->rings + (size_t)i * room;
	return asked;
}

bool zr_ask_reap(struct zr_dataplane *dp)
{
	if (dp->given_up == NULL)
		return true;
	if (rte_rcu_qsbr_check(dp->qsbr, dp->given_up_token, false) != 1)
		return false;
	asked_free(dp->given_up);
	dp->given_up = NULL;
	return true;
}

int zr_dataplane_ask(struct zr_dataplane *dp, const struct zr_question *question)
{
	struct zr_asked *asked;

	if (atomic_load_explicit(&dp->asked, memory_order_relaxed) != NULL || !zr_ask_reap(dp))
		return -EBUSY;
	asked = asked_make(dp, question);
	if (asked == NULL)
		return -ENOMEM;
	atomic_store_explicit(&dp->asked, asked, memory_order_release);
	return 0;
}

void zr_dataplane_ask_end(struct zr_dataplane *dp)
{
	struct zr_asked *asked = atomic_load_explicit(&dp->asked, memory_order_relaxed);

	if (asked == NULL)
		return;
	atomic_store_explicit(&dp->asked, NULL, memory_order_release);
	dp->given_up = asked;
	dp->given_up_token = rte_rcu_qsbr_start(dp->qsbr);
}

void zr_ask_clear(struct zr_dataplane *dp)
{
	asked_free(dp->given_up);
	asked_free(atomic_load_explicit(&dp->asked, memory_order_relaxed));
}

static unsigned int worker_drain(const struct zr_asked *asked, struct zr_asked_worker *part,
				 void (*take)(void *arg, const struct zr_answer *answer), void *arg, unsigned int max)
{
	uint32_t taken = atomic_load_explicit(&part->taken, memory_order_relaxed);
	uint32_t there = atomic_load_explicit(&part->written, memory_order_acquire) - taken;
	uint32_t count = there < max ? there : max;

	for (uint32_t i = 0; i < count; i++)
		take(arg, &part->ring[(taken + i) & (asked->room - 1)]);
	atomic_store_explicit(&part->taken, taken + count, memory_order_release);
	return count;
}

unsigned int zr_dataplane_answers(struct zr_dataplane *dp, void (*take)(void *arg, const struct zr_answer *answer),
				  void *arg, unsigned int max)
{
	struct zr_asked *asked = atomic_load_explicit(&dp->asked, memory_order_relaxed);
	unsigned int count = 0;

	for (unsigned int i = 0; asked != NULL && i < asked->worker_count && count < max; i++) {
		count += worker_drain(asked, &asked->workers[asked->turn], take, arg, max - count);
		asked->turn = (asked->turn + 1) % asked->worker_count;
	}
	return count;
}

bool zr_dataplane_answered(const struct zr_dataplane *dp, struct zr_ask_progress *progress)
{
	const struct zr_asked *asked = atomic_load_explicit(&dp->asked, memory_order_relaxed);
	bool answered = asked != NULL;

	*progress = (struct zr_ask_progress){0};
	for (unsigned int i = 0; asked != NULL && i < asked->worker_count; i++) {
		const struct zr_asked_worker *part = &asked->workers[i];
		bool done = atomic_load_explicit(&part->done, memory_order_acquire);

		answered = answered && done &&
			   atomic_load_explicit(&part->written, memory_order_relaxed) ==
				   atomic_load_explicit(&part->taken, memory_order_relaxed);
		progress->open += atomic_load_explicit(&part->open, memory_order_relaxed);
		progress->looked += atomic_load_explicit(&part->looked, memory_order_relaxed);
	}
	return answered;
}

int zr_dataplane_record(struct zr_dataplane *dp, const struct zr_prefix *subscriber)
{
	const struct zr_recording *last = atomic_load_explicit(&dp->recording, memory_order_relaxed);
	uint64_t generation = last != NULL ? last->generation + 1 : 1;
	struct zr_recording *recording = &dp->recordings[generation % 2];

	/* A worker may still look at the one before the last, whose place it takes. */
	if (last != NULL && rte_rcu_qsbr_check(dp->qsbr, dp->recording_token, false) != 1)
		return -EAGAIN;
	*recording = (struct zr_recording){.generation = generation, .on = subscriber != NULL};
	if (subscriber != NULL)
		recording->subscriber = *subscriber;
	atomic_store_explicit(&dp->recording, recording, memory_order_release);
	dp->recording_token = rte_rcu_qsbr_start(dp->qsbr);
	return 0;
}

static bool next_answer(struct zr_worker *w, const struct zr_question *question, struct zr_look_cursor *cursor,
			unsigned int *budget, struct zr_answer *out)
{
	if (question->kind == ZR_ASK_DECISIONS)
		return zr_pipeline_decision(w->pipeline, &question->look, cursor, budget, out);
	return zr_pipeline_look(w->pipeline, &question->look, cursor, budget, out);
}

static void answer_some(struct zr_worker *w, struct zr_asked *asked, unsigned int budget)
{
	struct zr_asked_worker *part = &asked->workers[w->index];
	uint32_t written = atomic_load_explicit(&part->written, memory_order_relaxed);
	uint32_t full = atomic_load_explicit(&part->taken, memory_order_acquire) + asked->room;

	/* Where the ring is full the walk waits, and nothing else. */
	while (written != full && budget > 0 &&
	       next_answer(w, &asked->question, &part->cursor, &budget, &part->ring[written & (asked->room - 1)]))
		written++;
	atomic_store_explicit(&part->written, written, memory_order_release);
	atomic_store_explicit(&part->open, part->cursor.open, memory_order_relaxed);
	atomic_store_explicit(&part->looked, part->cursor.at, memory_order_relaxed);
	if (part->cursor.ended)
		atomic_store_explicit(&part->done, true, memory_order_release);
}

static void notice_recording(struct zr_worker *w)
{
	const struct zr_recording *recording = atomic_load_explicit(&w->dp->recording, memory_order_acquire);

	if (recording == NULL || recording->generation == w->recording)
		return;
	zr_pipeline_record_names(w->pipeline, recording->on ? &recording->subscriber : NULL);
	w->recording = recording->generation;
}

void zr_worker_answer(struct zr_worker *w, bool idle)
{
	struct zr_asked *asked = atomic_load_explicit(&w->dp->asked, memory_order_acquire);

	notice_recording(w);
	if (asked != NULL && !atomic_load_explicit(&asked->workers[w->index].done, memory_order_relaxed))
		answer_some(w, asked, idle ? LOOKS_IDLE : LOOKS_BUSY);
}

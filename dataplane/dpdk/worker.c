/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's loop. Each round has the stages of zr_worker_round, in that order; none of them calls the system, waits, logs or
 * allocates. (The clock is read through the vDSO. A worker without a CPU for itself yields when it found nothing.)
 */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf_dyn.h>
#include <rte_pause.h>
#include <rte_prefetch.h>

#include "dataplane/dpdk/ask.h"
#include "dataplane/dpdk/events.h"
#include "dataplane/dpdk/forward.h"
#include "dataplane/dpdk/spread.h"
#include "dataplane/dpdk/spread_parts.h"
#include "dataplane/dpdk/state.h"
#include "dataplane/dpdk/teach.h"
#include "dataplane/pipeline/save.h"

#define NS_PER_US 1000

/* Of stamps no more than this is wrong; a clock that is slewed passes it seldom. */
#define CLOCK_STEP_US 100000

/* What of a frame is read to find its subscriber: longer headers count as cut short. */
#define HEADERS_BYTES 2048

/* How often counters are published while packets come: with every round they took a tenth of its time. */
#define PUBLISH_HZ 20000

/* A burst taken from this worker's ring and one that it received. */
#define ROUND_FRAMES (2 * ZR_BURST)

/* Would every ring take a burst from every worker at once? Then what a file gives now finds room, whoever else gives. */
static bool rings_have_room(const struct zr_dataplane *dp)
{
	for (unsigned int i = 0; i < dp->worker_count; i++)
		if (dp->workers[i]->ring != NULL &&
		    rte_ring_free_count(dp->workers[i]->ring) < ZR_BURST * dp->worker_count)
			return false;
	return true;
}

static void queue_count(struct zr_queue *q, struct rte_mbuf **frames, unsigned int count)
{
	uint32_t empty = atomic_load_explicit(&q->empty_polls, memory_order_relaxed);
	uint64_t bytes = 0;

	if (count == 0) {
		if (empty < UINT32_MAX)
			atomic_store_explicit(&q->empty_polls, empty + 1, memory_order_release);
		return;
	}
	for (unsigned int i = 0; i < count; i++)
		bytes += frames[i]->pkt_len;
	zr_tally(&q->pkts, count);
	zr_tally(&q->bytes, bytes);
	if (empty > 0)
		atomic_store_explicit(&q->empty_polls, 0, memory_order_release);
}

/* Two cache lines: TCP behind IPv6, and all behind a tag or in a tunnel, reaches into the second. */
static inline void prefetch_headers(const struct rte_mbuf *m)
{
	const char *data = rte_pktmbuf_mtod(m, const char *);

	rte_prefetch0(data);
	rte_prefetch0(data + RTE_CACHE_LINE_SIZE);
}

/* Stage: a burst from the next of this worker's queues. */
static unsigned int receive(struct zr_worker *w, struct zr_queue **from, struct rte_mbuf **frames)
{
	struct zr_dataplane *dp = w->dp;
	struct zr_queue *q;
	unsigned int count;

	if (w->turn >= dp->queue_count)
		w->turn = w->index;
	if (w->turn >= dp->queue_count)
		return 0;
	q = &dp->queues[w->turn];
	w->turn += dp->worker_count;
	if (q->waits && !rings_have_room(dp))
		return 0;
	count = rte_eth_rx_burst(q->port, q->queue, frames, ZR_BURST);
	for (unsigned int i = 0; i < count; i++)
		rte_prefetch0(frames[i]);
	for (unsigned int i = 0; i < count; i++) {
		prefetch_headers(frames[i]);
		/* net_ring leaves the port as whoever made the frame set it. */
		frames[i]->port = q->port;
	}
	queue_count(q, frames, count);
	*from = q;
	return count;
}

/*
 * The first bytes of a frame as a view: where they lie, or copied into buffer when they lie in several segments. Member by
 * member: copied as a whole, what was just written is read in other sizes, which costs more than all of the rest.
 */
static inline void view_fill(const struct zr_worker *w, const struct rte_mbuf *m, uint32_t max, uint8_t *buffer,
			     struct zr_view *view)
{
	uint32_t len = RTE_MIN(m->pkt_len, max);

	view->data = rte_pktmbuf_read(m, 0, len, buffer);
	view->len = len;
	view->wire_len = m->pkt_len;
	view->port = &w->dp->views[m->port];
}

/*
 * The time: the wall clock's at the start, and on with the monotonic one. 0 when packets bring their time, since no clock has
 * to do with them.
 */
static uint64_t clock_now(const struct zr_dataplane *dp)
{
	return dp->file_time ? 0 : zr_clock_ns(CLOCK_MONOTONIC) + dp->clock_offset_ns;
}

static uint64_t time_of(const struct zr_dataplane *dp, const struct rte_mbuf *m, uint64_t now_ns)
{
	if ((m->ol_flags & dp->stamp_flag) == 0)
		return now_ns;
	return *RTE_MBUF_DYNFIELD(m, dp->stamp_offset, const rte_mbuf_timestamp_t *) * NS_PER_US;
}

static unsigned int worker_of(const struct zr_worker *w, const struct rte_mbuf *m)
{
	const struct zr_pipeline_config *config = &w->dp->config.pipeline;
	struct zr_packet packet;
	struct zr_view view;

	view_fill(w, m, HEADERS_BYTES, w->contiguous, &view);
	zr_packet_whose(&config->packets, &view, &packet);
	if (unlikely(packet.fragment))
		return zr_spread_part(w->dp->parts, &packet, time_of(w->dp, m, clock_now(w->dp)));
	return zr_spread_worker(&packet, config->subscribers, w->dp->worker_count);
}

static void lose(struct zr_queue *from, struct rte_mbuf **frames, unsigned int count)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < count; i++)
		bytes += frames[i]->pkt_len;
	zr_tally(&from->full_pkts, count);
	zr_tally(&from->full_bytes, bytes);
	rte_pktmbuf_free_bulk(frames, count);
}

/* They go on unread, for they may neither wait nor be lost. */
static void bypass(struct zr_worker *w, struct rte_mbuf **frames, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct zr_view view;

		view_fill(w, frames[i], HEADERS_BYTES, w->contiguous, &view);
		zr_pipeline_bypass(w->pipeline, &view);
		zr_forward(w, &view, frames[i], ZR_MARK_NONE);
	}
	zr_forward_flush(w);
	w->status.pkts += count;
}

/* What the other worker's ring has no room for passes it by, or, when nothing is forwarded, is lost; both are counted. */
static void hand_over(struct zr_worker *w, struct zr_queue *from, struct rte_ring *ring, struct zr_outbox *box)
{
	unsigned int taken = rte_ring_mp_enqueue_burst(ring, (void **)box->frames, box->count, NULL);

	if (taken < box->count && w->tx != NULL)
		bypass(w, box->frames + taken, box->count - taken);
	else if (taken < box->count)
		lose(from, box->frames + taken, box->count - taken);
	box->count = 0;
}

/* Stage: frames of other workers' subscribers go to those; this worker's come to the front. Returns how many they are. */
static unsigned int sort_out(struct zr_worker *w, struct zr_queue *from, struct rte_mbuf **frames, unsigned int count)
{
	struct zr_dataplane *dp = w->dp;
	unsigned int mine = 0;

	if (w->outboxes == NULL || count == 0)
		return count;
	for (unsigned int i = 0; i < count; i++) {
		unsigned int to = worker_of(w, frames[i]);
		struct zr_outbox *box = &w->outboxes[to];

		if (to == w->index)
			frames[mine++] = frames[i];
		else
			box->frames[box->count++] = frames[i];
	}
	for (unsigned int i = 0; i < dp->worker_count; i++)
		if (w->outboxes[i].count > 0)
			hand_over(w, from, dp->workers[i]->ring, &w->outboxes[i]);
	return mine;
}

/* Stage: frames of this worker's subscribers that others received; they are on their way from another CPU's cache. */
static unsigned int take(struct zr_worker *w, struct rte_mbuf **frames)
{
	unsigned int count;

	if (w->ring == NULL)
		return 0;
	count = rte_ring_sc_dequeue_burst(w->ring, (void **)frames, ZR_BURST, NULL);
	for (unsigned int i = 0; i < count; i++)
		rte_prefetch0(frames[i]);
	return count;
}

/* Stage: the time. When the wall clock is set, the pipeline is told by how much it is off. */
static uint64_t time_now(struct zr_worker *w)
{
	uint64_t now_ns = clock_now(w->dp);
	int64_t ahead_us;

	if (now_ns == 0)
		return 0;
	ahead_us = (int64_t)(zr_clock_ns(CLOCK_REALTIME) - now_ns) / NS_PER_US;
	if (llabs(ahead_us - w->ahead_us) > CLOCK_STEP_US && zr_pipeline_clock(w->pipeline, ahead_us) == 0)
		w->ahead_us = ahead_us;
	return now_ns;
}

/* One burst through the pipeline, and out of the peer ports or back to the pools. */
static void judge_burst(struct zr_worker *w, const struct zr_view *views, struct rte_mbuf **frames, unsigned int count)
{
	uint8_t marks[ZR_BURST];

	if (w->tx == NULL) {
		zr_pipeline_burst(w->pipeline, views, count);
		rte_pktmbuf_free_bulk(frames, count);
		return;
	}
	zr_pipeline_burst_marks(w->pipeline, views, count, marks);
	for (unsigned int i = 0; i < count; i++)
		zr_forward(w, &views[i], frames[i], marks[i]);
	zr_forward_flush(w);
}

/* Stage: all of them are judged. A burst ends early when its multi-segment frames fill the buffer. */
static void judge(struct zr_worker *w, struct rte_mbuf **frames, unsigned int count, uint64_t now_ns)
{
	struct zr_view views[ZR_BURST];
	unsigned int held = 0, done = 0;
	uint32_t used = 0;

	for (unsigned int i = 0; i < count; i++) {
		const struct rte_mbuf *m = frames[i];
		uint32_t copied = m->nb_segs > 1 ? RTE_MIN(m->pkt_len, ZR_CONTIGUOUS_BYTES) : 0;

		if (held == ZR_BURST || used + copied > ZR_CONTIGUOUS_BYTES) {
			judge_burst(w, views, frames + done, held);
			done = i;
			held = used = 0;
		}
		view_fill(w, m, ZR_CONTIGUOUS_BYTES, w->contiguous + used, &views[held]);
		views[held].time_ns = time_of(w->dp, m, now_ns);
		w->latest_ns = RTE_MAX(w->latest_ns, views[held].time_ns);
		used += copied;
		held++;
	}
	judge_burst(w, views, frames + done, held);
	w->status.bursts++;
	w->status.pkts += count;
}

/* Stage: another list, when one was published; and when all flows are judged by it, say so. */
static void notice_list(struct zr_worker *w)
{
	const struct zr_announcement *list = atomic_load_explicit(&w->dp->published, memory_order_acquire);

	if (list->generation != w->generation && zr_pipeline_list(w->pipeline, list->image, list->index) == 0)
		w->generation = list->generation;
	if (atomic_load_explicit(&w->settled, memory_order_relaxed) != w->generation &&
	    zr_pipeline_list_settled(w->pipeline)) {
		atomic_store_explicit(&w->settled_events, w->told, memory_order_relaxed);
		atomic_store_explicit(&w->settled, w->generation, memory_order_release);
	}
}

/* Counters as of now, all of one moment. */
void zr_worker_publish(struct zr_worker *w)
{
	struct zr_worker_status *status = &w->status;
	struct zr_untold untold;

	status->flows = zr_pipeline_flows(w->pipeline);
	status->flows_undecided = zr_pipeline_flows_undecided(w->pipeline);
	status->flows_free = zr_pipeline_flows_free(w->pipeline);
	for (unsigned int i = 0; i < ZR_COUNTER_COUNT; i++)
		status->counters[i] = zr_pipeline_counter(w->pipeline, (enum zr_counter)i);
	status->lessons = zr_pipeline_lessons(w->pipeline);
	status->twice = zr_pipeline_twice(w->pipeline);
	zr_pipeline_totals(w->pipeline, &status->totals);
	zr_pipeline_untold(w->pipeline, &untold);
	memcpy(status->lost, untold.lost, sizeof(status->lost));
	status->cut_charged = untold.cut_charged;
	zr_snapshot_write(&w->snapshot, status);
}

/* Stage: counters, when it is time; a round that found nothing, and every one on the way out, leaves none unpublished. */
static void publish(struct zr_worker *w, enum zr_phase phase, bool found)
{
	if (found && phase == ZR_PHASE_RUN && w->round_cycles - w->published_cycles < w->publish_cycles)
		return;
	w->published_cycles = w->round_cycles;
	zr_worker_publish(w);
}

/* Tell control how far this worker has come; that its ring is empty only when this round found nothing in it. */
static void report_phase(struct zr_worker *w, enum zr_phase phase, bool found)
{
	if (phase == ZR_PHASE_EMPTY && found)
		return;
	atomic_store_explicit(&w->reached_ns, w->latest_ns, memory_order_relaxed);
	atomic_store_explicit(&w->reached, phase, memory_order_release);
}

/*
 * While packets come nothing here may wait: the pipeline is told that the ring has no room. Before the first one, and at the
 * end when nothing is received any more, control drains.
 */
bool zr_worker_tell(void *arg, const struct zr_usage *usage)
{
	struct zr_worker *w = arg;

	while (!zr_events_put(w->events, usage)) {
		enum zr_phase phase = atomic_load_explicit(&w->dp->phase, memory_order_relaxed);

		if (phase == ZR_PHASE_QUIT || (phase != ZR_PHASE_CUT && !w->waits))
			return false;
		sched_yield();
	}
	w->told++;
	w->status.records += usage->recorded;
	return true;
}

uint32_t zr_worker_room(void *arg)
{
	const struct zr_worker *w = arg;

	return zr_events_room(w->events);
}

static void cut_all(struct zr_worker *w)
{
	zr_pipeline_advance(w->pipeline, atomic_load_explicit(&w->dp->end_ns, memory_order_relaxed));
	if (w->dp->config.keep_flows)
		zr_pipeline_pause(w->pipeline);
	else
		zr_pipeline_shutdown(w->pipeline);
}

int zr_worker_forget(void *arg)
{
	struct zr_worker *w = arg;

	/* It may have ended before it noticed, and the table before may be gone. */
	zr_teach_notice(w);
	zr_pipeline_shutdown(w->pipeline);
	zr_worker_publish(w);
	return 0;
}

static void rest(const struct zr_dataplane *dp)
{
	if (dp->shared_cpus)
		sched_yield();
	else
		rte_pause();
}

void zr_worker_round(struct zr_worker *w, enum zr_phase phase)
{
	struct zr_dataplane *dp = w->dp;
	uint64_t begin = w->round_cycles, end;
	struct rte_mbuf *frames[ROUND_FRAMES];
	struct zr_queue *from = NULL;
	unsigned int taken = take(w, frames);
	unsigned int received = phase == ZR_PHASE_RUN ? receive(w, &from, frames + taken) : 0;
	unsigned int count;
	bool found;

	for (unsigned int i = 0; i < taken; i++)
		prefetch_headers(frames[i]);
	count = taken + sort_out(w, from, frames + taken, received);
	found = received > 0 || count > 0;

	if (count > 0)
		judge(w, frames, count, time_now(w));
	else
		zr_pipeline_poll(w->pipeline, time_now(w));
	notice_list(w);
	zr_teach_notice(w);
	zr_worker_answer(w, !found);
	end = rte_rdtsc();
	w->status.total_cycles += end - begin;
	w->status.busy_cycles += found ? end - begin : 0;
	w->round_cycles = end;
	publish(w, phase, found);
	report_phase(w, phase, found);
	rte_rcu_qsbr_quiescent(dp->qsbr, w->index);
	if (!found)
		rest(dp);
}

int zr_worker_run(void *arg)
{
	struct zr_worker *w = arg;
	struct zr_dataplane *dp = w->dp;
	enum zr_phase phase;

	w->round_cycles = rte_rdtsc();
	w->publish_cycles = rte_get_tsc_hz() / PUBLISH_HZ;
	rte_rcu_qsbr_thread_online(dp->qsbr, w->index);
	zr_worker_restore(w, time_now(w));
	while ((phase = atomic_load_explicit(&dp->phase, memory_order_acquire)) < ZR_PHASE_CUT)
		zr_worker_round(w, phase);
	if (phase == ZR_PHASE_CUT)
		cut_all(w);
	zr_worker_publish(w);
	rte_rcu_qsbr_thread_offline(dp->qsbr, w->index);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Edges follow from packet time, not from when somebody looks: whether the ageing hand or the next packet finds that one
 * has passed, the parts that are cut are the same.
 */
#include "dataplane/pipeline/evidence.h"
#include "dataplane/pipeline/state.h"

#define US_PER_S 1000000
#define NEVER    UINT64_MAX

/* What nobody took is offered again after about four seconds: often enough for whoever waits for it, seldom enough for all flows. */
#define SOON_TICKS 4

/* How far to look back for a switch of the tariff: about an hour at first, and 12 days at most. */
#define BACK_MIN_US (UINT64_C(1) << 32)
#define BACK_MAX_US (UINT64_C(1) << 40)

/* The hand goes round once a second, and no burst waits for more than this many looks. */
#define SWEEP_MAX 256
#define SWEEP_MIN 4

/*
 * What a burst does at most for another list, and what is left for ageing besides: some 10 us of work in all. What the burst's
 * own packets told has taken its time already and counts against it, down to what lets it always go on.
 */
#define RENEWAL_WORK 32
#define AGEING_WORK  16
#define WORK_MIN     4

/* The next interim of the part at hand. */
static uint64_t interim_after(struct zr_pipeline *p, uint32_t flow, uint64_t us)
{
	const struct zr_flow *f = zr_flow_at(p, flow);
	uint64_t first_us = zr_flow_first_us(f, zr_rest_at(p, flow));
	uint64_t interval = p->config.interim_us;

	/* What goes on since nobody took it is offered again soon, whatever the interval. */
	return zr_cut_empty(f) || f->late != 0 ? NEVER : first_us + ((us - first_us) / interval + 1) * interval;
}

/* The next window edge of any entry of the flow's list, or the list's expiry. */
static uint64_t window_after(struct zr_pipeline *p, const struct zr_flow *f, uint64_t us)
{
	bool current = f->generation == p->generation;
	int64_t edge_s;
	uint64_t edge;

	if (current && us >= p->window_from_us && us < p->window_until_us)
		return p->window_until_us;
	edge_s = zr_image_next_edge_s(zr_list_of(p, f)->image, zr_wall_s(p, f, us));
	edge = edge_s >= INT64_MAX / US_PER_S ? NEVER
					      : (uint64_t)edge_s * US_PER_S - (uint64_t)zr_wall_of(p, f)->ahead_us;
	if (current) {
		p->window_from_us = us;
		p->window_until_us = edge;
	}
	return edge;
}

/* The first switch of the tariff behind a moment, in packets' time. */
static uint64_t switch_after(const struct zr_pipeline *p, const struct zr_wall *wall, uint64_t us)
{
	uint64_t switch_us = NEVER;

	if (us != NEVER)
		switch_us = p->config.tariff_next_us(p->config.tariff_arg, us + (uint64_t)wall->ahead_us);
	return switch_us == NEVER ? NEVER : switch_us - (uint64_t)wall->ahead_us;
}

/*
 * The next switch of the tariff. Flows ask for the one ahead, and around a switch for the one just passed too, depending
 * on when each was looked at last: both are remembered.
 */
static uint64_t tariff_after(struct zr_pipeline *p, const struct zr_flow *f, uint64_t us)
{
	struct zr_wall *wall = zr_wall_of(p, f);
	uint64_t *switched = wall->switched_us;

	if (p->config.tariff_next_us == NULL || zr_cut_empty(f))
		return NEVER;
	if (us < switched[0])
		return switch_after(p, wall, us);
	if (us >= switched[2]) {
		uint64_t next = switch_after(p, wall, us);
		bool follows = switched[2] != 0 && switch_after(p, wall, switched[2]) == next;

		switched[0] = follows ? switched[1] : us;
		switched[1] = follows ? switched[2] : next;
		switched[2] = follows ? next : switch_after(p, wall, next);
	}
	return us < switched[1] ? switched[1] : switched[2];
}

uint64_t zr_edge_tariff_since(const struct zr_pipeline *p, uint64_t old_us, uint64_t us)
{
	uint64_t since_us = 0, next_us;

	if (p->config.tariff_next_us == NULL)
		return 0;
	next_us = p->config.tariff_next_us(p->config.tariff_arg, old_us < us ? old_us : us);
	if (next_us <= (old_us < us ? us : old_us))
		return UINT64_MAX;
	/* On one side of it; but set back, a part may now have begun before the switch before. No part is longer than this. */
	for (uint64_t back_us = BACK_MIN_US; back_us <= BACK_MAX_US && back_us < us && since_us == 0; back_us *= 2) {
		next_us = p->config.tariff_next_us(p->config.tariff_arg, us - back_us);
		while (next_us <= us) {
			since_us = next_us;
			next_us = p->config.tariff_next_us(p->config.tariff_arg, since_us);
		}
	}
	return since_us;
}

uint64_t zr_edge_waited_since(struct zr_pipeline *p, const struct zr_flow *f, uint64_t before_us)
{
	uint64_t us = p->now_us - p->waited_us;
	bool between = us < before_us || us < p->list_us || window_after(p, f, us) <= p->now_us ||
		       tariff_after(p, f, us) <= p->now_us;

	return between ? p->now_us : us;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint32_t tick_of(uint64_t edge)
{
	return edge >> ZR_TICK_BITS > UINT32_MAX ? UINT32_MAX : zr_tick(edge);
}

void zr_edge_set(struct zr_pipeline *p, uint32_t flow, uint64_t us)
{
	struct zr_flow *f = zr_flow_at(p, flow);

	f->edge_tick = tick_of(least(least(window_after(p, f, us), tariff_after(p, f, us)),
				     least(interim_after(p, flow, us), zr_evidence_edge(p, flow, us))));
	if (zr_cut_waits(f))
		zr_edge_soon(p, flow);
}

void zr_edge_soon(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	uint32_t soon = zr_tick(p->now_us) + SOON_TICKS;

	if (soon < f->edge_tick)
		f->edge_tick = soon;
}

/* Up to when the flow's edges have been passed. */
static uint64_t passed_us(const struct zr_flow *f)
{
	uint64_t tick_us = (uint64_t)f->edge_tick << ZR_TICK_BITS;

	return tick_us > f->last_us ? tick_us - 1 : f->last_us;
}

/* cause: a window opened or closed, or what bound the flow is over. */
static void judge_at(struct zr_pipeline *p, uint32_t flow, uint64_t at_us, enum zr_cause cause)
{
	struct zr_judgement judgement;

	if ((zr_flow_at(p, flow)->flags & ZR_FLOW_DECIDED) == 0) {
		zr_cut_part(p, flow, cause, false);
		return;
	}
	judgement = zr_judge_again(p, flow, at_us);
	if (judgement.reason != zr_flow_at(p, flow)->reason || judgement.rule != zr_rest_at(p, flow)->rule)
		zr_verdict_change(p, flow, cause, judgement, NULL);
}

static enum zr_cause silence_cause(const struct zr_flow *f)
{
	if (f->timeout != ZR_TIMEOUT_LINGER)
		return ZR_CAUSE_IDLE;
	return (f->flags & ZR_FLOW_RST) != 0 ? ZR_CAUSE_RST : ZR_CAUSE_FIN;
}

/* Pass the flow's edges behind at, up to now. False when silence has ended it. */
static bool pass(struct zr_pipeline *p, uint32_t flow, uint64_t at, uint64_t now_us)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	uint64_t silent_us = f->last_us + p->config.timeout_us[f->timeout];

	for (;;) {
		uint64_t window = window_after(p, f, at);
		uint64_t tariff = tariff_after(p, f, at);
		uint64_t interim = interim_after(p, flow, at);
		uint64_t bound = zr_evidence_edge(p, flow, at);

		at = least(least(window, tariff), least(interim, bound));
		if (at > now_us || at >= silent_us)
			break;
		if (at == window)
			judge_at(p, flow, at, ZR_CAUSE_WINDOW);
		if (at == bound)
			judge_at(p, flow, at, ZR_CAUSE_VERDICT);
		if (at == tariff)
			zr_cut_part(p, flow, ZR_CAUSE_TARIFF, false);
		if (at == interim)
			zr_cut_part(p, flow, ZR_CAUSE_INTERIM, true);
	}
	if (silent_us <= now_us) {
		zr_cut_end(p, flow, silence_cause(f));
		return false;
	}
	return true;
}

bool zr_edge_pass(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	uint64_t passed = passed_us(f);
	bool waits = zr_cut_waits(f);

	if (f->generation != p->generation) {
		if (!pass(p, flow, passed, p->list_us))
			return false;
		zr_renew_flow(p, flow);
		passed = p->list_us;
	}
	if (!pass(p, flow, passed, p->now_us))
		return false;
	if (waits && zr_cut_waits(f))
		zr_cut_again(p, flow);
	zr_edge_set(p, flow, p->now_us);
	return true;
}

static unsigned int work_left(unsigned int work, uint64_t told)
{
	return told < work - WORK_MIN ? work - (unsigned int)told : WORK_MIN;
}

void zr_edge_sweep(struct zr_pipeline *p, uint64_t told)
{
	uint64_t passed_us = p->now_us - p->swept_us;
	uint64_t share = passed_us >= US_PER_S ? p->table.high_water : p->table.high_water * passed_us / US_PER_S;
	uint32_t budget = share > SWEEP_MAX ? SWEEP_MAX : (uint32_t)share + SWEEP_MIN;
	struct zr_pace pace = {.left = work_left(RENEWAL_WORK, told)};
	uint32_t flow;

	p->swept_us = p->now_us;
	if (p->list_left > 0)
		zr_renew_some(p, &pace);
	/* Only for as long as a list takes: flows that end must not pile up. */
	pace.left += p->list_left > 0 ? work_left(AGEING_WORK, told) : AGEING_WORK;
	if (p->learned_left > 0)
		zr_evidence_some(p, &pace);
	while (pace.left > 0 && (flow = zr_flow_table_sweep(&p->table, &budget)) != ZR_FLOW_NONE)
		if (zr_edge_due(p, zr_flow_at(p, flow)))
			zr_pace_pass(p, &pace, flow);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Edges follow from packet time, not from when somebody looks: whether the ageing hand or the next packet finds that one
 * has passed, the parts that are cut are the same.
 */
#include "dataplane/pipeline/state.h"

#define US_PER_S 1000000
#define NEVER    UINT64_MAX

/* The hand goes round once a second, and no burst waits for more than this many looks. */
#define SWEEP_MAX 256
#define SWEEP_MIN 4
/* Flows that one burst judges by a new list: some 10 us of work. */
#define SETTLE_MAX 64

/* The next interim of the part at hand. */
static uint64_t interim_after(struct zr_pipeline *p, uint32_t flow, uint64_t us)
{
	const struct zr_flow *f = zr_flow_at(p, flow);
	uint64_t first_us = zr_flow_first_us(f, zr_rest_at(p, flow));
	uint64_t interval = p->config.interim_us;

	return zr_cut_empty(f) ? NEVER : first_us + ((us - first_us) / interval + 1) * interval;
}

/* The next window edge of any entry of the flow's list, or the list's expiry. */
static uint64_t window_after(struct zr_pipeline *p, const struct zr_flow *f, uint64_t us)
{
	bool current = f->generation == p->generation;
	int64_t edge_s;
	uint64_t edge;

	if (current && us >= p->window_from_us && us < p->window_until_us)
		return p->window_until_us;
	edge_s = zr_image_next_edge_s(zr_list_of(p, f)->image, zr_wall_s(p, us));
	edge = edge_s >= INT64_MAX / US_PER_S ? NEVER : (uint64_t)edge_s * US_PER_S - (uint64_t)p->ahead_us;
	if (current) {
		p->window_from_us = us;
		p->window_until_us = edge;
	}
	return edge;
}

void zr_edge_set(struct zr_pipeline *p, uint32_t flow, uint64_t us)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	uint64_t window = window_after(p, f, us);
	uint64_t interim = interim_after(p, flow, us);
	uint64_t edge = interim < window ? interim : window;

	f->edge_tick = edge >> ZR_TICK_BITS > UINT32_MAX ? UINT32_MAX : zr_tick(edge);
}

/* Up to when the flow's edges have been passed. */
static uint64_t passed_us(const struct zr_flow *f)
{
	uint64_t tick_us = (uint64_t)f->edge_tick << ZR_TICK_BITS;

	return tick_us > f->last_us ? tick_us - 1 : f->last_us;
}

static void window_pass(struct zr_pipeline *p, uint32_t flow, uint64_t at_us)
{
	struct zr_judgement judgement;

	if ((zr_flow_at(p, flow)->flags & ZR_FLOW_DECIDED) == 0) {
		zr_cut_part(p, flow, ZR_CAUSE_WINDOW);
		return;
	}
	judgement = zr_judge_again(p, flow, at_us);
	if (judgement.reason != zr_flow_at(p, flow)->reason || judgement.rule != zr_rest_at(p, flow)->rule)
		zr_verdict_change(p, flow, ZR_CAUSE_WINDOW, judgement, NULL);
}

/* The flow has come to when the new list came into force. */
static void list_pass(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_flow_rest *rest = zr_rest_at(p, flow);
	uint8_t old_generation = f->generation;
	uint32_t old_rule = rest->rule;
	/* The same list again: the clock was set, and windows may have opened or closed. */
	enum zr_cause cause = p->old_list.image == p->list.image ? ZR_CAUSE_WINDOW : ZR_CAUSE_LIST;
	struct zr_judgement judgement;

	if ((f->flags & ZR_FLOW_DECIDED) == 0) {
		zr_cut_part(p, flow, cause);
		f->generation = p->generation;
		return;
	}
	/* Numbers of entries in two lists say nothing to each other. */
	rest->rule = ZR_ENTRY_NONE;
	f->generation = p->generation;
	judgement = zr_judge_again(p, flow, p->list_us);
	if (judgement.reason == f->reason &&
	    zr_judge_same_entry(p->old_list.image, old_rule, p->list.image, judgement.rule)) {
		rest->rule = judgement.rule;
		return;
	}
	rest->rule = old_rule;
	f->generation = old_generation;
	zr_cut_part(p, flow, cause);
	rest->rule = ZR_ENTRY_NONE;
	f->generation = p->generation;
	zr_verdict_change(p, flow, cause, judgement, NULL);
}

static enum zr_cause silence_cause(const struct zr_flow *f)
{
	if (f->timeout != ZR_TIMEOUT_LINGER)
		return ZR_CAUSE_IDLE;
	return (f->flags & ZR_FLOW_RST) != 0 ? ZR_CAUSE_RST : ZR_CAUSE_FIN;
}

/* Pass the flow's edges up to now. False when silence has ended it. */
static bool pass_until(struct zr_pipeline *p, uint32_t flow, uint64_t now_us)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	uint64_t silent_us = f->last_us + p->config.timeout_us[f->timeout];
	uint64_t at = passed_us(f);

	for (;;) {
		uint64_t window = window_after(p, f, at);
		uint64_t interim = interim_after(p, flow, at);

		at = interim < window ? interim : window;
		if (at > now_us || at >= silent_us)
			break;
		if (at == window)
			window_pass(p, flow, at);
		if (at == interim)
			zr_cut_part(p, flow, ZR_CAUSE_INTERIM);
	}
	if (silent_us <= now_us) {
		zr_cut_end(p, flow, silence_cause(f));
		return false;
	}
	return true;
}

bool zr_edge_pass(struct zr_pipeline *p, uint32_t flow)
{
	if (zr_flow_at(p, flow)->generation != p->generation) {
		if (!pass_until(p, flow, p->list_us))
			return false;
		list_pass(p, flow);
		zr_edge_set(p, flow, p->list_us);
	}
	if (!pass_until(p, flow, p->now_us))
		return false;
	zr_edge_set(p, flow, p->now_us);
	return true;
}

/* Flows that nobody speaks on are judged by the new list too, a few at a time. */
static void settle(struct zr_pipeline *p)
{
	for (unsigned int looks = 0; p->list_left > 0 && looks < SETTLE_MAX; looks++) {
		struct zr_flow *f = zr_flow_at(p, --p->list_left);

		if (f->family != 0 && f->generation != p->generation)
			zr_edge_pass(p, p->list_left);
	}
}

void zr_edge_sweep(struct zr_pipeline *p)
{
	uint64_t passed_us = p->now_us - p->swept_us;
	uint64_t share = passed_us >= US_PER_S ? p->table.high_water : p->table.high_water * passed_us / US_PER_S;
	uint32_t budget = share > SWEEP_MAX ? SWEEP_MAX : (uint32_t)share + SWEEP_MIN;
	uint32_t flow;

	p->swept_us = p->now_us;
	if (p->list_left > 0)
		settle(p);
	while ((flow = zr_flow_table_sweep(&p->table, &budget)) != ZR_FLOW_NONE)
		if (zr_edge_due(p, zr_flow_at(p, flow)))
			zr_edge_pass(p, flow);
}

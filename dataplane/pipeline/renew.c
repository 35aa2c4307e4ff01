/* SPDX-License-Identifier: BSD-3-Clause */
/* Another list, or another wall clock: every flow is judged again, as of the moment when it came. */
#include <errno.h>

#include "dataplane/pipeline/evidence.h"
#include "dataplane/pipeline/state.h"

/* Places that one burst looks at for flows of the list before. */
#define LOOKS_MAX 64

void zr_renew_flow(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_flow_rest *rest = zr_rest_at(p, flow);
	uint8_t old_generation = f->generation;
	uint32_t old_rule = rest->rule;
	/* The same list again: the clock was set, and windows may have opened or closed. */
	enum zr_cause cause = p->old_list.image == p->list.image ? ZR_CAUSE_WINDOW : ZR_CAUSE_LIST;
	struct zr_judgement judgement;
	bool same_entry;

	if (zr_flow_part_first_us(f, rest) < p->tariff_since_us)
		zr_cut_part(p, flow, ZR_CAUSE_TARIFF, false);
	if ((f->flags & ZR_FLOW_DECIDED) == 0) {
		zr_cut_part(p, flow, cause, false);
		f->generation = p->generation;
		return;
	}
	/* Numbers of entries in two lists say nothing to each other. */
	rest->rule = ZR_ENTRY_NONE;
	f->generation = p->generation;
	judgement = zr_judge_again(p, flow, p->list_us);
	same_entry = zr_judge_same_entry(p->old_list.image, old_rule, p->list.image, judgement.rule);
	if (judgement.reason == f->reason && same_entry) {
		rest->rule = judgement.rule;
		f->evidence = judgement.evidence & 0x7f;
		zr_evidence_follow(p, flow);
		return;
	}
	same_entry &= zr_reason_verdict(judgement.reason) == zr_reason_verdict(f->reason);
	rest->rule = old_rule;
	f->generation = old_generation;
	zr_cut_part(p, flow, cause, same_entry);
	f->generation = p->generation;
	zr_verdict_replace(p, flow, (uint8_t)cause, judgement, NULL, same_entry);
}

void zr_renew_some(struct zr_pipeline *p, struct zr_pace *pace)
{
	for (unsigned int looks = 0; p->list_left > 0 && looks < LOOKS_MAX && pace->left > 0; looks++) {
		const struct zr_flow *f = zr_flow_at(p, p->list_left - 1);

		if (f->family != 0 && f->generation != p->generation && !zr_pace_pass(p, pace, p->list_left - 1))
			return;
		p->list_left--;
	}
}

int zr_pipeline_list(struct zr_pipeline *p, const struct zr_image *image, const struct zr_suffix_index *index)
{
	if (p->list_left > 0)
		return -EBUSY;
	p->old_list = p->list;
	p->old_wall = p->wall;
	p->tariff_since_us = 0;
	p->list = (struct zr_list_view){.image = image, .index = index};
	p->list_us = p->now_us;
	p->list_left = p->table.high_water;
	p->generation++;
	p->window_from_us = p->window_until_us = 0;
	return 0;
}

int zr_pipeline_clock(struct zr_pipeline *p, int64_t ahead_us)
{
	uint64_t old_us = p->now_us + (uint64_t)p->wall.ahead_us, us = p->now_us + (uint64_t)ahead_us;
	int status = zr_pipeline_list(p, p->list.image, p->list.index);

	if (status != 0)
		return status;
	p->wall = (struct zr_wall){.ahead_us = ahead_us};
	p->tariff_since_us = zr_edge_tariff_since(p, old_us, us);
	/* In packets' time. */
	if (p->tariff_since_us != 0 && p->tariff_since_us != UINT64_MAX)
		p->tariff_since_us -= (uint64_t)ahead_us;
	return 0;
}

void zr_pipeline_learned(struct zr_pipeline *p, const struct zr_learned_table *table)
{
	p->learned = table;
	p->learned_left = zr_ties_places(&p->ties);
}

bool zr_pipeline_list_settled(const struct zr_pipeline *p)
{
	return p->list_left == 0;
}

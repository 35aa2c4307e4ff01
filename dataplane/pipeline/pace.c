/* SPDX-License-Identifier: BSD-3-Clause */
/* What can wait takes little of a burst's time, and no record's place in vain: it goes on with the next burst. */
#include "dataplane/pipeline/evidence.h"
#include "dataplane/pipeline/state.h"

/* One of so many places of the table is few. */
#define FEW 64

/* Would it tell anything when it is cut? */
static bool tells(const struct zr_pipeline *p, uint32_t flow)
{
	const struct zr_pipeline_config *config = &p->config;

	return (p->table.flows[flow].flags & ZR_FLOW_FREE) != 0 || config->charged_records || config->totals_by_entry ||
	       config->totals_by_subscriber || p->table.rest[flow].id != 0;
}

/* Asked for once in a burst, and only when there is something to do. */
static bool has_room(const struct zr_pipeline *p, struct zr_pace *pace)
{
	if (p->config.room == NULL)
		return true;
	if (!pace->asked) {
		pace->asked = true;
		pace->told_max = p->told + p->config.room(p->config.arg);
	}
	return p->told < pace->told_max;
}

static bool has_ended(const struct zr_pipeline *p, uint32_t flow)
{
	const struct zr_flow *f = &p->table.flows[flow];

	return p->now_us - f->last_us >= p->config.timeout_us[f->timeout];
}

bool zr_pace_may(struct zr_pipeline *p, struct zr_pace *pace, uint32_t flow)
{
	if (has_room(p, pace) || !tells(p, flow))
		return true;
	if (!has_ended(p, flow))
		return false;
	/* What hangs on it ends when silence ended it, not when that is told. */
	if (p->table.flows[flow].tied && zr_ties_holds(&p->ties, flow))
		zr_evidence_release(p, flow);
	/* It keeps a place from those that live, when few are left. */
	return p->table.capacity - p->table.used <= p->table.capacity / FEW;
}

void zr_pace_spend(const struct zr_pipeline *p, struct zr_pace *pace, uint64_t told_before)
{
	uint64_t work = 1 + p->told - told_before;

	pace->left -= work < pace->left ? (unsigned int)work : pace->left;
}

bool zr_pace_pass(struct zr_pipeline *p, struct zr_pace *pace, uint32_t flow)
{
	uint64_t told = p->told;

	if (!zr_pace_may(p, pace, flow))
		return false;
	zr_edge_pass(p, flow);
	zr_pace_spend(p, pace, told);
	return true;
}

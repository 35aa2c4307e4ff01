/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/evidence.h"
#include "dataplane/pipeline/state.h"

/* Longest that a part which nobody takes goes on: half of what part_first_us can tell. */
#define GOES_ON_US (UINT64_C(1) << 39)

/* How the cause of a part that goes on is kept in three bits. */
_Static_assert(ZR_CAUSE_INTERIM - ZR_CAUSE_IDLE == 1 && ZR_CAUSE_VERDICT - ZR_CAUSE_IDLE <= 7, "late has three bits");

/* Three quarters: it must go, whether it is taken or not. */
static bool part_overflows(const struct zr_flow *f)
{
	return f->up_pkts >> 30 == 3 || f->down_pkts >> 30 == 3 || f->up_bytes >> 39 >= 3 || f->down_bytes >> 39 == 3;
}

void zr_cut_full(struct zr_pipeline *p, uint32_t flow)
{
	const struct zr_flow *f = zr_flow_at(p, flow);

	if (f->late == 0 || part_overflows(f))
		zr_cut_part(p, flow, ZR_CAUSE_INTERIM, !part_overflows(f));
}

void zr_cut_begin(struct zr_pipeline *p, uint32_t flow, uint64_t before_us)
{
	zr_rest_at(p, flow)->part_first_us = p->waited_us == 0
						     ? p->now_us
						     : zr_edge_waited_since(p, zr_flow_at(p, flow), before_us);
	zr_edge_set(p, flow, p->now_us);
}

void zr_cut_move(struct zr_pipeline *p, uint32_t flow, enum zr_reason to)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	/* gcc adds bit-fields in as many bits as they have. */
	uint64_t bytes = (uint64_t)f->up_bytes + f->down_bytes;
	uint64_t pkts = (uint64_t)f->up_pkts + f->down_pkts;

	p->totals.reason[f->reason].bytes -= bytes;
	p->totals.reason[f->reason].pkts -= pkts;
	p->totals.reason[to].bytes += bytes;
	p->totals.reason[to].pkts += pkts;
}

static void part_reset(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_flow_rest *rest = zr_rest_at(p, flow);

	f->up_bytes = f->down_bytes = 0;
	f->up_pkts = f->down_pkts = 0;
	f->late = 0;
	f->mixed = false;
	rest->retro_up_bytes = rest->retro_down_bytes = 0;
}

/* An undecided flow's volume gets the reason it is charged for; the flow itself stays undecided. */
static void undecided_charge(struct zr_pipeline *p, uint32_t flow, enum zr_reason reason)
{
	zr_cut_move(p, flow, reason);
	zr_flow_at(p, flow)->reason = (uint8_t)reason;
}

static void lose(struct zr_pipeline *p, const struct zr_flow *f)
{
	struct zr_loss *loss = &p->untold.lost[zr_reason_verdict((enum zr_reason)f->reason)];

	zr_usage_add(&loss->traffic, f);
	loss->records++;
}

/* Nobody takes the part now. Is it told later, with what comes until then? */
static bool part_goes_on(struct zr_pipeline *p, uint32_t flow, enum zr_cause cause)
{
	struct zr_flow *f = zr_flow_at(p, flow);

	if (f->last_us - zr_flow_part_first_us(f, zr_rest_at(p, flow)) >= GOES_ON_US)
		return false;
	f->late = (cause - ZR_CAUSE_IDLE) & 7;
	zr_edge_soon(p, flow);
	return true;
}

void zr_cut_part(struct zr_pipeline *p, uint32_t flow, enum zr_cause cause, bool goes_on)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	bool undecided = (f->flags & ZR_FLOW_DECIDED) == 0;

	if (zr_cut_empty(f))
		return;
	if (undecided)
		undecided_charge(p, flow, ZR_REASON_NO_NAME);
	if (f->late != 0)
		cause = (enum zr_cause)(ZR_CAUSE_IDLE + f->late);
	if (!zr_usage_part(p, flow, cause, false)) {
		/* Undecided volume does not go on: what is read later must not free it. */
		if (goes_on && !undecided && part_goes_on(p, flow, cause))
			return;
		lose(p, f);
	}
	if (undecided) {
		zr_look_note(p, flow, (uint8_t)cause, NULL);
		f->reason = ZR_REASON_UNDECIDED;
	}
	part_reset(p, flow);
}

void zr_cut_again(struct zr_pipeline *p, uint32_t flow)
{
	if (zr_flow_at(p, flow)->late != 0)
		zr_cut_part(p, flow, ZR_CAUSE_INTERIM, true);
	else
		zr_usage_tag(p, flow);
}

void zr_cut_end(struct zr_pipeline *p, uint32_t flow, enum zr_cause cause)
{
	struct zr_flow *f = zr_flow_at(p, flow);

	if ((f->flags & ZR_FLOW_DECIDED) == 0) {
		enum zr_reason reason = ZR_REASON_NO_NAME;

		if (cause == ZR_CAUSE_EVICTED)
			reason = ZR_REASON_TABLE_FULL;
		else if (zr_flow_midstream(f))
			reason = ZR_REASON_MIDSTREAM;
		undecided_charge(p, flow, reason);
	}
	if (!zr_usage_part(p, flow, cause, true))
		lose(p, f);
	if ((f->flags & ZR_FLOW_DECIDED) == 0)
		zr_look_note(p, flow, (uint8_t)cause, NULL);
	if ((f->flags & ZR_FLOW_INSPECT) != 0)
		zr_context_put(p, flow);
	else
		zr_rebind_forget(p, flow);
	zr_evidence_release(p, flow);
	if ((f->flags & ZR_FLOW_DECIDED) != 0)
		zr_intern_release(p->intern, zr_rest_at(p, flow)->name);
	zr_intern_release(p->intern, f->path);
	p->flows_free -= (f->flags & ZR_FLOW_FREE) != 0;
	zr_flow_table_remove(&p->table, flow);
	p->decisions.last_flow = ZR_FLOW_NONE;
	p->removals++;
}

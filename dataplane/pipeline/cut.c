/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/state.h"

/* Half of what its fields hold, in packets or bytes of one direction: no interim may be soon enough. */
static bool part_is_full(const struct zr_flow *f)
{
	return (f->up_pkts | f->down_pkts) >> 31 != 0 || (f->up_bytes | f->down_bytes) >> 47 != 0;
}

void zr_cut_count(struct zr_pipeline *p, uint32_t flow, bool up, uint32_t pkts, uint64_t bytes)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_volume *total = &p->totals.reason[f->reason];
	bool begins;

	if (part_is_full(f))
		zr_cut_part(p, flow, ZR_CAUSE_INTERIM);
	begins = zr_cut_empty(f);
	f->last_us = p->now_us;
	if (up) {
		f->up_bytes += bytes;
		f->up_pkts += pkts;
	} else {
		f->down_bytes += bytes;
		f->down_pkts += pkts;
	}
	total->bytes += bytes;
	total->pkts += pkts;
	if (begins) {
		zr_rest_at(p, flow)->part_first_us = p->now_us - p->waited_us;
		zr_edge_set(p, flow, p->now_us);
	}
}

void zr_cut_move(struct zr_pipeline *p, uint32_t flow, enum zr_reason to)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	uint64_t bytes = f->up_bytes + f->down_bytes;
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
	rest->retro_up_bytes = rest->retro_down_bytes = 0;
}

/* An undecided flow's volume gets the reason it is charged for; the flow itself stays undecided. */
static void undecided_charge(struct zr_pipeline *p, uint32_t flow, enum zr_reason reason)
{
	zr_cut_move(p, flow, reason);
	zr_flow_at(p, flow)->reason = (uint8_t)reason;
}

void zr_cut_part(struct zr_pipeline *p, uint32_t flow, enum zr_cause cause)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	bool undecided = (f->flags & ZR_FLOW_DECIDED) == 0;

	if (zr_cut_empty(f))
		return;
	if (undecided)
		undecided_charge(p, flow, ZR_REASON_NO_NAME);
	zr_usage_part(p, flow, cause, false);
	if (undecided)
		f->reason = ZR_REASON_UNDECIDED;
	part_reset(p, flow);
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
	zr_usage_part(p, flow, cause, true);
	if ((f->flags & ZR_FLOW_INSPECT) != 0)
		zr_context_put(p, flow);
	else
		zr_rebind_forget(p, flow);
	if ((f->flags & ZR_FLOW_DECIDED) != 0)
		zr_intern_release(p->intern, zr_rest_at(p, flow)->name);
	zr_intern_release(p->intern, f->path);
	p->flows_free -= (f->flags & ZR_FLOW_FREE) != 0;
	zr_flow_table_remove(&p->table, flow);
	p->removals++;
}

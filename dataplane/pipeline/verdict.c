/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/state.h"

static uint8_t timeout_of(const struct zr_flow *f)
{
	if (f->timeout == ZR_TIMEOUT_LINGER)
		return ZR_TIMEOUT_LINGER;
	if (f->proto == ZR_PROTO_TCP)
		return ZR_TIMEOUT_TCP;
	return (f->evidence & 1U << ZR_EVIDENCE_QUIC_SNI) != 0 ? ZR_TIMEOUT_QUIC : ZR_TIMEOUT_UDP;
}

static void verdict_set(struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement)
{
	struct zr_flow *f = zr_flow_at(p, flow);

	f->reason = judgement.reason;
	f->evidence = judgement.evidence;
	zr_rest_at(p, flow)->rule = judgement.rule;
	p->flows_free -= (f->flags & ZR_FLOW_FREE) != 0;
	f->flags &= (uint16_t)~ZR_FLOW_FREE;
	if (zr_reason_verdict(judgement.reason) == ZR_FREE) {
		f->flags |= ZR_FLOW_FREE;
		p->flows_free++;
	}
	f->timeout = timeout_of(f);
}

/* All of a first verdict but the name and the tag. */
static void decide(struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_flow_rest *rest = zr_rest_at(p, flow);
	bool free = zr_reason_verdict(judgement.reason) == ZR_FREE;

	if (free && !p->config.retro_credit)
		zr_cut_part(p, flow, ZR_CAUSE_VERDICT);
	zr_cut_move(p, flow, judgement.reason);
	if (free) {
		rest->retro_up_bytes = f->up_bytes;
		rest->retro_down_bytes = f->down_bytes;
	}
	zr_flow_table_decided(&p->table, flow);
	verdict_set(p, flow, judgement);
}

void zr_verdict_decide(struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement, struct zr_name_ref name)
{
	decide(p, flow, judgement);
	zr_name_keep(p, flow, name);
	if ((zr_flow_at(p, flow)->flags & ZR_FLOW_FREE) != 0)
		zr_usage_tag(p, flow, judgement.at_us);
}

void zr_verdict_inherit(struct zr_pipeline *p, uint32_t flow, uint32_t from)
{
	const uint16_t inherited = ZR_FLOW_START_KNOWN | ZR_FLOW_ECH;
	const struct zr_flow *parent = zr_flow_at(p, from);
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_judgement judgement = {
		.reason = parent->reason,
		.evidence = parent->evidence,
		.rule = zr_rest_at(p, from)->rule,
		.at_us = p->now_us,
	};

	f->flags |= parent->flags & inherited;
	f->start = parent->start;
	decide(p, flow, judgement);
	zr_name_share(p, flow, from);
	if ((f->flags & ZR_FLOW_FREE) != 0)
		zr_usage_tag(p, flow, judgement.at_us);
}

void zr_verdict_change(struct zr_pipeline *p, uint32_t flow, enum zr_cause cause, struct zr_judgement judgement,
		       const struct zr_name_ref *name)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	bool was_free = (f->flags & ZR_FLOW_FREE) != 0;
	uint32_t rule = zr_rest_at(p, flow)->rule;

	zr_cut_part(p, flow, cause);
	verdict_set(p, flow, judgement);
	if (name != NULL)
		zr_name_keep(p, flow, *name);
	else
		zr_name_redact(p, flow);
	if ((f->flags & ZR_FLOW_FREE) != 0 && (!was_free || rule != judgement.rule))
		zr_usage_tag(p, flow, judgement.at_us);
}

void zr_verdict_stay(struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement, struct zr_name_ref name)
{
	verdict_set(p, flow, judgement);
	zr_name_keep(p, flow, name);
}

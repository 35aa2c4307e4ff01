/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/evidence.h"
#include "dataplane/pipeline/state.h"

static uint8_t timeout_of(const struct zr_flow *f)
{
	if (f->timeout == ZR_TIMEOUT_LINGER)
		return ZR_TIMEOUT_LINGER;
	if (f->proto == ZR_PROTO_TCP)
		return ZR_TIMEOUT_TCP;
	/* An answer comes soon. */
	if (f->dns)
		return ZR_TIMEOUT_UNDECIDED;
	return (f->evidence & 1U << ZR_EVIDENCE_QUIC_SNI) != 0 ? ZR_TIMEOUT_QUIC : ZR_TIMEOUT_UDP;
}

/* What packets that are counted under the verdict are marked with. */
static uint8_t mark_of(const struct zr_pipeline *p, const struct zr_flow *f, struct zr_judgement judgement)
{
	const struct zr_mark_choice *marks = &p->config.marks;
	struct zr_entry entry;

	/* A verdict of an earlier run has no entry yet. */
	if (zr_reason_verdict(judgement.reason) != ZR_FREE || judgement.rule == ZR_ENTRY_NONE)
		return ZR_MARK_NONE;
	zr_image_entry(zr_list_of(p, f)->image, judgement.rule, &entry);
	for (unsigned int i = 0; i < marks->count; i++)
		if (marks->groups[i].rating_group == entry.rating_group)
			return marks->groups[i].code_point;
	return marks->otherwise;
}

static void verdict_set(struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement)
{
	struct zr_flow *f = zr_flow_at(p, flow);

	f->reason = judgement.reason;
	f->mark = (mark_of(p, f, judgement) + 1U) & 0x7f;
	f->evidence = judgement.evidence;
	zr_rest_at(p, flow)->rule = judgement.rule;
	p->flows_free -= (f->flags & ZR_FLOW_FREE) != 0;
	f->flags &= (uint16_t)~ZR_FLOW_FREE;
	if (zr_reason_verdict(judgement.reason) == ZR_FREE) {
		f->flags |= ZR_FLOW_FREE;
		p->flows_free++;
	}
	f->timeout = timeout_of(f);
	zr_evidence_follow(p, flow);
}

/* What was read; or, of a flow that has no name, what its server's address was learned for. */
static void name_keep(struct zr_pipeline *p, uint32_t flow, const struct zr_judgement *judgement,
		      struct zr_name_ref name)
{
	if (name.len == 0 && judgement->reason == ZR_REASON_DNS_LEARNED)
		zr_name_keep_learned(p, flow, &judgement->learned);
	else
		zr_name_keep(p, flow, name);
}

/*
 * A free verdict is told with the first packet that is counted under it; what was to be told of the one before is not any
 * more.
 */
static void tag_renew(struct zr_flow *f)
{
	f->tag_late = false;
	f->flags &= (uint16_t)~ZR_FLOW_TAG_DUE;
	if ((f->flags & ZR_FLOW_FREE) != 0)
		f->flags |= ZR_FLOW_TAG_DUE;
}

/* All of a first verdict but the name. */
static void decide(struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_flow_rest *rest = zr_rest_at(p, flow);
	bool free = zr_reason_verdict(judgement.reason) == ZR_FREE;

	if (free && !p->config.retro_credit)
		zr_cut_part(p, flow, ZR_CAUSE_VERDICT, false);
	zr_cut_move(p, flow, judgement.reason);
	if (free) {
		rest->retro_up_bytes = f->up_bytes;
		rest->retro_down_bytes = f->down_bytes;
	}
	zr_flow_table_decided(&p->table, flow);
	verdict_set(p, flow, judgement);
	tag_renew(f);
}

void zr_verdict_decide(struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement, struct zr_name_ref name)
{
	zr_decisions_ready(&p->decisions);
	decide(p, flow, judgement);
	name_keep(p, flow, &judgement, name);
	zr_look_note(p, flow, ZR_DECISION_FIRST, &name);
}

void zr_verdict_restore(struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement, struct zr_name_ref name)
{
	zr_flow_table_decided(&p->table, flow);
	verdict_set(p, flow, judgement);
	zr_name_keep(p, flow, name);
}

void zr_verdict_inherit(struct zr_pipeline *p, uint32_t flow, uint32_t from)
{
	const uint16_t inherited = ZR_FLOW_START_KNOWN | ZR_FLOW_ECH | ZR_FLOW_STAYS_CHARGED;
	const struct zr_flow *parent = zr_flow_at(p, from);
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_judgement judgement = {
		.reason = parent->reason,
		.evidence = parent->evidence,
		.rule = zr_rest_at(p, from)->rule,
		.at_us = p->now_us,
	};

	/* Another flow of it needs a tie of its own. */
	if (judgement.reason == ZR_REASON_PREFIX)
		judgement = zr_judge_prefix(p, flow, judgement);
	f->flags |= parent->flags & inherited;
	f->start = parent->start;
	decide(p, flow, judgement);
	zr_name_share(p, flow, from);
	zr_look_note(p, flow, ZR_DECISION_REBOUND, NULL);
}

void zr_verdict_change(struct zr_pipeline *p, uint32_t flow, enum zr_cause cause, struct zr_judgement judgement,
		       const struct zr_name_ref *name)
{
	bool same = zr_reason_verdict(judgement.reason) == zr_reason_verdict(zr_flow_at(p, flow)->reason) &&
		    judgement.rule == zr_rest_at(p, flow)->rule;

	zr_cut_part(p, flow, cause, same);
	zr_verdict_replace(p, flow, (uint8_t)cause, judgement, name, same);
}

void zr_verdict_replace(struct zr_pipeline *p, uint32_t flow, uint8_t cause, struct zr_judgement judgement,
			const struct zr_name_ref *name, bool same)
{
	struct zr_flow *f = zr_flow_at(p, flow);

	zr_cut_move(p, flow, judgement.reason);
	verdict_set(p, flow, judgement);
	if (name != NULL) {
		f->mixed |= !zr_cut_empty(f);
		name_keep(p, flow, &judgement, *name);
	} else if (judgement.reason == ZR_REASON_DNS_LEARNED && zr_rest_at(p, flow)->name == 0) {
		zr_name_keep_learned(p, flow, &judgement.learned);
	} else {
		zr_name_redact(p, flow);
	}
	if (!same)
		tag_renew(f);
	zr_look_note(p, flow, cause, name);
}

void zr_verdict_stay(struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement, struct zr_name_ref name)
{
	verdict_set(p, flow, judgement);
	name_keep(p, flow, &judgement, name);
	zr_look_note(p, flow, ZR_DECISION_NAME, &name);
}

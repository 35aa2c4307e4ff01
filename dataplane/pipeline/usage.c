/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/evidence.h"
#include "dataplane/pipeline/state.h"

#define PART_MAX UINT16_MAX

uint8_t zr_usage_flags(const struct zr_pipeline *p, uint32_t flow)
{
	const struct zr_flow *f = &p->table.flows[flow];
	bool suspect = f->reason == ZR_REASON_SPOOF ||
		       zr_evidence_suspect(p, zr_list_of(p, f)->image, p->table.rest[flow].rule, f->reason,
					   f->evidence);

	return (uint8_t)(((f->flags & ZR_FLOW_ECH) != 0 ? 1U << ZR_FLAG_ECH : 0) |
			 (suspect ? 1U << ZR_FLAG_SPOOF_SUSPECT : 0) |
			 (zr_flow_midstream(f) ? 1U << ZR_FLAG_MIDSTREAM : 0));
}

static void tuple_fill(struct zr_pipeline *p, uint32_t flow, struct zr_usage *u)
{
	bool client_is_b = (zr_flow_at(p, flow)->flags & ZR_FLOW_CLIENT_IS_B) != 0;
	struct zr_path path = zr_path_of(p, flow);
	struct zr_flow_key key;

	zr_flow_table_key(&p->table, flow, &key);
	zr_flow_key_side(&key, client_is_b, &u->client, &u->client_port);
	zr_flow_key_side(&key, !client_is_b, &u->server, &u->server_port);
	u->family = key.family;
	u->proto = key.proto;
	u->domain = key.domain;
	u->vlan_count = path.vlan_count;
	memcpy(u->vlans, path.vlans, sizeof(u->vlans));
	u->has_teid_up = path.has_teid_up;
	u->has_teid_down = path.has_teid_down;
	u->teid_up = path.teid_up;
	u->teid_down = path.teid_down;
}

uint64_t zr_identity_of(const struct zr_pipeline *p, uint64_t id)
{
	if (id <= p->identities_max)
		return p->identities[id - 1];
	return (uint64_t)p->config.start << 48 | (uint64_t)p->config.worker << 40 | id;
}

void zr_usage_identify(struct zr_usage *u, uint64_t identity)
{
	u->start = (uint16_t)(identity >> 48);
	u->worker = (uint8_t)(identity >> 40);
	u->flow = identity & ((UINT64_C(1) << 40) - 1);
}

/* What tags and parts have in common. */
static struct zr_usage usage_of(struct zr_pipeline *p, uint32_t flow, enum zr_usage_type type)
{
	const struct zr_flow_rest *rest = zr_rest_at(p, flow);
	const struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_usage u = {
		.type = (uint8_t)type,
		.recorded = true,
		.verdict = (uint8_t)zr_reason_verdict(f->reason),
		.reason = f->reason,
		.evidence = f->evidence,
		.flags = zr_usage_flags(p, flow),
		.image = zr_list_of(p, f)->image,
		.rule = (f->flags & ZR_FLOW_DECIDED) != 0 ? rest->rule : ZR_ENTRY_NONE,
		.name = zr_name_text(p, flow),
	};

	zr_usage_identify(&u, zr_identity_of(p, rest->id != 0 ? rest->id : p->next_flow + 1));
	tuple_fill(p, flow, &u);
	return u;
}

static bool offer(struct zr_pipeline *p, const struct zr_usage *u)
{
	bool taken = p->config.usage(p->config.arg, u);

	p->told += taken;
	return taken;
}

/* A flow gets its number with the first record that it leaves. */
static bool tell(struct zr_pipeline *p, uint32_t flow, const struct zr_usage *u)
{
	struct zr_flow_rest *rest = zr_rest_at(p, flow);

	if (!offer(p, u))
		return false;
	if (rest->id == 0) {
		rest->id = ++p->next_flow;
		zr_look_number(p, flow);
	}
	return true;
}

bool zr_usage_tag(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_usage u = usage_of(p, flow, ZR_USAGE_TAG);
	struct zr_flow *f = zr_flow_at(p, flow);
	/* Before the deciding packet is counted only what it freed is there, and it names another host already. */
	bool deciding = (f->flags & ZR_FLOW_TAG_DUE) != 0 && !zr_cut_empty(f);

	u.first_us = zr_wall_us(p, f, zr_flow_first_us(f, zr_rest_at(p, flow)));
	u.last_us = zr_wall_us(p, f, deciding ? p->now_us : f->last_us);
	f->flags &= (uint16_t)~ZR_FLOW_TAG_DUE;
	f->tag_late = !tell(p, flow, &u);
	if (f->tag_late)
		zr_edge_soon(p, flow);
	return !f->tag_late;
}

static struct zr_usage part_of(struct zr_pipeline *p, uint32_t flow, enum zr_cause cause, bool final)
{
	struct zr_usage u = usage_of(p, flow, ZR_USAGE_PART);
	const struct zr_flow_rest *rest = zr_rest_at(p, flow);
	const struct zr_flow *f = zr_flow_at(p, flow);

	u.cause = (uint8_t)cause;
	u.final = final;
	u.part = rest->part;
	u.up_bytes = f->up_bytes;
	u.down_bytes = f->down_bytes;
	u.up_pkts = f->up_pkts;
	u.down_pkts = f->down_pkts;
	u.retro_up_bytes = rest->retro_up_bytes;
	u.retro_down_bytes = rest->retro_down_bytes;
	if (f->mixed)
		u.name = NULL;
	if (!zr_cut_empty(f)) {
		u.first_us = zr_wall_us(p, f, zr_flow_part_first_us(f, rest));
		u.last_us = zr_wall_us(p, f, f->last_us);
	}
	return u;
}

struct zr_usage zr_usage_now(struct zr_pipeline *p, uint32_t flow)
{
	return part_of(p, flow, (enum zr_cause)0, false);
}

void zr_usage_add(struct zr_traffic *sum, const struct zr_flow *f)
{
	sum->up_bytes += f->up_bytes;
	sum->up_pkts += f->up_pkts;
	sum->down_bytes += f->down_bytes;
	sum->down_pkts += f->down_pkts;
}

/* A charged part that leaves no record: only sums have it, by entry or subscriber where they are asked for. */
static void sum_up(struct zr_pipeline *p, uint32_t flow, enum zr_cause cause, bool final)
{
	const struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_usage u;

	if (zr_cut_empty(f))
		return;
	if (p->config.totals_by_entry || p->config.totals_by_subscriber) {
		u = part_of(p, flow, cause, final);
		u.recorded = false;
		if (p->table.rest[flow].id == 0)
			u.flow = 0;
		if ((p->config.totals_by_subscriber || u.rule != ZR_ENTRY_NONE) && offer(p, &u))
			return;
	}
	zr_usage_add(&p->untold.cut_charged, f);
}

bool zr_usage_part(struct zr_pipeline *p, uint32_t flow, enum zr_cause cause, bool final)
{
	struct zr_flow_rest *rest = zr_rest_at(p, flow);
	struct zr_flow *f = zr_flow_at(p, flow);
	bool left_record = rest->id != 0;
	struct zr_usage u;

	if ((f->flags & ZR_FLOW_FREE) == 0 && !p->config.charged_records && !(final && left_record)) {
		sum_up(p, flow, cause, final);
		return true;
	}
	/* Freed by a window or a list, and then nothing came any more. */
	if (zr_cut_empty(f) && !left_record)
		return true;
	if (((f->flags & ZR_FLOW_TAG_DUE) != 0 || f->tag_late) && !zr_usage_tag(p, flow))
		return false;
	u = part_of(p, flow, cause, final);
	if (!tell(p, flow, &u))
		return false;
	if (rest->part < PART_MAX)
		rest->part++;
	return true;
}

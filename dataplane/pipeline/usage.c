/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/state.h"

#define PART_MAX UINT16_MAX

static uint8_t flags_of(const struct zr_flow *f)
{
	return (uint8_t)(((f->flags & ZR_FLOW_ECH) != 0 ? 1U << ZR_FLAG_ECH : 0) |
			 (f->reason == ZR_REASON_SPOOF ? 1U << ZR_FLAG_SPOOF_SUSPECT : 0) |
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

/* What tags and parts have in common. The flow gets its number with the first event that it leaves. */
static struct zr_usage usage_of(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow_rest *rest = zr_rest_at(p, flow);
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_usage u = {
		.verdict = (uint8_t)zr_reason_verdict(f->reason),
		.reason = f->reason,
		.evidence = f->evidence,
		.flags = flags_of(f),
		.worker = p->config.worker,
		.image = zr_list_of(p, f)->image,
		.rule = (f->flags & ZR_FLOW_DECIDED) != 0 ? rest->rule : ZR_ENTRY_NONE,
		.name = zr_name_text(p, flow),
	};

	if (rest->id == 0)
		rest->id = ++p->next_flow;
	u.flow = rest->id;
	f->flags |= ZR_FLOW_LEFT_RECORD;
	tuple_fill(p, flow, &u);
	return u;
}

void zr_usage_tag(struct zr_pipeline *p, uint32_t flow, uint64_t at_us)
{
	struct zr_usage u = usage_of(p, flow);

	u.type = ZR_USAGE_TAG;
	u.first_us = zr_wall_us(p, zr_flow_first_us(zr_flow_at(p, flow), zr_rest_at(p, flow)));
	u.last_us = zr_wall_us(p, at_us);
	p->config.usage(p->config.arg, &u);
}

void zr_usage_part(struct zr_pipeline *p, uint32_t flow, enum zr_cause cause, bool final)
{
	struct zr_flow_rest *rest = zr_rest_at(p, flow);
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_usage u;

	if ((f->flags & ZR_FLOW_FREE) == 0 && !p->config.charged_records &&
	    !(final && (f->flags & ZR_FLOW_LEFT_RECORD) != 0))
		return;
	u = usage_of(p, flow);
	u.type = ZR_USAGE_PART;
	u.cause = (uint8_t)cause;
	u.final = final;
	u.part = rest->part;
	u.up_bytes = f->up_bytes;
	u.down_bytes = f->down_bytes;
	u.up_pkts = f->up_pkts;
	u.down_pkts = f->down_pkts;
	u.retro_up_bytes = rest->retro_up_bytes;
	u.retro_down_bytes = rest->retro_down_bytes;
	if (!zr_cut_empty(f)) {
		u.first_us = zr_wall_us(p, zr_flow_part_first_us(f, rest));
		u.last_us = zr_wall_us(p, f->last_us);
	}
	if (rest->part < PART_MAX)
		rest->part++;
	p->config.usage(p->config.arg, &u);
}

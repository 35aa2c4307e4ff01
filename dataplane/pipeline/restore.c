/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/pipeline/evidence.h"
#include "dataplane/pipeline/resolve.h"
#include "dataplane/pipeline/save.h"
#include "dataplane/pipeline/state.h"

#define US_PER_S 1000000

/*
 * Nobody begins a connection between the ports of one that ended less than twice a segment's lifetime of two minutes ago (RFC
 * 9293, MUST-13): until then a tuple is what it was, though nobody listened.
 */
#define OUTAGE_MAX_US (UINT64_C(240) * US_PER_S)

static bool is_subscriber(const struct zr_prefix_set *set, uint8_t family, const union zr_ip *ip)
{
	return zr_prefix_set_contains(set, family, ip->b);
}

/* Would its packets come to it: has a port its domain, and do subscribers say of it what they said? */
static bool fits(const struct zr_pipeline *p, const struct zr_restore *from, const struct zr_saved_flow *s)
{
	const struct zr_prefix_set *subscribers = p->config.subscribers;
	unsigned int i = 0;

	while (i < from->domain_count && from->domains[i] != s->domain)
		i++;
	if (i == from->domain_count)
		return false;
	if (subscribers == NULL || subscribers->count == 0)
		return s->reason != ZR_REASON_NOT_SUBSCRIBER;
	if (s->reason == ZR_REASON_NOT_SUBSCRIBER)
		return !is_subscriber(subscribers, s->family, &s->client) &&
		       !is_subscriber(subscribers, s->family, &s->server);
	return is_subscriber(subscribers, s->family, &s->client);
}

/* The time of a saved stamp on this pipeline's clock; what lies ahead, since the wall clock was set back, is now. */
static uint64_t local_us(const struct zr_pipeline *p, uint64_t wall_us)
{
	int64_t us = (int64_t)wall_us - p->wall.ahead_us;

	if (us < 0)
		return 0;
	return (uint64_t)us < p->now_us ? (uint64_t)us : p->now_us;
}

/* Is the list in force the one that the flow was judged by, and has no window of it opened or closed since? */
static bool same_list(const struct zr_pipeline *p, const struct zr_restore *from)
{
	const struct zr_image *image = p->list.image;
	int64_t now_s = (int64_t)((p->now_us + (uint64_t)p->wall.ahead_us) / US_PER_S);

	return from->list == zr_image_identity(image) &&
	       zr_image_next_edge_s(image, (int64_t)(from->saved_us / US_PER_S)) > now_s &&
	       from->saved_us / US_PER_S <= (uint64_t)now_s;
}

static uint32_t same_rule(const struct zr_pipeline *p, const struct zr_restore *from, const struct zr_saved_flow *s)
{
	return same_list(p, from) && s->rule < zr_image_entry_count(p->list.image) ? s->rule : ZR_ENTRY_NONE;
}

/* The reason under an entry that lists its name, with the evidence that it has. */
static enum zr_reason listed_reason(const struct zr_pipeline *p, uint32_t rule, const struct zr_saved_flow *s)
{
	struct zr_entry entry;
	enum zr_verify asked;

	zr_image_entry(p->list.image, rule, &entry);
	asked = zr_evidence_asked(p, &entry);
	if (s->reason == ZR_REASON_DNS_LEARNED && asked != ZR_VERIFY_LEARN)
		return ZR_REASON_NO_NAME;
	if (zr_reason_claims(s->reason) && asked == ZR_VERIFY_REQUIRE && (s->evidence & ZR_BACKING) == 0)
		return ZR_REASON_UNLEARNED;
	return s->reason;
}

/* Another list is in force than the one that freed it: does that one free it, too? Without a name nobody can say. */
static void judge_last(const struct zr_pipeline *p, const struct zr_saved_flow *s, struct zr_usage *u)
{
	struct zr_name_ref name = {.text = s->name, .len = s->name_len};
	struct zr_match match = {.kind = ZR_MATCH_NONE, .entry = ZR_ENTRY_NONE};
	int64_t at_s = (int64_t)((p->now_us + (uint64_t)p->wall.ahead_us) / US_PER_S);

	u->reason = s->name_len > 0 ? ZR_REASON_NO_MATCH : ZR_REASON_NO_NAME;
	if (s->name_len > 0)
		zr_image_match_names(p->list.image, &name, 1, at_s, &match);
	if (match.kind == ZR_MATCH_LISTED)
		u->reason = at_s < zr_image_expires_s(p->list.image) ? listed_reason(p, match.entry, s)
								     : ZR_REASON_EXPIRED;
	else if (match.kind == ZR_MATCH_EXCLUDED)
		u->reason = ZR_REASON_EXCLUDED;
	u->rule = u->reason != ZR_REASON_EXPIRED && u->reason != ZR_REASON_NO_NAME ? match.entry : ZR_ENTRY_NONE;
	if (zr_reason_verdict((enum zr_reason)u->reason) != ZR_FREE)
		u->name = NULL;
}

/* It ends with the run that it comes from: its last record says so, if it left any. */
static void end_at_once(struct zr_pipeline *p, const struct zr_restore *from, const struct zr_saved_flow *s,
			enum zr_cause cause)
{
	struct zr_usage u = {
		.type = ZR_USAGE_PART,
		.recorded = true,
		.final = true,
		.cause = (uint8_t)cause,
		.reason = s->reason != ZR_REASON_UNDECIDED ? s->reason : ZR_REASON_NO_NAME,
		.evidence = s->evidence,
		.flags = (uint8_t)((s->flags & ZR_SAVED_ECH) != 0 ? 1U << ZR_FLAG_ECH : 0),
		.part = s->part,
		.image = p->list.image,
		.rule = same_rule(p, from, s),
		.name = s->name_len > 0 ? s->name : NULL,
		.family = s->family,
		.proto = s->proto,
		.domain = s->domain,
		.client = s->client,
		.server = s->server,
		.client_port = s->client_port,
		.server_port = s->server_port,
		.vlan_count = s->vlan_count,
		.has_teid_up = s->has_teid_up,
		.has_teid_down = s->has_teid_down,
		.teid_up = s->teid_up,
		.teid_down = s->teid_down,
	};

	if (s->id == 0 || !from->same_epoch)
		return;
	if (zr_reason_verdict((enum zr_reason)u.reason) == ZR_FREE && u.rule == ZR_ENTRY_NONE)
		judge_last(p, s, &u);
	u.verdict = (uint8_t)zr_reason_verdict((enum zr_reason)u.reason);
	if (s->reason == ZR_REASON_SPOOF || zr_evidence_suspect(p, u.image, u.rule, s->reason, s->evidence))
		u.flags |= 1U << ZR_FLAG_SPOOF_SUSPECT;
	if (s->proto == ZR_PROTO_TCP && (s->flags & ZR_SAVED_START_KNOWN) == 0)
		u.flags |= 1U << ZR_FLAG_MIDSTREAM;
	memcpy(u.vlans, s->vlans, sizeof(u.vlans));
	zr_usage_identify(&u, s->id);
	if (!p->config.usage(p->config.arg, &u))
		p->untold.lost[u.verdict].records++;
}

/* Has nobody listened for so long that another connection may have its ports? A clock that was set back tells nothing. */
static bool is_stale(const struct zr_pipeline *p, const struct zr_restore *from)
{
	uint64_t now_us = p->now_us + (uint64_t)p->wall.ahead_us;

	return now_us > from->saved_us && now_us - from->saved_us >= OUTAGE_MAX_US;
}

static enum zr_cause silence_cause(const struct zr_saved_flow *s)
{
	if (s->timeout != ZR_TIMEOUT_LINGER)
		return ZR_CAUSE_IDLE;
	return (s->flags & ZR_SAVED_RST) != 0 ? ZR_CAUSE_RST : ZR_CAUSE_FIN;
}

/* A new place for it, or ZR_FLOW_NONE. *client_is_b: by the key. */
static uint32_t place(struct zr_pipeline *p, const struct zr_saved_flow *s, bool *client_is_b)
{
	struct zr_packet packet = {
		.src = s->client,
		.dst = s->server,
		.src_port = s->client_port,
		.dst_port = s->server_port,
		.domain = s->domain,
		.family = s->family,
		.proto = s->proto,
	};
	struct zr_flow_key key;
	uint64_t hash;

	*client_is_b = zr_flow_key_of(&packet, &key);
	hash = zr_flow_hash(&p->table, &key);
	if (zr_flow_table_find_one(&p->table, &key, hash) != ZR_FLOW_NONE)
		return ZR_FLOW_NONE;
	return zr_pipeline_insert(p, &key, hash);
}

static uint16_t flags_of(const struct zr_saved_flow *s, bool client_is_b)
{
	static const struct {
		uint16_t saved, flow;
	} same[] = {
		{ZR_SAVED_CLIENT_FIXED, ZR_FLOW_CLIENT_FIXED},   {ZR_SAVED_FIN_UP, ZR_FLOW_FIN_UP},
		{ZR_SAVED_FIN_DOWN, ZR_FLOW_FIN_DOWN},           {ZR_SAVED_RST, ZR_FLOW_RST},
		{ZR_SAVED_START_KNOWN, ZR_FLOW_START_KNOWN},     {ZR_SAVED_ECH, ZR_FLOW_ECH},
		{ZR_SAVED_STAYS_CHARGED, ZR_FLOW_STAYS_CHARGED},
	};
	unsigned int flags = client_is_b ? ZR_FLOW_CLIENT_IS_B : 0;

	for (unsigned int i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		flags |= (s->flags & same[i].saved) != 0 ? same[i].flow : 0;
	if ((s->flags & ZR_SAVED_STREAMED_UP) != 0)
		flags |= client_is_b ? ZR_FLOW_STREAMED_B : ZR_FLOW_STREAMED_A;
	if ((s->flags & ZR_SAVED_STREAMED_DOWN) != 0)
		flags |= client_is_b ? ZR_FLOW_STREAMED_A : ZR_FLOW_STREAMED_B;
	if ((s->flags & (ZR_SAVED_INSPECT | ZR_SAVED_CUT_SHORT)) == ZR_SAVED_INSPECT &&
	    (s->evidence & ZR_NAME_EVIDENCE) == 0)
		flags |= ZR_FLOW_INSPECT;
	return (uint16_t)flags;
}

static void path_restore(struct zr_pipeline *p, uint32_t flow, const struct zr_saved_flow *s)
{
	struct zr_packet packet = {.vlan_count = s->vlan_count};

	memcpy(packet.vlans, s->vlans, sizeof(packet.vlans));
	if (s->vlan_count > 0)
		zr_path_note(p, flow, &packet, true);
	packet.has_teid = true;
	packet.teid = s->teid_up;
	if (s->has_teid_up)
		zr_path_note(p, flow, &packet, true);
	packet.teid = s->teid_down;
	if (s->has_teid_down)
		zr_path_note(p, flow, &packet, false);
}

static bool is_free(const struct zr_saved_flow *s)
{
	return zr_reason_verdict((enum zr_reason)s->reason) == ZR_FREE;
}

/*
 * What the client goes on to say, nobody understands: the rest of a hello or request, or of a connection that was followed from
 * request to request. It may name any host.
 */
static bool cannot_follow(const struct zr_saved_flow *s)
{
	bool followed = (s->flags & ZR_SAVED_INSPECT) != 0 && (s->evidence & ZR_NAME_EVIDENCE) != 0;

	return (s->flags & ZR_SAVED_CUT_SHORT) != 0 || (followed && (s->flags & ZR_SAVED_STREAM) == 0);
}

/* Is what it asked for not known any more? */
static bool has_forgotten(const struct zr_saved_flow *s)
{
	bool by_name = is_free(s) && s->reason != ZR_REASON_PREFIX;

	return s->name_len == 0 && ((s->evidence & ZR_NAME_EVIDENCE) != 0 || by_name);
}

/* What the list in force says of it now. */
static struct zr_judgement judge(struct zr_pipeline *p, uint32_t flow, const struct zr_restore *from,
				 const struct zr_saved_flow *s)
{
	struct zr_judgement j = {.reason = ZR_REASON_INSPECT_LIMIT, .evidence = s->evidence, .rule = ZR_ENTRY_NONE};

	if (is_free(s) && cannot_follow(s))
		return j;
	if (!has_forgotten(s) || !same_list(p, from))
		return zr_judge_again(p, flow, p->now_us);
	if (s->reason == ZR_REASON_PREFIX) {
		j = zr_judge_address(p, flow);
		j.evidence |= s->evidence;
	} else if (!is_free(s)) {
		j.rule = same_rule(p, from, s);
		j.reason = s->reason;
	} else {
		j.rule = same_rule(p, from, s);
		j.reason = j.rule != ZR_ENTRY_NONE ? s->reason : ZR_REASON_UNDECIDED;
	}
	if (j.reason == ZR_REASON_UNDECIDED)
		j.reason = ZR_REASON_NO_NAME;
	return j;
}

/* Was it told, in records that are still this numbering's, under the entry that it is judged by now? */
static bool is_told(const struct zr_pipeline *p, uint32_t flow, const struct zr_saved_flow *s,
		    const struct zr_judgement *j)
{
	uint64_t entry = j->rule != ZR_ENTRY_NONE ? zr_image_entry_identity(p->list.image, j->rule) : 0;

	return p->table.rest[flow].id != 0 && (s->flags & ZR_SAVED_TAG_DUE) == 0 && entry == s->entry &&
	       zr_reason_verdict((enum zr_reason)j->reason) == zr_reason_verdict((enum zr_reason)s->reason);
}

static void verdict_restore(struct zr_pipeline *p, uint32_t flow, const struct zr_restore *from,
			    const struct zr_saved_flow *s)
{
	const struct zr_judgement saved = {.reason = s->reason, .evidence = s->evidence, .rule = ZR_ENTRY_NONE};
	struct zr_judgement j;

	if (has_forgotten(s) || cannot_follow(s))
		zr_flow_at(p, flow)->flags |= ZR_FLOW_STAYS_CHARGED;
	zr_verdict_restore(p, flow, saved, (struct zr_name_ref){.text = s->name, .len = s->name_len});
	j = judge(p, flow, from, s);
	zr_verdict_replace(p, flow, ZR_DECISION_RESTORED, j, NULL, is_told(p, flow, s, &j));
}

/* The client's side is listened to from where it was heard last. */
static void stream_restore(struct zr_pipeline *p, uint32_t flow, const struct zr_saved_flow *s, bool client_is_b)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_context fresh = {
		.kind = ZR_CONTEXT_TCP,
		.from_b = client_is_b,
		.resumed = true,
		.tcp =
			{
				.owner = zr_context_owner(flow, client_is_b),
				.next_seq = s->stream.next_seq,
				.body_left = s->stream.body_left,
				.state = s->stream.state,
				.body = s->stream.body,
				.chunk = s->stream.chunk,
				.anchored = true,
			},
	};

	if ((f->flags & ZR_FLOW_FREE) == 0)
		return;
	f->flags |= ZR_FLOW_INSPECT;
	zr_context_keep(p, flow, &fresh);
}

static void decided_restore(struct zr_pipeline *p, uint32_t flow, const struct zr_restore *from,
			    const struct zr_saved_flow *s, bool client_is_b)
{
	verdict_restore(p, flow, from, s);
	if ((s->flags & ZR_SAVED_STREAM) != 0 && (s->evidence & ZR_NAME_EVIDENCE) != 0)
		stream_restore(p, flow, s, client_is_b);
	else if (s->server_id_len > 0)
		zr_rebind_keep(p, flow, (struct zr_slice){.at = s->server_id, .len = s->server_id_len});
}

/* Its identity in records, as a number of this pipeline's; 0: it gets a new one with the next record. */
static uint64_t identity_keep(struct zr_pipeline *p, const struct zr_restore *from, const struct zr_saved_flow *s)
{
	if (s->id == 0 || !from->same_epoch || p->identities_used == p->identities_max)
		return 0;
	p->identities[p->identities_used++] = s->id;
	return p->identities_used;
}

void zr_pipeline_restore(struct zr_pipeline *p, const struct zr_restore *from, const struct zr_saved_flow *s)
{
	uint64_t last_us = local_us(p, s->last_us), span_us = s->last_us - s->first_us;
	struct zr_flow_rest *rest;
	struct zr_flow *f;
	bool client_is_b;
	uint32_t flow;

	if (!fits(p, from, s)) {
		p->counters[ZR_COUNTER_FLOWS_MISFIT]++;
		end_at_once(p, from, s, ZR_CAUSE_SHUTDOWN);
		return;
	}
	if (p->now_us - last_us >= p->config.timeout_us[s->timeout]) {
		p->counters[ZR_COUNTER_FLOWS_OUTDATED]++;
		end_at_once(p, from, s, silence_cause(s));
		return;
	}
	if (is_stale(p, from)) {
		p->counters[ZR_COUNTER_FLOWS_OUTDATED]++;
		end_at_once(p, from, s, ZR_CAUSE_SHUTDOWN);
		return;
	}
	flow = place(p, s, &client_is_b);
	if (flow == ZR_FLOW_NONE) {
		p->counters[ZR_COUNTER_FLOWS_MISFIT]++;
		end_at_once(p, from, s, ZR_CAUSE_EVICTED);
		return;
	}
	p->counters[ZR_COUNTER_FLOWS_RESTORED]++;
	f = zr_flow_at(p, flow);
	rest = zr_rest_at(p, flow);
	f->generation = p->generation;
	f->flags = flags_of(s, client_is_b);
	f->dns = zr_resolve_is(p, flow);
	f->timeout = s->timeout & 7;
	f->evidence = s->evidence & 0x7f;
	f->start = s->start;
	f->last_us = last_us;
	rest->first_us = (last_us - (span_us < last_us ? span_us : last_us)) & ((UINT64_C(1) << 48) - 1);
	rest->id = identity_keep(p, from, s) & ((UINT64_C(1) << 40) - 1);
	rest->part = rest->id != 0 ? s->part : 0;
	path_restore(p, flow, s);
	if (s->reason != ZR_REASON_UNDECIDED)
		decided_restore(p, flow, from, s, client_is_b);
	else if (cannot_follow(s))
		zr_discover_stop(p, flow);
	/* A QUIC connection whose hello was lost is silent for as long as any other: what comes late is no new flow. */
	if (cannot_follow(s) && s->proto == ZR_PROTO_UDP && (s->flags & ZR_SAVED_START_KNOWN) != 0)
		f->timeout = ZR_TIMEOUT_QUIC;
	zr_edge_set(p, flow, p->now_us);
}

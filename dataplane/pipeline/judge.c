/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/pipeline/evidence.h"
#include "dataplane/pipeline/state.h"

static const uint8_t reason_of_source[ZR_EVIDENCE_COUNT] = {
	[ZR_EVIDENCE_TLS_SNI] = ZR_REASON_SNI,
	[ZR_EVIDENCE_QUIC_SNI] = ZR_REASON_QUIC_SNI,
	[ZR_EVIDENCE_DTLS_SNI] = ZR_REASON_DTLS_SNI,
	[ZR_EVIDENCE_HTTP_HOST] = ZR_REASON_HOST,
};

/* The reason that a name gives when it is listed: that of where it was read. */
static uint8_t name_reason(uint8_t evidence)
{
	for (unsigned int e = 0; e < ZR_EVIDENCE_COUNT; e++)
		if ((evidence & ZR_NAME_EVIDENCE & 1U << e) != 0)
			return reason_of_source[e];
	return ZR_REASON_NO_NAME;
}

/* The address entry that covers the flow's server, if any does. */
static struct zr_match match_server(const struct zr_pipeline *p, uint32_t flow, int64_t at_s)
{
	const struct zr_flow *f = &p->table.flows[flow];
	const struct zr_image *image = zr_list_of(p, f)->image;
	struct zr_flow_key key;
	union zr_ip server;
	uint16_t port;

	if (!zr_image_has_addresses(image))
		return (struct zr_match){.kind = ZR_MATCH_NONE, .entry = ZR_ENTRY_NONE};
	zr_flow_table_key(&p->table, flow, &key);
	zr_flow_key_side(&key, (f->flags & ZR_FLOW_CLIENT_IS_B) == 0, &server, &port);
	return zr_image_match_address(image, key.family, server.b, key.proto, port, at_s);
}

/* What its server's address alone makes of a flow. False: no address entry covers it. */
static bool judge_prefix(const struct zr_pipeline *p, uint32_t flow, int64_t at_s, struct zr_judgement *j)
{
	const struct zr_image *image = zr_list_of(p, &p->table.flows[flow])->image;
	struct zr_match m = match_server(p, flow, at_s);
	struct zr_entry entry;

	if (m.kind != ZR_MATCH_LISTED)
		return false;
	zr_image_entry(image, m.entry, &entry);
	j->rule = m.entry;
	j->reason = ZR_REASON_UNBOUND;
	if (entry.bind[0] == '\0' || zr_evidence_bound(p, flow, entry.bind, j->at_us)) {
		j->reason = ZR_REASON_PREFIX;
		j->evidence |= 1U << ZR_EVIDENCE_PREFIX;
	}
	return true;
}

struct zr_judgement zr_judge_prefix(const struct zr_pipeline *p, uint32_t flow, struct zr_judgement judgement)
{
	struct zr_judgement own = judgement;

	own.evidence &= (uint8_t) ~(1U << ZR_EVIDENCE_PREFIX);
	return judge_prefix(p, flow, zr_wall_s(p, &p->table.flows[flow], judgement.at_us), &own) ? own : judgement;
}

/* A listed name: what backs it, and what its entry makes of that. */
static void judge_listed(const struct zr_pipeline *p, uint32_t flow, int64_t at_s, struct zr_judgement *j)
{
	struct zr_judgement by_address = {.at_us = j->at_us};
	struct zr_entry entry;

	if (p->table.flows[flow].dns) {
		j->reason = p->config.dns_free ? ZR_REASON_DNS_FREE : ZR_REASON_NO_NAME;
		return;
	}
	j->reason = name_reason(j->evidence);
	if (judge_prefix(p, flow, at_s, &by_address))
		j->evidence |= by_address.evidence;
	j->evidence |= zr_evidence_of_dns(p, flow, j->rule, j->at_us);
	zr_image_entry(zr_list_of(p, &p->table.flows[flow])->image, j->rule, &entry);
	if (zr_evidence_asked(p, &entry) == ZR_VERIFY_REQUIRE && (j->evidence & ZR_BACKING) == 0)
		j->reason = ZR_REASON_UNLEARNED;
}

/*
 * Has the flow no name that is known? An encrypted one stands behind an outer one that is not listed. Requests that can no longer
 * be followed name any host, and a name that there was no memory to keep is not forgotten.
 */
static bool is_nameless(const struct zr_flow *f, const struct zr_judgement *j)
{
	if (f->dns || zr_reason_tells_name((enum zr_reason)f->reason) || f->reason == ZR_REASON_UNLEARNED)
		return false;
	switch (j->reason) {
	case ZR_REASON_UNDECIDED:
	case ZR_REASON_NO_NAME:
	case ZR_REASON_MIDSTREAM:
		return true;
	case ZR_REASON_INSPECT_LIMIT:
		return (j->evidence & ZR_NAME_EVIDENCE) == 0;
	case ZR_REASON_NO_MATCH:
		return (f->flags & ZR_FLOW_ECH) != 0;
	default:
		return false;
	}
}

/* A name that there was no memory to keep: the entry that it matched speaks for it. */
static struct zr_match match_entry(const struct zr_image *image, uint32_t rule, int64_t at_s)
{
	struct zr_match match = {.kind = ZR_MATCH_NONE, .entry = ZR_ENTRY_NONE};
	struct zr_entry entry;

	if (rule == ZR_ENTRY_NONE)
		return match;
	zr_image_entry(image, rule, &entry);
	if (at_s >= entry.from_s && at_s < entry.until_s)
		match = (struct zr_match){.kind = ZR_MATCH_LISTED, .entry = rule};
	return match;
}

/* Is it free by an entry of this list, which is in force, without a name of it that was kept? */
static bool stays_learned(const struct zr_pipeline *p, uint32_t flow, int64_t at_s)
{
	const struct zr_flow *f = &p->table.flows[flow];

	return f->reason == ZR_REASON_DNS_LEARNED &&
	       match_entry(zr_list_of(p, f)->image, p->table.rest[flow].rule, at_s).kind == ZR_MATCH_LISTED;
}

/* The entry that the server's address was learned for when the flow was freed, or is learned for now. */
static bool judge_learned(const struct zr_pipeline *p, uint32_t flow, int64_t at_s, struct zr_judgement *j)
{
	const struct zr_list_view *list = zr_list_of(p, &p->table.flows[flow]);
	struct zr_match m = {.kind = ZR_MATCH_NONE};
	struct zr_suffixes name;
	struct zr_entry entry;

	zr_name_learned(p, flow, &name);
	if (name.count > 0)
		m = zr_suffix_index_match(list->index, &name, at_s);
	else if (stays_learned(p, flow, at_s))
		m = (struct zr_match){.kind = ZR_MATCH_LISTED, .entry = p->table.rest[flow].rule};
	if (m.kind == ZR_MATCH_LISTED) {
		zr_image_entry(list->image, m.entry, &entry);
		if (entry.verify == ZR_VERIFY_LEARN) {
			j->rule = m.entry;
			j->evidence |= p->table.flows[flow].evidence & ZR_BACKING;
			j->learned = name;
			return true;
		}
	}
	return zr_evidence_learned(p, flow, j);
}

/*
 * Names against addresses: exclusion, then listed name, then address entry (DESIGN section 2), then address that was learned. j: the
 * judgement when none of them is there.
 */
static struct zr_judgement judge(struct zr_pipeline *p, uint32_t flow, struct zr_match by_name, struct zr_judgement j)
{
	const struct zr_flow *f = zr_flow_at(p, flow);
	const struct zr_image *image = zr_list_of(p, f)->image;
	int64_t at_s = zr_wall_s(p, f, j.at_us);

	j.rule = by_name.entry;
	if (by_name.kind == ZR_MATCH_EXCLUDED)
		j.reason = ZR_REASON_EXCLUDED;
	else if (by_name.kind == ZR_MATCH_LISTED)
		judge_listed(p, flow, at_s, &j);
	else if (!judge_prefix(p, flow, at_s, &j) && zr_image_has_verify(image, ZR_VERIFY_LEARN) &&
		 is_nameless(f, &j) && judge_learned(p, flow, at_s, &j))
		j.reason = ZR_REASON_DNS_LEARNED;
	if ((zr_reason_verdict(j.reason) == ZR_FREE || j.reason == ZR_REASON_UNLEARNED ||
	     j.reason == ZR_REASON_UNBOUND) &&
	    at_s >= zr_image_expires_s(image)) {
		j.reason = ZR_REASON_EXPIRED;
		j.rule = ZR_ENTRY_NONE;
	}
	return j;
}

static struct zr_match match_text(const struct zr_image *image, struct zr_name_ref name, int64_t at_s)
{
	struct zr_match match;

	zr_image_match_names(image, &name, 1, at_s, &match);
	return match;
}

struct zr_judgement zr_judge_name(struct zr_pipeline *p, uint32_t flow, struct zr_name_ref name,
				  enum zr_evidence source)
{
	struct zr_match match = {.kind = ZR_MATCH_NONE, .entry = ZR_ENTRY_NONE};
	const struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_judgement otherwise = {
		.reason = name.len > 0 ? ZR_REASON_NO_MATCH : ZR_REASON_NO_NAME,
		.evidence = (uint8_t)(1U << source),
		.at_us = p->now_us,
	};

	if (name.len > 0)
		match = match_text(zr_list_of(p, f)->image, name, zr_wall_s(p, f, p->now_us));
	return judge(p, flow, match, otherwise);
}

struct zr_judgement zr_judge_address(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_match none = {.kind = ZR_MATCH_NONE, .entry = ZR_ENTRY_NONE};

	return judge(p, flow, none, (struct zr_judgement){.reason = ZR_REASON_UNDECIDED, .at_us = p->now_us});
}

struct zr_judgement zr_judge_again(struct zr_pipeline *p, uint32_t flow, uint64_t at_us)
{
	struct zr_match match = {.kind = ZR_MATCH_NONE, .entry = ZR_ENTRY_NONE};
	const struct zr_flow *f = zr_flow_at(p, flow);
	const struct zr_list_view *list = zr_list_of(p, f);
	const char *text = zr_name_text(p, flow);
	int64_t at_s = zr_wall_s(p, f, at_us);
	struct zr_judgement otherwise = {
		.reason = f->reason,
		.evidence = f->evidence & ~(1U << ZR_EVIDENCE_PREFIX),
		.rule = ZR_ENTRY_NONE,
		.at_us = at_us,
	};
	struct zr_suffixes suffixes;

	if ((f->flags & (ZR_FLOW_STAYS_CHARGED | ZR_FLOW_FREE)) == (ZR_FLOW_STAYS_CHARGED | ZR_FLOW_FREE))
		otherwise.reason = ZR_REASON_NO_NAME;
	if (f->reason == ZR_REASON_SPOOF || f->reason == ZR_REASON_NOT_SUBSCRIBER ||
	    (f->flags & ZR_FLOW_STAYS_CHARGED) != 0)
		return otherwise;
	zr_name_suffixes(p, flow, &suffixes);
	if (text != NULL)
		match = match_text(list->image, (struct zr_name_ref){.text = text, .len = (uint8_t)strlen(text)}, at_s);
	else if (suffixes.count > 0)
		match = zr_suffix_index_match(list->index, &suffixes, at_s);
	else if ((f->flags & ZR_FLOW_FREE) != 0 && zr_reason_tells_name((enum zr_reason)f->reason))
		match = match_entry(list->image, zr_rest_at(p, flow)->rule, at_s);
	if (text != NULL || suffixes.count > 0)
		otherwise.reason = f->dns ? ZR_REASON_NO_NAME : ZR_REASON_NO_MATCH;
	else if (zr_reason_verdict(f->reason) == ZR_FREE || f->reason == ZR_REASON_EXPIRED ||
		 f->reason == ZR_REASON_UNBOUND || f->reason == ZR_REASON_UNLEARNED)
		otherwise.reason = ZR_REASON_NO_NAME;
	return judge(p, flow, match, otherwise);
}

bool zr_judge_same_entry(const struct zr_image *a, uint32_t rule_a, const struct zr_image *b, uint32_t rule_b)
{
	struct zr_entry entry_a, entry_b;

	if (rule_a == ZR_ENTRY_NONE || rule_b == ZR_ENTRY_NONE)
		return rule_a == rule_b;
	zr_image_entry(a, rule_a, &entry_a);
	zr_image_entry(b, rule_b, &entry_b);
	return strcmp(entry_a.rule, entry_b.rule) == 0 && strcmp(entry_a.service, entry_b.service) == 0 &&
	       entry_a.rating_group == entry_b.rating_group;
}

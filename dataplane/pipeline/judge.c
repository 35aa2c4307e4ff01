/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/pipeline/state.h"

static const uint8_t reason_of_source[ZR_EVIDENCE_COUNT] = {
	[ZR_EVIDENCE_TLS_SNI] = ZR_REASON_SNI,       [ZR_EVIDENCE_QUIC_SNI] = ZR_REASON_QUIC_SNI,
	[ZR_EVIDENCE_DTLS_SNI] = ZR_REASON_DTLS_SNI, [ZR_EVIDENCE_HTTP_HOST] = ZR_REASON_HOST,
	[ZR_EVIDENCE_PREFIX] = ZR_REASON_PREFIX,
};

/* The reason that a name gives when it is listed: that of where it was read. */
static uint8_t name_reason(uint8_t evidence)
{
	for (unsigned int e = 0; e < ZR_EVIDENCE_PREFIX; e++)
		if ((evidence & 1U << e) != 0)
			return reason_of_source[e];
	return ZR_REASON_NO_NAME;
}

/*
 * Names against addresses: exclusion, then listed name, then address entry (DESIGN section 2). j: the judgement when none of
 * them is there.
 */
static struct zr_judgement judge(struct zr_pipeline *p, uint32_t flow, struct zr_match by_name, struct zr_judgement j)
{
	const struct zr_image *image = zr_list_of(p, zr_flow_at(p, flow))->image;
	int64_t at_s = zr_wall_s(p, zr_flow_at(p, flow), j.at_us);

	j.rule = by_name.entry;
	if (by_name.kind == ZR_MATCH_EXCLUDED) {
		j.reason = ZR_REASON_EXCLUDED;
	} else if (by_name.kind == ZR_MATCH_LISTED) {
		j.reason = name_reason(j.evidence);
	} else if (zr_image_has_addresses(image)) {
		struct zr_flow_key key;
		union zr_ip server;
		uint16_t port;
		struct zr_match m;

		zr_flow_table_key(&p->table, flow, &key);
		zr_flow_key_side(&key, (zr_flow_at(p, flow)->flags & ZR_FLOW_CLIENT_IS_B) == 0, &server, &port);
		m = zr_image_match_address(image, key.family, server.b, key.proto, port, at_s);
		j.rule = m.entry;
		if (m.kind == ZR_MATCH_LISTED)
			j.reason = ZR_REASON_PREFIX;
	}
	if (zr_reason_verdict(j.reason) == ZR_FREE && at_s >= zr_image_expires_s(image)) {
		j.reason = ZR_REASON_EXPIRED;
		j.rule = ZR_ENTRY_NONE;
	}
	if (j.reason == ZR_REASON_PREFIX)
		j.evidence |= 1U << ZR_EVIDENCE_PREFIX;
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
	else if ((f->flags & ZR_FLOW_FREE) != 0 && f->reason != ZR_REASON_PREFIX)
		match = match_entry(list->image, zr_rest_at(p, flow)->rule, at_s);
	if (text != NULL || suffixes.count > 0)
		otherwise.reason = ZR_REASON_NO_MATCH;
	else if (zr_reason_verdict(f->reason) == ZR_FREE || f->reason == ZR_REASON_EXPIRED)
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

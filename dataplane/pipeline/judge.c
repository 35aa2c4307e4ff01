/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/pipeline/state.h"

#define US_PER_S 1000000

static const uint8_t reason_of_source[ZR_EVIDENCE_COUNT] = {
	[ZR_EVIDENCE_TLS_SNI] = ZR_REASON_SNI,
	[ZR_EVIDENCE_QUIC_SNI] = ZR_REASON_QUIC_SNI,
	[ZR_EVIDENCE_HTTP_HOST] = ZR_REASON_HOST,
	[ZR_EVIDENCE_PREFIX] = ZR_REASON_PREFIX,
};

/* Names against addresses: exclusion, then listed name, then address entry (DESIGN section 2). */
static struct zr_judgement judge(struct zr_pipeline *p, uint32_t flow, struct zr_match by_name, uint8_t by_name_reason,
				 uint8_t else_reason, int64_t now_s)
{
	const struct zr_image *image = zr_list_of(p, zr_flow_at(p, flow))->image;
	struct zr_judgement j = {.reason = else_reason, .rule = ZR_ENTRY_NONE};

	if (by_name.kind == ZR_MATCH_EXCLUDED) {
		j = (struct zr_judgement){.reason = ZR_REASON_EXCLUDED, .rule = by_name.entry};
	} else if (by_name.kind == ZR_MATCH_LISTED) {
		j = (struct zr_judgement){.reason = by_name_reason, .rule = by_name.entry};
	} else if (zr_image_has_addresses(image)) {
		struct zr_flow_key key;
		union zr_ip server;
		uint16_t port;
		struct zr_match m;

		zr_flow_table_key(&p->table, flow, &key);
		zr_flow_key_side(&key, (zr_flow_at(p, flow)->flags & ZR_FLOW_CLIENT_IS_B) == 0, &server, &port);
		m = zr_image_match_address(image, key.family, server.b, key.proto, port, now_s);
		if (m.kind == ZR_MATCH_LISTED)
			j = (struct zr_judgement){.reason = ZR_REASON_PREFIX, .rule = m.entry};
	}
	if (zr_reason_verdict(j.reason) == ZR_FREE && now_s >= zr_image_expires_s(image))
		j = (struct zr_judgement){.reason = ZR_REASON_EXPIRED, .rule = ZR_ENTRY_NONE};
	return j;
}

static struct zr_match match_text(const struct zr_image *image, struct zr_name_ref name, int64_t now_s)
{
	struct zr_match match;

	zr_image_match_names(image, &name, 1, now_s, &match);
	return match;
}

struct zr_judgement zr_judge_name(struct zr_pipeline *p, uint32_t flow, struct zr_name_ref name,
				  enum zr_evidence source)
{
	struct zr_match match = {.kind = ZR_MATCH_NONE, .entry = ZR_ENTRY_NONE};
	int64_t now_s = (int64_t)(p->now_us / US_PER_S);

	if (name.len > 0)
		match = match_text(zr_list_of(p, zr_flow_at(p, flow))->image, name, now_s);
	return judge(p, flow, match, reason_of_source[source], name.len > 0 ? ZR_REASON_NO_MATCH : ZR_REASON_NO_NAME,
		     now_s);
}

struct zr_judgement zr_judge_address(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_match none = {.kind = ZR_MATCH_NONE, .entry = ZR_ENTRY_NONE};

	return judge(p, flow, none, ZR_REASON_UNDECIDED, ZR_REASON_UNDECIDED, (int64_t)(p->now_us / US_PER_S));
}

/* The reason that a name read from where this flow's was read gives when it is listed. */
static uint8_t name_reason(const struct zr_flow *f)
{
	for (unsigned int e = 0; e < ZR_EVIDENCE_PREFIX; e++)
		if ((f->evidence & 1U << e) != 0)
			return reason_of_source[e];
	return ZR_REASON_NO_NAME;
}

struct zr_judgement zr_judge_again(struct zr_pipeline *p, uint32_t flow, uint64_t at_us)
{
	struct zr_match match = {.kind = ZR_MATCH_NONE, .entry = ZR_ENTRY_NONE};
	const struct zr_flow *f = zr_flow_at(p, flow);
	const struct zr_list_view *list = zr_list_of(p, f);
	const char *text = zr_name_text(p, flow);
	int64_t at_s = (int64_t)(at_us / US_PER_S);
	uint8_t else_reason = f->reason;
	struct zr_suffixes suffixes;

	if (f->reason == ZR_REASON_SPOOF || f->reason == ZR_REASON_NOT_SUBSCRIBER ||
	    (f->flags & ZR_FLOW_HOST_CHARGED) != 0)
		return (struct zr_judgement){.reason = f->reason, .rule = ZR_ENTRY_NONE};
	zr_name_suffixes(p, flow, &suffixes);
	if (text != NULL)
		match = match_text(list->image, (struct zr_name_ref){.text = text, .len = (uint8_t)strlen(text)}, at_s);
	else if (suffixes.count > 0)
		match = zr_suffix_index_match(list->index, &suffixes, at_s);
	if (text != NULL || suffixes.count > 0)
		else_reason = ZR_REASON_NO_MATCH;
	else if (zr_reason_verdict(f->reason) == ZR_FREE || f->reason == ZR_REASON_EXPIRED)
		else_reason = ZR_REASON_NO_NAME;
	return judge(p, flow, match, name_reason(f), else_reason, at_s);
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

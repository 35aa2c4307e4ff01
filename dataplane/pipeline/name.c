/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/pipeline/state.h"

static void name_set(struct zr_pipeline *p, uint32_t flow, enum zr_intern_kind kind, const void *data, size_t len)
{
	struct zr_flow_rest *rest = zr_rest_at(p, flow);
	uint32_t old = rest->name;

	rest->name = zr_intern_hold(p->intern, kind, data, len);
	if (rest->name == 0)
		p->counters[ZR_COUNTER_NAMES_FULL]++;
	zr_intern_release(p->intern, old);
}

static void suffixes_set(struct zr_pipeline *p, uint32_t flow, enum zr_intern_kind kind,
			 const struct zr_suffixes *suffixes)
{
	uint8_t kept[sizeof(suffixes->hash) + 1];
	size_t len = suffixes->count * sizeof(suffixes->hash[0]);

	memcpy(kept, suffixes->hash, len);
	kept[len] = suffixes->cut;
	name_set(p, flow, kind, kept, len + 1);
}

static void name_hash(struct zr_pipeline *p, uint32_t flow, const char *name, size_t name_len)
{
	struct zr_suffixes suffixes;

	zr_suffixes_make(p->config.seed, name, name_len, &suffixes);
	suffixes_set(p, flow, ZR_INTERN_SUFFIXES, &suffixes);
}

void zr_name_keep_learned(struct zr_pipeline *p, uint32_t flow, const struct zr_suffixes *name)
{
	suffixes_set(p, flow, ZR_INTERN_LEARNED, name);
}

/* Only the name that frees a flow may stay text: what else a subscriber asks for is personal data. */
static bool may_keep_text(const struct zr_pipeline *p, uint32_t flow)
{
	enum zr_reason reason = p->table.flows[flow].reason;

	return p->config.keep_names || zr_reason_tells_name(reason);
}

void zr_name_keep(struct zr_pipeline *p, uint32_t flow, struct zr_name_ref name)
{
	char text[ZR_INTERN_MAX];

	if (name.len == 0) {
		zr_intern_release(p->intern, zr_rest_at(p, flow)->name);
		zr_rest_at(p, flow)->name = 0;
	} else if (may_keep_text(p, flow)) {
		memcpy(text, name.text, name.len);
		text[name.len] = '\0';
		name_set(p, flow, ZR_INTERN_TEXT, text, name.len + 1U);
	} else {
		name_hash(p, flow, name.text, name.len);
	}
}

void zr_name_share(struct zr_pipeline *p, uint32_t flow, uint32_t from)
{
	uint32_t id = zr_rest_at(p, from)->name;
	enum zr_intern_kind kind;
	const void *value;
	size_t len;

	if (id == 0)
		return;
	value = zr_intern_value(p->intern, id, &kind, &len);
	name_set(p, flow, kind, value, len);
}

const char *zr_name_text(const struct zr_pipeline *p, uint32_t flow)
{
	uint32_t id = p->table.rest[flow].name;
	enum zr_intern_kind kind;
	const char *text;
	size_t len;

	if ((p->table.flows[flow].flags & ZR_FLOW_DECIDED) == 0 || id == 0)
		return NULL;
	text = zr_intern_value(p->intern, id, &kind, &len);
	return kind == ZR_INTERN_TEXT ? text : NULL;
}

static void suffixes_get(const struct zr_pipeline *p, uint32_t flow, enum zr_intern_kind wanted,
			 struct zr_suffixes *out)
{
	uint32_t id = p->table.rest[flow].name;
	enum zr_intern_kind kind;
	const uint8_t *value;
	size_t len;

	memset(out, 0, sizeof(*out));
	if ((p->table.flows[flow].flags & ZR_FLOW_DECIDED) == 0 || id == 0)
		return;
	value = zr_intern_value(p->intern, id, &kind, &len);
	if (kind != wanted)
		return;
	out->count = (uint8_t)((len - 1) / sizeof(out->hash[0]));
	out->cut = value[len - 1] != 0;
	memcpy(out->hash, value, len - 1);
}

void zr_name_suffixes(const struct zr_pipeline *p, uint32_t flow, struct zr_suffixes *out)
{
	suffixes_get(p, flow, ZR_INTERN_SUFFIXES, out);
}

void zr_name_learned(const struct zr_pipeline *p, uint32_t flow, struct zr_suffixes *out)
{
	suffixes_get(p, flow, ZR_INTERN_LEARNED, out);
}

void zr_name_redact(struct zr_pipeline *p, uint32_t flow)
{
	const char *text = zr_name_text(p, flow);
	char name[ZR_INTERN_MAX];

	if (text == NULL || may_keep_text(p, flow))
		return;
	/* The text's last hold may be this flow's own. */
	strcpy(name, text);
	name_hash(p, flow, name, strlen(name));
}

bool zr_name_same(const struct zr_pipeline *p, uint32_t flow, struct zr_name_ref name)
{
	const char *text = zr_name_text(p, flow);
	struct zr_suffixes kept, fresh;

	if (text != NULL)
		return strlen(text) == name.len && memcmp(text, name.text, name.len) == 0;
	zr_name_suffixes(p, flow, &kept);
	if (kept.count == 0 || name.len == 0)
		return kept.count == 0 && name.len == 0;
	zr_suffixes_make(p->config.seed, name.text, name.len, &fresh);
	return fresh.hash[0] == kept.hash[0];
}

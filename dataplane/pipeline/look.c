/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/look.h"

#include <string.h>

#include "dataplane/pipeline/state.h"

const char *zr_decision_cause_name(uint8_t cause)
{
	static const char *const names[] = {
#define X(id, name) [ZR_DECISION_##id] = name,
		ZR_DECISION_CAUSES(X)
#undef X
	};

	return cause < ZR_CAUSE_COUNT ? zr_cause_name((enum zr_cause)cause) : names[cause];
}

bool zr_look_covers(const struct zr_prefix *prefix, uint8_t family, const union zr_ip *ip)
{
	struct zr_prefix one = *prefix;

	return one.family == 0 ||
	       zr_prefix_set_contains(&(struct zr_prefix_set){.prefixes = &one, .count = 1}, family, ip->b);
}

static void copy_text(char *to, const char *text, size_t max)
{
	size_t len = strnlen(text, max);

	memcpy(to, text, len);
	to[len] = '\0';
}

static enum zr_flow_state state_of(const struct zr_flow *f)
{
	if ((f->flags & ZR_FLOW_DECIDED) == 0)
		return ZR_STATE_UNDECIDED;
	return (f->flags & ZR_FLOW_FREE) != 0 ? ZR_STATE_FREE : ZR_STATE_CHARGED;
}

static bool side_fits(struct zr_pipeline *p, uint32_t flow, const struct zr_look *look)
{
	bool client_is_b = (zr_flow_at(p, flow)->flags & ZR_FLOW_CLIENT_IS_B) != 0;
	union zr_ip client, server;
	struct zr_flow_key key;
	uint16_t port;

	if (look->subscriber.family == 0 && look->server.family == 0)
		return true;
	zr_flow_table_key(&p->table, flow, &key);
	zr_flow_key_side(&key, client_is_b, &client, &port);
	zr_flow_key_side(&key, !client_is_b, &server, &port);
	return zr_look_covers(&look->subscriber, key.family, &client) &&
	       zr_look_covers(&look->server, key.family, &server);
}

static bool entry_fits(const struct zr_look *look, const struct zr_entry *entry)
{
	return (*look->rule == '\0' || strcmp(look->rule, entry->rule) == 0) &&
	       (*look->service == '\0' || strcmp(look->service, entry->service) == 0);
}

/* The flow's entry as of the list that it was judged by; empty texts: it has none. */
static struct zr_entry entry_of(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_entry entry = {.rule = "", .service = ""};
	const struct zr_flow *f = zr_flow_at(p, flow);

	if ((f->flags & ZR_FLOW_DECIDED) != 0 && zr_rest_at(p, flow)->rule != ZR_ENTRY_NONE)
		zr_image_entry(zr_list_of(p, f)->image, zr_rest_at(p, flow)->rule, &entry);
	return entry;
}

static void answer(struct zr_pipeline *p, uint32_t flow, const struct zr_entry *entry, struct zr_answer *out)
{
	const struct zr_flow *f = zr_flow_at(p, flow);

	out->usage = zr_usage_now(p, flow);
	out->numbered = zr_rest_at(p, flow)->id != 0;
	out->name_recorded = false;
	out->state = (uint8_t)state_of(f);
	out->cause = 0;
	out->rating_group = entry->rating_group;
	out->list_serial = zr_image_serial(out->usage.image);
	copy_text(out->rule, entry->rule, ZR_RULE_MAX);
	copy_text(out->service, entry->service, ZR_SERVICE_MAX);
	copy_text(out->name, out->usage.name != NULL && out->state == ZR_STATE_FREE ? out->usage.name : "",
		  ZR_NAME_MAX);
	out->usage.last_us = zr_wall_us(p, f, f->last_us);
	out->usage.image = NULL;
	out->usage.name = NULL;
	out->usage.rule = ZR_ENTRY_NONE;
}

/* An entry and its texts come from memory where a list is long, and an answer goes to a line that another CPU has. */
static void pay_entry(unsigned int *budget)
{
	*budget -= *budget < ZR_LOOK_ENTRY ? *budget : ZR_LOOK_ENTRY;
}

bool zr_pipeline_look(struct zr_pipeline *p, const struct zr_look *look, struct zr_look_cursor *cursor,
		      unsigned int *budget, struct zr_answer *out)
{
	while (*budget > 0 && cursor->at < p->table.high_water) {
		uint32_t flow = cursor->at++;
		const struct zr_flow *f = zr_flow_at(p, flow);
		struct zr_entry entry;

		cursor->open += f->family != 0;
		if (f->family == 0 || (look->states & 1U << state_of(f)) == 0 || !side_fits(p, flow, look)) {
			--*budget;
			continue;
		}
		pay_entry(budget);
		entry = entry_of(p, flow);
		if (!entry_fits(look, &entry))
			continue;
		answer(p, flow, &entry, out);
		return true;
	}
	cursor->ended = cursor->at >= p->table.high_water;
	return false;
}

bool zr_pipeline_decision(struct zr_pipeline *p, const struct zr_look *look, struct zr_look_cursor *cursor,
			  unsigned int *budget, struct zr_answer *out)
{
	return zr_decisions_next(&p->decisions, look, cursor, budget, out);
}

void zr_pipeline_record_names(struct zr_pipeline *p, const struct zr_prefix *subscriber)
{
	zr_decisions_record(&p->decisions, subscriber);
}

/* A name that does not free the flow may be kept when somebody records its client, and else not. */
static void keep_name(struct zr_pipeline *p, uint32_t flow, const struct zr_name_ref *name, struct zr_decision *out)
{
	const char *text = zr_name_text(p, flow);

	out->name = (struct zr_slice){0};
	out->name_recorded = false;
	if (text != NULL && (zr_flow_at(p, flow)->flags & ZR_FLOW_FREE) != 0) {
		out->name = (struct zr_slice){.at = (const uint8_t *)text, .len = strlen(text)};
	} else if (name != NULL && name->len > 0 && zr_decisions_records(&p->decisions, out->family, &out->client)) {
		out->name = (struct zr_slice){.at = (const uint8_t *)name->text, .len = name->len};
		out->name_recorded = true;
	}
}

static void tuple_fill(const struct zr_pipeline *p, uint32_t flow, struct zr_decision *out)
{
	bool client_is_b = (p->table.flows[flow].flags & ZR_FLOW_CLIENT_IS_B) != 0;
	struct zr_flow_key key;

	zr_flow_table_key(&p->table, flow, &key);
	zr_flow_key_side(&key, client_is_b, &out->client, &out->client_port);
	zr_flow_key_side(&key, !client_is_b, &out->server, &out->server_port);
	out->family = key.family;
	out->proto = key.proto;
	out->domain = key.domain;
}

static struct zr_slice slice_of(const char *text, size_t max)
{
	return (struct zr_slice){.at = (const uint8_t *)text, .len = strnlen(text, max)};
}

void zr_look_note(struct zr_pipeline *p, uint32_t flow, uint8_t cause, const struct zr_name_ref *name)
{
	const struct zr_flow *f = zr_flow_at(p, flow);
	uint64_t id = zr_rest_at(p, flow)->id;
	/* Every member is set below: to zero all of it first costs as much as to keep it. */
	struct zr_decision decision;
	struct zr_entry entry;

	if (p->decisions.count == 0 || cause == ZR_CAUSE_SHUTDOWN)
		return;
	entry = entry_of(p, flow);
	tuple_fill(p, flow, &decision);
	decision.us = zr_wall_us(p, f, p->now_us);
	decision.identity = id != 0 ? zr_identity_of(p, id) : 0;
	decision.list_serial = zr_image_serial(zr_list_of(p, f)->image);
	decision.reason = f->reason;
	decision.evidence = f->evidence;
	decision.cause = cause;
	decision.flags = zr_usage_flags(p, flow);
	decision.rating_group = entry.rating_group;
	decision.rule = slice_of(entry.rule, ZR_RULE_MAX);
	decision.service = slice_of(entry.service, ZR_SERVICE_MAX);
	keep_name(p, flow, name, &decision);
	zr_decisions_put(&p->decisions, &decision, flow);
	p->counters[ZR_COUNTER_DECISIONS]++;
}

static void number_earlier(struct zr_pipeline *p, uint32_t flow, uint64_t identity)
{
	struct zr_decision decision = {.identity = identity};

	tuple_fill(p, flow, &decision);
	zr_decisions_number(&p->decisions, &decision);
}

void zr_look_number(struct zr_pipeline *p, uint32_t flow)
{
	uint64_t identity = zr_identity_of(p, zr_rest_at(p, flow)->id);

	if (p->decisions.count > 0 && !zr_decisions_number_last(&p->decisions, flow, identity))
		number_earlier(p, flow, identity);
}

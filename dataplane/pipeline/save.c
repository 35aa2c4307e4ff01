/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/save.h"

#include <string.h>

#include "dataplane/pipeline/state.h"

void zr_pipeline_pause(struct zr_pipeline *p)
{
	zr_pipeline_advance(p, 0);
	zr_fragment_end_all(p);
	for (uint32_t flow = 0; flow < p->table.high_water; flow++) {
		if (zr_flow_at(p, flow)->family == 0)
			continue;
		zr_cut_part(p, flow, ZR_CAUSE_SHUTDOWN, false);
		if (zr_flow_at(p, flow)->tag_late)
			zr_usage_tag(p, flow);
	}
}

static uint16_t flags_of(const struct zr_flow *f)
{
	static const struct {
		uint16_t flow, saved;
	} same[] = {
		{ZR_FLOW_CLIENT_FIXED, ZR_SAVED_CLIENT_FIXED},
		{ZR_FLOW_FIN_UP, ZR_SAVED_FIN_UP},
		{ZR_FLOW_FIN_DOWN, ZR_SAVED_FIN_DOWN},
		{ZR_FLOW_RST, ZR_SAVED_RST},
		{ZR_FLOW_START_KNOWN, ZR_SAVED_START_KNOWN},
		{ZR_FLOW_TAG_DUE, ZR_SAVED_TAG_DUE},
		{ZR_FLOW_INSPECT, ZR_SAVED_INSPECT},
		{ZR_FLOW_ECH, ZR_SAVED_ECH},
		{ZR_FLOW_STAYS_CHARGED, ZR_SAVED_STAYS_CHARGED},
	};
	bool client_is_b = (f->flags & ZR_FLOW_CLIENT_IS_B) != 0;
	unsigned int flags = 0;

	for (unsigned int i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		flags |= (f->flags & same[i].flow) != 0 ? same[i].saved : 0;
	if ((f->flags & ZR_FLOW_STREAMED_A) != 0)
		flags |= client_is_b ? ZR_SAVED_STREAMED_DOWN : ZR_SAVED_STREAMED_UP;
	if ((f->flags & ZR_FLOW_STREAMED_B) != 0)
		flags |= client_is_b ? ZR_SAVED_STREAMED_UP : ZR_SAVED_STREAMED_DOWN;
	if (f->tag_late)
		flags |= ZR_SAVED_TAG_DUE;
	return (uint16_t)flags;
}

static void tuple_fill(struct zr_pipeline *p, uint32_t flow, struct zr_saved_flow *s)
{
	bool client_is_b = (zr_flow_at(p, flow)->flags & ZR_FLOW_CLIENT_IS_B) != 0;
	struct zr_path path = zr_path_of(p, flow);
	struct zr_flow_key key;

	zr_flow_table_key(&p->table, flow, &key);
	zr_flow_key_side(&key, client_is_b, &s->client, &s->client_port);
	zr_flow_key_side(&key, !client_is_b, &s->server, &s->server_port);
	s->family = key.family;
	s->proto = key.proto;
	s->domain = key.domain;
	s->vlan_count = path.vlan_count;
	memcpy(s->vlans, path.vlans, sizeof(s->vlans));
	s->has_teid_up = path.has_teid_up;
	s->has_teid_down = path.has_teid_down;
	s->teid_up = path.teid_up;
	s->teid_down = path.teid_down;
}

/* Only the name that frees the flow: charged names stay here. */
static void name_fill(struct zr_pipeline *p, uint32_t flow, struct zr_saved_flow *s)
{
	const char *text = zr_name_text(p, flow);

	if (text == NULL || !zr_reason_tells_name((enum zr_reason)s->reason))
		return;
	s->name_len = (uint8_t)strlen(text);
	memcpy(s->name, text, s->name_len);
}

/* Has some of a message come and not all? */
static bool is_cut_short(struct zr_pipeline *p, uint32_t flow)
{
	for (unsigned int b = 0; b < 2 && (zr_flow_at(p, flow)->flags & ZR_FLOW_INSPECT) != 0; b++) {
		struct zr_context *context = zr_context_of(p, flow, b != 0);

		if (context != NULL && *zr_context_held(context) != NULL)
			return true;
	}
	return false;
}

/* Only between two messages is all that is known of a stream where it stands. */
static void stream_fill(struct zr_pipeline *p, uint32_t flow, struct zr_saved_flow *s)
{
	const struct zr_flow *f = zr_flow_at(p, flow);
	const struct zr_context *context;

	if ((f->flags & (ZR_FLOW_DECIDED | ZR_FLOW_INSPECT)) != (ZR_FLOW_DECIDED | ZR_FLOW_INSPECT))
		return;
	context = zr_context_of(p, flow, (f->flags & ZR_FLOW_CLIENT_IS_B) != 0);
	if (context == NULL || context->kind != ZR_CONTEXT_TCP || context->tcp.held != NULL || !context->tcp.anchored ||
	    (context->tcp.state != ZR_TCP_HTTP && context->tcp.state != ZR_TCP_BODY))
		return;
	s->flags |= ZR_SAVED_STREAM;
	s->stream = (struct zr_saved_stream){.next_seq = context->tcp.next_seq, .state = context->tcp.state};
	if (context->tcp.state == ZR_TCP_BODY) {
		s->stream.body_left = context->tcp.body_left;
		s->stream.body = context->tcp.body;
		s->stream.chunk = context->tcp.chunk;
	}
}

static void verdict_fill(struct zr_pipeline *p, uint32_t flow, struct zr_saved_flow *s)
{
	const struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_slice id = zr_rebind_id(p, f);

	s->rule = ZR_ENTRY_NONE;
	if ((f->flags & ZR_FLOW_DECIDED) == 0)
		return;
	s->reason = f->reason;
	s->rule = zr_rest_at(p, flow)->rule;
	if (s->rule != ZR_ENTRY_NONE)
		s->entry = zr_image_entry_identity(zr_list_of(p, f)->image, s->rule);
	name_fill(p, flow, s);
	stream_fill(p, flow, s);
	s->server_id_len = (uint8_t)id.len;
	if (id.len > 0)
		memcpy(s->server_id, id.at, id.len);
}

static void saved_of(struct zr_pipeline *p, uint32_t flow, struct zr_saved_flow *s)
{
	const struct zr_flow_rest *rest = zr_rest_at(p, flow);
	const struct zr_flow *f = zr_flow_at(p, flow);

	*s = (struct zr_saved_flow){
		.id = rest->id != 0 ? zr_identity_of(p, rest->id) : 0,
		.first_us = zr_wall_us(p, f, zr_flow_first_us(f, rest)),
		.last_us = zr_wall_us(p, f, f->last_us),
		.worker = p->config.worker,
		.timeout = f->timeout,
		.evidence = f->evidence,
		.part = rest->part,
		.flags = flags_of(f),
		.start = f->start,
	};
	if (is_cut_short(p, flow))
		s->flags |= ZR_SAVED_CUT_SHORT;
	tuple_fill(p, flow, s);
	verdict_fill(p, flow, s);
}

/* Bytes on their way to write. */
struct out {
	int (*write)(void *arg, const void *bytes, size_t len);
	void *arg;
	size_t len; /* … in the pipeline's scratch */
};

static int flush(struct zr_pipeline *p, struct out *out)
{
	size_t len = out->len;

	out->len = 0;
	return len > 0 ? out->write(out->arg, p->scratch, len) : 0;
}

static int save_flow(struct zr_pipeline *p, uint32_t flow, struct out *out)
{
	int status = out->len + ZR_SAVED_MAX > ZR_SCRATCH ? flush(p, out) : 0;
	struct zr_saved_flow saved;

	saved_of(p, flow, &saved);
	out->len += zr_saved_write(&saved, p->scratch + out->len);
	return status;
}

/* All decided flows that are free, or that are not. */
static int save_decided(struct zr_pipeline *p, unsigned int free_flag, struct out *out)
{
	int status = 0;

	for (uint32_t flow = 0; status == 0 && flow < p->table.high_water; flow++) {
		const struct zr_flow *f = zr_flow_at(p, flow);

		if (f->family != 0 && (f->flags & (ZR_FLOW_DECIDED | ZR_FLOW_FREE)) == (ZR_FLOW_DECIDED | free_flag))
			status = save_flow(p, flow, out);
	}
	return status;
}

int zr_pipeline_save(struct zr_pipeline *p, int (*write)(void *arg, const void *bytes, size_t len), void *arg)
{
	struct out out = {.write = write, .arg = arg};
	int status = 0;

	for (uint32_t flow = p->table.oldest; status == 0 && flow != ZR_FLOW_NONE; flow = zr_rest_at(p, flow)->newer)
		status = save_flow(p, flow, &out);
	if (status == 0)
		status = save_decided(p, 0, &out);
	if (status == 0)
		status = save_decided(p, ZR_FLOW_FREE, &out);
	return status == 0 ? flush(p, &out) : status;
}

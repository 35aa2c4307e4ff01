/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/state.h"

struct zr_assembly **zr_context_held(struct zr_context *context)
{
	switch (context->kind) {
	case ZR_CONTEXT_TCP:
		return &context->tcp.held;
	case ZR_CONTEXT_QUIC:
		return &context->quic.held;
	default:
		return &context->dtls.held;
	}
}

bool zr_context_keep(struct zr_pipeline *p, uint32_t flow, const struct zr_context *fresh)
{
	struct zr_contexts *all = &p->contexts;
	struct zr_context *context;

	if (all->free_head != 0) {
		context = &all->slots[all->free_head - 1];
		all->free_head = context->next_free;
	} else if (all->fresh < all->count) {
		context = &all->slots[all->fresh++];
	} else {
		return false;
	}
	*context = *fresh;
	zr_flow_at(p, flow)->context = (uint32_t)(context - all->slots);
	return true;
}

void zr_context_drop(struct zr_pipeline *p, struct zr_context *context)
{
	struct zr_assembly **held = zr_context_held(context);

	if (*held != NULL)
		zr_assembly_put(p->assembly, *held);
	*held = NULL;
}

void zr_context_put(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_context *context;

	if (f->context == ZR_FLOW_NONE)
		return;
	context = &p->contexts.slots[f->context];
	zr_context_drop(p, context);
	context->next_free = p->contexts.free_head;
	p->contexts.free_head = f->context + 1;
	f->context = ZR_FLOW_NONE;
}

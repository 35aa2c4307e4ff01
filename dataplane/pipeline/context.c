/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "dataplane/pipeline/state.h"

struct zr_context *zr_context_get(struct zr_pipeline *p, uint32_t flow, bool from_b)
{
	struct zr_contexts *all = &p->contexts;
	struct zr_context *context;

	if (all->free_head != 0) {
		context = &all->slots[all->free_head - 1];
		all->free_head = context->next_free;
	} else if (all->fresh < all->count) {
		context = &all->slots[all->fresh++];
	} else {
		return NULL;
	}
	memset(context, 0, sizeof(*context));
	context->from_b = from_b;
	zr_flow_at(p, flow)->context = (uint32_t)(context - all->slots);
	return context;
}

void zr_context_put(struct zr_pipeline *p, uint32_t flow)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_context *context;

	if (f->context == ZR_FLOW_NONE)
		return;
	context = &p->contexts.slots[f->context];
	if (f->proto == ZR_PROTO_TCP)
		zr_tcp_client_stop(&context->tcp, p->assembly);
	else
		zr_quic_client_stop(&context->quic, p->assembly);
	context->next_free = p->contexts.free_head;
	p->contexts.free_head = f->context + 1;
	f->context = ZR_FLOW_NONE;
}

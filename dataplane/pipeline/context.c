/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/state.h"

_Static_assert(ZR_FLOWS_MAX <= UINT32_MAX >> 1, "an owner has room for the side");
_Static_assert(ZR_FLOW_NONE + 1 == 0, "no slot, plus 1, is 0");

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

void zr_context_give_up(struct zr_pipeline *p, uint32_t flow, bool from_b)
{
	if (zr_edge_due(p, zr_flow_at(p, flow)) && !zr_edge_pass(p, flow))
		return;
	p->counters[ZR_COUNTER_HELLOS_GIVEN_UP]++;
	/* The other side's may be what room is made for. */
	if (zr_context_of(p, flow, !from_b) != NULL)
		zr_context_put_side(p, flow, from_b);
	else
		zr_discover_stop(p, flow);
}

/* When all slots are taken, the hand that passes over them finds one of the oldest. */
static void make_room(struct zr_pipeline *p)
{
	struct zr_contexts *all = &p->contexts;
	struct zr_context *old = &all->slots[all->hand];

	if (all->free_head != 0 || all->fresh < all->count)
		return;
	all->hand = all->hand + 1 < all->count ? all->hand + 1 : 0;
	/* Of an opaque stream no more is lost than its place. */
	if (old->kind == ZR_CONTEXT_TCP && old->tcp.state == ZR_TCP_OPAQUE && old->tcp.held == NULL)
		zr_context_put_side(p, old->flow, old->from_b);
	else
		zr_context_give_up(p, old->flow, old->from_b);
}

void zr_context_keep(struct zr_pipeline *p, uint32_t flow, struct zr_context *fresh)
{
	struct zr_contexts *all = &p->contexts;
	struct zr_flow *f = zr_flow_at(p, flow);
	struct zr_context *context;

	make_room(p);
	/* What had to go may have been the flow's own, for its other side. */
	if ((f->flags & ZR_FLOW_INSPECT) == 0) {
		zr_context_drop(p, fresh);
		return;
	}
	if (all->free_head != 0) {
		context = &all->slots[all->free_head - 1];
		all->free_head = context->next;
	} else {
		context = &all->slots[all->fresh++];
	}
	all->used++;
	*context = *fresh;
	context->flow = flow;
	context->next = f->context + 1;
	f->context = (uint32_t)(context - all->slots);
}

bool zr_context_plenty(const struct zr_pipeline *p)
{
	return p->contexts.used < p->contexts.count / 2;
}

void zr_context_drop(struct zr_pipeline *p, struct zr_context *context)
{
	struct zr_assembly **held = zr_context_held(context);

	if (*held != NULL)
		zr_assembly_put(p->assembly, *held);
	*held = NULL;
}

struct zr_context *zr_context_of(const struct zr_pipeline *p, uint32_t flow, bool from_b)
{
	uint32_t slot = p->table.flows[flow].context;

	while (slot != ZR_FLOW_NONE && p->contexts.slots[slot].from_b != from_b)
		slot = p->contexts.slots[slot].next - 1;
	return slot != ZR_FLOW_NONE ? &p->contexts.slots[slot] : NULL;
}

void zr_context_put_side(struct zr_pipeline *p, uint32_t flow, bool from_b)
{
	struct zr_context *context = zr_context_of(p, flow, from_b), *other = zr_context_of(p, flow, !from_b);

	if (context == NULL)
		return;
	zr_context_drop(p, context);
	p->contexts.used--;
	context->next = p->contexts.free_head;
	p->contexts.free_head = (uint32_t)(context - p->contexts.slots) + 1;
	zr_flow_at(p, flow)->context = ZR_FLOW_NONE;
	if (other != NULL) {
		other->next = 0;
		zr_flow_at(p, flow)->context = (uint32_t)(other - p->contexts.slots);
	}
}

void zr_context_put(struct zr_pipeline *p, uint32_t flow)
{
	zr_context_put_side(p, flow, false);
	zr_context_put_side(p, flow, true);
}

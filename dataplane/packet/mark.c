/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/packet/mark.h"

#include "dataplane/packet/stations.h"

/* The packet and the tunnels around it. */
#define LAYERS_MAX (ZR_TUNNELS_MAX + 1)

_Static_assert(2 * LAYERS_MAX + ZR_TUNNELS_MAX == ZR_MARK_EDITS_MAX, "each edit has its place");

/* The class is bits 4 to 11 of the first word of either IP header: in IPv4 its lower byte. */
enum { CLASS_BITS = 8, ECN_BITS = 2, CODE_POINT_MASK = 0x3f };
enum { IPV4_CHECKSUM_AT = 10, UDP_CHECKSUM_AT = 6, GRE_CHECKSUM_AT = 4, GRE_CHECKSUM_FLAG = 0x80 };

/* Room for what the other fragments of a datagram carry. */
#define DATAGRAM_ROOM (2 * 65536U)

/* An IP header, and what its packet has in place of a checksum over all that is inside. */
struct layer {
	const uint8_t *ip;
	uint8_t family;
	bool udp;
	const uint8_t *sum_from; /* where it begins to count; NULL: there is none */
	const uint8_t *sum_at;
	uint16_t sum;
};

struct stack {
	struct layer layers[LAYERS_MAX];
	unsigned int count;
};

/* RFC 1624, section 3, eqn. 3: the checksum when a word changes. */
static uint16_t sum_follow(uint16_t sum, uint16_t from, uint16_t to)
{
	uint32_t follow = (uint32_t)(uint16_t)~sum + (uint16_t)~from + to;

	follow = (follow & UINT16_MAX) + (follow >> 16);
	follow = (follow & UINT16_MAX) + (follow >> 16);
	return (uint16_t)~follow;
}

static uint16_t swapped(uint16_t word)
{
	return (uint16_t)(word << 8 | word >> 8);
}

/* The checksum of a tunnel's own header, which w is at: UDP's, where 0 means none, or GRE's. */
static void note_sum(struct layer *layer, struct zr_walk w, uint8_t proto)
{
	uint32_t at = proto == ZR_PROTO_UDP ? UDP_CHECKSUM_AT : GRE_CHECKSUM_AT;

	if ((proto != ZR_PROTO_UDP && proto != ZR_PROTO_GRE) || w.held_len < at + 2)
		return;
	if (proto == ZR_PROTO_GRE && (w.at[0] & GRE_CHECKSUM_FLAG) == 0)
		return;
	layer->sum = zr_be16(w.at + at);
	layer->udp = proto == ZR_PROTO_UDP;
	if (layer->udp && layer->sum == 0)
		return;
	layer->sum_from = w.at;
	layer->sum_at = w.at + at;
}

/* One IP header and what is behind it, up to a tunnel's own header. False when it does not parse. */
static bool layer_pass(struct stack *s, struct zr_walk *w, struct zr_packet *p)
{
	struct layer *layer = &s->layers[s->count];

	*layer = (struct layer){.ip = w->at, .family = p->family};
	*w = zr_ip_pass(*w, p);
	if (p->unaccounted != ZR_ACCOUNTED)
		return false;
	s->count++;
	note_sum(layer, *w, p->proto);
	*w = zr_transport_pass(*w, p);
	return true;
}

/* May the fragment's tunnel be opened for what is asked? What is inside is known to be free only when it is whole. */
static bool fragment_opens(const struct zr_packet *p, bool clearing)
{
	return !p->fragment || (p->first_fragment && clearing);
}

/* All IP headers from the outside in, as zr_packet_parse opens them. */
static void stack_read(struct stack *s, const struct zr_packet_rules *rules, const struct zr_view *view, bool clearing)
{
	struct zr_walk w = {.at = view->data, .held_len = view->len, .wire_len = view->wire_len};
	struct zr_packet p;

	s->count = 0;
	zr_walk_clear_frame(&p, view);
	zr_walk_clear_ip(&p);
	w = zr_link_pass(w, view->port->link, &p);
	if (p.unaccounted != ZR_ACCOUNTED || !layer_pass(s, &w, &p))
		return;
	while (fragment_opens(&p, clearing) && zr_packet_opens(rules, &p)) {
		if (p.fragment)
			w.wire_len = DATAGRAM_ROOM;
		w = zr_tunnel_enter(w, &p);
		if (p.unaccounted != ZR_ACCOUNTED || !layer_pass(s, &w, &p))
			return;
	}
}

static void sums_follow(struct stack *s, unsigned int inside, const uint8_t *at, uint16_t from, uint16_t to)
{
	for (unsigned int i = 0; i < inside; i++) {
		struct layer *layer = &s->layers[i];
		bool odd;

		if (layer->sum_from == NULL)
			continue;
		odd = ((at - layer->sum_from) & 1) != 0;
		layer->sum = sum_follow(layer->sum, odd ? swapped(from) : from, odd ? swapped(to) : to);
	}
}

/* What is being written. */
struct plan {
	struct zr_mark_edit *edits;
	unsigned int count;
	const uint8_t *base;
};

static void write_word(struct plan *plan, const uint8_t *at, uint16_t word)
{
	plan->edits[plan->count++] = (struct zr_mark_edit){.at = (uint32_t)(at - plan->base),
							   .bytes = {(uint8_t)(word >> 8), (uint8_t)word}};
}

static void layer_mark(struct stack *s, unsigned int number, const struct zr_mark_rules *marks, uint8_t code_point,
		       struct plan *plan)
{
	const struct layer *layer = &s->layers[number];
	unsigned int shift = (layer->family == 4 ? 0 : 12 - CLASS_BITS) + ECN_BITS;
	uint16_t from = zr_be16(layer->ip), sum, sum_from, to;
	unsigned int present = from >> shift & CODE_POINT_MASK;

	if (code_point == ZR_MARK_NONE && (marks->cleared >> present & 1) == 0)
		return;
	to = code_point == ZR_MARK_NONE ? 0 : code_point;
	to = (uint16_t)((from & ~((unsigned int)CODE_POINT_MASK << shift)) | (unsigned int)to << shift);
	if (to == from)
		return;
	write_word(plan, layer->ip, to);
	sums_follow(s, number, layer->ip, from, to);
	if (layer->family != 4)
		return;
	sum_from = zr_be16(layer->ip + IPV4_CHECKSUM_AT);
	sum = sum_follow(sum_from, from, to);
	write_word(plan, layer->ip + IPV4_CHECKSUM_AT, sum);
	sums_follow(s, number, layer->ip + IPV4_CHECKSUM_AT, sum_from, sum);
}

/* A tunnel's checksum follows what is inside of it, and is itself inside of the tunnels around it. */
static void sum_write(struct stack *s, unsigned int number, struct plan *plan)
{
	const struct layer *layer = &s->layers[number];
	/* In UDP a sum of 0 is written as its other form (RFC 768). */
	uint16_t from, to = layer->udp && layer->sum == 0 ? UINT16_MAX : layer->sum;

	if (layer->sum_from == NULL)
		return;
	from = zr_be16(layer->sum_at);
	if (to == from)
		return;
	write_word(plan, layer->sum_at, to);
	sums_follow(s, number, layer->sum_at, from, to);
}

unsigned int zr_mark_plan(const struct zr_packet_rules *rules, const struct zr_mark_rules *marks,
			  const struct zr_view *view, uint8_t code_point, struct zr_mark_edit edits[ZR_MARK_EDITS_MAX])
{
	struct plan plan = {.edits = edits, .base = view->data};
	struct stack s;

	stack_read(&s, rules, view, code_point == ZR_MARK_NONE);
	for (unsigned int i = marks->outer || s.count == 0 ? 0 : s.count - 1; i < s.count; i++)
		layer_mark(&s, i, marks, code_point, &plan);
	for (unsigned int i = s.count; plan.count > 0 && i > 0; i--)
		sum_write(&s, i - 1, &plan);
	return plan.count;
}

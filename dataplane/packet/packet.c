/* SPDX-License-Identifier: BSD-3-Clause */
/* One frame: link, IP, transport, tunnels. */
#include "dataplane/packet/packet.h"

#include "dataplane/packet/stations.h"

/* Past the outermost IP header. */
static inline struct zr_walk pass_outer(const struct zr_view *view, struct zr_packet *out)
{
	struct zr_walk w = {.at = view->data, .held_len = view->len, .wire_len = view->wire_len};

	zr_walk_clear_frame(out, view);
	zr_walk_clear_ip(out);
	w = zr_link_pass(w, view->port->link, out);
	if (out->unaccounted == ZR_ACCOUNTED)
		w = zr_ip_pass(w, out);
	if (out->unaccounted != ZR_ACCOUNTED)
		out->family = 0;
	return w;
}

/* What the outermost IP header carries. */
static inline void pass_carried(struct zr_walk w, const struct zr_packet_rules *rules, struct zr_packet *out)
{
	w = zr_transport_pass(w, out);
	if (zr_tunnel_is(out))
		zr_tunnels_pass(w, rules, out);
}

void zr_packet_parse(const struct zr_packet_rules *rules, const struct zr_view *view, struct zr_packet *out)
{
	struct zr_walk w = pass_outer(view, out);

	if (out->unaccounted == ZR_ACCOUNTED)
		pass_carried(w, rules, out);
}

void zr_packet_whose(const struct zr_packet_rules *rules, const struct zr_view *view, struct zr_packet *out)
{
	struct zr_walk w = pass_outer(view, out);

	if (out->unaccounted == ZR_ACCOUNTED && !out->fragment && zr_packet_may_open(rules, out))
		pass_carried(w, rules, out);
}

/* w: what the datagram of first carries. */
static void join(const struct zr_packet_rules *rules, const struct zr_packet *first, struct zr_walk w,
		 struct zr_packet *out)
{
	*out = *first;
	w = zr_ip_join(w, out);
	out->src_port = out->dst_port = 0;
	out->payload = NULL;
	out->payload_len = out->payload_wire_len = 0;
	pass_carried(w, rules, out);
}

void zr_packet_join(const struct zr_packet_rules *rules, const struct zr_packet *first, const uint8_t *datagram,
		    uint32_t len, struct zr_packet *out)
{
	join(rules, first, (struct zr_walk){.at = datagram, .held_len = len, .wire_len = len}, out);
}

void zr_packet_peek(const struct zr_packet_rules *rules, const struct zr_packet *first, struct zr_packet *out)
{
	/* Whatever length a header in it gives may be true. */
	struct zr_walk w = {.at = first->payload, .held_len = first->payload_len, .wire_len = UINT32_MAX};

	join(rules, first, w, out);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/state.h"

static bool is_subscriber(const struct zr_pipeline *p, const struct zr_packet *packet, const union zr_ip *ip)
{
	return p->config.subscribers != NULL && zr_prefix_set_contains(p->config.subscribers, packet->family, ip->b);
}

bool zr_client_unknown(const struct zr_pipeline *p, const struct zr_packet *packet)
{
	return p->config.subscribers != NULL && p->config.subscribers->count > 0 &&
	       !is_subscriber(p, packet, &packet->src) && !is_subscriber(p, packet, &packet->dst);
}

bool zr_client_sent(const struct zr_pipeline *p, const struct zr_packet *packet, bool *certain)
{
	bool source = is_subscriber(p, packet, &packet->src);

	*certain = true;
	if (source != is_subscriber(p, packet, &packet->dst))
		return source;
	if (packet->role != ZR_ROLE_BOTH)
		return packet->role == ZR_ROLE_ACCESS;
	if (packet->proto == ZR_PROTO_TCP && (packet->tcp_flags & ZR_TCP_SYN) != 0)
		return (packet->tcp_flags & ZR_TCP_ACK) == 0;
	*certain = false;
	return true;
}

void zr_client_find(struct zr_pipeline *p, uint32_t flow, const struct zr_packet *packet, bool from_b)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	bool fixed, sent = zr_client_sent(p, packet, &fixed);

	f->flags |= (sent == from_b ? ZR_FLOW_CLIENT_IS_B : 0) | (fixed ? ZR_FLOW_CLIENT_FIXED : 0);
}

void zr_client_fix(struct zr_pipeline *p, uint32_t flow, bool is_b)
{
	struct zr_flow *f = zr_flow_at(p, flow);
	unsigned int fin_up = f->flags & ZR_FLOW_FIN_UP, fin_down = f->flags & ZR_FLOW_FIN_DOWN;
	uint64_t bytes;
	uint32_t pkts;

	f->flags |= ZR_FLOW_CLIENT_FIXED;
	if (((f->flags & ZR_FLOW_CLIENT_IS_B) != 0) == is_b)
		return;
	/* Its address freed the flow when it was taken for the server's: that much is told as it was announced. */
	if ((f->flags & ZR_FLOW_DECIDED) != 0)
		zr_cut_part(p, flow, ZR_CAUSE_VERDICT, false);
	f->flags ^= ZR_FLOW_CLIENT_IS_B;
	bytes = f->up_bytes;
	f->up_bytes = f->down_bytes;
	f->down_bytes = bytes;
	pkts = f->up_pkts;
	f->up_pkts = f->down_pkts;
	f->down_pkts = pkts;
	f->flags &= (uint16_t) ~(ZR_FLOW_FIN_UP | ZR_FLOW_FIN_DOWN);
	f->flags |= (fin_down ? ZR_FLOW_FIN_UP : 0) | (fin_up ? ZR_FLOW_FIN_DOWN : 0);
	zr_path_flip(p, flow);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* TCP and UDP headers. */
#include "dataplane/packet/walk.h"

#define PORTS_LEN      4
#define TCP_HEADER_LEN 20
#define UDP_HEADER_LEN 8

/* A fragment is read as far as the ports; what it carries is of use when the datagram is whole. */
static struct zr_walk to_payload(struct zr_walk w, struct zr_packet *p, uint32_t header_len)
{
	if (p->fragment)
		return w;
	p->header_len = (uint8_t)header_len;
	return zr_walk_to_payload(w, p);
}

/* RFC 9293, section 3.1, behind the ports. */
static struct zr_walk pass_tcp(struct zr_walk w, struct zr_packet *p)
{
	const uint8_t *h = zr_walk_take(&w, TCP_HEADER_LEN - PORTS_LEN);
	uint32_t header_len;

	if (h == NULL)
		return w;
	p->tcp_seq = zr_be32(h);
	p->tcp_ack = zr_be32(h + 4);
	p->tcp_flags = h[9];
	header_len = (h[8] >> 4) * 4U;
	if (header_len < TCP_HEADER_LEN || header_len - TCP_HEADER_LEN > w.wire_len)
		return w;
	zr_walk_skip(&w, header_len - TCP_HEADER_LEN);
	return to_payload(w, p, header_len);
}

/* RFC 768, behind the ports. */
static struct zr_walk pass_udp(struct zr_walk w, struct zr_packet *p)
{
	const uint8_t *h = zr_walk_take(&w, UDP_HEADER_LEN - PORTS_LEN);
	uint32_t udp_len;

	if (h == NULL)
		return w;
	udp_len = zr_be16(h);
	if (udp_len < UDP_HEADER_LEN)
		return w;
	if (udp_len - UDP_HEADER_LEN < w.wire_len)
		zr_walk_limit(&w, udp_len - UDP_HEADER_LEN);
	return to_payload(w, p, UDP_HEADER_LEN);
}

struct zr_walk zr_transport_pass(struct zr_walk w, struct zr_packet *p)
{
	const uint8_t *ports;

	if ((p->proto != ZR_PROTO_TCP && p->proto != ZR_PROTO_UDP) || (p->fragment && !p->first_fragment))
		return w;
	ports = zr_walk_take(&w, PORTS_LEN);
	if (ports == NULL)
		return w;
	p->src_port = zr_be16(ports);
	p->dst_port = zr_be16(ports + 2);
	return p->proto == ZR_PROTO_TCP ? pass_tcp(w, p) : pass_udp(w, p);
}

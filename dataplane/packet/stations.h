/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The stations that nearly every packet passes: IP headers, TCP and UDP. Private to this folder. They are put into their caller,
 * since as functions they cost as much again: each takes the walk apart and puts it together.
 */
#ifndef DATAPLANE_PACKET_STATIONS_H
#define DATAPLANE_PACKET_STATIONS_H

#include "dataplane/packet/walk.h"

#define ZR_IPV4_HEADER_LEN 20
#define ZR_IPV6_HEADER_LEN 40
#define ZR_TCP_HEADER_LEN  20
#define ZR_UDP_HEADER_LEN  8
#define ZR_PORTS_LEN       4

/* Nothing follows (RFC 8200, section 4.7). */
#define ZR_PROTO_NONE 59

/* From a link header of the given type (enum zr_link) to an IP header of p->family. */
static inline struct zr_walk zr_link_pass(struct zr_walk w, uint8_t link, struct zr_packet *p)
{
	if (link == ZR_LINK_ETHERNET && w.held_len >= ZR_ETHERNET_LEN) {
		uint16_t type = zr_be16(w.at + ZR_ETHERNET_TYPE_AT);

		if (type == ZR_TYPE_IPV4 || type == ZR_TYPE_IPV6) {
			zr_walk_take(&w, ZR_ETHERNET_LEN);
			return zr_walk_to_ip(w, p, type == ZR_TYPE_IPV4 ? 4 : 6);
		}
	}
	return zr_link_pass_any(w, link, p);
}

/* RFC 791, section 3.1. */
static inline struct zr_walk zr_ip_pass_v4(struct zr_walk w, struct zr_packet *p)
{
	uint32_t room_len = w.wire_len;
	const uint8_t *h = zr_walk_take(&w, ZR_IPV4_HEADER_LEN);
	uint32_t header_len, total_len;
	uint16_t fragment;

	if (h == NULL)
		return zr_walk_short(w, p, ZR_IPV4_HEADER_LEN, ZR_UNACCOUNTED_MALFORMED);
	header_len = (h[0] & 0x0fU) * 4;
	total_len = zr_be16(h + 2);
	if (total_len == 0) /* left to segmentation offload */
		total_len = room_len;
	if (h[0] >> 4 != 4 || header_len < ZR_IPV4_HEADER_LEN || total_len < header_len || total_len > room_len)
		return zr_walk_leave(w, p, ZR_UNACCOUNTED_MALFORMED);
	if (header_len > ZR_IPV4_HEADER_LEN && zr_walk_take(&w, header_len - ZR_IPV4_HEADER_LEN) == NULL)
		return zr_walk_leave(w, p, ZR_UNACCOUNTED_TRUNCATED);
	zr_walk_limit(&w, total_len - header_len);

	p->hops = h[8];
	p->proto = h[9];
	p->ip_header_len = (uint8_t)header_len;
	p->ip_options = header_len > ZR_IPV4_HEADER_LEN;
	fragment = zr_be16(h + 6) & 0x3fffU; /* more fragments, offset in words of eight bytes */
	if (fragment != 0)
		zr_ip_note_fragment(w, p, zr_be16(h + 4), (uint16_t)(fragment << 3), (fragment & 0x2000) != 0);
	p->volume_bytes = total_len;
	memcpy(p->src.b, h + 12, 4);
	memcpy(p->dst.b, h + 16, 4);
	return w;
}

/* RFC 8200, section 3. */
static inline struct zr_walk zr_ip_pass_v6(struct zr_walk w, struct zr_packet *p)
{
	uint32_t room_len = w.wire_len;
	const uint8_t *h = zr_walk_take(&w, ZR_IPV6_HEADER_LEN);
	uint32_t total_len;

	if (h == NULL)
		return zr_walk_short(w, p, ZR_IPV6_HEADER_LEN, ZR_UNACCOUNTED_MALFORMED);
	total_len = ZR_IPV6_HEADER_LEN + zr_be16(h + 4);
	if (total_len == ZR_IPV6_HEADER_LEN && h[6] != ZR_PROTO_NONE) /* left to segmentation offload */
		total_len = room_len;
	if (h[0] >> 4 != 6 || total_len > room_len)
		return zr_walk_leave(w, p, ZR_UNACCOUNTED_MALFORMED);
	zr_walk_limit(&w, total_len - ZR_IPV6_HEADER_LEN);

	p->hops = h[7];
	p->proto = h[6];
	p->volume_bytes = total_len;
	memcpy(p->src.b, h + 8, 16);
	memcpy(p->dst.b, h + 24, 16);
	if (p->proto == ZR_PROTO_TCP || p->proto == ZR_PROTO_UDP)
		return w;
	return zr_ip_pass_extensions(w, p);
}

/*
 * The IP header of p->family with its options or extension headers: proto, addresses, fragment members and volume; of a
 * fragment also the payload. The walk behind it is what the IP header carries, padding left out.
 */
static inline struct zr_walk zr_ip_pass(struct zr_walk w, struct zr_packet *p)
{
	return p->family == 4 ? zr_ip_pass_v4(w, p) : zr_ip_pass_v6(w, p);
}

/* A fragment is read as far as the ports; what it carries is of use when the datagram is whole. */
static inline struct zr_walk zr_transport_to_payload(struct zr_walk w, struct zr_packet *p, uint32_t header_len)
{
	if (p->fragment)
		return w;
	p->header_len = (uint8_t)header_len;
	return zr_walk_to_payload(w, p);
}

/* RFC 9293, section 3.1, behind the ports. */
static inline struct zr_walk zr_tcp_pass(struct zr_walk w, struct zr_packet *p)
{
	const uint8_t *h = zr_walk_take(&w, ZR_TCP_HEADER_LEN - ZR_PORTS_LEN);
	uint32_t header_len;

	if (h == NULL)
		return w;
	p->tcp_seq = zr_be32(h);
	p->tcp_ack = zr_be32(h + 4);
	p->tcp_flags = h[9];
	header_len = (h[8] >> 4) * 4U;
	if (header_len < ZR_TCP_HEADER_LEN || header_len - ZR_TCP_HEADER_LEN > w.wire_len)
		return w;
	zr_walk_skip(&w, header_len - ZR_TCP_HEADER_LEN);
	return zr_transport_to_payload(w, p, header_len);
}

/* RFC 768, behind the ports. */
static inline struct zr_walk zr_udp_pass(struct zr_walk w, struct zr_packet *p)
{
	const uint8_t *h = zr_walk_take(&w, ZR_UDP_HEADER_LEN - ZR_PORTS_LEN);
	uint32_t udp_len;

	if (h == NULL)
		return w;
	udp_len = zr_be16(h);
	if (udp_len < ZR_UDP_HEADER_LEN)
		return w;
	if (udp_len - ZR_UDP_HEADER_LEN < w.wire_len)
		zr_walk_limit(&w, udp_len - ZR_UDP_HEADER_LEN);
	return zr_transport_to_payload(w, p, ZR_UDP_HEADER_LEN);
}

/*
 * The TCP or UDP header, if p->proto is one of them and this is not a later fragment: ports, TCP members and payload as
 * far as they can be read (a fragment's payload stays); never unaccounted. The walk behind it is the payload, if there is
 * one, else means nothing.
 */
static inline struct zr_walk zr_transport_pass(struct zr_walk w, struct zr_packet *p)
{
	const uint8_t *ports;

	if ((p->proto != ZR_PROTO_TCP && p->proto != ZR_PROTO_UDP) || (p->fragment && !p->first_fragment))
		return w;
	ports = zr_walk_take(&w, ZR_PORTS_LEN);
	if (ports == NULL)
		return w;
	p->src_port = zr_be16(ports);
	p->dst_port = zr_be16(ports + 2);
	return p->proto == ZR_PROTO_TCP ? zr_tcp_pass(w, p) : zr_udp_pass(w, p);
}

#endif

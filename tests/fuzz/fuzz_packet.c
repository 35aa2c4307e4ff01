/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Header parsing. Input: link type (three bits) and tunnel rules (two bits), two bytes of what the wire had beyond the view,
 * then the view. What zr_packet_whose reads is held against it. A fragment's part is then taken for the whole datagram, and for the first of several.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/packet/packet.h"

#define HEAD_LEN 3

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_unaccounted(const struct zr_view *view, const struct zr_packet *p)
{
	static const union zr_ip none;

	check(p->unaccounted < ZR_UNACCOUNTED_COUNT);
	check((p->unaccounted == ZR_UNACCOUNTED_LINK_TYPE) == (view->port->link >= ZR_LINK_OTHER));
	check(p->unaccounted != ZR_UNACCOUNTED_TRUNCATED || view->len < view->wire_len);
	check(p->volume_bytes == view->wire_len);
	check(p->family == 0 && p->proto == 0 && p->src_port == 0 && p->dst_port == 0);
	check(memcmp(&p->src, &none, sizeof(none)) == 0 && memcmp(&p->dst, &none, sizeof(none)) == 0);
	check(!p->fragment && !p->first_fragment && !p->has_teid);
	check(p->payload == NULL && p->payload_len == 0 && p->payload_wire_len == 0);
}

static void check_accounted(const struct zr_view *view, const struct zr_packet *p)
{
	bool ports = p->proto == 6 || p->proto == 17;
	uint32_t transport_len = p->fragment ? 0 : p->proto == 6 ? 20 : 8;
	uint32_t header_len = (p->family == 4 ? 20 : 40) + transport_len;

	check(p->family == 4 || p->family == 6);
	check(p->volume_bytes >= (p->family == 4 ? 20 : 40) && p->volume_bytes <= view->wire_len);
	check(p->family == 6 || (p->src.half[1] == 0 && p->dst.half[1] == 0));
	check(ports || (p->src_port == 0 && p->dst_port == 0));
	check(ports || p->fragment || p->payload_wire_len == 0);
	check(p->proto == 6 || (p->tcp_flags == 0 && p->tcp_seq == 0 && p->tcp_ack == 0));
	check(p->fragment || !p->first_fragment);
	check(!p->fragment || p->first_fragment || (p->src_port == 0 && p->dst_port == 0));
	check(p->first_fragment == (p->fragment && p->fragment_at == 0));
	check(!p->first_fragment || p->more_fragments);
	check(p->fragment ||
	      (p->fragment_at == 0 && p->fragment_id == 0 && p->fragment_proto == 0 && !p->more_fragments));
	check(p->payload_len <= p->payload_wire_len);
	check(p->payload_wire_len == 0 || header_len + p->payload_wire_len <= p->volume_bytes);
	check((p->payload == NULL) == (p->payload_len == 0));
	if (p->payload != NULL) {
		check(p->payload > view->data && p->payload_len < view->len);
		check(p->payload + p->payload_len <= view->data + view->len);
	}
}

/* Read only as far as it takes, a packet is still the same subscriber's. */
static void check_whose(const struct zr_packet_rules *rules, const struct zr_view *view, const struct zr_packet *p)
{
	struct zr_packet whose;

	memset(&whose, 0xa5, sizeof(whose));
	zr_packet_whose(rules, view, &whose);
	check(whose.unaccounted == p->unaccounted && whose.family == p->family);
	check(whose.role == p->role && whose.domain == p->domain);
	check(memcmp(&whose.src, &p->src, sizeof(p->src)) == 0 && memcmp(&whose.dst, &p->dst, sizeof(p->dst)) == 0);
	check(whose.fragment == p->fragment);
	if (!p->fragment)
		return;
	check(whose.first_fragment == p->first_fragment && whose.fragment_id == p->fragment_id);
	check(whose.fragment_proto == p->fragment_proto && whose.payload == p->payload);
	check(whose.payload_len == p->payload_len && whose.tunnels == p->tunnels && whose.has_teid == p->has_teid);
}

static void check_join(const struct zr_packet_rules *rules, const struct zr_packet *first)
{
	struct zr_packet whole;

	memset(&whole, 0xa5, sizeof(whole));
	zr_packet_join(rules, first, first->payload, first->payload_len, &whole);
	check(whole.unaccounted == ZR_ACCOUNTED && whole.tunnels >= first->tunnels);
	check(whole.tunnels > first->tunnels || (!whole.fragment && whole.volume_bytes == first->volume_bytes));
	check(whole.payload_len <= whole.payload_wire_len && whole.payload_len <= first->payload_len);
	if (whole.tunnels > first->tunnels)
		check(whole.volume_bytes <= first->payload_len);
	if (whole.payload != NULL)
		check(whole.payload >= first->payload &&
		      whole.payload + whole.payload_len <= first->payload + first->payload_len);
}

/* What the whole datagram tells of its ends, its first part tells, too. */
static void check_peek(const struct zr_packet_rules *rules, const struct zr_packet *first)
{
	struct zr_packet whole, told;

	memset(&told, 0xa5, sizeof(told));
	zr_packet_peek(rules, first, &told);
	check(told.unaccounted == ZR_ACCOUNTED && told.tunnels >= first->tunnels);
	check(told.role == first->role && told.domain == first->domain);
	check(told.family == 4 || told.family == 6);
	check(told.tunnels == first->tunnels || zr_packet_may_open(rules, first));
	zr_packet_join(rules, first, first->payload, first->payload_len, &whole);
	check(told.tunnels >= whole.tunnels);
	if (told.tunnels == whole.tunnels) {
		check(told.family == whole.family);
		check(memcmp(&told.src, &whole.src, sizeof(told.src)) == 0);
		check(memcmp(&told.dst, &whole.dst, sizeof(told.dst)) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zr_prefix endpoint = {.family = 4, .len = 8, .addr = {10}};
	struct zr_prefix_set endpoints = {.prefixes = &endpoint, .count = 1};
	struct zr_packet_rules rules = {0};
	struct zr_port port = {0};
	struct zr_view view = {.port = &port};
	struct zr_packet packet;

	if (size < HEAD_LEN)
		return 0;
	port.link = data[0] & 7;
	rules.open_all_tunnels = (data[0] & 8) != 0;
	rules.tunnel_endpoints = (data[0] & 16) != 0 ? &endpoints : NULL;
	view.data = data + HEAD_LEN;
	view.len = (uint32_t)(size - HEAD_LEN);
	view.wire_len = view.len + (uint32_t)(data[1] << 8 | data[2]);

	memset(&packet, 0xa5, sizeof(packet));
	zr_packet_parse(&rules, &view, &packet);
	check(packet.vlan_count <= ZR_VLANS_MAX);
	if (packet.unaccounted != ZR_ACCOUNTED)
		check_unaccounted(&view, &packet);
	else
		check_accounted(&view, &packet);
	check_whose(&rules, &view, &packet);
	if (packet.fragment && packet.payload != NULL)
		check_join(&rules, &packet);
	if (packet.fragment)
		check_peek(&rules, &packet);
	return 0;
}

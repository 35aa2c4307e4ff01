/* SPDX-License-Identifier: BSD-3-Clause */
/* From the link header to the IP header. */
#include <string.h>

#include "dataplane/packet/walk.h"

/* IEEE 802 numbers (IANA, "IEEE 802 Numbers"); 0x9100 is QinQ from before 802.1ad. */
enum {
	TYPE_VLAN = 0x8100,
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_MULTICAST = 0x8848,
	TYPE_PPPOE_SESSION = 0x8864,
	TYPE_QINQ = 0x88a8,
	TYPE_QINQ_OLD = 0x9100,
};

/* Up to here the number is the length of an 802.2 frame (IEEE 802.3, clause 3.2.6). */
#define LLC_LEN_MAX 1500

/* Labels that are read of one stack; real ones are a few deep. */
#define MPLS_LABELS_MAX 16

/* 802.2 LLC and SNAP (RFC 1042), up to the type. */
static const uint8_t snap[6] = {0xaa, 0xaa, 0x03, 0, 0, 0};
#define SNAP_LEN 8

/* The label stack (RFC 3032, section 2.1). It does not say what it carries: the version nibble does (RFC 4928). */
static struct zr_walk pass_mpls(struct zr_walk w, struct zr_packet *p)
{
	for (unsigned int i = 0; i < MPLS_LABELS_MAX; i++) {
		const uint8_t *label = zr_walk_take(&w, 4);

		if (label == NULL)
			return zr_walk_short(w, p, 4, ZR_UNACCOUNTED_NOT_IP);
		if (label[2] & 1) /* bottom of the stack */
			return zr_ip_version(w, p);
	}
	return zr_walk_leave(w, p, ZR_UNACCOUNTED_NOT_IP);
}

/* PPPoE's session stage (RFC 2516, section 4): version and type 1, code 0, session id, length. */
static struct zr_walk pass_pppoe(struct zr_walk w, struct zr_packet *p)
{
	const uint8_t *h = zr_walk_take(&w, 6);

	if (h == NULL)
		return zr_walk_short(w, p, 6, ZR_UNACCOUNTED_NOT_IP);
	if (h[0] != 0x11 || h[1] != 0)
		return zr_walk_leave(w, p, ZR_UNACCOUNTED_NOT_IP);
	return zr_ppp_pass(w, p);
}

static bool is_vlan(uint16_t type)
{
	return type == TYPE_VLAN || type == TYPE_QINQ || type == TYPE_QINQ_OLD;
}

/* Everything behind an Ethernet type: VLAN tags (IEEE 802.1Q, clause 9), SNAP where the type is a length, the rest. */
static struct zr_walk pass_type(struct zr_walk w, uint16_t type, struct zr_packet *p)
{
	while (is_vlan(type)) {
		const uint8_t *tag = zr_walk_take(&w, 4);

		if (tag == NULL)
			return zr_walk_short(w, p, 4, ZR_UNACCOUNTED_NOT_IP);
		if (p->vlan_count == ZR_VLANS_MAX)
			return zr_walk_leave(w, p, ZR_UNACCOUNTED_NOT_IP);
		p->vlans[p->vlan_count++] = zr_be16(tag) & 0x0fff;
		type = zr_be16(tag + 2);
	}
	if (type <= LLC_LEN_MAX) {
		const uint8_t *h = zr_walk_take(&w, SNAP_LEN);

		if (h == NULL)
			return zr_walk_short(w, p, SNAP_LEN, ZR_UNACCOUNTED_NOT_IP);
		if (memcmp(h, snap, sizeof(snap)) != 0)
			return zr_walk_leave(w, p, ZR_UNACCOUNTED_NOT_IP);
		type = zr_be16(h + sizeof(snap));
	}
	switch (type) {
	case ZR_TYPE_IPV4:
		return zr_walk_to_ip(w, p, 4);
	case ZR_TYPE_IPV6:
		return zr_walk_to_ip(w, p, 6);
	case TYPE_MPLS:
	case TYPE_MPLS_MULTICAST:
		return pass_mpls(w, p);
	case TYPE_PPPOE_SESSION:
		return pass_pppoe(w, p);
	default:
		return zr_walk_leave(w, p, ZR_UNACCOUNTED_NOT_IP);
	}
}

/* A link header of fixed length that holds an Ethernet type at type_at. */
static struct zr_walk pass_typed(struct zr_walk w, uint32_t len, uint32_t type_at, struct zr_packet *p)
{
	const uint8_t *h = zr_walk_take(&w, len);

	if (h == NULL)
		return zr_walk_short(w, p, len, ZR_UNACCOUNTED_NOT_IP);
	return pass_type(w, zr_be16(h + type_at), p);
}

/* BSD loopback: an address family of the system that captured, in its byte order. All families are below 256. */
static struct zr_walk pass_null(struct zr_walk w, struct zr_packet *p)
{
	const uint8_t *h = zr_walk_take(&w, 4);

	if (h == NULL)
		return zr_walk_short(w, p, 4, ZR_UNACCOUNTED_NOT_IP);
	if (h[1] != 0 || h[2] != 0 || (h[0] != 0 && h[3] != 0))
		return zr_walk_leave(w, p, ZR_UNACCOUNTED_NOT_IP);
	switch (h[0] | h[3]) {
	case 2:
		return zr_walk_to_ip(w, p, 4);
	case 10: /* Linux */
	case 24: /* NetBSD, OpenBSD */
	case 28: /* FreeBSD */
	case 30: /* Darwin */
		return zr_walk_to_ip(w, p, 6);
	default:
		return zr_walk_leave(w, p, ZR_UNACCOUNTED_NOT_IP);
	}
}

struct zr_walk zr_link_pass_any(struct zr_walk w, uint8_t link, struct zr_packet *p)
{
	switch ((enum zr_link)link) {
	case ZR_LINK_ETHERNET:
		return pass_typed(w, ZR_ETHERNET_LEN, ZR_ETHERNET_TYPE_AT, p);
	case ZR_LINK_RAW:
		return zr_ip_version(w, p);
	case ZR_LINK_SLL:
		return pass_typed(w, 16, 14, p);
	case ZR_LINK_SLL2:
		return pass_typed(w, 20, 0, p);
	case ZR_LINK_NULL:
		return pass_null(w, p);
	case ZR_LINK_PPP:
		return zr_ppp_pass(w, p);
	case ZR_LINK_OTHER:
		break;
	}
	return zr_walk_leave(w, p, ZR_UNACCOUNTED_LINK_TYPE);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames put together header by header, and parsed at the edge of a guard page. */
#ifndef TESTS_UNIT_PACKET_COMPOSE_H
#define TESTS_UNIT_PACKET_COMPOSE_H

#include <stdint.h>

#include "dataplane/packet/packet.h"

enum { ETH_IPV4 = 0x0800, ETH_ARP = 0x0806, ETH_IPV6 = 0x86dd, ETH_VLAN = 0x8100, ETH_QINQ = 0x88a8 };
enum { ETH_QINQ_OLD = 0x9100, ETH_MPLS = 0x8847, ETH_PPPOE = 0x8864 };
enum { IP_ICMP = 1, IP_IPV4 = 4, IP_TCP = 6, IP_UDP = 17, IP_IPV6 = 41, IP_GRE = 47 };
enum { EXT_HOP = 0, EXT_ROUTING = 43, EXT_FRAGMENT = 44, EXT_AH = 51, EXT_NONE = 59, EXT_DST = 60 };
enum { GTPU_PORT = 2152, SRC_PORT = 40000, DST_PORT = 443 };

/* The TCP header that put_tcp writes. */
#define TCP_SEQ   0x01020304U
#define TCP_ACK   0x05060708U
#define TCP_FLAGS 0x18

/*
 * A frame that grows at its end. Length fields are filled in by frame_finish; what is put behind that is padding.
 * Addresses are made of a number: put_ipv4 and put_ipv6 with number n go from n*2 to n*2+1.
 */
struct frame {
	uint8_t bytes[4096];
	uint32_t len;
	struct {
		uint32_t at;   /* of a length field of 16 bits */
		uint32_t from; /* where that length begins to count */
	} lengths[24];
	unsigned int length_count;
};

void put_bytes(struct frame *f, const void *bytes, uint32_t len);
void put_zeros(struct frame *f, uint32_t len);
void put_u8(struct frame *f, uint8_t v);
void put_u16(struct frame *f, uint16_t v);
void put_u32(struct frame *f, uint32_t v);
/* Write over what is there. */
void set_u16(struct frame *f, uint32_t at, uint16_t v);

void put_ethernet(struct frame *f, uint16_t type);
void put_llc_ethernet(struct frame *f);
void put_snap(struct frame *f, uint16_t type);
void put_vlan(struct frame *f, uint16_t vlan, uint16_t type); /* behind a TPID */
void put_mpls(struct frame *f, uint32_t label, bool bottom);
void put_pppoe(struct frame *f);
void put_sll(struct frame *f, uint16_t type);
void put_sll2(struct frame *f, uint16_t type);

/* Each returns where its header begins. words: 32-bit words of options; units: 8 bytes each of content beyond the first. */
uint32_t put_ipv4(struct frame *f, unsigned int number, uint8_t proto, uint32_t words);
uint32_t put_ipv6(struct frame *f, unsigned int number, uint8_t next);
uint32_t put_ipv6_extension(struct frame *f, uint8_t next, uint8_t units);
uint32_t put_ipv6_fragment(struct frame *f, uint8_t next, uint16_t offset, bool more); /* offset in bytes, 8 * n */
uint32_t put_ah(struct frame *f, uint8_t next, uint8_t words);                         /* words of ICV */
uint32_t put_tcp(struct frame *f, uint32_t words);
uint32_t put_udp(struct frame *f, uint16_t src_port, uint16_t dst_port);
uint32_t put_gtpu(struct frame *f, uint32_t teid, uint8_t flags); /* flags: E, S, PN; the caller puts their fields */
uint32_t put_gre(struct frame *f, uint16_t flags, uint16_t type); /* with the fields of its flags */

void frame_finish(struct frame *f);

/* The addresses of put_ipv4 and put_ipv6. */
union zr_ip frame_address(uint8_t family, unsigned int number, bool dst);

/* What a parse gave; the view is gone, so the payload is told by its place. */
struct parsed {
	struct zr_packet packet;
	uint32_t payload_at; /* offset in the frame; UINT32_MAX without payload */
};

#define NO_PAYLOAD UINT32_MAX
#define TIME_NS    1234567890123456789U
#define DOMAIN_ID  77

/*
 * Parse the first held_len bytes of f, which end at a guard page, as a frame of wire_len bytes; time TIME_NS, domain DOMAIN_ID,
 * role access. rules NULL: all tunnels are opened. The result's every byte was something else before.
 */
struct parsed parse_part(const struct frame *f, enum zr_link link, uint32_t held_len, uint32_t wire_len,
			 const struct zr_packet_rules *rules);
/* The whole frame, Ethernet, all tunnels opened. */
struct parsed parse_ethernet(const struct frame *f);

/* Assert that the packet is unaccounted for that reason: its volume the frame's length, no IP, ports or payload. */
void assert_unaccounted(const struct parsed *parsed, enum zr_unaccounted reason, uint32_t wire_len);
/* Assert that it has a flow between the addresses of number, with that protocol and volume. */
void assert_ip(const struct parsed *parsed, uint8_t family, unsigned int number, uint8_t proto, uint32_t volume_bytes);
void assert_ports(const struct parsed *parsed, uint16_t src_port, uint16_t dst_port);
void assert_payload(const struct parsed *parsed, uint32_t at, uint32_t len, uint32_t wire_len);

/* Tunnel packets: the numbers of the outer packet's and the inner one's addresses. */
enum { OUTER = 1, INNER = 9 };

/* Ethernet and IP (with UDP: towards GTP-U's port) up to a tunnel's own header. */
void put_outer(struct frame *f, uint8_t family, uint8_t proto);
/* The packet inside, which ends the frame: IP, TCP and 5 bytes, 45 or 65 in all. */
void put_inner(struct frame *f, uint8_t family);
/* Assert that the packet is the inner one's flow, or the outer one's (IPv4). */
void assert_inner(const struct parsed *parsed, const struct frame *f, uint8_t family);
void assert_outer(const struct parsed *parsed, const struct frame *f, uint8_t proto);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes frames: Ethernet, IPv4 or IPv6, TCP or UDP, as a test describes them. A tunnel's own IP checksum is left 0. */
#ifndef TESTS_SUPPORT_FRAME_H
#define TESTS_SUPPORT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 66000

/* Of TCP or UDP, and with RIGHT and WRONG the right one of IPv4; WRONG_IP is the other way round. */
enum frame_checksum { FRAME_CHECKSUM_ZERO, FRAME_CHECKSUM_RIGHT, FRAME_CHECKSUM_WRONG, FRAME_CHECKSUM_WRONG_IP };

enum frame_tunnel { FRAME_GTPU, FRAME_GTPU_EXTENDED /* with a PDU session container */, FRAME_GRE, FRAME_IP_IN_IP };

/* One fragment of a packet: so many bytes of what its IP header carries, from there on. */
struct frame_part {
	uint32_t id;
	size_t from, len; /* len 0: not a fragment */
	bool last;        /* says that no more follow */
};

struct frame_spec {
	const char *src, *dst; /* addresses as text, both of one family */
	uint16_t src_port, dst_port;
	uint8_t proto;
	uint8_t tcp_flags;
	uint8_t hops;             /* 0: 64 */
	uint8_t tcp_option_words; /* so many words of four bytes at the start of data are TCP options */
	uint32_t seq, ack;
	uint16_t vlan;       /* 0: none */
	uint16_t inner_vlan; /* a second tag behind it; 0: none */
	bool mpls;           /* two labels */
	bool pppoe;
	const void *data; /* payload */
	size_t len;
	enum frame_checksum checksum;
	struct frame_part part;
	/* In a tunnel between these endpoints when outer_src is not NULL; outer_part is of the tunnel's packet. */
	const char *outer_src, *outer_dst;
	enum frame_tunnel tunnel;
	uint32_t teid;
	struct frame_part outer_part;
};

/* Write the frame into out[FRAME_MAX]; returns its length. Aborts on what cannot be made. */
size_t frame_make(const struct frame_spec *spec, uint8_t *out);

/* The IP total length of the inner packet of such a frame: what it counts for. */
size_t frame_volume(const struct frame_spec *spec);

/* Bytes that the IP header of the packet carries, and that of its tunnel, when they are whole. */
size_t frame_content(const struct frame_spec *spec);
size_t frame_outer_content(const struct frame_spec *spec);

/* A TLS record with a ClientHello for name (NULL: without SNI) of at least min_len bytes; returns its length. */
size_t frame_hello(const char *name, size_t min_len, uint8_t *out, size_t room);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Makes frames: Ethernet, IPv4 or IPv6, TCP or UDP, as a test describes them. Checksums are left 0. */
#ifndef TESTS_SUPPORT_FRAME_H
#define TESTS_SUPPORT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 66000

struct frame_spec {
	const char *src, *dst; /* addresses as text, both of one family */
	uint16_t src_port, dst_port;
	uint8_t proto;
	uint8_t tcp_flags;
	uint32_t seq, ack;
	uint16_t vlan;    /* 0: none */
	const void *data; /* payload */
	size_t len;
	/* In GTP-U between these endpoints when outer_src is not NULL. */
	const char *outer_src, *outer_dst;
	uint32_t teid;
};

/* Write the frame into out[FRAME_MAX]; returns its length. Aborts on what cannot be made. */
size_t frame_make(const struct frame_spec *spec, uint8_t *out);

/* The IP total length of the inner packet of such a frame: what it counts for. */
size_t frame_volume(const struct frame_spec *spec);

/* A TLS record with a ClientHello for name (NULL: without SNI) of at least min_len bytes; returns its length. */
size_t frame_hello(const char *name, size_t min_len, uint8_t *out, size_t room);

#endif

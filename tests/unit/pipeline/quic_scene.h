/* SPDX-License-Identifier: BSD-3-Clause */
/* QUIC datagrams for scenes: what a client and its server send, as far as a pipeline sees it. */
#ifndef TESTS_UNIT_PIPELINE_QUIC_SCENE_H
#define TESTS_UNIT_PIPELINE_QUIC_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/quic_make.h"
#include "tests/support/scene.h"

/* A client's Initials are padded so that their datagrams have at least 1200 bytes. */
#define QUIC_PADDED 1180

static inline struct quic_id quic_id_of(const char *text)
{
	struct quic_id id = {.len = strlen(text)};

	memcpy(id.at, text, id.len);
	return id;
}

/* A client's Initials; dcid is where they go, keys_from the id of the connection's first one. */
static inline struct quic_header quic_client(uint32_t version, const char *keys_from, const char *dcid)
{
	return (struct quic_header){.version = version, .dcid = quic_id_of(dcid), .keys_from = quic_id_of(keys_from)};
}

/* Append an Initial with the part-th of so many parts of a hello for name; parts 0: an ACK alone. */
static inline void quic_add_hello(struct quic_bytes *out, const struct quic_header *header, const char *name,
				  unsigned int part, unsigned int parts)
{
	struct quic_header numbered = *header;
	struct quic_bytes payload = {.len = 0};
	uint8_t hello[2048];
	size_t len = quic_make_hello(name, 400, hello, sizeof(hello));

	numbered.pn = part;
	if (parts == 0)
		quic_put_ack(&payload, 0, 0);
	else
		quic_put_crypto(&payload, hello, part * len / parts, (part + 1) * len / parts - part * len / parts);
	quic_put_fill(&payload, 0, QUIC_PADDED - payload.len);
	quic_seal(out, &numbered, &payload);
}

static inline void quic_send_hello(struct scene *s, uint64_t ms, const struct scene_conn *c,
				   const struct quic_header *header, const char *name, unsigned int part,
				   unsigned int parts)
{
	struct quic_bytes datagram = {.len = 0};

	quic_add_hello(&datagram, header, name, part, parts);
	scene_udp(s, ms, c, true, datagram.at, datagram.len);
}

/* A long header with the id that its sender chose; what it carries opens for nobody here. */
static inline void quic_send_long(struct scene *s, uint64_t ms, const struct scene_conn *c, bool up, uint32_t version,
				  enum quic_type type, const char *scid)
{
	struct quic_header header = {
		.version = version, .type = type, .scid = quic_id_of(scid), .token.len = 40, .key_name = "server in"};
	struct quic_bytes datagram = {.len = 0}, payload = {.len = 0};

	if (type != QUIC_RETRY)
		header.token.len = 0;
	quic_put_fill(&payload, 1, 100);
	quic_seal(&datagram, &header, &payload);
	scene_udp(s, ms, c, up, datagram.at, datagram.len);
}

/* A packet with a short header to an id, of 40 bytes in all. */
#define QUIC_SHORT_LEN 40
static inline void quic_send_short(struct scene *s, uint64_t ms, const struct scene_conn *c, bool up, const char *dcid)
{
	struct quic_bytes datagram = {.len = 0};

	quic_put_fill(&datagram, 0x5a, 1);
	quic_put(&datagram, dcid, strlen(dcid));
	quic_put_fill(&datagram, 0x77, QUIC_SHORT_LEN - datagram.len);
	scene_udp(s, ms, c, up, datagram.at, datagram.len);
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The headers of QUIC packets as they stand on the wire, before protection is removed. Private to the QUIC inspector. */
#ifndef DATAPLANE_INSPECT_QUIC_PACKET_H
#define DATAPLANE_INSPECT_QUIC_PACKET_H

#include "dataplane/inspect/inspect.h"
#include "dataplane/packet/cursor.h"

/* Versions whose Initials we open. */
enum zr_quic_version {
	ZR_QUIC_DRAFT_29,
	ZR_QUIC_V1,
	ZR_QUIC_V2,
	ZR_QUIC_VERSION_COUNT,
	ZR_QUIC_VERSION_OTHER = ZR_QUIC_VERSION_COUNT,
};

enum zr_quic_version zr_quic_version_of(uint32_t wire_version);

/* One packet with a long header that tells its length: Initial, 0-RTT or Handshake. */
struct zr_quic_packet {
	const uint8_t *start;
	size_t len;       /* of the packet, up to the next coalesced one */
	size_t pn_offset; /* from start to the packet number; an Initial has at least 20 bytes from there on */
	uint32_t version; /* on the wire; one that zr_quic_version_of knows */
	bool initial;
	struct zr_slice dcid, scid; /* at most ZR_QUIC_CID_MAX bytes each */
};

/*
 * Step over the packet at the cursor. False when there is none that tells its length: short header, Retry, Version
 * Negotiation, a version that we do not know, or lengths that do not fit; nothing behind it can be found then.
 */
bool zr_quic_packet_next(struct zr_cursor *datagram, struct zr_quic_packet *out);

/* A variable-length integer (RFC 9000, section 16). */
uint64_t zr_quic_varint(struct zr_cursor *c);

#endif

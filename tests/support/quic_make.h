/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes a client's QUIC Initials of any version from a hello and the wish how to cut it. Keys are derived by OpenSSL's own
 * HKDF, so that what the inspector derives is checked against another hand. Aborts when OpenSSL fails.
 */
#ifndef TESTS_SUPPORT_QUIC_MAKE_H
#define TESTS_SUPPORT_QUIC_MAKE_H

#include <stddef.h>
#include <stdint.h>

#define QUIC_DRAFT_29 0xff00001dU
#define QUIC_V1       0x00000001U
#define QUIC_V2       0x6b3343cfU

/* Largest datagram that is made here. */
#define QUIC_DATAGRAM_MAX 4096

/* A payload or a datagram that grows at its end; aborts when it is full. */
struct quic_bytes {
	uint8_t at[QUIC_DATAGRAM_MAX];
	size_t len;
};

enum quic_type { QUIC_INITIAL, QUIC_0RTT, QUIC_HANDSHAKE, QUIC_RETRY };

/* A connection id, or a token. */
struct quic_id {
	uint8_t at[64];
	size_t len;
};

/* The header of a packet and where its keys come from. */
struct quic_header {
	uint32_t version;
	enum quic_type type;
	struct quic_id dcid, scid, token;
	struct quic_id keys_from; /* the client's first dcid; len 0: dcid itself */
	uint32_t pn;
	uint8_t pn_len;       /* 1 to 4; 0: 1 */
	uint8_t clear_bits;   /* bits of the first byte that are turned before protection */
	const char *key_name; /* NULL: "client in" */
};

/* A ClientHello message with this name (NULL: none), filled up with a padding extension to at least min_len bytes. */
size_t quic_make_hello(const char *name, size_t min_len, uint8_t *out, size_t room);

void quic_put(struct quic_bytes *b, const void *data, size_t len);
void quic_put_fill(struct quic_bytes *b, uint8_t byte, size_t count);
/* The shortest encoding (RFC 9000, section 16). */
void quic_put_varint(struct quic_bytes *b, uint64_t value);
/* A CRYPTO frame with len bytes of hello from offset on. */
void quic_put_crypto(struct quic_bytes *b, const uint8_t *hello, size_t offset, size_t len);
/* The same where the bytes stand by themselves. */
void quic_put_crypto_bytes(struct quic_bytes *b, size_t offset, const uint8_t *bytes, size_t len);
/* An ACK frame with that many further ranges; with the three ECN counts or without. */
void quic_put_ack(struct quic_bytes *b, unsigned int ranges, int ecn);

/* Append the packet that carries payload, protected. */
void quic_seal(struct quic_bytes *datagram, const struct quic_header *header, const struct quic_bytes *payload);

#endif

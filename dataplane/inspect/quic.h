/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * QUIC Initial packets of a client: header (RFC 8999, RFC 9000 section 17.2), protection (RFC 9001 section 5; RFC 9369;
 * draft-ietf-quic-tls-29), CRYPTO frames put together to the ClientHello.
 */
#ifndef DATAPLANE_INSPECT_QUIC_H
#define DATAPLANE_INSPECT_QUIC_H

#include "dataplane/inspect/assembly.h"
#include "dataplane/inspect/inspect.h"

#define ZR_QUIC_CID_MAX 20
/* Ids of servers that are shorter, such as one of few connections may choose, could be met by chance. */
#define ZR_QUIC_SERVER_ID_MIN 8

/* Datagrams with an Initial that are looked at before a tuple's hello must be complete, all its attempts together. */
#define ZR_QUIC_DATAGRAMS_MAX 32

/* Keys of the client's Initials of one connection attempt, as bytes. */
struct zr_quic_keys {
	uint8_t key[16], iv[12], hp[16];
};

/* The worker's cipher contexts, and what of the derivation of keys is always the same: made once, none per packet. One thread. */
struct zr_quic_crypto;
/* NULL when the library has no AES-128-GCM. */
struct zr_quic_crypto *zr_quic_crypto_new(void);
void zr_quic_crypto_free(struct zr_quic_crypto *crypto);

/*
 * A UDP payload that may hold a client's Initial: long header, fixed bit as its version says, a version that we open, type
 * Initial, all lengths inside. Cheap: a few compares, no crypto. Only the first packet of the datagram is looked at.
 * dcid: its destination connection id, inside data.
 */
bool zr_quic_is_initial(const uint8_t *data, size_t len, struct zr_slice *dcid);

/*
 * A server's Retry (RFC 9000, section 17.2.5): the client goes on with scid as its destination id, and keys made of it. Its
 * integrity tag is not checked. scid: inside data.
 */
bool zr_quic_is_retry(const uint8_t *data, size_t len, struct zr_slice *scid);

/*
 * A server's Initial or Handshake packet at the start of a UDP payload: scid, inside data, is the id that the client goes on
 * with as its destination, in long headers and, until one of the two changes ids, in short ones (RFC 9000, section 7.2).
 */
bool zr_quic_server_id(const uint8_t *data, size_t len, struct zr_slice *scid);

/* A short name of a connection id. Not keyed: who chooses ids can choose two of one hash. */
uint32_t zr_quic_id_hash(struct zr_slice id);

/* Keys for a destination connection id (RFC 9001, section 5.2). version: one that zr_quic_is_initial accepts. 0 or -EINVAL. */
int zr_quic_initial_keys(struct zr_quic_crypto *crypto, uint32_t version, const uint8_t *dcid, size_t dcid_len,
			 struct zr_quic_keys *out);

/* The inspector of one connection attempt. Zeroed, then used by zr_quic_client_feed alone. */
struct zr_quic_client {
	struct zr_assembly *held; /* CRYPTO bytes, or NULL */
	uint32_t owner;
	uint32_t version;   /* 0: no Initial was opened yet */
	uint32_t need;      /* no use in parsing again before held has this many contiguous bytes */
	uint16_t datagrams; /* datagrams looked at, against the bound */
	uint8_t dcid_len;
	uint8_t dcid[ZR_QUIC_CID_MAX]; /* the one the keys come from: tells a new attempt, and a Retry */
	struct zr_quic_keys keys;
};

/*
 * Feed one datagram from the client. Opens every Initial in it (coalesced packets included), adds its CRYPTO bytes, and
 * when the hello is complete fills *out.
 * OK: the hello is complete. MORE: an Initial of this attempt was opened, the hello is not complete. NONE: no Initial that
 * can be opened with the attempt's keys or with keys of its own destination id. BAD: opened, but never a hello, or none
 * within ZR_QUIC_DATAGRAMS_MAX.
 * scratch: as long as the datagram.
 */
enum zr_result zr_quic_client_feed(struct zr_quic_client *c, struct zr_quic_crypto *crypto,
				   struct zr_assembly_pool *pool, uint8_t *scratch, const uint8_t *data, size_t len,
				   struct zr_hello *out);

/*
 * Does this datagram begin a connection: an Initial that opens with the keys of its own destination id, and not with those
 * of known, the attempt that the tuple's flow follows (NULL: none)? For tuples with a flow; the caller compares the id with
 * those it knows, since finding out takes a derivation of keys.
 */
bool zr_quic_begins(struct zr_quic_crypto *crypto, const struct zr_quic_client *known, uint8_t *scratch,
		    const uint8_t *data, size_t len);

void zr_quic_client_stop(struct zr_quic_client *c, struct zr_assembly_pool *pool);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ClientHello of DTLS 1.0 to 1.3 (RFC 4347; RFC 6347; RFC 9147): records of a datagram, fragments of a record, fragments
 * put together to the message.
 */
#ifndef DATAPLANE_INSPECT_DTLS_H
#define DATAPLANE_INSPECT_DTLS_H

#include "dataplane/inspect/assembly.h"
#include "dataplane/inspect/inspect.h"

/*
 * Datagrams with fragments that are looked at before a hello must be complete: the largest hello in the fragments of the
 * smallest path, with some of them sent again.
 */
#define ZR_DTLS_DATAGRAMS_MAX 128

/* The inspector of one association. Zeroed but for owner, then used by zr_dtls_client_feed alone. */
struct zr_dtls_client {
	struct zr_assembly *held; /* the message, with the header that TLS would give it; or NULL */
	uint32_t owner;           /* handed to the pool */
	uint16_t message_seq;     /* of the message that is held */
	uint16_t datagrams;       /* datagrams with fragments of it, against the bound */
};

/* A UDP payload that may hold fragments of a hello. Cheap: a few compares. */
bool zr_dtls_begins(const uint8_t *data, size_t len);

/*
 * Feed one datagram from the client. A hello without cookie and the one that answers the server's cookie are two messages:
 * the one that is complete first is told, fragments of the second make those of the first forgotten.
 * OK: a hello is complete, *out is filled. MORE: fragments were looked at, no hello is complete. NONE: no fragment of a
 * hello of at most ZR_HELLO_MAX bytes. BAD: a hello that is broken, or not complete within ZR_DTLS_DATAGRAMS_MAX.
 */
enum zr_result zr_dtls_client_feed(struct zr_dtls_client *c, struct zr_assembly_pool *pool, const uint8_t *data,
				   size_t len, struct zr_hello *out);

/* Give back what is held. */
void zr_dtls_client_stop(struct zr_dtls_client *c, struct zr_assembly_pool *pool);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Removal of packet protection (RFC 9001, section 5). Private to the QUIC inspector. */
#ifndef DATAPLANE_INSPECT_QUIC_CRYPTO_H
#define DATAPLANE_INSPECT_QUIC_CRYPTO_H

#include "dataplane/inspect/quic.h"
#include "dataplane/inspect/quic_packet.h"

/*
 * Open an Initial. scratch: as long as the packet; payload then lies in it. False when the packet is not authentic under
 * these keys.
 */
bool zr_quic_open(struct zr_quic_crypto *crypto, const struct zr_quic_keys *keys, const struct zr_quic_packet *packet,
		  uint8_t *scratch, struct zr_slice *payload);

#endif

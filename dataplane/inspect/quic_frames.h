/* SPDX-License-Identifier: BSD-3-Clause */
/* The frames of a client's Initial (RFC 9000, sections 12.4 and 19). Private to the QUIC inspector. */
#ifndef DATAPLANE_INSPECT_QUIC_FRAMES_H
#define DATAPLANE_INSPECT_QUIC_FRAMES_H

#include "dataplane/inspect/inspect.h"
#include "dataplane/packet/cursor.h"

struct zr_quic_crypto_frame {
	uint64_t offset;
	struct zr_slice data;
};

/*
 * Step to the next CRYPTO frame of a packet's payload. False at its end, at a broken frame and at one that does not belong
 * into an Initial: the rest of the packet is not to be read then.
 */
bool zr_quic_crypto_frame_next(struct zr_cursor *payload, struct zr_quic_crypto_frame *out);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The TLS ClientHello (RFC 8446, section 4.1.2; RFC 5246) and the server_name extension (RFC 6066, section 3). */
#ifndef DATAPLANE_INSPECT_TLS_H
#define DATAPLANE_INSPECT_TLS_H

#include "dataplane/inspect/inspect.h"

/*
 * A handshake message without record headers, as QUIC's CRYPTO stream carries it.
 * OK: out is filled (all but source and spoof). MORE: *need is the total number of bytes before another call can say more;
 * when that is above ZR_HELLO_MAX the hello is larger than what is put together.
 * A server_name extension that breaks its form, tells two host names, or one that is not a host name, is a malformed name
 * of an otherwise good hello. Two server_name extensions are BAD: no server accepts them (RFC 8446, section 4.2).
 */
enum zr_result zr_tls_hello_message(const uint8_t *data, size_t len, struct zr_hello *out, size_t *need);

/*
 * A TCP stream that begins with a TLS record: the hello may lie over several records (RFC 8446, section 5.1).
 * scratch: ZR_HELLO_MAX bytes of the caller's, for a hello over more than one record.
 * OK: *used is how many stream bytes the hello took. MORE: *need as above; whoever waits for it asks a number of times that
 * grows with the logarithm of the hello's length, even when every record holds a single byte. Also reads an SSL 2 compatible
 * hello as NONE.
 */
enum zr_result zr_tls_hello_stream(const uint8_t *data, size_t len, uint8_t *scratch, struct zr_hello *out,
				   size_t *used, size_t *need);

#endif

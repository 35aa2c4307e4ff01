/* SPDX-License-Identifier: BSD-3-Clause */
/* What a ClientHello says, in TLS and in DTLS. Private to their inspectors. */
#ifndef DATAPLANE_INSPECT_CLIENT_HELLO_H
#define DATAPLANE_INSPECT_CLIENT_HELLO_H

#include "dataplane/inspect/inspect.h"

/* Whose it is, by the first byte of its version. DTLS has a cookie behind the session id (RFC 6347, section 4.3.2). */
enum zr_client_hello {
	ZR_CLIENT_HELLO_TLS = 3,    /* SSL 3.0 and every TLS */
	ZR_CLIENT_HELLO_DTLS = 254, /* DTLS 1.0 and later */
};

/*
 * Read the body of a ClientHello, which is the message behind its header, in full. Fills all of out but source and spoof.
 * False: it is broken.
 */
bool zr_client_hello_read(enum zr_client_hello kind, const uint8_t *body, size_t len, struct zr_hello *out);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* HTTP/1 request heads (RFC 9112) and how far their bodies reach. */
#ifndef DATAPLANE_INSPECT_HTTP_H
#define DATAPLANE_INSPECT_HTTP_H

#include "dataplane/inspect/inspect.h"

/* Largest request head that is read, in bytes. */
#define ZR_HTTP_HEAD_MAX ZR_HELLO_MAX

enum zr_http_body {
	ZR_HTTP_BODY_NONE,
	ZR_HTTP_BODY_LENGTH,  /* length_bytes follow */
	ZR_HTTP_BODY_CHUNKED, /* RFC 9112, section 7.1 */
	ZR_HTTP_BODY_TUNNEL,  /* CONNECT, or Upgrade: what follows is no longer HTTP/1 requests */
};

struct zr_http_head {
	struct zr_slice host; /* the request's host without port, as it stood; empty when none */
	bool connect;         /* the method is CONNECT */
	uint8_t body;         /* enum zr_http_body */
	uint64_t length_bytes;
	size_t head_len; /* bytes from the start of data to the first byte behind the head */
};

/*
 * A request head at the start of data. Host: from an absolute-form target, else from the Host header (RFC 9112, section
 * 3.2.2). OK, NONE, MORE or BAD as usual; methods are any token of the registry.
 */
enum zr_result zr_http_request(const uint8_t *data, size_t len, struct zr_http_head *out);

#endif

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
	ZR_HTTP_BODY_TUNNEL,  /* CONNECT, or an upgrade to WebSocket: what follows is no longer HTTP/1 requests */
	ZR_HTTP_BODY_UNKNOWN, /* nobody can tell where it ends: lengths that contradict each other, a coding that does not
				 end in chunked, or both a length and a coding (RFC 9112, section 6.3) */
};

struct zr_http_head {
	struct zr_slice host; /* the request's host without port, as it stood; empty when none */
	bool connect;         /* the method is CONNECT */
	uint8_t body;         /* enum zr_http_body */
	uint64_t length_bytes;
	size_t head_len; /* bytes from the start of data to the first byte behind the head */
};

/*
 * A request head at the start of data. Host: from the target in absolute or authority form, else from the Host header
 * (RFC 9112, section 3.2); none when there are several that differ, target's included, since nobody knows which one a server
 * takes. An upgrade to anything but WebSocket alone, without a body, changes nothing: few servers do it, and requests that go on
 * are followed.
 * OK: out is filled. MORE: the head is not complete; when len is ZR_HTTP_HEAD_MAX or more it is larger than what is read.
 * NONE otherwise; never BAD, since servers bear with nearly everything behind a good request line. As they do, this reads
 * bare LF as a line end, folded lines, and a few empty lines ahead. A method is any token of capital letters, hyphens and
 * underscores of up to 24 characters; the version that ends the line, HTTP/1., decides.
 */
enum zr_result zr_http_request(const uint8_t *data, size_t len, struct zr_http_head *out);

/*
 * zr_http_request said MORE of the first seen bytes: can it say anything else now that there are len? Looks at the new bytes
 * and for the end of the request line, so that a head that comes byte by byte is read a few times and not thousands.
 */
bool zr_http_request_ripe(const uint8_t *data, size_t seen, size_t len);

/*
 * Step over a chunked body. position and left_bytes say where in it data begins, both 0 at its start, and are moved on.
 * OK: the body ends behind *used bytes. MORE: all of data is body. BAD: not a chunked body.
 */
enum zr_result zr_http_chunked_skip(uint8_t *position, uint64_t *left_bytes, const uint8_t *data, size_t len,
				    size_t *used);
/* Are the next left_bytes bytes a chunk's data? A caller that steps over them itself takes them off left_bytes. */
bool zr_http_chunked_in_data(uint8_t position);

#endif

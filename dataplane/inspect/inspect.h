/* SPDX-License-Identifier: BSD-3-Clause */
/* What all hello and request parsers share. */
#ifndef DATAPLANE_INSPECT_INSPECT_H
#define DATAPLANE_INSPECT_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/name.h"

/* What a parser says of the bytes it was given. */
enum zr_result {
	ZR_OK,   /* the message is complete and read */
	ZR_NONE, /* not this protocol */
	ZR_MORE, /* so far so good: more bytes are needed */
	ZR_BAD,  /* this protocol, but broken: it will never become complete */
};

/* Where a name was read. */
enum zr_source {
	ZR_SOURCE_TLS_SNI,
	ZR_SOURCE_QUIC_SNI,
	ZR_SOURCE_DTLS_SNI,
	ZR_SOURCE_HTTP_HOST,
};

/* Largest hello that is put together (handshake message with its headers), in bytes. */
#define ZR_HELLO_MAX 16384

/* Bytes inside a message. */
struct zr_slice {
	const uint8_t *at;
	size_t len;
};

/* A complete hello or request head, and the name in it. */
struct zr_hello {
	uint8_t source;             /* enum zr_source */
	uint8_t name_len;           /* 0: it carries no name, or none that is a host name */
	bool malformed_name;        /* a name was there but is not a host name */
	bool ech;                   /* an encrypted_client_hello extension was there (RFC 9849) */
	bool spoof;                 /* bytes of it came twice with different contents; the first copy's name is told */
	char name[ZR_NAME_MAX + 1]; /* canonical, terminated */
};

#endif

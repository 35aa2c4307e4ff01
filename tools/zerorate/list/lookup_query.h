/* SPDX-License-Identifier: BSD-3-Clause */
/* What `zerorate list lookup` is asked: host names and addresses. */
#ifndef TOOLS_ZERORATE_LIST_LOOKUP_QUERY_H
#define TOOLS_ZERORATE_LIST_LOOKUP_QUERY_H

#include <stdint.h>

#include "rules/fault.h"
#include "rules/name.h"
#include "rules/prefix.h"

/* A fault of a host name, and advice. */
#define ZR_QUERY_FAULT (sizeof(((struct zr_fault *)0)->text) + 128)

enum zr_query_kind {
	ZR_QUERY_NAME,
	ZR_QUERY_ADDRESS,
	ZR_QUERY_BAD, /* neither */
};

struct zr_query {
	const char *text; /* as it was asked */
	uint8_t kind;     /* enum zr_query_kind */
	uint8_t proto;    /* addresses: IP protocol, 0 when none is known */
	uint16_t port;    /* addresses: the server's, 0 when none is known */
	unsigned int name_len;
	char name[ZR_NAME_MAX + 1]; /* canonical; names only */
	struct zr_prefix address;   /* of full length */
	char fault[ZR_QUERY_FAULT]; /* what is wrong, and what to write instead */
};

/*
 * Read NAME, ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT; proto and port apply to addresses, and port to those that name none. text is
 * kept.
 */
void zr_query_read(const char *text, uint8_t proto, uint16_t port, struct zr_query *out);

#endif

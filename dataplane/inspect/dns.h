/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS messages (RFC 1035, section 4; RFC 6891): header, question, names and records, each where it stands. */
#ifndef DATAPLANE_INSPECT_DNS_H
#define DATAPLANE_INSPECT_DNS_H

#include <string.h>

#include "dataplane/inspect/inspect.h"
#include "dataplane/packet/cursor.h"

#define ZR_DNS_HEADER_LEN 12

/* Types and the class that are read (IANA, "Domain Name System (DNS) Parameters"). */
enum { ZR_DNS_A = 1, ZR_DNS_CNAME = 5, ZR_DNS_AAAA = 28, ZR_DNS_OPT = 41, ZR_DNS_SVCB = 64, ZR_DNS_HTTPS = 65 };
enum { ZR_DNS_CLASS_IN = 1 };

enum zr_dns_section { ZR_DNS_ANSWER, ZR_DNS_AUTHORITY, ZR_DNS_ADDITIONAL, ZR_DNS_SECTIONS };

/* A name in canonical form (rules/name.h); len 0 and no text: a name, but not of a host. */
struct zr_dns_name {
	uint8_t len;
	char text[ZR_NAME_MAX + 1];
};

static inline bool zr_dns_name_same(const struct zr_dns_name *a, const struct zr_dns_name *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

/* A standard query or the answer to one, with its one question. */
struct zr_dns_message {
	struct zr_slice bytes; /* all of it */
	uint16_t id;
	bool answer;
	uint8_t rcode; /* the four bits of the header */
	uint16_t counts[ZR_DNS_SECTIONS];
	struct zr_dns_name name; /* that is asked for */
	uint16_t type, class_;
	size_t records_at; /* behind the question */
};

/*
 * Could a message of len bytes begin like this? header: ZR_DNS_HEADER_LEN bytes. What the header counts must fit into len.
 * Tells apart what is DNS and what is not; cheap.
 */
bool zr_dns_begins(const uint8_t *header, size_t len);

/*
 * Read header and question. OK: out is filled; its records are still to be read. NONE: not a standard query or answer with
 * one question (RFC 9619), or not DNS at all. BAD: the question is broken.
 */
enum zr_result zr_dns_read(const uint8_t *data, size_t len, struct zr_dns_message *out);

/*
 * Read the name at the cursor, which stands in message, and step over it. Compression pointers (RFC 1035, section 4.1.4)
 * lead to what stands before the labels that they end. False: no name; the cursor is short then.
 */
bool zr_dns_name_read(struct zr_slice message, struct zr_cursor *c, struct zr_dns_name *out);

struct zr_dns_record {
	enum zr_dns_section section;
	struct zr_dns_name owner;
	uint16_t type, class_;
	uint32_t ttl_s; /* RFC 2181, section 8: 0 when the top bit was set; as it came for OPT */
	struct zr_cursor data;
};

/* The records of a message that was read OK, in the order of the wire. */
struct zr_dns_records {
	struct zr_slice message;
	struct zr_cursor at; /* short_: the message broke off, or a record is broken */
	uint16_t left[ZR_DNS_SECTIONS];
};

struct zr_dns_records zr_dns_records_of(const struct zr_dns_message *message);
/* Step to the next. False at the end, or where the records break off. */
bool zr_dns_record_next(struct zr_dns_records *records, struct zr_dns_record *out);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Outstanding DNS queries: an answer counts only for who asked. A bounded table in the caller's memory; when it is full the
 * oldest query is forgotten. One thread.
 */
#ifndef DATAPLANE_INSPECT_DNS_MATCH_H
#define DATAPLANE_INSPECT_DNS_MATCH_H

#include "dataplane/inspect/dns.h"
#include "dataplane/packet/packet.h"

/* How long an answer may take: what resolvers' own clients wait at most. */
#define ZR_DNS_MATCH_US 10000000

struct zr_dns_match;

/* Bytes of memory for so many queries (1 and up); and making the table there (zeroed, aligned to 64). */
size_t zr_dns_match_memory(uint32_t queries);
struct zr_dns_match *zr_dns_match_init(void *memory, uint32_t queries, const uint64_t key[2]);

/* A query was seen in packet. now_us never goes back. */
void zr_dns_match_query(struct zr_dns_match *m, const struct zr_packet *packet, const struct zr_dns_message *query,
			uint64_t now_us);

/*
 * Was the answer in packet asked for: from its destination's address and port to its source's, over the same protocol, with
 * the same id and question (its case may differ), not longer ago than ZR_DNS_MATCH_US? A query is answered once: it is
 * forgotten then. One that was sent again is answered as often as it was sent.
 */
bool zr_dns_match_answer(struct zr_dns_match *m, const struct zr_packet *packet, const struct zr_dns_message *answer,
			 uint64_t now_us);

#endif

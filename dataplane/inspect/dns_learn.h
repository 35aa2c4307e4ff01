/* SPDX-License-Identifier: BSD-3-Clause */
/* From DNS messages as they pass to addresses that were learned, each for the client who asked. One thread. */
#ifndef DATAPLANE_INSPECT_DNS_LEARN_H
#define DATAPLANE_INSPECT_DNS_LEARN_H

#include "dataplane/inspect/dns_answer.h"
#include "dataplane/inspect/dns_match.h"

/* An address, and who learned it from whom. Valid during the call that hands it over. */
struct zr_dns_learned {
	const struct zr_packet
		*packet; /* that the answer came in, or its last piece: from the resolver to the client */
	const struct zr_dns_address *address;
	uint64_t time_us;
};

/* What became of messages, by name. Never reset. */
#define ZR_DNS_COUNTERS(X)                                                                                  \
	X(QUERIES, "queries")         /* seen, with a question for a host name */                           \
	X(ANSWERS, "answers")         /* to one of them */                                                  \
	X(UNASKED, "unasked")         /* answers to no query that was seen, or too late: nothing learned */ \
	X(FAILED, "failed")           /* answers that say no (RCODE not 0) */                               \
	X(BROKEN, "broken")           /* answers whose records break off or contradict themselves */        \
	X(NAMES_OTHER, "names_other") /* names that are no host names: passed over */

enum zr_dns_counter {
#define X(id, name) ZR_DNS_COUNTER_##id,
	ZR_DNS_COUNTERS(X)
#undef X
		ZR_DNS_COUNTER_COUNT
};

const char *zr_dns_counter_name(enum zr_dns_counter counter);

/* Set asked, learned, query (or NULL) and arg, the rest to zero. */
struct zr_dns_learner {
	struct zr_dns_match *asked;
	void (*learned)(void *arg, const struct zr_dns_learned *learned);
	void (*query)(void *arg, const struct zr_packet *packet, const struct zr_dns_name *name);
	void *arg;
	uint64_t counters[ZR_DNS_COUNTER_COUNT];
};

/*
 * Take one message that came in packet, whole: a UDP payload, or what zr_dns_stream put together. Multicast DNS and LLMNR,
 * told by the port that is asked (RFC 6762, RFC 4795), are not resolution and are passed over. now_us never goes back.
 */
void zr_dns_learn(struct zr_dns_learner *l, const struct zr_packet *packet, const uint8_t *data, size_t len,
		  uint64_t now_us);

#endif

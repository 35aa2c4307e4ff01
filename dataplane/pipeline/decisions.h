/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The latest decisions of subscribers: sets of 4 KiB, one for each subscriber's hash, in each of which what is new overwrites
 * what is oldest. So a subscriber's traffic pushes out the decisions of those in its own set, and of nobody else. A decision
 * has the bytes that it needs: of IPv4 58 and its texts. Private to dataplane/pipeline.
 */
#ifndef DATAPLANE_PIPELINE_DECISIONS_H
#define DATAPLANE_PIPELINE_DECISIONS_H

#include "dataplane/inspect/inspect.h"
#include "dataplane/pipeline/look.h"

/* Room of a set: some 45 decisions of IPv4 flows that have a name and an entry, 70 of those that have neither. */
#define ZR_DECISIONS_SET_BYTES 4096

struct zr_decisions {
	uint8_t *sets;     /* NULL: nothing is kept */
	uint32_t *written; /* by set: bytes so far; less than a set only while it was never full */
	uint32_t count;    /* of sets */
	uint64_t key[2];   /* of the hash */
	uint32_t expected; /* the set that is probably written next */
	/*
	 * The decision that was kept last, if it was a flow's first: whose, and where. ZR_FLOW_NONE: it was not, or the flow
	 * is gone.
	 */
	uint32_t last_flow, last_set, last_at;
	/* Whose charged flows' names are kept; family 0: nobody's. */
	struct zr_prefix recorded;
};

/* Bytes of memory for decisions bounded by that many, 0 for none; and making them there (zeroed). */
size_t zr_decisions_memory(size_t bytes);
void zr_decisions_init(struct zr_decisions *d, void *memory, size_t bytes, const uint64_t key[2]);

/* What is kept of a decision. */
struct zr_decision {
	uint64_t us;       /* wall clock */
	uint64_t identity; /* of the flow; 0: it left no record yet */
	uint64_t list_serial;
	union zr_ip client, server;
	uint16_t client_port, server_port, domain;
	uint8_t family, proto, reason, evidence, flags;
	uint8_t cause;      /* enum zr_decision_cause, or enum zr_cause */
	bool name_recorded; /* the name did not free the flow */
	uint32_t rating_group;
	/* Neither is terminated. */
	struct zr_slice rule, service, name;
};

/*
 * Hints, so that keeping does not wait for memory: one of that client's flows may be decided soon; and now it is, which is
 * kept a hundred nanoseconds later.
 */
void zr_decisions_expect(struct zr_decisions *d, uint8_t family, const union zr_ip *client);
void zr_decisions_ready(const struct zr_decisions *d);

/* Keep it. flow: whose it is. */
void zr_decisions_put(struct zr_decisions *d, const struct zr_decision *decision, uint32_t flow);

/*
 * A flow has got its number: if what was kept last is the flow's only decision, it gets it too. Else false, and
 * zr_decisions_number is to look for the flow's: latest first, up to the one that opened it; decision has its tuple and
 * identity.
 */
bool zr_decisions_number_last(struct zr_decisions *d, uint32_t flow, uint64_t identity);
void zr_decisions_number(struct zr_decisions *d, const struct zr_decision *decision);

/* See zr_pipeline_decision and zr_pipeline_record_names. */
bool zr_decisions_next(const struct zr_decisions *d, const struct zr_look *look, struct zr_look_cursor *cursor,
		       unsigned int *budget, struct zr_answer *out);
void zr_decisions_record(struct zr_decisions *d, const struct zr_prefix *subscriber);

/* Are names of this client's charged flows kept? */
bool zr_decisions_records(const struct zr_decisions *d, uint8_t family, const union zr_ip *client);

/* look.c: is the address in the prefix, or the prefix any? */
bool zr_look_covers(const struct zr_prefix *prefix, uint8_t family, const union zr_ip *ip);
#endif

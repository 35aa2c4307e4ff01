/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Looking into a pipeline while it works: which flows are open, and how a subscriber's latest flows were decided. A look goes a
 * few steps at a time, by the pipeline's own thread, between two bursts; answers hold texts and no pointers, so that they
 * outlive the flow and its list. Nothing is allocated.
 */
#ifndef DATAPLANE_PIPELINE_LOOK_H
#define DATAPLANE_PIPELINE_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/pipeline/usage.h"
#include "rules/prefix.h"

struct zr_pipeline;

/* Why a decision was made: what opened or changed it, or the cause of a cut (enum zr_cause) that decided what was undecided. */
#define ZR_DECISION_CAUSES(X)                                                              \
	X(FIRST, "first")       /* the flow's first verdict */                             \
	X(NAME, "name")         /* its name was read, which changed nothing */             \
	X(REBOUND, "rebound")   /* it goes on with a QUIC connection that had a verdict */ \
	X(RESTORED, "restored") /* it was taken up after a restart */

enum zr_decision_cause {
	ZR_DECISION_BEFORE_FIRST = ZR_CAUSE_COUNT - 1,
#define X(id, name) ZR_DECISION_##id,
	ZR_DECISION_CAUSES(X)
#undef X
		ZR_DECISION_CAUSE_COUNT
};

/* Of both kinds of causes. */
const char *zr_decision_cause_name(uint8_t cause);

enum zr_flow_state { ZR_STATE_UNDECIDED, ZR_STATE_CHARGED, ZR_STATE_FREE, ZR_STATE_COUNT };

/* What to look for. Family 0, an empty text: any. */
struct zr_look {
	struct zr_prefix subscriber, server; /* of decisions the subscriber is one address, or the /64 of IPv6 */
	uint8_t states;                      /* bits of enum zr_flow_state; open flows only */
	char rule[ZR_RULE_MAX + 1], service[ZR_SERVICE_MAX + 1]; /* open flows only */
};

/* An open flow or a decision. */
struct zr_answer {
	/*
	 * Tuple, verdict, reason, evidence, flags; open flows: also part, path, and what they count since their previous cut.
	 * last_us is the flow's latest packet, or when it was decided. Without image, rule and name, which stand below.
	 */
	struct zr_usage usage;
	bool numbered;      /* usage tells which flow it is: it has left a record */
	bool name_recorded; /* the name did not free the flow: it is for who recorded it, and nobody else */
	uint8_t state;      /* enum zr_flow_state; open flows */
	uint8_t cause;      /* decisions: enum zr_decision_cause, or enum zr_cause */
	uint32_t rating_group;
	uint64_t list_serial;
	/* Terminated; empty: there is none. */
	char rule[ZR_RULE_MAX + 1], service[ZR_SERVICE_MAX + 1], name[ZR_NAME_MAX + 1];
};

/* How far a look has come. Zero at the beginning. */
struct zr_look_cursor {
	bool ended;
	uint32_t at;    /* flows: looked at so far, places that are free included */
	uint64_t open;  /* flows: of them, how many are open */
	uint32_t since; /* decisions: what was written when the look began */
	uint32_t back;  /* … and how far back it has gone, plus 1 */
};

/*
 * The next open flow that fits, looking at no more than *budget places: each takes one off, and one whose entry is read, as
 * that of every answer is, ZR_LOOK_ENTRY. True: out is filled. False: the budget is used up, or all were looked at
 * (cursor->ended). A flow that stays open meanwhile is met once; one that comes may be missed.
 */
#define ZR_LOOK_ENTRY 8
bool zr_pipeline_look(struct zr_pipeline *p, const struct zr_look *look, struct zr_look_cursor *cursor,
		      unsigned int *budget, struct zr_answer *out);

/*
 * The next decision that fits, latest first. Likewise, with one for each decision. Decisions that are overwritten meanwhile
 * end the look.
 */
bool zr_pipeline_decision(struct zr_pipeline *p, const struct zr_look *look, struct zr_look_cursor *cursor,
			  unsigned int *budget, struct zr_answer *out);

/*
 * From now on keep names of charged flows, and others that free nothing, with the decisions of one subscriber (an address, or
 * the /64 of IPv6), in every domain; NULL: of nobody. Those that were kept for the one before are overwritten.
 */
void zr_pipeline_record_names(struct zr_pipeline *p, const struct zr_prefix *subscriber);

#endif

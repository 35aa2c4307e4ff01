/* SPDX-License-Identifier: BSD-3-Clause */
/* Decisions in words: why a flow was charged or free, by the names that records have (dataplane/flow/verdict.h). Pure. */
#ifndef TOOLS_ZERORATE_GATEWAY_WORDS_H
#define TOOLS_ZERORATE_GATEWAY_WORDS_H

#include <jansson.h>
#include <stddef.h>

/* Room for a decision in one line. */
#define ZR_WORDS_ROOM 2048

/*
 * A decision, an object of explain's reply (zerorate-control.sock(5)), as one line without its line break, fit for a terminal:
 * when, with whom, free or charged, why, by which list and entry, read from what.
 */
void zr_words_decision(const json_t *decision, char out[ZR_WORDS_ROOM]);

/* The parts of it; NULL: there are no words for that name. */
const char *zr_words_reason(const char *reason);     /* "the host that it named is not on @"; @ is the list */
const char *zr_words_cause(const char *cause);       /* why it was judged; empty: that goes without saying */
const char *zr_words_evidence(const char *evidence); /* what it was read from */
const char *zr_words_flag(const char *flag);

/* What to do about decisions of a reason next, a sentence; NULL: nothing. */
const char *zr_words_next(const char *reason);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands behind a name, or which names an address stands for: the op `learned` of control.sock, in slices. */
#ifndef CONTROL_ASK_LEARNED_H
#define CONTROL_ASK_LEARNED_H

#include <jansson.h>

#include "control/known.h"
#include "rules/name.h"
#include "rules/prefix.h"

/* Most rows that are told. */
#define ZR_ASK_LEARNED_MAX 1000

struct zr_ask_found;

/* What is looked for, and what was found so far: the latest ones, in a ring. */
struct zr_ask_learned {
	char name[ZR_NAME_MAX + 1]; /* of that length; 0: address is looked for */
	size_t name_len;
	struct zr_prefix address;
	struct zr_ask_found *found;
	uint64_t matched;
};

/* Read a request. NULL, or what is wrong: a sentence. */
const char *zr_ask_learned_read(struct zr_ask_learned *ask, const json_t *request);

/* Begin to look. False: no memory. */
bool zr_ask_learned_begin(struct zr_ask_learned *ask, struct zr_known *known);
/* Look at so many rows more, as of now_s (zr_known_step). False: that was all. */
bool zr_ask_learned_step(struct zr_ask_learned *ask, struct zr_known *known, int64_t now_s, unsigned int rows);
/* The reply, a new reference: the latest lessons first. NULL: no memory. */
json_t *zr_ask_learned_json(const struct zr_ask_learned *ask);

void zr_ask_learned_clear(struct zr_ask_learned *ask);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands behind a name, or which names an address stands for: the op `learned` of control.sock. */
#ifndef CONTROL_ASK_LEARNED_H
#define CONTROL_ASK_LEARNED_H

#include <jansson.h>

#include "control/learning.h"

/* Most rows that are told. */
#define ZR_ASK_LEARNED_MAX 1000

/* Answer a request, a new reference: of its name and all below it, or of its address, the latest lessons first. NULL: no memory. */
json_t *zr_ask_learned(const struct zr_learning *learning, const json_t *request);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What requests about flows and decisions say on control.sock: hostile JSON, read and bounded. Pure. */
#ifndef CONTROL_ASK_REQUEST_H
#define CONTROL_ASK_REQUEST_H

#include <jansson.h>

#include "dataplane/dpdk/dataplane.h"

/* Most flows that are listed; rows of top, decisions; seconds of a recording. */
#define ZR_ASK_FLOWS_MAX     10000
#define ZR_ASK_ROWS_MAX      1000
#define ZR_ASK_DECISIONS_MAX 1000
#define ZR_ASK_SECONDS_MAX   3600

enum zr_top_by { ZR_TOP_SERVICE, ZR_TOP_RULE, ZR_TOP_SUBSCRIBER };

/* As text: "service", "rule", "subscriber". */
const char *zr_top_by_name(enum zr_top_by by);

struct zr_ask_request {
	struct zr_look look; /* flows, explain, explain_record: its subscriber */
	uint32_t limit;      /* flows, top, explain */
	enum zr_top_by by;   /* top */
	uint32_t seconds;    /* explain_record */
};

/*
 * Read an object of that op. NULL, or what is wrong and what to write instead, a constant. Members that do not belong to it are
 * wrong too. A subscriber of IPv6 is its /64.
 */
const char *zr_ask_request_flows(const json_t *object, struct zr_ask_request *out);
const char *zr_ask_request_top(const json_t *object, struct zr_ask_request *out);
const char *zr_ask_request_explain(const json_t *object, struct zr_ask_request *out);
const char *zr_ask_request_record(const json_t *object, struct zr_ask_request *out);

#endif

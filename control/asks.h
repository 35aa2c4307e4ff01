/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What control.sock answers about open flows, decisions and what was learned: flows, top, explain, explain_record, learned. One
 * request at a time is worked on; the others wait in the order in which they came. A round does a slice of the work. One thread.
 */
#ifndef CONTROL_ASKS_H
#define CONTROL_ASKS_H

#include "control/control_socket.h"
#include "control/learning.h"
#include "control/recorder.h"
#include "control/totals.h"

struct zr_ask;

struct zr_asks {
	struct zr_dataplane *dataplane;
	struct zr_control_socket *control;
	struct zr_interval_totals *totals;
	struct zr_recorder recorder;
	const struct zr_learning *learning;
	bool decisions; /* some are kept */
	bool stopped;
	struct zr_dataplane_status status; /* room to read it */
	struct zr_ask *first;              /* the one at work, then those that wait */
	uint64_t arrived;                  /* requests so far */
};

/* Answer a request as zr_control_answer does. */
json_t *zr_asks_flows(struct zr_asks *asks, const json_t *request, struct zr_control_peer *peer);
json_t *zr_asks_top(struct zr_asks *asks, const json_t *request, struct zr_control_peer *peer);
json_t *zr_asks_explain(struct zr_asks *asks, const json_t *request, struct zr_control_peer *peer);
json_t *zr_asks_learned(struct zr_asks *asks, const json_t *request, struct zr_control_peer *peer);
json_t *zr_asks_record(struct zr_asks *asks, const json_t *request, struct zr_control_peer *peer);

/*
 * Go on, every few milliseconds, when events are drained (drained: all that there were, so that totals have them). True: there
 * is more to do at once.
 */
bool zr_asks_round(struct zr_asks *asks, bool drained);

/* A connection has closed: what it asked for is given up, what it records ends. arg: the asks. */
void zr_asks_closed(void *arg, uint64_t connection);

/* The daemon is about to end: all that wait get an error, and nothing is asked or recorded any more. */
void zr_asks_stop(struct zr_asks *asks);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon's state as one JSON object: what `zerorate status` shows. One thread. */
#ifndef CONTROL_STATUS_H
#define CONTROL_STATUS_H

#include <jansson.h>

#include "control/consumers.h"
#include "control/intake.h"
#include "control/lag.h"
#include "control/learning.h"
#include "control/ledger/ledger.h"
#include "control/list.h"
#include "control/records.h"
#include "control/watchdog.h"
#include "dataplane/dpdk/dataplane.h"

/* Where it comes from. */
struct zr_status_sources {
	const char *state;   /* "running", "stopping" */
	uint64_t started_us; /* when the daemon was started, Unix microseconds */
	struct zr_dataplane *dataplane;
	const struct zr_lists *lists;
	const struct zr_records *records;
	struct zr_ledger *ledger;
	const struct zr_intake *intake;
	const struct zr_consumers *consumers;
	const struct zr_watchdog *watchdog;
	const struct zr_lag *lag;
	const struct zr_learning *learning;
};

/* The counters of two moments: rates and loads lie between them. Zero at the beginning. */
struct zr_status {
	struct zr_dataplane_status now, before;
	uint64_t now_ms, before_ms; /* zr_loop_now_ms; 0: not taken */
};

/* Take the counters; call it once a second. */
void zr_status_sample(struct zr_status *status, struct zr_dataplane *dataplane);

/* The whole state, a new reference; NULL without memory. The counters are read anew, rates are the last sample's. */
json_t *zr_status_json(const struct zr_status *status, const struct zr_status_sources *sources);

/* status_records.c: the members `records`, `ledger` and `consumers`, new references; and what is to be warned of. */
json_t *zr_status_records(const struct zr_status_sources *sources, const struct zr_dataplane_status *now);
json_t *zr_status_ledger(const struct zr_status_sources *sources);
json_t *zr_status_consumers(const struct zr_status_sources *sources);
void zr_status_warn(const struct zr_status_sources *sources, json_t *warnings);

/* Volume of the records that a worker could not hand over. */
struct zr_volume zr_status_lost(const struct zr_worker_status *worker);

/* Bytes that the workers' totals leave unexplained, the sum of the workers' differences: 0, or the program is wrong. */
uint64_t zr_status_exactness_bytes(const struct zr_dataplane_status *dataplane);

#endif

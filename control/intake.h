/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the dataplane's events to records: no more are drained than can be written, so that what waits, waits where it was
 * counted. What cannot be written at all, and what was lost on the way, is summed up and becomes `loss` records; what was
 * written is summed up to `total` records. One thread, which nothing here holds up.
 */
#ifndef CONTROL_INTAKE_H
#define CONTROL_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "control/ledger/ledger.h"
#include "control/records.h"
#include "control/totals.h"
#include "dataplane/dpdk/dataplane.h"

struct zr_intake;

struct zr_intake_config {
	struct zr_records *records;
	struct zr_ledger *ledger;
	struct zr_interval_totals *totals;
	uint64_t totals_us;            /* an interval of totals ends at every multiple of it */
	uint64_t (*now_us)(void *arg); /* Unix time */
	void *now_arg;
};

/*
 * What config points to must outlive it. start: what the ledger found when it was opened; losses that follow from it come
 * first. 0 or -ENOMEM.
 */
int zr_intake_make(const struct zr_intake_config *config, const struct zr_ledger_start *start, struct zr_intake **out);
void zr_intake_free(struct zr_intake *intake);

/*
 * One round, every few milliseconds: write what is due and drain events, as far as there is room, at most `most`. While the
 * ledger cannot be written and nothing more fits, events are drained and only summed up. Returns how many were drained.
 */
unsigned int zr_intake_round(struct zr_intake *intake, struct zr_dataplane *dataplane, unsigned int most);

/* Once a second: what the workers lost since the last time. */
void zr_intake_sample(struct zr_intake *intake, const struct zr_dataplane_status *dataplane);

/* All flows are cut and drained: what the workers lost in the end, and the last totals, are due. Rounds must go on. */
void zr_intake_end(struct zr_intake *intake, const struct zr_dataplane_status *dataplane);

/* From now on nothing waits for the ledger: what does not fit is summed up, whatever the ledger's state. */
void zr_intake_hurry(struct zr_intake *intake);

/* Is everything written that was due? */
bool zr_intake_is_done(const struct zr_intake *intake);

/* What came and could not be written, since the start and not yet in a `loss` record. */
struct zr_unwritten {
	uint64_t records; /* tags and parts */
	struct zr_traffic traffic[ZR_VERDICT_COUNT];
};
void zr_intake_unwritten(const struct zr_intake *intake, struct zr_unwritten *out);

/* What was lost for a cause since the start, told by a `loss` record or not yet. Only ever grows. */
struct zr_lost {
	uint64_t times;                              /* how often it came about: times that were told apart */
	uint64_t records;                            /* tags and parts; 0 when it is not known which */
	struct zr_traffic traffic[ZR_VERDICT_COUNT]; /* … and their volume */
};
void zr_intake_lost(const struct zr_intake *intake, struct zr_lost out[ZR_LOSS_CAUSE_COUNT]);

#endif

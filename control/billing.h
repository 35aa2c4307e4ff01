/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the dataplane's events to who bills: totals, records, the ledger and its consumers, which are opened and closed
 * together. The loop's thread's.
 */
#ifndef CONTROL_BILLING_H
#define CONTROL_BILLING_H

#include "control/config.h"
#include "control/consumers.h"
#include "control/intake.h"
#include "control/laps.h"
#include "control/ledger/ledger.h"
#include "control/loop.h"
#include "control/records.h"
#include "control/restart.h"
#include "control/totals.h"
#include "dataplane/dpdk/dataplane.h"

/* Zero before it is opened. */
struct zr_billing {
	struct zr_interval_totals *totals;
	struct zr_ledger *ledger;
	struct zr_records *records;
	struct zr_intake *intake;
	struct zr_consumers *consumers;
	struct zr_watch committed; /* the ledger has written something */
};

/* What it is opened with. */
struct zr_billing_start {
	const struct zr_config *config;        /* outlives it */
	struct zr_restart *restart;            /* reads what an earlier run left */
	struct zr_dataplane_config *dataplane; /* is told what to take up, and which start this is */
	struct zr_laps *laps;                  /* "ledger" and "state" end */
};

/* Open all of it; records go on where the ledger's end. 0 or -errno, which is logged; zr_billing_close in either case. */
int zr_billing_open(struct zr_billing *billing, struct zr_loop *loop, const struct zr_billing_start *with);

/* Every few milliseconds: log what the ledger has to say, and serve consumers what it has committed. */
void zr_billing_tick(struct zr_billing *billing);

/* Close it; what could not be written, and is out of every bill, is logged. */
void zr_billing_close(struct zr_billing *billing);

#endif

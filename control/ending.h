/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The daemon's way out: flows are cut or left to the next run, what is left is written, consumers take it. The loop's
 * thread's.
 */
#ifndef CONTROL_ENDING_H
#define CONTROL_ENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "control/billing.h"
#include "control/config.h"
#include "control/laps.h"
#include "control/restart.h"
#include "control/status.h"

enum zr_ending_state {
	ZR_ENDING_NOT, /* the daemon runs */
	ZR_ENDING_STOPPING,
	ZR_ENDING_WRITING,
	ZR_ENDING_DELIVERING,
	ZR_ENDING_OVER,
};

struct zr_ending {
	/* The caller's: what ends, all of it open when it begins. */
	const struct zr_config *config;
	struct zr_dataplane *dataplane;
	struct zr_billing *billing;
	struct zr_restart *restart;
	struct zr_status *status;
	struct zr_laps *laps; /* of the way */

	enum zr_ending_state state;
	uint64_t until_ms; /* the end of what the state waits for */
	bool left;         /* flows are left to the next run, or cannot be */
};

void zr_ending_begin(struct zr_ending *ending);

/* Every few milliseconds, when so many events were drained; nothing happens while the daemon runs. Each wait is bounded. */
void zr_ending_go_on(struct zr_ending *ending, unsigned int drained);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/ending.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "control/log.h"
#include "control/loop.h"

/* Most time to wait for a disk that takes nothing, and for consumers to take the last records. */
#define WRITE_MS   10000
#define DELIVER_MS 10000

/* The same when flows are left to the next run: its consumers go on where they were, and nothing passes meanwhile. */
#define DELIVER_SOON_MS 1000

/* Another state; it may wait so long for what it waits for. */
static void enter(struct zr_ending *ending, enum zr_ending_state state, uint64_t wait_ms)
{
	ending->state = state;
	ending->until_ms = zr_loop_now_ms() + wait_ms;
}

static bool is_late(const struct zr_ending *ending)
{
	return zr_loop_now_ms() >= ending->until_ms;
}

void zr_ending_begin(struct zr_ending *ending)
{
	zr_laps_begin(ending->laps);
	enter(ending, ZR_ENDING_STOPPING, WRITE_MS);
}

/* What is open is for the next run. False when that cannot be: flows end then, and the dataplane has more to tell. */
static bool leave_flows(struct zr_ending *ending)
{
	int err;

	if (ending->left)
		return true;
	ending->left = true;
	zr_laps_end(ending->laps, "flows");
	if (ending->config->state == NULL)
		return true;
	err = zr_restart_save(ending->restart, ending->dataplane);
	zr_laps_end(ending->laps, "state");
	if (err != 0)
		zr_dataplane_forget(ending->dataplane);
	return err == 0;
}

/* All flows are cut once the dataplane says so and nothing is left to drain. */
static void stop_go_on(struct zr_ending *ending, unsigned int drained)
{
	int err = zr_dataplane_stop(ending->dataplane);

	if (err == -EAGAIN && is_late(ending))
		zr_intake_hurry(ending->billing->intake);
	if (err == -EAGAIN || drained > 0)
		return;
	if (err != 0)
		zr_log(ZR_LOG_ERROR, "the workers did not stop as they should: %s", strerror(-err));
	if (!leave_flows(ending))
		return;
	zr_status_sample(ending->status, ending->dataplane);
	zr_intake_end(ending->billing->intake, &ending->status->now);
	zr_ledger_hurry(ending->billing->ledger);
	enter(ending, ZR_ENDING_WRITING, WRITE_MS);
}

static uint64_t deliver_ms(const struct zr_ending *ending)
{
	return ending->config->state != NULL ? DELIVER_SOON_MS : DELIVER_MS;
}

/* Everything that is to be recorded is on the disk, or the disk takes nothing. */
static void write_rest(struct zr_ending *ending)
{
	bool written = zr_intake_is_done(ending->billing->intake) &&
		       zr_records_committed(ending->billing->records) + 1 == zr_records_next(ending->billing->records);

	if (!written && !is_late(ending))
		return;
	zr_laps_end(ending->laps, "ledger");
	enter(ending, ZR_ENDING_DELIVERING, deliver_ms(ending));
}

static void deliver(struct zr_ending *ending)
{
	bool served = zr_consumers_served(ending->billing->consumers);

	if (!served && !is_late(ending))
		return;
	if (!served)
		zr_log(ZR_LOG_NOTICE, "a consumer did not take its last records in %" PRIu64 " s: the ledger has them",
		       deliver_ms(ending) / 1000);
	zr_laps_end(ending->laps, "consumers");
	ending->state = ZR_ENDING_OVER;
}

void zr_ending_go_on(struct zr_ending *ending, unsigned int drained)
{
	switch (ending->state) {
	case ZR_ENDING_STOPPING:
		stop_go_on(ending, drained);
		break;
	case ZR_ENDING_WRITING:
		write_rest(ending);
		break;
	case ZR_ENDING_DELIVERING:
		deliver(ending);
		break;
	case ZR_ENDING_NOT:
	case ZR_ENDING_OVER:
		break;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Do the workers make progress? A worker's rounds go on also when nothing comes, so that one whose rounds stand still is
 * stuck, or has no CPU. That is logged and warned of within a second, and while it lasts the service manager's watchdog
 * (sd_watchdog_enabled(3)) is not fed. One thread.
 */
#ifndef CONTROL_WATCHDOG_H
#define CONTROL_WATCHDOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/dpdk/dataplane.h"

/* How often to check, at least: twice between two feedings. */
#define ZR_WATCHDOG_CHECK_MS 100

/*
 * A worker stands still when no progress was seen for so long, by so many checks in a row: time, so that it is known within a
 * second also when a busy control loop checks late; checks, so that a stop of the whole process blames no worker.
 */
#define ZR_WATCHDOG_STILL_MS 700
#define ZR_WATCHDOG_CHECKS   3

struct zr_watched {
	uint64_t progress;  /* as the last check saw it */
	uint64_t fed;       /* as it was when the watchdog was fed */
	unsigned int still; /* checks in a row without progress */
	uint64_t since_ms;  /* the check that saw progress last */
	uint64_t told_ms;   /* when it was logged last that there is none; 0: there is, or it is not known yet */
};

struct zr_watchdog {
	struct zr_dataplane *dataplane;
	unsigned int worker_count;
	unsigned int lcores[ZR_WORKERS_MAX];
	struct zr_watched workers[ZR_WORKERS_MAX];
	uint64_t feed_every_ms; /* 0: no service manager waits */
	uint64_t fed_ms;
};

/*
 * Begin to watch; status: of the dataplane that runs. How often the service manager wants to hear is taken from the
 * environment. Times are zr_loop_now_ms's. Returns how often zr_watchdog_check is to be called, in ms.
 */
uint64_t zr_watchdog_start(struct zr_watchdog *watchdog, struct zr_dataplane *dataplane,
			   const struct zr_dataplane_status *status, uint64_t now_ms);

/*
 * Look at all workers, log what changed; feed the watchdog when it is time, every worker went on since the last time, and none
 * is known to stand still.
 */
void zr_watchdog_check(struct zr_watchdog *watchdog, uint64_t now_ms);

/* The same on the way out, where workers end one after the other: the watchdog is fed when it is time. */
void zr_watchdog_feed(struct zr_watchdog *watchdog, uint64_t now_ms);

/* Is a worker known to stand still? */
bool zr_watchdog_stalled(const struct zr_watchdog *watchdog, unsigned int worker);

/* For how long no progress of it was seen, in ms; about as long as checks are apart when all is well. */
uint64_t zr_watchdog_still_ms(const struct zr_watchdog *watchdog, unsigned int worker, uint64_t now_ms);

/* Append a sentence for each worker that stands still. */
void zr_watchdog_warn(const struct zr_watchdog *watchdog, uint64_t now_ms, json_t *warnings);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/watchdog.h"

#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "control/log.h"

#define US_PER_MS     1000
#define MS_PER_S      1000.0
#define TELL_AGAIN_MS 60000

uint64_t zr_watchdog_start(struct zr_watchdog *watchdog, struct zr_dataplane *dataplane,
			   const struct zr_dataplane_status *status, uint64_t now_ms)
{
	uint64_t us = 0;
	uint64_t most_ms;

	*watchdog = (struct zr_watchdog){
		.dataplane = dataplane, .worker_count = status->worker_count, .fed_ms = now_ms};
	for (unsigned int i = 0; i < status->worker_count; i++) {
		watchdog->lcores[i] = status->workers[i].lcore;
		watchdog->workers[i].since_ms = now_ms;
	}
	if (sd_watchdog_enabled(0, &us) <= 0)
		return ZR_WATCHDOG_CHECK_MS;
	watchdog->feed_every_ms = us / 2 / US_PER_MS > 0 ? us / 2 / US_PER_MS : 1;
	most_ms = watchdog->feed_every_ms / 2 > 0 ? watchdog->feed_every_ms / 2 : 1;
	return most_ms < ZR_WATCHDOG_CHECK_MS ? most_ms : ZR_WATCHDOG_CHECK_MS;
}

bool zr_watchdog_stalled(const struct zr_watchdog *watchdog, unsigned int worker)
{
	return watchdog->workers[worker].told_ms != 0;
}

uint64_t zr_watchdog_still_ms(const struct zr_watchdog *watchdog, unsigned int worker, uint64_t now_ms)
{
	return now_ms - watchdog->workers[worker].since_ms;
}

static void tell_stall(const struct zr_watchdog *watchdog, unsigned int worker, uint64_t now_ms)
{
	zr_log_often(
		ZR_LOG_KIND_WORKER, worker, ZR_LOG_ERROR,
		"worker %u (lcore %u) has made no progress for %.1f s: packets of its subscribers wait, and are lost "
		"when "
		"its queues are full. Does something else take its CPU?%s",
		worker, watchdog->lcores[worker], (double)zr_watchdog_still_ms(watchdog, worker, now_ms) / MS_PER_S,
		watchdog->feed_every_ms > 0 ? " The service manager restarts the daemon when it lasts" : "");
}

static void look_at(struct zr_watchdog *watchdog, unsigned int worker, uint64_t now_ms)
{
	struct zr_watched *watched = &watchdog->workers[worker];
	uint64_t progress = zr_dataplane_progress(watchdog->dataplane, worker);

	if (progress != watched->progress) {
		if (watched->told_ms != 0)
			zr_log_often(ZR_LOG_KIND_WORKER, worker, ZR_LOG_NOTICE,
				     "worker %u (lcore %u) makes progress again, after %.1f s", worker,
				     watchdog->lcores[worker], (double)(now_ms - watched->since_ms) / MS_PER_S);
		watched->progress = progress;
		watched->since_ms = now_ms;
		watched->told_ms = 0;
		watched->still = 0;
		return;
	}
	watched->still++;
	if (watched->still < ZR_WATCHDOG_CHECKS || now_ms - watched->since_ms < ZR_WATCHDOG_STILL_MS ||
	    (watched->told_ms != 0 && now_ms - watched->told_ms < TELL_AGAIN_MS))
		return;
	tell_stall(watchdog, worker, now_ms);
	watched->told_ms = now_ms;
}

static bool all_went_on(const struct zr_watchdog *watchdog)
{
	for (unsigned int i = 0; i < watchdog->worker_count; i++)
		if (watchdog->workers[i].progress == watchdog->workers[i].fed || zr_watchdog_stalled(watchdog, i))
			return false;
	return true;
}

void zr_watchdog_feed(struct zr_watchdog *watchdog, uint64_t now_ms)
{
	if (watchdog->feed_every_ms == 0 || now_ms - watchdog->fed_ms < watchdog->feed_every_ms)
		return;
	sd_notify(0, "WATCHDOG=1");
	watchdog->fed_ms = now_ms;
	for (unsigned int i = 0; i < watchdog->worker_count; i++)
		watchdog->workers[i].fed = watchdog->workers[i].progress;
}

void zr_watchdog_check(struct zr_watchdog *watchdog, uint64_t now_ms)
{
	for (unsigned int i = 0; i < watchdog->worker_count; i++)
		look_at(watchdog, i, now_ms);
	if (all_went_on(watchdog))
		zr_watchdog_feed(watchdog, now_ms);
}

void zr_watchdog_warn(const struct zr_watchdog *watchdog, uint64_t now_ms, json_t *warnings)
{
	char text[128];

	for (unsigned int i = 0; i < watchdog->worker_count; i++) {
		if (!zr_watchdog_stalled(watchdog, i))
			continue;
		snprintf(text, sizeof(text), "worker %u (lcore %u) has made no progress for %.1f s", i,
			 watchdog->lcores[i], (double)zr_watchdog_still_ms(watchdog, i, now_ms) / MS_PER_S);
		json_array_append_new(warnings, json_string(text));
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/restart.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control/log.h"

#define US_PER_S  UINT64_C(1000000)
#define US_PER_MS 1000

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * US_PER_S + (uint64_t)now.tv_nsec / 1000;
}

/* PATH and something behind it; what does not fit is refused with the configuration. */
static const char *beside(const struct zr_restart *restart, const char *suffix, char out[PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s%s", restart->path, suffix);
	return out;
}

/* Something else, a folder or a socket, stands there by a mistake in the configuration. */
static bool is_file(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode));
}

/* Out of the way, for whoever wants to see what was wrong. */
static void set_aside(const struct zr_restart *restart)
{
	char refused[PATH_MAX];

	if (zr_state_move(restart->path, beside(restart, ".refused", refused)) != 0)
		unlink(restart->path);
}

static void log_found(const struct zr_restart *restart)
{
	uint64_t now = now_us(), saved = restart->state.run.saved_us;

	zr_log(ZR_LOG_NOTICE, "%s: %" PRIu64 " open flows of the run that ended %" PRIu64 " ms ago", restart->path,
	       restart->state.flows, now > saved ? (now - saved) / US_PER_MS : 0);
	if (!restart->state.run.same_epoch)
		zr_log(ZR_LOG_WARNING, "%s: the numbering of records has begun anew since: these flows get new numbers",
		       restart->path);
}

/* Better now than at the end. */
static void try_path(const char *path)
{
	struct zr_state_writer *writer;
	int err = zr_state_begin(path, &writer);

	if (err == 0)
		zr_state_abort(writer);
	else
		zr_log(ZR_LOG_WARNING, "%s: cannot be written: %s; open flows will end with this run", path,
		       strerror(-err));
}

static void refuse(struct zr_restart *restart, int err, const char *why)
{
	restart->foreign = err == -EILSEQ || !is_file(restart->path);
	restart->refused = !restart->foreign;
	if (restart->refused)
		zr_log(ZR_LOG_ERROR, "%s: %s; starting without open flows, the file is set aside as %s.refused",
		       restart->path, why, restart->path);
	else
		zr_log(ZR_LOG_ERROR,
		       "%s: %s; starting without open flows, and they will end with this run; give dataplane.state a "
		       "file of its own",
		       restart->path, why);
}

/* To where no start looks. False: it may still be there at the next one. */
static bool take(struct zr_restart *restart)
{
	char taken[PATH_MAX];
	int err = zr_state_move(restart->path, beside(restart, ".taken", taken));

	restart->moved = err == 0;
	if (err != 0)
		zr_log(ZR_LOG_ERROR,
		       "%s: cannot be renamed: %s; starting without open flows, for the next start would take them up "
		       "again; remove it by hand",
		       restart->path, strerror(-err));
	return restart->moved;
}

bool zr_restart_read(struct zr_restart *restart, const char *path, const char *gateway, uint64_t epoch_us)
{
	char why[256] = "", taken[PATH_MAX];
	int err;

	*restart = (struct zr_restart){.path = path, .gateway = gateway, .epoch_us = epoch_us};
	if (path == NULL)
		return false;
	try_path(path);
	/* Of a run that was killed while it started. */
	unlink(beside(restart, ".taken", taken));
	err = zr_state_read(path, gateway, &restart->state, why, sizeof(why));
	if (err == -ENOENT) {
		zr_log(ZR_LOG_INFO, "%s: no earlier run left open flows", path);
		return false;
	}
	if (err != 0) {
		refuse(restart, err, why);
		return err != -ESTALE;
	}
	if (!take(restart)) {
		zr_restart_clear(restart);
		return true;
	}
	restart->state.run.same_epoch = restart->state.epoch_us == epoch_us;
	restart->taking = true;
	log_found(restart);
	return false;
}

void zr_restart_consume(struct zr_restart *restart)
{
	char taken[PATH_MAX];
	int err = 0;

	if (restart->refused)
		set_aside(restart);
	if (restart->moved)
		err = zr_state_remove(beside(restart, ".taken", taken));
	if (err != 0)
		zr_log(ZR_LOG_WARNING,
		       "%s: cannot be removed: %s; it says who talked to whom, and nobody needs it any more", taken,
		       strerror(-err));
	restart->moved = restart->refused = false;
}

void zr_restart_give_back(struct zr_restart *restart)
{
	char taken[PATH_MAX];
	int err = restart->moved ? zr_state_move(beside(restart, ".taken", taken), restart->path) : 0;

	if (err != 0)
		zr_log(ZR_LOG_ERROR, "%s: cannot be renamed back: %s; the next start will be without open flows", taken,
		       strerror(-err));
	restart->moved = false;
}

const struct zr_saved_run *zr_restart_run(const struct zr_restart *restart)
{
	return restart->taking ? &restart->state.run : NULL;
}

static uint64_t sum(const struct zr_dataplane_status *status, enum zr_counter counter)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < status->worker_count; i++)
		total += status->workers[i].counters[counter];
	return total;
}

void zr_restart_poll(struct zr_restart *restart, struct zr_dataplane *dataplane)
{
	struct zr_dataplane_status *status;

	if (!restart->taking || !zr_dataplane_restored(dataplane))
		return;
	status = malloc(sizeof(*status));
	if (status != NULL) {
		zr_dataplane_status(dataplane, status);
		zr_log(ZR_LOG_NOTICE,
		       "%" PRIu64 " flows of the earlier run go on, %" PRIu64 " had ended meanwhile, %" PRIu64
		       " have no place any more",
		       sum(status, ZR_COUNTER_FLOWS_RESTORED), sum(status, ZR_COUNTER_FLOWS_OUTDATED),
		       sum(status, ZR_COUNTER_FLOWS_MISFIT));
	}
	free(status);
	zr_restart_clear(restart);
}

int zr_restart_save(struct zr_restart *restart, struct zr_dataplane *dataplane)
{
	struct zr_state_writer *writer = NULL;
	struct zr_saved_run run = {0};
	int err = restart->foreign ? -EEXIST : zr_state_begin(restart->path, &writer);

	if (err == 0) {
		err = zr_dataplane_save(dataplane, &run, zr_state_put, writer);
		if (err == 0)
			err = zr_state_commit(writer, &run, restart->gateway, restart->epoch_us);
		else
			zr_state_abort(writer);
	}
	if (err != 0)
		zr_log(ZR_LOG_ERROR, "%s: open flows cannot be left to the next start: %s; they end here",
		       restart->path, strerror(-err));
	return err;
}

void zr_restart_clear(struct zr_restart *restart)
{
	free(restart->state.bytes);
	restart->state = (struct zr_state){0};
	restart->taking = false;
}

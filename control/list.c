/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "control/list_alarm.h"
#include "control/list_attempt.h"
#include "control/list_auditor.h"
#include "control/list_found.h"
#include "control/list_refusal.h"
#include "control/list_report.h"
#include "control/list_watch.h"
#include "control/log.h"

/* How often it is asked whether a published list has settled, and how long the list in force still has. */
#define SETTLE_MS 10
#define ALARM_MS  1000

struct zr_lists {
	struct zr_job job; /* of the attempt */
	const struct zr_list_config *config;
	uint64_t key[2];
	struct zr_loop *loop; /* NULL until started and once stopped */
	struct zr_dataplane *dataplane;
	struct zr_jobs *jobs;
	struct zr_list_watch watch;

	struct zr_list_loaded current, old; /* old: until the current one has settled */
	struct zr_list_origin origin;       /* of the current one */
	uint64_t in_force_us, published;
	unsigned int alarmed; /* of the current one: zr_list_alarm_is_due's */
	struct zr_list_refusal refused;
	json_t *first_entry; /* for the audit log, until the list of the start is published */

	enum zr_lists_phase phase;
	bool reload_wanted, watch_wanted;
	struct zr_list_reload *asked, *waiting; /* for the next look at the file; for the one that goes on */
	struct zr_list_push *push;              /* it waits, or is what the attempt is about */
	struct zr_timer settle, alarm;

	/* The jobs' thread's while it works on an attempt; the log whenever it works. */
	struct zr_list_attempt attempt;
	struct zr_list_state state;
	struct zr_list_auditor auditor;
};

/* Log how long the list in force still has, where that is due. */
static void check_alarm(struct zr_lists *lists)
{
	const struct zr_image *image = lists->current.image;
	int64_t expires_s = zr_image_expires_s(image), left_s = expires_s - time(NULL);
	char text[ZR_LIST_ALARM_TEXT];

	if (!zr_list_alarm_is_due(&lists->alarmed, left_s))
		return;
	zr_list_alarm_format(zr_image_serial(image), zr_image_issuer(image), expires_s, left_s, text);
	zr_log(ZR_LOG_WARNING, "%s", text);
}

static void alarm_due(void *arg)
{
	check_alarm(arg);
}

/* The attempt's list becomes the current one. */
static void take_force(struct zr_lists *lists)
{
	struct zr_list_judgment *judgment = &lists->attempt.judgment;

	zr_list_attempt_log_force(&lists->attempt);
	lists->current = judgment->list;
	judgment->list = (struct zr_list_loaded){0};
	lists->origin = judgment->origin;
	lists->in_force_us = zr_list_report_now_us();
	lists->published++;
	lists->alarmed = 0;
	zr_list_refusal_clear(&lists->refused);
	check_alarm(lists);
}

static void prepare(struct zr_lists *lists, enum zr_list_source source, struct zr_list_push *push)
{
	lists->attempt = (struct zr_list_attempt){
		.source = source,
		.file = push != NULL ? push->file : lists->config->file,
		.push = push,
		.situation =
			{
				.config = lists->config,
				.key = {lists->key[0], lists->key[1]},
				.highest = lists->state.highest,
				.in_force = lists->current.image,
				.trusts_same = push == NULL,
				.overrides = push != NULL ? push->overrides : 0,
				.now_s = time(NULL),
			},
	};
	memcpy(lists->attempt.situation.in_force_sha256, lists->origin.sha256, sizeof(lists->origin.sha256));
}

/* Take up the accepted list, if there is one. */
static void start_accepted(struct zr_lists *lists)
{
	char error[ZR_LIST_FOUND_ERROR];

	if (lists->state.highest.serial == 0)
		return;
	prepare(lists, ZR_LIST_SOURCE_START, NULL);
	lists->attempt.file = lists->config->state;
	if (zr_list_found(&lists->attempt, &lists->state, error) != 0) {
		zr_log(ZR_LOG_ERROR, "%s: list %" PRIu64 ", which was accepted, cannot be used: %s; trying %s",
		       lists->config->state, lists->state.highest.serial, error, lists->config->file);
		zr_list_loaded_clear(&lists->attempt.judgment.list);
		return;
	}
	if (!zr_list_found_is_audited(&lists->auditor.log, &lists->state.highest))
		zr_list_auditor_write(&lists->auditor, zr_list_attempt_entry(&lists->attempt, "found"), NULL);
	take_force(lists);
}

/* Look at the list's file for a newer one. Returns why there is none, 0 or -errno. */
static int start_file(struct zr_lists *lists)
{
	struct zr_list_attempt *attempt = &lists->attempt;

	prepare(lists, ZR_LIST_SOURCE_START, NULL);
	zr_list_attempt_run(attempt, &lists->state);
	if (attempt->judgment.outcome == ZR_LIST_ACCEPTED) {
		lists->first_entry = zr_list_attempt_entry(attempt, "accepted");
		take_force(lists);
		return 0;
	}
	if (attempt->judgment.outcome == ZR_LIST_SAME)
		return 0;
	if (attempt->is_absent && lists->current.image != NULL) {
		zr_log(ZR_LOG_WARNING, "%s: is not there; list %" PRIu64 ", accepted before, is in force",
		       attempt->file, zr_image_serial(lists->current.image));
		return 0;
	}
	zr_list_attempt_log_refusal(attempt);
	zr_list_auditor_write(&lists->auditor, zr_list_attempt_entry(attempt, "refused"), NULL);
	zr_list_refusal_keep(&lists->refused, attempt);
	return attempt->is_absent ? -ENOENT : -EINVAL;
}

static int open_state(struct zr_lists *lists)
{
	char error[ZR_LIST_STATE_ERROR];
	int err = zr_list_state_open(lists->config->state, &lists->state, error);

	if (err != 0) {
		zr_log(ZR_LOG_ERROR, "%s", error);
		return err;
	}
	return zr_list_auditor_open(&lists->auditor, lists->config->state, lists->state.folder);
}

int zr_lists_make(const struct zr_list_config *config, const uint64_t key[2], struct zr_lists **out)
{
	struct zr_lists *lists = calloc(1, sizeof(*lists));
	int err;

	if (lists == NULL)
		return -ENOMEM;
	lists->config = config;
	memcpy(lists->key, key, sizeof(lists->key));
	lists->state.folder = lists->state.accepted = lists->auditor.log.fd = -1;
	err = sodium_init() < 0 ? -EIO : open_state(lists);
	if (err == 0) {
		start_accepted(lists);
		err = start_file(lists);
		if (lists->current.image != NULL)
			err = 0;
	}
	if (err != 0) {
		zr_lists_free(lists);
		return err;
	}
	*out = lists;
	return 0;
}

static void attempt_run(struct zr_job *job)
{
	struct zr_lists *lists = (struct zr_lists *)(void *)job;

	zr_list_attempt_run(&lists->attempt, &lists->state);
}

static void attempt_done(struct zr_job *job);

/* Begin with what is wanted, if anything is. */
static void begin_next(struct zr_lists *lists)
{
	if (lists->loop == NULL || lists->phase != ZR_LISTS_IDLE)
		return;
	if (lists->push != NULL)
		prepare(lists, ZR_LIST_SOURCE_PUSH, lists->push);
	else if (lists->reload_wanted)
		prepare(lists, ZR_LIST_SOURCE_RELOAD, NULL);
	else if (lists->watch_wanted)
		prepare(lists, ZR_LIST_SOURCE_WATCH, NULL);
	else
		return;
	/* The file is read once for all who want that. */
	if (lists->attempt.source != ZR_LIST_SOURCE_PUSH) {
		lists->reload_wanted = lists->watch_wanted = false;
		lists->waiting = lists->asked;
		lists->asked = NULL;
	}
	lists->phase = ZR_LISTS_BUILDING;
	lists->job = (struct zr_job){.run = attempt_run, .done = attempt_done};
	zr_jobs_add(lists->jobs, &lists->job);
}

/* Who pushed it, or asked for the look at the file (the last one who did); NULL: nobody. */
static const uid_t *uid_of(const struct zr_lists *lists)
{
	if (lists->attempt.push != NULL)
		return &lists->attempt.push->uid;
	return lists->waiting != NULL ? &lists->waiting->uid : NULL;
}

static void free_reloads(struct zr_list_reload *first)
{
	while (first != NULL) {
		struct zr_list_reload *next = first->next;

		free(first);
		first = next;
	}
}

/* Tell those who wait what it came to; is_late: it is accepted, and the daemon ends. */
static void tell(const struct zr_lists *lists, bool is_late)
{
	const struct zr_list_attempt *attempt = &lists->attempt;
	const struct zr_list_judgment *judgment = is_late ? NULL : &attempt->judgment;

	if (attempt->push != NULL)
		attempt->push->decided(attempt->push, judgment);
	for (const struct zr_list_reload *at = lists->waiting; at != NULL; at = at->next)
		at->decided(at, attempt->file, judgment);
}

static void refuse(struct zr_lists *lists)
{
	struct zr_list_attempt *attempt = &lists->attempt;
	bool is_watch = attempt->source == ZR_LIST_SOURCE_WATCH;

	/* Signatures may come first. */
	if (is_watch && (attempt->is_absent || zr_list_refusal_is_repeated(&lists->refused, attempt)))
		return;
	zr_list_attempt_log_refusal(attempt);
	zr_list_auditor_write(&lists->auditor, zr_list_attempt_entry(attempt, "refused"), uid_of(lists));
	zr_list_refusal_keep(&lists->refused, attempt);
}

/* The list is on the disk as the highest; give it to the workers. False when the daemon ends. */
static bool publish(struct zr_lists *lists)
{
	const struct zr_list_loaded *next = &lists->attempt.judgment.list;
	json_t *entry;
	int err = lists->loop != NULL ? zr_dataplane_publish(lists->dataplane, next->image, next->index) : -ESHUTDOWN;

	if (err != 0) { /* nothing else: the one before has settled */
		zr_log(ZR_LOG_WARNING, "%s: list %" PRIu64 " is accepted and comes into force with the next start: %s",
		       lists->attempt.file, lists->attempt.judgment.serial, strerror(-err));
		return false;
	}
	entry = zr_list_attempt_entry(&lists->attempt, "accepted");
	lists->old = lists->current;
	take_force(lists);
	lists->phase = ZR_LISTS_SETTLING;
	zr_list_auditor_write(&lists->auditor, entry, uid_of(lists));
	return true;
}

static void attempt_done(struct zr_job *job)
{
	struct zr_lists *lists = (struct zr_lists *)(void *)job;
	struct zr_list_attempt *attempt = &lists->attempt;
	bool is_late;

	lists->phase = ZR_LISTS_IDLE;
	is_late = attempt->judgment.outcome == ZR_LIST_ACCEPTED && !publish(lists);
	tell(lists, is_late);
	if (attempt->judgment.outcome == ZR_LIST_REFUSED)
		refuse(lists);
	else if (attempt->judgment.outcome == ZR_LIST_SAME)
		zr_list_refusal_settle(&lists->refused, attempt);
	zr_list_loaded_clear(&attempt->judgment.list);
	if (attempt->push != NULL) {
		zr_list_push_free(attempt->push);
		lists->push = NULL;
	}
	free_reloads(lists->waiting);
	lists->waiting = NULL;
	begin_next(lists);
}

static void settle(void *arg)
{
	struct zr_lists *lists = arg;

	if (lists->phase != ZR_LISTS_SETTLING || !zr_dataplane_settled(lists->dataplane))
		return;
	zr_list_loaded_clear(&lists->old);
	lists->phase = ZR_LISTS_IDLE;
	begin_next(lists);
}

static void file_changed(void *arg)
{
	struct zr_lists *lists = arg;

	lists->watch_wanted = true;
	begin_next(lists);
}

int zr_lists_start(struct zr_lists *lists, struct zr_loop *loop, struct zr_dataplane *dataplane)
{
	int err = zr_jobs_start(loop, &lists->jobs);

	if (err != 0)
		return err;
	lists->auditor.jobs = lists->jobs;
	lists->loop = loop;
	lists->dataplane = dataplane;
	lists->settle = (struct zr_timer){.every_ms = SETTLE_MS, .expired = settle, .arg = lists};
	lists->alarm = (struct zr_timer){.every_ms = ALARM_MS, .expired = alarm_due, .arg = lists};
	zr_loop_timer_add(loop, &lists->settle);
	zr_loop_timer_add(loop, &lists->alarm);
	if (lists->first_entry != NULL)
		zr_list_auditor_write(&lists->auditor, lists->first_entry, NULL);
	lists->first_entry = NULL;
	return zr_list_watch_start(&lists->watch, loop, lists->config->file, file_changed, lists);
}

bool zr_lists_reload(struct zr_lists *lists, struct zr_list_reload *reload)
{
	unsigned int count = 0;

	for (const struct zr_list_reload *at = lists->asked; at != NULL; at = at->next)
		count++;
	if (lists->loop == NULL || count == ZR_LIST_RELOADS_MAX)
		return false;
	if (reload != NULL) {
		reload->next = lists->asked;
		lists->asked = reload;
	}
	lists->reload_wanted = true;
	begin_next(lists);
	return true;
}

bool zr_lists_push(struct zr_lists *lists, struct zr_list_push *push)
{
	if (lists->loop == NULL || lists->push != NULL)
		return false;
	lists->push = push;
	begin_next(lists);
	return true;
}

bool zr_lists_add_job(struct zr_lists *lists, struct zr_job *job)
{
	if (lists->loop == NULL)
		return false;
	zr_jobs_add(lists->jobs, job);
	return true;
}

void zr_lists_audit_entry(struct zr_lists *lists, json_t *entry, uid_t uid)
{
	zr_list_auditor_write(&lists->auditor, entry, &uid);
}

bool zr_lists_is_audited(const struct zr_lists *lists)
{
	return lists->auditor.waiting > 0 || lists->auditor.err == 0;
}

const struct zr_list_audit *zr_lists_audit(const struct zr_lists *lists)
{
	return &lists->auditor.log;
}

void zr_lists_stop(struct zr_lists *lists)
{
	struct zr_loop *loop = lists->loop;

	if (loop == NULL)
		return;
	lists->loop = NULL;
	zr_list_watch_stop(&lists->watch);
	zr_loop_timer_remove(loop, &lists->settle);
	zr_loop_timer_remove(loop, &lists->alarm);
	zr_jobs_stop(lists->jobs);
	lists->jobs = lists->auditor.jobs = NULL;
}

void zr_lists_free(struct zr_lists *lists)
{
	if (lists == NULL)
		return;
	zr_lists_stop(lists);
	zr_list_push_free(lists->push);
	free_reloads(lists->asked);
	free_reloads(lists->waiting);
	json_decref(lists->first_entry);
	zr_list_loaded_clear(&lists->old);
	zr_list_loaded_clear(&lists->current);
	zr_list_refusal_clear(&lists->refused);
	zr_list_auditor_close(&lists->auditor);
	zr_list_state_close(&lists->state);
	free(lists);
}

const struct zr_list_loaded *zr_lists_current(const struct zr_lists *lists)
{
	return &lists->current;
}

enum zr_lists_phase zr_lists_phase(const struct zr_lists *lists)
{
	return lists->phase;
}

void zr_lists_status(const struct zr_lists *lists, struct zr_lists_status *out)
{
	*out = (struct zr_lists_status){
		.config = lists->config,
		.phase = lists->phase,
		.image = lists->current.image,
		.origin = &lists->origin,
		.in_force_us = lists->in_force_us,
		.refused = &lists->refused,
		.published = lists->published,
		.audit_err = lists->auditor.err,
		.is_watched = zr_list_watch_sees(&lists->watch),
	};
}

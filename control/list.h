/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list in force and the way to the next one: read, judge, compile and keep it on the disk on a thread of its own, publish
 * it, free the old one when no worker uses it any more. One at a time; what comes meanwhile waits.
 *
 * A list is accepted in this order: its copy and then the mark that it is the highest are on the disk, the workers have it, the
 * audit log says so. A kill between them is repaired by the next start. Functions are the loop's thread's.
 */
#ifndef CONTROL_LIST_H
#define CONTROL_LIST_H

#include <stdbool.h>

#include "control/jobs.h"
#include "control/list_audit.h"
#include "control/list_push.h"
#include "control/loop.h"
#include "dataplane/dpdk/dataplane.h"

struct zr_lists;
struct zr_list_refusal; /* control/list_refusal.h */

enum zr_lists_phase {
	ZR_LISTS_IDLE,
	ZR_LISTS_BUILDING, /* a list is read, judged and kept */
	ZR_LISTS_SETTLING, /* published; running flows are judged by it */
};

/* Why a list was looked at. */
#define ZR_LIST_SOURCES(X) X(START, "start") X(RELOAD, "reload") X(WATCH, "watch") X(PUSH, "push")

enum zr_list_source {
#define X(id, name) ZR_LIST_SOURCE_##id,
	ZR_LIST_SOURCES(X)
#undef X
};

const char *zr_list_source_name(enum zr_list_source source);

/* Most findings of a refused list that are logged and stand in the status, and that stand in the audit log. */
#define ZR_LISTS_FINDINGS       100
#define ZR_LISTS_FINDINGS_AUDIT 5

struct zr_lists_status {
	const struct zr_list_config *config;
	enum zr_lists_phase phase;
	const struct zr_image *image;        /* in force */
	const struct zr_list_origin *origin; /* of it */
	uint64_t in_force_us;                /* since when, Unix microseconds */
	const struct zr_list_refusal *refused;
	uint64_t published; /* how often a list came into force, the first one included */
	int audit_err;      /* the last entry could not be written: -errno */
	bool is_watched;    /* the folder of the list's file is there */
};

/*
 * Take up the accepted list, or else, or if it is newer, what the list's file holds, in this thread. config outlives it.
 * Returns 0, or -errno when there is no list to start with; what is wrong is logged. key as for zr_list_build.
 */
int zr_lists_make(const struct zr_list_config *config, const uint64_t key[2], struct zr_lists **out);
/* The dataplane runs with it. From now on it can be replaced, and the file is watched. 0 or -errno. */
int zr_lists_start(struct zr_lists *lists, struct zr_loop *loop, struct zr_dataplane *dataplane);
/* Most who wait for one look at the file. */
#define ZR_LIST_RELOADS_MAX 64

/*
 * Look at what the file holds now; whoever asked for it is told. Takes reload over, NULL: nobody. False, and it stays the
 * caller's, when too many wait or nothing can be.
 */
bool zr_lists_reload(struct zr_lists *lists, struct zr_list_reload *reload);
/* Take over a list that is handed over; false, and it stays the caller's, while another one is on its way or nothing can be. */
bool zr_lists_push(struct zr_lists *lists, struct zr_list_push *push);
/*
 * Write an entry, which it takes over, into the audit log: what a user did that is not about a list. Nothing is written any
 * more at the end.
 */
void zr_lists_audit_entry(struct zr_lists *lists, json_t *entry, uid_t uid);

/* Could the last entry be written, or is that not known yet? */
bool zr_lists_is_audited(const struct zr_lists *lists);

/* Let a job run on the lists' thread, where the audit log may be read; false when it does not run. */
bool zr_lists_add_job(struct zr_lists *lists, struct zr_job *job);
const struct zr_list_audit *zr_lists_audit(const struct zr_lists *lists);
/* No more replacements: the dataplane stops. What is on its way is waited for. */
void zr_lists_stop(struct zr_lists *lists);
/* Free all of it; the dataplane is gone. */
void zr_lists_free(struct zr_lists *lists);

/* The list in force, and all that is known of it. Valid until the next round of the loop. */
const struct zr_list_loaded *zr_lists_current(const struct zr_lists *lists);
enum zr_lists_phase zr_lists_phase(const struct zr_lists *lists);
void zr_lists_status(const struct zr_lists *lists, struct zr_lists_status *out);

#endif

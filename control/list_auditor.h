/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who writes the audit log of lists: entries go to it from the loop's thread by way of the jobs' one, and whoever looks at the
 * daemon is told when they cannot be written. Functions are the loop's thread's.
 */
#ifndef CONTROL_LIST_AUDITOR_H
#define CONTROL_LIST_AUDITOR_H

#include <sys/types.h>

#include "control/jobs.h"
#include "control/list_audit.h"

struct zr_list_auditor {
	struct zr_list_audit log; /* the jobs' thread's while there is one */
	struct zr_jobs *jobs;     /* NULL: entries are written at once, in the caller's thread */
	const char *path;         /* of the folder */
	int err;                  /* the last entry could not be written: -errno */
	unsigned int waiting;     /* entries that are to be written */
};

/* Open the log in an open folder; path, its name, outlives it. Returns 0, or -errno, which is logged. */
int zr_list_auditor_open(struct zr_list_auditor *auditor, const char *path, int folder);
/* Nothing happens when the log is not open. */
void zr_list_auditor_close(struct zr_list_auditor *auditor);

/* Write an entry, which it takes over; NULL, for want of memory, is told as such. uid: who pushed the list, or NULL. */
void zr_list_auditor_write(struct zr_list_auditor *auditor, json_t *entry, const uid_t *uid);

#endif

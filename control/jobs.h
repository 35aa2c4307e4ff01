/* SPDX-License-Identifier: BSD-3-Clause */
/* Work that takes long or waits for a disk: one job after the other on a thread of its own, its end told to the loop's thread. */
#ifndef CONTROL_JOBS_H
#define CONTROL_JOBS_H

#include "control/loop.h"

struct zr_jobs;

/* Part of what is worked on. The caller's; it must stay until done is called, which may free it. */
struct zr_job {
	void (*run)(struct zr_job *job);  /* on the jobs' thread */
	void (*done)(struct zr_job *job); /* on the loop's thread, afterwards */
	struct zr_job *next;              /* the jobs' own */
};

/* Start the thread. 0 or -errno. */
int zr_jobs_start(struct zr_loop *loop, struct zr_jobs **out);
/* Queue a job behind those that wait. Never blocks. */
void zr_jobs_add(struct zr_jobs *jobs, struct zr_job *job);
/* Run all that is queued, jobs that done adds included, and end the thread. Nothing happens to NULL. */
void zr_jobs_stop(struct zr_jobs *jobs);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/list_auditor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/list_report.h"
#include "control/log.h"

/* An entry on its way to the log. */
struct writing {
	struct zr_job job;
	struct zr_list_auditor *auditor;
	json_t *entry;
	bool has_uid;
	uid_t uid;
	int err;
};

int zr_list_auditor_open(struct zr_list_auditor *auditor, const char *path, int folder)
{
	int err = zr_list_audit_open(folder, &auditor->log);

	auditor->path = path;
	if (err != 0)
		zr_log(ZR_LOG_ERROR,
		       "%s: its audit.jsonl cannot be opened: %s; it must be a file that the daemon's user may write",
		       path, strerror(-err));
	return err;
}

void zr_list_auditor_close(struct zr_list_auditor *auditor)
{
	zr_list_audit_close(&auditor->log);
}

static void tell(struct zr_list_auditor *auditor, int err)
{
	if (err != 0 && err != auditor->err)
		zr_log(ZR_LOG_ERROR, "%s: the audit log of lists cannot be written: %s; see to it, entries are missing",
		       auditor->path, zr_list_audit_error(err));
	auditor->err = err;
}

static void run(struct zr_job *job)
{
	struct writing *writing = (struct writing *)(void *)job;

	if (writing->has_uid)
		zr_list_report_add_user(writing->entry, writing->uid);
	writing->err = zr_list_audit_append(&writing->auditor->log, writing->entry);
}

static void done(struct zr_job *job)
{
	struct writing *writing = (struct writing *)(void *)job;

	writing->auditor->waiting--;
	tell(writing->auditor, writing->err);
	json_decref(writing->entry);
	free(writing);
}

void zr_list_auditor_write(struct zr_list_auditor *auditor, json_t *entry, const uid_t *uid)
{
	struct writing *writing = entry != NULL ? calloc(1, sizeof(*writing)) : NULL;

	if (writing == NULL) {
		json_decref(entry);
		tell(auditor, -ENOMEM);
		return;
	}
	*writing = (struct writing){.job = {.run = run, .done = done},
				    .auditor = auditor,
				    .entry = entry,
				    .has_uid = uid != NULL,
				    .uid = uid != NULL ? *uid : 0};
	auditor->waiting++;
	if (auditor->jobs != NULL) {
		zr_jobs_add(auditor->jobs, &writing->job);
	} else {
		run(&writing->job);
		done(&writing->job);
	}
}

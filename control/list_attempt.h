/* SPDX-License-Identifier: BSD-3-Clause */
/* One look at a list, from its files to the decision, and what is said of it. */
#ifndef CONTROL_LIST_ATTEMPT_H
#define CONTROL_LIST_ATTEMPT_H

#include "control/list.h"

struct zr_list_attempt {
	enum zr_list_source source;
	const char *file;          /* what it is called */
	struct zr_list_push *push; /* the open files; NULL: those at file are read */
	struct zr_list_situation situation;
	/* What it came to. */
	bool is_absent; /* there is no such file */
	struct zr_list_judgment judgment;
};

/* Read and judge; what is accepted is kept, and is the highest, on the disk. Any thread, the only one with the state. */
void zr_list_attempt_run(struct zr_list_attempt *attempt, struct zr_list_state *state);

/* Log why it was refused. */
void zr_list_attempt_log_refusal(const struct zr_list_attempt *attempt);
/* Log that it is in force. */
void zr_list_attempt_log_force(const struct zr_list_attempt *attempt);

/* Its entry in the audit log but for who did it; NULL without memory. event: "accepted", "refused", "found". */
json_t *zr_list_attempt_entry(const struct zr_list_attempt *attempt, const char *event);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parts of the start tell each other. Before the threads run. */
#ifndef CONTROL_LEDGER_START_H
#define CONTROL_LEDGER_START_H

#include "control/ledger/state.h"

struct zr_found {
	bool has_cursors;       /* cursors.db is there and sound */
	bool newest_is_damaged; /* the newest file of the newest epoch was */
};

/*
 * survey.c: look at all files of records, salvage what is damaged, fill the index. has_cursors, and the ledger's epochs as
 * cursors.db knows them, are set before. 0 or -errno.
 */
int zr_ledger_survey(struct zr_ledger *ledger, struct zr_found *found);

#endif

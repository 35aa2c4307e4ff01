/* SPDX-License-Identifier: BSD-3-Clause */
/* How far the gateway's totals have come: kept beside the numbering, so that they go on after a kill. */
#ifndef CONTROL_LEDGER_MARK_H
#define CONTROL_LEDGER_MARK_H

#include "control/record/record.h"

struct zr_mark {
	struct zr_traffic free_since_total; /* free usage records behind the last free total of the gateway */
	uint64_t last_total_seq;            /* that total; 0: none */
};

/* Take a record, the next one of the numbering, into account. */
void zr_mark_add(struct zr_mark *mark, const struct zr_record *record);

#endif

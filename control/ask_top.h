/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the next totals would say if every open flow were cut now: the sums of the interval that grows, and what open flows
 * hold, by service, rule or subscriber. In bounded memory, a slice at a time. One thread.
 */
#ifndef CONTROL_ASK_TOP_H
#define CONTROL_ASK_TOP_H

#include <jansson.h>

#include "control/ask_request.h"
#include "control/best.h"
#include "control/sums.h"
#include "control/totals.h"

struct zr_ask_top {
	enum zr_top_by by;
	struct zr_interval_totals *totals; /* NULL: open flows only */
	uint64_t since_us;                 /* of the interval that was copied */
	uint32_t copied;                   /* so many of its sums */
	struct zr_sum copied_sum;          /* … and what they are together */
	struct zr_sum total;
	uint64_t flows;
	struct zr_sums *rows;
	uint32_t *row_flows; /* open flows, by the row's number */
	uint32_t ranked;     /* rows offered so far */
	struct zr_best best;
	uint32_t *best_rows; /* by place */
};

/*
 * totals: may be NULL. charged: volume of charged parts that no event told, of all workers since the start. 0 or -errno;
 * zr_ask_top_clear also after a failure.
 */
int zr_ask_top_make(struct zr_ask_top *top, enum zr_top_by by, uint32_t limit, struct zr_interval_totals *totals,
		    const struct zr_traffic *charged);
void zr_ask_top_clear(struct zr_ask_top *top);

/* First: copy the interval's sums, at most so many. False: call it again. */
bool zr_ask_top_copy(struct zr_ask_top *top, unsigned int most);
/* Then take open flows; arg: the top. */
void zr_ask_top_take(void *arg, const struct zr_answer *answer);
/* Last: look at so many rows. False: call it again. */
bool zr_ask_top_rank(struct zr_ask_top *top, unsigned int most);
/* The reply, a new reference; NULL without memory. */
json_t *zr_ask_top_json(const struct zr_ask_top *top);

#endif

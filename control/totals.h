/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Totals over an interval: of the gateway, of each entry of the list, and of each subscriber when so configured. They grow
 * with the events that usage records are made of, never with packets, and are handed out when an interval has ended, a few
 * at a time, while the next interval grows already. One thread.
 *
 * An interval is what lies between two of the gateway's free totals in the numbering: that one comes first, and every other
 * total of the interval, whenever it is numbered, has the same `first` and `last` and is the sum of the same records.
 */
#ifndef CONTROL_TOTALS_H
#define CONTROL_TOTALS_H

#include <stdbool.h>
#include <stdint.h>

#include "control/record/record.h"
#include "control/sums.h"

struct zr_interval_totals;

/* Bounds of an interval. Memory is taken as it is used: for an entry about 150 bytes, for a subscriber about 110; twice. */
struct zr_totals_config {
	uint32_t entries_max;     /* entries with traffic: 1 to ZR_TOTALS_MAX */
	uint32_t subscribers_max; /* subscribers with traffic; 0: no totals of subscribers */
};

#define ZR_TOTALS_MAX (1U << 24)

/* How full the interval that grows is. `other`: traffic beyond the bounds, which is in the gateway's totals only. */
struct zr_totals_status {
	uint64_t since_us; /* its begin */
	uint32_t entries, subscribers;
	struct zr_traffic entries_other, subscribers_other;
	bool pending; /* totals of the interval before are still to be taken */
};

/* Begin the first interval at now_us. 0, -EINVAL, -ENOMEM or -EIO (no random key). zr_totals_free takes NULL too. */
int zr_totals_make(const struct zr_totals_config *config, uint64_t now_us, struct zr_interval_totals **out);
void zr_totals_free(struct zr_interval_totals *totals);

/*
 * Count an event, whether a record is made of it or not; tags have no volume and are passed over. Of those that have a record,
 * only events whose record was numbered may be counted: a free total is the sum of these. Work does not depend on how
 * many there are; allocates nothing.
 */
void zr_totals_add(struct zr_interval_totals *totals, const struct zr_usage *usage);

/*
 * Charged volume that leaves no events: what the dataplane has counted since its start. What is more than at the previous
 * call is added to the gateway's charged total. To be called before zr_totals_end, at least.
 */
void zr_totals_charged(struct zr_interval_totals *totals, const struct zr_traffic *since_start);

/* End the interval at now_us and begin the next. -EBUSY, and nothing happens, while totals of the one before are not taken. */
int zr_totals_end(struct zr_interval_totals *totals, uint64_t now_us);

/*
 * Look at the next totals of the interval that ended, up to room of them: the gateway's free one, the gateway's charged one,
 * then entries and subscribers that had traffic. Returns how many, 0 when none is left. Texts are valid until
 * zr_totals_skip. It is the caller who says with zr_totals_skip how many of them were numbered: those do not come again.
 */
unsigned int zr_totals_peek(const struct zr_interval_totals *totals, struct zr_record_total *out, unsigned int room);
void zr_totals_skip(struct zr_interval_totals *totals, unsigned int count);

/*
 * After a restart: count what was stored. Records in the order of their numbers, from behind any of the gateway's free totals
 * on or from the very first: usage counts as zr_totals_add does, the gateway's free total ends the interval, and totals that
 * were numbered do not come again. From behind the last but one of the gateway's free totals, a handing-out that a kill
 * interrupted is resumed; from behind the last one, only the interval that grows. Charged volume that left no records is not
 * known any more. To be called before anything else.
 */
void zr_totals_resume(struct zr_interval_totals *totals, const struct zr_record *record);

/*
 * What the interval that grows holds so far. The sums are its own: they are to be read only, and not across another call of
 * this header; whether it is still the same interval, its begin tells.
 */
struct zr_totals_growing {
	uint64_t since_us;
	struct zr_sum gateway;
	struct zr_sums *entries, *subscribers; /* by the keys of totals_key.h; subscribers NULL: not kept */
};
void zr_totals_growing(const struct zr_interval_totals *totals, struct zr_totals_growing *out);

void zr_totals_status(const struct zr_interval_totals *totals, struct zr_totals_status *out);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The record: what leaves the gateway. Its members, their names and their order are DESIGN section 4's table. */
#ifndef CONTROL_RECORD_RECORD_H
#define CONTROL_RECORD_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/pipeline/usage.h"

/* Who numbers records: the same for all records of one run. */
struct zr_exporter {
	const char *gateway;
	uint64_t epoch_us; /* start of the numbering, Unix microseconds */
	uint16_t start;    /* number of this start within the epoch: the first four digits of `flow` */
};

/* Room that one record of any content needs, terminator excluded; gateway names are bounded by the configuration (64). */
#define ZR_RECORD_JSON_MAX 4096

/*
 * Write a tag or usage event as one JSON object, without a newline and without a terminator, into out[ZR_RECORD_JSON_MAX].
 * seq: its number. The members come from the event and from the image that it points to; enumerations must be in range.
 * Texts are valid UTF-8 on the wire whatever bytes they hold. Allocates nothing; never fails. Returns the length. Any thread.
 */
size_t zr_record_json(const struct zr_exporter *exporter, uint64_t seq, const struct zr_usage *usage, char *out);

/*
 * Write the summary object of DESIGN section 4 ({"type":"summary",…}), without a newline and without a terminator; reasons
 * and unaccounted names with no packets are left out. out: ZR_RECORD_JSON_MAX bytes. Returns the length.
 *
 * For totals of a pipeline that was shut down. While flows are open, what is undecided counts as charged (so free, charged
 * and unaccounted still add up to the whole) but stands under no reason.
 */
size_t zr_summary_json(const struct zr_totals *totals, char *out);

/* Room for zr_time_format, terminator included. */
#define ZR_TIME_TEXT 28

/*
 * RFC 3339 in UTC with microseconds: "2026-11-22T00:00:00.000000Z", terminated. Times behind the year 9999 are shown as its
 * last microsecond. Returns the length. Any thread.
 */
size_t zr_time_format(uint64_t us, char *out);

#endif

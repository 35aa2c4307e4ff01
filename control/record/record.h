/* SPDX-License-Identifier: BSD-3-Clause */
/* What records are made of: events of the core, totals, losses. The members are in member.h. */
#ifndef CONTROL_RECORD_RECORD_H
#define CONTROL_RECORD_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "control/record/member.h"
#include "dataplane/pipeline/usage.h"

/* Who numbers records: the same for all records of one run. */
struct zr_exporter {
	const char *gateway;
	uint64_t epoch_us; /* start of the numbering, Unix microseconds */
};

/* A sum over an interval: of the gateway, of an entry (has_entry), of a subscriber (family 4 or 6). */
struct zr_record_total {
	uint8_t verdict; /* enum zr_verdict */
	bool has_entry;
	const char *rule, *service; /* terminated; service may be empty */
	uint32_t rating_group;
	uint64_t list_serial; /* with an entry */
	uint8_t family;       /* 0: not of a subscriber */
	uint16_t domain;      /* of the subscriber: addresses of two domains are two subscribers */
	union zr_ip subscriber;
	struct zr_traffic traffic;
	uint64_t first_us, last_us; /* bounds of the interval */
};

/* Why volume has no usage record, or may have none. X(id, name) */
#define ZR_LOSS_CAUSES(X)                                                                    \
	X(RING_FULL, "ring_full")     /* a worker's record ring was full at a cut */         \
	X(LEDGER_FULL, "ledger_full") /* the ledger could not be written */                  \
	X(AWAY, "away")               /* the daemon was killed and away: volume not known */ \
	X(DAMAGED, "damaged")         /* a file of the ledger cannot be read */

enum zr_loss_cause {
#define X(id, name) ZR_LOSS_##id,
	ZR_LOSS_CAUSES(X)
#undef X
		ZR_LOSS_CAUSE_COUNT
};

struct zr_record_loss {
	uint8_t cause;    /* enum zr_loss_cause */
	bool has_verdict; /* the volume has one */
	uint8_t verdict;  /* enum zr_verdict */
	bool has_traffic; /* the volume is known */
	struct zr_traffic traffic;
	uint64_t first_us, last_us; /* bounds of the interval; 0: not known */
};

/*
 * Make a record of a tag or usage event, of a total, of a loss. seq: its number. Enumerations must be in range. The record's
 * texts point into itself, the exporter, the event, its image, the total: it is valid while these are. Allocates nothing;
 * never fails. Any thread.
 */
void zr_record_of_usage(const struct zr_exporter *exporter, uint64_t seq, const struct zr_usage *usage,
			struct zr_record *out);
void zr_record_of_total(const struct zr_exporter *exporter, uint64_t seq, const struct zr_record_total *total,
			struct zr_record *out);
void zr_record_of_loss(const struct zr_exporter *exporter, uint64_t seq, const struct zr_record_loss *loss,
		       struct zr_record *out);

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

/*
 * Read what zr_time_format writes, and nothing else. text: not terminated. False, and *us unchanged, when it is no such time.
 * Any thread.
 */
bool zr_time_parse(const char *text, size_t len, uint64_t *us);

#endif

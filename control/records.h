/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records as they go to consumers: numbered, encoded, and the last of them kept in memory, in one bounded ring of bytes. A
 * kept record is the whole line that is sent: {"op":"record","record":{…}} and its line break. One thread.
 */
#ifndef CONTROL_RECORDS_H
#define CONTROL_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "control/record/record.h"

struct zr_records;

/* Most records that are kept, whatever the memory. */
#define ZR_RECORDS_KEPT 1000000U

/* Longest line of one record. */
#define ZR_RECORD_LINE_MAX (ZR_RECORD_JSON_MAX + 32)

/*
 * exporter: copied; its gateway must outlive it. memory_bytes: most that lines may take (at least 1 MiB); it is taken as it is
 * used. 0 or -ENOMEM.
 */
int zr_records_make(const struct zr_exporter *exporter, size_t memory_bytes, struct zr_records **out);
void zr_records_free(struct zr_records *records);

/* Number, encode and keep one event; the oldest records make room. For zr_dataplane_drain: arg is the records. */
void zr_records_take(void *arg, const struct zr_usage *usage);

const struct zr_exporter *zr_records_exporter(const struct zr_records *records);
/* Number of the next record, and of the oldest one that is kept (the next one's when none is). */
uint64_t zr_records_next(const struct zr_records *records);
uint64_t zr_records_oldest(const struct zr_records *records);

/* Line of a kept record. Valid until the next is taken. */
const char *zr_records_line(const struct zr_records *records, uint64_t seq, size_t *len);

/*
 * Lines that lie one behind the other: from seq on, which is kept, to last at most, and about most bytes (one line at least).
 * Returns where they begin, their length in *len.
 */
const char *zr_records_lines(const struct zr_records *records, uint64_t seq, uint64_t last, size_t most, size_t *len);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Records on their way to the consumers: numbered, encoded, put into the ledger, and the last of them kept in memory too, in
 * one bounded ring of bytes. A kept record is the whole line that is sent: {"op":"record","record":{…}} and its line break.
 * What is not yet committed never leaves the ring: whoever does not find a record here finds it in the ledger. One thread.
 */
#ifndef CONTROL_RECORDS_H
#define CONTROL_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/ledger/ledger.h"
#include "control/record/record.h"

struct zr_records;

/* Most records that are kept in memory, however large it is. */
#define ZR_RECORDS_KEPT 1000000U

/* Longest line of one record. */
#define ZR_RECORD_LINE_MAX (ZR_RECORD_JSON_MAX + 32)

/*
 * exporter: copied; its gateway must outlive it. next: number of the next record. memory_bytes: most that lines may take (at
 * least 1 MiB); it is taken as it is used. The ledger must outlive it. 0 or -ENOMEM.
 */
int zr_records_make(const struct zr_exporter *exporter, uint64_t next, size_t memory_bytes, struct zr_ledger *ledger,
		    struct zr_records **out);
void zr_records_free(struct zr_records *records);

/* How many records can be added now for certain; 0: nothing may be drained. */
unsigned int zr_records_room(const struct zr_records *records);

/* Number, encode and keep a record. False: there was no room, the number is not used up. */
bool zr_records_add_usage(struct zr_records *records, const struct zr_usage *usage);
bool zr_records_add_total(struct zr_records *records, const struct zr_record_total *total);
bool zr_records_add_loss(struct zr_records *records, const struct zr_record_loss *loss);

const struct zr_exporter *zr_records_exporter(const struct zr_records *records);

/*
 * Number of the next record; of the last one that is committed, behind which nothing may be sent; of the oldest one in memory
 * (the next one's when none is).
 */
uint64_t zr_records_next(const struct zr_records *records);
uint64_t zr_records_committed(const struct zr_records *records);
uint64_t zr_records_oldest(const struct zr_records *records);

/* Line of a record in memory. Valid until the next is added. */
const char *zr_records_line(const struct zr_records *records, uint64_t seq, size_t *len);

/*
 * Lines that lie one behind the other: from seq on, which is in memory, to last at most, and about most bytes (one line at
 * least). Returns where they begin, their length in *len.
 */
const char *zr_records_lines(const struct zr_records *records, uint64_t seq, uint64_t last, size_t most, size_t *len);

#endif

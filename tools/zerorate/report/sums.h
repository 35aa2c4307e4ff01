/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Free volume summed over the files of a ledger, by SQLite. Sums grow on disk when they do not fit into memory. One thread; what
 * fails is told on standard error.
 */
#ifndef TOOLS_ZERORATE_REPORT_SUMS_H
#define TOOLS_ZERORATE_REPORT_SUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/zerorate/ledger_files.h"

/* What rows are made by: names on the command line and the ledger's column. */
#define ZR_REPORT_BY(X)                                 \
	X(SERVICE, "service", "service")                \
	X(RATING_GROUP, "rating_group", "rating_group") \
	X(SUBSCRIBER, "subscriber", ZR_LEDGER_WHO)      \
	X(RULE, "rule", "rule")                         \
	X(HOUR, "hour", "substr(last, 1, 13) || ':00Z'")

enum zr_report_by {
#define X(id, name, column) ZR_REPORT_##id,
	ZR_REPORT_BY(X)
#undef X
		ZR_REPORT_BY_COUNT
};

const char *zr_report_by_name(enum zr_report_by by);

struct zr_report_sums;

struct zr_report_row {
	const char *key; /* empty: the records have none */
	uint64_t records, subscribers, up_bytes, down_bytes;
};

/* Sums of usage records whose last packet came at from_us or later and before to_us (Unix microseconds). NULL: told why. */
struct zr_report_sums *zr_report_sums_make(enum zr_report_by by, uint64_t from_us, uint64_t to_us);
void zr_report_sums_free(struct zr_report_sums *sums);

/* Add a file of a ledger, of which nothing is changed. */
bool zr_report_sums_add(struct zr_report_sums *sums, const char *path);

/* Each row, the largest volume first; hours in their order. A row is valid during the call. */
bool zr_report_sums_rows(struct zr_report_sums *sums, void (*take)(void *arg, const struct zr_report_row *row),
			 void *arg);
/* Over all rows, each subscriber once; key is "total". */
bool zr_report_sums_total(struct zr_report_sums *sums, struct zr_report_row *out);
/* Free volume that loss records of that time name: it is in no row. key is "lost", subscribers 0. */
bool zr_report_sums_lost(struct zr_report_sums *sums, struct zr_report_row *out);

#endif

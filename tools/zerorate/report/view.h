/* SPDX-License-Identifier: BSD-3-Clause */
/* A report as people and programs read it. */
#ifndef TOOLS_ZERORATE_REPORT_VIEW_H
#define TOOLS_ZERORATE_REPORT_VIEW_H

#include <stdbool.h>

#include "tools/zerorate/report/sums.h"

enum zr_report_format { ZR_REPORT_TABLE, ZR_REPORT_CSV, ZR_REPORT_JSON };

/* A price for a million bytes, in millionths of a currency's unit. */
struct zr_report_tariff {
	bool given;
	uint64_t micros_per_mb;
};

/* The value of so many bytes in whole units, rounded to the nearest; it saturates. */
uint64_t zr_report_value(const struct zr_report_tariff *tariff, uint64_t bytes);

/* What the report covers; times as they are shown. */
struct zr_report_head {
	enum zr_report_by by;
	const char *from, *to;
	struct zr_report_tariff tariff;
};

/* Write it on standard output (what was lost, with a table or CSV, on standard error). False: told why. */
bool zr_report_write(struct zr_report_sums *sums, const struct zr_report_head *head, enum zr_report_format format);

#endif

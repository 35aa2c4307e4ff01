/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/zerorate/summary_table.h"

#include <inttypes.h>

static void add(struct zr_volume *sum, const struct zr_volume *volume)
{
	sum->pkts += volume->pkts;
	sum->bytes += volume->bytes;
}

static void line(FILE *out, const char *indent, const char *name, const struct zr_volume *volume)
{
	fprintf(out, "%s%-*s %15" PRIu64 " %20" PRIu64 "\n", indent, indent[0] == '\0' ? 18 : 16, name, volume->pkts,
		volume->bytes);
}

static void verdict_lines(FILE *out, const struct zr_totals *totals, enum zr_verdict verdict)
{
	struct zr_volume sum = {0};

	for (unsigned int i = 0; i < ZR_REASON_COUNT; i++) {
		if (zr_reason_verdict(i) == verdict)
			add(&sum, &totals->reason[i]);
	}
	line(out, "", zr_verdict_name(verdict), &sum);
	for (unsigned int i = 0; i < ZR_REASON_COUNT; i++) {
		if (zr_reason_verdict(i) == verdict && totals->reason[i].pkts > 0)
			line(out, "  ", zr_reason_name(i), &totals->reason[i]);
	}
}

static void unaccounted_lines(FILE *out, const struct zr_totals *totals)
{
	struct zr_volume sum = {0};

	for (unsigned int i = ZR_ACCOUNTED + 1; i < ZR_UNACCOUNTED_COUNT; i++)
		add(&sum, &totals->unaccounted[i]);
	line(out, "", "unaccounted", &sum);
	for (unsigned int i = ZR_ACCOUNTED + 1; i < ZR_UNACCOUNTED_COUNT; i++) {
		if (totals->unaccounted[i].pkts > 0)
			line(out, "  ", zr_unaccounted_name(i), &totals->unaccounted[i]);
	}
}

void zr_summary_table(const struct zr_totals *totals, FILE *out)
{
	fprintf(out, "%-18s %15s %20s\n", "", "packets", "bytes");
	verdict_lines(out, totals, ZR_FREE);
	verdict_lines(out, totals, ZR_CHARGED);
	unaccounted_lines(out, totals);
	line(out, "", "total", &totals->received);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/status_memory.h"

#include <inttypes.h>
#include <stdio.h>

#define MIB UINT64_C(1048576)

static uint64_t sum_of(const struct zr_memory *m)
{
	return m->flows_bytes + m->bounded_bytes + m->records_bytes + m->frames_bytes;
}

static double flow_bytes(const struct zr_memory *m)
{
	return m->flows_max > 0 ? (double)m->flows_bytes / (double)m->flows_max : 0;
}

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

json_t *zr_status_memory(const struct zr_dataplane_status *now)
{
	const struct zr_memory *m = &now->memory;

	return json_pack("{s:o, s:o, s:f, s:o, s:o, s:o, s:s}", "bytes", number(sum_of(m)), "flows_bytes",
			 number(m->flows_bytes), "bytes_per_flow", flow_bytes(m), "bounded_bytes",
			 number(m->bounded_bytes), "records_bytes", number(m->records_bytes), "frames_bytes",
			 number(m->frames_bytes), "pages", zr_pages_name(now->pages));
}

static uint64_t mib(uint64_t bytes)
{
	return (bytes + MIB - 1) / MIB;
}

void zr_status_memory_text(const struct zr_memory *m, char text[ZR_MEMORY_TEXT])
{
	int len = snprintf(text, ZR_MEMORY_TEXT,
			   "%" PRIu64 " MiB of memory: %" PRIu64 " for %" PRIu64 " flows (%.1f bytes each), %" PRIu64
			   " for names, hellos and what else is bounded, %" PRIu64 " for records on their way",
			   mib(sum_of(m)), mib(m->flows_bytes), m->flows_max, flow_bytes(m), mib(m->bounded_bytes),
			   mib(m->records_bytes));

	if (m->frames_bytes > 0)
		snprintf(text + len, ZR_MEMORY_TEXT - (size_t)len, ", %" PRIu64 " for frames", mib(m->frames_bytes));
}

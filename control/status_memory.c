/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/status_memory.h"

#include <inttypes.h>
#include <stdio.h>

#include "control/log.h"

#define MIB UINT64_C(1048576)

/* Of what is known network-wide: in force, the one before, and one that is made. */
#define NETWORK_TABLES 3

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

uint64_t zr_status_memory_mib(const struct zr_memory *memory)
{
	return mib(sum_of(memory));
}

void zr_status_memory_text(const struct zr_memory *m, char text[ZR_MEMORY_TEXT])
{
	int len = snprintf(text, ZR_MEMORY_TEXT,
			   "%" PRIu64 " MiB of memory: %" PRIu64 " for %" PRIu64 " flows (%.1f bytes each), %" PRIu64
			   " for names, hellos and what else is bounded, %" PRIu64 " for records on their way",
			   zr_status_memory_mib(m), mib(m->flows_bytes), m->flows_max, flow_bytes(m),
			   mib(m->bounded_bytes), mib(m->records_bytes));

	if (m->frames_bytes > 0)
		snprintf(text + len, ZR_MEMORY_TEXT - (size_t)len, ", %" PRIu64 " for frames", mib(m->frames_bytes));
}

uint64_t zr_status_memory_later(const struct zr_config *config)
{
	/* Without resolvers nothing is known network-wide. */
	uint64_t network = config->trusted_resolvers.count > 0 ? config->evidence.network_bytes : 0;

	return config->records_memory_bytes + (1 + NETWORK_TABLES) * network;
}

void zr_status_memory_log(const struct zr_dataplane_status *now, const struct zr_config *config)
{
	uint64_t later = zr_status_memory_later(config), room = zr_dataplane_room();
	char text[ZR_MEMORY_TEXT];

	zr_status_memory_text(&now->memory, text);
	zr_log(ZR_LOG_NOTICE, "%s; %s", text, zr_pages_text(now->pages));
	if (now->memory.eal_mib > 0)
		zr_log(ZR_LOG_NOTICE,
		       "there are no huge pages: EAL was given --no-huge, and -m %u where dataplane.eal has no -m",
		       now->memory.eal_mib);
	if (room < later)
		zr_log(ZR_LOG_WARNING,
		       "%" PRIu64
		       " MiB of memory are left, and records.memory and evidence.network_memory may take %" PRIu64
		       " MiB: give it more memory or them less, or it may be killed when they do",
		       room / MIB, mib(later));
}

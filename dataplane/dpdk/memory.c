/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_malloc.h>

#include "dataplane/dpdk/eal_args.h"
#include "dataplane/dpdk/events.h"
#include "dataplane/dpdk/lcores.h"
#include "dataplane/dpdk/room.h"
#include "dataplane/dpdk/state.h"
#include "dataplane/flow/table.h"

#define CACHE_LINE 64
#define HUGE_BYTES ((size_t)2 << 20)
#define MIB        UINT64_C(1048576)

/* More mbufs than a port has, than each worker adds to it, and the bytes of one with all around it; what else EAL keeps. */
#define PORT_FRAMES   32768
#define WORKER_FRAMES 8192
#define FRAME_BYTES   2048
#define EAL_MIB       64

struct zr_pipeline_config zr_memory_share(const struct zr_pipeline_config *all, unsigned int workers)
{
	struct zr_pipeline_config share = *all;

	share.flows = all->flows / workers + (all->flows % workers != 0);
	share.reassembly_bytes /= workers;
	share.names_bytes /= workers;
	share.server_ids_bytes /= workers;
	share.learned_bytes /= workers;
	if (share.learned_bytes < ZR_LEARNED_MIN)
		share.learned_bytes = ZR_LEARNED_MIN;
	share.decisions_bytes /= workers;
	return share;
}

bool zr_memory_ordinary(const char *eal)
{
	struct zr_eal_args args;
	char error[64];
	bool ordinary = false;

	if (zr_eal_args_split(eal, &args, error, sizeof(error)) != 0)
		return false;
	for (size_t i = 0; i < args.count; i++)
		ordinary |= strncmp(args.words[i], "--no-hu", 7) == 0;
	zr_eal_args_clear(&args);
	return ordinary;
}

static int too_much(const struct zr_memory *memory, const struct zr_room *room, char *error, size_t error_len)
{
	snprintf(error, error_len,
		 "it takes %lu MiB of memory (%lu for flows, %lu for names, hellos and what else is bounded, %lu for "
		 "records), and %lu MiB are what %s: %s, or configure less (dataplane.flows, "
		 "dataplane.reassembly_memory, evidence.memory, control.decisions)",
		 (unsigned long)((memory->flows_bytes + memory->bounded_bytes + memory->records_bytes) / MIB),
		 (unsigned long)(memory->flows_bytes / MIB), (unsigned long)(memory->bounded_bytes / MIB),
		 (unsigned long)(memory->records_bytes / MIB), (unsigned long)(room->bytes / MIB), room->bound,
		 room->advice);
	return -ENOMEM;
}

int zr_dataplane_memory(const struct zr_dataplane_config *config, struct zr_memory *out, char *error, size_t error_len)
{
	struct zr_pipeline_config share;
	struct zr_room_limits limits;
	struct zr_lcores lcores;
	struct zr_room room;
	size_t all;
	int status = zr_lcores_parse(config->workers, &lcores, error, error_len);

	*out = (struct zr_memory){0};
	if (status != 0)
		return status;
	share = zr_memory_share(&config->pipeline, lcores.count);
	share.usage = zr_worker_tell;
	all = zr_pipeline_memory(&share);
	if (all == 0) {
		snprintf(error, error_len,
			 "flows, reassembly memory, timeouts or the interim interval are out of bounds when divided "
			 "among %u workers",
			 lcores.count);
		return -EINVAL;
	}
	out->flows_bytes = lcores.count * zr_flow_table_memory(share.flows);
	out->bounded_bytes = lcores.count * all - out->flows_bytes;
	out->flows_max = (uint64_t)lcores.count * share.flows;
	zr_room_limits_get(&limits);
	if (zr_memory_ordinary(config->eal) || !zr_room_has_huge(""))
		zr_room_find("", &limits, &room);
	else
		zr_room_find_huge("", &room);
	/* Rings are made smaller when memory is short, as at the start. */
	for (uint32_t count = zr_events_wanted(share.flows); count >= ZR_EVENTS_MIN; count /= 2) {
		out->records_bytes = lcores.count * zr_events_bytes(count);
		if (room.bytes >= out->flows_bytes + out->bounded_bytes + out->records_bytes)
			return 0;
	}
	return too_much(out, &room, error, error_len);
}

unsigned int zr_memory_eal_mib(const struct zr_dataplane_config *config, unsigned int workers)
{
	uint64_t frame_bytes = config->frame_max > FRAME_BYTES ? config->frame_max : FRAME_BYTES;
	uint64_t frames = config->port_count * (PORT_FRAMES + (uint64_t)workers * WORKER_FRAMES);
	uint32_t flows = config->pipeline.flows / workers + 1;

	if (zr_memory_ordinary(config->eal) || zr_room_has_huge(""))
		return 0;
	return (unsigned int)((frames * 2 * frame_bytes + workers * zr_events_bytes(zr_events_wanted(flows))) / MIB) +
	       EAL_MIB;
}

bool zr_memory_fits(uint64_t bytes)
{
	struct zr_room_limits limits;
	struct zr_room room;

	if (rte_eal_has_hugepages() != 0)
		return true;
	zr_room_limits_get(&limits);
	zr_room_find("", &limits, &room);
	return room.bytes >= bytes;
}

enum zr_pages zr_memory_pages(void)
{
	if (rte_eal_has_hugepages() != 0)
		return ZR_PAGES_HUGE;
	return zr_room_transparent("") ? ZR_PAGES_TRANSPARENT : ZR_PAGES_ORDINARY;
}

const char *zr_pages_text(enum zr_pages pages)
{
	static const char *const texts[] = {
#define X(id, name, text) [ZR_PAGES_##id] = text,
		ZR_PAGES(X)
#undef X
	};

	return texts[pages];
}

const char *zr_pages_name(enum zr_pages pages)
{
	static const char *const names[] = {
#define X(id, name, text) [ZR_PAGES_##id] = name,
		ZR_PAGES(X)
#undef X
	};

	return names[pages];
}

void zr_memory_touch(void *memory, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *from = (uint8_t *)memory - (uintptr_t)memory % page, *end = (uint8_t *)memory + len;

	if (madvise(from, (size_t)(end - from), MADV_POPULATE_WRITE) == 0)
		return;
	/* Kernels before 5.14 do not know it. */
	for (volatile uint8_t *at = memory; at < end; at = from += page)
		*at = *at;
}

static size_t whole_pages(size_t len)
{
	return (len + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES;
}

/* The process's own, on a border of huge pages. */
static void *own(size_t len)
{
	size_t room = whole_pages(len) + HUGE_BYTES;
	uint8_t *at = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *first;
	size_t before;

	if (at == MAP_FAILED)
		return NULL;
	before = (HUGE_BYTES - (uintptr_t)at % HUGE_BYTES) % HUGE_BYTES;
	first = at + before;
	if (before > 0)
		munmap(at, before);
	munmap(first + whole_pages(len), HUGE_BYTES - before);
	madvise(first, whole_pages(len), MADV_HUGEPAGE);
	zr_memory_touch(first, len);
	return first;
}

void *zr_memory_take(size_t len, int socket)
{
	if (rte_eal_has_hugepages() != 0)
		return rte_zmalloc_socket(NULL, len, CACHE_LINE, socket);
	return own(len);
}

void zr_memory_give_back(void *memory, size_t len)
{
	if (rte_eal_has_hugepages() != 0)
		rte_free(memory);
	else if (memory != NULL)
		munmap(memory, whole_pages(len));
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/memory.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>
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

/* Does a word of eal begin so? A text that cannot be split is refused later. */
static bool eal_says(const char *eal, const char *begins)
{
	struct zr_eal_args args;
	char error[64];
	bool said = false;

	if (zr_eal_args_split(eal, &args, error, sizeof(error)) != 0)
		return false;
	for (size_t i = 0; i < args.count; i++)
		said |= strncmp(args.words[i], begins, strlen(begins)) == 0;
	zr_eal_args_clear(&args);
	return said;
}

static bool no_huge_said(const char *eal)
{
	return eal_says(eal, "--no-hu");
}

/* Arguments that EAL takes with huge pages alone; of each the shortest beginning that it knows. */
static bool huge_said(const char *eal)
{
	return eal_says(eal, "--so") || eal_says(eal, "--hu") || eal_says(eal, "--mat");
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

/* MiB for EAL of ordinary pages where it has no huge ones and the configuration says nothing of it. */
static unsigned int eal_mib(const struct zr_dataplane_config *config, unsigned int workers, bool has_huge)
{
	uint64_t frame_bytes = config->frame_max > FRAME_BYTES ? config->frame_max : FRAME_BYTES;
	uint64_t frames = config->port_count * (PORT_FRAMES + (uint64_t)workers * WORKER_FRAMES);
	uint32_t flows = config->pipeline.flows / workers + 1;

	if (has_huge || no_huge_said(config->eal) || huge_said(config->eal))
		return 0;
	return (unsigned int)((frames * 2 * frame_bytes + workers * zr_events_bytes(zr_events_wanted(flows))) / MIB) +
	       EAL_MIB;
}

static void ordinary_room(enum zr_room_of of, struct zr_room *room)
{
	struct zr_room_limits limits;

	zr_room_limits_get(&limits);
	zr_room_find("", &limits, of, room);
}

int zr_dataplane_memory(const struct zr_dataplane_config *config, bool alone, struct zr_memory *out, char *error,
			size_t error_len)
{
	enum zr_room_of of = alone ? ZR_ROOM_WHOLE : ZR_ROOM_NOW;
	bool has_huge = zr_room_has_huge("");
	struct zr_pipeline_config share;
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
	out->eal_mib = eal_mib(config, lcores.count, has_huge);
	if (!has_huge || no_huge_said(config->eal))
		ordinary_room(of, &room);
	else
		zr_room_find_huge("", of, &room);
	/* Rings are made smaller when memory is short, as at the start. */
	for (uint32_t count = zr_events_wanted(share.flows); count >= ZR_EVENTS_MIN; count /= 2) {
		out->records_bytes = lcores.count * zr_events_bytes(count);
		if (room.bytes >= out->flows_bytes + out->bounded_bytes + out->records_bytes)
			return 0;
	}
	return too_much(out, &room, error, error_len);
}

uint64_t zr_dataplane_room(void)
{
	struct zr_room room;

	ordinary_room(ZR_ROOM_NOW, &room);
	return room.bytes;
}

bool zr_memory_fits(uint64_t bytes)
{
	return rte_eal_has_hugepages() != 0 || zr_dataplane_room() >= bytes;
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

struct range {
	uint8_t *at;
	size_t len;
};

static int touch(void *arg)
{
	const struct range *range = arg;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *from = range->at - (uintptr_t)range->at % page, *end = range->at + range->len;

	/* Of subscribers, and a dump of it all would keep the next start waiting. */
	madvise(from, (size_t)(end - from), MADV_DONTDUMP);
	if (madvise(from, (size_t)(end - from), MADV_POPULATE_WRITE) != 0)
		/* Kernels before 5.14 do not know it. */
		for (volatile uint8_t *at = range->at; at < end; at = from += page)
			*at = *at;
	/* Nor is it swapped out, where RLIMIT_MEMLOCK has room for it. */
	mlock(range->at, range->len);
	return 0;
}

void zr_memory_touch(void *memory, size_t len, unsigned int lcore)
{
	struct range range = {memory, len};

	/* The kernel takes a page from the node whose CPU writes it first. */
	if (rte_eal_remote_launch(touch, &range, lcore) == 0)
		rte_eal_wait_lcore(lcore);
	else
		touch(&range);
}

static size_t whole_pages(size_t len)
{
	return (len + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES;
}

/* The process's own, on a border of huge pages. */
static void *own(size_t len, unsigned int lcore)
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
	zr_memory_touch(first, len, lcore);
	return first;
}

void *zr_memory_take(size_t len, unsigned int lcore)
{
	if (rte_eal_has_hugepages() != 0)
		return rte_zmalloc_socket(NULL, len, CACHE_LINE, (int)rte_lcore_to_socket_id(lcore));
	return own(len, lcore);
}

void zr_memory_give_back(void *memory, size_t len)
{
	if (rte_eal_has_hugepages() != 0)
		rte_free(memory);
	else if (memory != NULL)
		munmap(memory, whole_pages(len));
}

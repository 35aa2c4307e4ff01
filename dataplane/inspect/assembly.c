/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/assembly.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include "dataplane/inspect/inspect.h"

/* Data bytes of the two sizes: the hellos of today's browsers, key shares for post-quantum groups included, fit a small one. */
#define SMALL_BYTES 2560
#define LARGE_BYTES ZR_HELLO_MAX
#define NO_OFFSET   UINT32_MAX

/* A buffer: this head, one bit for every data byte that is there, then the data. */
struct zr_assembly {
	alignas(64) struct zr_assembly *older, *newer; /* in use: neighbours by age. Free: the next one in newer */
	uint32_t owner;
	uint32_t size;          /* data bytes there is room for */
	uint32_t contiguous;    /* bytes from the start without a hole */
	uint32_t end;           /* one behind the last byte that is there */
	uint32_t conflict;      /* first byte that came with different contents, or NO_OFFSET */
	uint32_t conflict_last; /* and the last one */
	uint64_t map[];
};

/* All buffers of one size, in one region of the pool's memory. */
struct region {
	uint8_t *start;
	uint32_t size;    /* data bytes of each buffer */
	uint32_t count;   /* buffers in the region */
	uint32_t touched; /* those at or above were never used */
	uint32_t in_use;
	struct zr_assembly *free;
	struct zr_assembly *oldest, *newest;
};

struct zr_assembly_pool {
	alignas(64) struct region small, large;
	uint64_t given_up_count;
	void (*given_up)(void *arg, uint32_t owner);
	void *arg;
};

static size_t buffer_bytes(uint32_t size)
{
	return sizeof(struct zr_assembly) + size / 8 + size;
}

static uint8_t *data_of(struct zr_assembly *a)
{
	return (uint8_t *)(a->map + a->size / 64);
}

size_t zr_assembly_pool_memory(size_t bytes)
{
	return sizeof(struct zr_assembly_pool) + bytes;
}

struct zr_assembly_pool *zr_assembly_pool_init(void *memory, size_t bytes, void (*given_up)(void *arg, uint32_t owner),
					       void *arg)
{
	struct zr_assembly_pool *pool = memory;
	size_t large_count = bytes / 2 / buffer_bytes(LARGE_BYTES);
	size_t large_bytes = large_count * buffer_bytes(LARGE_BYTES);
	uint8_t *start = (uint8_t *)(pool + 1);

	pool->large = (struct region){.start = start, .size = LARGE_BYTES, .count = (uint32_t)large_count};
	pool->small = (struct region){
		.start = start + large_bytes,
		.size = SMALL_BYTES,
		.count = (uint32_t)((bytes - large_bytes) / buffer_bytes(SMALL_BYTES)),
	};
	pool->given_up = given_up;
	pool->arg = arg;
	return pool;
}

void zr_assembly_pool_stats(const struct zr_assembly_pool *pool, struct zr_assembly_stats *out)
{
	out->in_use = (uint64_t)pool->small.in_use + pool->large.in_use;
	out->in_use_bytes = pool->small.in_use * buffer_bytes(SMALL_BYTES) +
			    pool->large.in_use * buffer_bytes(LARGE_BYTES);
	out->given_up = pool->given_up_count;
}

static struct region *region_of(struct zr_assembly_pool *pool, const struct zr_assembly *a)
{
	return a->size == SMALL_BYTES ? &pool->small : &pool->large;
}

void zr_assembly_put(struct zr_assembly_pool *pool, struct zr_assembly *a)
{
	struct region *region = region_of(pool, a);

	if (a->older != NULL)
		a->older->newer = a->newer;
	else
		region->oldest = a->newer;
	if (a->newer != NULL)
		a->newer->older = a->older;
	else
		region->newest = a->older;
	a->newer = region->free;
	region->free = a;
	region->in_use--;
}

/* A buffer that nobody uses; the oldest one is taken from its owner when there is no other. NULL: the region has none. */
static struct zr_assembly *take_free(struct zr_assembly_pool *pool, struct region *region)
{
	struct zr_assembly *a;

	if (region->free == NULL && region->touched < region->count)
		return (struct zr_assembly *)(void *)(region->start + region->touched++ * buffer_bytes(region->size));
	if (region->free == NULL && region->oldest != NULL) {
		uint32_t owner = region->oldest->owner;

		zr_assembly_put(pool, region->oldest);
		pool->given_up_count++;
		pool->given_up(pool->arg, owner);
	}
	a = region->free;
	if (a != NULL)
		region->free = a->newer;
	return a;
}

/* An empty buffer of that region, the newest in age. */
static struct zr_assembly *take(struct zr_assembly_pool *pool, struct region *region, uint32_t owner)
{
	struct zr_assembly *a = take_free(pool, region);

	if (a == NULL)
		return NULL;
	*a = (struct zr_assembly){
		.older = region->newest,
		.owner = owner,
		.size = region->size,
		.conflict = NO_OFFSET,
	};
	memset(a->map, 0, a->size / 8);
	if (region->newest != NULL)
		region->newest->newer = a;
	else
		region->oldest = a;
	region->newest = a;
	region->in_use++;
	return a;
}

struct zr_assembly *zr_assembly_get(struct zr_assembly_pool *pool, uint32_t owner)
{
	return take(pool, &pool->small, owner);
}

/* Move to a large buffer. NULL when there is none; the small one is free either way. */
static struct zr_assembly *grow(struct zr_assembly_pool *pool, struct zr_assembly *a)
{
	struct zr_assembly *larger = take(pool, &pool->large, a->owner);

	if (larger == NULL) {
		pool->given_up_count++;
	} else {
		larger->contiguous = a->contiguous;
		larger->end = a->end;
		larger->conflict = a->conflict;
		larger->conflict_last = a->conflict_last;
		memcpy(larger->map, a->map, a->size / 8);
		memcpy(data_of(larger), data_of(a), a->end);
	}
	zr_assembly_put(pool, a);
	return larger;
}

/* How many bytes from at on, at most to the end of their map word, are all there (*there) or all not. */
static uint32_t run_of(const struct zr_assembly *a, uint32_t at, bool *there)
{
	uint64_t word = a->map[at / 64] >> at % 64;
	uint32_t left = 64 - at % 64;
	uint32_t run;

	*there = word & 1;
	if (*there)
		word = ~word;
	run = word == 0 ? 64 : (uint32_t)__builtin_ctzll(word);
	return run < left ? run : left;
}

static void mark_there(struct zr_assembly *a, uint32_t from, uint32_t to)
{
	while (from < to) {
		uint32_t left = 64 - from % 64;
		uint32_t run = to - from < left ? to - from : left;

		a->map[from / 64] |= (UINT64_MAX >> (64 - run)) << from % 64;
		from += run;
	}
}

static void note_conflicts(struct zr_assembly *a, uint32_t at, const uint8_t *data, uint32_t len)
{
	const uint8_t *held = data_of(a) + at;

	if (memcmp(held, data, len) == 0)
		return;
	for (uint32_t i = 0; i < len; i++) {
		if (held[i] == data[i])
			continue;
		if (at + i < a->conflict)
			a->conflict = at + i;
		if (at + i > a->conflict_last)
			a->conflict_last = at + i;
	}
}

/* Add bytes of which some may be there already. */
static void add_overlapping(struct zr_assembly *a, uint32_t offset, const uint8_t *data, uint32_t len)
{
	uint32_t done = 0;

	while (done < len) {
		bool there;
		uint32_t run = run_of(a, offset + done, &there);

		if (run > len - done)
			run = len - done;
		if (there)
			note_conflicts(a, offset + done, data + done, run);
		else
			memcpy(data_of(a) + offset + done, data + done, run);
		done += run;
	}
}

static void extend_contiguous(struct zr_assembly *a)
{
	while (a->contiguous < a->end) {
		bool there;
		uint32_t run = run_of(a, a->contiguous, &there);

		if (!there)
			return;
		a->contiguous += run;
	}
}

int zr_assembly_add(struct zr_assembly_pool *pool, struct zr_assembly **held, uint32_t offset, const uint8_t *data,
		    uint32_t len)
{
	struct zr_assembly *a = *held;
	int result = 0;

	if (offset >= ZR_HELLO_MAX)
		return -EFBIG;
	if (len > ZR_HELLO_MAX - offset) {
		len = ZR_HELLO_MAX - offset;
		result = -EFBIG;
	}
	if (len == 0)
		return result;
	if (offset + len > a->size) {
		*held = a = grow(pool, a);
		if (a == NULL)
			return -ENOMEM;
	}
	if (offset >= a->end)
		memcpy(data_of(a) + offset, data, len);
	else
		add_overlapping(a, offset, data, len);
	mark_there(a, offset, offset + len);
	if (offset + len > a->end)
		a->end = offset + len;
	extend_contiguous(a);
	return result;
}

const uint8_t *zr_assembly_bytes(const struct zr_assembly *a, uint32_t *len)
{
	*len = a->contiguous;
	return (const uint8_t *)(a->map + a->size / 64);
}

bool zr_assembly_conflict(const struct zr_assembly *a, uint32_t upto)
{
	return a->conflict < upto;
}

uint32_t zr_assembly_end(const struct zr_assembly *a)
{
	return a->end;
}

/* Shift the map down by n bits. */
static void consume_map(struct zr_assembly *a, uint32_t n)
{
	uint32_t words = a->size / 64;
	uint32_t skip = n / 64;
	uint32_t shift = n % 64;

	for (uint32_t i = 0; i < words; i++) {
		uint64_t low = i + skip < words ? a->map[i + skip] : 0;
		uint64_t high = i + skip + 1 < words ? a->map[i + skip + 1] : 0;

		a->map[i] = shift == 0 ? low : low >> shift | high << (64 - shift);
	}
}

void zr_assembly_consume(struct zr_assembly *a, uint32_t n)
{
	if (n > a->end)
		n = a->end;
	if (n == 0)
		return;
	memmove(data_of(a), data_of(a) + n, a->end - n);
	consume_map(a, n);
	a->contiguous = a->contiguous > n ? a->contiguous - n : 0;
	a->end -= n;
	extend_contiguous(a);
	if (a->conflict == NO_OFFSET || a->conflict_last < n) {
		a->conflict = NO_OFFSET;
		a->conflict_last = 0;
		return;
	}
	a->conflict = a->conflict > n ? a->conflict - n : 0;
	a->conflict_last -= n;
}

/* Shift the map up by n bits. */
static void precede_map(struct zr_assembly *a, uint32_t n)
{
	uint32_t skip = n / 64;
	uint32_t shift = n % 64;

	for (uint32_t i = a->size / 64; i-- > 0;) {
		uint64_t high = i >= skip ? a->map[i - skip] : 0;
		uint64_t low = i > skip ? a->map[i - skip - 1] : 0;

		a->map[i] = shift == 0 ? high : high << shift | low >> (64 - shift);
	}
}

int zr_assembly_precede(struct zr_assembly_pool *pool, struct zr_assembly **held, uint32_t n)
{
	struct zr_assembly *a = *held;

	if (n > ZR_HELLO_MAX - a->end)
		return -EFBIG;
	if (n == 0 || a->end == 0)
		return 0;
	if (a->end + n > a->size) {
		*held = a = grow(pool, a);
		if (a == NULL)
			return -ENOMEM;
	}
	memmove(data_of(a) + n, data_of(a), a->end);
	precede_map(a, n);
	a->contiguous = 0;
	a->end += n;
	if (a->conflict != NO_OFFSET) {
		a->conflict += n;
		a->conflict_last += n;
	}
	return 0;
}

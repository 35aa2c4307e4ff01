/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/intern.h"

#include <stdalign.h>
#include <string.h>

#include "dataplane/packet/keyed_hash.h"

/* Most host names have fewer than 52 octets, and a set of suffix hashes has 50: one cache line holds either. */
#define SMALL_ROOM  50
#define LARGE_SHARE 8 /* one eighth of the memory is for longer names */

struct small {
	alignas(8) uint8_t data[SMALL_ROOM];
	uint8_t kind, len;
	uint32_t next; /* in its chain, or in the free list */
	uint32_t holds;
};

struct large {
	alignas(8) uint8_t data[ZR_INTERN_MAX];
	uint8_t kind, len;
	uint32_t next;
	uint32_t holds;
};

_Static_assert(sizeof(struct small) == 64, "one cache line");

/* Ids: small values from 1, large ones from small_count + 1. */
struct zr_intern {
	struct small *small;
	struct large *large;
	uint32_t *heads; /* chains; a power of two of them */
	uint32_t head_mask;
	uint32_t small_count, large_count;
	uint32_t small_free, large_free;   /* lists of released values */
	uint32_t small_fresh, large_fresh; /* values from here on were never used */
	uint64_t key[2];
};

struct layout {
	size_t small_at, large_at, heads_at, total;
	uint32_t small_count, large_count, heads;
};

static struct layout layout_of(size_t bytes)
{
	struct layout l;

	l.small_count = (uint32_t)((bytes - bytes / LARGE_SHARE) / (sizeof(struct small) + sizeof(uint32_t)));
	l.large_count = (uint32_t)(bytes / LARGE_SHARE / sizeof(struct large));
	l.heads = 1;
	while (l.heads * 2 <= l.small_count)
		l.heads *= 2;
	l.small_at = (sizeof(struct zr_intern) + 63) & ~(size_t)63;
	l.large_at = l.small_at + (size_t)l.small_count * sizeof(struct small);
	l.heads_at = l.large_at + (size_t)l.large_count * sizeof(struct large);
	l.total = (l.heads_at + (size_t)l.heads * sizeof(uint32_t) + 63) & ~(size_t)63;
	return l;
}

size_t zr_intern_memory(size_t bytes)
{
	return layout_of(bytes).total;
}

struct zr_intern *zr_intern_init(void *memory, size_t bytes, const uint64_t key[2])
{
	struct layout l = layout_of(bytes);
	struct zr_intern *pool = memory;
	uint8_t *base = memory;

	pool->small = (struct small *)(void *)(base + l.small_at);
	pool->large = (struct large *)(void *)(base + l.large_at);
	pool->heads = (uint32_t *)(void *)(base + l.heads_at);
	pool->head_mask = l.heads - 1;
	pool->small_count = l.small_count;
	pool->large_count = l.large_count;
	pool->key[0] = key[0] | 1;
	pool->key[1] = key[1] | 1;
	return pool;
}

static uint32_t hash(const struct zr_intern *pool, uint8_t kind, const uint8_t *data, size_t len)
{
	return (uint32_t)zr_keyed_hash(pool->key, kind, data, len);
}

struct value {
	uint8_t *data, *kind, *len;
	uint32_t *next, *holds;
};

static struct value value_of(const struct zr_intern *pool, uint32_t id)
{
	if (id <= pool->small_count) {
		struct small *s = &pool->small[id - 1];

		return (struct value){s->data, &s->kind, &s->len, &s->next, &s->holds};
	}
	struct large *g = &pool->large[id - 1 - pool->small_count];

	return (struct value){g->data, &g->kind, &g->len, &g->next, &g->holds};
}

static uint32_t take_from(const struct zr_intern *pool, uint32_t *free_list, uint32_t *fresh, uint32_t count,
			  uint32_t base)
{
	uint32_t id = *free_list;

	if (id != 0)
		*free_list = *value_of(pool, id).next;
	else if (*fresh < count)
		id = base + ++*fresh;
	return id;
}

static uint32_t take(struct zr_intern *pool, size_t len)
{
	if (len <= SMALL_ROOM)
		return take_from(pool, &pool->small_free, &pool->small_fresh, pool->small_count, 0);
	return take_from(pool, &pool->large_free, &pool->large_fresh, pool->large_count, pool->small_count);
}

uint32_t zr_intern_hold(struct zr_intern *pool, enum zr_intern_kind kind, const void *data, size_t len)
{
	uint32_t *head;
	struct value v;
	uint32_t id;

	if (len == 0 || len > ZR_INTERN_MAX)
		return 0;
	head = &pool->heads[hash(pool, (uint8_t)kind, data, len) & pool->head_mask];
	for (id = *head; id != 0; id = *v.next) {
		v = value_of(pool, id);
		if (*v.kind == kind && *v.len == len && memcmp(v.data, data, len) == 0) {
			++*v.holds;
			return id;
		}
	}
	id = take(pool, len);
	if (id == 0)
		return 0;
	v = value_of(pool, id);
	memcpy(v.data, data, len);
	*v.kind = (uint8_t)kind;
	*v.len = (uint8_t)len;
	*v.holds = 1;
	*v.next = *head;
	*head = id;
	return id;
}

void zr_intern_release(struct zr_intern *pool, uint32_t id)
{
	struct value v;
	uint32_t *link;

	if (id == 0)
		return;
	v = value_of(pool, id);
	if (--*v.holds > 0)
		return;
	link = &pool->heads[hash(pool, *v.kind, v.data, *v.len) & pool->head_mask];
	while (*link != id)
		link = value_of(pool, *link).next;
	*link = *v.next;
	if (id <= pool->small_count) {
		*v.next = pool->small_free;
		pool->small_free = id;
	} else {
		*v.next = pool->large_free;
		pool->large_free = id;
	}
}

const void *zr_intern_value(const struct zr_intern *pool, uint32_t id, enum zr_intern_kind *kind, size_t *len)
{
	struct value v = value_of(pool, id);

	*kind = *v.kind;
	*len = *v.len;
	return v.data;
}

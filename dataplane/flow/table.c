/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/flow/table.h"

#include "dataplane/flow/bucket.h"
#include "dataplane/flow/hash.h"
#include "rules/image.h"

/* On average, when the table is full: three quarters of the slots, so that adding practically never fails. */
#define FLOWS_PER_BUCKET 12

/* Slots that the eviction hand passes at a time, and how many times at most for a charged flow before it takes a free one. */
#define VICTIM_WINDOW  64
#define VICTIM_WINDOWS 16

static uint32_t buckets_for(uint32_t capacity)
{
	return (capacity + FLOWS_PER_BUCKET - 1) / FLOWS_PER_BUCKET;
}

size_t zr_flow_table_memory(uint32_t capacity)
{
	if (capacity == 0 || capacity > ZR_FLOWS_MAX)
		return 0;
	size_t rest_bytes = (capacity * sizeof(struct zr_flow_rest) + 63) / 64 * 64;

	return buckets_for(capacity) * sizeof(struct zr_bucket) + capacity * sizeof(struct zr_flow) + rest_bytes;
}

void zr_flow_table_init(struct zr_flow_table *t, void *memory, uint32_t capacity, const uint64_t seed[2])
{
	struct zr_bucket *buckets = memory;
	struct zr_flow *flows = (void *)(buckets + buckets_for(capacity));

	*t = (struct zr_flow_table){
		.flows = flows,
		.rest = (void *)(flows + capacity),
		.buckets = buckets,
		.bucket_count = buckets_for(capacity),
		.capacity = capacity,
		.free_head = ZR_FLOW_NONE,
		.oldest = ZR_FLOW_NONE,
		.newest = ZR_FLOW_NONE,
	};
	zr_flow_hash_seed(t, seed);
}

static bool in_use(const struct zr_flow_table *t, uint32_t flow)
{
	return t->flows[flow].key[1] != 0;
}

/* No branch on what memory holds: it would be mispredicted while that memory is on its way. */
static bool has_key(const struct zr_flow_table *t, uint32_t flow, const struct zr_flow_key *key)
{
	const uint64_t *first = t->flows[flow].key, *further = t->rest[flow].addr6;
	uint64_t differs = (first[0] ^ key->words[0]) | (first[1] ^ key->words[1]);

	if (key->family == 6)
		differs |= (further[0] ^ key->addr6[0]) | (further[1] ^ key->addr6[1]) | (further[2] ^ key->addr6[2]);
	return differs == 0;
}

/* The flow with that key in a bucket. */
static uint32_t find_in(const struct zr_flow_table *t, const struct zr_bucket *bucket, uint8_t signature,
			const struct zr_flow_key *key)
{
	for (uint32_t mask = zr_bucket_match(bucket, signature); mask != 0; mask &= mask - 1) {
		uint32_t flow = zr_bucket_number(bucket, (unsigned int)__builtin_ctz(mask));

		if (has_key(t, flow, key))
			return flow;
	}
	return ZR_FLOW_NONE;
}

uint32_t zr_flow_table_find_one(const struct zr_flow_table *t, const struct zr_flow_key *key, uint64_t hash)
{
	uint8_t signature = zr_bucket_signature(hash);
	const struct zr_bucket *home = zr_bucket_home(t, hash);
	uint32_t flow = find_in(t, home, signature, key);

	return flow != ZR_FLOW_NONE ? flow : find_in(t, zr_bucket_other(t, home, signature), signature, key);
}

static void prefetch_flow(const struct zr_flow_table *t, uint32_t flow, uint8_t family)
{
	__builtin_prefetch(&t->flows[flow], 1);
	if (family == 6) {
		__builtin_prefetch(&t->rest[flow].addr6[0]);
		__builtin_prefetch(&t->rest[flow].addr6[2]);
	}
}

/*
 * The first and the last flow of a bucket with a signature: nearly always one and the same, and nearly never is there a
 * third. Some flow's number when there is none: slots hold valid numbers, even empty ones.
 */
struct candidates {
	uint32_t first, last;
};

static struct candidates fetch_candidates(const struct zr_flow_table *t, const struct zr_bucket *bucket, uint32_t mask,
					  uint8_t family)
{
	struct candidates c = {
		.first = zr_bucket_number(bucket, (unsigned int)__builtin_ctz(mask | 1U << (ZR_BUCKET_SLOTS - 1))),
		.last = zr_bucket_number(bucket, 31U - (unsigned int)__builtin_clz(mask | 1)),
	};

	prefetch_flow(t, c.first, family);
	prefetch_flow(t, c.last, family);
	return c;
}

/*
 * The stages for what is usual have no branch on what buckets and flows hold (has_key says why); what is not usual is put
 * on a list and done afterwards.
 */
void zr_flow_table_find(const struct zr_flow_table *t, const struct zr_flow_key *keys, const uint64_t *hashes,
			unsigned int count, uint32_t *out)
{
	const struct zr_bucket *bucket[ZR_BURST];
	struct candidates found[ZR_BURST];
	uint8_t list[ZR_BURST];
	unsigned int listed = 0;

	for (unsigned int i = 0; i < count; i++) {
		bucket[i] = zr_bucket_home(t, hashes[i]);
		__builtin_prefetch(bucket[i]);
	}
	for (unsigned int i = 0; i < count; i++) {
		uint32_t mask = zr_bucket_match(bucket[i], zr_bucket_signature(hashes[i]));

		found[i] = fetch_candidates(t, bucket[i], mask, keys[i].family);
		list[listed] = (uint8_t)i;
		listed += mask == 0;
	}
	for (unsigned int j = 0; j < listed; j++) {
		unsigned int i = list[j];

		bucket[i] = zr_bucket_other(t, bucket[i], zr_bucket_signature(hashes[i]));
		__builtin_prefetch(bucket[i]);
	}
	for (unsigned int j = 0; j < listed; j++) {
		unsigned int i = list[j];
		uint32_t mask = zr_bucket_match(bucket[i], zr_bucket_signature(hashes[i]));

		found[i] = fetch_candidates(t, bucket[i], mask, keys[i].family);
	}
	listed = 0;
	for (unsigned int i = 0; i < count; i++) {
		uint32_t is_first = -(uint32_t)has_key(t, found[i].first, &keys[i]);
		uint32_t is_last = -(uint32_t)has_key(t, found[i].last, &keys[i]);

		out[i] = (found[i].first & is_first) | (found[i].last & is_last) | ~(is_first | is_last);
		list[listed] = (uint8_t)i;
		listed += (is_first | is_last) == 0;
	}
	for (unsigned int j = 0; j < listed; j++)
		out[list[j]] = zr_flow_table_find_one(t, &keys[list[j]], hashes[list[j]]);
}

static void append_undecided(struct zr_flow_table *t, uint32_t flow)
{
	t->rest[flow].older = t->newest;
	t->rest[flow].newer = ZR_FLOW_NONE;
	if (t->newest == ZR_FLOW_NONE)
		t->oldest = flow;
	else
		t->rest[t->newest].newer = flow;
	t->newest = flow;
	t->undecided++;
}

static void unlink_undecided(struct zr_flow_table *t, uint32_t flow)
{
	uint32_t older = t->rest[flow].older, newer = t->rest[flow].newer;

	if (older == ZR_FLOW_NONE)
		t->oldest = newer;
	else
		t->rest[older].newer = newer;
	if (newer == ZR_FLOW_NONE)
		t->newest = older;
	else
		t->rest[newer].older = older;
	t->undecided--;
}

uint32_t zr_flow_table_insert(struct zr_flow_table *t, const struct zr_flow_key *key, uint64_t hash)
{
	bool reuse = t->free_head != ZR_FLOW_NONE;
	uint32_t flow = reuse ? t->free_head : t->high_water;

	if (t->used == t->capacity || !zr_bucket_add(t, hash, flow))
		return ZR_FLOW_NONE;
	if (reuse)
		t->free_head = t->rest[flow].older;
	else
		t->high_water++;
	t->used++;
	t->flows[flow] = (struct zr_flow){.key = {key->words[0], key->words[1]}, .context = ZR_FLOW_NONE};
	t->rest[flow] = (struct zr_flow_rest){.addr6 = {key->addr6[0], key->addr6[1], key->addr6[2]}};
	append_undecided(t, flow);
	return flow;
}

void zr_flow_table_remove(struct zr_flow_table *t, uint32_t flow)
{
	struct zr_flow_key key;

	zr_flow_table_key(t, flow, &key);
	zr_bucket_forget(t, zr_flow_hash(t, &key), flow);
	if (!(t->flows[flow].flags & ZR_FLOW_DECIDED))
		unlink_undecided(t, flow);
	t->flows[flow].key[1] = 0;
	t->rest[flow].older = t->free_head;
	t->free_head = flow;
	t->used--;
}

void zr_flow_table_key(const struct zr_flow_table *t, uint32_t flow, struct zr_flow_key *key)
{
	for (unsigned int i = 0; i < 2; i++)
		key->words[i] = t->flows[flow].key[i];
	for (unsigned int i = 0; i < 3; i++)
		key->addr6[i] = t->rest[flow].addr6[i];
}

void zr_flow_table_decided(struct zr_flow_table *t, uint32_t flow)
{
	unlink_undecided(t, flow);
	t->flows[flow].flags |= ZR_FLOW_DECIDED;
	t->rest[flow].name = 0;
	t->rest[flow].rule = ZR_ENTRY_NONE;
}

/* Most idle of two flows, either of which may be none. */
static uint32_t idler(const struct zr_flow_table *t, uint32_t a, uint32_t b)
{
	if (a == ZR_FLOW_NONE || b == ZR_FLOW_NONE)
		return a == ZR_FLOW_NONE ? b : a;
	return t->flows[b].last_us < t->flows[a].last_us ? b : a;
}

uint32_t zr_flow_table_victim(struct zr_flow_table *t)
{
	uint32_t charged = ZR_FLOW_NONE, free_one = ZR_FLOW_NONE;

	if (t->oldest != ZR_FLOW_NONE || t->used == 0)
		return t->oldest;
	/* Some flow is in use, so that a round of the hand at most finds one; in a full table the first window does. */
	for (unsigned int w = 0; charged == ZR_FLOW_NONE && (free_one == ZR_FLOW_NONE || w < VICTIM_WINDOWS); w++) {
		for (unsigned int i = 0; i < VICTIM_WINDOW; i++) {
			uint32_t flow = t->victim_at;

			t->victim_at = flow + 1 < t->high_water ? flow + 1 : 0;
			if (!in_use(t, flow))
				continue;
			if (t->flows[flow].flags & ZR_FLOW_FREE)
				free_one = idler(t, free_one, flow);
			else
				charged = idler(t, charged, flow);
		}
	}
	return charged != ZR_FLOW_NONE ? charged : free_one;
}

uint32_t zr_flow_table_sweep(struct zr_flow_table *t, uint32_t *budget)
{
	while (*budget > 0 && t->sweep_at < t->high_water) {
		uint32_t flow = t->sweep_at++;

		(*budget)--;
		if (in_use(t, flow))
			return flow;
	}
	if (t->sweep_at == t->high_water && *budget > 0)
		t->sweep_at = 0;
	return ZR_FLOW_NONE;
}

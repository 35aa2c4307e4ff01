/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Operations on a flow table, two bytes each (what, with which key), side by side with a model that is too simple to be
 * wrong. The first byte is the capacity.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/flow/bucket.h"
#include "dataplane/flow/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KEYS 256

static void check(bool true_)
{
	if (!true_)
		abort();
}

/* What the model knows of a key. */
struct known {
	struct zr_flow_key key;
	uint64_t hash;
	bool present, undecided;
	uint32_t flow;
	uint64_t born;            /* operation that inserted it */
	uint64_t round_of_birth;  /* round of the sweep in which it came */
	uint64_t last_seen_round; /* last round in which the sweep met it, or 0 */
};

struct model {
	struct zr_flow_table t;
	struct known keys[KEYS];
	uint32_t used, undecided;
	uint64_t now, round;
};

/*
 * Half of the keys are IPv6, and four of them each differ only outside the first cache line. A quarter of all keys share one
 * signature, so that buckets hold many strangers and pairs of buckets fill up.
 */
static void make_key(const struct zr_flow_table *t, uint32_t i, struct known *k)
{
	k->key = (struct zr_flow_key){.proto = 17, .family = 4, .port_a = 443, .addr = {i}};
	if (i % 2 == 1)
		k->key = (struct zr_flow_key){.proto = 6, .family = 6, .addr = {i / 8}, .addr6 = {i, 1, 2}};
	k->hash = zr_flow_hash(t, &k->key);
	while (i % 4 == 0 && zr_bucket_signature(k->hash) != 7) {
		k->key.addr[0] += KEYS;
		k->hash = zr_flow_hash(t, &k->key);
	}
}

static void find(struct model *m, uint32_t i)
{
	uint32_t expected = m->keys[i].present ? m->keys[i].flow : ZR_FLOW_NONE;

	check(zr_flow_table_find_one(&m->t, &m->keys[i].key, m->keys[i].hash) == expected);
}

static void find_burst(struct model *m, uint32_t begin, unsigned int count)
{
	struct zr_flow_key keys[ZR_BURST];
	uint64_t hashes[ZR_BURST];
	uint32_t flows[ZR_BURST];

	for (unsigned int i = 0; i < count; i++) {
		keys[i] = m->keys[(begin + i) % KEYS].key;
		hashes[i] = m->keys[(begin + i) % KEYS].hash;
	}
	zr_flow_table_find(&m->t, keys, hashes, count, flows);
	for (unsigned int i = 0; i < count; i++) {
		const struct known *k = &m->keys[(begin + i) % KEYS];

		check(flows[i] == (k->present ? k->flow : ZR_FLOW_NONE));
	}
}

/* No entry of a bucket can go to its other one. */
static bool stuck(const struct zr_flow_table *t, const struct zr_bucket *bucket)
{
	for (unsigned int slot = 0; slot < ZR_BUCKET_SLOTS; slot++) {
		uint8_t signature = bucket->signature[slot];

		if (signature == 0 || zr_bucket_match(zr_bucket_other(t, bucket, signature), 0) != 0)
			return false;
	}
	return true;
}

static void insert(struct model *m, struct known *k)
{
	const struct zr_bucket *home = zr_bucket_home(&m->t, k->hash);

	if (k->present)
		return;
	k->flow = zr_flow_table_insert(&m->t, &k->key, k->hash);
	if (k->flow == ZR_FLOW_NONE) {
		const struct zr_bucket *other = zr_bucket_other(&m->t, home, zr_bucket_signature(k->hash));

		check(m->used == m->t.capacity || (stuck(&m->t, home) && stuck(&m->t, other)));
		return;
	}
	check(k->flow < m->t.capacity && m->t.flows[k->flow].context == ZR_FLOW_NONE);
	k->present = true;
	k->undecided = true;
	k->born = m->now;
	k->round_of_birth = m->round;
	k->last_seen_round = 0;
	m->used++;
	m->undecided++;
}

static void take_out(struct model *m, struct known *k)
{
	if (!k->present)
		return;
	zr_flow_table_remove(&m->t, k->flow);
	k->present = false;
	m->used--;
	m->undecided -= k->undecided;
}

static void decide(struct model *m, struct known *k, bool is_free)
{
	if (!k->present || !k->undecided)
		return;
	zr_flow_table_decided(&m->t, k->flow);
	m->t.flows[k->flow].last_us = m->now;
	if (is_free)
		m->t.flows[k->flow].flags |= ZR_FLOW_FREE;
	k->undecided = false;
	m->undecided--;
}

static struct known *known_flow(struct model *m, uint32_t flow)
{
	for (uint32_t i = 0; i < KEYS; i++)
		if (m->keys[i].present && m->keys[i].flow == flow)
			return &m->keys[i];
	abort();
}

static void evict(struct model *m)
{
	uint32_t flow = zr_flow_table_victim(&m->t);

	check((flow == ZR_FLOW_NONE) == (m->used == 0));
	if (flow == ZR_FLOW_NONE)
		return;

	struct known *victim = known_flow(m, flow);

	for (uint32_t i = 0; i < KEYS; i++) {
		const struct known *k = &m->keys[i];

		if (k->present && k->undecided)
			check(victim->undecided && victim->born <= k->born);
	}
	take_out(m, victim);
}

static void sweep(struct model *m, uint32_t budget)
{
	uint32_t looks = budget, flow = zr_flow_table_sweep(&m->t, &looks);

	check(looks <= budget);
	if (flow != ZR_FLOW_NONE) {
		struct known *k = known_flow(m, flow);

		check(k->last_seen_round < m->round);
		k->last_seen_round = m->round;
		return;
	}
	if (looks == 0)
		return;
	for (uint32_t i = 0; i < KEYS; i++) {
		const struct known *k = &m->keys[i];

		check(!k->present || k->round_of_birth == m->round || k->last_seen_round == m->round);
	}
	m->round++;
}

/* The list of the undecided is in the order of creation, the same both ways. */
static void check_order(const struct model *m)
{
	uint32_t older = ZR_FLOW_NONE, count = 0;

	for (uint32_t flow = m->t.oldest; flow != ZR_FLOW_NONE; flow = m->t.rest[flow].newer) {
		check(m->t.rest[flow].older == older && (m->t.flows[flow].flags & ZR_FLOW_DECIDED) == 0);
		older = flow;
		check(++count <= m->undecided);
	}
	check(m->t.newest == older && count == m->undecided);
	check(m->t.used == m->used && m->t.undecided == m->undecided);
}

static void step(struct model *m, uint8_t what, uint8_t which)
{
	switch (what % 8) {
	case 0:
	case 1:
		insert(m, &m->keys[which]);
		break;
	case 2:
		take_out(m, &m->keys[which]);
		break;
	case 3:
		decide(m, &m->keys[which], (what & 8) != 0);
		break;
	case 4:
		find(m, which);
		break;
	case 5:
		find_burst(m, which, what / 8 + 1);
		break;
	case 6:
		evict(m);
		break;
	default:
		sweep(m, which);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t seed[2] = {1, 2};
	static struct model m;

	if (size == 0)
		return 0;

	uint32_t capacity = data[0] + 1U;
	size_t bytes = (zr_flow_table_memory(capacity) + 63) / 64 * 64;
	void *memory = aligned_alloc(64, bytes);

	check(memory != NULL);
	memset(memory, 0, bytes);
	memset(&m, 0, sizeof(m));
	m.round = 1;
	zr_flow_table_init(&m.t, memory, capacity, seed);
	for (uint32_t i = 0; i < KEYS; i++)
		make_key(&m.t, i, &m.keys[i]);
	for (size_t at = 1; at + 1 < size; at += 2) {
		m.now++;
		step(&m, data[at], data[at + 1]);
	}
	for (uint32_t i = 0; i < KEYS; i++)
		find(&m, i);
	check_order(&m);
	free(memory);
	return 0;
}

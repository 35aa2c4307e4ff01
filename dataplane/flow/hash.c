/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/flow/hash.h"

__extension__ typedef unsigned __int128 u128;

/*
 * NH is close to linear: tuples that differ in a port only give products in arithmetic progression. Two rounds of shift
 * and multiply (2^64 divided by the golden ratio) make the high bits (bucket) and the low bits (signature) independent.
 */
static uint64_t mix(uint64_t x)
{
	const uint64_t golden = 0x9E3779B97F4A7C15;

	x = (x ^ x >> 32) * golden;
	x = (x ^ x >> 29) * golden;
	return x ^ x >> 32;
}

void zr_flow_hash_seed(struct zr_flow_table *t, const uint64_t seed[2])
{
	for (unsigned int i = 0; i < sizeof(t->hash_key) / sizeof(t->hash_key[0]); i++)
		t->hash_key[i] = mix(mix(seed[0] + i) + seed[1]);
}

uint64_t zr_flow_hash(const struct zr_flow_table *t, const struct zr_flow_key *key)
{
	const uint64_t *k = t->hash_key, *m = key->words;
	u128 sum = (u128)(m[0] + k[0]) * (m[1] + k[1]);

	if (key->family == 6) {
		sum += (u128)(m[2] + k[2]) * (m[3] + k[3]);
		sum += (u128)(m[4] + k[4]) * k[5];
	}
	return mix((uint64_t)sum ^ (uint64_t)(sum >> 64));
}

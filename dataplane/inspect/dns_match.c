/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/inspect/dns_match.h"

#include <string.h>

#include "dataplane/packet/keyed_hash.h"

/* What query and answer have in common. No padding: it is hashed and compared as bytes. */
struct identity {
	union zr_ip client, resolver;
	uint64_t question; /* keyed hash */
	uint16_t client_port, resolver_port, domain, id;
	uint8_t family, proto, zero[6];
};

_Static_assert(sizeof(struct identity) == 56, "no padding");

#define NONE UINT32_MAX

/* Slots are used in turn: the next one holds the oldest query, or none. */
struct slot {
	struct identity identity;
	uint64_t asked_us;
	uint32_t head;         /* its chain */
	uint32_t newer, older; /* its neighbours there; NONE */
	bool used;
};

struct zr_dns_match {
	struct slot *slots;
	uint32_t *heads; /* the newest query of each chain; a power of two of them */
	uint32_t count, head_mask, next;
	uint64_t key[2];
};

static uint32_t head_count(uint32_t queries)
{
	uint32_t heads = 1;

	while (heads < queries && heads < UINT32_C(1) << 31)
		heads *= 2;
	return heads;
}

size_t zr_dns_match_memory(uint32_t queries)
{
	return sizeof(struct zr_dns_match) + (size_t)queries * sizeof(struct slot) +
	       (size_t)head_count(queries) * sizeof(uint32_t);
}

struct zr_dns_match *zr_dns_match_init(void *memory, uint32_t queries, const uint64_t key[2])
{
	struct zr_dns_match *m = memory;

	m->slots = (struct slot *)(m + 1);
	m->heads = (uint32_t *)(void *)(m->slots + queries);
	m->count = queries;
	m->head_mask = head_count(queries) - 1;
	m->key[0] = key[0] | 1;
	m->key[1] = key[1] | 1;
	for (uint32_t i = 0; i <= m->head_mask; i++)
		m->heads[i] = NONE;
	return m;
}

static struct identity identity_of(const struct zr_dns_match *m, const struct zr_packet *packet,
				   const struct zr_dns_message *message)
{
	bool answer = message->answer;
	struct identity identity = {
		.client = answer ? packet->dst : packet->src,
		.resolver = answer ? packet->src : packet->dst,
		.client_port = answer ? packet->dst_port : packet->src_port,
		.resolver_port = answer ? packet->src_port : packet->dst_port,
		.domain = packet->domain,
		.id = message->id,
		.family = packet->family,
		.proto = packet->proto,
	};
	uint32_t kind = (uint32_t)message->type << 16 | message->class_;

	identity.question = zr_keyed_hash(m->key, kind, message->name.text, message->name.len);
	return identity;
}

static uint32_t *head_of(struct zr_dns_match *m, const struct identity *identity)
{
	return &m->heads[zr_keyed_hash(m->key, 0, identity, sizeof(*identity)) & m->head_mask];
}

static void forget(struct zr_dns_match *m, struct slot *slot)
{
	if (slot->newer == NONE)
		m->heads[slot->head] = slot->older;
	else
		m->slots[slot->newer].older = slot->older;
	if (slot->older != NONE)
		m->slots[slot->older].newer = slot->newer;
	slot->used = false;
}

void zr_dns_match_query(struct zr_dns_match *m, const struct zr_packet *packet, const struct zr_dns_message *query,
			uint64_t now_us)
{
	struct slot *slot = &m->slots[m->next];
	uint32_t *head;

	if (slot->used)
		forget(m, slot);
	slot->identity = identity_of(m, packet, query);
	head = head_of(m, &slot->identity);
	slot->asked_us = now_us;
	slot->head = (uint32_t)(head - m->heads);
	slot->newer = NONE;
	slot->older = *head;
	slot->used = true;
	if (*head != NONE)
		m->slots[*head].newer = m->next;
	*head = m->next;
	m->next = m->next + 1 == m->count ? 0 : m->next + 1;
}

bool zr_dns_match_answer(struct zr_dns_match *m, const struct zr_packet *packet, const struct zr_dns_message *answer,
			 uint64_t now_us)
{
	struct identity identity = identity_of(m, packet, answer);

	for (uint32_t at = *head_of(m, &identity); at != NONE; at = m->slots[at].older) {
		struct slot *slot = &m->slots[at];

		/* All behind it in the chain are older still. */
		if (now_us - slot->asked_us > ZR_DNS_MATCH_US)
			return false;
		if (memcmp(&slot->identity, &identity, sizeof(identity)) == 0) {
			forget(m, slot);
			return true;
		}
	}
	return false;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/datagram.h"

#include <string.h>

#define TABLE_SHARE 4 /* one quarter of the memory is for the table, the rest for bytes */

struct layout {
	size_t slots_at, heads_at, pieces_at, total;
	uint32_t slots, heads, pieces;
};

static struct layout layout_of(size_t bytes)
{
	size_t for_table = bytes / TABLE_SHARE;
	struct layout l;

	l.slots = (uint32_t)(for_table / (sizeof(struct zr_datagram) + sizeof(uint32_t)));
	l.heads = 1;
	while (l.heads * 2 <= l.slots)
		l.heads *= 2;
	l.pieces = (uint32_t)((bytes - for_table) / sizeof(struct zr_piece));
	l.slots_at = 0;
	l.pieces_at = l.slots * sizeof(struct zr_datagram);
	l.heads_at = l.pieces_at + l.pieces * sizeof(struct zr_piece);
	l.total = l.heads_at + l.heads * sizeof(uint32_t);
	return l;
}

size_t zr_datagrams_memory(size_t bytes)
{
	return layout_of(bytes).total;
}

void zr_datagrams_init(struct zr_datagrams *all, void *memory, size_t bytes)
{
	struct layout l = layout_of(bytes);
	uint8_t *base = memory;

	*all = (struct zr_datagrams){
		.slots = (struct zr_datagram *)(void *)(base + l.slots_at),
		.heads = (uint32_t *)(void *)(base + l.heads_at),
		.head_mask = l.heads - 1,
		.count = l.slots,
		.due_us = UINT64_MAX,
		.pool = {.pieces = (struct zr_piece *)(void *)(base + l.pieces_at), .count = l.pieces},
	};
}

/*
 * RFC 791, section 3.2: addresses, id, protocol. RFC 8200, section 4.5: addresses, id; only the first fragment's protocol
 * counts. What subscribers send inside GTP-U is never put together with what comes from elsewhere: in the free bits.
 */
void zr_datagram_key_of(const struct zr_packet *part, struct zr_flow_key *key)
{
	uint64_t common = part->fragment_id | (uint64_t)part->domain << 32 | (uint64_t)part->family << 56;

	*key = (struct zr_flow_key){0};
	if (part->family == 4) {
		key->words[0] = part->src.v4_be | (uint64_t)part->dst.v4_be << 32;
		key->words[1] = common | (uint64_t)part->has_teid << 16 | (uint64_t)part->proto << 48;
		return;
	}
	key->words[0] = part->src.half[1];
	key->words[1] = common | (uint64_t)part->has_teid << 48;
	key->words[2] = part->src.half[0];
	key->words[3] = part->dst.half[0];
	key->words[4] = part->dst.half[1];
}

static struct zr_datagram *datagram_at(const struct zr_datagrams *all, uint32_t link)
{
	return link == 0 ? NULL : &all->slots[link - 1];
}

static uint32_t link_of(const struct zr_datagrams *all, const struct zr_datagram *d)
{
	return (uint32_t)(d - all->slots) + 1;
}

struct zr_datagram *zr_datagrams_find(const struct zr_datagrams *all, const struct zr_flow_key *key, uint64_t hash)
{
	struct zr_datagram *d = datagram_at(all, all->heads[hash & all->head_mask]);

	while (d != NULL && memcmp(d->key.words, key->words, sizeof(key->words)) != 0)
		d = datagram_at(all, d->next);
	return d;
}

static void age_append(struct zr_datagrams *all, struct zr_datagram *d, uint64_t now_us)
{
	uint32_t link = link_of(all, d);

	d->due_us = now_us + ZR_DATAGRAM_US;
	d->older = all->newest;
	d->newer = 0;
	if (all->newest == 0)
		all->oldest = link;
	else
		datagram_at(all, all->newest)->newer = link;
	all->newest = link;
	all->due_us = datagram_at(all, all->oldest)->due_us;
}

static void age_unlink(struct zr_datagrams *all, const struct zr_datagram *d)
{
	if (d->older == 0)
		all->oldest = d->newer;
	else
		datagram_at(all, d->older)->newer = d->newer;
	if (d->newer == 0)
		all->newest = d->older;
	else
		datagram_at(all, d->newer)->older = d->older;
	all->due_us = all->oldest == 0 ? UINT64_MAX : datagram_at(all, all->oldest)->due_us;
}

struct zr_datagram *zr_datagrams_add(struct zr_datagrams *all, const struct zr_flow_key *key, uint64_t hash,
				     uint64_t now_us)
{
	uint32_t *head = &all->heads[hash & all->head_mask];
	struct zr_datagram *d = datagram_at(all, all->free_head);

	if (d != NULL)
		all->free_head = d->next;
	else if (all->fresh < all->count)
		d = &all->slots[all->fresh++];
	else
		return NULL;
	memset(d, 0, sizeof(*d));
	d->key = *key;
	d->next = *head;
	*head = link_of(all, d);
	age_append(all, d, now_us);
	return d;
}

struct zr_datagram *zr_datagrams_oldest(const struct zr_datagrams *all)
{
	return datagram_at(all, all->oldest);
}

void zr_datagrams_renew(struct zr_datagrams *all, struct zr_datagram *d, uint64_t now_us)
{
	age_unlink(all, d);
	age_append(all, d, now_us);
}

void zr_datagrams_remove(struct zr_datagrams *all, struct zr_datagram *d, uint64_t hash)
{
	uint32_t *link = &all->heads[hash & all->head_mask];
	uint32_t own = link_of(all, d);

	zr_pieces_clear(&all->pool, &d->pieces);
	age_unlink(all, d);
	while (*link != own)
		link = &datagram_at(all, *link)->next;
	*link = d->next;
	d->next = all->free_head;
	all->free_head = own;
}

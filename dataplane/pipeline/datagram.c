/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/datagram.h"

#include <string.h>

#include "dataplane/packet/keyed_hash.h"

#define TABLE_SHARE 4 /* one quarter of the memory is for the table, the rest for bytes */

struct layout {
	size_t slots_at, pieces_at, heads_at, joined_at, total;
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
	l.joined_at = l.heads_at + l.heads * sizeof(uint32_t);
	l.total = l.joined_at + ZR_DATAGRAM_MAX;
	return l;
}

size_t zr_datagrams_memory(size_t bytes)
{
	return layout_of(bytes).total;
}

void zr_datagrams_init(struct zr_datagrams *all, void *memory, size_t bytes, const uint64_t seed[2],
		       void (*ended)(void *arg, struct zr_datagram *d), void *arg)
{
	struct layout l = layout_of(bytes);
	uint8_t *base = memory;

	*all = (struct zr_datagrams){
		.slots = (struct zr_datagram *)(void *)(base + l.slots_at),
		.heads = (uint32_t *)(void *)(base + l.heads_at),
		.head_mask = l.heads - 1,
		.count = l.slots,
		.due_us = UINT64_MAX,
		.hash_key = {seed[0] | 1, seed[1] | 1},
		.pool = {.pieces = (struct zr_piece *)(void *)(base + l.pieces_at), .count = l.pieces},
		.joined = base + l.joined_at,
		.ended = ended,
		.arg = arg,
	};
}

/*
 * RFC 791, section 3.2: addresses, id, protocol. RFC 8200, section 4.5: addresses, id; only the first fragment's protocol
 * counts. What subscribers send inside GTP-U is never put together with what comes from elsewhere, nor with what is sent to
 * them: in the free bits.
 */
static void key_of(const struct zr_packet *part, struct zr_flow_key *key)
{
	uint64_t common = part->fragment_id | (uint64_t)part->domain << 32 | (uint64_t)part->family << 56;
	uint64_t way = part->has_teid ? part->tunnel_way : 0;

	*key = (struct zr_flow_key){0};
	if (part->family == 4) {
		key->words[0] = part->src.v4_be | (uint64_t)part->dst.v4_be << 32;
		key->words[1] = common | way << 16 | (uint64_t)part->proto << 48;
		return;
	}
	key->words[0] = part->src.half[1];
	key->words[1] = common | way << 48;
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

static struct zr_datagram *take_slot(struct zr_datagrams *all)
{
	struct zr_datagram *d;

	if (all->free_head == 0 && all->fresh < all->count)
		return &all->slots[all->fresh++];
	if (all->free_head == 0)
		zr_datagrams_end(all, zr_datagrams_oldest(all));
	d = datagram_at(all, all->free_head);
	all->free_head = d->next;
	return d;
}

static struct zr_packet without_payload(const struct zr_packet *part)
{
	struct zr_packet packet = *part;

	packet.payload = NULL;
	packet.payload_len = packet.payload_wire_len = 0;
	return packet;
}

struct zr_datagram *zr_datagrams_of(struct zr_datagrams *all, const struct zr_packet *part, uint64_t now_us)
{
	struct zr_datagram *d;
	struct zr_flow_key key;
	uint64_t hash;
	uint32_t *head;

	key_of(part, &key);
	hash = zr_keyed_hash(all->hash_key, 0, key.words, sizeof(key.words));
	head = &all->heads[hash & all->head_mask];
	for (d = datagram_at(all, *head); d != NULL; d = datagram_at(all, d->next))
		if (memcmp(d->key.words, key.words, sizeof(key.words)) == 0)
			return d;
	d = take_slot(all);
	*d = (struct zr_datagram){.key = key, .hash = hash, .packet = without_payload(part), .next = *head};
	*head = link_of(all, d);
	age_append(all, d, now_us);
	return d;
}

/* The first part: it says what the datagram is. When two do, the later one is believed, and the datagram is in doubt. */
static void locate(struct zr_datagram *d, const struct zr_packet *first)
{
	if (d->located && first->fragment_proto != d->packet.fragment_proto)
		d->pieces.contradicted = true;
	d->located = true;
	d->packet = without_payload(first);
}

void zr_datagrams_collect(struct zr_datagrams *all, struct zr_datagram *d, const struct zr_packet *part)
{
	struct zr_datagram *oldest;

	if (part->first_fragment)
		locate(d, part);
	if (d->pieces.given_up)
		return;
	if (part->payload_len < part->payload_wire_len) {
		zr_pieces_give_up(&all->pool, &d->pieces);
		return;
	}
	if (d->pieces.count == 0 || part->hops < d->hops)
		d->hops = part->hops;
	while (!zr_pieces_room(&all->pool, part->payload_len) && (oldest = zr_datagrams_oldest(all)) != d)
		zr_datagrams_end(all, oldest);
	zr_pieces_add(&all->pool, &d->pieces, part->fragment_at, part->payload, part->payload_len,
		      !part->more_fragments);
}

void zr_datagrams_join(struct zr_datagrams *all, struct zr_datagram *d, const struct zr_packet_rules *rules,
		       struct zr_packet *whole)
{
	uint32_t len = zr_pieces_join(&all->pool, &d->pieces, all->joined);

	zr_packet_join(rules, &d->packet, all->joined, len, whole);
	if (whole->tunnels == d->packet.tunnels)
		whole->hops = d->hops;
	if (d->pieces.contradicted) { /* the ports, too, may have come twice */
		whole->contradicted = true;
		whole->src_port = d->packet.src_port;
		whole->dst_port = d->packet.dst_port;
	}
	zr_pieces_clear(&all->pool, &d->pieces);
	d->located = false;
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

void zr_datagrams_end(struct zr_datagrams *all, struct zr_datagram *d)
{
	uint32_t *link = &all->heads[d->hash & all->head_mask];
	uint32_t own = link_of(all, d);

	if (all->ended != NULL)
		all->ended(all->arg, d);
	zr_pieces_clear(&all->pool, &d->pieces);
	age_unlink(all, d);
	while (*link != own)
		link = &datagram_at(all, *link)->next;
	*link = d->next;
	d->next = all->free_head;
	all->free_head = own;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fragments: each is counted when the flow of its datagram is known, and a datagram is read when it is whole. Until then
 * its volume waits; received has it, and UNDECIDED among the totals.
 */
#include "dataplane/pipeline/state.h"

static struct zr_packet without_payload(const struct zr_packet *part)
{
	struct zr_packet packet = *part;

	packet.payload = NULL;
	packet.payload_len = packet.payload_wire_len = 0;
	return packet;
}

static void hold(struct zr_pipeline *p, struct zr_datagram *d, const struct zr_packet *part)
{
	struct zr_volume *total = &p->totals.reason[ZR_REASON_UNDECIDED];

	if (d->waiting.pkts == 0)
		d->since_us = p->now_us;
	d->waiting.pkts++;
	d->waiting.bytes += part->volume_bytes;
	total->pkts++;
	total->bytes += part->volume_bytes;
}

/* Nothing waits any more; what did is counted elsewhere. */
static struct zr_volume release(struct zr_pipeline *p, struct zr_datagram *d)
{
	struct zr_volume *total = &p->totals.reason[ZR_REASON_UNDECIDED], volume = d->waiting;

	total->pkts -= volume.pkts;
	total->bytes -= volume.bytes;
	d->waiting = (struct zr_volume){0};
	return volume;
}

/* What waits is counted to the flow of packet. */
static void settle(struct zr_pipeline *p, struct zr_datagram *d, const struct zr_packet *packet)
{
	struct zr_volume volume = release(p, d);

	p->waited_us = p->now_us - d->since_us;
	zr_pipeline_account(p, packet, &volume);
	p->waited_us = 0;
	d->counted = true;
	d->packet.tcp_flags = 0; /* opening and closing is not repeated with every fragment */
}

static void forget_bytes(struct zr_pipeline *p, struct zr_datagram *d)
{
	if (d->pieces.count > 0 || d->pieces.given_up)
		p->counters[ZR_COUNTER_DATAGRAMS_GIVEN_UP]++;
	zr_pieces_clear(&p->datagrams.pool, &d->pieces);
}

/* Its time is over: what still waits goes to its flow if that is known, else to the flow without ports. */
static void end(struct zr_pipeline *p, struct zr_datagram *d)
{
	if (d->waiting.pkts > 0)
		settle(p, d, &d->packet);
	forget_bytes(p, d);
	zr_datagrams_remove(&p->datagrams, d, zr_flow_hash(&p->table, &d->key));
}

void zr_fragment_expire(struct zr_pipeline *p, uint64_t until_us)
{
	while (p->datagrams.due_us <= until_us) {
		struct zr_datagram *d = zr_datagrams_oldest(&p->datagrams);

		p->now_us = d->due_us;
		end(p, d);
	}
}

void zr_fragment_end_all(struct zr_pipeline *p)
{
	struct zr_datagram *d;

	while ((d = zr_datagrams_oldest(&p->datagrams)) != NULL)
		end(p, d);
}

/* Is this the first to come of another datagram with the same id? */
static bool begins(const struct zr_datagram *d, const struct zr_packet *part)
{
	return d->waiting.pkts == 0 && (!d->located || (d->pieces.given_up && part->first_fragment));
}

static struct zr_datagram *datagram_of(struct zr_pipeline *p, const struct zr_packet *part)
{
	struct zr_datagram *d;
	struct zr_flow_key key;
	uint64_t hash;

	zr_datagram_key_of(part, &key);
	hash = zr_flow_hash(&p->table, &key);
	d = zr_datagrams_find(&p->datagrams, &key, hash);
	if (d != NULL) {
		if (begins(d, part)) {
			forget_bytes(p, d);
			d->located = d->counted = false;
			zr_datagrams_renew(&p->datagrams, d, p->now_us);
		}
		return d;
	}
	d = zr_datagrams_add(&p->datagrams, &key, hash, p->now_us);
	if (d == NULL) {
		end(p, zr_datagrams_oldest(&p->datagrams));
		d = zr_datagrams_add(&p->datagrams, &key, hash, p->now_us);
	}
	d->packet = without_payload(part);
	return d;
}

/* The first part of a datagram: it says which flow. When two do, what comes next belongs to the later one. */
static void locate(struct zr_pipeline *p, struct zr_datagram *d, const struct zr_packet *first)
{
	if (d->located && first->fragment_proto != d->packet.fragment_proto)
		d->pieces.contradicted = true;
	d->located = true;
	d->packet = without_payload(first);
	d->tunnel = !d->counted && zr_packet_opens(&p->config.packets, first);
	/* No flags: the TCP header is cut before them. */
	d->when_whole = d->tunnel || (first->proto == ZR_PROTO_TCP && first->tcp_flags == 0);
}

/* Keep the part's bytes. For want of room the oldest datagrams go, but never the one at hand. */
static void collect(struct zr_pipeline *p, struct zr_datagram *d, const struct zr_packet *part)
{
	struct zr_piece_pool *pool = &p->datagrams.pool;
	struct zr_datagram *oldest;

	if (d->pieces.given_up)
		return;
	if (part->payload_len < part->payload_wire_len) {
		zr_pieces_give_up(pool, &d->pieces);
		return;
	}
	while (!zr_pieces_room(pool, part->payload_len) && (oldest = zr_datagrams_oldest(&p->datagrams)) != d)
		end(p, oldest);
	zr_pieces_add(pool, &d->pieces, part->fragment_at, part->payload, part->payload_len, !part->more_fragments);
	/* Which copy the tunnel's end reads is not known: what is inside must not be counted to anybody. */
	if (d->tunnel && d->pieces.contradicted)
		zr_pieces_give_up(pool, &d->pieces);
}

/* A tunnel's datagram is whole and open: the packet inside is what is counted. */
static void take_inner(struct zr_pipeline *p, struct zr_datagram *d, const struct zr_packet *inner)
{
	struct zr_volume parts = release(p, d), *rest = &p->totals.unaccounted[ZR_UNACCOUNTED_TUNNEL_FRAGMENT];

	rest->pkts += parts.pkts - 1;
	rest->bytes += parts.bytes - inner->volume_bytes;
	if (inner->fragment)
		zr_fragment_take(p, inner);
	else
		zr_pipeline_account(p, inner, &(struct zr_volume){.pkts = 1, .bytes = inner->volume_bytes});
}

/* The datagram is whole. Another one with its id may follow; until then repeated fragments count to the same flow. */
static void take_whole(struct zr_pipeline *p, struct zr_datagram *d)
{
	uint32_t len = zr_pieces_join(&p->datagrams.pool, &d->pieces, p->joined);
	bool tunnel = d->tunnel;
	struct zr_packet whole;

	zr_packet_join(&p->config.packets, &d->packet, p->joined, len, &whole);
	whole.contradicted = d->pieces.contradicted;
	if (whole.contradicted) { /* the ports, too, may have come twice */
		whole.src_port = d->packet.src_port;
		whole.dst_port = d->packet.dst_port;
	}
	zr_pieces_clear(&p->datagrams.pool, &d->pieces);
	d->located = d->tunnel = d->when_whole = false;
	if (tunnel && whole.tunnels > d->packet.tunnels) {
		take_inner(p, d, &whole);
		return;
	}
	settle(p, d, &whole);
	d->counted = false;
}

void zr_fragment_take(struct zr_pipeline *p, const struct zr_packet *part)
{
	struct zr_datagram *d = datagram_of(p, part);

	hold(p, d, part);
	if (part->first_fragment)
		locate(p, d, part);
	collect(p, d, part);
	if (zr_pieces_whole(&d->pieces))
		take_whole(p, d);
	else if (d->located && (!d->when_whole || d->pieces.given_up))
		settle(p, d, &d->packet);
}

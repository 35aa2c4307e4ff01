/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fragments: each is counted when the flow of its datagram is known, and a datagram is read when it is whole. Until then
 * its volume waits; received has it, and UNDECIDED among the totals.
 */
#include "dataplane/packet/checksum.h"
#include "dataplane/pipeline/state.h"

/*
 * More does not wait for a datagram, lest a flow's fields run over when it is counted: they have as much room beyond what
 * zr_cut_full lets them hold, also of packets. Only the lengths that a capture file claims ever come to it.
 */
#define WAITING_BYTES_MAX (UINT64_C(1) << 34)

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
void zr_fragment_ended(void *arg, struct zr_datagram *d)
{
	struct zr_pipeline *p = arg;

	if (d->waiting.pkts > 0)
		settle(p, d, &d->packet);
	forget_bytes(p, d);
}

void zr_fragment_expire(struct zr_pipeline *p, uint64_t until_us)
{
	while (p->datagrams.due_us <= until_us) {
		p->now_us = p->datagrams.due_us;
		zr_datagrams_end(&p->datagrams, zr_datagrams_oldest(&p->datagrams));
	}
}

void zr_fragment_end_all(struct zr_pipeline *p)
{
	struct zr_datagram *d;

	while ((d = zr_datagrams_oldest(&p->datagrams)) != NULL)
		zr_datagrams_end(&p->datagrams, d);
}

/* Is this the first to come of another datagram with the same id? */
static bool begins(const struct zr_datagram *d, const struct zr_packet *part)
{
	return d->waiting.pkts == 0 && (!d->located || (d->pieces.given_up && part->first_fragment));
}

static struct zr_datagram *datagram_of(struct zr_pipeline *p, const struct zr_packet *part)
{
	struct zr_datagram *d = zr_datagrams_of(&p->datagrams, part, p->now_us);

	if (begins(d, part)) {
		forget_bytes(p, d);
		d->located = d->counted = false;
		zr_datagrams_renew(&p->datagrams, d, p->now_us);
	}
	return d;
}

/* The first part is there: can what it belongs to be counted part by part? */
static void look_at_first(struct zr_pipeline *p, struct zr_datagram *d, const struct zr_packet *first)
{
	d->tunnel = !d->counted && zr_packet_opens(&p->config.packets, first);
	/* No flags: the TCP header is cut before them. */
	d->when_whole = d->tunnel || (first->proto == ZR_PROTO_TCP && first->tcp_flags == 0);
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
	/* The inner header may be in a frame that has gone on. */
	p->mark = ZR_MARK_NONE;
}

/* The datagram is whole. Another one with its id may follow; until then repeated fragments count to the same flow. */
static void take_whole(struct zr_pipeline *p, struct zr_datagram *d)
{
	bool tunnel = d->tunnel;
	struct zr_packet whole;

	zr_datagrams_join(&p->datagrams, d, &p->config.packets, &whole);
	d->tunnel = d->when_whole = false;
	if (tunnel && whole.tunnels > d->packet.tunnels) {
		take_inner(p, d, &whole);
		return;
	}
	settle(p, d, &whole);
	d->counted = false;
}

/* Of a fragment that the next router drops nothing is taken but its volume. */
static void take_bytes(struct zr_pipeline *p, struct zr_datagram *d, const struct zr_packet *part)
{
	if (p->config.verify_checksums && !zr_checksum_fragment_holds(part)) {
		p->counters[ZR_COUNTER_CHECKSUMS_BAD]++;
		return;
	}
	zr_datagrams_collect(&p->datagrams, d, part);
	if (part->first_fragment)
		look_at_first(p, d, part);
}

void zr_fragment_take(struct zr_pipeline *p, const struct zr_packet *part)
{
	struct zr_datagram *d = datagram_of(p, part);

	hold(p, d, part);
	take_bytes(p, d, part);
	/* Which copy the tunnel's end reads is not known: what is inside must not be counted to anybody. */
	if (d->tunnel && d->pieces.contradicted)
		zr_pieces_give_up(&p->datagrams.pool, &d->pieces);
	/* Others may have been settled to make room for it. */
	p->mark = ZR_MARK_NONE;
	if (zr_pieces_whole(&d->pieces))
		take_whole(p, d);
	else if (d->located && (!d->when_whole || d->pieces.given_up))
		settle(p, d, &d->packet);
	else if (d->waiting.bytes >= WAITING_BYTES_MAX)
		zr_datagrams_end(&p->datagrams, d);
}

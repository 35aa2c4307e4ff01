/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/twice.h"

#include <string.h>

/* Judgements that must say the same, one after the other. */
#define TIMES 3

/*
 * One packet in so many must come twice. From inside of tunnels to outside only a gateway brings a packet; by other ways also
 * what a router sends back to where it came from, and, where it is not known who is a subscriber, what goes from one to
 * another.
 */
enum { SHARE_TUNNEL = 8, SHARE_KNOWN = 4, SHARE_UNKNOWN = 2 };

/* Places for packets from one address, so that a few who find a way to be seen twice say nothing of the others. */
#define SOURCE_PLACES 8

/* Where the checksum lies in a TCP and in a UDP header: what it covers passes a gateway unchanged. */
enum { TCP_CHECKSUM_AT = 16, UDP_CHECKSUM_AT = 6 };

/* Where a packet was seen: the sample above, then addresses of stations, VLANs, port, tunnel. */
enum { PORT_SHIFT = 1, VLAN_SHIFT = 8, STATIONS_SHIFT = 20, SAMPLE_SHIFT = 32 };
enum { PORT_MASK = 0x7f, VLAN_MASK = 0xfff, STATIONS_BITS = 12 };

#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

const char *zr_twice_text(enum zr_twice twice)
{
	static const char *const texts[] = {[ZR_TWICE_NOT] = "",
#define X(id, text) [ZR_TWICE_##id] = text,
					    ZR_TWICE(X)
#undef X
	};

	return texts[twice];
}

/* Multicast and broadcast come once for everybody who is to have them. */
static bool to_many(const struct zr_packet *packet)
{
	return packet->family == 4 ? packet->dst.b[0] >= 224 : packet->dst.b[0] == 0xff;
}

/*
 * What one packet has and no other, however often it is seen; 0: it cannot be told. hash is the flow's, and an echo has the
 * length and the checksum of what it answers: the source tells them apart.
 */
static uint64_t print_of(const struct zr_packet *packet, uint64_t hash)
{
	const uint8_t *sum = packet->payload;
	uint64_t print;

	/* Acknowledgements repeat themselves, and so does what has no checksum. */
	if (packet->payload_len == 0 || packet->fragment || to_many(packet))
		return 0;
	sum += (packet->proto == ZR_PROTO_TCP ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT) - (int)packet->header_len;
	print = (uint64_t)sum[0] << 8 | sum[1];
	if (print == 0)
		return 0;
	print |= (uint64_t)packet->tcp_seq << 32 | (uint64_t)(packet->payload_wire_len & 0xffff) << 16;
	hash += (packet->src.half[0] ^ packet->src.half[1]) * MULTIPLIER;
	print = (print ^ hash) * MULTIPLIER;
	return (print ^ print >> 29) | 1;
}

/* Where a packet with that print is remembered: at one of the few places of its source, in IPv6 of its /64. */
static struct zr_twice_place *place_of(struct zr_twices *t, const struct zr_packet *packet, uint64_t print)
{
	uint64_t source = packet->src.half[0] * MULTIPLIER >> 32;

	return &t->places[(source * SOURCE_PLACES + (print >> 32) % SOURCE_PLACES) % ZR_TWICE_PLACES];
}

/* The two addresses at the begin of a frame: a router gives it others. What has a print is longer than they are. */
static uint64_t stations_of(const struct zr_view *view)
{
	uint64_t first = 0;
	uint32_t rest = 0;

	if (view->port->link != ZR_LINK_ETHERNET)
		return 0;
	memcpy(&first, view->data, sizeof(first));
	memcpy(&rest, view->data + sizeof(first), sizeof(rest));
	return (first ^ (uint64_t)rest << 17) * MULTIPLIER >> (64 - STATIONS_BITS);
}

static uint64_t seen_of(uint64_t sample, const struct zr_packet *packet, const struct zr_view *view)
{
	uint64_t vlans = (unsigned int)(packet->vlans[0] ^ packet->vlans[1] << 3 ^ packet->vlans[2] << 6);

	return sample << SAMPLE_SHIFT | stations_of(view) << STATIONS_SHIFT | (vlans & VLAN_MASK) << VLAN_SHIFT |
	       ((uintptr_t)view->port / sizeof(*view->port) & PORT_MASK) << PORT_SHIFT | (packet->tunnels > 0);
}

static bool are_known(const struct zr_prefix_set *subscribers)
{
	return subscribers != NULL && subscribers->count > 0;
}

static bool between(const struct zr_packet *packet, const struct zr_prefix_set *subscribers)
{
	return are_known(subscribers) && zr_prefix_set_contains(subscribers, packet->family, packet->src.b) &&
	       zr_prefix_set_contains(subscribers, packet->family, packet->dst.b);
}

/* From subscriber to subscriber a packet goes through two tunnels: they are two sides only of what is known not to. */
static enum zr_twice difference(uint64_t before, uint64_t now, const struct zr_prefix_set *subscribers)
{
	uint64_t differs = before ^ now;

	if ((differs & 1) != 0)
		return ZR_TWICE_TUNNEL;
	if (differs == 0 || ((now & 1) != 0 && !are_known(subscribers)))
		return ZR_TWICE_NOT;
	if ((differs >> PORT_SHIFT & PORT_MASK) != 0)
		return ZR_TWICE_PORT;
	return (differs >> VLAN_SHIFT & VLAN_MASK) != 0 ? ZR_TWICE_VLAN : ZR_TWICE_LINK;
}

/* How many of the packets remembered must have come twice. */
static uint32_t enough(const struct zr_twices *t, enum zr_twice how, const struct zr_prefix_set *subscribers)
{
	if (how == ZR_TWICE_TUNNEL)
		return t->remembered / SHARE_TUNNEL;
	return t->remembered / (are_known(subscribers) ? SHARE_KNOWN : SHARE_UNKNOWN);
}

/* A sample is over. */
static void judge(struct zr_twices *t, const struct zr_prefix_set *subscribers)
{
	enum zr_twice most = ZR_TWICE_TUNNEL;

	if (t->remembered < ZR_TWICE_ENOUGH)
		return;
	for (unsigned int i = ZR_TWICE_TUNNEL + 1; i < ZR_TWICE_COUNT; i++)
		if (t->met[i] > t->met[most])
			most = (enum zr_twice)i;
	t->times = t->met[most] >= enough(t, most, subscribers) ? t->times + 1 : 0;
	if (t->times == TIMES)
		t->found = (uint8_t)most;
	t->times %= TIMES;
	t->remembered = 0;
	memset(t->met, 0, sizeof(t->met));
}

bool zr_twice_look(struct zr_twices *t, uint64_t us, const struct zr_packet *packet, uint64_t hash,
		   const struct zr_view *view, const struct zr_prefix_set *subscribers)
{
	uint64_t sample = us >> ZR_TWICE_BITS & UINT32_MAX, print = print_of(packet, hash), seen;
	struct zr_twice_place *place;
	enum zr_twice how;

	if (sample != t->sample) {
		judge(t, subscribers);
		t->sample = sample;
	}
	if (print == 0)
		return false;
	seen = seen_of(sample, packet, view);
	place = place_of(t, packet, print);
	if (place->print == 0 || place->seen >> SAMPLE_SHIFT != sample) {
		*place = (struct zr_twice_place){.print = print, .seen = seen};
		t->remembered++;
		return false;
	}
	how = place->print == print ? difference(place->seen, seen, subscribers) : ZR_TWICE_NOT;
	if (how == ZR_TWICE_NOT || between(packet, subscribers))
		return false;
	t->met[how]++;
	/* A third copy is no second one; the place stays taken. */
	place->print = 1;
	return true;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/pipeline/twice.h"

#include <string.h>

/* One packet in so many must come twice, in so many judgements one after the other. */
#define SHARE 8
#define TIMES 3

/* Where the checksum lies in a TCP and in a UDP header: what it covers passes a gateway unchanged. */
enum { TCP_CHECKSUM_AT = 16, UDP_CHECKSUM_AT = 6 };

/* Where a packet was seen: the sample above, then VLANs, port, tunnel. */
enum { VLAN_SHIFT = 8, PORT_SHIFT = 1, PORT_MASK = 0x7f, VLAN_MASK = 0xfff, SAMPLE_SHIFT = 20 };

const char *zr_twice_text(enum zr_twice twice)
{
	static const char *const texts[] = {[ZR_TWICE_NOT] = "",
#define X(id, text) [ZR_TWICE_##id] = text,
					    ZR_TWICE(X)
#undef X
	};

	return texts[twice];
}

/* What one packet has and no other, however often it is seen; 0: it cannot be told. */
static uint64_t print_of(const struct zr_packet *packet, uint64_t hash)
{
	const uint8_t *sum = packet->payload;
	uint64_t print;

	/* Acknowledgements repeat themselves, and so does what has no checksum. */
	if (packet->payload_len == 0 || packet->fragment)
		return 0;
	sum += (packet->proto == ZR_PROTO_TCP ? TCP_CHECKSUM_AT : UDP_CHECKSUM_AT) - (int)packet->header_len;
	print = (uint64_t)sum[0] << 8 | sum[1];
	if (print == 0)
		return 0;
	print |= (uint64_t)packet->tcp_seq << 32 | (uint64_t)(packet->payload_wire_len & 0xffff) << 16;
	print = (print ^ hash) * UINT64_C(0x9e3779b97f4a7c15);
	return (print ^ print >> 29) | 1;
}

static uint64_t seen_of(uint64_t sample, const struct zr_packet *packet, const struct zr_port *port)
{
	uint64_t vlans = (unsigned int)(packet->vlans[0] ^ packet->vlans[1] << 3 ^ packet->vlans[2] << 6);

	return sample << SAMPLE_SHIFT | (vlans & VLAN_MASK) << VLAN_SHIFT |
	       ((uintptr_t)port / sizeof(*port) & PORT_MASK) << PORT_SHIFT | (packet->tunnels > 0);
}

static bool between(const struct zr_packet *packet, const struct zr_prefix_set *subscribers)
{
	return subscribers != NULL && zr_prefix_set_contains(subscribers, packet->family, packet->src.b) &&
	       zr_prefix_set_contains(subscribers, packet->family, packet->dst.b);
}

/* Two tunnels are no two sides: from subscriber to subscriber a packet goes through both. */
static enum zr_twice difference(uint64_t before, uint64_t now)
{
	uint64_t differs = before ^ now;

	if ((differs & 1) != 0)
		return ZR_TWICE_TUNNEL;
	if ((now & 1) != 0 || differs == 0)
		return ZR_TWICE_NOT;
	return (differs >> PORT_SHIFT & PORT_MASK) != 0 ? ZR_TWICE_PORT : ZR_TWICE_VLAN;
}

/* A sample is over. */
static void judge(struct zr_twices *t)
{
	enum zr_twice most = ZR_TWICE_TUNNEL;

	if (t->remembered < ZR_TWICE_ENOUGH)
		return;
	for (unsigned int i = ZR_TWICE_TUNNEL + 1; i < ZR_TWICE_COUNT; i++)
		if (t->met[i] > t->met[most])
			most = (enum zr_twice)i;
	t->times = t->met[most] >= t->remembered / SHARE ? t->times + 1 : 0;
	if (t->times == TIMES)
		t->found = (uint8_t)most;
	t->times %= TIMES;
	t->remembered = 0;
	memset(t->met, 0, sizeof(t->met));
}

bool zr_twice_look(struct zr_twices *t, uint64_t us, const struct zr_packet *packet, uint64_t hash,
		   const struct zr_port *port, const struct zr_prefix_set *subscribers)
{
	uint64_t sample = us >> ZR_TWICE_BITS, print = print_of(packet, hash), seen;
	struct zr_twice_place *place = &t->places[print >> 32 & (ZR_TWICE_PLACES - 1)];
	enum zr_twice how;

	if (sample != t->sample) {
		judge(t);
		t->sample = sample;
	}
	if (print == 0)
		return false;
	seen = seen_of(sample, packet, port);
	if (place->print == 0 || place->seen >> SAMPLE_SHIFT != seen >> SAMPLE_SHIFT) {
		*place = (struct zr_twice_place){.print = print, .seen = seen};
		t->remembered++;
		return false;
	}
	how = place->print == print ? difference(place->seen, seen) : ZR_TWICE_NOT;
	if (how == ZR_TWICE_NOT || between(packet, subscribers))
		return false;
	t->met[how]++;
	/* A third copy is no second one; the place stays taken. */
	place->print = 1;
	return true;
}

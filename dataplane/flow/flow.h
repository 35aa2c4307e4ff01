/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow: what is kept of one bidirectional 5-tuple, in two parts. The first is one cache line and all that an
 * established packet touches; the rest is read when something happens. 120 bytes together, beside 5.3 for the table's
 * buckets.
 */
#ifndef DATAPLANE_FLOW_FLOW_H
#define DATAPLANE_FLOW_FLOW_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "dataplane/packet/packet.h"

#define ZR_FLOW_NONE UINT32_MAX

/*
 * The key of a tuple, the same for both directions: side a is the one whose (address, port) is the lower by memcmp order
 * of the address, then by port. For IPv4 the addresses stand in addr[0] (a in the lower four bytes of memory, b above).
 */
struct zr_flow_key {
	union {
		uint64_t words[5];
		struct {
			uint64_t addr[1]; /* IPv4: a, b. IPv6: the lower half (bytes 8 to 15) of a */
			uint16_t port_a, port_b;
			uint16_t domain;
			uint8_t proto;
			uint8_t family;    /* 4 or 6; 0 in a free slot */
			uint64_t addr6[3]; /* IPv6: the upper half of a, then b; zero for IPv4 */
		};
	};
};

/* Address and port of one side of a key. */
static inline void zr_flow_key_side(const struct zr_flow_key *key, bool b, union zr_ip *ip, uint16_t *port)
{
	*ip = (union zr_ip){0};
	*port = b ? key->port_b : key->port_a;
	if (key->family == 4)
		memcpy(ip->b, (const uint8_t *)key->addr + (b ? 4 : 0), 4);
	else if (b)
		memcpy(ip->b, &key->addr6[1], 16);
	else
		*ip = (union zr_ip){.half = {key->addr6[0], key->addr[0]}};
}

/* Which timeout ends a silent flow. */
enum zr_timeout {
	ZR_TIMEOUT_UNDECIDED,
	ZR_TIMEOUT_TCP,
	ZR_TIMEOUT_QUIC,
	ZR_TIMEOUT_UDP, /* and every other protocol */
	ZR_TIMEOUT_LINGER,
	ZR_TIMEOUT_COUNT
};

/* Bits of zr_flow.flags. */
enum {
	ZR_FLOW_CLIENT_IS_B = 1 << 0,  /* the subscriber is side b of the key */
	ZR_FLOW_CLIENT_FIXED = 1 << 1, /* … and that is certain: prefix, port role, SYN, hello or request */
	ZR_FLOW_DECIDED = 1 << 2,
	ZR_FLOW_FREE = 1 << 3,
	ZR_FLOW_FIN_UP = 1 << 4,
	ZR_FLOW_FIN_DOWN = 1 << 5,
	ZR_FLOW_RST = 1 << 6,
	ZR_FLOW_START_KNOWN = 1 << 7, /* start is set */
	/* Where the next segment of side a stands in its stream does not follow from start; and of side b. */
	ZR_FLOW_STREAMED_A = 1 << 8,
	ZR_FLOW_TAG_DUE = 1 << 9,  /* its free verdict is to be told with the next packet that is counted */
	ZR_FLOW_INSPECT = 1 << 10, /* what the client sends is looked at: no name yet, or requests may follow */
	ZR_FLOW_STREAMED_B = 1 << 11,
	ZR_FLOW_ECH = 1 << 12,
	/*
	 * Once charged it stays charged, whatever list or window comes: it asked for another Host after being charged for
	 * one, or its name was forgotten with a restart.
	 */
	ZR_FLOW_STAYS_CHARGED = 1 << 13,
	ZR_FLOW_TEID_UP = 1 << 14, /* path has the TEID of this direction, or no room was left for it */
	ZR_FLOW_TEID_DOWN = 1 << 15,
};

/* What every packet of an established flow touches: one cache line. Volumes are since the flow's previous cut. */
struct zr_flow {
	alignas(64) union {
		uint64_t key[2]; /* the first two words of the key */
		struct {
			uint64_t addr;
			uint16_t port_a, port_b, domain;
			uint8_t proto, family;
		};
	};
	union {
		/* Both directions as an array, up first: the bytes are the lowest bits, so that adding to a word adds to them. */
		uint64_t bytes_word[2];
		struct {
			uint64_t up_bytes : 41;
			uint64_t dns : 1;  /* its server is a trusted resolver: with INSPECT its messages are read */
			uint64_t tied : 1; /* something hangs on its verdict, or that on something (pipeline/ties.h) */
			uint64_t : 5, flags : 16;
			uint64_t down_bytes : 41;
			uint64_t mark : 7; /* what its packets are marked with: 1 and a DSCP code point; 0: nothing */
			uint64_t timeout : 3; /* enum zr_timeout */
			uint64_t
				late : 3; /* nobody took the part when it was due: how far its cause is behind ZR_CAUSE_IDLE; else 0 */
			uint64_t mixed : 1;      /* … and it goes on with another host's packets */
			uint64_t tag_late : 1;   /* nobody took the tag when it was due */
			uint64_t generation : 8; /* of the list it was judged by */
		};
	};
	uint64_t last_us : 52, reason : 5 /* enum zr_reason */, evidence : 7 /* bits of enum zr_evidence */;
	union {
		uint32_t pkts[2]; /* likewise */
		struct {
			uint32_t up_pkts, down_pkts;
		};
	};
	uint32_t edge_tick; /* no edge lies before this tick (zr_tick) that was not passed */
	uint32_t start;     /* TCP: the opener's initial sequence number; QUIC: a hash of the first destination id */
	uint32_t path;      /* interned VLAN ids and TEIDs; 0: none */
	union {             /* ZR_FLOW_NONE: nothing */
		uint32_t context;   /* with INSPECT: what inspection keeps for it */
		uint32_t server_id; /* without: where the connection id that its QUIC server chose is kept */
	};
};

/* TCP whose SYN was not seen. */
static inline bool zr_flow_midstream(const struct zr_flow *f)
{
	return f->proto == ZR_PROTO_TCP && (f->flags & ZR_FLOW_START_KNOWN) == 0;
}

/* The rest of a flow. */
struct zr_flow_rest {
	uint64_t addr6[3]; /* IPv6: the key's further words */
	uint64_t first_us : 48,
		part : 16; /* the flow's first packet, modulo 2^48 us; usage records written (stays at 65535) */
	uint64_t part_first_us : 40, retro_down_bytes : 24; /* first packet since the cut, modulo 2^40 us */
	/* 0: it left no record (numbers begin at 1); the first ones are places of identities that earlier runs gave */
	uint64_t id : 40, retro_up_bytes : 24;
	union {
		struct {
			uint32_t older, newer; /* undecided: its neighbours in the order of creation */
		};
		struct {
			uint32_t name; /* decided: interned name (or keyed hashes); 0: none */
			uint32_t rule; /* decided: entry number in the image; ZR_ENTRY_NONE */
		};
	};
};

_Static_assert(sizeof(struct zr_flow) == 64, "one cache line");
_Static_assert(sizeof(struct zr_flow_rest) == 56, "with the buckets below 128 bytes a flow");

/* Latest time that a flow can hold: the year 2112. */
#define ZR_TIME_MAX_US ((UINT64_C(1) << 52) - 1)

/* The flow's first packet. Kept in 48 bits, which a flow does not outlive (8.9 years). */
static inline uint64_t zr_flow_first_us(const struct zr_flow *f, const struct zr_flow_rest *rest)
{
	return f->last_us - ((f->last_us - rest->first_us) & ((UINT64_C(1) << 48) - 1));
}

/* The first packet of the part at hand. Kept in 40 bits (12 days), which no part spans: zr_cut_part sees to that. */
static inline uint64_t zr_flow_part_first_us(const struct zr_flow *f, const struct zr_flow_rest *rest)
{
	return f->last_us - ((f->last_us - rest->part_first_us) & ((UINT64_C(1) << 40) - 1));
}

/* Coarse time for edges: 2^20 us, about 1.05 s. */
#define ZR_TICK_BITS 20

static inline uint32_t zr_tick(uint64_t us)
{
	return (uint32_t)(us >> ZR_TICK_BITS);
}

#endif

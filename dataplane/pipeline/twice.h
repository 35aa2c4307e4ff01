/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does the same traffic come in twice, seen from two sides of a gateway: inside a tunnel and outside, at two ports, in two
 * VLANs, from two stations? All of it would be counted twice. Looked for in samples of bounded time and memory. One thread.
 */
#ifndef DATAPLANE_PIPELINE_TWICE_H
#define DATAPLANE_PIPELINE_TWICE_H

#include "dataplane/packet/packet.h"
#include "dataplane/packet/view.h"

/* How copies differ. */
#define ZR_TWICE(X)                                     \
	X(TUNNEL, "inside tunnels and outside of them") \
	X(PORT, "at two ports")                         \
	X(VLAN, "in two VLANs")                         \
	X(LINK, "on two links, between other stations")

enum zr_twice {
	ZR_TWICE_NOT,
#define X(id, text) ZR_TWICE_##id,
	ZR_TWICE(X)
#undef X
		ZR_TWICE_COUNT
};

/* A part of a sentence; empty for ZR_TWICE_NOT. */
const char *zr_twice_text(enum zr_twice twice);

/* Packets that a sample remembers, and how many a judgement needs at least. */
#define ZR_TWICE_PLACES 1024
#define ZR_TWICE_ENOUGH 64

/* Samples are this long in packets' time, 16 ms, and one of sixteen is taken: a copy follows its packet sooner than that. */
#define ZR_TWICE_BITS  14
#define ZR_TWICE_EVERY 16

struct zr_twice_place {
	uint64_t print; /* of the packet; 0: free */
	uint64_t seen;  /* where it was seen, and in which sample */
};

struct zr_twices {
	struct zr_twice_place places[ZR_TWICE_PLACES];
	uint64_t sample;              /* the one that is being taken */
	uint32_t remembered;          /* packets since the last judgement … */
	uint32_t met[ZR_TWICE_COUNT]; /* … and how many of them came once more, by how */
	uint8_t times;                /* judgements in a row that said so */
	uint8_t found;                /* enum zr_twice: it was said often enough; stays */
};

/* Is a sample being taken at this time? */
static inline bool zr_twice_samples(uint64_t us)
{
	return (us >> ZR_TWICE_BITS) % ZR_TWICE_EVERY == 0;
}

/*
 * A packet of a flow comes in at a time at which a sample is taken. hash: of its flow's key; subscribers (empty or NULL: not
 * known): what goes from one to another comes by twice by right. True when it came in before, from another side. Packets that
 * say too little to be known again, or go to many, are passed over.
 */
bool zr_twice_look(struct zr_twices *t, uint64_t us, const struct zr_packet *packet, uint64_t hash,
		   const struct zr_view *view, const struct zr_prefix_set *subscribers);

#endif

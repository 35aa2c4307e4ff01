/* SPDX-License-Identifier: BSD-3-Clause */
/* What the core tells the outside: one event for every tag and usage record, and the totals. */
#ifndef DATAPLANE_PIPELINE_USAGE_H
#define DATAPLANE_PIPELINE_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/flow/verdict.h"
#include "dataplane/packet/packet.h"
#include "rules/image.h"
#include "rules/name.h"

enum zr_usage_type { ZR_USAGE_TAG, ZR_USAGE_PART };

/*
 * One event. Pointers are valid during the call that hands it over. Volumes are since the flow's previous cut.
 */
struct zr_usage {
	uint8_t type;            /* enum zr_usage_type */
	uint8_t verdict;         /* enum zr_verdict */
	uint8_t reason;          /* enum zr_reason */
	uint8_t cause;           /* enum zr_cause; parts only */
	bool final;              /* the flow's last record; parts only */
	uint8_t evidence, flags; /* bits of enum zr_evidence and enum zr_flag */
	/* Which flow it is: the start of the program and the worker that gave it its number, and the number, 40 bits. */
	uint8_t worker;
	uint64_t flow;
	uint32_t part; /* usage records the flow left before this one; parts only */
	uint16_t start;
	/* It becomes a record. Else it is a part of a charged flow that only totals are made of. */
	bool recorded;

	const struct zr_image *image; /* the list in force for this part */
	uint32_t rule;                /* entry in it, or ZR_ENTRY_NONE */
	const char *name;             /* the matched name, at most ZR_NAME_MAX octets, terminated; NULL when not told */

	uint8_t family, proto;
	uint8_t vlan_count;
	bool has_teid_up, has_teid_down;
	uint16_t domain;
	uint16_t client_port, server_port;
	union zr_ip client, server; /* the client is the subscriber */
	uint16_t vlans[ZR_VLANS_MAX];
	uint32_t teid_up, teid_down;

	uint64_t up_bytes, down_bytes, retro_up_bytes, retro_down_bytes;
	uint32_t up_pkts, down_pkts;
	/*
	 * Unix microseconds. Parts: of their packets, 0 when there are none. Tags: the flow's first packet, and the first one
	 * that was counted under the verdict (the latest one, when nobody took the tag then).
	 */
	uint64_t first_us, last_us;
};

struct zr_volume {
	uint64_t pkts, bytes;
};

/* Volume by direction: up is what the client sent. */
struct zr_traffic {
	uint64_t up_bytes, up_pkts, down_bytes, down_pkts;
};

/* Usage records that nobody took while there was time. */
struct zr_loss {
	struct zr_traffic traffic;
	uint64_t records;
};

/*
 * Volume that was cut and that no event told, since the pipeline's start; never reset. With the volume of all parts that
 * were told, and what open flows hold since their last cut, it is what totals have under their reasons, to the byte.
 */
struct zr_untold {
	struct zr_loss lost[ZR_VERDICT_COUNT]; /* it should have been told, but nobody took it */
	struct zr_traffic cut_charged;         /* charged, and nothing was to tell it */
};

/*
 * What a pipeline has counted since its start; never reset. received is counted where packets come in, the others where
 * they are judged, so that received = the sum of all others is a check and not a definition.
 */
struct zr_totals {
	struct zr_volume received;
	struct zr_volume reason[ZR_REASON_COUNT]; /* UNDECIDED: in open flows or waiting fragments, charged so far */
	struct zr_volume unaccounted[ZR_UNACCOUNTED_COUNT];
};

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes traffic whose truth is known: many conversations at once, cut and wrapped in every way that subscribers' packets
 * come in, and beside them the records that DESIGN demands for them, in order. The truth follows from what was sent and
 * from nothing else; no code of the program is used for it but the names of reasons and causes.
 */
#ifndef TESTS_SUPPORT_WORKLOAD_H
#define TESTS_SUPPORT_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/flow/verdict.h"

/* The list that the truth is told for. */
extern const char workload_list[];

/* The subscribers' addresses, when they are known. */
extern const char *const workload_subscribers[2];

enum workload_kind {
	WORKLOAD_TLS,
	WORKLOAD_HTTP,
	WORKLOAD_QUIC,
	WORKLOAD_DTLS,
	WORKLOAD_NAMED_KINDS,
	WORKLOAD_MEDIA = WORKLOAD_NAMED_KINDS, /* UDP without a name */
	WORKLOAD_OTHER,                        /* TCP without a name */
	WORKLOAD_ICMP,
	WORKLOAD_ANY_KIND,
};

enum workload_wrap {
	WORKLOAD_PLAIN,
	WORKLOAD_VLAN,
	WORKLOAD_QINQ,
	WORKLOAD_GTPU,
	WORKLOAD_GTPU_EXTENDED,
	WORKLOAD_MPLS,
	WORKLOAD_PPPOE,
	WORKLOAD_GRE,
	WORKLOAD_IP_IN_IP,
	WORKLOAD_ANY_WRAP,
};

struct workload_options {
	uint64_t seed;
	unsigned int tuples; /* each holds one connection or a few, one after the other */
	enum workload_kind kind;
	enum workload_wrap wrap;
	bool cut;   /* hellos and requests are split, reordered, repeated and overlapped, and begin in odd ways */
	bool plain; /* every connection has a name of a host, once */

	/* How the pipeline is configured. */
	bool subscribers; /* workload_subscribers are given */
	bool roles;       /* ports have roles */
	bool retro_credit, charged_records, keep_names;
	uint64_t interim_us;
	uint64_t tariff_us; /* the tariff switches whenever so much time has passed, a part of a day; 0: never */
};

/* A tag or usage record that must come. */
struct workload_event {
	bool tag;
	bool final;
	uint8_t cause;    /* enum zr_cause; not of tags */
	uint8_t reason;   /* enum zr_reason */
	const char *rule; /* NULL: none */
	char name[256];   /* empty: none */
	uint32_t up_pkts, down_pkts;
	uint64_t up_bytes, down_bytes, retro_up_bytes, retro_down_bytes;
	uint64_t first_us, last_us; /* since the workload's time 0 */
	bool turned; /* the server spoke first and is taken for the client: up and down are told so too */
};

#define WORKLOAD_VLANS 2

/* One connection. */
struct workload_flow {
	enum workload_kind kind;
	enum workload_wrap wrap;
	uint8_t proto;
	uint16_t domain;
	uint16_t client_port, server_port;
	char client[46], server[46];
	const char *address_rule;          /* the address entry that covers the server, or NULL */
	bool stranger;                     /* the client is no subscriber, even if subscribers are known */
	uint16_t vlans[2][WORKLOAD_VLANS]; /* down, up; 0: none */
	uint32_t teids[2];                 /* down, up; 0: none */
	unsigned int tuple;                /* flows of one tuple follow each other */
	struct workload_event *events;
	unsigned int event_count;
	unsigned int names;     /* hellos and requests with a host name that are complete */
	unsigned int malformed; /* … and with something else in its place */
};

struct workload_packet {
	uint64_t us;
	uint32_t flow; /* WORKLOAD_NO_FLOW: the packet has none */
	bool up;
	size_t at;              /* of the frame, in bytes */
	uint32_t len, wire_len; /* as in struct zr_view */
};

#define WORKLOAD_NO_FLOW UINT32_MAX

struct workload {
	struct workload_flow *flows;
	unsigned int flow_count;
	struct workload_packet *packets; /* in order of time */
	size_t packet_count;
	uint8_t *bytes;
	size_t byte_count;
	struct {
		uint64_t pkts, bytes;
	} reasons[ZR_REASON_COUNT], not_ip; /* what totals must say when all flows are cut at the last packet's time */
};

/* Aborts when memory cannot be had. */
struct workload *workload_make(const struct workload_options *options);
void workload_free(struct workload *w);

#endif

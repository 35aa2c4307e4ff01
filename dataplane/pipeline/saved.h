/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An open flow as bytes, for a later run: what another pipeline needs to go on with it, whatever its seed, size, worker and
 * list. Volumes are not among it: they were told when the flow was cut. Nor is any name that does not free the flow, nor hashes
 * of one: what a subscriber asks for is personal data, and hashes with their key can be guessed. All numbers are in network
 * order. Whoever changes the form counts up ZR_SAVED_FLOW_VERSION (dataplane/dpdk/dataplane.h).
 */
#ifndef DATAPLANE_PIPELINE_SAVED_H
#define DATAPLANE_PIPELINE_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/inspect/inspect.h"
#include "dataplane/inspect/quic.h"
#include "dataplane/packet/packet.h"

/* Bits of zr_saved_flow.flags, as in the file: numbers stay. up: what the client sends. */
enum {
	ZR_SAVED_CLIENT_FIXED = 1 << 0,
	ZR_SAVED_FIN_UP = 1 << 1,
	ZR_SAVED_FIN_DOWN = 1 << 2,
	ZR_SAVED_RST = 1 << 3,
	ZR_SAVED_START_KNOWN = 1 << 4,
	ZR_SAVED_STREAMED_UP = 1 << 5,
	ZR_SAVED_STREAMED_DOWN = 1 << 6,
	ZR_SAVED_TAG_DUE = 1 << 7,
	ZR_SAVED_INSPECT = 1 << 8,
	ZR_SAVED_ECH = 1 << 9,
	ZR_SAVED_STAYS_CHARGED = 1 << 10,
	ZR_SAVED_STREAM = 1 << 11,    /* stream is there */
	ZR_SAVED_CUT_SHORT = 1 << 12, /* a part of a hello or request had come, which is not kept */
	ZR_SAVED_ALL = (1 << 13) - 1,
};

/* Where a followed HTTP connection stands between two segments of the client's. */
struct zr_saved_stream {
	uint64_t body_left;
	uint32_t next_seq;
	uint8_t state; /* enum zr_tcp_state: HTTP or BODY */
	uint8_t body, chunk;
};

struct zr_saved_flow {
	uint64_t id; /* its 16 digits in records; 0: it left none */
	/* Unix microseconds; first is not behind last. */
	uint64_t first_us, last_us;
	uint64_t entry;             /* zr_image_entry_identity of the entry that it was judged by; 0: none */
	union zr_ip client, server; /* the client is the subscriber, as far as is known */
	uint16_t client_port, server_port, domain;
	uint8_t family, proto;
	uint8_t worker;                    /* who had it */
	uint8_t timeout, reason, evidence; /* enum zr_timeout, enum zr_reason, bits of enum zr_evidence */
	uint8_t vlan_count;
	bool has_teid_up, has_teid_down;
	uint16_t part;
	uint16_t flags;
	uint32_t start; /* as in struct zr_flow */
	uint32_t rule;  /* number of the entry in the list of its run; ZR_ENTRY_NONE */
	uint32_t teid_up, teid_down;
	uint16_t vlans[ZR_VLANS_MAX];
	struct zr_saved_stream stream;
	uint8_t server_id_len; /* 0: none */
	uint8_t server_id[ZR_QUIC_CID_MAX];
	uint8_t name_len;           /* 0: none */
	char name[ZR_NAME_MAX + 1]; /* canonical, terminated; only of flows that it frees */
};

/* Most bytes of one flow. */
#define ZR_SAVED_MAX 512

/* Write a flow, which must be one that zr_saved_read would take. out: ZR_SAVED_MAX bytes. Returns the length. Pure. */
size_t zr_saved_write(const struct zr_saved_flow *flow, uint8_t *out);

/*
 * Read the flow at data, of which there are len bytes; hostile. OK: out is filled, *used is its length. NONE: len is 0. BAD: it
 * is cut short, or some field holds what no pipeline writes. out is then not to be used. Pure; any thread.
 */
enum zr_result zr_saved_read(const uint8_t *data, size_t len, size_t *used, struct zr_saved_flow *out);

#endif

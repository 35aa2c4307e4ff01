/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/hellos.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/harness.h"
#include "tests/support/frame.h"
#include "tests/support/hello.h"
#include "tests/support/quic_make.h"

/* Room of a frame, a multiple of the cache line. */
#define ROOM 1536

#define HELLO_BYTES       517
#define LARGE_HELLO_BYTES 1800
#define SEGMENT_BYTES     1400
#define DATAGRAM_BYTES    1250
#define NAMES             64

#define SYN 0x02
#define ACK 0x10
#define PSH 0x08

#define BEGIN_NS  UINT64_C(1795305600000000000)
#define PACKET_NS 400

/* Packet k of a flow is written; returns its length. */
typedef size_t packet_make(uint32_t flow, unsigned int k, uint8_t *out);

struct ends {
	char client[24], server[24], name[32];
	uint16_t port;
};

static struct ends ends_of(uint32_t flow)
{
	struct ends ends = {.port = (uint16_t)(1024 + flow * 7 % 60000)};

	snprintf(ends.client, sizeof(ends.client), "10.%u.%u.%u", 1 + (flow >> 16 & 63), flow >> 8 & 255, flow & 255);
	snprintf(ends.server, sizeof(ends.server), "198.18.%u.%u", flow % 251, flow % 13);
	snprintf(ends.name, sizeof(ends.name), "w%u.olm.vn", flow % NAMES);
	return ends;
}

static size_t segment(const struct ends *ends, uint8_t flags, uint32_t seq, const uint8_t *data, size_t len,
		      uint8_t *out)
{
	return frame_make(&(struct frame_spec){.src = ends->client,
					       .dst = ends->server,
					       .src_port = ends->port,
					       .dst_port = 443,
					       .proto = 6,
					       .tcp_flags = flags,
					       .seq = seq,
					       .ack = (flags & ACK) != 0 ? 5001 : 0,
					       .data = data,
					       .len = len,
					       .checksum = FRAME_CHECKSUM_RIGHT},
			  out);
}

static size_t tls_packet(uint32_t flow, unsigned int k, uint8_t *out)
{
	uint8_t hello[1024];
	struct ends ends = ends_of(flow);

	if (k == 0)
		return segment(&ends, SYN, 1000, NULL, 0, out);
	return segment(&ends, ACK | PSH, 1001, hello, frame_hello(ends.name, HELLO_BYTES - 5, hello, sizeof(hello)),
		       out);
}

static size_t large_tls_packet(uint32_t flow, unsigned int k, uint8_t *out)
{
	static uint8_t hello[HELLO_ROOM];
	struct ends ends = ends_of(flow);
	size_t len;

	if (k == 0)
		return segment(&ends, SYN, 1000, NULL, 0, out);
	len = hello_stream(hello, ends.name, LARGE_HELLO_BYTES, 100, LARGE_HELLO_BYTES);
	if (k == 1)
		return segment(&ends, ACK, 1001, hello, SEGMENT_BYTES, out);
	return segment(&ends, ACK | PSH, 1001 + SEGMENT_BYTES, hello + SEGMENT_BYTES, len - SEGMENT_BYTES, out);
}

static size_t quic_packet(uint32_t flow, unsigned int k, uint8_t *out)
{
	static struct quic_bytes payload, datagram;
	uint64_t id = (flow + UINT64_C(1)) * UINT64_C(0x9E3779B97F4A7C15);
	struct quic_header header = {.version = QUIC_V1, .dcid.len = HELLOS_DCID_LEN};
	struct ends ends = ends_of(flow);
	uint8_t hello[1024];
	size_t len = quic_make_hello(ends.name, 300, hello, sizeof(hello));

	(void)k;
	memcpy(header.dcid.at, &id, sizeof(id));
	payload.len = datagram.len = 0;
	quic_put_crypto(&payload, hello, 0, len);
	/* A packet number of one byte before it, a tag of 16 behind it. */
	quic_put_fill(&payload, 0, DATAGRAM_BYTES - HELLOS_PN_OFFSET - 1 - 16 - payload.len);
	quic_seal(&datagram, &header, &payload);
	return frame_make(&(struct frame_spec){.src = ends.client,
					       .dst = ends.server,
					       .src_port = ends.port,
					       .dst_port = 443,
					       .proto = 17,
					       .data = datagram.at,
					       .len = datagram.len,
					       .checksum = FRAME_CHECKSUM_RIGHT},
			  out);
}

static void put(struct hellos *h, uint32_t flow, unsigned int k, packet_make *make)
{
	static uint8_t frame[FRAME_MAX];
	uint32_t n = h->traffic.count++;
	uint8_t *data = h->traffic.bytes + (size_t)n * ROOM;
	size_t len = make(flow, k, frame);

	if (len > ROOM) {
		fprintf(stderr, "bench: a frame with a hello is too long\n");
		exit(1);
	}
	memcpy(data, frame, len);
	h->traffic.views[n] = (struct zr_view){.data = data,
					       .len = (uint32_t)len,
					       .wire_len = (uint32_t)len,
					       .time_ns = BEGIN_NS + (uint64_t)n * PACKET_NS,
					       .port = &h->traffic.port,
					       .handle = (void *)(uintptr_t)flow};
}

void hellos_make(struct hellos *hellos, enum hellos_kind kind, uint32_t flows)
{
	static const struct {
		unsigned int pkts;
		packet_make *make;
	} kinds[] = {[HELLOS_TLS] = {2, tls_packet},
		     [HELLOS_TLS_LARGE] = {3, large_tls_packet},
		     [HELLOS_QUIC] = {1, quic_packet}};
	size_t pkts = (size_t)flows * kinds[kind].pkts;

	*hellos = (struct hellos){
		.traffic = {.port = {.link = ZR_LINK_ETHERNET, .role = ZR_ROLE_BOTH}},
		.flows = flows,
		.pkts_each = kinds[kind].pkts,
		.bytes_len = pkts * ROOM,
	};
	hellos->traffic.views = bench_alloc(pkts * sizeof(struct zr_view), true);
	hellos->traffic.bytes = bench_alloc(hellos->bytes_len, true);
	for (uint32_t block = 0; block < flows; block += HELLOS_BLOCK)
		for (unsigned int k = 0; k < kinds[kind].pkts; k++)
			for (uint32_t flow = block; flow < flows && flow < block + HELLOS_BLOCK; flow++)
				put(hellos, flow, k, kinds[kind].make);
}

void hellos_free(struct hellos *hellos)
{
	bench_free(hellos->traffic.views, hellos->traffic.count * sizeof(struct zr_view));
	bench_free(hellos->traffic.bytes, hellos->bytes_len);
}

uint32_t hellos_flow(const struct zr_view *view)
{
	return (uint32_t)(uintptr_t)view->handle;
}

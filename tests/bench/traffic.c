/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/traffic.h"

#include <string.h>

#include "tests/bench/harness.h"

/* Room of a packet: Ethernet, IPv4, UDP, GTP-U, IPv6 and TCP headers need 110 bytes. */
#define PACKET_BYTES TRAFFIC_HEADERS_MAX

#define TCP 6
#define UDP 17

#define ETHERNET_BYTES 14
#define GTPU_BYTES     (20 + 8 + 8)
#define GTPU_PORT      2152

#define BEGIN_NS  UINT64_C(1764000000000000000)
#define PACKET_NS 100

/* One side of a flow. */
struct side {
	uint8_t ip[16];
	uint16_t port;
};

static uint8_t *put16(uint8_t *at, uint32_t value)
{
	*at++ = (uint8_t)(value >> 8);
	*at++ = (uint8_t)value;
	return at;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	return put16(put16(at, value >> 16), value);
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t len)
{
	memcpy(at, bytes, len);
	return at + len;
}

static uint8_t *put_ethernet(uint8_t *at, uint8_t family)
{
	static const uint8_t addresses[12] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};

	at = put_bytes(at, addresses, sizeof(addresses));
	return put16(at, family == 4 ? 0x0800 : 0x86DD);
}

static uint8_t *put_ipv4(uint8_t *at, size_t ip_bytes, uint8_t proto, const struct side *src, const struct side *dst)
{
	at = put16(at, 0x4500); /* version, header length, no service class */
	at = put16(at, (uint32_t)ip_bytes);
	at = put32(at, 0x00004000);                        /* identification, do not fragment */
	at = put32(at, 64U << 24 | (uint32_t)proto << 16); /* time to live */
	at = put_bytes(at, src->ip, 4);
	return put_bytes(at, dst->ip, 4);
}

static uint8_t *put_ipv6(uint8_t *at, size_t ip_bytes, uint8_t proto, const struct side *src, const struct side *dst)
{
	at = put32(at, 6U << 28);
	at = put16(at, (uint32_t)ip_bytes - 40U);
	at = put16(at, (uint32_t)proto << 8 | 64); /* hop limit */
	at = put_bytes(at, src->ip, 16);
	return put_bytes(at, dst->ip, 16);
}

static uint8_t *put_udp(uint8_t *at, size_t udp_bytes, uint16_t src_port, uint16_t dst_port)
{
	at = put16(at, src_port);
	at = put16(at, dst_port);
	return put32(at, (uint32_t)udp_bytes << 16); /* no checksum */
}

static uint8_t *put_tcp(uint8_t *at, uint16_t src_port, uint16_t dst_port)
{
	at = put16(at, src_port);
	at = put16(at, dst_port);
	at = put32(at, 1000);       /* sequence number */
	at = put32(at, 2000);       /* acknowledged */
	at = put32(at, 0x5010FFFF); /* header of five words, ACK, window */
	return put32(at, 0);        /* checksum, urgent pointer */
}

/* Both directions go to the port of GTP-U (3GPP TS 29.281, section 4.4.2); the other end's flow has a TEID of its own. */
static uint8_t *put_gtpu(uint8_t *at, size_t ip_bytes, uint32_t teid, bool up)
{
	static const struct side radio = {.ip = {10, 200, 0, 1}}, core = {.ip = {10, 200, 0, 2}};

	at = put_ipv4(at, ip_bytes + GTPU_BYTES, UDP, up ? &radio : &core, up ? &core : &radio);
	at = put_udp(at, ip_bytes + GTPU_BYTES - 20, GTPU_PORT, GTPU_PORT);
	at = put16(at, 0x30FF); /* version 1, no options, G-PDU */
	at = put16(at, (uint32_t)ip_bytes);
	return put32(at, teid);
}

/* Random numbers of a flow, the same whenever it is asked for. */
static uint64_t random_of(const struct traffic_options *options, uint32_t flow)
{
	uint64_t state = (flow + UINT64_C(1)) * UINT64_C(0x9E3779B97F4A7C15) ^ options->seed;

	bench_random(&state);
	return bench_random(&state) * UINT64_C(0xBF58476D1CE4E5B9);
}

/* Client and server of a flow: no two flows have the same client address. */
static void make_sides(const struct traffic_options *options, uint32_t flow, uint64_t r, struct side *client,
		       struct side *server)
{
	uint32_t host = (flow * 0x9E3779B1U) & 0xFFFFFF; /* odd factor: a permutation of 24 bits */

	*client = (struct side){.port = (uint16_t)(1024 + (r >> 8 & 0xFFFF) % 60000)};
	*server = (struct side){.port = 443};
	if (options->family == 4) {
		put32(client->ip, 10U << 24 | host);
		put32(server->ip, 198U << 24 | 18U << 16 | (uint32_t)(r >> 32 & 0x1FFFF));
	} else {
		put32(client->ip, 0x20010db8);
		put32(client->ip + 4, host);
		put32(client->ip + 12, (uint32_t)(r >> 16));
		put32(server->ip, 0x20010db9);
		put32(server->ip + 12, (uint32_t)(r >> 32));
	}
}

static bool is_udp(const struct traffic_options *options, uint64_t r)
{
	return options->mix == TRAFFIC_UDP || (options->mix == TRAFFIC_BOTH && (r >> 62 & 1) != 0);
}

static size_t inner_headers(const struct traffic_options *options, uint64_t r)
{
	return (options->family == 4 ? 20U : 40U) + (is_udp(options, r) ? 8U : 20U);
}

static size_t headers_put(const struct traffic_options *options, uint32_t flow, uint64_t r, bool from_client,
			  size_t ip_bytes, uint8_t *out)
{
	uint8_t proto = is_udp(options, r) ? UDP : TCP, *at = out;
	struct side client, server;

	make_sides(options, flow, r, &client, &server);
	const struct side *src = from_client ? &client : &server, *dst = from_client ? &server : &client;

	at = put_ethernet(at, options->gtpu ? 4 : options->family);
	if (options->gtpu)
		at = put_gtpu(at, ip_bytes, flow << 1 | from_client, from_client);
	if (options->family == 4)
		at = put_ipv4(at, ip_bytes, proto, src, dst);
	else
		at = put_ipv6(at, ip_bytes, proto, src, dst);
	if (proto == UDP)
		at = put_udp(at, ip_bytes - (options->family == 4 ? 20 : 40), src->port, dst->port);
	else
		at = put_tcp(at, src->port, dst->port);
	return (size_t)(at - out);
}

size_t traffic_headers(const struct traffic_options *options, uint32_t flow, bool from_client, size_t payload_len,
		       uint8_t *out)
{
	uint64_t r = random_of(options, flow);

	return headers_put(options, flow, r, from_client, inner_headers(options, r) + payload_len, out);
}

/* Sizes of frames come with their checksum of four bytes. */
static size_t ip_bytes_of(const struct traffic_options *options, uint64_t r)
{
	size_t least = inner_headers(options, r), bytes = options->ip_bytes;

	if (bytes == TRAFFIC_IMIX) {
		unsigned int which = (unsigned int)(r >> 24 & 0xFFFF) % 12;

		bytes = (which < 7 ? 64U : which < 11 ? 594U : 1518U) - ETHERNET_BYTES - 4;
	}
	return bytes < least ? least : bytes;
}

uint64_t traffic_opening_ns(uint32_t n)
{
	return BEGIN_NS + (uint64_t)n * PACKET_NS;
}

static void window_make(struct traffic *t)
{
	for (uint32_t i = 0; i < t->count; i++) {
		uint8_t *data = t->bytes + (size_t)i * PACKET_BYTES;
		uint64_t r = random_of(&t->options, t->first + i);
		size_t ip_bytes = ip_bytes_of(&t->options, r);
		uint32_t wire_len = (uint32_t)(ETHERNET_BYTES + (t->options.gtpu ? GTPU_BYTES : 0) + ip_bytes);

		headers_put(&t->options, t->first + i, r, (r >> 61 & 1) != 0, ip_bytes, data);
		t->views[i] = (struct zr_view){
			.data = data,
			.len = wire_len < PACKET_BYTES ? wire_len : PACKET_BYTES,
			.wire_len = wire_len,
			.time_ns = BEGIN_NS + (t->options.flows + t->made + i) * PACKET_NS,
			.port = &t->port,
		};
	}
	t->made += t->count;
}

void traffic_make(struct traffic *traffic, const struct traffic_options *options)
{
	uint32_t count = options->window != 0 ? options->window : options->flows;

	*traffic = (struct traffic){
		.options = *options,
		.views = bench_alloc(count * sizeof(struct zr_view), options->huge),
		.count = count,
		.port = {.link = ZR_LINK_ETHERNET, .role = ZR_ROLE_BOTH},
		.bytes = bench_alloc((size_t)count * PACKET_BYTES, options->huge),
	};
	window_make(traffic);
}

void traffic_next(struct traffic *traffic)
{
	traffic->first = (traffic->first + traffic->count) % traffic->options.flows;
	window_make(traffic);
}

void traffic_free(struct traffic *traffic)
{
	bench_free(traffic->views, traffic->count * sizeof(struct zr_view));
	bench_free(traffic->bytes, (size_t)traffic->count * PACKET_BYTES);
}

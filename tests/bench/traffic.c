/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/traffic.h"

#include <string.h>

#include "tests/bench/harness.h"

/* Room of a packet: Ethernet, IPv6 and TCP headers need 74 bytes. */
#define PACKET_BYTES 128

#define TCP 6
#define UDP 17

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

static uint8_t *put_ipv4(uint8_t *at, uint16_t ip_bytes, uint8_t proto, const struct side *src, const struct side *dst)
{
	at = put16(at, 0x4500); /* version, header length, no service class */
	at = put16(at, ip_bytes);
	at = put32(at, 0x00004000);                        /* identification, do not fragment */
	at = put32(at, 64U << 24 | (uint32_t)proto << 16); /* time to live */
	at = put_bytes(at, src->ip, 4);
	return put_bytes(at, dst->ip, 4);
}

static uint8_t *put_ipv6(uint8_t *at, uint16_t ip_bytes, uint8_t proto, const struct side *src, const struct side *dst)
{
	at = put32(at, 6U << 28);
	at = put16(at, ip_bytes - 40U);
	at = put16(at, (uint32_t)proto << 8 | 64); /* hop limit */
	at = put_bytes(at, src->ip, 16);
	return put_bytes(at, dst->ip, 16);
}

static void put_ports(uint8_t *at, uint32_t transport_bytes, uint8_t proto, const struct side *src,
		      const struct side *dst)
{
	at = put16(at, src->port);
	at = put16(at, dst->port);
	if (proto == UDP) {
		put16(at, transport_bytes);
		return;
	}
	at = put32(at, 1000);  /* sequence number */
	at = put32(at, 2000);  /* acknowledged */
	put32(at, 0x5010FFFF); /* header of five words, ACK, window */
}

/* Client and server of flow number i: no two flows have the same client address. */
static void make_sides(const struct traffic_options *options, uint32_t i, uint64_t *random, struct side *client,
		       struct side *server)
{
	uint64_t r = bench_random(random);
	uint32_t host = (i * 0x9E3779B1U) & 0xFFFFFF; /* odd factor: a permutation of 24 bits */

	*client = (struct side){.port = (uint16_t)(1024 + r % 60000)};
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

static void put_packet(uint8_t *at, const struct traffic_options *options, uint32_t flow, uint64_t *random)
{
	uint64_t r = bench_random(random);
	bool udp = options->mix == TRAFFIC_UDP || (options->mix == TRAFFIC_BOTH && (r >> 20 & 1) != 0);
	uint8_t proto = udp ? UDP : TCP;
	struct side client, server;

	make_sides(options, flow, random, &client, &server);
	const struct side *src = (r >> 21 & 1) != 0 ? &client : &server, *dst = src == &client ? &server : &client;

	at = put_ethernet(at, options->family);
	if (options->family == 4) {
		at = put_ipv4(at, options->ip_bytes, proto, src, dst);
		put_ports(at, options->ip_bytes - 20U, proto, src, dst);
	} else {
		at = put_ipv6(at, options->ip_bytes, proto, src, dst);
		put_ports(at, options->ip_bytes - 40U, proto, src, dst);
	}
}

static void shuffle(uint32_t *numbers, uint32_t count, uint64_t *random)
{
	for (uint32_t i = 0; i < count; i++)
		numbers[i] = i;
	for (uint32_t i = count - 1; i > 0; i--) {
		uint32_t j = (uint32_t)(bench_random(random) % (i + 1)), was = numbers[i];

		numbers[i] = numbers[j];
		numbers[j] = was;
	}
}

/* 100 ns from packet to packet; the opening comes first. */
static struct zr_view view_of(const struct traffic *traffic, uint32_t packet, uint16_t ip_bytes, uint64_t time)
{
	uint32_t wire_len = 14U + ip_bytes;

	return (struct zr_view){
		.data = traffic->bytes + (size_t)packet * PACKET_BYTES,
		.len = wire_len < PACKET_BYTES ? wire_len : PACKET_BYTES,
		.wire_len = wire_len,
		.time_ns = UINT64_C(1764000000000000000) + time * 100,
		.port = &traffic->port,
	};
}

void traffic_make(struct traffic *traffic, const struct traffic_options *options)
{
	uint32_t count = options->flows;
	uint64_t random = options->seed | 1;
	uint32_t *order = bench_alloc(count * sizeof(order[0]), false);

	*traffic = (struct traffic){
		.opening = bench_alloc(count * sizeof(struct zr_view), options->huge),
		.views = bench_alloc(count * sizeof(struct zr_view), options->huge),
		.count = count,
		.port = {.link = ZR_LINK_ETHERNET, .role = ZR_ROLE_BOTH},
		.bytes = bench_alloc((size_t)count * PACKET_BYTES, options->huge),
	};
	shuffle(order, count, &random);
	for (uint32_t i = 0; i < count; i++) {
		put_packet(traffic->bytes + (size_t)i * PACKET_BYTES, options, i, &random);
		traffic->views[i] = view_of(traffic, i, options->ip_bytes, (uint64_t)count + i);
		traffic->opening[i] = view_of(traffic, order[i], options->ip_bytes, i);
	}
	bench_free(order, count * sizeof(order[0]));
}

void traffic_free(struct traffic *traffic)
{
	bench_free(traffic->opening, traffic->count * sizeof(struct zr_view));
	bench_free(traffic->views, traffic->count * sizeof(struct zr_view));
	bench_free(traffic->bytes, (size_t)traffic->count * PACKET_BYTES);
}

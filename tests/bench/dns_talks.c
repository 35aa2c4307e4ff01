/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/dns_talks.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/harness.h"
#include "tests/support/dns_make.h"
#include "tests/support/frame.h"

#define ROOM      256 /* bytes of a frame */
#define NAMES     64
#define BYTES_LEN ((size_t)DNS_PKTS * ROOM)

#define BEGIN_NS UINT64_C(1795305600000000000)

const char dns_talks_list[] = "#! serial: 1\n#! issuer: bench\n#! issued: 2026-01-01T00:00:00Z\n"
			      "#! expires: 2030-01-01T00:00:00Z\n"
			      "match,service,rating_group,verify\n.olm.vn,olm,1,require\n";

static void put(struct dns_talks *talks, unsigned int n, const struct frame_spec *spec)
{
	static uint8_t frame[FRAME_MAX];
	size_t len = frame_make(spec, frame);

	if (len > ROOM) {
		fprintf(stderr, "bench: a frame with a message of DNS is too long\n");
		exit(1);
	}
	memcpy(talks->bytes + (size_t)n * ROOM, frame, len);
	talks->views[n] = (struct zr_view){.data = talks->bytes + (size_t)n * ROOM,
					   .len = (uint32_t)len,
					   .wire_len = (uint32_t)len,
					   .time_ns = BEGIN_NS,
					   .port = &talks->port};
}

void dns_talks_make(struct dns_talks *talks, const char *domain)
{
	static struct dns_bytes message;

	*talks = (struct dns_talks){.bytes = bench_alloc(BYTES_LEN, true)};
	for (unsigned int i = 0; i < DNS_TALKS; i++) {
		char name[64], client[INET_ADDRSTRLEN], server[INET_ADDRSTRLEN];
		struct frame_spec question = {.src = client,
					      .dst = DNS_RESOLVER,
					      .src_port = 40000,
					      .dst_port = 53,
					      .proto = 17,
					      .checksum = FRAME_CHECKSUM_RIGHT};
		struct frame_spec answer = {.src = DNS_RESOLVER,
					    .dst = client,
					    .src_port = 53,
					    .dst_port = 40000,
					    .proto = 17,
					    .checksum = FRAME_CHECKSUM_RIGHT};

		snprintf(name, sizeof(name), "w%u.%s", i % NAMES, domain);
		snprintf(client, sizeof(client), "10.0.%u.%u", i / 256, i % 256);
		snprintf(server, sizeof(server), "203.0.113.%u", i % NAMES);
		dns_begin(&message, (uint16_t)i, false, name, DNS_A);
		question.data = message.at;
		question.len = message.len;
		put(talks, 2 * i, &question);
		dns_begin(&message, (uint16_t)i, true, name, DNS_A);
		dns_put_address(&message, name, 300, server);
		answer.data = message.at;
		answer.len = message.len;
		put(talks, 2 * i + 1, &answer);
	}
}

void dns_talks_free(struct dns_talks *talks)
{
	bench_free(talks->bytes, BYTES_LEN);
}

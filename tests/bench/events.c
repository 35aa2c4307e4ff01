/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/bench/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/list.h"
#include "tests/bench/harness.h"

const char bench_events_list[] =
	"#! serial: 2026112201\n#! issuer: bench\n#! issued: 2025-01-01T00:00:00Z\n"
	"#! expires: 2037-01-01T00:00:00Z\n"
	"match,service,rating_group\n.olm.vn,olm,90001\n.hocmai.vn,hocmai,90001\n"
	"thi.moet.gov.vn,moet,90002\nxn--hc-gpa.vn,\"H\xe1\xbb\x8d\x63 t\xe1\xba\xadp\",90003\n";
static const char *const names[] = {"static.olm.vn", "cdn-3.video.hocmai.vn", "thi.moet.gov.vn", "xn--hc-gpa.vn"};
#define NAMES (sizeof(names) / sizeof(names[0]))

static void random_bytes(void *out, size_t len, uint64_t *state)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)(bench_random(state) >> 32);
}

static void event_make(struct zr_usage *usage, const struct zr_image *image, uint64_t *state)
{
	uint64_t bits = bench_random(state) >> 16;
	unsigned int name = (unsigned int)(bits >> 8) % NAMES;
	bool quic = (bits >> 16) % 2 == 0;

	*usage = (struct zr_usage){
		.type = bits % 4 == 0 ? ZR_USAGE_TAG : ZR_USAGE_PART,
		.verdict = ZR_FREE,
		.reason = quic ? ZR_REASON_QUIC_SNI : ZR_REASON_SNI,
		.cause = (bits >> 4) % 2 == 0 ? ZR_CAUSE_FIN : ZR_CAUSE_INTERIM,
		.final = (bits >> 4) % 2 == 0,
		.evidence = (uint8_t)(1U << (quic ? ZR_EVIDENCE_QUIC_SNI : ZR_EVIDENCE_TLS_SNI)),
		.flags = (bits >> 5) % 8 == 0 ? 1U << ZR_FLAG_ECH : 0,
		.worker = (uint8_t)((bits >> 20) % 4),
		.flow = bench_random(state) >> 30,
		.recorded = true,
		.part = (uint32_t)((bits >> 24) % 4),
		.image = image,
		.rule = name,
		.name = names[name],
		.family = (bits >> 28) % 3 == 0 ? 6 : 4,
		.proto = quic ? ZR_PROTO_UDP : ZR_PROTO_TCP,
		.client_port = (uint16_t)(32768 + bits % 28000),
		.server_port = 443,
		.has_teid_up = (bits >> 32) % 4 == 0,
		.has_teid_down = (bits >> 32) % 4 == 0,
		.up_bytes = bench_random(state) >> 44,
		.down_bytes = bench_random(state) >> 38,
		.retro_up_bytes = bits % 2000,
		.retro_down_bytes = bits % 100,
		.up_pkts = (uint32_t)(bits % 5000),
		.down_pkts = (uint32_t)(bits % 70000),
		.first_us = 1795305600000000 + bench_random(state) % 3600000000,
		.last_us = 1795309200000000 + bench_random(state) % 3600000000,
	};
	random_bytes(&usage->client, sizeof(usage->client), state);
	random_bytes(&usage->server, sizeof(usage->server), state);
	random_bytes(&usage->teid_up, sizeof(usage->teid_up), state);
	random_bytes(&usage->teid_down, sizeof(usage->teid_down), state);
}

void bench_events_make(struct zr_usage events[BENCH_EVENTS], const struct zr_image *image)
{
	uint64_t state = 20261122;

	for (unsigned int i = 0; i < BENCH_EVENTS; i++)
		event_make(&events[i], image, &state);
}

struct zr_image *bench_events_image(void **block)
{
	struct zr_findings errors = {0};
	struct zr_image *image = NULL;
	struct zr_list *list = NULL;
	size_t len;

	if (zr_list_read(bench_events_list, sizeof(bench_events_list) - 1, &list, &errors) != 0 ||
	    zr_list_compile(list, block, &len) != 0 || zr_image_load(*block, len, &image, NULL) != 0) {
		fputs("bench: the list cannot be compiled\n", stderr);
		exit(1);
	}
	zr_list_free(list);
	return image;
}

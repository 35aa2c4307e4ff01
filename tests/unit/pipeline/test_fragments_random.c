/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams of known flows, cut into fragments at random, repeated and shuffled: each flow has exactly its packets and bytes,
 * and the hello in one of its datagrams is read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/quic_make.h"
#include "tests/support/scene.h"

#define LIST      ".olm.vn,olm,90001,,,,,\n"
#define ROUNDS    150
#define FLOWS     12
#define DATAGRAMS 4
#define PARTS_MAX 2000

struct flow {
	struct frame_spec spec;
	struct quic_bytes hello;
	size_t lens[DATAGRAMS]; /* of what the inner IP header carries */
	uint64_t pkts, bytes;
	bool v6, tunnel;
};

struct part {
	unsigned int flow, datagram;
	struct frame_part inner, outer;
};

static struct scene s;
static struct flow flows[FLOWS];
static struct part parts[PARTS_MAX];
static unsigned int part_count;
static uint64_t unaccounted_pkts;
static uint64_t random_state;
static uint8_t zeros[8192];

static unsigned int pick(unsigned int below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned int)(random_state >> 33) % below;
}

static struct frame_spec spec_of(const struct part *part)
{
	const struct flow *f = &flows[part->flow];
	struct frame_spec spec = f->spec;

	spec.data = part->datagram == 0 ? f->hello.at : zeros;
	spec.len = f->lens[part->datagram] - 8;
	spec.part = part->inner;
	spec.outer_part = part->outer;
	return spec;
}

static void flow_make(unsigned int number)
{
	static const char *const addresses[2][2] = {{"10.0.0.1", "203.0.113.1"},
						    {"2001:db8:1::1", "2001:db8:ffff::53"}};
	struct quic_header header = {.version = QUIC_V1, .dcid = {"abcdefgh", 8}, .keys_from = {"abcdefgh", 8}};
	struct quic_bytes payload = {.len = 0};
	struct flow *f = &flows[number];
	uint8_t hello[4096];
	size_t len = quic_make_hello("lop.olm.vn", 300 + pick(2000), hello, sizeof(hello));

	memset(f, 0, sizeof(*f));
	f->v6 = pick(2) != 0;
	f->tunnel = pick(3) == 0;
	f->spec = (struct frame_spec){.src = addresses[f->v6][0], .dst = addresses[f->v6][1], .proto = ZR_PROTO_UDP};
	f->spec.src_port = (uint16_t)(40000 + number);
	f->spec.dst_port = 443;
	if (f->tunnel) {
		f->spec.outer_src = pick(2) != 0 ? "10.200.0.1" : "2001:db8:200::1";
		f->spec.outer_dst = f->spec.outer_src[2] == '.' ? "10.200.0.2" : "2001:db8:200::2";
	}
	quic_put_crypto(&payload, hello, 0, len);
	quic_put_fill(&payload, 0, payload.len < 1200 ? 1200 - payload.len : 0);
	quic_seal(&f->hello, &header, &payload);
	f->lens[0] = 8 + f->hello.len;
	for (unsigned int i = 1; i < DATAGRAMS; i++)
		f->lens[i] = 8 + pick(6000);
}

/* The pieces of content at random edges, some of them twice; a single one is no fragment. */
static unsigned int cut(size_t content, uint32_t id, struct frame_part *out, bool repeat)
{
	size_t step = 8 * (1 + pick(200)) + 64, from = 0;
	unsigned int count = 0;

	while (content > step && from < content) {
		size_t len = content - from < step ? content - from : step;

		out[count++] = (struct frame_part){.id = id, .from = from, .len = len, .last = from + len == content};
		if (repeat && pick(8) == 0) {
			out[count] = out[count - 1];
			count++;
		}
		from += len;
	}
	if (count == 0)
		out[count++] = (struct frame_part){0};
	return count;
}

static void datagram_make(unsigned int number, unsigned int datagram)
{
	struct flow *f = &flows[number];
	uint32_t id = number * DATAGRAMS + datagram + 1;
	struct frame_part inner[200], outer[400];
	unsigned int inner_count = cut(f->lens[datagram], id, inner, !f->tunnel);

	for (unsigned int i = 0; i < inner_count; i++) {
		struct part part = {.flow = number, .datagram = datagram, .inner = inner[i]};
		struct frame_spec spec = spec_of(&part);
		unsigned int outer_count = 1;

		outer[0] = (struct frame_part){0};
		if (f->tunnel)
			outer_count = cut(frame_outer_content(&spec), id * 200 + i, outer, false);
		f->pkts++;
		f->bytes += frame_volume(&spec);
		unaccounted_pkts += outer_count - 1;
		for (unsigned int j = 0; j < outer_count; j++) {
			part.outer = outer[j];
			assert_true(part_count < PARTS_MAX);
			parts[part_count++] = part;
		}
	}
}

static void shuffle(void)
{
	for (unsigned int i = part_count; i > 1; i--) {
		unsigned int other = pick(i);
		struct part part = parts[i - 1];

		parts[i - 1] = parts[other];
		parts[other] = part;
	}
}

static void check(void)
{
	struct zr_totals totals;

	assert_int_equal(scene_events(&s, ZR_USAGE_PART), FLOWS);
	for (unsigned int i = 0; i < FLOWS; i++) {
		const struct zr_usage *u = &scene_event(&s, ZR_USAGE_PART, i)->usage;
		const struct flow *f = &flows[u->client_port - 40000];

		assert_int_equal(u->up_pkts, f->pkts);
		assert_int_equal(u->up_bytes, f->bytes);
		assert_int_equal(u->reason, ZR_REASON_QUIC_SNI);
	}
	zr_pipeline_totals(s.pipeline, &totals);
	assert_int_equal(totals.unaccounted[ZR_UNACCOUNTED_TUNNEL_FRAGMENT].pkts, unaccounted_pkts);
}

static void shuffled_fragments_count_exactly(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		random_state = round;
		part_count = 0;
		unaccounted_pkts = 0;
		scene_init(&s, LIST);
		s.config.reassembly_bytes = 16U << 20;
		scene_open(&s);
		for (unsigned int i = 0; i < FLOWS; i++) {
			flow_make(i);
			for (unsigned int d = 0; d < DATAGRAMS; d++)
				datagram_make(i, d);
		}
		shuffle();
		for (unsigned int i = 0; i < part_count; i++) {
			struct frame_spec spec = spec_of(&parts[i]);

			scene_send(&s, i * 10, &spec);
		}
		scene_close(&s);
		check();
		scene_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(shuffled_fragments_count_exactly)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

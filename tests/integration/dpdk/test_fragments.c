/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunnels that come in fragments: three workers tell what one tells, as long as a datagram's first part comes first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/integration/dpdk/traffic.h"
#include "tests/support/frame.h"
#include "tests/support/random.h"

/* Fewer frames than a ring between workers holds: none is lost, however slow a worker. */
#define SUBSCRIBERS 120
#define PARTS       3
#define PART_LEN    600
#define PAYLOAD_LEN 1500
#define FRAMES      (SUBSCRIBERS * (2 + 4 * PARTS))

static const char *const names[] = {"olm.vn", "www.olm.vn", "ads.olm.vn", "lop6.hocmai.vn", "example.com"};

enum step { SYN, SYN_ACK, HELLO, ANSWER, ANSWER_AGAIN, REQUEST, STEPS };
enum order { IN_ORDER, FIRST_PARTS_FIRST, LATER_PARTS_ELSEWHERE, ANSWERS_BACKWARDS };

/* What came of it, all workers taken together. */
struct outcome {
	struct rig_lines lines;
	struct zr_totals totals;
	struct zr_dataplane_status status;
};

/* A dataplane with two ports, while frames are sent. */
struct sender {
	struct rte_ring *rings[2];
	struct zr_dataplane *dp;
	struct rig_lines *lines;
	uint64_t sent;
};

static struct rig_list list;
static struct zr_prefix endpoint_prefixes[] = {{.family = 4, .len = 24, .addr = {10, 200, 0}},
					       {.family = 6, .len = 48, .addr = {0x20, 0x01, 0x0d, 0xb8, 0x02, 0}}};
static struct zr_prefix subscriber_prefixes[] = {{.family = 4, .len = 16, .addr = {10, 1}},
						 {.family = 6, .len = 32, .addr = {0x24, 0x05, 0x48, 0x00}}};
static struct zr_prefix_set endpoints = {.prefixes = endpoint_prefixes, .count = 2};
static struct zr_prefix_set subscribers = {.prefixes = subscriber_prefixes, .count = 2};

static int begin(void **state)
{
	(void)state;
	rig_eal();
	rig_list_make(&list, TRAFFIC_ROWS);
	return 0;
}

static int end(void **state)
{
	(void)state;
	rig_list_free(&list);
	return 0;
}

/* Of a subscriber's connection: every kind of tunnel, both families inside and outside. part: of a datagram in fragments. */
static void frame_send(struct sender *s, unsigned int port, unsigned int who, enum step step, unsigned int part)
{
	static uint8_t frame[FRAME_MAX], zeros[PAYLOAD_LEN], hello[2 * PAYLOAD_LEN];
	bool up = step == SYN || step == HELLO || step == REQUEST, begins = step == SYN || step == SYN_ACK;
	const char *ends[2] = {who % 5 == 0 ? "2001:db8:200::1" : "10.200.0.1",
			       who % 5 == 0 ? "2001:db8:200::2" : "10.200.0.2"};
	char client[40], server[40];
	struct frame_spec spec = {
		.src = up ? client : server,
		.dst = up ? server : client,
		.src_port = up ? 40000 : 443,
		.dst_port = up ? 443 : 40000,
		.proto = 6,
		.tcp_flags = step == SYN       ? 0x02
			     : step == SYN_ACK ? 0x12
					       : 0x10,
		.seq = (up ? 1001 : 5001) - begins,
		.ack = up ? 5001 : 1001,
		.data = zeros,
		.len = begins ? 0 : PAYLOAD_LEN,
		.outer_src = ends[up ? 0 : 1],
		.outer_dst = ends[up ? 1 : 0],
		.tunnel = who % 4,
		.teid = up ? who : who + 1000000,
	};

	snprintf(client, sizeof(client), who % 3 == 0 ? "2405:4800:%x::7" : "10.1.0.%u", who);
	snprintf(server, sizeof(server), who % 3 == 0 ? "2001:db8::%x" : "203.0.113.%u", who);
	if (step == HELLO) {
		spec.data = hello;
		spec.len = frame_hello(names[who % 5], PAYLOAD_LEN, hello, sizeof(hello));
	}
	if (!begins) {
		size_t from = part * PART_LEN, rest = frame_outer_content(&spec) - from;

		spec.outer_part = (struct frame_part){
			.id = who + 1000 * step,
			.from = from,
			.len = part < PARTS - 1 ? PART_LEN : rest,
			.last = part == PARTS - 1,
		};
	}
	rig_send(s->rings[port], frame, frame_make(&spec, frame), sizeof(frame));
	s->sent++;
}

/* The first parts of all datagrams of a step, then their later ones in any order. */
static void parts_send(struct sender *s, enum step step, bool elsewhere)
{
	unsigned int parts[SUBSCRIBERS * (PARTS - 1)], left = SUBSCRIBERS * (PARTS - 1);
	struct random random = {.state = step};

	for (unsigned int who = SUBSCRIBERS; who >= 1; who--)
		frame_send(s, 0, who, step, 0);
	if (elsewhere)
		rig_wait(s->dp, s->lines, s->sent);
	for (unsigned int i = 0; i < left; i++)
		parts[i] = i;
	while (left > 0) {
		unsigned int i = random_below(&random, left), part = parts[i];

		frame_send(s, elsewhere, part / (PARTS - 1) + 1, step, part % (PARTS - 1) + 1);
		parts[i] = parts[--left];
	}
	if (elsewhere)
		rig_wait(s->dp, s->lines, s->sent);
}

static void step_send(struct sender *s, enum step step, enum order order)
{
	unsigned int parts = step == SYN || step == SYN_ACK ? 1 : PARTS;
	bool backwards = order == ANSWERS_BACKWARDS && (step == ANSWER || step == ANSWER_AGAIN);

	if (parts > 1 && (order == FIRST_PARTS_FIRST || order == LATER_PARTS_ELSEWHERE)) {
		parts_send(s, step, order == LATER_PARTS_ELSEWHERE);
		return;
	}
	for (unsigned int who = 1; who <= SUBSCRIBERS; who++)
		for (unsigned int i = 0; i < parts; i++)
			frame_send(s, 0, who, step, backwards ? parts - 1 - i : i);
}

static void volume_add(struct zr_volume *sum, const struct zr_volume *more, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		sum[i].pkts += more[i].pkts;
		sum[i].bytes += more[i].bytes;
	}
}

static void run(const char *workers, enum order order, struct outcome *out)
{
	static unsigned int ports;
	struct sender s = {.lines = &out->lines};
	struct zr_dataplane_config config;

	*out = (struct outcome){0};
	config = rig_config("", workers);
	config.port_count = 2;
	for (unsigned int i = 0; i < 2; i++) {
		char name[16];

		snprintf(name, sizeof(name), "parts_%u", ports++);
		s.rings[i] = rig_port(name, 4096);
		snprintf(config.ports[i].device, sizeof(config.ports[i].device), "net_ring_%s", name);
	}
	config.pipeline.packets = (struct zr_packet_rules){.tunnel_endpoints = &endpoints};
	config.pipeline.subscribers = &subscribers;
	config.pipeline.reassembly_bytes = 16U << 20;
	s.dp = rig_start(&config, &list);
	for (enum step step = SYN; step < STEPS; step++)
		step_send(&s, step, order);
	rig_wait(s.dp, &out->lines, FRAMES);
	rig_stop(s.dp, &out->lines, &out->status);
	assert_int_equal(out->status.ports[0].rx_pkts + out->status.ports[1].rx_pkts, FRAMES);
	for (unsigned int i = 0; i < out->status.worker_count; i++) {
		const struct zr_totals *totals = &out->status.workers[i].totals;

		volume_add(&out->totals.received, &totals->received, 1);
		volume_add(out->totals.reason, totals->reason, ZR_REASON_COUNT);
		volume_add(out->totals.unaccounted, totals->unaccounted, ZR_UNACCOUNTED_COUNT);
	}
	assert_int_equal(rig_mbufs_away(), 0);
	rte_ring_free(s.rings[0]);
	rte_ring_free(s.rings[1]);
}

static void outcomes_clear(struct outcome *one, struct outcome *three)
{
	rig_lines_clear(&one->lines);
	rig_lines_clear(&three->lines);
}

static void same_as_one_worker(enum order order)
{
	static struct outcome one, three;

	run("1", order, &one);
	run(RIG_LCORES, order, &three);
	assert_true(one.totals.reason[ZR_REASON_SNI].bytes > one.totals.received.bytes / 2);
	assert_int_equal(one.totals.reason[ZR_REASON_MIDSTREAM].pkts, 0);
	assert_int_equal(one.totals.unaccounted[ZR_UNACCOUNTED_TUNNEL_FRAGMENT].pkts, SUBSCRIBERS * 4 * (PARTS - 1));
	for (unsigned int i = 0; i < three.status.worker_count; i++)
		assert_true(three.status.workers[i].pkts > FRAMES / 10);
	rig_lines_equal(&three.lines, &one.lines);
	assert_memory_equal(&three.totals, &one.totals, sizeof(one.totals));
	outcomes_clear(&one, &three);
}

static void parts_in_order(void **state)
{
	(void)state;
	same_as_one_worker(IN_ORDER);
}

static void later_parts_in_any_order_among_each_other(void **state)
{
	(void)state;
	same_as_one_worker(FIRST_PARTS_FIRST);
}

/* Another port, and so another worker, receives them. */
static void later_parts_at_another_port(void **state)
{
	(void)state;
	same_as_one_worker(LATER_PARTS_ELSEWHERE);
}

/* Who a later part is of nobody knows yet, and nothing is held back: the tunnel's worker has the datagram, and charges it. */
static void later_parts_before_the_first_are_charged_to_the_same_subscriber(void **state)
{
	static struct outcome one, three;
	uint64_t moved_bytes;

	(void)state;
	run("1", ANSWERS_BACKWARDS, &one);
	run(RIG_LCORES, ANSWERS_BACKWARDS, &three);
	moved_bytes = three.totals.reason[ZR_REASON_MIDSTREAM].bytes + three.totals.reason[ZR_REASON_NO_NAME].bytes;
	assert_int_equal(one.totals.reason[ZR_REASON_MIDSTREAM].bytes + one.totals.reason[ZR_REASON_NO_NAME].bytes, 0);
	for (unsigned int i = 0; i < ZR_REASON_COUNT; i++) {
		if (i == ZR_REASON_MIDSTREAM || i == ZR_REASON_NO_NAME)
			continue;
		assert_true(three.totals.reason[i].bytes <= one.totals.reason[i].bytes);
		moved_bytes -= one.totals.reason[i].bytes - three.totals.reason[i].bytes;
	}
	assert_true(three.totals.reason[ZR_REASON_SNI].bytes < one.totals.reason[ZR_REASON_SNI].bytes);
	assert_int_equal(moved_bytes, 0);
	assert_memory_equal(&three.totals.received, &one.totals.received, sizeof(one.totals.received));
	assert_memory_equal(three.totals.unaccounted, one.totals.unaccounted, sizeof(one.totals.unaccounted));
	assert_int_equal(three.lines.bytes, one.lines.bytes);
	assert_int_equal(three.lines.pkts, one.lines.pkts);
	/* Of a subscriber, never of the tunnel's ends. */
	for (size_t i = 0; i < three.lines.count; i++)
		assert_true(strncmp(three.lines.at[i], "0a01", 4) == 0 ||
			    strncmp(three.lines.at[i], "24054800", 8) == 0);
	outcomes_clear(&one, &three);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_in_order),
		cmocka_unit_test(later_parts_in_any_order_among_each_other),
		cmocka_unit_test(later_parts_at_another_port),
		cmocka_unit_test(later_parts_before_the_first_are_charged_to_the_same_subscriber),
	};

	return cmocka_run_group_tests(tests, begin, end);
}

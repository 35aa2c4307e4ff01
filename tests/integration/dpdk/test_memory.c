/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All memory that a dataplane takes is there from its start: a flood that fills tables, names, reassembly, rings and decisions
 * makes the process no larger. Without huge pages, as everywhere here.
 */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/integration/dpdk/rig.h"
#include "tests/support/frame.h"
#include "tests/support/resident.h"

#define FLOWS      50000
#define PACKETS    200000
#define PATIENCE_S 60
#define RING_MOST  (32U << 20) /* a record ring */

/* What the test's own stacks, and the C library, may take meanwhile. */
#define GROWS_MOST (UINT64_C(1) << 20)

static struct rig_list list;
static uint64_t taken_pkts;

static void take(void *arg, const struct zr_usage *usage)
{
	(void)arg;
	taken_pkts += usage->type == ZR_USAGE_PART ? usage->up_pkts + usage->down_pkts : 0;
}

/* A hello of a new client for a name of its own: whole, or its front, or a fragment of the packet. */
static size_t packet(unsigned int n, uint8_t *frame)
{
	static uint8_t hello[1200];
	char name[40], client[INET_ADDRSTRLEN];
	struct frame_spec spec = {.src = client,
				  .dst = "203.0.113.1",
				  .src_port = (uint16_t)(1024 + n % 50000),
				  .dst_port = 443,
				  .proto = ZR_PROTO_TCP,
				  .tcp_flags = ZR_TCP_ACK,
				  .seq = n,
				  .data = hello};

	snprintf(client, sizeof(client), "10.%u.%u.%u", n / 65536 % 256, n / 256 % 256, n % 256);
	snprintf(name, sizeof(name), "lop-%u.%s", n, n % 8 == 0 ? "olm.vn" : "game.example.net");
	spec.len = frame_hello(name, 900, hello, sizeof(hello));
	if (n % 4 == 1)
		spec.len = 500;
	if (n % 4 == 2)
		spec.part = (struct frame_part){.id = n, .from = 0, .len = 480};
	return frame_make(&spec, frame);
}

static void wait_judged(struct zr_dataplane *dp, uint64_t pkts, bool drain)
{
	static struct zr_dataplane_status now;
	uint64_t judged;

	for (unsigned int tries = 0; tries < PATIENCE_S * 10000; tries++) {
		if (drain)
			zr_dataplane_drain(dp, take, NULL, 4096);
		zr_dataplane_status(dp, &now);
		judged = 0;
		for (unsigned int i = 0; i < now.worker_count; i++)
			judged += now.workers[i].totals.received.pkts;
		if (judged >= pkts)
			return;
		usleep(100);
	}
	fail_msg("%lu packets were not judged", (unsigned long)pkts);
}

static void send_some(struct rte_ring *ring, struct zr_dataplane *dp, unsigned int from, unsigned int to, bool drain)
{
	static uint8_t frame[FRAME_MAX];

	for (unsigned int n = from; n < to; n++) {
		rig_send(ring, frame, packet(n, frame), 2048);
		if (n % 1024 == 1023)
			wait_judged(dp, n + 1 - 1024, drain);
	}
	wait_judged(dp, to, drain);
}

static void sums_are_exact(const struct zr_dataplane_status *now)
{
	for (unsigned int i = 0; i < now->worker_count; i++) {
		const struct zr_totals *t = &now->workers[i].totals;
		struct zr_volume sum = {0};

		for (unsigned int r = 0; r < ZR_REASON_COUNT; r++) {
			sum.pkts += t->reason[r].pkts;
			sum.bytes += t->reason[r].bytes;
		}
		for (unsigned int r = 0; r < ZR_UNACCOUNTED_COUNT; r++) {
			sum.pkts += t->unaccounted[r].pkts;
			sum.bytes += t->unaccounted[r].bytes;
		}
		assert_int_equal(sum.pkts, t->received.pkts);
		assert_int_equal(sum.bytes, t->received.bytes);
	}
}

static void nothing_grows(void **state)
{
	static struct zr_dataplane_status now;
	struct zr_dataplane_config config = rig_config("net_ring_fill", RIG_LCORES);
	struct rte_ring *ring = rig_port("fill", 4096);
	struct zr_memory memory;
	struct zr_dataplane *dp;
	char error[512];
	uint64_t before;

	(void)state;
	config.pipeline.flows = FLOWS;
	config.pipeline.names_bytes = 1U << 20;
	config.pipeline.reassembly_bytes = 2U << 20;
	config.pipeline.decisions_bytes = 4U << 20;
	assert_int_equal(zr_dataplane_memory(&config, false, &memory, error, sizeof(error)), 0);
	dp = rig_start(&config, &list);
	zr_dataplane_status(dp, &now);
	/* It took what was said, and says so. */
	assert_int_equal(now.memory.flows_bytes, memory.flows_bytes);
	assert_int_equal(now.memory.bounded_bytes, memory.bounded_bytes);
	assert_int_equal(now.memory.records_bytes, memory.records_bytes);
	assert_true(now.memory.frames_bytes > 0);
	assert_true(now.memory.flows_bytes <= 128 * now.memory.flows_max);
	assert_int_not_equal(now.pages, ZR_PAGES_HUGE);
	/* The way of a packet, and of a record, once: stacks, and what the C library keeps of its own. */
	send_some(ring, dp, 0, 64, true);
	before = resident_bytes();
	send_some(ring, dp, 64, PACKETS, true);
	if (RESIDENT_TELLS)
		assert_in_range(resident_bytes(), 0, before + GROWS_MOST);
	/* Now nobody drains: rings fill, too. */
	send_some(ring, dp, PACKETS, 2 * PACKETS, false);
	if (RESIDENT_TELLS)
		assert_in_range(resident_bytes(), 0, before + GROWS_MOST);
	zr_dataplane_status(dp, &now);
	for (unsigned int i = 0; i < now.worker_count; i++)
		assert_in_range(now.workers[i].flows, now.workers[i].flows_max * 9 / 10, now.workers[i].flows_max);
	sums_are_exact(&now);
	assert_true(now.workers[0].counters[ZR_COUNTER_NAMES_FULL] > 0);
	assert_true(now.workers[0].counters[ZR_COUNTER_HELLOS_GIVEN_UP] > 0);
	assert_true(now.workers[0].counters[ZR_COUNTER_DATAGRAMS_GIVEN_UP] > 0);
	assert_true(now.workers[0].lost[ZR_CHARGED].records > 0);
	while (zr_dataplane_stop(dp) != 0)
		zr_dataplane_drain(dp, take, NULL, 4096);
	while (zr_dataplane_drain(dp, take, NULL, 4096) > 0)
		;
	zr_dataplane_free(dp);
	rte_ring_free(ring);
}

/* At 1 M and 10 M flows, of one worker and of many. */
static void a_flow_takes_at_most_128_bytes(void **state)
{
	static const uint32_t flows[] = {1000000, 1U << 20, 10000000};
	static const char *const workers[] = {"1", "1-3"};

	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		struct zr_dataplane_config config = rig_config("net_ring_fill", workers[i % 2]);
		struct zr_memory memory;
		char error[512];

		config.pipeline.flows = flows[i / 2];
		/* What is there on this machine does not matter. */
		zr_dataplane_memory(&config, false, &memory, error, sizeof(error));
		assert_in_range(memory.flows_max, flows[i / 2], flows[i / 2] + 2);
		assert_true(memory.flows_bytes > 0 && memory.flows_bytes <= 128 * memory.flows_max);
		/* Rings do not grow with flows. */
		assert_in_range(memory.records_bytes, 1, (i % 2 == 0 ? 1 : 3) * RING_MOST);
		print_message("%u flows: %.2f bytes each\n", flows[i / 2],
			      (double)memory.flows_bytes / (double)memory.flows_max);
	}
}

static int begin(void **state)
{
	(void)state;
	rig_eal();
	rig_list_make(&list, ".olm.vn,olm,1,,,,,\n");
	return 0;
}

static int end(void **state)
{
	(void)state;
	rig_list_free(&list);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_takes_at_most_128_bytes),
		cmocka_unit_test(nothing_grows),
	};

	return cmocka_run_group_tests(tests, begin, end);
}

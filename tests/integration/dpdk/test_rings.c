/* SPDX-License-Identifier: BSD-3-Clause */
/* Packets through ports, rings and workers: the dataplane tells what the bare pipeline tells of the same packets. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/integration/dpdk/traffic.h"
#include "tests/support/frame.h"

/* Fewer frames than a ring between workers holds: none is lost, however slow a worker. */
#define SUBSCRIBERS 200
#define JUMBOS      80
#define JUMBO_BYTES 8900
#define INTERIM_US  300000

static struct rig_list list, other;

static int begin(void **state)
{
	(void)state;
	rig_eal();
	rig_list_make(&list, TRAFFIC_ROWS);
	rig_list_make(&other, ".example.com,example,3,,,,,\n");
	return 0;
}

static int end(void **state)
{
	(void)state;
	rig_list_free(&list);
	rig_list_free(&other);
	return 0;
}

static uint64_t free_pkts(const struct zr_dataplane_status *status)
{
	uint64_t pkts = 0;

	for (unsigned int i = 0; i < status->worker_count; i++)
		pkts += status->workers[i].totals.reason[ZR_REASON_SNI].pkts;
	return pkts;
}

static void same_as_bare(const char *port, const char *workers, uint32_t frame_max, unsigned int subscribers,
			 size_t jumbo, bool prefixes)
{
	struct rig_lines told = {0}, expected = {0};
	struct zr_dataplane_status status;
	struct zr_prefix_set set = {0};
	struct zr_dataplane_config config;
	struct zr_dataplane *dp;
	struct zr_prefix prefix;
	struct rte_ring *ring;
	char device[64];
	struct traffic t;

	snprintf(device, sizeof(device), "net_ring_%s", port);
	ring = rig_port(port, 4096);
	config = rig_config(device, workers);
	config.frame_max = frame_max;
	if (prefixes) {
		assert_int_equal(zr_prefix_parse("10.0.0.0/8", 10, &prefix), 0);
		assert_int_equal(zr_prefix_set_add(&set, &prefix), 0);
		config.pipeline.subscribers = &set;
	}
	traffic_make(&t, subscribers, jumbo);
	traffic_reference(&t, &config, &list, &expected);
	dp = rig_start(&config, &list);
	traffic_send(&t, ring);
	rig_wait(dp, &told, t.count);
	rig_stop(dp, &told, &status);
	assert_int_equal(status.ports[0].rx_pkts, t.count);
	assert_true(free_pkts(&status) > t.count / 8 && free_pkts(&status) < t.count / 2);
	for (unsigned int i = 0; i < status.worker_count; i++)
		assert_true(status.workers[i].pkts > t.count / 10);
	rig_lines_equal(&told, &expected);
	assert_int_equal(rig_mbufs_away(), 0);
	rig_lines_clear(&told);
	rig_lines_clear(&expected);
	zr_prefix_set_clear(&set);
	traffic_free(&t);
	rte_ring_free(ring);
}

static void one_worker_tells_what_the_pipeline_tells(void **state)
{
	(void)state;
	same_as_bare("one", "1", 1522, SUBSCRIBERS, 0, false);
}

static void three_workers_tell_what_the_pipeline_tells(void **state)
{
	(void)state;
	same_as_bare("three", RIG_LCORES, 1522, SUBSCRIBERS, 0, false);
}

static void three_workers_with_subscriber_prefixes(void **state)
{
	(void)state;
	same_as_bare("prefixes", RIG_LCORES, 1522, SUBSCRIBERS, 0, true);
}

static void jumbo_frames_in_segments(void **state)
{
	(void)state;
	same_as_bare("jumbo_one", "2", 9216, JUMBOS, JUMBO_BYTES, false);
	same_as_bare("jumbo_three", RIG_LCORES, 9216, JUMBOS, JUMBO_BYTES, false);
}

static void frames_of_64_kib_in_segments(void **state)
{
	(void)state;
	same_as_bare("huge", RIG_LCORES, 65535, 20, 65000, false);
}

/* A segment on each of so many flows, of as many subscribers or of another one. */
static void segments_send(struct rte_ring *ring, unsigned int count, bool one_subscriber, uint8_t flags,
			  const void *data, size_t len)
{
	static uint8_t frame[FRAME_MAX];

	for (unsigned int i = 0; i < count; i++) {
		unsigned int who = one_subscriber ? 60000 : i;
		char client[32];
		struct frame_spec spec = {
			.src = client,
			.dst = "203.0.113.1",
			.src_port = (uint16_t)(10000 + i),
			.dst_port = 443,
			.proto = 6,
			.tcp_flags = flags,
			.data = data,
			.len = len,
		};

		snprintf(client, sizeof(client), "10.0.%u.%u", who / 250, who % 250 + 1);
		rig_send(ring, frame, frame_make(&spec, frame), sizeof(frame));
	}
}

/* One hello for olm.vn, in the SYN (Fast Open), on each. */
static void hellos_send(struct rte_ring *ring, unsigned int count, bool one_subscriber)
{
	static uint8_t hello[1024];

	segments_send(ring, count, one_subscriber, 0x02, hello, frame_hello("olm.vn", 300, hello, sizeof(hello)));
}

static struct zr_worker_status wait_for_records(struct zr_dataplane *dp, uint64_t records)
{
	struct zr_dataplane_status status;
	time_t since = time(NULL);

	do {
		zr_dataplane_status(dp, &status);
		assert_true(time(NULL) - since < 60);
	} while (status.workers[0].records < records);
	assert_int_equal(status.workers[0].records, records);
	return status.workers[0];
}

/*
 * Nobody drains while interims pass: the ageing hand leaves half of the record ring to packets, and what it has no room for stays
 * with its flow until there is some.
 */
static void full_record_ring_loses_nothing_of_open_flows(void **state)
{
	const unsigned int flows = 5000, used = 3000, room = 8191, half = 8191 - 8191 / 2;
	struct rte_ring *ring = rig_port("waits", 8192);
	struct zr_dataplane_config config = rig_config("net_ring_waits", "1");
	struct zr_dataplane_status last;
	struct rig_lines told = {0};
	struct zr_dataplane *dp;

	(void)state;
	config.pipeline.flows = flows;
	config.pipeline.charged_records = false;
	config.pipeline.interim_us = INTERIM_US;
	dp = rig_start(&config, &list);
	/* Tags have room, and first parts until half of it is taken. */
	hellos_send(ring, used, false);
	do {
		zr_dataplane_status(dp, &last);
	} while (last.workers[0].pkts < used || last.workers[0].records < half);
	/* Packets bring the other first parts, and then second ones until it is full. */
	usleep(INTERIM_US * 4 / 3);
	segments_send(ring, used, false, 0x10, NULL, 0);
	wait_for_records(dp, 2 * used);
	usleep(INTERIM_US * 4 / 3);
	segments_send(ring, used, false, 0x10, NULL, 0);
	wait_for_records(dp, room);
	rig_wait(dp, &told, 3 * used);
	rig_stop(dp, &told, &last);
	assert_int_equal(last.workers[0].lost[ZR_FREE].records, 0);
	assert_int_equal(told.pkts, 3 * used);
	assert_int_equal(told.bytes, last.workers[0].totals.received.bytes);
	rig_lines_clear(&told);
	rte_ring_free(ring);
}

/* Nobody drains while charged flows end: what only totals are made of takes half of the ring, and the rest waits. */
static void charged_flows_leave_room_for_records(void **state)
{
	const unsigned int flows = 5000, used = 3000, room = 8191 - 4095;
	struct rte_ring *ring = rig_port("sums", 8192);
	struct zr_dataplane_config config = rig_config("net_ring_sums", "1");
	struct zr_dataplane_status last;
	struct rig_lines told = {0};
	struct zr_dataplane *dp;

	(void)state;
	config.pipeline.flows = flows;
	config.pipeline.charged_records = false;
	config.pipeline.totals_by_subscriber = true;
	config.pipeline.timeout_us[ZR_TIMEOUT_UNDECIDED] = 1;
	dp = rig_start(&config, &list);
	segments_send(ring, flows, false, 0x10, NULL, 0);
	do {
		zr_dataplane_status(dp, &last);
	} while (last.workers[0].pkts < flows || last.workers[0].flows > flows - room);
	assert_int_equal(last.workers[0].records, 0);
	hellos_send(ring, used, true);
	wait_for_records(dp, used);
	rig_stop(dp, &told, &last);
	assert_int_equal(last.workers[0].cut_charged.up_pkts, 0);
	assert_int_equal(last.workers[0].lost[ZR_FREE].records, 0);
	assert_int_equal(told.count, flows + 2 * used);
	assert_int_equal(told.pkts, flows + used);
	rig_lines_clear(&told);
	rte_ring_free(ring);
}

/* A list cuts every flow while tags leave little room in the ring: it is taken up as control drains, and nothing is lost. */
static void list_waits_for_room_in_the_record_ring(void **state)
{
	const unsigned int flows = 5000;
	struct rte_ring *ring = rig_port("room", 8192);
	struct zr_dataplane_config config = rig_config("net_ring_room", "1");
	struct zr_dataplane_status status;
	struct rig_lines told = {0};
	struct zr_dataplane *dp;

	(void)state;
	config.pipeline.flows = flows;
	config.pipeline.charged_records = false;
	dp = rig_start(&config, &list);
	hellos_send(ring, flows, false);
	wait_for_records(dp, flows);
	assert_int_equal(zr_dataplane_publish(dp, other.image, other.index), 0);
	usleep(100000);
	zr_dataplane_status(dp, &status);
	assert_int_equal(status.workers[0].records, flows);
	assert_int_equal(status.workers[0].flows_free, flows);
	assert_int_equal(status.unsettled_lists, 1);
	while (!zr_dataplane_settled(dp))
		zr_dataplane_drain(dp, rig_lines_take, &told, 10);
	zr_dataplane_status(dp, &status);
	assert_int_equal(status.workers[0].flows_free, 0);
	assert_int_equal(status.workers[0].lost[ZR_FREE].records, 0);
	assert_int_equal(told.count, 2 * flows);
	assert_int_equal(told.pkts, flows);
	assert_int_equal(told.bytes, status.workers[0].totals.received.bytes);
	rig_stop(dp, &told, NULL);
	rig_lines_clear(&told);
	rte_ring_free(ring);
}

/* Tags nobody drained, then packets by a list that cuts every flow: what has no room is counted to the byte. */
static void full_record_ring_is_counted(void **state)
{
	const unsigned int flows = 5000, room = 8191;
	struct rte_ring *ring = rig_port("full", 8192);
	struct zr_dataplane_config config = rig_config("net_ring_full", "1");
	struct zr_dataplane_status status, last;
	struct rig_lines told = {0};
	struct zr_dataplane *dp;
	uint64_t lost_flows;

	(void)state;
	config.pipeline.flows = flows;
	config.pipeline.charged_records = false;
	dp = rig_start(&config, &list);
	hellos_send(ring, flows, false);
	do {
		zr_dataplane_status(dp, &status);
	} while (status.workers[0].pkts < flows);
	assert_int_equal(status.workers[0].records, flows);
	assert_int_equal(status.workers[0].flows_free, flows);
	assert_int_equal(status.workers[0].flows_undecided, 0);
	assert_int_equal(zr_dataplane_publish(dp, other.image, other.index), 0);
	/* The first few packets may come before the worker has noticed the list. */
	for (unsigned int i = 0; i < 2; i++) {
		segments_send(ring, flows, false, 0x10, NULL, 0);
		do {
			zr_dataplane_status(dp, &status);
		} while (status.workers[0].pkts < (2 + i) * flows);
	}
	assert_int_equal(status.workers[0].lost[ZR_FREE].records + status.workers[0].records, 2 * flows);
	assert_int_equal(status.unsettled_lists, 1);
	lost_flows = 2 * flows - room;
	assert_int_equal(status.workers[0].records, room);
	assert_int_equal(status.workers[0].lost[ZR_FREE].records, lost_flows);
	assert_true(status.workers[0].lost[ZR_FREE].traffic.up_pkts >= lost_flows);
	assert_int_equal(status.workers[0].flows_free, 0);
	rig_wait(dp, &told, 3 * flows);
	while (!zr_dataplane_settled(dp))
		zr_dataplane_drain(dp, rig_lines_take, &told, 1000);
	rig_stop(dp, &told, &last);
	/* What came by the other list is charged, and told with the last parts of flows that left a record. */
	assert_int_equal(told.pkts + last.workers[0].lost[ZR_FREE].traffic.up_pkts, 3 * flows);
	assert_int_equal(told.bytes + last.workers[0].lost[ZR_FREE].traffic.up_bytes,
			 last.workers[0].totals.received.bytes);
	rig_lines_clear(&told);
	rte_ring_free(ring);
}

/* One subscriber's frames come faster than his worker takes them: each is judged, or counted as lost under its name. */
static void full_ring_between_workers_is_counted(void **state)
{
	const unsigned int frames = 20000;
	struct rte_ring *ring = rig_port("flood", 32768);
	struct zr_dataplane_config config = rig_config("net_ring_flood", RIG_LCORES);
	struct zr_dataplane_status last;
	struct rig_lines told = {0};
	struct zr_dataplane *dp;

	(void)state;
	hellos_send(ring, frames, true);
	dp = rig_start(&config, &list);
	rig_wait(dp, &told, frames);
	rig_stop(dp, &told, &last);
	assert_int_equal(last.ports[0].rx_pkts + last.ports[0].drops[ZR_DROP_RING_FULL], frames);
	assert_int_equal(rig_mbufs_away(), 0);
	rig_lines_clear(&told);
	rte_ring_free(ring);
}

static void stop_cuts_every_flow(void **state)
{
	const unsigned int flows = 3000;
	struct rte_ring *ring = rig_port("stop", 4096);
	struct zr_dataplane_config config = rig_config("net_ring_stop", RIG_LCORES);
	struct rig_lines told = {0};
	struct zr_dataplane *dp;
	unsigned int cut = 0;

	(void)state;
	dp = rig_start(&config, &list);
	hellos_send(ring, flows, false);
	rig_wait(dp, &told, flows);
	rig_stop(dp, &told, NULL);
	for (size_t i = 0; i < told.count; i++) {
		char shutdown[32];

		snprintf(shutdown, sizeof(shutdown), "cause %u final 1", ZR_CAUSE_SHUTDOWN);
		cut += strstr(told.at[i], shutdown) != NULL;
	}
	assert_int_equal(cut, flows);
	assert_int_equal(told.count, 2 * flows);
	rig_lines_clear(&told);
	rte_ring_free(ring);
}

/* Given up without an orderly stop: everything ends all the same, whatever is open and undrained. */
static void free_without_stop_ends_all(void **state)
{
	struct rte_ring *ring = rig_port("given_up", 4096);
	struct zr_dataplane_config config = rig_config("net_ring_given_up", RIG_LCORES);
	struct zr_dataplane *dp = rig_start(&config, &list);

	(void)state;
	hellos_send(ring, 1000, false);
	assert_false(zr_dataplane_idle(dp));
	zr_dataplane_free(dp);
	rte_ring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_worker_tells_what_the_pipeline_tells),
		cmocka_unit_test(three_workers_tell_what_the_pipeline_tells),
		cmocka_unit_test(three_workers_with_subscriber_prefixes),
		cmocka_unit_test(jumbo_frames_in_segments),
		cmocka_unit_test(frames_of_64_kib_in_segments),
		cmocka_unit_test(list_waits_for_room_in_the_record_ring),
		cmocka_unit_test(full_record_ring_is_counted),
		cmocka_unit_test(full_record_ring_loses_nothing_of_open_flows),
		cmocka_unit_test(charged_flows_leave_room_for_records),
		cmocka_unit_test(full_ring_between_workers_is_counted),
		cmocka_unit_test(stop_cuts_every_flow),
		cmocka_unit_test(free_without_stop_ends_all),
	};

	return cmocka_run_group_tests(tests, begin, end);
}

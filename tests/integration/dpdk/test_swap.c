/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Another list every few milliseconds while frames come as fast as they can: none is lost, all sums are exact.
 * Usage: test_dpdk_swap [SECONDS MILLISECONDS]   for so long with one worker, and again with three, a list so often
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/integration/dpdk/sender.h"

#define SUBSCRIBERS 300

static unsigned int swap_us = 5000, swaps_wanted = 200;

static const char *const rows[] = {TRAFFIC_ROWS, ".example.com,example,3,,,,,\n.olm.vn,olm,9,,,,,\n"};

/* A copy of a list, as control makes one for every publication, and frees it when a later one is settled. */
static void list_fresh(struct rig_list *list, unsigned int number)
{
	rig_list_make(list, rows[number % 2]);
}

/* Freed memory is made unusable first, so that a late look at it shows. */
static void list_retire(struct rig_list *list)
{
	rig_list_free(list);
	memset(list, 0, sizeof(*list));
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void swap_under_traffic(const char *port, const char *device, const char *workers)
{
	struct rte_ring *ring = rig_port(port, 4096);
	struct zr_dataplane_config config = rig_config(device, workers);
	struct zr_dataplane_status last;
	struct rig_list lists[2];
	struct rig_sender sender = {.ring = ring};
	struct rig_lines told = {0};
	struct traffic traffic;
	struct zr_dataplane *dp;
	unsigned int swaps = 0;
	uint64_t next_us, started_us = now_us(), unaccounted = 0;
	pthread_t thread;

	traffic_make(&traffic, SUBSCRIBERS, 0);
	sender.traffic = &traffic;
	list_fresh(&lists[0], 0);
	dp = rig_start(&config, &lists[0]);
	assert_int_equal(pthread_create(&thread, NULL, rig_sender_run, &sender), 0);
	for (next_us = now_us() + swap_us; swaps < swaps_wanted;) {
		zr_dataplane_drain(dp, rig_lines_take, &told, 1000);
		atomic_store(&sender.judged, rig_judged(dp));
		if (!zr_dataplane_settled(dp) || now_us() < next_us)
			continue;
		if (swaps > 0)
			list_retire(&lists[(swaps - 1) % 2]);
		swaps++;
		list_fresh(&lists[swaps % 2], swaps);
		assert_int_equal(zr_dataplane_publish(dp, lists[swaps % 2].image, lists[swaps % 2].index), 0);
		next_us = now_us() + swap_us;
	}
	atomic_store(&sender.stop, true);
	/* The sender finishes its round. */
	while (pthread_tryjoin_np(thread, NULL) == EBUSY)
		atomic_store(&sender.judged, rig_judged(dp));
	rig_wait(dp, &told, atomic_load(&sender.sent));
	rig_stop(dp, &told, &last);
	print_message("%u lists, %lu frames, %lu told of, %lu events, %.1f s\n", swaps, atomic_load(&sender.sent),
		      told.pkts, told.count, (double)(now_us() - started_us) / 1e6);
	assert_int_equal(last.ports[0].rx_pkts, atomic_load(&sender.sent));
	assert_int_equal(last.ports[0].drops[ZR_DROP_RING_FULL], 0);
	for (unsigned int i = 0; i < last.worker_count; i++) {
		assert_int_equal(last.workers[i].lost[ZR_FREE].records + last.workers[i].lost[ZR_CHARGED].records, 0);
		for (unsigned int r = 0; r < ZR_UNACCOUNTED_COUNT; r++)
			unaccounted += last.workers[i].totals.unaccounted[r].pkts;
	}
	assert_int_equal(told.pkts + unaccounted, atomic_load(&sender.sent));
	rig_lines_clear(&told);
	traffic_free(&traffic);
	rig_list_free(&lists[0]);
	rig_list_free(&lists[1]);
	rte_ring_free(ring);
}

static void one_worker(void **state)
{
	(void)state;
	swap_under_traffic("one", "net_ring_one", "1");
}

static void three_workers(void **state)
{
	(void)state;
	swap_under_traffic("three", "net_ring_three", RIG_LCORES);
}

/* A second publication waits for the first; what was judged by the old list is told with it. */
static void publication_waits_for_the_one_before(void **state)
{
	struct rte_ring *ring = rig_port("waits", 4096);
	struct zr_dataplane_config config = rig_config("net_ring_waits", "1");
	struct rig_lines told = {0};
	struct rig_list lists[2];
	struct traffic traffic;
	struct zr_dataplane *dp;

	(void)state;
	list_fresh(&lists[0], 0);
	list_fresh(&lists[1], 1);
	traffic_make(&traffic, SUBSCRIBERS, 0);
	dp = rig_start(&config, &lists[0]);
	assert_true(zr_dataplane_settled(dp));
	traffic_send(&traffic, ring);
	while (rig_judged(dp) < traffic.count)
		usleep(100);
	assert_int_equal(zr_dataplane_publish(dp, lists[1].image, lists[1].index), 0);
	/* Events of the list before lie in the ring: nobody has drained yet. */
	usleep(100000);
	assert_false(zr_dataplane_settled(dp));
	assert_int_equal(zr_dataplane_publish(dp, lists[0].image, lists[0].index), -EBUSY);
	while (!zr_dataplane_settled(dp))
		zr_dataplane_drain(dp, rig_lines_take, &told, 10);
	assert_ptr_equal(told.seen[0], lists[0].image);
	rig_list_free(&lists[0]);
	rig_stop(dp, &told, NULL);
	assert_ptr_equal(told.seen[1], lists[1].image);
	rig_lines_clear(&told);
	rig_list_free(&lists[1]);
	traffic_free(&traffic);
	rte_ring_free(ring);
}

static int begin(void **state)
{
	(void)state;
	rig_eal();
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_worker),
		cmocka_unit_test(three_workers),
		cmocka_unit_test(publication_waits_for_the_one_before),
	};

	if (argc == 3) {
		swap_us = (unsigned int)strtoul(argv[2], NULL, 10) * 1000;
		swaps_wanted = (unsigned int)strtoul(argv[1], NULL, 10) * 1000000 / swap_us;
	}
	return cmocka_run_group_tests(tests, begin, NULL);
}

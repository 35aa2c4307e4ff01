/* SPDX-License-Identifier: BSD-3-Clause */
/* What cannot be had is refused at start, with a sentence that names it and says what to do; then a good start works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <rte_dev.h>

#include "tests/integration/dpdk/rig.h"

static struct rig_list list;
static struct rte_ring *ring;

static void refused(const struct zr_dataplane_config *config, const char *part, const char *advice)
{
	struct zr_dataplane *dp = NULL;
	char error[512] = "";

	assert_true(zr_dataplane_start(config, list.image, list.index, &dp, error, sizeof(error)) < 0);
	assert_null(dp);
	if (strstr(error, part) == NULL || strstr(error, advice) == NULL)
		fail_msg("\"%s\" lacks \"%s\" or \"%s\"", error, part, advice);
}

/* Before EAL runs: nothing of these reaches it. */
static void texts_that_cannot_be(void **state)
{
	struct zr_dataplane_config config = rig_config("net_ring_port", "1");

	(void)state;
	config.workers = "1-";
	refused(&config, "workers \"1-\"", "like \"1-3\"");
	config = rig_config("net_ring_port", "1");
	config.port_count = 0;
	refused(&config, "0 ports", "1 to 32");
	config = rig_config("net_ring_port", "1");
	config.eal = "--no-huge -l 0-1";
	refused(&config, "\"-l\"", "`workers`");
}

static void eal_starts_once(void **state)
{
	struct zr_dataplane_config config = rig_config("net_ring_port", "1");

	(void)state;
	rig_eal();
	ring = rig_port("port", 1024);
	config.workers = "7";
	refused(&config, "EAL runs already", "restart");
	config = rig_config("net_ring_port", "1");
	config.eal = "--no-huge";
	refused(&config, "EAL runs already", "restart");
}

static void port_that_is_not_there(void **state)
{
	struct zr_dataplane_config config = rig_config("net_pcap7", "1");

	(void)state;
	refused(&config, "port net_pcap7", "--vdev=net_pcap7,");
	refused(&config, "EAL found net_ring_port", "Name one of them");
	config = rig_config("0000:03:00.0", "1");
	refused(&config, "port 0000:03:00.0", "bind the device");
}

static void port_named_twice(void **state)
{
	struct zr_dataplane_config config = rig_config("net_ring_port", "1");

	(void)state;
	config.ports[config.port_count++] = config.ports[0];
	refused(&config, "port net_ring_port", "named twice");
}

static void ports_that_are_no_pair(void **state)
{
	struct zr_dataplane_config config = rig_config("net_ring_port", "1");

	(void)state;
	config.forwards = true;
	refused(&config, "port net_ring_port", "name two ports as peer of each other");
	config.ports[0].peer = 1;
	refused(&config, "port net_ring_port", "name two ports as peer of each other");
	/* A ring to send into, and three workers that want one each. */
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_null3", ""), 0);
	config = rig_config("net_ring_port", RIG_LCORES);
	config.forwards = true;
	config.port_count = 2;
	snprintf(config.ports[1].device, sizeof(config.ports[1].device), "net_null3");
	config.ports[0].peer = 1;
	refused(&config, "port net_ring_port: it has 1 queues to send and each of 3 workers needs one",
		"use fewer workers");
}

static void frames_that_cannot_be(void **state)
{
	struct zr_dataplane_config config = rig_config("net_ring_port", "1");

	(void)state;
	config.frame_max = 65536;
	refused(&config, "frame_max is 65536", "64 to 65535");
	config.frame_max = 10;
	refused(&config, "frame_max is 10", "64 to 65535");
	/* net_null does not chain mbufs, and what one mbuf holds ends below the largest frame. */
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_null0", ""), 0);
	config = rig_config("net_null0", "1");
	config.frame_max = 65535;
	refused(&config, "port net_null0", "lower frame_max");
}

static void memory_that_is_not_there(void **state)
{
	struct zr_dataplane_config config = rig_config("net_ring_port", "1");

	(void)state;
	config.pipeline.flows = 16U << 20;
	refused(&config, "out of bounds", "1 workers");
	/* No machine has so much. */
	config = rig_config("net_ring_port", "1");
	config.pipeline.decisions_bytes = (size_t)1 << 42;
	refused(&config, "it takes 4194", "MiB of memory (1 for flows, ");
	refused(&config, " MiB are what ", "configure less (dataplane.flows, ");
}

static void two_clocks(void **state)
{
	struct zr_dataplane_config config = rig_config("net_null2", "1");
	char arguments[512];

	snprintf(arguments, sizeof(arguments), "rx_pcap=%s", *(const char *const *)*state);
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_null2", ""), 0);
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_pcap2", arguments), 0);
	config.port_count = 2;
	snprintf(config.ports[1].device, sizeof(config.ports[1].device), "net_pcap2");
	refused(&config, "port net_pcap2", "ports of one kind");
}

/* What was refused before has left nothing behind. */
static void good_start_after_all(void **state)
{
	struct zr_dataplane_config config = rig_config("net_null2", RIG_LCORES);
	struct zr_dataplane_status status;
	struct rig_lines told = {0};
	struct zr_dataplane *dp;

	(void)state;
	dp = rig_start(&config, &list);
	do {
		zr_dataplane_status(dp, &status);
	} while (status.ports[0].rx_pkts < 10000);
	rig_stop(dp, &told, &status);
	assert_int_equal(status.workers[0].totals.unaccounted[ZR_UNACCOUNTED_NOT_IP].pkts, status.workers[0].pkts);
	assert_true(status.ports[0].link_up);
	assert_string_equal(status.ports[0].device, "net_null2");
	assert_string_equal(zr_drop_name(ZR_DROP_RING_FULL), "ring_full");
	rig_lines_clear(&told);
	rte_ring_free(ring);
}

static int begin(void **state)
{
	(void)state;
	rig_list_make(&list, ".olm.vn,olm,1,,,,,\n");
	return 0;
}

static int end(void **state)
{
	(void)state;
	rig_list_free(&list);
	return 0;
}

/* Argument: some capture file. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_that_cannot_be),     cmocka_unit_test(eal_starts_once),
		cmocka_unit_test(port_that_is_not_there),   cmocka_unit_test(port_named_twice),
		cmocka_unit_test(ports_that_are_no_pair),   cmocka_unit_test(frames_that_cannot_be),
		cmocka_unit_test(memory_that_is_not_there), cmocka_unit_test_prestate(two_clocks, &argv[argc - 1]),
		cmocka_unit_test(good_start_after_all),
	};

	return cmocka_run_group_tests(tests, begin, end);
}

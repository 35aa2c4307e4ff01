/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Capture files through net_pcap, one worker and three: the same events, with the same times, as the bare pipeline tells of
 * the same file. Arguments: the list, then the captures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/pcap.h>
#include <rte_dev.h>

#include "tests/integration/dpdk/rig.h"

static char **captures;
static int capture_count;
static struct rig_list list;

static char *file_read(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *text = malloc(1 << 20);

	assert_non_null(file);
	assert_non_null(text);
	*len = fread(text, 1, 1 << 20, file);
	fclose(file);
	return text;
}

/* Every file by the bare pipeline; returns how many packets it holds. */
static uint64_t reference(const char *path, const struct zr_dataplane_config *dataplane, struct rig_lines *lines)
{
	struct zr_pipeline_config config = dataplane->pipeline;
	struct zr_port port = {.link = ZR_LINK_ETHERNET};
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(path, error);
	struct pcap_pkthdr *header;
	struct zr_pipeline *p;
	const u_char *data;
	uint64_t pkts = 0;
	void *memory;

	assert_non_null(pcap);
	assert_int_equal(pcap_datalink(pcap), DLT_EN10MB);
	config.usage = rig_lines_tell;
	config.arg = lines;
	memory = aligned_alloc(64, zr_pipeline_memory(&config));
	assert_non_null(memory);
	memset(memory, 0, zr_pipeline_memory(&config));
	p = zr_pipeline_init(memory, &config, list.image, list.index);
	for (; pcap_next_ex(pcap, &header, &data) == 1; pkts++) {
		struct zr_view view = {
			.data = data,
			.len = header->caplen,
			.wire_len = header->len,
			.time_ns = ((uint64_t)header->ts.tv_sec * 1000000 + (uint64_t)header->ts.tv_usec) * 1000,
			.port = &port,
		};

		zr_pipeline_burst(p, &view, 1);
	}
	zr_pipeline_shutdown(p);
	zr_pipeline_fini(p);
	free(memory);
	pcap_close(pcap);
	return pkts;
}

/* A port for the file, made now; with the driver's further arguments. */
static struct zr_dataplane_config port_make(const char *path, const char *further, const char *workers)
{
	static unsigned int number;
	char name[32], arguments[1024];

	snprintf(name, sizeof(name), "net_pcap%u", number++);
	snprintf(arguments, sizeof(arguments), "rx_pcap=%s%s", path, further);
	assert_int_equal(rte_eal_hotplug_add("vdev", name, arguments), 0);
	return rig_config(name, workers);
}

static void same_as_bare(const char *path, const char *workers)
{
	struct rig_lines told = {.with_times = true}, expected = {.with_times = true};
	struct zr_dataplane_config config = port_make(path, "", workers);
	struct zr_dataplane_status last;
	struct zr_dataplane *dp;
	uint64_t pkts;

	config.frame_max = 65535;
	pkts = reference(path, &config, &expected);
	dp = rig_start(&config, &list);
	while (!zr_dataplane_idle(dp))
		zr_dataplane_drain(dp, rig_lines_take, &told, 100);
	rig_stop(dp, &told, &last);
	assert_int_equal(last.ports[0].rx_pkts, pkts);
	assert_int_equal(last.ports[0].drops[ZR_DROP_RING_FULL], 0);
	rig_lines_equal(&told, &expected);
	rig_lines_clear(&told);
	rig_lines_clear(&expected);
	rte_eal_hotplug_remove("vdev", config.ports[0].device);
}

static void one_worker(void **state)
{
	(void)state;
	for (int i = 0; i < capture_count; i++) {
		print_message("%s\n", captures[i]);
		same_as_bare(captures[i], "1");
	}
}

static void three_workers(void **state)
{
	(void)state;
	for (int i = 0; i < capture_count; i++) {
		print_message("%s\n", captures[i]);
		same_as_bare(captures[i], RIG_LCORES);
	}
}

/* The clock's times instead of the file's; it never ends by itself, and nothing of it is lost. */
static void capture_without_end(void **state)
{
	struct zr_dataplane_config config = port_make(captures[0], ",infinite_rx=1", RIG_LCORES);
	struct rig_lines told = {0};
	struct zr_dataplane_status status;
	struct zr_dataplane *dp = rig_start(&config, &list);

	(void)state;
	do {
		zr_dataplane_drain(dp, rig_lines_take, &told, 1000);
		zr_dataplane_status(dp, &status);
	} while (status.ports[0].rx_pkts < 50000);
	assert_false(zr_dataplane_idle(dp));
	rig_stop(dp, &told, &status);
	assert_int_equal(status.ports[0].drops[ZR_DROP_RING_FULL], 0);
	assert_int_equal(status.ports[0].drops[ZR_DROP_NO_MBUF], 0);
	rig_lines_clear(&told);
	rte_eal_hotplug_remove("vdev", config.ports[0].device);
}

static int begin(void **state)
{
	size_t len;
	char *text = file_read(captures[-1], &len);

	(void)state;
	rig_eal();
	rig_list_read(&list, text, len);
	free(text);
	return 0;
}

static int end(void **state)
{
	(void)state;
	rig_list_free(&list);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_worker),
		cmocka_unit_test(three_workers),
		cmocka_unit_test(capture_without_end),
	};

	if (argc < 3) {
		fprintf(stderr, "usage: %s LIST CAPTURE...\n", argv[0]);
		return 2;
	}
	captures = argv + 2;
	capture_count = argc - 2;
	return cmocka_run_group_tests(tests, begin, end);
}

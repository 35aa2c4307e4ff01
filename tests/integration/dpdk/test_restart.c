/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flows of one dataplane go on in another with more or fewer workers: packets of both directions find them, none is opened
 * anew. What cannot be saved ends with its last records.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/pipeline/saved.h"
#include "tests/integration/dpdk/traffic.h"

#define DRAIN_MAX 100000

#define SUBSCRIBERS 600

/* Frames on their way at a time: fewer than a ring between workers holds, so that none is lost and both runs see the same. */
#define AHEAD 500

static struct rig_list list;

struct saved {
	uint8_t *bytes;
	size_t len;
};

static int keep(void *arg, const void *bytes, size_t len)
{
	struct saved *saved = arg;

	saved->bytes = realloc(saved->bytes, saved->len + len);
	assert_non_null(saved->bytes);
	memcpy(saved->bytes + saved->len, bytes, len);
	saved->len += len;
	return 0;
}

static uint64_t flows_of(struct zr_dataplane *dp, enum zr_counter counter, uint64_t *open)
{
	struct zr_dataplane_status status;
	uint64_t counted = 0;

	zr_dataplane_status(dp, &status);
	*open = 0;
	for (unsigned int i = 0; i < status.worker_count; i++) {
		counted += status.workers[i].counters[counter];
		*open += status.workers[i].flows;
	}
	return counted;
}

static void stop(struct zr_dataplane *dp, struct rig_lines *lines)
{
	while (zr_dataplane_stop(dp) == -EAGAIN)
		zr_dataplane_drain(dp, rig_lines_take, lines, DRAIN_MAX);
}

static struct zr_dataplane *run(const char *port, const char *device, const char *workers,
				const struct zr_saved_run *saved, const struct traffic *traffic,
				struct rig_lines *lines)
{
	struct rte_ring *ring = rig_port(port, 4096);
	struct zr_dataplane_config config = rig_config(device, workers);
	struct zr_dataplane_status status;
	struct zr_dataplane *dp;

	config.keep_flows = true;
	config.saved = saved;
	config.pipeline.flows = 4 * SUBSCRIBERS;
	dp = rig_start(&config, &list);
	while (!zr_dataplane_restored(dp))
		zr_dataplane_drain(dp, rig_lines_take, lines, DRAIN_MAX);
	for (size_t i = 0; i < traffic->count; i++) {
		rig_send(ring, traffic->frames[i].data, traffic->frames[i].len, traffic->frames[i].segment);
		if ((i + 1) % AHEAD == 0)
			rig_wait(dp, lines, i + 1);
	}
	rig_wait(dp, lines, traffic->count);
	zr_dataplane_status(dp, &status);
	assert_int_equal(status.ports[0].drops[ZR_DROP_RING_FULL], 0);
	return dp;
}

static void from_to(const char *names[4], const char *workers, const char *workers_then)
{
	struct rig_lines before = {0}, after = {0};
	struct saved saved = {0};
	struct zr_saved_run info = {0};
	struct traffic traffic;
	struct zr_dataplane *dp;
	uint64_t open, open_then, count;

	traffic_make(&traffic, SUBSCRIBERS, 0);
	dp = run(names[0], names[1], workers, NULL, &traffic, &before);
	stop(dp, &before);
	flows_of(dp, ZR_COUNTER_FLOWS_NEW, &open);
	assert_true(open > SUBSCRIBERS);
	assert_int_equal(zr_dataplane_save(dp, &info, keep, &saved), 0);
	zr_dataplane_free(dp);

	info.flows = saved.bytes;
	info.len = saved.len;
	info.same_epoch = true;
	assert_true(zr_saved_run_check(&info, &count));
	assert_int_equal(count, open);
	assert_int_equal(info.list, zr_image_identity(list.image));
	dp = run(names[2], names[3], workers_then, &info, &traffic, &after);
	stop(dp, &after);
	assert_int_equal(flows_of(dp, ZR_COUNTER_FLOWS_RESTORED, &open_then), open);
	assert_int_equal(flows_of(dp, ZR_COUNTER_FLOWS_NEW, &open_then), 0);
	assert_int_equal(open_then, open);
	/* All over again: as many bytes, each once. */
	assert_int_equal(after.pkts, before.pkts);
	assert_int_equal(after.bytes, before.bytes);
	zr_dataplane_free(dp);
	rig_lines_clear(&before);
	rig_lines_clear(&after);
	traffic_free(&traffic);
	free(saved.bytes);
}

static void fewer_workers_find_all_flows(void **state)
{
	const char *names[4] = {"three", "net_ring_three", "one", "net_ring_one"};

	(void)state;
	from_to(names, "1-3", "2");
}

static void more_workers_find_all_flows(void **state)
{
	const char *names[4] = {"alone", "net_ring_alone", "trio", "net_ring_trio"};

	(void)state;
	from_to(names, "2", "1-3");
}

static int refuse(void *arg, const void *bytes, size_t len)
{
	(void)arg;
	(void)bytes;
	(void)len;
	return -ENOSPC;
}

static unsigned int finals;

static void count_finals(void *arg, const struct zr_usage *usage)
{
	(void)arg;
	finals += usage->final;
	assert_true(!usage->final || (usage->up_pkts | usage->down_pkts) == 0);
}

static void what_cannot_be_saved_ends(void **state)
{
	struct zr_saved_run info = {0};
	struct rig_lines lines = {0};
	struct traffic traffic;
	struct zr_dataplane *dp;
	uint64_t open;

	(void)state;
	traffic_make(&traffic, SUBSCRIBERS, 0);
	dp = run("refused", "net_ring_refused", "1-2", NULL, &traffic, &lines);
	stop(dp, &lines);
	flows_of(dp, ZR_COUNTER_FLOWS_NEW, &open);
	assert_int_equal(zr_dataplane_save(dp, &info, refuse, NULL), -ENOSPC);
	zr_dataplane_forget(dp);
	while (zr_dataplane_stop(dp) == -EAGAIN)
		zr_dataplane_drain(dp, count_finals, NULL, DRAIN_MAX);
	assert_int_equal(finals, open);
	flows_of(dp, ZR_COUNTER_FLOWS_NEW, &open);
	assert_int_equal(open, 0);
	zr_dataplane_free(dp);
	rig_lines_clear(&lines);
	traffic_free(&traffic);
}

#define NO_PLACE 20000

/* More last records than the ring of events holds: workers wait for room, since none of these flows is ever heard of again. */
static void flows_without_a_place_all_leave_their_last_record(void **state)
{
	struct zr_dataplane_config config = rig_config("net_ring_misfit", "1-2");
	struct zr_saved_run info = {.same_epoch = true};
	struct zr_saved_flow flow = {.family = 4,
				     .proto = 17,
				     .client.b = {10},
				     .domain = 9,
				     .reason = ZR_REASON_NO_NAME,
				     .rule = ZR_ENTRY_NONE};
	uint8_t *bytes = malloc((size_t)NO_PLACE * ZR_SAVED_MAX);
	struct zr_dataplane_status status;
	struct zr_dataplane *dp;
	uint64_t open;

	(void)state;
	assert_non_null(bytes);
	for (unsigned int i = 0; i < NO_PLACE; i++) {
		flow.id = i + 1;
		flow.client.b[2] = (uint8_t)(i >> 8);
		flow.client.b[3] = (uint8_t)i;
		info.len += zr_saved_write(&flow, bytes + info.len);
	}
	info.flows = bytes;
	rig_port("misfit", 64);
	config.pipeline.flows = 16;
	config.saved = &info;
	finals = 0;
	dp = rig_start(&config, &list);
	while (!zr_dataplane_restored(dp))
		zr_dataplane_drain(dp, count_finals, NULL, 100);
	while (zr_dataplane_drain(dp, count_finals, NULL, DRAIN_MAX) > 0)
		;
	assert_int_equal(finals, NO_PLACE);
	assert_int_equal(flows_of(dp, ZR_COUNTER_FLOWS_MISFIT, &open), NO_PLACE);
	zr_dataplane_status(dp, &status);
	for (unsigned int i = 0; i < status.worker_count; i++)
		assert_int_equal(status.workers[i].lost[ZR_CHARGED].records, 0);
	while (zr_dataplane_stop(dp) == -EAGAIN)
		zr_dataplane_drain(dp, count_finals, NULL, DRAIN_MAX);
	zr_dataplane_free(dp);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fewer_workers_find_all_flows),
		cmocka_unit_test(more_workers_find_all_flows),
		cmocka_unit_test(what_cannot_be_saved_ends),
		cmocka_unit_test(flows_without_a_place_all_leave_their_last_record),
	};
	int failed;

	rig_eal();
	rig_list_make(&list, TRAFFIC_ROWS);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_list_free(&list);
	return failed;
}

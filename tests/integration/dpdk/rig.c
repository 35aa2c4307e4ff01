/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/integration/dpdk/rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "dataplane/dpdk/eal.h"
#include "rules/list.h"

#define POOL_MBUFS  32767
#define DRAIN_MAX   4096
#define PATIENCE_S  60
#define HEADER_ROOM 256

const char rig_eal_text[] = "--no-huge --no-pci --no-shconf --no-telemetry -m 512";

static struct rte_mempool *pool;

void rig_eal(void)
{
	struct zr_lcores lcores;
	char error[512] = "";
	bool shared;

	assert_int_equal(zr_lcores_parse(RIG_LCORES, &lcores, error, sizeof(error)), 0);
	if (zr_eal_start(rig_eal_text, &lcores, 0, &shared, error, sizeof(error)) != 0)
		fail_msg("%s", error);
	pool = rte_pktmbuf_pool_create("rig", POOL_MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	assert_non_null(pool);
}

void rig_list_read(struct rig_list *list, const char *text, size_t text_len)
{
	static const uint64_t key[2] = {1, 2};
	struct zr_findings errors = {0};
	struct zr_list *read;
	size_t len;

	if (zr_list_read(text, text_len, &read, &errors) != 0)
		fail_msg("line %u: %s", errors.at[0].line, errors.at[0].text);
	assert_int_equal(zr_list_compile(read, &list->block, &len), 0);
	assert_int_equal(zr_image_load(list->block, len, &list->image, NULL), 0);
	assert_int_equal(zr_suffix_index_make(list->image, key, &list->index), 0);
	zr_list_free(read);
	zr_findings_clear(&errors);
}

void rig_list_make(struct rig_list *list, const char *rows)
{
	char *text;
	int len = asprintf(&text,
			   "#! serial: 1\n#! issuer: test\n#! issued: 2026-01-01T00:00:00Z\n"
			   "#! expires: 2100-01-01T00:00:00Z\n"
			   "match,service,rating_group,from,until,verify,owner,note\n%s",
			   rows);

	assert_true(len > 0);
	rig_list_read(list, text, (size_t)len);
	free(text);
}

void rig_list_free(struct rig_list *list)
{
	zr_suffix_index_free(list->index);
	zr_image_free(list->image);
	free(list->block);
}

static void hex_print(FILE *out, const void *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fprintf(out, "%02x", ((const uint8_t *)data)[i]);
	fputc(' ', out);
}

/* All that is told but for who told it: worker and flow number. */
static char *line_of(const struct zr_usage *u, bool with_times)
{
	char *line;
	size_t len;
	FILE *out = open_memstream(&line, &len);

	assert_non_null(out);
	hex_print(out, &u->client, sizeof(u->client));
	hex_print(out, &u->server, sizeof(u->server));
	fprintf(out, "%u %u>%u type %u verdict %u reason %u cause %u final %d evidence %u flags %u part %u ", u->proto,
		u->client_port, u->server_port, u->type, u->verdict, u->reason, u->cause, u->final, u->evidence,
		u->flags, u->part);
	fprintf(out, "domain %u vlans %u %u %u teids %u %u ", u->domain, u->vlan_count, u->vlans[0], u->vlans[1],
		u->teid_up, u->teid_down);
	fprintf(out, "up %lu/%u down %lu/%u retro %lu %lu ", u->up_bytes, u->up_pkts, u->down_bytes, u->down_pkts,
		u->retro_up_bytes, u->retro_down_bytes);
	if (u->rule != ZR_ENTRY_NONE) {
		struct zr_entry entry;

		zr_image_entry(u->image, u->rule, &entry);
		fprintf(out, "rule %s ", entry.rule);
	}
	fprintf(out, "name %s", u->name != NULL ? u->name : "-");
	if (with_times)
		fprintf(out, " %lu %lu", u->first_us, u->last_us);
	assert_int_equal(fclose(out), 0);
	return line;
}

void rig_lines_take(void *arg, const struct zr_usage *usage)
{
	struct rig_lines *lines = arg;

	if (lines->count == lines->room) {
		lines->room = lines->room * 2 + 1024;
		lines->at = reallocarray(lines->at, lines->room, sizeof(*lines->at));
		assert_non_null(lines->at);
	}
	lines->at[lines->count++] = line_of(usage, lines->with_times);
	if (usage->type == ZR_USAGE_PART) {
		lines->pkts += (uint64_t)usage->up_pkts + usage->down_pkts;
		lines->bytes += usage->up_bytes + usage->down_bytes;
	}
	if (lines->seen[0] == NULL || lines->seen[0] == usage->image)
		lines->seen[0] = usage->image;
	else
		lines->seen[1] = usage->image;
}

bool rig_lines_tell(void *arg, const struct zr_usage *usage)
{
	rig_lines_take(arg, usage);
	return true;
}

static int line_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void rig_lines_equal(struct rig_lines *a, struct rig_lines *b)
{
	qsort(a->at, a->count, sizeof(*a->at), line_compare);
	qsort(b->at, b->count, sizeof(*b->at), line_compare);
	for (size_t i = 0; i < a->count && i < b->count; i++)
		assert_string_equal(a->at[i], b->at[i]);
	assert_int_equal(a->count, b->count);
}

void rig_lines_clear(struct rig_lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->at[i]);
	free(lines->at);
	*lines = (struct rig_lines){.with_times = lines->with_times};
}

struct zr_dataplane_config rig_config(const char *device, const char *workers)
{
	struct zr_dataplane_config config = {
		.eal = rig_eal_text,
		.workers = workers,
		.port_count = 1,
		.frame_max = 1522,
	};

	snprintf(config.ports[0].device, sizeof(config.ports[0].device), "%s", device);
	zr_pipeline_defaults(&config.pipeline);
	config.pipeline.flows = 1U << 14;
	config.pipeline.reassembly_bytes = 4U << 20;
	config.pipeline.names_bytes = 4U << 20;
	config.pipeline.charged_records = true;
	/* Frames that are made here have none. */
	config.pipeline.verify_checksums = false;
	config.pipeline.packets.open_all_tunnels = true;
	config.pipeline.seed[0] = 1;
	config.pipeline.seed[1] = 2;
	return config;
}

struct rte_ring *rig_port(const char *name, unsigned int frames)
{
	struct rte_ring *ring = rte_ring_create(name, frames, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);

	assert_non_null(ring);
	assert_true(rte_eth_from_rings(name, &ring, 1, &ring, 1, 0) >= 0);
	return ring;
}

static struct rte_mbuf *segment_make(const uint8_t *data, size_t len)
{
	struct rte_mbuf *m;

	while ((m = rte_pktmbuf_alloc(pool)) == NULL)
		usleep(100);
	memcpy(rte_pktmbuf_append(m, (uint16_t)len), data, len);
	return m;
}

struct rte_mbuf *rig_frame(const void *frame, size_t len, size_t segment)
{
	const uint8_t *data = frame;
	struct rte_mbuf *first = NULL;

	for (size_t at = 0; at < len; at += segment) {
		struct rte_mbuf *m = segment_make(data + at, RTE_MIN(segment, len - at));

		if (first == NULL)
			first = m;
		else
			assert_int_equal(rte_pktmbuf_chain(first, m), 0);
	}
	return first;
}

void rig_send(struct rte_ring *ring, const void *frame, size_t len, size_t segment)
{
	struct rte_mbuf *m = rig_frame(frame, len, segment);

	while (rte_ring_enqueue(ring, m) != 0)
		usleep(100);
}

unsigned int rig_mbufs_away(void)
{
	return rte_mempool_in_use_count(pool);
}

struct zr_dataplane *rig_start(const struct zr_dataplane_config *config, const struct rig_list *list)
{
	struct zr_dataplane *dp = NULL;
	char error[512] = "";

	if (zr_dataplane_start(config, list->image, list->index, &dp, error, sizeof(error)) != 0)
		fail_msg("%s", error);
	return dp;
}

static void not_for_ever(time_t since)
{
	if (time(NULL) - since > PATIENCE_S)
		fail_msg("nothing came of it within %d s", PATIENCE_S);
}

void rig_wait(struct zr_dataplane *dp, struct rig_lines *lines, uint64_t pkts)
{
	time_t since = time(NULL);
	uint64_t seen;

	do {
		struct zr_dataplane_status status;

		zr_dataplane_drain(dp, rig_lines_take, lines, DRAIN_MAX);
		zr_dataplane_status(dp, &status);
		seen = 0;
		for (unsigned int i = 0; i < status.worker_count; i++)
			seen += status.workers[i].pkts;
		for (unsigned int i = 0; i < status.port_count; i++)
			seen += status.ports[i].drops[ZR_DROP_RING_FULL];
		not_for_ever(since);
	} while (seen < pkts);
	assert_int_equal(seen, pkts);
}

/* received = reasons + unaccounted in each worker; frames handed over = frames judged. */
static void check_exact(const struct zr_dataplane_status *status)
{
	uint64_t handed = 0, judged = 0;

	for (unsigned int i = 0; i < status->port_count; i++)
		handed += status->ports[i].rx_pkts;
	for (unsigned int i = 0; i < status->worker_count; i++) {
		const struct zr_totals *t = &status->workers[i].totals;
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
		assert_int_equal(t->received.pkts, status->workers[i].pkts);
		judged += status->workers[i].pkts;
	}
	assert_int_equal(handed, judged);
}

void rig_stop(struct zr_dataplane *dp, struct rig_lines *lines, struct zr_dataplane_status *last)
{
	time_t since = time(NULL);
	struct zr_dataplane_status status;

	while (zr_dataplane_stop(dp) == -EAGAIN) {
		zr_dataplane_drain(dp, rig_lines_take, lines, DRAIN_MAX);
		not_for_ever(since);
	}
	zr_dataplane_status(dp, &status);
	check_exact(&status);
	for (unsigned int i = 0; i < status.worker_count; i++)
		assert_int_equal(status.workers[i].flows, 0);
	if (last != NULL)
		*last = status;
	zr_dataplane_free(dp);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any bytes as the open flows of an earlier run. Input: a byte of options, then flows one behind the other as in the state
 * file, to the first that cannot be read; what is behind it are frames as in fuzz_pipeline (time step, length in two bytes,
 * bytes). Whatever they are: what is told is in bounds and adds up to the totals, and what the pipeline took up it saves in a
 * form that can be read.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/packet/cursor.h"
#include "dataplane/pipeline/save.h"
#include "rules/list.h"

#define START_NS UINT64_C(1795305600000000000)

static const char list_text[] = "#! serial: 1\n#! issuer: fuzz\n#! issued: 2026-01-01T00:00:00Z\n"
				"#! expires: 2026-11-22T01:00:00Z\n"
				"match,service,rating_group,from,until\n"
				".olm.vn,olm,1,,\n!quangcao.olm.vn,,,,\n*.hocmai.vn,hocmai,1,,\n"
				"example.com,example,2,2026-11-22T00:01:00Z,2026-11-22T00:30:00Z\n"
				"10.1.0.0/16 udp 8801-8810,live,3,,\n203.0.113.0/24,live,3,,\n2001:db8::/32,live,3,,\n";

static const uint16_t domains[] = {0, 1};

static struct zr_image *image;
static struct zr_suffix_index *index_;
static struct zr_pipeline_config config;
static struct zr_prefix_set subscribers;
static void *memory;
static size_t memory_len;
static uint64_t bytes_told;

static bool take(void *arg, const struct zr_usage *u)
{
	(void)arg;
	if (u->retro_up_bytes > u->up_bytes || u->retro_down_bytes > u->down_bytes || u->first_us > u->last_us ||
	    u->reason == ZR_REASON_UNDECIDED || u->reason >= ZR_REASON_COUNT || u->vlan_count > ZR_VLANS_MAX ||
	    (u->rule != ZR_ENTRY_NONE && u->rule >= zr_image_entry_count(u->image)) ||
	    u->verdict != zr_reason_verdict((enum zr_reason)u->reason))
		abort();
	if (u->name != NULL && strlen(u->name) > ZR_NAME_MAX)
		abort();
	bytes_told += u->up_bytes + u->down_bytes;
	return true;
}

static void setup(void)
{
	struct zr_findings errors = {0};
	struct zr_prefix prefix;
	struct zr_list *list;
	void *block;
	size_t len;

	zr_pipeline_defaults(&config);
	config.flows = 16;
	config.reassembly_bytes = 262144;
	config.names_bytes = 65536;
	config.server_ids_bytes = 4096;
	config.learned_bytes = 1U << 20;
	config.identities = 8;
	config.packets.open_all_tunnels = true;
	config.usage = take;
	memory_len = zr_pipeline_memory(&config);
	memory = aligned_alloc(64, memory_len);
	if (memory == NULL || zr_list_read(list_text, sizeof(list_text) - 1, &list, &errors) != 0 ||
	    zr_list_compile(list, &block, &len) != 0 || zr_image_load(block, len, &image, NULL) != 0 ||
	    zr_suffix_index_make(image, config.seed, &index_) != 0 || zr_prefix_parse("10.0.0.0/8", 10, &prefix) != 0 ||
	    zr_prefix_set_add(&subscribers, &prefix) != 0)
		abort();
	zr_list_free(list);
}

/* What the pipeline writes can be read, flow by flow. */
static int check_saved(void *arg, const void *bytes, size_t len)
{
	uint32_t *count = arg;
	struct zr_saved_flow flow;
	size_t used;

	for (size_t at = 0; at < len; at += used, ++*count)
		if (zr_saved_read((const uint8_t *)bytes + at, len - at, &used, &flow) != ZR_OK)
			abort();
	return 0;
}

/* Take up flows; returns where they end. */
static size_t restore(struct zr_pipeline *p, const uint8_t *data, size_t size, unsigned int options)
{
	const struct zr_restore from = {
		.list = (options & 2) != 0 ? zr_image_identity(image) : 5,
		.saved_us = START_NS / 1000 - ((options & 4) != 0 ? 200000000U : 1000),
		.same_epoch = (options & 8) != 0,
		.domains = domains,
		.domain_count = 2,
	};
	struct zr_saved_flow flow;
	size_t at = 0, used;

	while (zr_saved_read(data + at, size - at, &used, &flow) == ZR_OK) {
		uint8_t again[ZR_SAVED_MAX];

		if (zr_saved_write(&flow, again) != used || memcmp(again, data + at, used) != 0)
			abort();
		zr_pipeline_restore(p, &from, &flow);
		at += used;
	}
	return at;
}

static void send(struct zr_pipeline *p, struct zr_cursor *c, unsigned int options)
{
	struct zr_port port = {.role = (options & 16) != 0 ? ZR_ROLE_ACCESS : ZR_ROLE_BOTH};
	uint64_t time_ns = START_NS;

	while (zr_cursor_left(c) > 3) {
		struct zr_view view = {.port = &port};
		uint64_t step = zr_cursor_u8(c);
		uint32_t len = zr_cursor_u16(c);

		time_ns += step * step * step * UINT64_C(900000);
		view.wire_len = len;
		view.len = len < zr_cursor_left(c) ? len : (uint32_t)zr_cursor_left(c);
		view.data = zr_cursor_take(c, view.len);
		view.time_ns = time_ns;
		zr_pipeline_burst(p, &view, 1);
	}
}

/* All that came in and has a flow was told or left untold. */
static void check_end(const struct zr_pipeline *p)
{
	uint64_t judged = 0, cut;
	struct zr_untold untold;
	struct zr_totals t;

	zr_pipeline_totals(p, &t);
	zr_pipeline_untold(p, &untold);
	cut = untold.cut_charged.up_bytes + untold.cut_charged.down_bytes;
	for (unsigned int reason = 0; reason < ZR_REASON_COUNT; reason++)
		judged += t.reason[reason].bytes;
	if (judged != bytes_told + cut || zr_pipeline_flows(p) != 0 || zr_pipeline_flows_free(p) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zr_pipeline *p;
	struct zr_cursor c;
	unsigned int options;
	uint32_t count = 0;
	size_t at;

	if (memory == NULL)
		setup();
	if (size == 0)
		return 0;
	memset(memory, 0, memory_len);
	bytes_told = 0;
	options = data[0];
	config.charged_records = (options & 1) != 0;
	config.subscribers = (options & 32) != 0 ? &subscribers : NULL;
	p = zr_pipeline_init(memory, &config, image, index_);
	zr_pipeline_poll(p, START_NS);
	at = 1 + restore(p, data + 1, size - 1, options);
	c = zr_cursor_of(data + at, size - at);
	send(p, &c, options);
	zr_pipeline_pause(p);
	if (zr_pipeline_save(p, check_saved, &count) != 0 || count != zr_pipeline_flows(p))
		abort();
	zr_pipeline_shutdown(p);
	check_end(p);
	zr_pipeline_fini(p);
	return 0;
}

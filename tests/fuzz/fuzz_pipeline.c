/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole core: any frames at any times. Input: two bytes of options, then frames as (time step, length in two bytes,
 * bytes). Whatever they are, totals add up, and what was told, lost and left untold adds up to the totals.
 */
#include <stdlib.h>
#include <string.h>

#include "dataplane/packet/cursor.h"
#include "dataplane/pipeline/pipeline.h"
#include "rules/list.h"

#define START_NS UINT64_C(1795305600000000000)

static const char list_text[] = "#! serial: 1\n#! issuer: fuzz\n#! issued: 2026-01-01T00:00:00Z\n"
				"#! expires: 2026-11-22T01:00:00Z\n"
				"match,service,rating_group,from,until\n"
				".olm.vn,olm,1,,\n!quangcao.olm.vn,,,,\n*.hocmai.vn,hocmai,1,,\n"
				"example.com,example,2,2026-11-22T00:01:00Z,2026-11-22T00:30:00Z\n"
				"10.1.0.0/16 udp 8801-8810,live,3,,\n2001:db8::/32,live,3,,\n";

static struct zr_image *image;
static struct zr_suffix_index *index_;
static struct zr_pipeline_config config;
static struct zr_prefix_set subscribers;
static void *memory;
static size_t memory_len;
static struct zr_volume told[ZR_REASON_COUNT];
static uint64_t offered; /* events */
static bool refusing;    /* … of which some are not taken */

static bool take(void *arg, const struct zr_usage *u)
{
	(void)arg;
	/* In runs of different lengths. */
	if (refusing && (offered++ / 3) % 5 < 3)
		return false;
	if (u->retro_up_bytes > u->up_bytes || u->retro_down_bytes > u->down_bytes || u->first_us > u->last_us ||
	    u->reason == ZR_REASON_UNDECIDED)
		abort();
	told[u->reason].pkts += (uint64_t)u->up_pkts + u->down_pkts;
	told[u->reason].bytes += u->up_bytes + u->down_bytes;
	return true;
}

/* Every three minutes. */
static uint64_t tariff_next_us(const void *arg, uint64_t after_us)
{
	(void)arg;
	return (after_us / 180000000 + 1) * 180000000;
}

static void setup(void)
{
	struct zr_findings errors = {0};
	struct zr_prefix prefix;
	struct zr_list *list;
	void *block;
	size_t len;

	zr_pipeline_defaults(&config);
	config.flows = 64;
	config.reassembly_bytes = 262144;
	config.names_bytes = 65536;
	config.server_ids_bytes = 4096;
	config.learned_bytes = 1U << 20;
	config.decisions_bytes = 3 * 4100;
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

/* What came in was judged, is unaccounted, or is undecided: after every burst. */
static void check_totals(const struct zr_pipeline *p)
{
	struct zr_volume judged = {0};
	struct zr_totals t;

	zr_pipeline_totals(p, &t);
	for (unsigned int r = 0; r < ZR_REASON_COUNT; r++) {
		judged.pkts += t.reason[r].pkts;
		judged.bytes += t.reason[r].bytes;
	}
	for (unsigned int r = 0; r < ZR_UNACCOUNTED_COUNT; r++) {
		judged.pkts += t.unaccounted[r].pkts;
		judged.bytes += t.unaccounted[r].bytes;
	}
	if (judged.pkts != t.received.pkts || judged.bytes != t.received.bytes)
		abort();
}

static void add(struct zr_volume *sum, const struct zr_traffic *traffic)
{
	sum->pkts += traffic->up_pkts + traffic->down_pkts;
	sum->bytes += traffic->up_bytes + traffic->down_bytes;
}

/* By verdict: told, lost and untold are all there is. */
static void check_untold(const struct zr_pipeline *p, const struct zr_totals *t)
{
	struct zr_volume sums[ZR_VERDICT_COUNT] = {0};
	struct zr_untold untold;

	zr_pipeline_untold(p, &untold);
	add(&sums[ZR_CHARGED], &untold.cut_charged);
	for (unsigned int verdict = 0; verdict < ZR_VERDICT_COUNT; verdict++)
		add(&sums[verdict], &untold.lost[verdict].traffic);
	for (unsigned int r = 0; r < ZR_REASON_COUNT; r++) {
		struct zr_volume *sum = &sums[zr_reason_verdict((enum zr_reason)r)];

		sum->pkts += told[r].pkts - t->reason[r].pkts;
		sum->bytes += told[r].bytes - t->reason[r].bytes;
	}
	for (unsigned int verdict = 0; verdict < ZR_VERDICT_COUNT; verdict++)
		if (sums[verdict].pkts != 0 || sums[verdict].bytes != 0)
			abort();
}

/* All open flows are found, a few at a time; decisions of a client hold no name that was not recorded. */
static void check_look(struct zr_pipeline *p, const struct zr_prefix *client, bool recorded)
{
	struct zr_look look = {.states = (1U << ZR_STATE_COUNT) - 1};
	struct zr_look_cursor cursor = {0};
	struct zr_answer answer;
	uint64_t found = 0;

	while (!cursor.ended) {
		unsigned int budget = 3;

		while (zr_pipeline_look(p, &look, &cursor, &budget, &answer))
			found++;
	}
	if (found != zr_pipeline_flows(p) || cursor.open != found)
		abort();
	look.subscriber = *client;
	cursor = (struct zr_look_cursor){0};
	while (!cursor.ended) {
		unsigned int budget = 3;

		while (zr_pipeline_decision(p, &look, &cursor, &budget, &answer))
			if (strlen(answer.rule) > ZR_RULE_MAX || (answer.name_recorded && !recorded) ||
			    (*answer.name != '\0' && answer.usage.verdict != ZR_FREE && !answer.name_recorded))
				abort();
	}
}

static void check_end(const struct zr_pipeline *p)
{
	struct zr_totals t;

	zr_pipeline_totals(p, &t);
	for (unsigned int r = 0; r < ZR_REASON_COUNT && !refusing; r++)
		if (r != ZR_REASON_TABLE_FULL && memcmp(&told[r], &t.reason[r], sizeof(told[r])) != 0)
			abort();
	if (zr_pipeline_flows(p) != 0)
		abort();
	check_untold(p, &t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zr_cursor c = zr_cursor_of(data, size);
	uint64_t time_ns = START_NS;
	struct zr_port port = {0};
	struct zr_prefix client = {.family = 4, .len = 32, .addr = {10, 0, 0, 1}};
	struct zr_pipeline *p;
	unsigned int options;

	if (memory == NULL)
		setup();
	memset(memory, 0, memory_len);
	memset(told, 0, sizeof(told));
	port.link = zr_cursor_u8(&c) % (ZR_LINK_OTHER + 1);
	options = zr_cursor_u8(&c);
	config.retro_credit = (options & 1) != 0;
	config.keep_names = (options & 2) != 0;
	config.verify_checksums = (options & 32) != 0;
	refusing = (options & 64) != 0;
	offered = 0;
	config.charged_records = (options & 192) != 192;
	config.totals_by_entry = (options & 2) != 0;
	config.tariff_next_us = (options & 128) != 0 ? tariff_next_us : NULL;
	config.subscribers = (options & 4) != 0 ? &subscribers : NULL;
	port.role = options / 8 % 3;
	p = zr_pipeline_init(memory, &config, image, index_);
	zr_pipeline_record_names(p, (options & 16) != 0 ? &client : NULL);
	while (zr_cursor_left(&c) > 3) {
		struct zr_view view = {.port = &port};
		uint64_t step = zr_cursor_u8(&c);
		uint32_t len = zr_cursor_u16(&c);

		/* From nothing to about four hours, the small steps finely. */
		time_ns += step * step * step * UINT64_C(900000);
		view.wire_len = len;
		view.len = len < zr_cursor_left(&c) ? len : (uint32_t)zr_cursor_left(&c);
		view.data = zr_cursor_take(&c, view.len);
		view.time_ns = time_ns;
		zr_pipeline_burst(p, &view, 1);
		check_totals(p);
	}
	check_look(p, &client, (options & 16) != 0);
	zr_pipeline_record_names(p, NULL);
	check_look(p, &client, false);
	zr_pipeline_shutdown(p);
	check_totals(p);
	check_end(p);
	zr_pipeline_fini(p);
	return 0;
}

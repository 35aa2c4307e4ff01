/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/pipeline/state.h"
#include "rules/list.h"

#define BASE_US UINT64_C(1795305600000000)

static const char directives[] = "#! serial: 1\n#! issuer: test\n#! issued: 2026-01-01T00:00:00Z\n";
static const char header[] = "match,service,rating_group,from,until,verify,owner,note,bind\n";

static bool take(void *arg, const struct zr_usage *usage)
{
	struct scene *s = arg;
	struct scene_event *event = &s->events[s->count];

	if (s->refuses != NULL && s->refuses(usage)) {
		s->refused++;
		return false;
	}
	assert_true(s->count < SCENE_EVENTS);
	s->count++;
	event->usage = *usage;
	if (usage->name != NULL)
		snprintf(event->name, sizeof(event->name), "%s", usage->name);
	if (usage->rule != ZR_ENTRY_NONE) {
		struct zr_entry entry;

		zr_image_entry(usage->image, usage->rule, &entry);
		snprintf(event->rule, sizeof(event->rule), "%s", entry.rule);
	}
	return true;
}

/* Rows may begin with an "#! expires" line of their own. */
static void image_make(struct scene *s, const char *rows)
{
	struct zr_findings errors = {0};
	struct zr_list *list;
	size_t len;
	char *text;

	if (strncmp(rows, "#! expires", 10) == 0) {
		const char *rest = strchr(rows, '\n') + 1;

		assert_true(asprintf(&text, "%s%.*s%s%s", directives, (int)(rest - rows), rows, header, rest) > 0);
	} else {
		assert_true(asprintf(&text, "%s#! expires: 2030-01-01T00:00:00Z\n%s%s", directives, header, rows) > 0);
	}
	if (zr_list_read(text, strlen(text), &list, &errors) != 0)
		fail_msg("line %u: %s", errors.at[0].line, errors.at[0].text);
	assert_int_equal(zr_list_compile(list, &s->block, &len), 0);
	assert_int_equal(zr_image_load(s->block, len, &s->image, NULL), 0);
	zr_list_free(list);
	zr_findings_clear(&errors);
	free(text);
}

void scene_init(struct scene *s, const char *rows)
{
	memset(s, 0, sizeof(*s));
	zr_pipeline_defaults(&s->config);
	s->config.flows = 1024;
	s->config.reassembly_bytes = 1U << 20;
	s->config.names_bytes = 1U << 20;
	s->config.server_ids_bytes = 1U << 16;
	s->config.learned_bytes = 1U << 20;
	s->config.decisions_bytes = 1U << 16;
	s->config.charged_records = true;
	s->config.verify_checksums = false;
	s->config.packets.open_all_tunnels = true;
	s->config.seed[0] = 1;
	s->config.seed[1] = 2;
	s->config.usage = take;
	s->config.arg = s;
	s->base_us = BASE_US;
	image_make(s, rows);
	assert_int_equal(zr_suffix_index_make(s->image, s->config.seed, &s->index), 0);
}

void scene_subscribers(struct scene *s, const char *prefix)
{
	struct zr_prefix parsed;

	assert_int_equal(zr_prefix_parse(prefix, strlen(prefix), &parsed), 0);
	assert_int_equal(zr_prefix_set_add(&s->subscribers, &parsed), 0);
	s->config.subscribers = &s->subscribers;
}

void scene_resolvers(struct scene *s, const char *prefix)
{
	struct zr_prefix parsed;

	assert_int_equal(zr_prefix_parse(prefix, strlen(prefix), &parsed), 0);
	assert_int_equal(zr_prefix_set_add(&s->resolvers, &parsed), 0);
	s->config.trusted_resolvers = &s->resolvers;
}

void scene_open(struct scene *s)
{
	s->memory_len = zr_pipeline_memory(&s->config);
	assert_true(s->memory_len > 0);
	s->memory = aligned_alloc(64, s->memory_len);
	assert_non_null(s->memory);
	memset(s->memory, 0, s->memory_len);
	s->pipeline = zr_pipeline_init(s->memory, &s->config, s->image, s->index);
	assert_non_null(s->pipeline);
}

/* What came in was judged, is unaccounted, or is undecided. */
static void check_totals(const struct scene *s)
{
	struct zr_volume judged = {0};
	struct zr_totals totals;

	zr_pipeline_totals(s->pipeline, &totals);
	for (unsigned int r = 0; r < ZR_REASON_COUNT; r++) {
		judged.pkts += totals.reason[r].pkts;
		judged.bytes += totals.reason[r].bytes;
	}
	for (unsigned int r = 1; r < ZR_UNACCOUNTED_COUNT; r++) {
		judged.pkts += totals.unaccounted[r].pkts;
		judged.bytes += totals.unaccounted[r].bytes;
	}
	assert_int_equal(judged.pkts, totals.received.pkts);
	assert_int_equal(judged.bytes, totals.received.bytes);
}

static void add(struct zr_traffic *sum, uint64_t up_bytes, uint64_t up_pkts, uint64_t down_bytes, uint64_t down_pkts)
{
	sum->up_bytes += up_bytes;
	sum->up_pkts += up_pkts;
	sum->down_bytes += down_bytes;
	sum->down_pkts += down_pkts;
}

static void add_sum(struct zr_traffic *sum, const struct zr_traffic *part)
{
	add(sum, part->up_bytes, part->up_pkts, part->down_bytes, part->down_pkts);
}

/* What open flows hold of a verdict, and in undecided what those without one hold. */
static void add_open(const struct scene *s, struct zr_traffic *sums, struct zr_traffic *undecided)
{
	const struct zr_flow_table *table = &s->pipeline->table;

	for (uint32_t i = 0; i < table->high_water; i++) {
		const struct zr_flow *f = &table->flows[i];
		struct zr_traffic *sum = &sums[zr_reason_verdict((enum zr_reason)f->reason)];

		if (f->family != 0)
			add((f->flags & ZR_FLOW_DECIDED) != 0 ? sum : undecided, f->up_bytes, f->up_pkts, f->down_bytes,
			    f->down_pkts);
	}
}

void scene_sums(const struct scene *s, struct zr_traffic sums[ZR_VERDICT_COUNT], struct zr_traffic *undecided)
{
	struct zr_untold untold;

	memset(sums, 0, ZR_VERDICT_COUNT * sizeof(*sums));
	memset(undecided, 0, sizeof(*undecided));
	zr_pipeline_untold(s->pipeline, &untold);
	for (unsigned int i = 0; i < s->count; i++) {
		const struct zr_usage *u = &s->events[i].usage;

		assert_true(u->first_us <= u->last_us);
		assert_true(u->retro_up_bytes <= u->up_bytes && u->retro_down_bytes <= u->down_bytes);
		add(&sums[u->verdict], u->up_bytes, u->up_pkts, u->down_bytes, u->down_pkts);
	}
	for (unsigned int verdict = 0; verdict < ZR_VERDICT_COUNT; verdict++)
		add_sum(&sums[verdict], &untold.lost[verdict].traffic);
	add_sum(&sums[ZR_CHARGED], &untold.cut_charged);
	add_open(s, sums, undecided);
}

void scene_check_sums(const struct scene *s)
{
	struct zr_traffic sums[ZR_VERDICT_COUNT], undecided;
	struct zr_volume volumes[ZR_VERDICT_COUNT] = {0};
	struct zr_totals totals;

	scene_sums(s, sums, &undecided);
	zr_pipeline_totals(s->pipeline, &totals);
	for (unsigned int r = 1; r < ZR_REASON_COUNT; r++) {
		volumes[zr_reason_verdict((enum zr_reason)r)].pkts += totals.reason[r].pkts;
		volumes[zr_reason_verdict((enum zr_reason)r)].bytes += totals.reason[r].bytes;
	}
	for (unsigned int verdict = 0; verdict < ZR_VERDICT_COUNT; verdict++) {
		assert_int_equal(sums[verdict].up_pkts + sums[verdict].down_pkts, volumes[verdict].pkts);
		assert_int_equal(sums[verdict].up_bytes + sums[verdict].down_bytes, volumes[verdict].bytes);
	}
	/* The rest are fragments that wait. */
	assert_true(undecided.up_pkts + undecided.down_pkts <= totals.reason[ZR_REASON_UNDECIDED].pkts);
	assert_true(undecided.up_bytes + undecided.down_bytes <= totals.reason[ZR_REASON_UNDECIDED].bytes);
}

/* By reason, when all flows leave records and each was taken. */
static void check_records(const struct scene *s)
{
	struct zr_volume told[ZR_REASON_COUNT] = {0};
	struct zr_totals totals;

	zr_pipeline_totals(s->pipeline, &totals);
	assert_int_equal(totals.reason[ZR_REASON_UNDECIDED].pkts, 0);
	assert_int_equal(totals.reason[ZR_REASON_UNDECIDED].bytes, 0);
	for (unsigned int i = 0; i < s->count; i++) {
		const struct zr_usage *u = &s->events[i].usage;

		told[u->reason].pkts += u->up_pkts + u->down_pkts;
		told[u->reason].bytes += u->up_bytes + u->down_bytes;
	}
	for (unsigned int r = 1; r < ZR_REASON_COUNT; r++) {
		if (s->config.charged_records && s->refused == 0 && r != ZR_REASON_TABLE_FULL &&
		    r != ZR_REASON_OVERLOAD) {
			assert_int_equal(told[r].pkts, totals.reason[r].pkts);
			assert_int_equal(told[r].bytes, totals.reason[r].bytes);
		}
	}
}

void scene_send(struct scene *s, uint64_t ms, const struct frame_spec *spec)
{
	static uint8_t frame[FRAME_MAX];
	struct zr_view view = {.data = frame, .time_ns = (s->base_us + ms * 1000) * 1000, .port = &s->port};

	view.len = view.wire_len = (uint32_t)frame_make(spec, frame);
	zr_pipeline_burst(s->pipeline, &view, 1);
	check_totals(s);
}

void scene_part(struct scene *s, uint64_t ms, const struct frame_spec *spec, uint32_t id, size_t from, size_t len)
{
	struct frame_spec part = *spec;

	part.part = (struct frame_part){.id = id, .from = from, .len = len, .last = from + len == frame_content(spec)};
	scene_send(s, ms, &part);
}

void scene_outer_part(struct scene *s, uint64_t ms, const struct frame_spec *spec, uint32_t id, size_t from, size_t len)
{
	struct frame_spec part = *spec;
	bool last = from + len == frame_outer_content(spec);

	part.outer_part = (struct frame_part){.id = id, .from = from, .len = len, .last = last};
	scene_send(s, ms, &part);
}

struct scene_conn scene_conn(uint16_t client_port)
{
	return (struct scene_conn){
		.client = "10.0.0.1",
		.server = "203.0.113.1",
		.client_port = client_port,
		.server_port = 443,
		.up_seq = 1000,
		.down_seq = 5000,
	};
}

struct frame_spec scene_spec(const struct scene_conn *c, bool up, uint8_t proto)
{
	return (struct frame_spec){
		.src = up ? c->client : c->server,
		.dst = up ? c->server : c->client,
		.src_port = up ? c->client_port : c->server_port,
		.dst_port = up ? c->server_port : c->client_port,
		.proto = proto,
		.seq = up ? c->up_seq : c->down_seq,
		.ack = up ? c->down_seq : c->up_seq,
		.vlan = c->vlan,
	};
}

void scene_tcp(struct scene *s, uint64_t ms, struct scene_conn *c, bool up, unsigned int flags, const void *data,
	       size_t len)
{
	struct frame_spec spec = scene_spec(c, up, ZR_PROTO_TCP);
	uint32_t *seq = up ? &c->up_seq : &c->down_seq;

	spec.tcp_flags = (uint8_t)flags;
	spec.data = data;
	spec.len = len;
	scene_send(s, ms, &spec);
	*seq += (uint32_t)len + ((flags & (ZR_TCP_SYN | ZR_TCP_FIN)) != 0 ? 1 : 0);
}

void scene_handshake(struct scene *s, uint64_t ms, struct scene_conn *c)
{
	scene_tcp(s, ms, c, true, ZR_TCP_SYN, NULL, 0);
	scene_tcp(s, ms, c, false, ZR_TCP_SYN | ZR_TCP_ACK, NULL, 0);
	scene_tcp(s, ms, c, true, ZR_TCP_ACK, NULL, 0);
}

void scene_up(struct scene *s, uint64_t ms, struct scene_conn *c, const void *data, size_t len)
{
	scene_tcp(s, ms, c, true, ZR_TCP_ACK | ZR_TCP_PSH, data, len);
}

void scene_down(struct scene *s, uint64_t ms, struct scene_conn *c, size_t len)
{
	static const uint8_t zeros[FRAME_MAX];

	scene_tcp(s, ms, c, false, ZR_TCP_ACK, zeros, len);
}

void scene_hello(struct scene *s, uint64_t ms, struct scene_conn *c, const char *name)
{
	uint8_t hello[1400];

	scene_up(s, ms, c, hello, frame_hello(name, 300, hello, sizeof(hello)));
}

void scene_udp(struct scene *s, uint64_t ms, const struct scene_conn *c, bool up, const void *data, size_t len)
{
	struct frame_spec spec = scene_spec(c, up, ZR_PROTO_UDP);

	spec.data = data;
	spec.len = len;
	scene_send(s, ms, &spec);
}

void scene_close(struct scene *s)
{
	zr_pipeline_shutdown(s->pipeline);
	assert_int_equal(zr_pipeline_flows(s->pipeline), 0);
	check_totals(s);
	scene_check_sums(s);
	check_records(s);
}

void scene_free(struct scene *s)
{
	zr_pipeline_fini(s->pipeline);
	zr_suffix_index_free(s->index);
	zr_image_free(s->image);
	zr_prefix_set_clear(&s->subscribers);
	zr_prefix_set_clear(&s->resolvers);
	free(s->memory);
	free(s->block);
}

unsigned int scene_events(const struct scene *s, enum zr_usage_type type)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->count; i++)
		n += s->events[i].usage.type == type;
	return n;
}

const struct scene_event *scene_event(const struct scene *s, enum zr_usage_type type, unsigned int n)
{
	for (unsigned int i = 0; i < s->count; i++)
		if (s->events[i].usage.type == type && n-- == 0)
			return &s->events[i];
	fail_msg("no such event");
	return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows of every kind are saved again as they were taken up; and what is due to be told of one is told after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/flow/flow.h"
#include "dataplane/flow/verdict.h"
#include "dataplane/inspect/http.h"
#include "dataplane/inspect/tcp_client.h"
#include "tests/support/restart.h"
#include "tests/unit/pipeline/quic_scene.h"

#define LIST                                           \
	".olm.vn,olm,90001,,,,,\n!ads.olm.vn,,,,,,,\n" \
	"thi.moet.gov.vn,moet,90003," SCENE_DAY "10:00Z,,,,\n198.51.100.0/24,live,90004,,,,,\n"

#define START  1
#define WORKER 3

static struct scene s;

static void open_scene(void)
{
	scene_init(&s, LIST);
	s.config.start = START;
	s.config.worker = WORKER;
	s.config.identities = 2;
	scene_open(&s);
}

static uint32_t rule_of(const char *rule)
{
	for (uint32_t i = 0; i < zr_image_entry_count(s.image); i++) {
		struct zr_entry entry;

		zr_image_entry(s.image, i, &entry);
		if (strcmp(entry.rule, rule) == 0)
			return i;
	}
	fail_msg("no rule %s", rule);
	return ZR_ENTRY_NONE;
}

/* A flow of any kind, 10 s old and last heard of 2 s ago, at 100 s. */
static struct zr_saved_flow flow_of(uint8_t proto, enum zr_reason reason, uint8_t evidence, uint16_t flags)
{
	return (struct zr_saved_flow){
		.id = UINT64_C(1) << 48 | UINT64_C(5) << 40 | 9,
		.first_us = s.base_us + 90000000,
		.last_us = s.base_us + 98000000,
		.client.b = {10, 0, 0, 1},
		.server.b = {203, 0, 113, 1},
		.client_port = 40000,
		.server_port = 443,
		.family = 4,
		.proto = proto,
		.worker = WORKER,
		.timeout = proto == ZR_PROTO_TCP ? ZR_TIMEOUT_TCP : ZR_TIMEOUT_UDP,
		.reason = reason,
		.evidence = evidence,
		.part = 4,
		.flags = flags,
		.rule = ZR_ENTRY_NONE,
	};
}

static struct zr_saved_flow judged(struct zr_saved_flow flow, const char *rule, const char *name)
{
	flow.rule = rule_of(rule);
	flow.entry = zr_image_entry_identity(s.image, flow.rule);
	flow.name_len = (uint8_t)strlen(name);
	memcpy(flow.name, name, flow.name_len);
	return flow;
}

static struct zr_saved_flow at_the_listed_address(struct zr_saved_flow flow)
{
	flow.server.b[0] = 198;
	flow.server.b[1] = 51;
	flow.server.b[2] = 100;
	return flow;
}

static int keep(void *arg, const void *bytes, size_t len)
{
	struct zr_saved_flow *flow = arg;
	size_t used;

	assert_int_equal(zr_saved_read(bytes, len, &used, flow), ZR_OK);
	assert_int_equal(used, len);
	return 0;
}

static void take_up_at(const struct zr_saved_flow *flow, uint64_t saved_s, uint64_t now_s)
{
	static const uint16_t domains[] = {0, 7};
	const struct zr_restore from = {
		.list = zr_image_identity(s.image),
		.saved_us = s.base_us + saved_s * 1000000,
		.same_epoch = true,
		.domains = domains,
		.domain_count = 2,
	};

	zr_pipeline_poll(s.pipeline, (s.base_us + now_s * 1000000) * 1000);
	zr_pipeline_restore(s.pipeline, &from, flow);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 1);
}

static void take_up(const struct zr_saved_flow *flow)
{
	take_up_at(flow, 99, 100);
}

/* Taken up and saved at once, it has the same bytes. */
static void comes_back(struct zr_saved_flow flow)
{
	uint8_t before[ZR_SAVED_MAX], after[ZR_SAVED_MAX];
	size_t len = zr_saved_write(&flow, before), used;
	struct zr_saved_flow again;

	assert_int_equal(zr_saved_read(before, len, &used, &again), ZR_OK);
	take_up(&flow);
	zr_pipeline_pause(s.pipeline);
	assert_int_equal(s.count, 0);
	assert_int_equal(zr_pipeline_save(s.pipeline, keep, &again), 0);
	assert_int_equal(zr_saved_write(&again, after), len);
	assert_memory_equal(after, before, len);
	scene_close(&s);
	scene_free(&s);
}

#define SNI (1U << ZR_EVIDENCE_TLS_SNI)

static void free_tls(void **state)
{
	static const uint16_t flags[] = {
		ZR_SAVED_CLIENT_FIXED | ZR_SAVED_START_KNOWN | ZR_SAVED_STREAMED_UP,
		ZR_SAVED_CLIENT_FIXED | ZR_SAVED_FIN_UP | ZR_SAVED_ECH,
		ZR_SAVED_FIN_DOWN | ZR_SAVED_STREAMED_DOWN | ZR_SAVED_TAG_DUE,
		0,
	};

	(void)state;
	for (unsigned int turned = 0; turned < 2; turned++)
		for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
			struct zr_saved_flow flow;

			open_scene();
			flow = judged(flow_of(ZR_PROTO_TCP, ZR_REASON_SNI, SNI, flags[i]), ".olm.vn", "www.olm.vn");
			flow.start = (flags[i] & ZR_SAVED_START_KNOWN) != 0 ? 77777 : 0;
			/* The other way round in the table. */
			if (turned != 0)
				flow.client.b[0] = 223;
			comes_back(flow);
		}
}

static void lingering(void **state)
{
	static const uint16_t flags[] = {ZR_SAVED_RST, ZR_SAVED_FIN_UP | ZR_SAVED_FIN_DOWN};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct zr_saved_flow flow;

		open_scene();
		flow = judged(flow_of(ZR_PROTO_TCP, ZR_REASON_SNI, SNI, flags[i]), ".olm.vn", "www.olm.vn");
		flow.timeout = ZR_TIMEOUT_LINGER;
		comes_back(flow);
	}
}

static void with_a_path(void **state)
{
	(void)state;
	for (unsigned int teids = 1; teids < 4; teids++) {
		struct zr_saved_flow flow;

		open_scene();
		flow = judged(flow_of(ZR_PROTO_TCP, ZR_REASON_SNI, SNI, 0), ".olm.vn", "olm.vn");
		flow.domain = 7;
		flow.vlan_count = 2;
		flow.vlans[0] = 7;
		flow.vlans[1] = 4095;
		flow.has_teid_up = (teids & 1) != 0;
		flow.has_teid_down = (teids & 2) != 0;
		flow.teid_up = flow.has_teid_up ? 0xdeadbeef : 0;
		flow.teid_down = flow.has_teid_down ? 1 : 0;
		comes_back(flow);
	}
}

static void charged(void **state)
{
	struct zr_saved_flow flow;

	(void)state;
	open_scene();
	flow = flow_of(ZR_PROTO_TCP, ZR_REASON_NO_MATCH, SNI, ZR_SAVED_STAYS_CHARGED);
	flow.family = 6;
	flow.server.b[15] = 9;
	comes_back(flow);
	open_scene();
	comes_back(judged(flow_of(ZR_PROTO_TCP, ZR_REASON_EXCLUDED, SNI, ZR_SAVED_STAYS_CHARGED), "!ads.olm.vn", ""));
	open_scene();
	comes_back(flow_of(ZR_PROTO_TCP, ZR_REASON_SPOOF, SNI, ZR_SAVED_STAYS_CHARGED));
	open_scene();
	comes_back(flow_of(ZR_PROTO_TCP, ZR_REASON_MIDSTREAM, 0, ZR_SAVED_STAYS_CHARGED));
	open_scene();
	flow = flow_of(1, ZR_REASON_NO_NAME, 0, 0);
	flow.client_port = flow.server_port = 0;
	comes_back(flow);
}

static void undecided(void **state)
{
	struct zr_saved_flow flow;

	(void)state;
	open_scene();
	flow = flow_of(ZR_PROTO_TCP, ZR_REASON_UNDECIDED, 0,
		       ZR_SAVED_INSPECT | ZR_SAVED_CLIENT_FIXED | ZR_SAVED_START_KNOWN | ZR_SAVED_STREAMED_UP);
	flow.start = 5;
	flow.timeout = ZR_TIMEOUT_UNDECIDED;
	comes_back(flow);
}

static void quic_with_its_servers_id(void **state)
{
	struct zr_saved_flow flow;

	(void)state;
	open_scene();
	flow = judged(flow_of(ZR_PROTO_UDP, ZR_REASON_QUIC_SNI, 1U << ZR_EVIDENCE_QUIC_SNI,
			      ZR_SAVED_START_KNOWN | ZR_SAVED_CLIENT_FIXED),
		      ".olm.vn", "olm.vn");
	flow.start = 12345;
	flow.timeout = ZR_TIMEOUT_QUIC;
	flow.server_id_len = 8;
	memcpy(flow.server_id, "serverid", 8);
	comes_back(flow);
}

static void followed_http(void **state)
{
	struct zr_saved_flow flow;

	(void)state;
	open_scene();
	flow = judged(flow_of(ZR_PROTO_TCP, ZR_REASON_HOST, 1U << ZR_EVIDENCE_HTTP_HOST,
			      ZR_SAVED_INSPECT | ZR_SAVED_STREAM | ZR_SAVED_CLIENT_FIXED),
		      ".olm.vn", "olm.vn");
	flow.stream = (struct zr_saved_stream){.body_left = UINT64_C(1) << 40,
					       .next_seq = 0xfffffff0,
					       .state = ZR_TCP_BODY,
					       .body = ZR_HTTP_BODY_LENGTH};
	comes_back(flow);
}

static void media(void **state)
{
	struct zr_saved_flow flow;

	(void)state;
	open_scene();
	flow = judged(flow_of(ZR_PROTO_UDP, ZR_REASON_PREFIX, 1U << ZR_EVIDENCE_PREFIX, ZR_SAVED_INSPECT),
		      "198.51.100.0/24", "");
	comes_back(at_the_listed_address(flow));
}

/* Its name may have been excluded since: a window of the list has opened or closed, or may have before the clock was set back. */
static void address_with_a_forgotten_name(void **state)
{
	static const struct {
		uint64_t saved_s, now_s;
		bool free;
	} cases[] = {{598, 599, true}, {599, 601, false}, {601, 599, false}, {601, 602, true}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct zr_saved_flow flow;

		open_scene();
		flow = judged(flow_of(ZR_PROTO_UDP, ZR_REASON_PREFIX,
				      1U << ZR_EVIDENCE_PREFIX | 1U << ZR_EVIDENCE_QUIC_SNI, 0),
			      "198.51.100.0/24", "");
		flow = at_the_listed_address(flow);
		flow.first_us = flow.last_us = s.base_us + 597000000;
		take_up_at(&flow, cases[i].saved_s, cases[i].now_s);
		assert_int_equal(zr_pipeline_flows_free(s.pipeline), cases[i].free);
		scene_close(&s);
		scene_free(&s);
	}
}

/* What a QUIC connection goes on with is no new flow, as long as it may be silent. */
static void quic_whose_hello_was_cut_is_charged_and_stays(void **state)
{
	struct zr_saved_flow flow;

	(void)state;
	open_scene();
	flow = flow_of(ZR_PROTO_UDP, ZR_REASON_UNDECIDED, 0,
		       ZR_SAVED_INSPECT | ZR_SAVED_CUT_SHORT | ZR_SAVED_START_KNOWN | ZR_SAVED_CLIENT_FIXED);
	flow.timeout = ZR_TIMEOUT_UNDECIDED;
	take_up(&flow);
	assert_int_equal(zr_pipeline_flows_undecided(s.pipeline), 0);
	zr_pipeline_advance(s.pipeline, (s.base_us + 697000000) * 1000);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 1);
	zr_pipeline_advance(s.pipeline, (s.base_us + 698000000) * 1000);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 0);
	assert_int_equal(s.events[0].usage.reason, ZR_REASON_INSPECT_LIMIT);
	scene_close(&s);
	scene_free(&s);
}

/* Traffic of no subscriber has no place when one of its sides has become one, or when nobody asks any more. */
static void traffic_of_no_subscriber(void **state)
{
	static const struct {
		const char *subscribers;
		unsigned int misfits;
	} cases[] = {{"192.168.0.0/16", 0}, {"10.0.0.0/8", 1}, {"203.0.113.0/24", 1}, {NULL, 1}};
	static const uint16_t domains[] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct zr_restore from = {.same_epoch = true, .domains = domains, .domain_count = 1};
		struct zr_saved_flow flow;

		scene_init(&s, LIST);
		if (cases[i].subscribers != NULL)
			scene_subscribers(&s, cases[i].subscribers);
		s.config.identities = 1;
		scene_open(&s);
		zr_pipeline_poll(s.pipeline, (s.base_us + 100000000) * 1000);
		from.saved_us = s.base_us + 99000000;
		flow = flow_of(ZR_PROTO_TCP, ZR_REASON_NOT_SUBSCRIBER, 0, 0);
		zr_pipeline_restore(s.pipeline, &from, &flow);
		assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_FLOWS_MISFIT), cases[i].misfits);
		assert_int_equal(zr_pipeline_flows(s.pipeline), 1 - cases[i].misfits);
		scene_close(&s);
		scene_free(&s);
	}
}

/* More flows with records than there is room for identities: they go on under new ones. */
static void identities_are_bounded(void **state)
{
	struct zr_saved_flow flow;
	static const uint16_t domains[] = {0};
	struct zr_restore from = {.same_epoch = true, .domains = domains, .domain_count = 1};

	(void)state;
	open_scene();
	zr_pipeline_poll(s.pipeline, (s.base_us + 100000000) * 1000);
	from.saved_us = s.base_us + 99000000;
	for (unsigned int i = 0; i < 3; i++) {
		flow = judged(flow_of(ZR_PROTO_TCP, ZR_REASON_SNI, SNI, 0), ".olm.vn", "olm.vn");
		flow.id += i;
		flow.client_port = (uint16_t)(flow.client_port + i);
		zr_pipeline_restore(s.pipeline, &from, &flow);
	}
	/* A tuple that is there already: the flow ends. */
	flow.id = 77;
	zr_pipeline_restore(s.pipeline, &from, &flow);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.events[0].usage.cause, ZR_CAUSE_EVICTED);
	assert_int_equal(s.events[0].usage.flow, 77);
	s.count = 0;
	scene_close(&s);
	assert_int_equal(s.count, 2);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(s.events[i].usage.worker, 5);
		assert_int_equal(s.events[i].usage.flow, 9 + i);
	}
	scene_free(&s);
}

static struct zr_saved_flow followed(enum zr_reason reason, uint8_t evidence, uint16_t flags)
{
	struct zr_saved_flow flow = flow_of(ZR_PROTO_TCP, reason, (uint8_t)(evidence | 1U << ZR_EVIDENCE_HTTP_HOST),
					    flags | ZR_SAVED_INSPECT | ZR_SAVED_STREAM | ZR_SAVED_CLIENT_FIXED);

	flow.stream = (struct zr_saved_stream){.next_seq = 5000, .state = ZR_TCP_HTTP};
	return flow;
}

/* The client had closed its side, and the server's answer goes on: its acknowledgement of that is no unheard request. */
static void half_closed_http_goes_on_free(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct zr_saved_flow flow;

	(void)state;
	open_scene();
	flow = judged(followed(ZR_REASON_HOST, 0, ZR_SAVED_FIN_UP), ".olm.vn", "olm.vn");
	take_up(&flow);
	c.up_seq = 5001;
	scene_down(&s, 101000, &c, 500);
	assert_int_equal(zr_pipeline_flows_free(s.pipeline), 1);
	c.up_seq = 5002;
	scene_down(&s, 101001, &c, 500);
	assert_int_equal(zr_pipeline_flows_free(s.pipeline), 0);
	scene_close(&s);
	scene_free(&s);
}

/* Once another name was read, the forgotten one matters no more: a window changes nothing. */
static void next_request_takes_the_forgotten_names_place(void **state)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: olm.vn\r\n\r\n";
	struct scene_conn c = scene_conn(40000);
	struct zr_saved_flow flow;

	(void)state;
	open_scene();
	c.server = "198.51.100.1";
	flow = at_the_listed_address(
		judged(followed(ZR_REASON_PREFIX, 1U << ZR_EVIDENCE_PREFIX, 0), "198.51.100.0/24", ""));
	take_up(&flow);
	c.up_seq = 5000;
	scene_up(&s, 101000, &c, request, sizeof(request) - 1);
	zr_pipeline_advance(s.pipeline, (s.base_us + 601000000) * 1000);
	assert_int_equal(zr_pipeline_flows_free(s.pipeline), 1);
	scene_close(&s);
	assert_int_equal(s.events[s.count - 1].usage.reason, ZR_REASON_HOST);
	scene_free(&s);
}

/* A charged QUIC connection goes on from another port: its name is as forgotten there, and its address frees it no more. */
static void rebound_connection_stays_charged(void **state)
{
	struct scene_conn moved = scene_conn(50000);
	struct zr_saved_flow flow;

	(void)state;
	open_scene();
	moved.server = "198.51.100.1";
	flow = at_the_listed_address(flow_of(ZR_PROTO_UDP, ZR_REASON_EXCLUDED, 1U << ZR_EVIDENCE_QUIC_SNI,
					     ZR_SAVED_START_KNOWN | ZR_SAVED_CLIENT_FIXED));
	flow.timeout = ZR_TIMEOUT_QUIC;
	flow.server_id_len = 8;
	memcpy(flow.server_id, "serverid", 8);
	take_up(&flow);
	quic_send_short(&s, 101000, &moved, true, "serverid");
	assert_int_equal(zr_pipeline_counter(s.pipeline, ZR_COUNTER_FLOWS_REBOUND), 1);
	zr_pipeline_advance(s.pipeline, (s.base_us + 601000000) * 1000);
	assert_int_equal(zr_pipeline_flows_free(s.pipeline), 0);
	scene_close(&s);
	scene_free(&s);
}

/* Freed by a window, and nothing came under it yet: the first packet after the restart tells it, though records were left. */
static void verdict_that_was_not_told_is_told(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct restart r;

	(void)state;
	open_scene();
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "thi.moet.gov.vn");
	scene_down(&s, 500000, &c, 100);
	zr_pipeline_advance(s.pipeline, (s.base_us + 601000000) * 1000);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 0);
	restart_save(&r, &s, 602000);
	assert_true((restart_flow(&r, 0).flags & ZR_SAVED_TAG_DUE) != 0);
	scene_free(&s);
	open_scene();
	restart_load(&r, &s, 603000);
	assert_int_equal(s.count, 0);
	scene_down(&s, 604000, &c, 100);
	assert_string_equal(scene_event(&s, ZR_USAGE_TAG, 0)->rule, "thi.moet.gov.vn");
	scene_close(&s);
	scene_free(&s);
	restart_free(&r);
}

static bool refuses_tags(const struct zr_usage *u)
{
	return u->type == ZR_USAGE_TAG;
}

/* There was no room for its tag, nor for its record. */
static void tag_that_nobody_took_is_told(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct restart r;

	(void)state;
	open_scene();
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 10, &c, "thi.moet.gov.vn");
	scene_down(&s, 500000, &c, 100);
	s.refuses = refuses_tags;
	scene_down(&s, 601000, &c, 100);
	assert_true(s.refused > 0);
	restart_save(&r, &s, 602000);
	assert_true((restart_flow(&r, 0).flags & ZR_SAVED_TAG_DUE) != 0);
	assert_true(restart_flow(&r, 0).id != 0);
	restart_free(&r);
	scene_free(&s);
}

static bool refuses_all(const struct zr_usage *u)
{
	(void)u;
	return true;
}

/* The record that ends a flow that cannot be taken up is named as lost when nobody takes it. */
static void last_record_that_nobody_takes_is_a_loss(void **state)
{
	static const uint16_t none[] = {9};
	struct zr_saved_flow flow;
	struct zr_restore from = {.same_epoch = true, .domains = none, .domain_count = 1};
	struct zr_untold untold;

	(void)state;
	open_scene();
	flow = judged(flow_of(ZR_PROTO_TCP, ZR_REASON_SNI, SNI, 0), ".olm.vn", "olm.vn");
	from.saved_us = s.base_us + 99000000;
	zr_pipeline_poll(s.pipeline, (s.base_us + 100000000) * 1000);
	s.refuses = refuses_all;
	zr_pipeline_restore(s.pipeline, &from, &flow);
	zr_pipeline_untold(s.pipeline, &untold);
	assert_int_equal(untold.lost[ZR_FREE].records, 1);
	assert_int_equal(untold.lost[ZR_FREE].traffic.up_bytes, 0);
	/* In another numbering it has no record to end. */
	from.same_epoch = false;
	zr_pipeline_restore(s.pipeline, &from, &flow);
	zr_pipeline_untold(s.pipeline, &untold);
	assert_int_equal(untold.lost[ZR_FREE].records, 1);
	scene_close(&s);
	scene_free(&s);
}

/* What such a record says of the flow. */
static void last_record_says_what_is_known(void **state)
{
	static const uint16_t none[] = {9};
	struct zr_restore from = {.same_epoch = true, .domains = none, .domain_count = 1};
	struct zr_saved_flow flow;

	(void)state;
	open_scene();
	zr_pipeline_poll(s.pipeline, (s.base_us + 100000000) * 1000);
	from.saved_us = s.base_us + 99000000;
	flow = flow_of(ZR_PROTO_TCP, ZR_REASON_SPOOF, SNI, ZR_SAVED_ECH);
	zr_pipeline_restore(s.pipeline, &from, &flow);
	assert_int_equal(s.events[0].usage.flags,
			 1U << ZR_FLAG_ECH | 1U << ZR_FLAG_SPOOF_SUSPECT | 1U << ZR_FLAG_MIDSTREAM);
	flow = flow_of(ZR_PROTO_TCP, ZR_REASON_SPOOF, SNI, ZR_SAVED_RST);
	flow.timeout = ZR_TIMEOUT_LINGER;
	flow.last_us = flow.first_us = s.base_us + 1000000;
	from.domains = (const uint16_t[]){0};
	zr_pipeline_restore(s.pipeline, &from, &flow);
	assert_int_equal(s.events[1].usage.cause, ZR_CAUSE_RST);
	assert_int_equal(s.events[1].usage.part, 4);
	assert_int_equal(s.events[1].usage.flow, 9);
	assert_int_equal(s.events[1].usage.worker, 5);
	assert_true(s.events[1].usage.final);
	scene_close(&s);
	scene_free(&s);
}

/* No last record is free under a list that does not free it, or without an entry: here it was another list that freed it. */
static void last_record_is_judged_by_the_list_in_force(void **state)
{
	static const struct {
		const char *name, *rule, *told;
		enum zr_reason saved, reason;
	} cases[] = {
		{"www.olm.vn", ".olm.vn", "www.olm.vn", ZR_REASON_SNI, ZR_REASON_SNI},
		{"x.ads.olm.vn", "!ads.olm.vn", "", ZR_REASON_SNI, ZR_REASON_EXCLUDED},
		{"game.example", "", "", ZR_REASON_SNI, ZR_REASON_NO_MATCH},
		{"", "", "", ZR_REASON_SNI, ZR_REASON_NO_NAME},
		{"", "", "", ZR_REASON_PREFIX, ZR_REASON_NO_NAME},
	};
	static const uint16_t none[] = {9};
	const struct zr_restore from = {.same_epoch = true, .domains = none, .domain_count = 1};

	(void)state;
	open_scene();
	zr_pipeline_poll(s.pipeline, (s.base_us + 100000000) * 1000);
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct zr_saved_flow flow = flow_of(ZR_PROTO_TCP, cases[i].saved, SNI, 0);

		flow.name_len = (uint8_t)strlen(cases[i].name);
		memcpy(flow.name, cases[i].name, flow.name_len);
		zr_pipeline_restore(s.pipeline, &from, &flow);
		assert_string_equal(zr_reason_name(s.events[i].usage.reason), zr_reason_name(cases[i].reason));
		assert_int_equal(s.events[i].usage.verdict, zr_reason_verdict(cases[i].reason));
		assert_string_equal(s.events[i].rule, cases[i].rule);
		assert_string_equal(s.events[i].name, cases[i].told);
	}
	scene_close(&s);
	scene_free(&s);
}

/* Nor under an entry that asks for evidence which the flow does not have. */
static void last_record_is_free_with_the_evidence_that_its_entry_asks_for(void **state)
{
	static const struct {
		enum zr_verify asked;
		enum zr_reason saved;
		unsigned int evidence;
		enum zr_reason reason;
	} cases[] = {
		{ZR_VERIFY_REQUIRE, ZR_REASON_SNI, SNI, ZR_REASON_UNLEARNED},
		{ZR_VERIFY_REQUIRE, ZR_REASON_SNI, SNI | 1U << ZR_EVIDENCE_DNS_SEEN, ZR_REASON_SNI},
		{ZR_VERIFY_FLAG, ZR_REASON_SNI, SNI, ZR_REASON_SNI},
		{ZR_VERIFY_REQUIRE, ZR_REASON_DNS_FREE, 0, ZR_REASON_DNS_FREE},
		{ZR_VERIFY_FLAG, ZR_REASON_DNS_LEARNED, 1U << ZR_EVIDENCE_DNS_SEEN, ZR_REASON_NO_NAME},
	};
	static const uint16_t none[] = {9};
	const struct zr_restore from = {.same_epoch = true, .domains = none, .domain_count = 1};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct zr_saved_flow flow;

		scene_init(&s, LIST);
		s.config.verify = (uint8_t)cases[i].asked;
		s.config.start = START;
		s.config.worker = WORKER;
		scene_open(&s);
		zr_pipeline_poll(s.pipeline, (s.base_us + 100000000) * 1000);
		flow = flow_of(ZR_PROTO_TCP, cases[i].saved, (uint8_t)cases[i].evidence, 0);
		flow.name_len = (uint8_t)strlen("www.olm.vn");
		memcpy(flow.name, "www.olm.vn", flow.name_len);
		zr_pipeline_restore(s.pipeline, &from, &flow);
		assert_string_equal(zr_reason_name(s.events[0].usage.reason), zr_reason_name(cases[i].reason));
		assert_int_equal(s.events[0].usage.verdict, zr_reason_verdict(cases[i].reason));
		assert_string_equal(s.events[0].rule, cases[i].reason == ZR_REASON_NO_NAME ? "" : ".olm.vn");
		scene_close(&s);
		scene_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_tls),
		cmocka_unit_test(lingering),
		cmocka_unit_test(with_a_path),
		cmocka_unit_test(charged),
		cmocka_unit_test(undecided),
		cmocka_unit_test(quic_with_its_servers_id),
		cmocka_unit_test(followed_http),
		cmocka_unit_test(media),
		cmocka_unit_test(address_with_a_forgotten_name),
		cmocka_unit_test(quic_whose_hello_was_cut_is_charged_and_stays),
		cmocka_unit_test(traffic_of_no_subscriber),
		cmocka_unit_test(identities_are_bounded),
		cmocka_unit_test(half_closed_http_goes_on_free),
		cmocka_unit_test(next_request_takes_the_forgotten_names_place),
		cmocka_unit_test(rebound_connection_stays_charged),
		cmocka_unit_test(verdict_that_was_not_told_is_told),
		cmocka_unit_test(tag_that_nobody_took_is_told),
		cmocka_unit_test(last_record_that_nobody_takes_is_a_loss),
		cmocka_unit_test(last_record_says_what_is_known),
		cmocka_unit_test(last_record_is_judged_by_the_list_in_force),
		cmocka_unit_test(last_record_is_free_with_the_evidence_that_its_entry_asks_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

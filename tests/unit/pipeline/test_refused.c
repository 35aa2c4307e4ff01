/* SPDX-License-Identifier: BSD-3-Clause */
/* Whoever takes the records has no room: what waits and is told later, what is lost, and what is only summed up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/pipeline/state.h"
#include "tests/support/scene.h"

#define SECOND  UINT64_C(1000)
#define MINUTE  (60 * SECOND)
#define DAY     (24 * 60 * MINUTE)
#define HEADERS 40
#define LIST                                                                  \
	".olm.vn,olm,90001,,,,,\n.hocmai.vn,hocmai,90002,,,,,\n"              \
	"thi.moet.gov.vn,moet,90003," SCENE_DAY "00:00Z," SCENE_DAY "09:59Z," \
	",,\n!quangcao.olm.vn,,,,,,,\n"

static struct scene s;
static struct scene_conn c;

/* From now on nothing is taken, or all is. */
static bool full;

static bool refuses(const struct zr_usage *u)
{
	(void)u;
	return full;
}

static bool refuses_tags(const struct zr_usage *u)
{
	return full && u->type == ZR_USAGE_TAG;
}

static void begin_with(const char *rows)
{
	full = false;
	scene_init(&s, rows);
	s.config.charged_records = false;
	s.refuses = refuses;
	c = scene_conn(40000);
}

static void begin(void)
{
	begin_with(LIST);
}

static void free_flow(uint64_t ms, const char *name)
{
	scene_open(&s);
	scene_handshake(&s, ms, &c);
	scene_hello(&s, ms, &c, name);
}

static void request(uint64_t ms, const char *host)
{
	char head[300];

	scene_up(&s, ms, &c, head, (size_t)snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host));
}

static void end(void)
{
	scene_close(&s);
	scene_free(&s);
}

static const struct zr_usage *part(unsigned int n)
{
	return &scene_event(&s, ZR_USAGE_PART, n)->usage;
}

static struct zr_untold untold(void)
{
	struct zr_untold out;

	zr_pipeline_untold(s.pipeline, &out);
	return out;
}

static void assert_nothing_lost(void)
{
	assert_int_equal(untold().lost[ZR_FREE].records, 0);
	assert_int_equal(untold().lost[ZR_CHARGED].records, 0);
}

static void poll_at(uint64_t ms)
{
	zr_pipeline_poll(s.pipeline, (s.base_us + ms * 1000) * 1000);
}

static void interim_is_told_later_with_all_that_came_until_then(void **state)
{
	(void)state;
	begin();
	free_flow(0, "olm.vn");
	scene_down(&s, 1 * MINUTE, &c, 100);
	full = true;
	scene_down(&s, 15 * MINUTE, &c, 200);
	scene_down(&s, 16 * MINUTE, &c, 300);
	full = false;
	scene_down(&s, 17 * MINUTE, &c, 400);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	scene_close(&s);
	assert_nothing_lost();
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(part(0)->cause, ZR_CAUSE_INTERIM);
	assert_int_equal(part(0)->part, 0);
	assert_false(part(0)->final);
	assert_int_equal(part(0)->down_bytes, 4 * HEADERS + 600);
	assert_int_equal(part(0)->first_us, s.base_us);
	assert_int_equal(part(0)->last_us, s.base_us + 16 * MINUTE * 1000);
	assert_int_equal(part(1)->part, 1);
	assert_int_equal(part(1)->down_bytes, HEADERS + 400);
	assert_int_equal(part(1)->first_us, s.base_us + 17 * MINUTE * 1000);
	scene_free(&s);
}

/* Nobody speaks on the flow any more: the ageing hand offers the part again, within seconds. */
static void silent_flow_is_told_by_the_ageing_hand(void **state)
{
	(void)state;
	begin();
	free_flow(0, "olm.vn");
	full = true;
	poll_at(15 * MINUTE);
	assert_true(s.refused > 0);
	full = false;
	poll_at(15 * MINUTE + 1 * SECOND);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 0);
	for (uint64_t ms = 1; ms <= 6; ms++)
		poll_at(15 * MINUTE + ms * SECOND);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part(0)->cause, ZR_CAUSE_INTERIM);
	end();
}

/* However many packets come, a part that is refused is offered every few seconds only. */
static void part_is_not_offered_with_every_packet(void **state)
{
	(void)state;
	begin();
	s.config.interim_us = 1;
	free_flow(0, "olm.vn");
	full = true;
	for (unsigned int i = 0; i < 10000; i++)
		scene_down(&s, 1 * MINUTE + i, &c, 10);
	assert_true(s.refused <= 4);
	poll_at(60 * MINUTE);
	assert_true(s.refused <= 5);
	full = false;
	scene_close(&s);
	assert_nothing_lost();
	assert_int_equal(part(0)->down_pkts, 10001);
	scene_free(&s);
}

static void end_that_is_refused_is_lost_and_counted(void **state)
{
	(void)state;
	begin();
	free_flow(0, "olm.vn");
	scene_down(&s, 1 * SECOND, &c, 100);
	full = true;
	poll_at(3 * 60 * MINUTE);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 0);
	assert_int_equal(untold().lost[ZR_FREE].records, 1);
	assert_int_equal(untold().lost[ZR_FREE].traffic.down_bytes, 2 * HEADERS + 100);
	assert_int_equal(untold().lost[ZR_FREE].traffic.down_pkts, 2);
	assert_int_equal(untold().lost[ZR_FREE].traffic.up_pkts, 3);
	assert_int_equal(untold().lost[ZR_CHARGED].records, 0);
	end();
}

static void eviction_that_is_refused_is_lost_and_counted(void **state)
{
	struct scene_conn other = scene_conn(40001);

	(void)state;
	begin();
	s.config.flows = 1;
	free_flow(0, "olm.vn");
	full = true;
	scene_udp(&s, 1, &other, true, "x", 1);
	assert_int_equal(untold().lost[ZR_FREE].records, 1);
	assert_int_equal(untold().lost[ZR_FREE].traffic.up_pkts, 3);
	full = false;
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 0);
	scene_free(&s);
}

/* The part that waits since an interim goes with the window that changes the verdict; records behind it are numbered on. */
static void change_of_verdict_that_is_refused_loses_what_waited(void **state)
{
	(void)state;
	begin();
	s.config.interim_us = 4 * MINUTE * 1000;
	free_flow(0, "thi.moet.gov.vn");
	scene_down(&s, 4 * MINUTE, &c, 100);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	full = true;
	scene_down(&s, 8 * MINUTE, &c, 200);
	assert_nothing_lost();
	scene_down(&s, 10 * MINUTE, &c, 300);
	assert_int_equal(untold().lost[ZR_FREE].records, 1);
	assert_int_equal(untold().lost[ZR_FREE].traffic.down_bytes, 2 * HEADERS + 300);
	full = false;
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(part(1)->verdict, ZR_CHARGED);
	assert_int_equal(part(1)->part, 1);
	assert_true(part(1)->final);
	assert_int_equal(part(1)->down_bytes, HEADERS + 300);
	scene_free(&s);
}

/* The second host is of the same entry: the part goes on, without a name. */
static void host_of_the_same_entry_waits(void **state)
{
	(void)state;
	begin();
	scene_open(&s);
	scene_handshake(&s, 0, &c);
	request(1, "olm.vn");
	full = true;
	request(2, "lop.olm.vn");
	assert_nothing_lost();
	full = false;
	poll_at(10 * SECOND);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part(0)->cause, ZR_CAUSE_HOST_CHANGE);
	assert_int_equal(part(0)->up_pkts, 4);
	assert_string_equal(scene_event(&s, ZR_USAGE_PART, 0)->rule, ".olm.vn");
	assert_string_equal(scene_event(&s, ZR_USAGE_PART, 0)->name, "");
	scene_down(&s, 11 * SECOND, &c, 1);
	scene_close(&s);
	assert_string_equal(scene_event(&s, ZR_USAGE_PART, 1)->name, "lop.olm.vn");
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 1);
	scene_free(&s);
}

/* Through a proxy, to a host of the same entry: one part, and what it counted stands under its reason. */
static void part_that_waits_has_one_reason(void **state)
{
	static const char head[] = "CONNECT olm.vn:443 HTTP/1.1\r\n\r\n";
	struct zr_totals totals;

	(void)state;
	begin();
	scene_open(&s);
	scene_handshake(&s, 0, &c);
	scene_up(&s, 1, &c, head, sizeof(head) - 1);
	full = true;
	scene_hello(&s, 2, &c, "lop.olm.vn");
	full = false;
	scene_close(&s);
	assert_nothing_lost();
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part(0)->reason, ZR_REASON_SNI);
	assert_int_equal(part(0)->up_pkts, 4);
	zr_pipeline_totals(s.pipeline, &totals);
	assert_int_equal(totals.reason[ZR_REASON_SNI].pkts, 5);
	assert_int_equal(totals.reason[ZR_REASON_HOST].pkts, 0);
	scene_free(&s);
}

static void host_of_another_entry_cannot_wait(void **state)
{
	(void)state;
	begin();
	scene_open(&s);
	scene_handshake(&s, 0, &c);
	request(1, "olm.vn");
	full = true;
	request(2, "hocmai.vn");
	full = false;
	assert_int_equal(untold().lost[ZR_FREE].records, 1);
	assert_int_equal(untold().lost[ZR_FREE].traffic.up_pkts, 3);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_string_equal(scene_event(&s, ZR_USAGE_PART, 0)->rule, ".hocmai.vn");
	assert_int_equal(part(0)->part, 0);
	/* Its tag was refused too, and comes before its part. */
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 2);
	scene_free(&s);
}

static void another_list_with_the_same_entry_lets_it_wait(void **state)
{
	struct scene next;

	(void)state;
	scene_init(&next, ".hocmai.vn,hocmai,90002,,,,,\n.olm.vn,olm,90001,,,,,\n");
	begin();
	free_flow(0, "olm.vn");
	full = true;
	scene_down(&s, 15 * MINUTE, &c, 1);
	assert_int_equal(zr_pipeline_list(s.pipeline, next.image, next.index), 0);
	scene_down(&s, 16 * MINUTE, &c, 1);
	full = false;
	scene_close(&s);
	assert_nothing_lost();
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part(0)->down_pkts, 3);
	scene_free(&s);
	zr_suffix_index_free(next.index);
	zr_image_free(next.image);
	free(next.block);
}

static void another_list_that_charges_cannot_wait(void **state)
{
	struct scene next;

	(void)state;
	scene_init(&next, ".hocmai.vn,hocmai,90002,,,,,\n");
	begin();
	free_flow(0, "olm.vn");
	full = true;
	assert_int_equal(zr_pipeline_list(s.pipeline, next.image, next.index), 0);
	scene_down(&s, 16 * MINUTE, &c, 1);
	assert_int_equal(untold().lost[ZR_FREE].records, 1);
	full = false;
	end();
	zr_suffix_index_free(next.index);
	zr_image_free(next.image);
	free(next.block);
}

/* Charged before and after, by no entry: only the reason is another. */
static void another_list_that_changes_the_reason_lets_it_wait(void **state)
{
	struct scene expired, next;

	(void)state;
	scene_init(&expired, "#! expires: 2026-11-22T00:00:00Z\n.olm.vn,olm,90001,,,,,\n");
	scene_init(&next, ".hocmai.vn,hocmai,90002,,,,,\n");
	begin();
	s.config.charged_records = true;
	free_flow(0, "olm.vn");
	poll_at(2 * SECOND);
	assert_int_equal(zr_pipeline_list(s.pipeline, expired.image, expired.index), 0);
	scene_down(&s, 3 * SECOND, &c, 1);
	full = true;
	assert_int_equal(zr_pipeline_list(s.pipeline, next.image, next.index), 0);
	scene_down(&s, 4 * SECOND, &c, 1);
	full = false;
	scene_close(&s);
	assert_nothing_lost();
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(part(1)->reason, ZR_REASON_NO_MATCH);
	assert_int_equal(part(1)->down_pkts, 2);
	scene_free(&s);
	for (unsigned int i = 0; i < 2; i++) {
		struct scene *other = i == 0 ? &expired : &next;

		zr_suffix_index_free(other->index);
		zr_image_free(other->image);
		free(other->block);
	}
}

/* What was to be told of the free verdict is not told of the charged one. */
static void tag_that_waits_goes_with_its_verdict(void **state)
{
	(void)state;
	begin();
	s.config.charged_records = true;
	s.refuses = refuses_tags;
	scene_open(&s);
	scene_handshake(&s, 0, &c);
	full = true;
	request(1, "olm.vn");
	request(2, "game.example.net");
	full = false;
	assert_int_equal(untold().lost[ZR_FREE].records, 1);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 0);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	assert_int_equal(part(0)->verdict, ZR_CHARGED);
	scene_free(&s);
}

/* The client was taken for the server: what was counted before cannot go on with what comes now, the other way about. */
static void client_that_shows_itself_late_cannot_wait(void **state)
{
	(void)state;
	begin_with("10.0.0.0/24,olm,90001,,,,,\n");
	scene_open(&s);
	scene_down(&s, 0, &c, 100);
	full = true;
	scene_hello(&s, 1, &c, "game.example.net");
	assert_int_equal(untold().lost[ZR_FREE].records, 1);
	assert_int_equal(untold().lost[ZR_FREE].traffic.up_bytes, HEADERS + 100);
	assert_int_equal(untold().lost[ZR_FREE].traffic.down_bytes, 0);
	full = false;
	end();
}

static void tag_that_is_refused_comes_before_the_next_part(void **state)
{
	(void)state;
	begin();
	full = true;
	free_flow(0, "olm.vn");
	scene_down(&s, 1 * SECOND, &c, 1);
	assert_int_equal(s.refused, 1);
	full = false;
	scene_down(&s, 2 * SECOND, &c, 1);
	assert_int_equal(s.count, 0);
	scene_close(&s);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.events[0].usage.type, ZR_USAGE_TAG);
	assert_int_equal(s.events[1].usage.type, ZR_USAGE_PART);
	assert_int_equal(s.events[0].usage.flow, s.events[1].usage.flow);
	assert_int_equal(s.events[0].usage.last_us, s.base_us + 2 * SECOND * 1000);
	scene_free(&s);
}

static void tag_that_is_refused_comes_again_within_seconds(void **state)
{
	(void)state;
	begin();
	full = true;
	free_flow(0, "olm.vn");
	full = false;
	scene_down(&s, 6 * SECOND, &c, 1);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 1);
	scene_down(&s, 60 * SECOND, &c, 1);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 1);
	scene_free(&s);
}

/* A part whose tag finds no room is not told before it, though there would be room for it. */
static void part_is_never_told_before_its_tag(void **state)
{
	(void)state;
	begin();
	s.refuses = refuses_tags;
	full = true;
	free_flow(0, "olm.vn");
	scene_down(&s, 15 * MINUTE, &c, 1);
	assert_int_equal(s.count, 0);
	assert_nothing_lost();
	full = false;
	scene_down(&s, 16 * MINUTE, &c, 1);
	assert_int_equal(s.count, 2);
	assert_int_equal(s.events[0].usage.type, ZR_USAGE_TAG);
	end();
}

/* Undecided volume that a window cuts must not be freed by what is read later, so that it cannot wait. */
static void undecided_volume_that_is_refused_is_lost_and_stays_charged(void **state)
{
	(void)state;
	begin();
	s.config.charged_records = true;
	scene_open(&s);
	scene_tcp(&s, 9 * MINUTE + 59 * SECOND, &c, true, ZR_TCP_SYN, NULL, 0);
	full = true;
	scene_tcp(&s, 10 * MINUTE, &c, false, ZR_TCP_SYN | ZR_TCP_ACK, NULL, 0);
	full = false;
	assert_int_equal(untold().lost[ZR_CHARGED].records, 1);
	assert_int_equal(untold().lost[ZR_CHARGED].traffic.up_pkts, 1);
	scene_hello(&s, 10 * MINUTE + 1, &c, "olm.vn");
	scene_close(&s);
	assert_int_equal(part(0)->retro_up_bytes, 0);
	assert_int_equal(part(0)->retro_down_bytes, HEADERS);
	scene_free(&s);
}

/* As long as its fields can count: then it is lost, and nothing wraps. */
static void part_that_overflows_is_lost(void **state)
{
	struct frame_spec spec = {
		.src = "10.0.0.1", .dst = "203.0.113.1", .proto = ZR_PROTO_UDP, .data = "x", .len = 1};
	static uint8_t frame[FRAME_MAX];
	struct zr_view view = {.data = frame, .len = (uint32_t)frame_make(&spec, frame), .wire_len = UINT32_MAX};

	(void)state;
	begin();
	s.config.charged_records = true;
	scene_open(&s);
	full = true;
	frame[16] = frame[17] = 0;
	view.port = &s.port;
	view.time_ns = s.base_us * 1000;
	for (unsigned int i = 0; i < 1U << 10; i++)
		zr_pipeline_burst(s.pipeline, &view, 1);
	assert_true(untold().lost[ZR_CHARGED].traffic.up_bytes > UINT64_C(1) << 40);
	assert_true(s.refused <= 10);
	full = false;
	end();
}

/* Counts of the only flow, as after very many packets. */
static void count_on(uint32_t up_pkts, uint32_t down_pkts, uint64_t up_bytes, uint64_t down_bytes)
{
	struct zr_flow *f = &s.pipeline->table.flows[0];
	struct zr_totals *totals = &s.pipeline->totals;
	struct zr_volume more = {.pkts = (uint64_t)up_pkts + down_pkts, .bytes = up_bytes + down_bytes};

	f->up_pkts += up_pkts;
	f->down_pkts += down_pkts;
	f->up_bytes += up_bytes;
	f->down_bytes += down_bytes;
	totals->received.pkts += more.pkts;
	totals->received.bytes += more.bytes;
	totals->reason[f->reason].pkts += more.pkts;
	totals->reason[f->reason].bytes += more.bytes;
}

static const struct count {
	uint32_t up_pkts, down_pkts;
	uint64_t up_bytes, down_bytes;
} quarters[] = {
	{.up_pkts = 1U << 30},
	{.down_pkts = 1U << 30},
	{.up_bytes = UINT64_C(1) << 39},
	{.down_bytes = UINT64_C(1) << 39},
};

/* Half of what a field counts: an interim. */
static void part_that_is_half_full_is_told(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sizeof(quarters) / sizeof(quarters[0]); i++) {
		const struct count *q = &quarters[i];

		begin();
		free_flow(0, "olm.vn");
		count_on(q->up_pkts, q->down_pkts, q->up_bytes, q->down_bytes);
		scene_down(&s, 1, &c, 1);
		assert_int_equal(scene_events(&s, ZR_USAGE_PART), 0);
		count_on(q->up_pkts, q->down_pkts, q->up_bytes, q->down_bytes);
		scene_down(&s, 2, &c, 1);
		assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
		assert_int_equal(part(0)->cause, ZR_CAUSE_INTERIM);
		assert_int_equal(part(0)->last_us, s.base_us + 1000);
		end();
	}
}

/* Three quarters: lost, when nobody takes it. */
static void part_that_is_nearly_full_is_lost(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < sizeof(quarters) / sizeof(quarters[0]); i++) {
		const struct count *q = &quarters[i];

		begin();
		free_flow(0, "olm.vn");
		full = true;
		for (unsigned int n = 0; n < 3; n++) {
			assert_nothing_lost();
			count_on(q->up_pkts, q->down_pkts, q->up_bytes, q->down_bytes);
			scene_down(&s, n, &c, 1);
		}
		assert_int_equal(untold().lost[ZR_FREE].records, 1);
		full = false;
		end();
	}
}

/* Both directions together are more than the field of one of them holds: all of it goes to the other reason. */
static void full_part_that_waits_has_one_reason(void **state)
{
	static const char head[] = "CONNECT olm.vn:443 HTTP/1.1\r\n\r\n";
	struct zr_totals totals;

	(void)state;
	begin();
	scene_open(&s);
	scene_handshake(&s, 0, &c);
	scene_up(&s, 1, &c, head, sizeof(head) - 1);
	count_on(0, 0, UINT64_C(1) << 40, UINT64_C(1) << 40);
	full = true;
	scene_hello(&s, 2, &c, "lop.olm.vn");
	zr_pipeline_totals(s.pipeline, &totals);
	assert_int_equal(totals.reason[ZR_REASON_HOST].bytes, 0);
	assert_int_equal(totals.reason[ZR_REASON_SNI].bytes, totals.received.bytes);
	full = false;
	end();
}

static void number_of_parts_stays_at_its_end(void **state)
{
	(void)state;
	begin();
	free_flow(0, "olm.vn");
	s.pipeline->table.rest[0].part = UINT16_MAX - 1;
	for (unsigned int i = 1; i <= 3; i++)
		scene_down(&s, 15 * MINUTE * i, &c, 1);
	scene_close(&s);
	assert_int_equal(part(0)->part, UINT16_MAX - 1);
	for (unsigned int i = 1; i <= 3; i++)
		assert_int_equal(part(i)->part, UINT16_MAX);
	scene_free(&s);
}

/* A part tells its times within days of each other: when nobody takes it for longer, it is lost. */
static void part_that_waits_for_a_week_is_lost(void **state)
{
	uint64_t days = 0;

	(void)state;
	begin();
	free_flow(0, "olm.vn");
	full = true;
	for (uint64_t ms = 0; ms < 14 * DAY; ms += 60 * MINUTE) {
		scene_down(&s, ms, &c, 1);
		if (days == 0 && untold().lost[ZR_FREE].records > 0)
			days = ms / DAY;
	}
	assert_int_equal(days, 6);
	assert_int_equal(untold().lost[ZR_FREE].records, 2);
	full = false;
	scene_close(&s);
	assert_int_equal(part(0)->last_us, s.base_us + (14 * DAY - 60 * MINUTE) * 1000);
	assert_true(part(0)->last_us - part(0)->first_us < 2 * DAY * 1000);
	scene_free(&s);
}

/* Without records of charged flows: what is cut of them is in one sum, when it is cut. */
static void charged_volume_is_summed_up_at_interims(void **state)
{
	(void)state;
	begin();
	scene_open(&s);
	scene_handshake(&s, 0, &c);
	scene_hello(&s, 0, &c, "game.example.net");
	assert_int_equal(untold().cut_charged.up_pkts, 0);
	scene_down(&s, 15 * MINUTE, &c, 100);
	assert_int_equal(untold().cut_charged.up_pkts, 3);
	assert_int_equal(untold().cut_charged.down_pkts, 1);
	scene_close(&s);
	assert_int_equal(untold().cut_charged.down_pkts, 2);
	assert_int_equal(untold().cut_charged.down_bytes, 2 * HEADERS + 100);
	assert_int_equal(s.count, 0);
	scene_free(&s);
}

static void charged_part_with_an_entry_is_told_for_totals(void **state)
{
	struct scene_conn other = scene_conn(40001);

	(void)state;
	begin();
	s.config.totals_by_entry = true;
	free_flow(0, "quangcao.olm.vn");
	scene_handshake(&s, 1, &other);
	scene_hello(&s, 1, &other, "game.example.net");
	full = true;
	scene_down(&s, 15 * MINUTE, &c, 100);
	/* There was no room for it: summed up, and not told twice. */
	assert_int_equal(untold().cut_charged.up_pkts, 3);
	full = false;
	scene_close(&s);
	assert_int_equal(s.count, 1);
	assert_false(part(0)->recorded);
	assert_int_equal(part(0)->reason, ZR_REASON_EXCLUDED);
	assert_string_equal(scene_event(&s, ZR_USAGE_PART, 0)->rule, "!quangcao.olm.vn");
	assert_string_equal(scene_event(&s, ZR_USAGE_PART, 0)->name, "");
	assert_int_equal(part(0)->down_pkts, 1);
	assert_int_equal(untold().cut_charged.up_pkts, 6);
	assert_nothing_lost();
	scene_free(&s);
}

static void every_charged_part_is_told_for_totals_by_subscriber(void **state)
{
	struct scene_conn other = scene_conn(40001);

	(void)state;
	begin();
	s.config.totals_by_subscriber = true;
	free_flow(0, "olm.vn");
	scene_handshake(&s, 1, &other);
	scene_hello(&s, 1, &other, "game.example.net");
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	for (unsigned int i = 0; i < 2; i++)
		assert_int_equal(part(i)->recorded, part(i)->verdict == ZR_FREE);
	assert_int_equal(untold().cut_charged.up_pkts, 0);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interim_is_told_later_with_all_that_came_until_then),
		cmocka_unit_test(silent_flow_is_told_by_the_ageing_hand),
		cmocka_unit_test(part_is_not_offered_with_every_packet),
		cmocka_unit_test(end_that_is_refused_is_lost_and_counted),
		cmocka_unit_test(eviction_that_is_refused_is_lost_and_counted),
		cmocka_unit_test(change_of_verdict_that_is_refused_loses_what_waited),
		cmocka_unit_test(host_of_the_same_entry_waits),
		cmocka_unit_test(part_that_waits_has_one_reason),
		cmocka_unit_test(host_of_another_entry_cannot_wait),
		cmocka_unit_test(another_list_with_the_same_entry_lets_it_wait),
		cmocka_unit_test(another_list_that_charges_cannot_wait),
		cmocka_unit_test(another_list_that_changes_the_reason_lets_it_wait),
		cmocka_unit_test(tag_that_waits_goes_with_its_verdict),
		cmocka_unit_test(client_that_shows_itself_late_cannot_wait),
		cmocka_unit_test(tag_that_is_refused_comes_before_the_next_part),
		cmocka_unit_test(tag_that_is_refused_comes_again_within_seconds),
		cmocka_unit_test(part_is_never_told_before_its_tag),
		cmocka_unit_test(undecided_volume_that_is_refused_is_lost_and_stays_charged),
		cmocka_unit_test(part_that_overflows_is_lost),
		cmocka_unit_test(part_that_is_half_full_is_told),
		cmocka_unit_test(part_that_is_nearly_full_is_lost),
		cmocka_unit_test(full_part_that_waits_has_one_reason),
		cmocka_unit_test(number_of_parts_stays_at_its_end),
		cmocka_unit_test(part_that_waits_for_a_week_is_lost),
		cmocka_unit_test(charged_volume_is_summed_up_at_interims),
		cmocka_unit_test(charged_part_with_an_entry_is_told_for_totals),
		cmocka_unit_test(every_charged_part_is_told_for_totals_by_subscriber),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of a flow when the program is started again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/quic_make.h"
#include "tests/support/restart.h"
#include "tests/unit/pipeline/quic_scene.h"

#define LIST                                           \
	".olm.vn,olm,90001,,,,,\n!ads.olm.vn,,,,,,,\n" \
	".hocmai.vn,hocmai,90002,,,,,\n"               \
	"thi.moet.gov.vn,moet,90003," SCENE_DAY "10:00Z,,,,\n"
#define ADDRESSES LIST "203.0.113.0/24,live,90004,,,,,\n"

static struct scene old, new;
static struct restart r;
static struct scene_conn c;

static void begin(const char *list)
{
	scene_init(&old, list);
	old.config.start = 1;
	scene_open(&old);
	c = scene_conn(40000);
}

/* Stop at one time, start again at another with a list, in a table of another seed. */
static void prepare(uint64_t stop_ms, const char *list)
{
	restart_save(&r, &old, stop_ms);
	scene_init(&new, list);
	zr_suffix_index_free(new.index);
	new.config.seed[0] = 99;
	assert_int_equal(zr_suffix_index_make(new.image, new.config.seed, &new.index), 0);
	new.config.start = 2;
	new.config.worker = 7;
	new.config.identities = 10;
}

static void start(uint64_t ms)
{
	scene_open(&new);
	restart_load(&r, &new, ms);
}

static void restart_at(uint64_t stop_ms, uint64_t start_ms, const char *list)
{
	prepare(stop_ms, list);
	start(start_ms);
}

static void end(void)
{
	scene_close(&new);
}

static void clear(void)
{
	restart_free(&r);
	scene_free(&old);
	scene_free(&new);
}

static uint64_t counter(enum zr_counter which)
{
	return zr_pipeline_counter(new.pipeline, which);
}

static void request(struct scene *s, uint64_t ms, const char *host)
{
	char head[300];

	scene_up(s, ms, &c, head, (size_t)snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", host));
}

static void assert_part(const struct scene *s, unsigned int n, enum zr_reason reason, enum zr_cause cause, bool final,
			unsigned int up, unsigned int down)
{
	const struct zr_usage *u = &scene_event(s, ZR_USAGE_PART, n)->usage;

	assert_string_equal(zr_reason_name(u->reason), zr_reason_name(reason));
	assert_string_equal(zr_cause_name(u->cause), zr_cause_name(cause));
	assert_int_equal(u->final, final);
	assert_int_equal(u->up_pkts, up);
	assert_int_equal(u->down_pkts, down);
}

static void begin_tls(const char *list, const char *name)
{
	begin(list);
	scene_handshake(&old, 0, &c);
	scene_hello(&old, 10, &c, name);
	scene_down(&old, 20, &c, 700);
}

static void free_flow_goes_on_as_the_same_flow(void **state)
{
	const struct zr_usage *u;

	(void)state;
	begin_tls(LIST, "www.olm.vn");
	restart_at(1000, 3000, LIST);
	assert_part(&old, 0, ZR_REASON_SNI, ZR_CAUSE_SHUTDOWN, false, 3, 2);
	assert_int_equal(counter(ZR_COUNTER_FLOWS_RESTORED), 1);
	assert_int_equal(zr_pipeline_flows_free(new.pipeline), 1);
	scene_down(&new, 3100, &c, 500);
	scene_up(&new, 3200, &c, "x", 1);
	end();
	assert_int_equal(scene_events(&new, ZR_USAGE_TAG), 0);
	assert_part(&new, 0, ZR_REASON_SNI, ZR_CAUSE_SHUTDOWN, true, 1, 1);
	u = &scene_event(&new, ZR_USAGE_PART, 0)->usage;
	assert_int_equal(u->start, 1);
	assert_int_equal(u->worker, 0);
	assert_int_equal(u->flow, scene_event(&old, ZR_USAGE_PART, 0)->usage.flow);
	assert_int_equal(u->part, 1);
	assert_int_equal(u->first_us, new.base_us + 3100000);
	assert_string_equal(scene_event(&new, ZR_USAGE_PART, 0)->name, "www.olm.vn");
	assert_string_equal(scene_event(&new, ZR_USAGE_PART, 0)->rule, ".olm.vn");
	clear();
}

static void further_flows_have_the_new_starts_numbers(void **state)
{
	const struct zr_usage *u;

	(void)state;
	begin_tls(LIST, "www.olm.vn");
	restart_at(1000, 3000, LIST);
	c = scene_conn(50000);
	scene_handshake(&new, 3100, &c);
	scene_hello(&new, 3200, &c, "olm.vn");
	u = &scene_event(&new, ZR_USAGE_TAG, 0)->usage;
	assert_int_equal(u->start, 2);
	assert_int_equal(u->worker, 7);
	assert_true(u->flow > new.config.identities);
	end();
	clear();
}

static void another_numbering_means_a_new_identity(void **state)
{
	const struct zr_usage *u;

	(void)state;
	begin_tls(LIST, "www.olm.vn");
	prepare(1000, LIST);
	r.from.same_epoch = false;
	start(3000);
	scene_down(&new, 3100, &c, 500);
	end();
	u = &scene_event(&new, ZR_USAGE_TAG, 0)->usage;
	assert_int_equal(u->start, 2);
	u = &scene_event(&new, ZR_USAGE_PART, 0)->usage;
	assert_int_equal(u->start, 2);
	assert_int_equal(u->part, 0);
	assert_part(&new, 0, ZR_REASON_SNI, ZR_CAUSE_SHUTDOWN, true, 0, 1);
	clear();
}

static void list_that_drops_its_name_charges_it(void **state)
{
	(void)state;
	begin_tls(LIST, "www.olm.vn");
	restart_at(1000, 3000, ".hocmai.vn,hocmai,90002,,,,,\n");
	scene_down(&new, 3100, &c, 500);
	end();
	assert_int_equal(scene_events(&new, ZR_USAGE_TAG), 0);
	assert_part(&new, 0, ZR_REASON_NO_MATCH, ZR_CAUSE_SHUTDOWN, true, 0, 1);
	assert_int_equal(scene_event(&new, ZR_USAGE_PART, 0)->usage.start, 1);
	assert_string_equal(scene_event(&new, ZR_USAGE_PART, 0)->name, "");
	clear();
}

static void list_with_another_entry_for_it_tells_a_tag(void **state)
{
	(void)state;
	begin_tls(LIST, "www.olm.vn");
	restart_at(1000, 3000, "www.olm.vn,olm,90007,,,,,\n");
	scene_down(&new, 3100, &c, 500);
	end();
	assert_string_equal(scene_event(&new, ZR_USAGE_TAG, 0)->rule, "www.olm.vn");
	assert_int_equal(scene_event(&new, ZR_USAGE_TAG, 0)->usage.start, 1);
	assert_part(&new, 0, ZR_REASON_SNI, ZR_CAUSE_SHUTDOWN, true, 0, 1);
	clear();
}

static void same_entry_in_another_list_tells_none(void **state)
{
	(void)state;
	begin_tls(LIST, "www.olm.vn");
	restart_at(1000, 3000, "aaa.example,other,1,,,,,\n" LIST);
	scene_down(&new, 3100, &c, 500);
	end();
	assert_int_equal(scene_events(&new, ZR_USAGE_TAG), 0);
	assert_part(&new, 0, ZR_REASON_SNI, ZR_CAUSE_SHUTDOWN, true, 0, 1);
	clear();
}

/* Its name was not kept, so that nobody can say whether a list or window frees it: it does not. */
static void charged_name_stays_charged(void **state)
{
	(void)state;
	begin_tls(LIST, "game.example.net");
	restart_at(1000, 3000, ".example.net,game,1,,,,,\n203.0.113.0/24,all,2,,,,,\n");
	assert_int_equal(restart_flow(&r, 0).name_len, 0);
	assert_null(memmem(r.bytes, r.len, "game", 4));
	scene_down(&new, 3100, &c, 500);
	end();
	assert_part(&new, 0, ZR_REASON_NO_MATCH, ZR_CAUSE_SHUTDOWN, true, 0, 1);
	clear();
}

/* … and so does one that a window would have freed. */
static void charged_name_stays_charged_when_a_window_opens(void **state)
{
	(void)state;
	begin_tls(LIST, "thi.moet.gov.vn");
	restart_at(1000, 3000, LIST);
	scene_down(&new, 590000, &c, 500);
	scene_down(&new, 610000, &c, 500);
	end();
	assert_part(&new, 0, ZR_REASON_NO_MATCH, ZR_CAUSE_SHUTDOWN, true, 0, 2);
	clear();
}

/* An exclusion is stronger than an address entry, though nobody remembers the name. */
static void excluded_name_on_a_listed_address_stays_charged(void **state)
{
	(void)state;
	begin_tls(LIST, "ads.olm.vn");
	restart_at(1000, 3000, ADDRESSES);
	scene_down(&new, 3100, &c, 500);
	end();
	assert_part(&new, 0, ZR_REASON_EXCLUDED, ZR_CAUSE_SHUTDOWN, true, 0, 1);
	assert_string_equal(scene_event(&new, ZR_USAGE_PART, 0)->rule, "");
	clear();
	/* Under the same list, its entry is what it was. */
	begin_tls(ADDRESSES, "ads.olm.vn");
	restart_at(1000, 3000, ADDRESSES);
	scene_down(&new, 3100, &c, 500);
	end();
	assert_part(&new, 0, ZR_REASON_EXCLUDED, ZR_CAUSE_SHUTDOWN, true, 0, 1);
	assert_string_equal(scene_event(&new, ZR_USAGE_PART, 0)->rule, "!ads.olm.vn");
	clear();
}

static void charged_without_a_name_follows_the_list(void **state)
{
	(void)state;
	begin(LIST);
	scene_tcp(&old, 0, &c, true, ZR_TCP_SYN, NULL, 0);
	scene_tcp(&old, 1, &c, false, ZR_TCP_RST | ZR_TCP_ACK, NULL, 0);
	restart_at(1000, 3000, ADDRESSES);
	scene_down(&new, 3100, &c, 500);
	assert_string_equal(scene_event(&new, ZR_USAGE_TAG, 0)->rule, "203.0.113.0/24");
	end();
	clear();
}

static void freed_by_its_address_it_stays_free_under_the_same_list(void **state)
{
	(void)state;
	begin_tls(ADDRESSES, "unlisted.example");
	restart_at(1000, 3000, ADDRESSES);
	assert_null(memmem(r.bytes, r.len, "unlisted", 8));
	scene_down(&new, 3100, &c, 500);
	end();
	assert_part(&new, 0, ZR_REASON_PREFIX, ZR_CAUSE_SHUTDOWN, true, 0, 1);
	clear();
}

/* Another list, or a window since, may have excluded the name that was not kept. */
static void freed_by_its_address_under_a_forgotten_name_it_is_charged_by_another(void **state)
{
	(void)state;
	begin_tls(ADDRESSES, "unlisted.example");
	restart_at(1000, 3000, ADDRESSES "!unlisted.example,,,,,,,\n");
	scene_down(&new, 3100, &c, 500);
	end();
	assert_part(&new, 0, ZR_REASON_NO_NAME, ZR_CAUSE_SHUTDOWN, true, 0, 1);
	clear();
	begin_tls(ADDRESSES, "unlisted.example");
	restart_at(1000, 3000, ADDRESSES);
	scene_down(&new, 590000, &c, 500);
	scene_down(&new, 610000, &c, 500);
	end();
	assert_part(&new, 0, ZR_REASON_PREFIX, ZR_CAUSE_WINDOW, false, 0, 1);
	assert_part(&new, 1, ZR_REASON_NO_NAME, ZR_CAUSE_SHUTDOWN, true, 0, 1);
	clear();
}

static void media_without_a_name_stays_free_under_any_list(void **state)
{
	(void)state;
	begin(ADDRESSES);
	scene_udp(&old, 0, &c, true, "media", 5);
	restart_at(1000, 3000, "!x.example,,,,,,,\n" ADDRESSES);
	scene_udp(&new, 3100, &c, false, "media", 5);
	end();
	assert_part(&new, 0, ZR_REASON_PREFIX, ZR_CAUSE_SHUTDOWN, true, 0, 1);
	clear();
}

static void silent_for_too_long_it_ends_with_its_last_record(void **state)
{
	const struct zr_usage *u;

	(void)state;
	begin(ADDRESSES);
	scene_udp(&old, 0, &c, true, "media", 5);
	restart_at(1000, 120000, ADDRESSES);
	assert_int_equal(zr_pipeline_flows(new.pipeline), 0);
	assert_int_equal(counter(ZR_COUNTER_FLOWS_OUTDATED), 1);
	assert_part(&new, 0, ZR_REASON_PREFIX, ZR_CAUSE_IDLE, true, 0, 0);
	u = &scene_event(&new, ZR_USAGE_PART, 0)->usage;
	assert_int_equal(u->start, 1);
	assert_int_equal(u->part, 1);
	assert_int_equal(u->first_us, 0);
	assert_string_equal(scene_event(&new, ZR_USAGE_PART, 0)->rule, "203.0.113.0/24");
	end();
	clear();
	begin(ADDRESSES);
	scene_udp(&old, 0, &c, true, "media", 5);
	restart_at(1000, 119999, ADDRESSES);
	assert_int_equal(zr_pipeline_flows(new.pipeline), 1);
	/* Time goes on from the last packet, not from the start. */
	zr_pipeline_advance(new.pipeline, (new.base_us + 120000000) * 1000);
	assert_int_equal(zr_pipeline_flows(new.pipeline), 0);
	assert_part(&new, 0, ZR_REASON_PREFIX, ZR_CAUSE_IDLE, true, 0, 0);
	clear();
}

static void lingering_ones_end_as_they_would_have(void **state)
{
	(void)state;
	begin_tls(LIST, "olm.vn");
	scene_tcp(&old, 100, &c, true, ZR_TCP_FIN | ZR_TCP_ACK, NULL, 0);
	scene_tcp(&old, 101, &c, false, ZR_TCP_FIN | ZR_TCP_ACK, NULL, 0);
	restart_at(1000, 10101, LIST);
	assert_part(&new, 0, ZR_REASON_SNI, ZR_CAUSE_FIN, true, 0, 0);
	end();
	clear();
	begin_tls(LIST, "olm.vn");
	scene_tcp(&old, 100, &c, true, ZR_TCP_FIN | ZR_TCP_ACK, NULL, 0);
	restart_at(1000, 5000, LIST);
	scene_tcp(&new, 5001, &c, false, ZR_TCP_FIN | ZR_TCP_ACK, NULL, 0);
	zr_pipeline_advance(new.pipeline, (new.base_us + 15001000) * 1000);
	assert_part(&new, 0, ZR_REASON_SNI, ZR_CAUSE_FIN, true, 0, 1);
	end();
	clear();
}

static void clock_that_was_set_back_ends_nothing(void **state)
{
	(void)state;
	begin_tls(LIST, "olm.vn");
	restart_at(100000, 50, LIST);
	assert_int_equal(zr_pipeline_flows(new.pipeline), 1);
	scene_down(&new, 60, &c, 500);
	end();
	assert_part(&new, 0, ZR_REASON_SNI, ZR_CAUSE_SHUTDOWN, true, 0, 1);
	clear();
}

/* Another connection may have its ports by then. */
static void nobody_listened_for_too_long(void **state)
{
	(void)state;
	begin_tls(LIST, "olm.vn");
	restart_at(1000, 240999, LIST);
	assert_int_equal(counter(ZR_COUNTER_FLOWS_RESTORED), 1);
	end();
	clear();
	begin_tls(LIST, "olm.vn");
	restart_at(1000, 241000, LIST);
	assert_int_equal(counter(ZR_COUNTER_FLOWS_OUTDATED), 1);
	assert_part(&new, 0, ZR_REASON_SNI, ZR_CAUSE_SHUTDOWN, true, 0, 0);
	scene_down(&new, 241001, &c, 500);
	end();
	assert_int_equal(zr_reason_verdict(scene_event(&new, ZR_USAGE_PART, 1)->usage.reason), ZR_CHARGED);
	clear();
}

static void first_packet_keeps_its_time(void **state)
{
	(void)state;
	begin_tls(LIST, "olm.vn");
	prepare(1000, "olm.vn,olm,1,,,,,\n");
	start(2000);
	scene_down(&new, 3000, &c, 500);
	assert_int_equal(scene_event(&new, ZR_USAGE_TAG, 0)->usage.first_us, old.base_us);
	/* Interims are counted from it. */
	scene_down(&new, 900001, &c, 500);
	assert_part(&new, 0, ZR_REASON_SNI, ZR_CAUSE_INTERIM, false, 0, 1);
	end();
	clear();
}

static void domain_without_a_port_has_no_place(void **state)
{
	static const uint16_t others[] = {8, 9};

	(void)state;
	begin_tls(LIST, "olm.vn");
	prepare(1000, LIST);
	r.from.domains = others;
	start(2000);
	assert_int_equal(zr_pipeline_flows(new.pipeline), 0);
	assert_int_equal(counter(ZR_COUNTER_FLOWS_MISFIT), 1);
	assert_part(&new, 0, ZR_REASON_SNI, ZR_CAUSE_SHUTDOWN, true, 0, 0);
	assert_int_equal(scene_event(&new, ZR_USAGE_PART, 0)->usage.part, 1);
	end();
	clear();
}

static void subscriber_no_more_has_no_place(void **state)
{
	(void)state;
	begin_tls(LIST, "olm.vn");
	prepare(1000, LIST);
	scene_subscribers(&new, "192.168.0.0/16");
	start(2000);
	assert_int_equal(counter(ZR_COUNTER_FLOWS_MISFIT), 1);
	assert_part(&new, 0, ZR_REASON_SNI, ZR_CAUSE_SHUTDOWN, true, 0, 0);
	scene_down(&new, 2100, &c, 500);
	end();
	assert_part(&new, 1, ZR_REASON_NOT_SUBSCRIBER, ZR_CAUSE_SHUTDOWN, true, 1, 0);
	clear();
}

static void charged_flows_without_records_end_in_silence(void **state)
{
	(void)state;
	begin(LIST);
	scene_free(&old);
	scene_init(&old, LIST);
	old.config.charged_records = false;
	scene_open(&old);
	scene_udp(&old, 0, &c, true, "media", 5);
	prepare(1000, LIST);
	new.config.charged_records = false;
	start(500000);
	assert_int_equal(counter(ZR_COUNTER_FLOWS_OUTDATED), 1);
	assert_int_equal(new.count, 0);
	end();
	clear();
}

/* The oldest undecided and charged ones go first; whoever goes has its last record. */
static void smaller_table_keeps_free_flows(void **state)
{
	unsigned int finals = 0;

	(void)state;
	begin(LIST);
	for (uint16_t i = 0; i < 30; i++) {
		c = scene_conn((uint16_t)(40000 + i));
		scene_handshake(&old, i, &c);
		if (i % 3 != 0)
			scene_hello(&old, i, &c, i % 3 == 1 ? "olm.vn" : "game.example.net");
	}
	prepare(1000, LIST);
	new.config.flows = 12;
	new.config.identities = 30;
	start(2000);
	assert_int_equal(zr_pipeline_flows(new.pipeline), 12);
	assert_int_equal(zr_pipeline_flows_free(new.pipeline), 10);
	for (unsigned int i = 0; i < new.count; i++)
		finals += new.events[i].usage.final &&new.events[i].usage.cause == ZR_CAUSE_EVICTED;
	assert_int_equal(finals, 18);
	end();
	clear();
}

static void undecided_flow_is_read_when_its_hello_comes(void **state)
{
	(void)state;
	begin(LIST);
	scene_handshake(&old, 0, &c);
	restart_at(1000, 3000, LIST);
	assert_part(&old, 0, ZR_REASON_NO_NAME, ZR_CAUSE_SHUTDOWN, false, 2, 1);
	scene_hello(&new, 3100, &c, "olm.vn");
	scene_down(&new, 3200, &c, 500);
	end();
	assert_part(&new, 0, ZR_REASON_SNI, ZR_CAUSE_SHUTDOWN, true, 1, 1);
	/* Credit ends at the cut. */
	assert_true(scene_event(&new, ZR_USAGE_PART, 0)->usage.retro_up_bytes == 0);
	clear();
}

static void hello_cut_in_two_is_charged(void **state)
{
	uint8_t hello[1400];
	size_t len = frame_hello("olm.vn", 300, hello, sizeof(hello));

	(void)state;
	begin(LIST);
	scene_handshake(&old, 0, &c);
	scene_up(&old, 10, &c, hello, 100);
	restart_at(1000, 3000, LIST);
	scene_up(&new, 3100, &c, hello + 100, len - 100);
	scene_hello(&new, 3200, &c, "olm.vn");
	end();
	assert_part(&new, 0, ZR_REASON_INSPECT_LIMIT, ZR_CAUSE_SHUTDOWN, true, 2, 0);
	clear();
}

/* On a listed address, too: the rest of it may have been an excluded name. */
static void hello_cut_in_two_on_a_listed_address_is_charged(void **state)
{
	uint8_t hello[1400];
	size_t len = frame_hello("ads.olm.vn", 300, hello, sizeof(hello));

	(void)state;
	begin(ADDRESSES);
	scene_handshake(&old, 0, &c);
	scene_up(&old, 10, &c, hello, 100);
	restart_at(1000, 3000, ADDRESSES);
	scene_up(&new, 3100, &c, hello + 100, len - 100);
	end();
	assert_part(&old, 0, ZR_REASON_PREFIX, ZR_CAUSE_SHUTDOWN, false, 3, 1);
	assert_part(&new, 0, ZR_REASON_INSPECT_LIMIT, ZR_CAUSE_SHUTDOWN, true, 1, 0);
	clear();
}

static void same_isn_again_is_no_new_flow(void **state)
{
	(void)state;
	begin_tls(LIST, "olm.vn");
	restart_at(1000, 3000, LIST);
	c.up_seq = 1000;
	scene_tcp(&new, 3100, &c, true, ZR_TCP_SYN, NULL, 0);
	assert_int_equal(new.count, 0);
	c.up_seq = 2000;
	scene_tcp(&new, 3200, &c, true, ZR_TCP_SYN, NULL, 0);
	assert_part(&new, 0, ZR_REASON_SNI, ZR_CAUSE_NEW_FLOW, true, 1, 0);
	end();
	clear();
}

static void begin_http(const char *host)
{
	begin(LIST);
	scene_handshake(&old, 0, &c);
	request(&old, 10, host);
	scene_down(&old, 20, &c, 700);
}

static void http_is_followed_when_nothing_was_missed(void **state)
{
	(void)state;
	begin_http("olm.vn");
	restart_at(1000, 3000, LIST);
	scene_down(&new, 3100, &c, 700);
	scene_tcp(&new, 3101, &c, true, ZR_TCP_ACK, NULL, 0);
	request(&new, 3200, "a.olm.vn");
	request(&new, 3300, "game.example.net");
	end();
	assert_part(&new, 0, ZR_REASON_HOST, ZR_CAUSE_HOST_CHANGE, false, 1, 1);
	assert_part(&new, 1, ZR_REASON_HOST, ZR_CAUSE_HOST_CHANGE, false, 1, 0);
	assert_part(&new, 2, ZR_REASON_NO_MATCH, ZR_CAUSE_SHUTDOWN, true, 1, 0);
	clear();
}

/* Any packet of either side may show it: here, what the server says it got. */
static void http_with_an_unheard_request_is_charged(void **state)
{
	(void)state;
	for (unsigned int which = 0; which < 3; which++) {
		begin_http("olm.vn");
		restart_at(1000, 3000, LIST);
		c.up_seq += 200;
		if (which == 0)
			scene_down(&new, 3100, &c, 700);
		else if (which == 1)
			scene_tcp(&new, 3100, &c, true, ZR_TCP_ACK, NULL, 0);
		else
			request(&new, 3100, "olm.vn");
		request(&new, 3200, "olm.vn");
		end();
		assert_part(&new, 0, ZR_REASON_INSPECT_LIMIT, ZR_CAUSE_SHUTDOWN, true, which == 0 ? 1 : 2,
			    which == 0 ? 1 : 0);
		clear();
	}
}

static void http_upload_goes_on_inside_its_body(void **state)
{
	static const char head[] = "POST / HTTP/1.1\r\nHost: olm.vn\r\nContent-Length: 2000\r\n\r\n";
	static const char body[1500];

	(void)state;
	begin(LIST);
	scene_handshake(&old, 0, &c);
	scene_up(&old, 10, &c, head, sizeof(head) - 1);
	scene_up(&old, 20, &c, body, 500);
	restart_at(1000, 3000, LIST);
	/* Some of the body passed unheard. */
	c.up_seq += 1000;
	scene_up(&new, 3100, &c, body, 500);
	scene_down(&new, 3150, &c, 100);
	request(&new, 3200, "game.example.net");
	end();
	assert_part(&new, 0, ZR_REASON_HOST, ZR_CAUSE_HOST_CHANGE, false, 1, 1);
	assert_part(&new, 1, ZR_REASON_NO_MATCH, ZR_CAUSE_SHUTDOWN, true, 1, 0);
	clear();
}

static void http_cut_inside_a_request_is_charged(void **state)
{
	(void)state;
	begin_http("olm.vn");
	scene_up(&old, 30, &c, "GET / HTTP/1.1\r\nHo", 18);
	restart_at(1000, 3000, LIST);
	scene_up(&new, 3100, &c, "st: game.example.net\r\n\r\n", 24);
	end();
	assert_part(&new, 0, ZR_REASON_INSPECT_LIMIT, ZR_CAUSE_SHUTDOWN, true, 1, 0);
	clear();
}

static void restarted_twice_it_is_still_the_same_flow(void **state)
{
	static struct scene third;
	struct restart again;
	const struct zr_usage *u;

	(void)state;
	begin_http("olm.vn");
	restart_at(1000, 3000, LIST);
	restart_save(&again, &new, 4000);
	assert_int_equal(new.count, 0);
	scene_init(&third, LIST);
	third.config.start = 3;
	third.config.identities = 1;
	scene_open(&third);
	restart_load(&again, &third, 5000);
	request(&third, 5100, "olm.vn");
	scene_close(&third);
	u = &scene_event(&third, ZR_USAGE_PART, 0)->usage;
	assert_int_equal(u->start, 1);
	assert_int_equal(u->part, 1);
	assert_part(&third, 0, ZR_REASON_HOST, ZR_CAUSE_SHUTDOWN, true, 1, 0);
	restart_free(&again);
	scene_free(&third);
	clear();
}

#define SERVER_ID "server-id-one"

static void quic_connection_is_known_on_another_port(void **state)
{
	struct quic_header header = quic_client(QUIC_V1, "abcdefgh", "abcdefgh");
	struct scene_conn moved = scene_conn(50000);

	(void)state;
	begin(LIST);
	quic_send_hello(&old, 0, &c, &header, "olm.vn", 0, 1);
	quic_send_long(&old, 1, &c, false, QUIC_V1, QUIC_HANDSHAKE, SERVER_ID);
	restart_at(1000, 3000, LIST);
	quic_send_short(&new, 3100, &c, true, SERVER_ID);
	quic_send_short(&new, 3200, &moved, true, SERVER_ID);
	assert_int_equal(counter(ZR_COUNTER_FLOWS_REBOUND), 1);
	/* Its own Initials begin nothing. */
	quic_send_hello(&new, 3300, &c, &header, "olm.vn", 0, 1);
	assert_int_equal(scene_events(&new, ZR_USAGE_PART), 0);
	end();
	clear();
}

static void path_goes_along(void **state)
{
	(void)state;
	begin(LIST);
	c.vlan = 77;
	scene_handshake(&old, 0, &c);
	scene_hello(&old, 10, &c, "olm.vn");
	restart_at(1000, 3000, LIST);
	c.vlan = 0;
	scene_down(&new, 3100, &c, 500);
	end();
	assert_int_equal(scene_event(&new, ZR_USAGE_PART, 0)->usage.vlan_count, 1);
	assert_int_equal(scene_event(&new, ZR_USAGE_PART, 0)->usage.vlans[0], 77);
	clear();
}

static void same_flow_twice_in_a_file_is_taken_up_once(void **state)
{
	struct zr_saved_flow flow;

	(void)state;
	begin_tls(LIST, "olm.vn");
	restart_at(1000, 3000, LIST);
	flow = restart_flow(&r, 0);
	zr_pipeline_restore(new.pipeline, &r.from, &flow);
	assert_int_equal(zr_pipeline_flows(new.pipeline), 1);
	assert_int_equal(counter(ZR_COUNTER_FLOWS_MISFIT), 1);
	end();
	clear();
}

static int refuse(void *arg, const void *bytes, size_t len)
{
	(void)arg;
	(void)bytes;
	(void)len;
	return -28;
}

static void what_cannot_be_saved_ends(void **state)
{
	(void)state;
	begin_tls(LIST, "olm.vn");
	zr_pipeline_pause(old.pipeline);
	assert_int_equal(zr_pipeline_save(old.pipeline, refuse, NULL), -28);
	assert_part(&old, 0, ZR_REASON_SNI, ZR_CAUSE_SHUTDOWN, false, 3, 2);
	scene_close(&old);
	assert_part(&old, 1, ZR_REASON_SNI, ZR_CAUSE_SHUTDOWN, true, 0, 0);
	scene_free(&old);
}

static void many_flows_come_in_bounded_blocks(void **state)
{
	(void)state;
	begin(LIST);
	for (uint16_t i = 0; i < 1000; i++) {
		c = scene_conn((uint16_t)(10000 + i));
		scene_tcp(&old, i, &c, true, ZR_TCP_SYN, NULL, 0);
	}
	restart_save(&r, &old, 2000);
	assert_int_equal(restart_flows(&r), 1000);
	assert_true(r.writes == 2);
	restart_free(&r);
	scene_close(&old);
	scene_free(&old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_flow_goes_on_as_the_same_flow),
		cmocka_unit_test(further_flows_have_the_new_starts_numbers),
		cmocka_unit_test(another_numbering_means_a_new_identity),
		cmocka_unit_test(list_that_drops_its_name_charges_it),
		cmocka_unit_test(list_with_another_entry_for_it_tells_a_tag),
		cmocka_unit_test(same_entry_in_another_list_tells_none),
		cmocka_unit_test(charged_name_stays_charged),
		cmocka_unit_test(charged_name_stays_charged_when_a_window_opens),
		cmocka_unit_test(excluded_name_on_a_listed_address_stays_charged),
		cmocka_unit_test(charged_without_a_name_follows_the_list),
		cmocka_unit_test(freed_by_its_address_it_stays_free_under_the_same_list),
		cmocka_unit_test(freed_by_its_address_under_a_forgotten_name_it_is_charged_by_another),
		cmocka_unit_test(media_without_a_name_stays_free_under_any_list),
		cmocka_unit_test(silent_for_too_long_it_ends_with_its_last_record),
		cmocka_unit_test(lingering_ones_end_as_they_would_have),
		cmocka_unit_test(clock_that_was_set_back_ends_nothing),
		cmocka_unit_test(nobody_listened_for_too_long),
		cmocka_unit_test(first_packet_keeps_its_time),
		cmocka_unit_test(domain_without_a_port_has_no_place),
		cmocka_unit_test(subscriber_no_more_has_no_place),
		cmocka_unit_test(charged_flows_without_records_end_in_silence),
		cmocka_unit_test(smaller_table_keeps_free_flows),
		cmocka_unit_test(undecided_flow_is_read_when_its_hello_comes),
		cmocka_unit_test(hello_cut_in_two_is_charged),
		cmocka_unit_test(hello_cut_in_two_on_a_listed_address_is_charged),
		cmocka_unit_test(same_isn_again_is_no_new_flow),
		cmocka_unit_test(http_is_followed_when_nothing_was_missed),
		cmocka_unit_test(http_with_an_unheard_request_is_charged),
		cmocka_unit_test(http_upload_goes_on_inside_its_body),
		cmocka_unit_test(http_cut_inside_a_request_is_charged),
		cmocka_unit_test(restarted_twice_it_is_still_the_same_flow),
		cmocka_unit_test(quic_connection_is_known_on_another_port),
		cmocka_unit_test(path_goes_along),
		cmocka_unit_test(same_flow_twice_in_a_file_is_taken_up_once),
		cmocka_unit_test(what_cannot_be_saved_ends),
		cmocka_unit_test(many_flows_come_in_bounded_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

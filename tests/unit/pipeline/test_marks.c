/* SPDX-License-Identifier: BSD-3-Clause */
/* What packets are to be marked with: those that are counted as free, by the rating group of what frees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/restart.h"

#define LIST                                                                          \
	".olm.vn,olm,90001,,,,,\nlms.vnedu.vn,vnedu,90002,,,,,\n!ads.olm.vn,,,,,,,\n" \
	"198.51.100.0/24,live,90003,,,,,\nlate.vn,late,90001," SCENE_DAY "01:00Z,,,,\n"

enum { AF11 = 10, AF21 = 18, NONE = ZR_MARK_NONE };

static struct scene s;
static struct scene_conn c;

static void open_list(const char *rows)
{
	scene_init(&s, rows);
	s.config.marks = (struct zr_mark_choice){.otherwise = AF11, .count = 2};
	s.config.marks.groups[0].rating_group = 90002;
	s.config.marks.groups[0].code_point = AF21;
	s.config.marks.groups[1].rating_group = 90003;
	s.config.marks.groups[1].code_point = NONE;
	s.config.identities = 1;
	scene_open(&s);
}

static void open_marks(void)
{
	open_list(LIST);
	c = scene_conn(40000);
}

/* One packet at ms; its mark. */
static uint8_t sent(uint64_t ms, struct frame_spec *spec)
{
	static uint8_t frame[FRAME_MAX];
	struct zr_view view = {.data = frame, .time_ns = (s.base_us + ms * 1000) * 1000, .port = &s.port};
	uint8_t mark = 0;

	view.len = view.wire_len = (uint32_t)frame_make(spec, frame);
	zr_pipeline_burst_marks(s.pipeline, &view, 1, &mark);
	scene_check_sums(&s);
	return mark;
}

static uint8_t tcp(uint64_t ms, bool up, uint8_t flags, const void *data, size_t len)
{
	struct frame_spec spec = scene_spec(&c, up, ZR_PROTO_TCP);

	spec.tcp_flags = flags;
	spec.data = data;
	spec.len = len;
	*(up ? &c.up_seq : &c.down_seq) += (uint32_t)len + ((flags & ZR_TCP_SYN) != 0);
	return sent(ms, &spec);
}

static uint8_t hello(uint64_t ms, const char *name)
{
	uint8_t bytes[2048];

	return tcp(ms, true, ZR_TCP_ACK, bytes, frame_hello(name, 200, bytes, sizeof(bytes)));
}

static void handshake(void)
{
	assert_int_equal(tcp(0, true, ZR_TCP_SYN, NULL, 0), NONE);
	assert_int_equal(tcp(1, false, ZR_TCP_SYN | ZR_TCP_ACK, NULL, 0), NONE);
	assert_int_equal(tcp(2, true, ZR_TCP_ACK, NULL, 0), NONE);
}

static void end(void)
{
	scene_close(&s);
	scene_free(&s);
}

/* From the packet that decides on, both ways; what was credited has gone by unmarked. */
static void free_flow_is_marked_from_its_hello_on(void **state)
{
	(void)state;
	open_marks();
	handshake();
	assert_int_equal(hello(3, "www.olm.vn"), AF11);
	assert_int_equal(tcp(4, false, ZR_TCP_ACK, "x", 1), AF11);
	assert_int_equal(tcp(5, true, ZR_TCP_ACK, NULL, 0), AF11);
	assert_int_equal(tcp(6, true, ZR_TCP_ACK | ZR_TCP_FIN, NULL, 0), AF11);
	end();
}

static void rating_group_has_its_own_mark(void **state)
{
	(void)state;
	open_marks();
	handshake();
	assert_int_equal(hello(3, "lms.vnedu.vn"), AF21);
	end();
}

static void rating_group_may_have_none(void **state)
{
	(void)state;
	open_marks();
	c.server = "198.51.100.7";
	handshake();
	assert_int_equal(hello(3, "nobody.example"), NONE);
	assert_int_equal(tcp(4, false, ZR_TCP_ACK, "x", 1), NONE);
	end();
}

static void charged_flow_is_not_marked(void **state)
{
	static const char *const names[] = {"ads.olm.vn", "example.net", NULL};

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		open_marks();
		handshake();
		assert_int_equal(hello(3, names[i]), NONE);
		assert_int_equal(tcp(4, false, ZR_TCP_ACK, "x", 1), NONE);
		end();
	}
}

static void without_marks_nothing_is_marked(void **state)
{
	(void)state;
	scene_init(&s, LIST);
	scene_open(&s);
	c = scene_conn(40000);
	handshake();
	assert_int_equal(hello(3, "olm.vn"), NONE);
	end();
}

/* Asking for another host on the connection takes the mark away, with the request that asks. */
static void host_change_changes_the_mark(void **state)
{
	static const char one[] = "GET / HTTP/1.1\r\nHost: olm.vn\r\n\r\n",
			  two[] = "GET / HTTP/1.1\r\nHost: lms.vnedu.vn\r\n\r\n",
			  three[] = "GET / HTTP/1.1\r\nHost: example.net\r\n\r\n";

	(void)state;
	open_marks();
	c.server_port = 80;
	handshake();
	assert_int_equal(tcp(3, true, ZR_TCP_ACK, one, strlen(one)), AF11);
	assert_int_equal(tcp(4, false, ZR_TCP_ACK, "x", 1), AF11);
	assert_int_equal(tcp(5, true, ZR_TCP_ACK, two, strlen(two)), AF21);
	assert_int_equal(tcp(6, true, ZR_TCP_ACK, three, strlen(three)), NONE);
	assert_int_equal(tcp(7, false, ZR_TCP_ACK, "x", 1), NONE);
	end();
}

static void window_that_opens_brings_the_mark(void **state)
{
	(void)state;
	open_marks();
	handshake();
	assert_int_equal(hello(3, "late.vn"), NONE);
	assert_int_equal(tcp(59999, false, ZR_TCP_ACK, "x", 1), NONE);
	assert_int_equal(tcp(60000, false, ZR_TCP_ACK, "x", 1), AF11);
	end();
}

static void list_changes_the_mark(void **state)
{
	static struct scene other;

	(void)state;
	open_marks();
	handshake();
	assert_int_equal(hello(3, "olm.vn"), AF11);
	scene_init(&other, ".olm.vn,olm,90002,,,,,\n");
	scene_open(&other);
	assert_int_equal(zr_pipeline_list(s.pipeline, other.image, other.index), 0);
	assert_int_equal(tcp(4, false, ZR_TCP_ACK, "x", 1), AF21);
	scene_close(&s);
	scene_free(&s);
	scene_close(&other);
	scene_free(&other);
}

/* A part that is counted with the flow carries its mark; one that waits for the first has gone by. */
static void fragments_carry_the_mark_of_their_flow(void **state)
{
	struct frame_spec spec;
	static uint8_t data[3000];

	(void)state;
	open_marks();
	handshake();
	assert_int_equal(hello(3, "olm.vn"), AF11);
	spec = scene_spec(&c, false, ZR_PROTO_TCP);
	spec.tcp_flags = ZR_TCP_ACK;
	spec.data = data;
	spec.len = sizeof(data);
	spec.part = (struct frame_part){.id = 1, .from = 0, .len = 1480};
	assert_int_equal(sent(4, &spec), AF11);
	spec.part = (struct frame_part){.id = 1, .from = 1480, .len = 1480};
	assert_int_equal(sent(5, &spec), AF11);
	spec.part = (struct frame_part){.id = 1, .from = 2960, .len = 60, .last = true};
	assert_int_equal(sent(6, &spec), AF11);
	spec.part = (struct frame_part){.id = 2, .from = 1480, .len = 1480};
	assert_int_equal(sent(7, &spec), NONE);
	spec.part = (struct frame_part){.id = 2, .from = 0, .len = 1480};
	assert_int_equal(sent(8, &spec), AF11);
	end();
}

/* Other datagrams are settled when their time is over, with a packet that has nothing to do with them. */
static void settled_datagrams_lend_no_mark(void **state)
{
	struct frame_spec spec;
	static uint8_t data[3000];

	(void)state;
	open_marks();
	handshake();
	assert_int_equal(hello(3, "olm.vn"), AF11);
	spec = scene_spec(&c, false, ZR_PROTO_TCP);
	spec.tcp_flags = ZR_TCP_ACK;
	spec.data = data;
	spec.len = sizeof(data);
	spec.part = (struct frame_part){.id = 2, .from = 1480, .len = 1480};
	assert_int_equal(sent(7, &spec), NONE);
	spec.part = (struct frame_part){.id = 3, .from = 1480, .len = 1480};
	assert_int_equal(sent(40000, &spec), NONE);
	end();
}

/* The marks of a burst stand where its packets stand, those without a flow included. */
static void marks_stand_at_their_packets(void **state)
{
	static uint8_t frames[3][FRAME_MAX];
	struct zr_view views[3];
	struct frame_spec spec;
	uint8_t marks[4] = {1, 1, 1, 77};

	(void)state;
	open_marks();
	handshake();
	assert_int_equal(hello(3, "olm.vn"), AF11);
	spec = scene_spec(&c, false, ZR_PROTO_TCP);
	spec.tcp_flags = ZR_TCP_ACK;
	for (unsigned int i = 0; i < 3; i++) {
		views[i] = (struct zr_view){.data = frames[i], .time_ns = (s.base_us + 4000) * 1000, .port = &s.port};
		views[i].len = views[i].wire_len = (uint32_t)frame_make(&spec, frames[i]);
	}
	frames[0][12] = 0x08;
	frames[0][13] = 0x06;      /* ARP */
	frames[1][26 + 3] ^= 0x40; /* another server */
	zr_pipeline_burst_marks(s.pipeline, views, 3, marks);
	assert_int_equal(marks[0], NONE);
	assert_int_equal(marks[1], NONE);
	assert_int_equal(marks[2], AF11);
	assert_int_equal(marks[3], 77);
	end();
}

/* What goes on without being looked at is charged, or unaccounted by its own reason. */
static void bypassed_packet_is_charged(void **state)
{
	static uint8_t frame[FRAME_MAX];
	struct zr_view view = {.data = frame, .port = &s.port};
	struct frame_spec spec;
	struct zr_totals totals;

	(void)state;
	open_marks();
	spec = scene_spec(&c, false, ZR_PROTO_TCP);
	view.len = view.wire_len = (uint32_t)frame_make(&spec, frame);
	zr_pipeline_bypass(s.pipeline, &view);
	frame[13] = 0x06;
	zr_pipeline_bypass(s.pipeline, &view);
	scene_check_sums(&s);
	zr_pipeline_totals(s.pipeline, &totals);
	assert_int_equal(totals.received.pkts, 2);
	assert_int_equal(totals.reason[ZR_REASON_OVERLOAD].pkts, 1);
	assert_int_equal(totals.reason[ZR_REASON_OVERLOAD].bytes, frame_volume(&spec));
	assert_int_equal(totals.unaccounted[ZR_UNACCOUNTED_NOT_IP].pkts, 1);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 0);
	end();
}

/* The program ends at one time and starts at another with a list. */
static void start_again(uint64_t stop_ms, uint64_t start_ms, const char *rows)
{
	struct restart r;

	restart_save(&r, &s, stop_ms);
	scene_free(&s);
	open_list(rows);
	restart_load(&r, &s, start_ms);
	restart_free(&r);
}

static void free_flow_is_marked_from_its_first_packet_after_a_restart(void **state)
{
	(void)state;
	open_marks();
	handshake();
	assert_int_equal(hello(3, "lms.vnedu.vn"), AF21);
	start_again(1000, 2000, LIST);
	assert_int_equal(tcp(2001, false, ZR_TCP_ACK, NULL, 0), AF21);
	assert_int_equal(tcp(2002, true, ZR_TCP_ACK, NULL, 0), AF21);
	end();
}

static void mark_after_a_restart_is_the_new_lists(void **state)
{
	(void)state;
	open_marks();
	handshake();
	assert_int_equal(hello(3, "lms.vnedu.vn"), AF21);
	start_again(1000, 2000, "lms.vnedu.vn,vnedu,90001,,,,,\n");
	assert_int_equal(tcp(2001, false, ZR_TCP_ACK, NULL, 0), AF11);
	start_again(3000, 4000, ".olm.vn,olm,90001,,,,,\n");
	assert_int_equal(tcp(4001, false, ZR_TCP_ACK, NULL, 0), NONE);
	end();
}

/* Its window opened while nobody listened, but a charged name is not kept. */
static void window_that_opened_meanwhile_brings_no_mark_to_a_forgotten_name(void **state)
{
	(void)state;
	open_marks();
	handshake();
	assert_int_equal(hello(3, "late.vn"), NONE);
	start_again(59000, 61000, LIST);
	assert_int_equal(tcp(61001, false, ZR_TCP_ACK, NULL, 0), NONE);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(free_flow_is_marked_from_its_hello_on),
		cmocka_unit_test(rating_group_has_its_own_mark),
		cmocka_unit_test(rating_group_may_have_none),
		cmocka_unit_test(charged_flow_is_not_marked),
		cmocka_unit_test(without_marks_nothing_is_marked),
		cmocka_unit_test(host_change_changes_the_mark),
		cmocka_unit_test(window_that_opens_brings_the_mark),
		cmocka_unit_test(list_changes_the_mark),
		cmocka_unit_test(fragments_carry_the_mark_of_their_flow),
		cmocka_unit_test(settled_datagrams_lend_no_mark),
		cmocka_unit_test(marks_stand_at_their_packets),
		cmocka_unit_test(bypassed_packet_is_charged),
		cmocka_unit_test(free_flow_is_marked_from_its_first_packet_after_a_restart),
		cmocka_unit_test(mark_after_a_restart_is_the_new_lists),
		cmocka_unit_test(window_that_opened_meanwhile_brings_no_mark_to_a_forgotten_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

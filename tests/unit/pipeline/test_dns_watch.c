/* SPDX-License-Identifier: BSD-3-Clause */
/* DNS in frames: who learns what from whom. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>

#include "dataplane/pipeline/dns_watch.h"
#include "tests/support/dns_make.h"
#include "tests/support/frame.h"

#define NAME     "www.olm.vn"
#define CLIENT   "10.0.0.1"
#define RESOLVER "10.0.0.53"

struct fixture {
	struct zr_dns_watch_config config;
	struct zr_dns_watch *watch;
	void *memory;
	struct frame_spec up; /* of a query */
	uint32_t ms;
	struct dns_bytes m;
	char told[4096]; /* a line for each: "subscriber resolver proto name address" */
};

static const char *text_of(uint8_t family, const union zr_ip *ip)
{
	static char text[4][INET6_ADDRSTRLEN];
	static unsigned int next;

	return inet_ntop(family == 4 ? AF_INET : AF_INET6, ip->b, text[next++ % 4], INET6_ADDRSTRLEN);
}

static void on_learned(void *arg, const struct zr_dns_learned *learned)
{
	const struct zr_packet *packet = learned->packet;
	struct fixture *f = arg;
	size_t at = strlen(f->told);

	snprintf(f->told + at, sizeof(f->told) - at, "%s %s %u %s %s\n", text_of(packet->family, &packet->dst),
		 text_of(packet->family, &packet->src), packet->proto, learned->address->name->text,
		 text_of(learned->address->family, &learned->address->ip));
	assert_int_equal(learned->time_us, f->ms * 1000);
}

static void open_watch(struct fixture *f)
{
	size_t len = zr_dns_watch_memory(&f->config);

	assert_true(len > 0);
	free(f->memory);
	f->memory = aligned_alloc(64, len);
	assert_non_null(f->memory);
	memset(f->memory, 0, len);
	f->watch = zr_dns_watch_init(f->memory, &f->config);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->config = (struct zr_dns_watch_config){
		.queries = 16,
		.connections = 64,
		.reassembly_bytes = 262144,
		.packets = {.open_all_tunnels = true},
		.seed = {1, 2},
		.learned = on_learned,
		.arg = f,
	};
	open_watch(f);
	f->up = (struct frame_spec){.src = CLIENT, .dst = RESOLVER, .src_port = 40000, .dst_port = 53, .proto = 17};
	f->ms = 1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	free(f->memory);
	free(f);
	return 0;
}

static void send_frame(struct fixture *f, const struct frame_spec *spec)
{
	static uint8_t frame[FRAME_MAX];
	struct zr_port port = {0};
	struct zr_view view = {.data = frame, .time_ns = (uint64_t)f->ms * 1000000, .port = &port};

	view.len = view.wire_len = (uint32_t)frame_make(spec, frame);
	zr_dns_watch_burst(f->watch, &view, 1);
}

static struct frame_spec turned(struct frame_spec spec)
{
	struct frame_spec other = spec;

	other.src = spec.dst;
	other.dst = spec.src;
	other.src_port = spec.dst_port;
	other.dst_port = spec.src_port;
	other.outer_src = spec.outer_dst;
	other.outer_dst = spec.outer_src;
	return other;
}

/* The message that was made, as a datagram of the client or of the resolver. */
static void send_udp(struct fixture *f, bool up)
{
	struct frame_spec spec = up ? f->up : turned(f->up);

	spec.data = f->m.at;
	spec.len = f->m.len;
	send_frame(f, &spec);
}

static void make_query(struct fixture *f, uint16_t id)
{
	dns_begin(&f->m, id, false, "WWW.olm.vn", DNS_A);
}

static void make_answer(struct fixture *f, uint16_t id, const char *address)
{
	dns_begin(&f->m, id, true, "www.OLM.vn", DNS_A);
	dns_put_address(&f->m, NAME, 60, address);
}

static uint64_t counter(const struct fixture *f, enum zr_dns_counter c)
{
	return zr_dns_watch_counter(f->watch, c);
}

static void test_an_answer_teaches_who_asked(void **state)
{
	struct fixture *f = *state;

	make_query(f, 7);
	send_udp(f, true);
	f->ms = 30;
	make_answer(f, 7, "203.0.113.1");
	send_udp(f, false);
	assert_string_equal(f->told, "10.0.0.1 10.0.0.53 17 www.olm.vn 203.0.113.1\n");
	assert_int_equal(counter(f, ZR_DNS_COUNTER_QUERIES), 1);
	assert_int_equal(counter(f, ZR_DNS_COUNTER_ANSWERS), 1);
	assert_int_equal(counter(f, ZR_DNS_COUNTER_UNASKED), 0);
}

static void test_a_forged_answer_teaches_nobody(void **state)
{
	struct fixture *f = *state;

	make_query(f, 7);
	send_udp(f, true);
	make_answer(f, 8, "198.51.100.1");
	send_udp(f, false); /* another id */
	f->up.dst = "198.51.100.53";
	make_answer(f, 7, "198.51.100.1");
	send_udp(f, false); /* another resolver */
	f->up.dst = RESOLVER;
	f->up.src = "10.0.0.2";
	send_udp(f, false); /* somebody else */
	assert_string_equal(f->told, "");
	assert_int_equal(counter(f, ZR_DNS_COUNTER_UNASKED), 3);
}

static void test_an_answer_that_is_late(void **state)
{
	struct fixture *f = *state;

	make_query(f, 7);
	send_udp(f, true);
	f->ms = 10002;
	make_answer(f, 7, "203.0.113.1");
	send_udp(f, false);
	assert_string_equal(f->told, "");
	assert_int_equal(counter(f, ZR_DNS_COUNTER_UNASKED), 1);
}

static void send_answer_part(struct fixture *f, size_t from, size_t len)
{
	struct frame_spec spec = turned(f->up);

	spec.data = f->m.at;
	spec.len = f->m.len;
	spec.part = (struct frame_part){.id = 5, .from = from, .len = len, .last = from + len == frame_content(&spec)};
	send_frame(f, &spec);
}

static void test_an_answer_in_fragments(void **state)
{
	static const char told[] = "10.0.0.1 10.0.0.53 17 www.olm.vn 203.0.113.1\n";
	struct fixture *f = *state;
	size_t len;

	for (unsigned int backwards = 0; backwards < 2; backwards++) {
		make_query(f, 7);
		send_udp(f, true);
		make_answer(f, 7, "203.0.113.1");
		len = 8 + f->m.len;
		send_answer_part(f, backwards != 0 ? 24 : 0, backwards != 0 ? len - 24 : 24);
		assert_string_equal(f->told, "");
		send_answer_part(f, backwards != 0 ? 0 : 24, backwards != 0 ? 24 : len - 24);
		assert_string_equal(f->told, told);
		f->told[0] = '\0';
	}
}

/* Whoever sends a second copy of a part must not choose what is learned. */
static void test_an_answer_in_fragments_that_differ(void **state)
{
	struct fixture *f = *state;
	size_t len;

	make_query(f, 7);
	send_udp(f, true);
	make_answer(f, 7, "198.51.100.1");
	len = 8 + f->m.len;
	send_answer_part(f, 24, len - 24);
	make_answer(f, 7, "203.0.113.1");
	send_answer_part(f, 24, len - 24);
	send_answer_part(f, 0, 24);
	assert_string_equal(f->told, "");
}

static void test_an_answer_whose_fragments_come_too_late(void **state)
{
	struct fixture *f = *state;

	make_answer(f, 7, "203.0.113.1");
	send_answer_part(f, 24, 8 + f->m.len - 24);
	f->ms += 30000;
	make_query(f, 7);
	send_udp(f, true);
	make_answer(f, 7, "203.0.113.1");
	send_answer_part(f, 0, 24);
	assert_string_equal(f->told, "");
}

static void test_multicast_dns_and_llmnr_are_passed_over(void **state)
{
	static const uint16_t ports[] = {5353, 5355};
	struct fixture *f = *state;

	for (unsigned int i = 0; i < 2; i++) {
		f->up.dst_port = ports[i];
		make_query(f, 7);
		send_udp(f, true);
		make_answer(f, 7, "203.0.113.1");
		send_udp(f, false);
	}
	assert_string_equal(f->told, "");
	for (unsigned int c = 0; c < ZR_DNS_COUNTER_COUNT; c++)
		assert_int_equal(counter(f, c), 0);
	/* A client may send from any port. */
	f->up.src_port = 5353;
	f->up.dst_port = 53;
	make_query(f, 7);
	send_udp(f, true);
	make_answer(f, 7, "203.0.113.1");
	send_udp(f, false);
	assert_string_not_equal(f->told, "");
}

static void test_any_port_and_ipv6(void **state)
{
	struct fixture *f = *state;

	f->up.src = "2001:db8::1";
	f->up.dst = "2001:db8:53::53";
	f->up.dst_port = 5300;
	make_query(f, 7);
	send_udp(f, true);
	make_answer(f, 7, "2001:db8:1::1");
	send_udp(f, false);
	assert_string_equal(f->told, "2001:db8::1 2001:db8:53::53 17 www.olm.vn 2001:db8:1::1\n");
}

static void test_tunnels(void **state)
{
	struct fixture *f = *state;

	f->up.outer_src = "10.200.0.1";
	f->up.outer_dst = "10.200.0.2";
	make_query(f, 7);
	send_udp(f, true);
	make_answer(f, 7, "203.0.113.1");
	send_udp(f, false);
	assert_string_equal(f->told, "10.0.0.1 10.0.0.53 17 www.olm.vn 203.0.113.1\n");
	f->told[0] = '\0';
	f->config.packets.open_all_tunnels = false;
	open_watch(f);
	make_query(f, 7);
	send_udp(f, true);
	make_answer(f, 7, "203.0.113.1");
	send_udp(f, false);
	assert_string_equal(f->told, "");
}

static void test_answers_that_fail_or_break_off_are_counted(void **state)
{
	struct fixture *f = *state;

	make_query(f, 7);
	send_udp(f, true);
	dns_begin(&f->m, 7, true, NAME, DNS_A);
	f->m.at[3] |= 3;
	send_udp(f, false);
	make_query(f, 8);
	send_udp(f, true);
	make_answer(f, 8, "203.0.113.1");
	f->m.len--;
	send_udp(f, false);
	dns_begin(&f->m, 9, false, "a b.vn", DNS_A);
	send_udp(f, true);
	assert_string_equal(f->told, "");
	assert_int_equal(counter(f, ZR_DNS_COUNTER_ANSWERS), 2);
	assert_int_equal(counter(f, ZR_DNS_COUNTER_FAILED), 1);
	assert_int_equal(counter(f, ZR_DNS_COUNTER_BROKEN), 1);
	assert_int_equal(counter(f, ZR_DNS_COUNTER_NAMES_OTHER), 1);
}

/* The message that was made, over TCP behind its length, in two segments, the second first. */
static void send_tcp(struct fixture *f, bool up, uint32_t seq, size_t cut)
{
	struct frame_spec spec = up ? f->up : turned(f->up);
	uint8_t bytes[1024] = {(uint8_t)(f->m.len >> 8), (uint8_t)f->m.len};

	memcpy(bytes + 2, f->m.at, f->m.len);
	spec.tcp_flags = ZR_TCP_ACK;
	spec.seq = seq + (uint32_t)cut;
	spec.data = bytes + cut;
	spec.len = 2 + f->m.len - cut;
	send_frame(f, &spec);
	spec.seq = seq;
	spec.data = bytes;
	spec.len = cut;
	if (cut > 0)
		send_frame(f, &spec);
}

static void handshake(struct fixture *f)
{
	struct frame_spec spec = f->up;

	spec.tcp_flags = ZR_TCP_SYN;
	spec.seq = 999;
	send_frame(f, &spec);
	spec = turned(f->up);
	spec.tcp_flags = ZR_TCP_SYN | ZR_TCP_ACK;
	spec.seq = 4999;
	send_frame(f, &spec);
}

static void test_tcp(void **state)
{
	struct fixture *f = *state;

	f->up.proto = 6;
	for (size_t cut = 0; cut < 30; cut++) {
		f->told[0] = '\0';
		f->ms++;
		handshake(f);
		make_query(f, 7);
		send_tcp(f, true, 1000, cut);
		make_answer(f, 7, "203.0.113.1");
		send_tcp(f, false, 5000, cut);
		assert_string_equal(f->told, "10.0.0.1 10.0.0.53 6 www.olm.vn 203.0.113.1\n");
	}
}

static void test_tcp_whose_start_was_not_seen(void **state)
{
	struct fixture *f = *state;

	f->up.proto = 6;
	make_query(f, 7);
	send_tcp(f, true, 1000, 0);
	make_answer(f, 7, "203.0.113.1");
	send_tcp(f, false, 5000, 0);
	assert_string_equal(f->told, "10.0.0.1 10.0.0.53 6 www.olm.vn 203.0.113.1\n");
}

/* The oldest connection goes when there is no room; what it held is given back. */
static void test_more_connections_than_there_is_room_for(void **state)
{
	struct fixture *f = *state;

	f->up.proto = 6;
	for (unsigned int i = 0; i < 1000; i++) {
		f->up.src_port = (uint16_t)(1024 + i);
		handshake(f);
		make_query(f, (uint16_t)i);
		f->m.len -= 1;
		send_tcp(f, true, 1000, 20); /* the length says one byte less than the question takes */
	}
	handshake(f);
	make_query(f, 7);
	send_tcp(f, true, 1000, 0);
	make_answer(f, 7, "203.0.113.1");
	send_tcp(f, false, 5000, 0);
	assert_string_equal(f->told, "10.0.0.1 10.0.0.53 6 www.olm.vn 203.0.113.1\n");
}

/* More unfinished messages than there is memory for. */
static void test_unfinished_messages_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct frame_spec spec;

	f->config.connections = 4096;
	open_watch(f);
	f->up.proto = 6;
	make_query(f, 7);
	spec = f->up;
	spec.tcp_flags = ZR_TCP_ACK;
	spec.seq = 1000;
	spec.data = "\2\0\0\1\1\0\0\1\0\0\0\0\0\0";
	spec.len = 14;
	for (unsigned int i = 0; i < 2000; i++) {
		spec.src_port = (uint16_t)(1024 + i);
		send_frame(f, &spec);
	}
	test_tcp(state);
}

static void test_configurations_out_of_bounds(void **state)
{
	struct fixture *f = *state;

	f->config.queries = 0;
	assert_int_equal(zr_dns_watch_memory(&f->config), 0);
	f->config.queries = 1;
	f->config.connections = 0;
	assert_int_equal(zr_dns_watch_memory(&f->config), 0);
	f->config.connections = 1;
	f->config.reassembly_bytes = 1000;
	assert_int_equal(zr_dns_watch_memory(&f->config), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_an_answer_teaches_who_asked),
		TEST(test_a_forged_answer_teaches_nobody),
		TEST(test_an_answer_that_is_late),
		TEST(test_an_answer_in_fragments),
		TEST(test_an_answer_in_fragments_that_differ),
		TEST(test_an_answer_whose_fragments_come_too_late),
		TEST(test_multicast_dns_and_llmnr_are_passed_over),
		TEST(test_any_port_and_ipv6),
		TEST(test_tunnels),
		TEST(test_answers_that_fail_or_break_off_are_counted),
		TEST(test_tcp),
		TEST(test_tcp_whose_start_was_not_seen),
		TEST(test_more_connections_than_there_is_room_for),
		TEST(test_unfinished_messages_are_bounded),
		TEST(test_configurations_out_of_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

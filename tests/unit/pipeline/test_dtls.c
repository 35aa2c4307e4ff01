/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows whose name comes with a DTLS hello. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/dtls_make.h"
#include "tests/support/scene.h"

#define LIST     ".olm.vn,olm,90001,,,,,\n203.0.113.64/26 udp,live,90003,,,,,\n!quangcao.olm.vn,,,,,,,\n"
#define HEADERS  28 /* IPv4 and UDP */
#define MINUTE   60000
#define PART_LEN 100 /* of a hello, in a datagram of its own */

static struct scene s;

/* A STUN binding request (RFC 8489, section 5). */
static const uint8_t stun[20] = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42};

static void open_scene(void)
{
	scene_init(&s, LIST);
	scene_open(&s);
}

static struct dtls_hello hello_of(const char *name)
{
	struct dtls_hello hello;

	dtls_make_hello(&hello, name, 0, 0);
	return hello;
}

static void send_fragment(uint64_t ms, const struct scene_conn *c, const struct dtls_hello *hello, size_t at,
			  size_t len)
{
	uint8_t datagram[2048];

	scene_udp(&s, ms, c, true, datagram, dtls_put_datagram(datagram, hello, at, len));
}

/* The hello in two datagrams, the second part first. */
static void send_parts(uint64_t ms, const struct scene_conn *c, const struct dtls_hello *hello)
{
	send_fragment(ms, c, hello, PART_LEN, hello->len - PART_LEN);
	send_fragment(ms + 1, c, hello, 0, PART_LEN);
}

static const struct scene_event *only_part(void)
{
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 1);
	return scene_event(&s, ZR_USAGE_PART, 0);
}

static void hello_behind_stun_frees_the_flow_from_its_first_packet(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct dtls_hello hello = hello_of("HOP.olm.vn");
	const struct scene_event *e;

	(void)state;
	open_scene();
	scene_udp(&s, 0, &c, true, stun, sizeof(stun));
	scene_udp(&s, 5, &c, false, stun, sizeof(stun));
	send_parts(10, &c, &hello);
	scene_udp(&s, 20, &c, false, stun, sizeof(stun));
	/* Silence ends it when that of UDP has passed. */
	zr_pipeline_advance(s.pipeline, (s.base_us + (20 + 2 * MINUTE) * 1000 - 1) * 1000);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 1);
	zr_pipeline_advance(s.pipeline, (s.base_us + (20 + 2 * MINUTE) * 1000) * 1000);
	assert_int_equal(zr_pipeline_flows(s.pipeline), 0);
	e = only_part();
	assert_int_equal(e->usage.reason, ZR_REASON_DTLS_SNI);
	assert_int_equal(e->usage.verdict, ZR_FREE);
	assert_int_equal(e->usage.evidence, 1 << ZR_EVIDENCE_DTLS_SNI);
	assert_int_equal(e->usage.cause, ZR_CAUSE_IDLE);
	assert_string_equal(e->name, "hop.olm.vn");
	assert_string_equal(e->rule, ".olm.vn");
	assert_int_equal(e->usage.up_pkts, 3);
	assert_int_equal(e->usage.down_pkts, 2);
	assert_int_equal(e->usage.retro_down_bytes, HEADERS + sizeof(stun));
	scene_free(&s);
}

static void unlisted_name_is_charged(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct dtls_hello hello = hello_of("hop.example.net");

	(void)state;
	open_scene();
	send_parts(0, &c, &hello);
	assert_int_equal(only_part()->usage.reason, ZR_REASON_NO_MATCH);
	scene_free(&s);
}

static void hello_without_name_is_charged(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct dtls_hello hello = hello_of(NULL);

	(void)state;
	open_scene();
	send_fragment(0, &c, &hello, 0, hello.len);
	assert_int_equal(only_part()->usage.reason, ZR_REASON_NO_NAME);
	scene_free(&s);
}

static void excluded_name_cuts_what_an_address_freed(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct dtls_hello hello = hello_of("quangcao.olm.vn");

	(void)state;
	open_scene();
	c.server = "203.0.113.65";
	scene_udp(&s, 0, &c, true, stun, sizeof(stun));
	send_parts(10, &c, &hello);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.reason, ZR_REASON_PREFIX);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 0)->usage.up_pkts, 2);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.reason, ZR_REASON_EXCLUDED);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.up_pkts, 1);
	scene_free(&s);
}

static void conflicting_fragments_are_spoof(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct dtls_hello hello = hello_of("hop.olm.vn");

	(void)state;
	open_scene();
	send_fragment(0, &c, &hello, 0, PART_LEN);
	hello.body[PART_LEN - 1] ^= 1;
	send_fragment(1, &c, &hello, PART_LEN - 1, hello.len - PART_LEN + 1);
	assert_int_equal(only_part()->usage.reason, ZR_REASON_SPOOF);
	scene_free(&s);
}

static void the_client_is_who_sent_the_hello(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct dtls_hello hello = hello_of("hop.olm.vn");
	const struct scene_event *e;

	(void)state;
	open_scene();
	scene_udp(&s, 0, &c, false, stun, sizeof(stun));
	send_parts(10, &c, &hello);
	e = only_part();
	assert_int_equal(e->usage.reason, ZR_REASON_DTLS_SNI);
	assert_int_equal(e->usage.client_port, 40000);
	assert_int_equal(e->usage.up_pkts, 2);
	assert_int_equal(e->usage.down_pkts, 1);
	scene_free(&s);
}

static void a_hello_towards_the_subscriber_is_not_the_subscribers(void **state)
{
	struct scene_conn c = scene_conn(40000);
	struct dtls_hello hello = hello_of("hop.olm.vn");
	uint8_t datagram[2048];

	(void)state;
	scene_init(&s, LIST);
	scene_subscribers(&s, "10.0.0.0/8");
	scene_open(&s);
	scene_udp(&s, 0, &c, true, stun, sizeof(stun));
	scene_udp(&s, 10, &c, false, datagram, dtls_put_datagram(datagram, &hello, 0, hello.len));
	assert_int_equal(only_part()->usage.reason, ZR_REASON_NO_NAME);
	scene_free(&s);
}

/* More unfinished hellos than there is memory for: the oldest is given up, the newest is put together. */
static void unfinished_hellos_are_bounded(void **state)
{
	struct dtls_hello hello = hello_of("hop.olm.vn");
	const unsigned int flows = 400;
	unsigned int limited = 0;
	struct scene_conn c;

	(void)state;
	open_scene();
	for (unsigned int i = 0; i < flows; i++) {
		c = scene_conn((uint16_t)(20000 + i));
		send_fragment(i, &c, &hello, 0, PART_LEN);
	}
	send_fragment(flows, &c, &hello, PART_LEN, hello.len - PART_LEN);
	scene_close(&s);
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), flows);
	for (unsigned int i = 0; i < flows; i++)
		limited += scene_event(&s, ZR_USAGE_PART, i)->usage.reason == ZR_REASON_INSPECT_LIMIT;
	assert_int_equal(limited, zr_pipeline_counter(s.pipeline, ZR_COUNTER_HELLOS_GIVEN_UP));
	assert_in_range(limited, 1, flows - 2);
	assert_int_equal(scene_events(&s, ZR_USAGE_TAG), 1);
	assert_int_equal(scene_event(&s, ZR_USAGE_TAG, 0)->usage.client_port, 20000 + flows - 1);
	scene_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_behind_stun_frees_the_flow_from_its_first_packet),
		cmocka_unit_test(unlisted_name_is_charged),
		cmocka_unit_test(hello_without_name_is_charged),
		cmocka_unit_test(excluded_name_cuts_what_an_address_freed),
		cmocka_unit_test(conflicting_fragments_are_spoof),
		cmocka_unit_test(the_client_is_who_sent_the_hello),
		cmocka_unit_test(a_hello_towards_the_subscriber_is_not_the_subscribers),
		cmocka_unit_test(unfinished_hellos_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

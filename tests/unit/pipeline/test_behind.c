/* SPDX-License-Identifier: BSD-3-Clause */
/* A TLS hello behind other talk on the connection: STARTTLS, CONNECT. It comes in any cut and order there too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/scene.h"

#define LIST ".olm.vn,olm,90001,,,,,\n"

static struct scene s;
static struct scene_conn c;
static uint8_t hello[1400];
static size_t hello_len;

static void say(const char *text)
{
	scene_up(&s, 1, &c, text, strlen(text));
}

static void begin(void)
{
	scene_init(&s, LIST);
	s.config.reassembly_bytes = 262144;
	scene_open(&s);
	c = scene_conn(40000);
	hello_len = frame_hello("olm.vn", 600, hello, sizeof(hello));
	scene_handshake(&s, 0, &c);
}

static void close_free(unsigned int up_pkts)
{
	const struct zr_usage *u;

	scene_close(&s);
	u = &scene_event(&s, ZR_USAGE_TAG, 0)->usage;
	assert_int_equal(u->reason, ZR_REASON_SNI);
	for (unsigned int i = 0; i < scene_events(&s, ZR_USAGE_PART); i++) {
		u = &scene_event(&s, ZR_USAGE_PART, i)->usage;
		if (u->client_port == c.client_port)
			assert_int_equal(u->up_pkts, up_pkts);
	}
	scene_free(&s);
}

/* The part of the hello from there on, to where it belongs, whatever was sent before. */
static void send_part(size_t from, size_t len)
{
	struct scene_conn part = c;

	part.up_seq += (uint32_t)from;
	scene_up(&s, 2, &part, hello + from, len);
}

static void starttls_then_a_hello_byte_by_byte(void **state)
{
	(void)state;
	begin();
	say("EHLO a.example\r\n");
	say("STARTTLS\r\n");
	for (size_t i = 0; i < 20; i++)
		send_part(i, 1);
	send_part(20, hello_len - 20);
	close_free(2 + 2 + 21);
}

static void starttls_then_a_hello_backwards(void **state)
{
	(void)state;
	begin();
	say("a1 STARTTLS\r\n");
	send_part(300, hello_len - 300);
	send_part(0, 300);
	close_free(2 + 1 + 2);
}

static void line_end_by_itself(void **state)
{
	(void)state;
	begin();
	say("a1 STARTTLS");
	say("\r\n");
	send_part(100, hello_len - 100);
	send_part(0, 100);
	close_free(2 + 2 + 2);
}

/* The line is put together anew, with its end and the hello behind it. */
static void line_sent_again_with_the_hello(void **state)
{
	uint8_t both[1400] = "STARTTLS\r\n";

	(void)state;
	begin();
	memcpy(both + 10, hello, hello_len);
	say("EHLO a\r\nSTARTTLS");
	c.up_seq -= 8;
	scene_up(&s, 2, &c, both, 10 + hello_len);
	close_free(2 + 2);
}

static void connect_then_a_hello_backwards(void **state)
{
	const struct scene_event *part;

	(void)state;
	begin();
	say("CONNECT proxied.example:443 HTTP/1.1\r\n\r\n");
	send_part(300, hello_len - 300);
	send_part(0, 300);
	scene_close(&s);
	/* The hello's name is seen, and changes the host; the connection was charged and stays so. */
	assert_int_equal(scene_events(&s, ZR_USAGE_PART), 2);
	part = scene_event(&s, ZR_USAGE_PART, 0);
	assert_int_equal(part->usage.cause, ZR_CAUSE_HOST_CHANGE);
	assert_int_equal(part->usage.up_pkts, 4);
	assert_int_equal(scene_event(&s, ZR_USAGE_PART, 1)->usage.up_pkts, 1);
	scene_free(&s);
}

/* Who says nothing that is known holds half of the memory for listeners at most: hellos are still put together. */
static void talkers_without_end_leave_room_for_hellos(void **state)
{
	(void)state;
	begin();
	for (uint16_t port = 1; port < 600; port++) {
		struct scene_conn talker = scene_conn(port);

		scene_handshake(&s, 0, &talker);
		scene_up(&s, 1, &talker, "hello there", 11);
	}
	send_part(0, 300);
	send_part(300, hello_len - 300);
	close_free(2 + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starttls_then_a_hello_byte_by_byte),
		cmocka_unit_test(starttls_then_a_hello_backwards),
		cmocka_unit_test(line_end_by_itself),
		cmocka_unit_test(line_sent_again_with_the_hello),
		cmocka_unit_test(connect_then_a_hello_backwards),
		cmocka_unit_test(talkers_without_end_leave_room_for_hellos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Floods of what clients say: names, hellos and requests that are never finished. */
#include "tests/support/quic_make.h"
#include "tests/unit/pipeline/flood_scene.h"

static void hellos_that_are_never_finished(void **state)
{
	uint8_t hello[4000];
	size_t len = frame_hello("lop.olm.vn", 3000, hello, sizeof(hello));

	(void)state;
	begin(65536);
	for (unsigned int n = 0; n < 20000; n++) {
		struct scene_conn c = stranger(n);
		uint64_t ms = step_ms(n);

		scene_tcp(&s, ms, &c, true, ZR_TCP_SYN, NULL, 0);
		scene_up(&s, ms, &c, hello, 1400);
		/* Every second one wants a large buffer. */
		c.up_seq += 1400;
		if (n % 2 == 0)
			scene_up(&s, ms, &c, hello + 2800, len - 2800);
	}
	assert_true(zr_pipeline_counter(s.pipeline, ZR_COUNTER_HELLOS_GIVEN_UP) > 10000);
	finish();
}

/* One Initial with the front of a hello, from many strangers. */
static void quic_hellos_that_are_never_finished(void **state)
{
	struct quic_bytes datagram = {.len = 0}, payload = {.len = 0};
	struct quic_header header = {.version = QUIC_V1, .dcid = {.at = "abcdefgh", .len = 8}};
	uint8_t hello[2000];

	(void)state;
	quic_make_hello("lop.olm.vn", sizeof(hello), hello, sizeof(hello));
	quic_put_crypto(&payload, hello, 0, 1180);
	quic_seal(&datagram, &header, &payload);
	begin(65536);
	for (unsigned int n = 0; n < 20000; n++) {
		struct scene_conn c = stranger(n);

		scene_udp(&s, step_ms(n), &c, true, datagram.at, datagram.len);
	}
	assert_true(zr_pipeline_counter(s.pipeline, ZR_COUNTER_HELLOS_GIVEN_UP) > 10000);
	finish();
}

static void heads_that_never_end(void **state)
{
	static char filler[1400];

	(void)state;
	memset(filler, 'a', sizeof(filler));
	begin(65536);
	for (unsigned int n = 0; n < 2000; n++) {
		struct scene_conn c = stranger(n);
		uint64_t ms = step_ms(n);

		scene_tcp(&s, ms, &c, true, ZR_TCP_SYN, NULL, 0);
		scene_up(&s, ms, &c, "GET / HTTP/1.1\r\nCookie: ", 24);
		for (unsigned int i = 0; i < 20; i++)
			scene_up(&s, ms, &c, filler, sizeof(filler));
	}
	finish();
}

/* Segments of a few connections at any place of their streams, over each other, around the end of the numbers. */
static void segments_anywhere(void **state)
{
	uint8_t bytes[1400];
	size_t len = frame_hello("game.example.net", 1300, bytes, sizeof(bytes));

	(void)state;
	begin(1024);
	for (unsigned int n = 0; n < 100000; n++) {
		struct scene_conn c = stranger(random_below(&chance, 200));
		uint32_t from = random_below(&chance, (uint32_t)len), spread = 1U << random_below(&chance, 32);
		uint64_t ms = step_ms(n);

		c.up_seq = UINT32_MAX - 8000 + random_below(&chance, spread);
		bytes[100 + random_below(&chance, (uint32_t)len - 100)]++;
		scene_tcp(&s, ms, &c, true, random_percent(&chance, 2) ? ZR_TCP_SYN : ZR_TCP_ACK, bytes + from,
			  random_below(&chance, (uint32_t)(len - from) + 1));
	}
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hellos_that_are_never_finished),
		cmocka_unit_test(quic_hellos_that_are_never_finished),
		cmocka_unit_test(heads_that_never_end),
		cmocka_unit_test(segments_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

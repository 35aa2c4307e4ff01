/* SPDX-License-Identifier: BSD-3-Clause */
/* What is an Initial, what opens, and which frames are read in it. */
#include "tests/unit/inspect/quic_fixture.h"

static void test_is_initial(void **state)
{
	struct fixture *f = *state;
	struct quic_bytes payload = crypto_payload(f, 0, f->hello_len);

	for (size_t i = 0; i < 3; i++) {
		for (int type = QUIC_INITIAL; type <= QUIC_RETRY; type++) {
			struct quic_header header = header_of(all_versions[i], 0x37);
			struct quic_bytes datagram = {.len = 0};
			struct zr_slice dcid;

			header.type = (enum quic_type)type;
			header.token.len = 32;
			quic_seal(&datagram, &header, &payload);
			assert_int_equal(zr_quic_is_initial(datagram.at, datagram.len, &dcid), type == QUIC_INITIAL);
			if (type != QUIC_INITIAL)
				continue;
			assert_int_equal(dcid.len, 8);
			assert_memory_equal(dcid.at, header.dcid.at, 8);
		}
	}
}

static bool is_initial(const struct quic_header *header)
{
	struct quic_bytes payload = {.len = 0}, datagram = {.len = 0};
	struct zr_slice dcid;

	quic_put_fill(&payload, 0, 100);
	quic_seal(&datagram, header, &payload);
	return zr_quic_is_initial(datagram.at, datagram.len, &dcid);
}

static void test_is_no_initial(void **state)
{
	struct quic_header header = header_of(QUIC_V1, 0x37);

	(void)state;
	assert_true(is_initial(&header));
	header.clear_bits = 0x80; /* short header */
	assert_false(is_initial(&header));
	header.clear_bits = 0x40; /* fixed bit, which only a client with a token may leave out */
	assert_false(is_initial(&header));
	header.token.len = 16;
	assert_true(is_initial(&header));
	header = header_of(QUIC_V1, 0x37);
	header.dcid.len = ZR_QUIC_CID_MAX;
	assert_true(is_initial(&header));
	header.dcid.len = ZR_QUIC_CID_MAX + 1;
	assert_false(is_initial(&header));
	header = header_of(QUIC_V1, 0x37);
	header.scid.len = ZR_QUIC_CID_MAX + 1;
	assert_false(is_initial(&header));
	header = header_of(0, 0x37); /* Version Negotiation */
	assert_false(is_initial(&header));
	header = header_of(0x0a0a0a0a, 0x37);
	assert_false(is_initial(&header));
}

static void test_opens(void **state)
{
	struct fixture *f = *state;
	uint8_t scratch[QUIC_DATAGRAM_MAX];

	for (size_t i = 0; i < 3; i++) {
		struct quic_header header = header_of(all_versions[i], 0x51);
		struct quic_bytes payload = crypto_payload(f, 0, 10), datagram = {.len = 0};

		quic_seal(&datagram, &header, &payload);
		assert_true(zr_quic_begins(f->crypto, NULL, scratch, datagram.at, datagram.len));
		datagram.at[6] ^= 1;
		assert_false(zr_quic_begins(f->crypto, NULL, scratch, datagram.at, datagram.len));
		datagram.len = 0;
		header.type = QUIC_0RTT;
		quic_seal(&datagram, &header, &payload);
		assert_false(zr_quic_begins(f->crypto, NULL, scratch, datagram.at, datagram.len));
	}
}

static void test_all_frames_an_initial_may_hold(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes payload = {.len = 0};
	static const uint8_t close[] = {0x1c, 0x41, 0x00, 0x06, 0x03, 'b', 'y', 'e'};

	quic_put_fill(&payload, 0x01, 2);
	quic_put_ack(&payload, 3, 0);
	quic_put_crypto(&payload, f->hello, 20, f->hello_len - 20);
	quic_put_fill(&payload, 0x00, 13);
	quic_put_ack(&payload, 2, 1);
	quic_put(&payload, close, sizeof(close));
	quic_put_crypto(&payload, f->hello, 0, 20);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_OK);
	assert_named(f, NAME);
}

static void test_any_other_frame_ends_the_packet(void **state)
{
	struct fixture *f = *state;

	for (unsigned int type = 0; type <= 0xff; type++) {
		static const uint8_t known[] = {0x00, 0x01, 0x02, 0x03, 0x06, 0x1c};
		struct quic_header header = header_of(QUIC_V1, 0x51);
		struct quic_bytes payload = {.len = 0};

		if (memchr(known, (int)type, sizeof(known)) != NULL)
			continue;
		quic_put_fill(&payload, (uint8_t)type, 1);
		quic_put_crypto(&payload, f->hello, 0, f->hello_len);
		memset(&f->client, 0, sizeof(f->client));
		assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
		assert_pool_empty(f);
	}
}

static void test_broken_frames_end_the_packet(void **state)
{
	struct fixture *f = *state;
	static const struct {
		uint8_t bytes[12];
		size_t len;
	} broken[] = {
		{{0x06}, 1},
		{{0x06, 0x00, 0x05, 0x01}, 4},
		{{0x06, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 11},
		{{0x06, 0xc0, 0x00}, 3},
		{{0x02, 0x05, 0x05, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00}, 12},
		{{0x1c, 0x00, 0x00, 0x7f, 0xff, 'x'}, 6},
	};

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct quic_header header = header_of(QUIC_V1, 0x51);
		struct quic_bytes payload = {.len = 0};

		/* What came before it counts. */
		quic_put_crypto(&payload, f->hello, 0, 30);
		quic_put(&payload, broken[i].bytes, broken[i].len);
		memset(&f->client, 0, sizeof(f->client));
		assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
		payload.len = 0;
		quic_put_crypto(&payload, f->hello, 30, f->hello_len - 30);
		assert_int_equal(feed_packet(f, &header, &payload), ZR_OK);
		assert_named(f, NAME);
		zr_quic_client_stop(&f->client, f->pool);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_is_initial),
		TEST(test_is_no_initial),
		TEST(test_opens),
		TEST(test_all_frames_an_initial_may_hold),
		TEST(test_any_other_frame_ends_the_packet),
		TEST(test_broken_frames_end_the_packet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

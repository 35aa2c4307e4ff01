/* SPDX-License-Identifier: BSD-3-Clause */
/* A connection attempt: its datagrams, keys, bounds and memory. */
#include "tests/unit/inspect/quic_fixture.h"

static void test_whole_hello_in_one_frame_needs_no_buffer(void **state)
{
	for (size_t i = 0; i < 3; i++) {
		struct fixture *f = *state;
		struct quic_header header = header_of(all_versions[i], 0x51);
		struct quic_bytes payload = crypto_payload(f, 0, f->hello_len);

		memset(&f->client, 0, sizeof(f->client));
		assert_int_equal(feed_packet(f, &header, &payload), ZR_OK);
		assert_named(f, NAME);
		assert_pool_empty(f);
	}
}

static void test_hello_without_name(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes payload;

	f->hello_len = quic_make_hello(NULL, 0, f->hello, sizeof(f->hello));
	payload = crypto_payload(f, 0, f->hello_len);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_OK);
	assert_named(f, "");
}

static void test_every_truncation(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes payload = crypto_payload(f, 0, f->hello_len);
	struct quic_bytes datagram = {.len = 0};

	quic_seal(&datagram, &header, &payload);
	for (size_t len = 0; len < datagram.len; len++) {
		struct zr_slice dcid;
		struct guard guard;
		const uint8_t *copy = guard_copy(&guard, datagram.at, len);

		assert_false(zr_quic_is_initial(copy, len, &dcid));
		guard_free(&guard);
		assert_int_equal(feed_bytes(f, datagram.at, len), ZR_NONE);
	}
	assert_int_equal(feed(f, &datagram), ZR_OK);
}

static void test_hello_over_two_datagrams_in_either_order(void **state)
{
	struct fixture *f = *state;

	f->hello_len = quic_make_hello(NAME, 1800, f->hello, sizeof(f->hello));
	for (int reversed = 0; reversed <= 1; reversed++) {
		struct quic_header header = header_of(QUIC_V1, 0x51);
		struct quic_bytes first = crypto_payload(f, 0, 1000);
		struct quic_bytes second = crypto_payload(f, 1000, f->hello_len - 1000);

		memset(&f->client, 0, sizeof(f->client));
		assert_int_equal(feed_packet(f, &header, reversed ? &second : &first), ZR_MORE);
		header.pn = 1;
		assert_int_equal(feed_packet(f, &header, reversed ? &first : &second), ZR_OK);
		assert_named(f, NAME);
		zr_quic_client_stop(&f->client, f->pool);
		assert_pool_empty(f);
	}
}

static void test_every_cut_into_two_frames_backwards(void **state)
{
	struct fixture *f = *state;

	for (size_t cut = 1; cut < f->hello_len; cut++) {
		struct quic_header header = header_of(QUIC_V1, 0x51);
		struct quic_bytes payload = {.len = 0};

		quic_put_crypto(&payload, f->hello, cut, f->hello_len - cut);
		quic_put_crypto(&payload, f->hello, 0, cut);
		memset(&f->client, 0, sizeof(f->client));
		assert_int_equal(feed_packet(f, &header, &payload), ZR_OK);
		assert_named(f, NAME);
		zr_quic_client_stop(&f->client, f->pool);
	}
}

static void test_coalesced_packets(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes datagram = {.len = 0}, payload = {.len = 0};

	quic_put_crypto(&payload, f->hello, 0, 50);
	quic_seal(&datagram, &header, &payload);
	header.type = QUIC_0RTT;
	quic_seal(&datagram, &header, &payload);
	header.type = QUIC_HANDSHAKE;
	quic_seal(&datagram, &header, &payload);
	header.type = QUIC_INITIAL;
	payload.len = 0;
	quic_put_crypto(&payload, f->hello, 50, f->hello_len - 50);
	quic_seal(&datagram, &header, &payload);
	quic_put_fill(&datagram, 0x43, 40); /* a short header */
	assert_int_equal(feed(f, &datagram), ZR_OK);
	assert_named(f, NAME);
}

static void test_coalesced_initial_of_another_connection_is_ignored(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes datagram = {.len = 0}, payload = {.len = 0};

	quic_put_crypto(&payload, f->hello, 0, 50);
	quic_seal(&datagram, &header, &payload);
	header = header_of(QUIC_V1, 0x52);
	payload.len = 0;
	quic_put_crypto(&payload, f->hello, 0, f->hello_len);
	quic_seal(&datagram, &header, &payload);
	assert_int_equal(feed(f, &datagram), ZR_MORE);
}

static void test_zero_rtt_alone_is_none(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes payload = crypto_payload(f, 0, f->hello_len);

	header.type = QUIC_0RTT;
	assert_int_equal(feed_packet(f, &header, &payload), ZR_NONE);
}

static void test_servers_initial_does_not_open(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes payload = crypto_payload(f, 0, f->hello_len);
	struct quic_bytes datagram = {.len = 0};
	uint8_t scratch[QUIC_DATAGRAM_MAX];

	header.keys_from = header.dcid;
	header.dcid.len = 3;
	header.key_name = "server in";
	quic_seal(&datagram, &header, &payload);
	assert_int_equal(feed(f, &datagram), ZR_NONE);
	assert_false(zr_quic_begins(f->crypto, NULL, scratch, datagram.at, datagram.len));
}

static void test_id_changes_to_the_servers(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V2, 0x51);
	struct quic_bytes payload = crypto_payload(f, 0, 60);

	assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
	header.keys_from = header.dcid;
	for (size_t len = 0; len <= ZR_QUIC_CID_MAX; len += 10) {
		memset(header.dcid.at, 0x99, len);
		header.dcid.len = len;
		payload.len = 0;
		quic_put_ack(&payload, 0, 0);
		quic_put_fill(&payload, 0, 30);
		assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
	}
	payload = crypto_payload(f, 60, f->hello_len - 60);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_OK);
	assert_named(f, NAME);
}

static void test_retry_starts_over_with_new_keys(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes payload = crypto_payload(f, 0, 60);
	struct quic_bytes retry = {.len = 0};

	assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
	header = header_of(QUIC_V1, 0x77);
	header.type = QUIC_RETRY;
	header.token.len = 64;
	quic_seal(&retry, &header, &payload);
	assert_int_equal(feed(f, &retry), ZR_NONE);
	header.type = QUIC_INITIAL;
	assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
	payload = crypto_payload(f, 60, f->hello_len - 60);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_OK);
	assert_named(f, NAME);
}

static void test_a_new_attempt_forgets_the_old_one(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes payload = crypto_payload(f, 0, 60);

	assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
	/* Another hello of the same length, another version too. */
	f->hello_len = quic_make_hello("thi.example.vn", 0, f->hello, sizeof(f->hello));
	header = header_of(QUIC_DRAFT_29, 0x52);
	payload = crypto_payload(f, 60, f->hello_len - 60);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
	payload = crypto_payload(f, 0, 60);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_OK);
	assert_named(f, "thi.example.vn");
}

static void test_noise_does_not_end_the_attempt(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes payload = crypto_payload(f, 0, 60);
	struct quic_bytes datagram = {.len = 0};

	assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
	quic_seal(&datagram, &header, &payload);
	datagram.at[500] ^= 1;
	assert_int_equal(feed(f, &datagram), ZR_NONE);
	datagram.at[6] ^= 1; /* and with another id */
	assert_int_equal(feed(f, &datagram), ZR_NONE);
	payload = crypto_payload(f, 60, f->hello_len - 60);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_OK);
}

static void test_conflicting_overlap_is_a_spoof(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes payload = crypto_payload(f, 0, f->hello_len - 10);

	assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
	f->hello_len = quic_make_hello("thi.example.vn", 0, f->hello, sizeof(f->hello));
	payload = crypto_payload(f, 0, f->hello_len);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_OK);
	assert_string_equal(f->out.name, NAME);
	assert_true(f->out.spoof);
}

static void test_crypto_that_is_no_hello(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes payload;

	f->hello[0] = 2; /* server_hello */
	payload = crypto_payload(f, 0, f->hello_len);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_BAD);
	zr_quic_client_stop(&f->client, f->pool);

	memset(&f->client, 0, sizeof(f->client));
	f->hello[0] = 1;
	f->hello[4] = 9; /* no such legacy version */
	payload = crypto_payload(f, 0, f->hello_len);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_BAD);
}

static void test_largest_hello(void **state)
{
	struct fixture *f = *state;

	for (size_t over = 0; over <= 1; over++) {
		struct quic_header header = header_of(QUIC_V1, 0x51);
		enum zr_result result = ZR_MORE;

		f->hello_len = quic_make_hello(NAME, ZR_HELLO_MAX + over, f->hello, sizeof(f->hello));
		memset(&f->client, 0, sizeof(f->client));
		for (size_t at = 0; at < f->hello_len && result == ZR_MORE; at += 1000) {
			size_t len = f->hello_len - at < 1000 ? f->hello_len - at : 1000;
			struct quic_bytes payload = crypto_payload(f, at, len);

			result = feed_packet(f, &header, &payload);
		}
		assert_int_equal(result, over ? ZR_BAD : ZR_OK);
		zr_quic_client_stop(&f->client, f->pool);
	}
}

static void test_offsets_behind_the_bound_are_refused(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes payload = {.len = 0};
	static const uint64_t offsets[] = {ZR_HELLO_MAX, UINT32_MAX, UINT64_C(1) << 32, (UINT64_C(1) << 62) - 1};

	for (size_t i = 0; i < 4; i++) {
		quic_put_fill(&payload, 0x06, 1);
		quic_put_varint(&payload, offsets[i]);
		quic_put_varint(&payload, 1);
		quic_put(&payload, "x", 1);
	}
	assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
	assert_pool_empty(f);
	payload = crypto_payload(f, 0, f->hello_len);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_OK);
	assert_named(f, NAME);
}

static void test_datagrams_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes payload = crypto_payload(f, 0, 10);

	for (unsigned int i = 0; i < ZR_QUIC_DATAGRAMS_MAX; i++)
		assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
	payload = crypto_payload(f, 0, f->hello_len);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_BAD);
}

static void test_no_memory(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes payload = crypto_payload(f, 0, 10);

	open_pool(f, 0);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
	payload = crypto_payload(f, 0, f->hello_len);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_OK);
	assert_named(f, NAME);
}

static void test_a_buffer_given_up_in_between(void **state)
{
	struct fixture *f = *state;
	struct quic_header header = header_of(QUIC_V1, 0x51);
	struct quic_bytes payload = crypto_payload(f, 0, 60);

	open_pool(f, 4096); /* one buffer */
	f->client.owner = 3;
	assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
	assert_non_null(f->client.held);
	zr_assembly_put(f->pool, zr_assembly_get(f->pool, 4));
	assert_null(f->client.held);
	payload = crypto_payload(f, 60, f->hello_len - 60);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_MORE);
	payload = crypto_payload(f, 0, 60);
	assert_int_equal(feed_packet(f, &header, &payload), ZR_OK);
	assert_named(f, NAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whole_hello_in_one_frame_needs_no_buffer),
		TEST(test_hello_without_name),
		TEST(test_every_truncation),
		TEST(test_hello_over_two_datagrams_in_either_order),
		TEST(test_every_cut_into_two_frames_backwards),
		TEST(test_coalesced_packets),
		TEST(test_coalesced_initial_of_another_connection_is_ignored),
		TEST(test_zero_rtt_alone_is_none),
		TEST(test_servers_initial_does_not_open),
		TEST(test_id_changes_to_the_servers),
		TEST(test_retry_starts_over_with_new_keys),
		TEST(test_a_new_attempt_forgets_the_old_one),
		TEST(test_noise_does_not_end_the_attempt),
		TEST(test_conflicting_overlap_is_a_spoof),
		TEST(test_crypto_that_is_no_hello),
		TEST(test_largest_hello),
		TEST(test_offsets_behind_the_bound_are_refused),
		TEST(test_datagrams_are_bounded),
		TEST(test_no_memory),
		TEST(test_a_buffer_given_up_in_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The hello of DTLS at its edges. */
#include "tests/unit/inspect/dtls_fixture.h"

#define ALERT 21

/*
 * The first datagram of `openssl s_client -dtls1_2 -servername hop.lop.example.vn -cipher ECDHE-RSA-AES128-GCM-SHA256` of
 * OpenSSL 3.0.
 */
static const uint8_t openssl_datagram[] = {
	0x16, 0xfe, 0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa7, 0x01, 0x00, 0x00, 0x9b, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9b, 0xfe, 0xfd, 0xd2, 0x15, 0x05, 0xef, 0xc9, 0x21, 0xcf, 0xa5, 0x3c,
	0x80, 0xd4, 0x9b, 0x7b, 0xdd, 0x1f, 0x72, 0xa1, 0x00, 0x6d, 0x0b, 0x84, 0xa1, 0xf3, 0x05, 0x2b, 0xf9, 0x21,
	0x53, 0x80, 0xf7, 0xc2, 0xb0, 0x00, 0x00, 0x00, 0x04, 0xc0, 0x2f, 0x00, 0xff, 0x01, 0x00, 0x00, 0x6d, 0x00,
	0x00, 0x00, 0x17, 0x00, 0x15, 0x00, 0x00, 0x12, 0x68, 0x6f, 0x70, 0x2e, 0x6c, 0x6f, 0x70, 0x2e, 0x65, 0x78,
	0x61, 0x6d, 0x70, 0x6c, 0x65, 0x2e, 0x76, 0x6e, 0x00, 0x0b, 0x00, 0x04, 0x03, 0x00, 0x01, 0x02, 0x00, 0x0a,
	0x00, 0x0c, 0x00, 0x0a, 0x00, 0x1d, 0x00, 0x17, 0x00, 0x1e, 0x00, 0x19, 0x00, 0x18, 0x00, 0x23, 0x00, 0x00,
	0x00, 0x16, 0x00, 0x00, 0x00, 0x17, 0x00, 0x00, 0x00, 0x0d, 0x00, 0x2a, 0x00, 0x28, 0x04, 0x03, 0x05, 0x03,
	0x06, 0x03, 0x08, 0x07, 0x08, 0x08, 0x08, 0x09, 0x08, 0x0a, 0x08, 0x0b, 0x08, 0x04, 0x08, 0x05, 0x08, 0x06,
	0x04, 0x01, 0x05, 0x01, 0x06, 0x01, 0x03, 0x03, 0x03, 0x01, 0x03, 0x02, 0x04, 0x02, 0x05, 0x02, 0x06, 0x02,
};

static void test_hello_of_openssl(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(feed_bytes(f, openssl_datagram, sizeof(openssl_datagram)), ZR_OK);
	assert_named(f, NAME, false);
}

static void test_every_prefix_of_a_datagram_says_nothing(void **state)
{
	struct fixture *f = *state;

	for (size_t len = 0; len < sizeof(openssl_datagram); len++) {
		assert_int_equal(feed_bytes(f, openssl_datagram, len), ZR_NONE);
		assert_null(f->client.held);
	}
}

static void test_hello_without_name(void **state)
{
	struct fixture *f = *state;

	dtls_make_hello(&f->hello, NULL, 0, 0);
	assert_int_equal(feed_fragment(f, 0, f->hello.len), ZR_OK);
	assert_named(f, "", false);
}

static void test_versions(void **state)
{
	static const struct {
		unsigned int version;
		enum zr_result result;
	} cases[] = {
		{DTLS_1_0, ZR_OK}, {DTLS_1_2, ZR_OK}, {0xfefc, ZR_OK}, {0x0303, ZR_NONE}, {0xfdff, ZR_NONE},
	};
	struct fixture *f = *state;
	uint8_t body[1024];
	size_t len;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		len = dtls_put_fragment(body, &f->hello, 0, f->hello.len);
		len = dtls_put_record(f->datagram, HANDSHAKE, (uint16_t)cases[i].version, 0, body, len);
		assert_int_equal(feed_bytes(f, f->datagram, len), cases[i].result);
	}
	/* The hello's own version. */
	f->hello.body[0] = 3;
	assert_int_equal(feed_fragment(f, 0, f->hello.len), ZR_BAD);
}

static void test_other_records_are_passed_over(void **state)
{
	static const uint8_t alert[] = {1, 0};
	struct fixture *f = *state;
	size_t len = dtls_put_record(f->datagram, ALERT, DTLS_1_2, 0, alert, sizeof(alert));

	len += dtls_put_record(f->datagram + len, HANDSHAKE, DTLS_1_2, 0, alert, 0);
	len += dtls_put_datagram(f->datagram + len, &f->hello, 0, f->hello.len);
	assert_int_equal(feed_bytes(f, f->datagram, len), ZR_OK);
	assert_named(f, NAME, false);
}

static void test_an_encrypted_record_is_no_hello(void **state)
{
	struct fixture *f = *state;
	uint8_t body[1024];
	size_t len = dtls_put_fragment(body, &f->hello, 0, f->hello.len);

	len = dtls_put_record(f->datagram, HANDSHAKE, DTLS_1_2, 1, body, len);
	assert_int_equal(feed_bytes(f, f->datagram, len), ZR_NONE);
}

static void test_a_record_longer_than_its_datagram_ends_it(void **state)
{
	struct fixture *f = *state;
	size_t len = dtls_put_datagram(f->datagram, &f->hello, 0, f->hello.len);

	f->datagram[12]++;
	assert_int_equal(feed_bytes(f, f->datagram, len), ZR_NONE);
}

static void test_other_messages_are_passed_over(void **state)
{
	static const uint8_t certificate[DTLS_FRAGMENT_HEADER + 3] = {[0] = 11, [3] = 3, [11] = 3};
	struct fixture *f = *state;
	uint8_t body[1024];
	size_t len = sizeof(certificate);

	memcpy(body, certificate, len);
	len += dtls_put_fragment(body + len, &f->hello, 0, f->hello.len);
	len = dtls_put_record(f->datagram, HANDSHAKE, DTLS_1_2, 0, body, len);
	assert_int_equal(feed_bytes(f, f->datagram, len), ZR_OK);
	assert_named(f, NAME, false);
}

static void test_fragments_of_a_record(void **state)
{
	struct fixture *f = *state;
	uint8_t body[2048];
	size_t len = 0;

	for (size_t at = 0; at < f->hello.len; at += 10)
		len += dtls_put_fragment(body + len, &f->hello, at, f->hello.len - at < 10 ? f->hello.len - at : 10);
	len = dtls_put_record(f->datagram, HANDSHAKE, DTLS_1_2, 0, body, len);
	assert_int_equal(feed_bytes(f, f->datagram, len), ZR_OK);
	assert_named(f, NAME, false);
}

static void test_single_bytes_backwards(void **state)
{
	struct fixture *f = *state;

	assert_true(f->hello.len <= ZR_DTLS_DATAGRAMS_MAX);
	for (size_t at = f->hello.len; at-- > 0;)
		assert_int_equal(feed_fragment(f, at, 1), at == 0 ? ZR_OK : ZR_MORE);
	assert_named(f, NAME, false);
}

static void test_the_largest_hello(void **state)
{
	struct fixture *f = *state;

	dtls_make_hello(&f->hello, NAME, 0, 0);
	dtls_make_hello(&f->hello, NAME, 0, ZR_HELLO_MAX - 4 - f->hello.len);
	assert_int_equal(f->hello.len, ZR_HELLO_MAX - 4);
	for (size_t at = 0; at < f->hello.len; at += 1000) {
		size_t len = f->hello.len - at < 1000 ? f->hello.len - at : 1000;

		assert_int_equal(feed_fragment(f, at, len), at + len == f->hello.len ? ZR_OK : ZR_MORE);
	}
	assert_named(f, NAME, false);
}

static void test_a_larger_one_is_left_alone(void **state)
{
	struct fixture *f = *state;

	dtls_make_hello(&f->hello, NAME, 0, 0);
	dtls_make_hello(&f->hello, NAME, 0, ZR_HELLO_MAX - 3 - f->hello.len);
	assert_int_equal(f->hello.len, ZR_HELLO_MAX - 3);
	assert_int_equal(feed_fragment(f, 0, f->hello.len), ZR_NONE);
	assert_null(f->client.held);
}

static void test_fragments_that_do_not_fit_their_message(void **state)
{
	struct fixture *f = *state;
	size_t len = dtls_put_datagram(f->datagram, &f->hello, 0, f->hello.len);
	uint8_t *fragment = f->datagram + DTLS_RECORD_HEADER;

	fragment[8] = 1; /* offset */
	assert_int_equal(feed_bytes(f, f->datagram, len), ZR_NONE);
	fragment[6] = 0xff;
	assert_int_equal(feed_bytes(f, f->datagram, len), ZR_NONE);
	fragment[6] = fragment[8] = 0;
	fragment[11]++; /* length: one more than the record holds */
	assert_int_equal(feed_bytes(f, f->datagram, len), ZR_NONE);
}

static void test_overlap_with_other_bytes_is_spoof(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(feed_fragment(f, 0, 100), ZR_MORE);
	f->hello.body[99] ^= 1;
	assert_int_equal(feed_fragment(f, 99, f->hello.len - 99), ZR_OK);
	assert_named(f, NAME, true);
}

static void test_the_first_copy_is_told(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(feed_fragment(f, 1, f->hello.len - 1), ZR_MORE);
	dtls_make_hello(&f->hello, "tra.phi.example.vn", 0, 0);
	assert_int_equal(feed_fragment(f, 0, f->hello.len), ZR_OK);
	assert_named(f, NAME, true);
}

static void test_two_lengths_of_one_hello_are_spoof(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(feed_fragment(f, 0, 100), ZR_MORE);
	f->hello.len--;
	assert_int_equal(feed_fragment(f, 100, f->hello.len - 100), ZR_MORE);
	f->hello.len++;
	assert_int_equal(feed_fragment(f, 100, f->hello.len - 100), ZR_OK);
	assert_named(f, NAME, true);
}

static void test_empty_fragments(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(feed_fragment(f, 0, 0), ZR_MORE);
	assert_int_equal(feed_fragment(f, f->hello.len, 0), ZR_MORE);
	assert_int_equal(feed_fragment(f, 0, f->hello.len), ZR_OK);
	assert_named(f, NAME, false);
	stop(f);
	f->hello.len = 0;
	assert_int_equal(feed_fragment(f, 0, 0), ZR_BAD);
}

static void test_hello_with_cookie(void **state)
{
	struct fixture *f = *state;

	for (size_t cookie_len = 1; cookie_len < 256; cookie_len += 254 / 2) {
		dtls_make_hello(&f->hello, NAME, cookie_len, 0);
		assert_int_equal(feed_fragment(f, 0, f->hello.len), ZR_OK);
		assert_named(f, NAME, false);
	}
}

static void test_hello_with_cookie_replaces_the_one_before(void **state)
{
	struct fixture *f = *state;
	struct dtls_hello first = f->hello;

	assert_int_equal(feed_fragment(f, 0, first.len - 1), ZR_MORE);
	dtls_make_hello(&f->hello, NAME, 20, 0);
	assert_int_equal(feed_fragment(f, 0, 100), ZR_MORE);
	/* What is left of the first comes too late. */
	assert_int_equal(feed_bytes(f, f->datagram, dtls_put_datagram(f->datagram, &first, 0, first.len)), ZR_MORE);
	assert_int_equal(feed_fragment(f, 100, f->hello.len - 100), ZR_OK);
	assert_named(f, NAME, false);
}

static void test_whole_hello_with_cookie_behind_a_part_of_the_first(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(feed_fragment(f, 0, 100), ZR_MORE);
	dtls_make_hello(&f->hello, NAME, 20, 0);
	assert_int_equal(feed_fragment(f, 0, f->hello.len), ZR_OK);
	assert_named(f, NAME, false);
}

static void test_later_messages_are_no_hello(void **state)
{
	struct fixture *f = *state;

	f->hello.message_seq = 2;
	assert_int_equal(feed_fragment(f, 0, f->hello.len), ZR_NONE);
}

static void test_broken_hello(void **state)
{
	struct fixture *f = *state;

	f->hello.len--;
	assert_int_equal(feed_fragment(f, 0, f->hello.len), ZR_BAD);
	assert_int_equal(feed_fragment(f, 0, 100), ZR_MORE);
	assert_int_equal(feed_fragment(f, 100, f->hello.len - 100), ZR_BAD);
}

static void test_the_bound_of_datagrams(void **state)
{
	struct fixture *f = *state;

	for (unsigned int i = 0; i < ZR_DTLS_DATAGRAMS_MAX; i++)
		assert_int_equal(feed_fragment(f, 0, 100), ZR_MORE);
	assert_int_equal(feed_fragment(f, 100, f->hello.len - 100), ZR_BAD);
}

static void test_datagrams_of_other_protocols(void **state)
{
	static const uint8_t stun[20] = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42};
	struct fixture *f = *state;
	uint8_t rtp[200] = {0x80, 0x60};

	assert_int_equal(feed_bytes(f, stun, sizeof(stun)), ZR_NONE);
	assert_int_equal(feed_bytes(f, rtp, sizeof(rtp)), ZR_NONE);
	rtp[1] = 0xfe; /* payload type 126 with the marker set */
	assert_int_equal(feed_bytes(f, rtp, sizeof(rtp)), ZR_NONE);
	assert_int_equal(feed_fragment(f, 0, f->hello.len), ZR_OK);
}

static void test_given_up_for_want_of_memory(void **state)
{
	struct fixture *f = *state;
	struct zr_assembly_pool *pool = f->pool;
	static _Alignas(64) uint8_t memory[4096];

	/* A pool without a single buffer. */
	f->pool = zr_assembly_pool_init(memory, 0, given_up, f);
	assert_int_equal(feed_fragment(f, 0, 100), ZR_MORE);
	assert_null(f->client.held);
	f->pool = pool;
	assert_int_equal(feed_fragment(f, 0, 100), ZR_MORE);
	assert_non_null(f->client.held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hello_of_openssl),
		TEST(test_every_prefix_of_a_datagram_says_nothing),
		TEST(test_hello_without_name),
		TEST(test_versions),
		TEST(test_other_records_are_passed_over),
		TEST(test_an_encrypted_record_is_no_hello),
		TEST(test_a_record_longer_than_its_datagram_ends_it),
		TEST(test_other_messages_are_passed_over),
		TEST(test_fragments_of_a_record),
		TEST(test_single_bytes_backwards),
		TEST(test_the_largest_hello),
		TEST(test_a_larger_one_is_left_alone),
		TEST(test_fragments_that_do_not_fit_their_message),
		TEST(test_overlap_with_other_bytes_is_spoof),
		TEST(test_the_first_copy_is_told),
		TEST(test_two_lengths_of_one_hello_are_spoof),
		TEST(test_empty_fragments),
		TEST(test_hello_with_cookie),
		TEST(test_hello_with_cookie_replaces_the_one_before),
		TEST(test_whole_hello_with_cookie_behind_a_part_of_the_first),
		TEST(test_later_messages_are_no_hello),
		TEST(test_broken_hello),
		TEST(test_the_bound_of_datagrams),
		TEST(test_datagrams_of_other_protocols),
		TEST(test_given_up_for_want_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/inspect/tls.h"
#include "tests/support/guard.h"
#include "tests/support/hello.h"

#define SESSION_ID_LEN_AT 38 /* where things stand in a message of hello_message */
#define CIPHERS_LEN_AT    71
#define COMPRESSIONS_AT   79
#define EXTENSIONS_AT     81

/* The ClientHello of RFC 9001, appendix A.2. */
static const uint8_t rfc9001_hello[] = {
	0x01, 0x00, 0x00, 0xed, 0x03, 0x03, 0xeb, 0xf8, 0xfa, 0x56, 0xf1, 0x29, 0x39, 0xb9, 0x58, 0x4a, 0x38, 0x96,
	0x47, 0x2e, 0xc4, 0x0b, 0xb8, 0x63, 0xcf, 0xd3, 0xe8, 0x68, 0x04, 0xfe, 0x3a, 0x47, 0xf0, 0x6a, 0x2b, 0x69,
	0x48, 0x4c, 0x00, 0x00, 0x04, 0x13, 0x01, 0x13, 0x02, 0x01, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x10, 0x00,
	0x0e, 0x00, 0x00, 0x0b, 0x65, 0x78, 0x61, 0x6d, 0x70, 0x6c, 0x65, 0x2e, 0x63, 0x6f, 0x6d, 0xff, 0x01, 0x00,
	0x01, 0x00, 0x00, 0x0a, 0x00, 0x08, 0x00, 0x06, 0x00, 0x1d, 0x00, 0x17, 0x00, 0x18, 0x00, 0x10, 0x00, 0x07,
	0x00, 0x05, 0x04, 0x61, 0x6c, 0x70, 0x6e, 0x00, 0x05, 0x00, 0x05, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x33,
	0x00, 0x26, 0x00, 0x24, 0x00, 0x1d, 0x00, 0x20, 0x93, 0x70, 0xb2, 0xc9, 0xca, 0xa4, 0x7f, 0xba, 0xba, 0xf4,
	0x55, 0x9f, 0xed, 0xba, 0x75, 0x3d, 0xe1, 0x71, 0xfa, 0x71, 0xf5, 0x0f, 0x1c, 0xe1, 0x5d, 0x43, 0xe9, 0x94,
	0xec, 0x74, 0xd7, 0x48, 0x00, 0x2b, 0x00, 0x03, 0x02, 0x03, 0x04, 0x00, 0x0d, 0x00, 0x10, 0x00, 0x0e, 0x04,
	0x03, 0x05, 0x03, 0x06, 0x03, 0x02, 0x03, 0x08, 0x04, 0x08, 0x05, 0x08, 0x06, 0x00, 0x2d, 0x00, 0x02, 0x01,
	0x01, 0x00, 0x1c, 0x00, 0x02, 0x40, 0x01, 0x00, 0x39, 0x00, 0x32, 0x04, 0x08, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0x05, 0x04, 0x80, 0x00, 0xff, 0xff, 0x07, 0x04, 0x80, 0x00, 0xff, 0xff, 0x08, 0x01, 0x10,
	0x01, 0x04, 0x80, 0x00, 0x75, 0x30, 0x09, 0x01, 0x10, 0x0f, 0x08, 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57,
	0x08, 0x06, 0x04, 0x80, 0x00, 0xff, 0xff,
};

static uint8_t scratch[ZR_HELLO_MAX];
static uint8_t extensions[HELLO_ROOM], message[HELLO_ROOM], stream[8 * HELLO_ROOM];

/* Read a message that ends at a guard page. */
static enum zr_result read_message(const uint8_t *data, size_t len, struct zr_hello *out, size_t *need)
{
	struct guard guard;
	enum zr_result result;

	memset(out, 0xee, sizeof(*out));
	*need = 0;
	result = zr_tls_hello_message(guard_copy(&guard, data, len), len, out, need);
	guard_free(&guard);
	return result;
}

static enum zr_result read_stream(const uint8_t *data, size_t len, struct zr_hello *out, size_t *used, size_t *need)
{
	struct guard guard, guard_scratch;
	enum zr_result result;

	memset(out, 0xee, sizeof(*out));
	*used = *need = 0;
	result = zr_tls_hello_stream(guard_copy(&guard, data, len), len,
				     guard_copy(&guard_scratch, scratch, ZR_HELLO_MAX), out, used, need);
	guard_free(&guard_scratch);
	guard_free(&guard);
	return result;
}

/* A message with these extensions is a hello with this name. */
static void assert_name(const uint8_t *ext, size_t ext_len, const char *name)
{
	size_t len = hello_message(message, ext, ext_len);
	struct zr_hello hello;
	size_t need;

	assert_int_equal(read_message(message, len, &hello, &need), ZR_OK);
	assert_string_equal(hello.name, name);
	assert_int_equal(hello.name_len, strlen(name));
	assert_false(hello.malformed_name);
}

/* … with a name that is none. */
static void assert_malformed(const uint8_t *ext, size_t ext_len)
{
	size_t len = hello_message(message, ext, ext_len);
	struct zr_hello hello;
	size_t need;

	assert_int_equal(read_message(message, len, &hello, &need), ZR_OK);
	assert_int_equal(hello.name_len, 0);
	assert_true(hello.malformed_name);
}

static void assert_message(size_t len, enum zr_result expected)
{
	struct zr_hello hello;
	size_t need;

	assert_int_equal(read_message(message, len, &hello, &need), expected);
}

static void test_hello_of_rfc9001(void **state)
{
	struct zr_hello hello;
	size_t need;

	(void)state;
	assert_int_equal(read_message(rfc9001_hello, sizeof(rfc9001_hello), &hello, &need), ZR_OK);
	assert_string_equal(hello.name, "example.com");
	assert_int_equal(hello.name_len, 11);
	assert_false(hello.malformed_name);
	assert_false(hello.ech);
}

static void test_every_prefix_of_a_message_needs_more(void **state)
{
	struct zr_hello hello;
	size_t need;

	(void)state;
	for (size_t len = 0; len < sizeof(rfc9001_hello); len++) {
		assert_int_equal(read_message(rfc9001_hello, len, &hello, &need), ZR_MORE);
		assert_int_equal(need, len < 4 ? 4 : sizeof(rfc9001_hello));
	}
}

static void test_name_stands_anywhere(void **state)
{
	(void)state;
	for (unsigned int at = 0; at <= 100; at += 10) {
		size_t len = hello_stream(stream, "thi.moet.gov.vn", 1800, at, 16384);
		struct zr_hello hello;
		size_t used, need;

		assert_int_equal(read_stream(stream, len, &hello, &used, &need), ZR_OK);
		assert_string_equal(hello.name, "thi.moet.gov.vn");
		assert_int_equal(used, len);
	}
}

static void test_name_is_canonical(void **state)
{
	(void)state;
	assert_name(extensions, hello_server_name(extensions, "Www.OLM.vn"), "www.olm.vn");
	assert_name(extensions, hello_server_name(extensions, "olm.vn."), "olm.vn");
}

static void test_hello_without_name(void **state)
{
	(void)state;
	assert_name(NULL, 0, "");
	assert_name(extensions, hello_extension(extensions, 43, "\x02\x03\x04", 3), "");
}

static void test_malformed_names(void **state)
{
	static const struct {
		const char *body;
		size_t len;
	} lists[] = {
		{"", 0},                     /* no list */
		{"\0\0", 2},                 /* an empty list */
		{"\0\3\0\0\0", 5},           /* an empty name */
		{"\0\4\0\0\2a", 6},          /* a name longer than the list */
		{"\0\5\0\0\1a", 6},          /* a list longer than the extension */
		{"\0\4\0\0\1ab", 7},         /* a byte behind the list */
		{"\0\5\0\0\1a\0", 7},        /* a name type alone at the end */
		{"\0\x8\0\0\1a\0\0\1b", 10}, /* two host names */
		{"\0\x6\0\0\3a\0b", 8},      /* a zero inside the name */
		{"\0\x6\0\0\3a/b", 8},       /* no host name's character */
		{"\0\xa\0\0\7[::1]:1", 12},  /* an address */
		{"\0\x4\1\0\1a", 6},         /* no host name at all */
		{"\0\x8\0\0\1a\1\0\4b", 10}, /* a later entry is cut short */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_malformed(extensions, hello_extension(extensions, 0, lists[i].body, lists[i].len));
	memset(message, 'a', 300);
	message[300] = '\0';
	assert_malformed(extensions, hello_server_name(extensions, (const char *)message));
}

static void test_host_name_among_other_name_types(void **state)
{
	size_t len = hello_extension(extensions, 0, "\0\x10\7\0\2xy\0\0\4a.vn\7\0\1z", 18);

	(void)state;
	assert_name(extensions, len, "a.vn");
}

static void test_two_server_name_extensions_are_bad(void **state)
{
	size_t len = hello_server_name(extensions, "a.vn");

	(void)state;
	len += hello_server_name(extensions + len, "b.vn");
	assert_message(hello_message(message, extensions, len), ZR_BAD);
}

static void test_ech_is_told_with_the_outer_name(void **state)
{
	size_t len = hello_extension(extensions, 0xfe0d, NULL, 200);
	struct zr_hello hello;
	size_t need;

	(void)state;
	len += hello_server_name(extensions + len, "cover.example");
	len = hello_message(message, extensions, len);
	assert_int_equal(read_message(message, len, &hello, &need), ZR_OK);
	assert_true(hello.ech);
	assert_string_equal(hello.name, "cover.example");
}

static void test_source_and_spoof_are_left_alone(void **state)
{
	struct zr_hello hello = {.source = ZR_SOURCE_DTLS_SNI, .spoof = true};
	size_t need;

	(void)state;
	assert_int_equal(zr_tls_hello_message(rfc9001_hello, sizeof(rfc9001_hello), &hello, &need), ZR_OK);
	assert_int_equal(hello.source, ZR_SOURCE_DTLS_SNI);
	assert_true(hello.spoof);
}

static void test_broken_messages_are_bad(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = {
		{4, 2},                  /* version 2.x */
		{4, 0xfe},               /* DTLS's */
		{SESSION_ID_LEN_AT, 33}, /* longer than 32 */
		{SESSION_ID_LEN_AT, 255},
		{CIPHERS_LEN_AT, 0xff},   /* past the end */
		{CIPHERS_LEN_AT + 1, 0},  /* none */
		{CIPHERS_LEN_AT + 1, 5},  /* odd */
		{COMPRESSIONS_AT, 0},     /* none */
		{COMPRESSIONS_AT, 255},   /* past the end */
		{EXTENSIONS_AT, 1},       /* longer than the message */
		{EXTENSIONS_AT + 1, 5},   /* shorter: bytes behind */
		{EXTENSIONS_AT + 5, 200}, /* an extension longer than the list */
	};
	size_t len = hello_message(message, extensions, hello_server_name(extensions, "olm.vn"));

	(void)state;
	assert_message(len, ZR_OK);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t saved = message[changes[i].at];

		message[changes[i].at] = changes[i].value;
		assert_message(len, ZR_BAD);
		message[changes[i].at] = saved;
	}
}

static void test_message_cut_inside_is_bad(void **state)
{
	size_t len = hello_message(message, extensions, hello_server_name(extensions, "olm.vn"));

	(void)state;
	for (size_t cut = 4; cut < len; cut++) {
		message[2] = (uint8_t)((cut - 4) >> 8);
		message[3] = (uint8_t)(cut - 4);
		/* one place is a good end: behind the compression methods */
		assert_message(cut, cut == EXTENSIONS_AT ? ZR_OK : ZR_BAD);
	}
}

static void test_other_messages_are_none(void **state)
{
	struct zr_hello hello;
	size_t used, need;

	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		size_t len = hello_message(message, NULL, 0);

		if (type == 1)
			continue;
		message[0] = (uint8_t)type;
		assert_message(len, ZR_NONE);
		len = hello_records(stream, message, len, 10);
		assert_int_equal(read_stream(stream, len, &hello, &used, &need), ZR_NONE);
		assert_int_equal(read_stream(stream, 6, &hello, &used, &need), ZR_NONE);
	}
}

/*
 * Feed a stream of len bytes byte by byte as whoever waits for *need does. Returns how often it was read until the end, and
 * checks that nothing else was to be had before.
 */
static unsigned int read_as_it_comes(size_t len, const char *name)
{
	struct zr_hello hello;
	unsigned int reads = 0;
	size_t used, need = 1;

	for (;;) {
		enum zr_result result;

		assert_true(need <= len);
		result = zr_tls_hello_stream(stream, need, scratch, &hello, &used, &need);
		reads++;
		if (result != ZR_MORE) {
			assert_int_equal(result, ZR_OK);
			assert_int_equal(used, len);
			assert_string_equal(hello.name, name);
			return reads;
		}
	}
}

static void test_hello_over_records_of_any_length(void **state)
{
	size_t message_len = hello_message(message, extensions, hello_server_name(extensions, "olm.vn"));
	struct zr_hello hello;
	size_t used, need;

	(void)state;
	for (size_t fragment_len = 1; fragment_len <= message_len; fragment_len++) {
		size_t len = hello_records(stream, message, message_len, fragment_len);

		for (size_t n = 0; n < len; n++) {
			assert_int_equal(read_stream(stream, n, &hello, &used, &need), ZR_MORE);
			assert_in_range(need, n + 1, len);
		}
		assert_int_equal(read_stream(stream, len, &hello, &used, &need), ZR_OK);
		assert_string_equal(hello.name, "olm.vn");
		assert_int_equal(used, len);
	}
}

static void test_reads_stay_few_however_it_is_cut(void **state)
{
	(void)state;
	for (size_t total = 150; total < ZR_HELLO_MAX; total = total * 5 / 4) {
		for (size_t fragment_len = 1; fragment_len < 3000; fragment_len = fragment_len * 2 + 1) {
			size_t len = hello_stream(stream, "olm.vn", total, 50, fragment_len);

			if (len <= ZR_HELLO_MAX)
				assert_in_range(read_as_it_comes(len, "olm.vn"), 1, 50);
		}
	}
}

static void test_largest_hello(void **state)
{
	size_t len = hello_stream(stream, "olm.vn", ZR_HELLO_MAX, 100, 16384);
	struct zr_hello hello;
	size_t used, need;

	(void)state;
	assert_int_equal(len, ZR_HELLO_MAX);
	assert_int_equal(read_stream(stream, len, &hello, &used, &need), ZR_OK);
	assert_string_equal(hello.name, "olm.vn");
	len = hello_stream(stream, "olm.vn", 10000, 100, 4000);
	assert_int_equal(read_stream(stream, len, &hello, &used, &need), ZR_OK);
	assert_string_equal(hello.name, "olm.vn");
}

static void test_hello_too_large_is_told_from_its_header(void **state)
{
	static const uint8_t starts[][12] = {
		{22, 3, 1, 0x40, 0, 1, 0, 0x40, 1, 3, 3, 0},
		{22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff, 22, 3, 1},
		{22, 3, 1, 0, 7, 1, 0, 0x40, 0, 3, 3, 0},
	};
	struct zr_hello hello;
	size_t used, need;

	(void)state;
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		assert_int_equal(read_stream(starts[i], sizeof(starts[i]), &hello, &used, &need), ZR_MORE);
		assert_true(need > ZR_HELLO_MAX);
	}
}

static void test_empty_records_are_borne_with_up_to_a_bound(void **state)
{
	static const uint8_t empty[] = {22, 3, 3, 0, 0};
	size_t message_len = hello_message(message, extensions, hello_server_name(extensions, "olm.vn"));
	struct zr_hello hello;
	size_t used, need;

	(void)state;
	for (size_t count = 0; count <= 40; count++) {
		size_t len = 0;

		for (size_t i = 0; i < count; i++, len += sizeof(empty))
			memcpy(stream + len, empty, sizeof(empty));
		len += hello_records(stream + len, message, message_len, 90);
		assert_int_equal(read_stream(stream, len, &hello, &used, &need), count <= 32 ? ZR_OK : ZR_BAD);
	}
}

static void test_what_follows_the_hello_is_not_used(void **state)
{
	size_t message_len = hello_message(message, extensions, hello_server_name(extensions, "olm.vn"));
	struct zr_hello hello;
	size_t used, need, len;

	(void)state;
	/* another message in the same record */
	memcpy(message + message_len, "\x14\0\0\4abcd", 8);
	len = hello_records(stream, message, message_len + 8, 16384);
	assert_int_equal(read_stream(stream, len, &hello, &used, &need), ZR_OK);
	assert_int_equal(used, len - 8);
	/* in the second of two records */
	len = hello_records(stream, message, message_len + 8, message_len - 3);
	assert_int_equal(read_stream(stream, len, &hello, &used, &need), ZR_OK);
	assert_int_equal(used, len - 8);
	/* another record: early data */
	len = hello_records(stream, message, message_len, 16384);
	memcpy(stream + len, "\x17\3\3\0\1x", 6);
	assert_int_equal(read_stream(stream, len + 6, &hello, &used, &need), ZR_OK);
	assert_int_equal(used, len);
}

static void test_any_3_x_record_version(void **state)
{
	struct zr_hello hello;
	size_t used, need;

	(void)state;
	for (unsigned int minor = 0; minor <= 4; minor++) {
		size_t len = hello_stream(stream, "olm.vn", 300, 0, 16384);

		stream[2] = (uint8_t)minor;
		assert_int_equal(read_stream(stream, len, &hello, &used, &need), ZR_OK);
	}
}

static void test_streams_that_are_not_tls(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} streams[] = {
		{"\x80\x2e\x01\x03\x01\0\x15\0\0\0\x10", 11}, /* SSL 2 compatible hello */
		{"GET / HTTP/1.1\r\n", 16},
		{"\x17\3\3\0\x20", 5},       /* application data */
		{"\x15\3\3\0\2\1\0", 7},     /* alert */
		{"\x16\xfe\xff\0\0\0\0", 7}, /* DTLS */
		{"\x16\2", 2},               /* version 2.x */
		{"\x16\3\1\x40\1\1", 6},     /* a record longer than any */
	};
	struct zr_hello hello;
	size_t used, need;

	(void)state;
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++)
		assert_int_equal(read_stream((const uint8_t *)streams[i].bytes, streams[i].len, &hello, &used, &need),
				 ZR_NONE);
}

static void test_other_record_inside_the_hello_is_bad(void **state)
{
	size_t message_len = hello_message(message, extensions, hello_server_name(extensions, "olm.vn"));
	size_t len = hello_records(stream, message, message_len, 50);
	struct zr_hello hello;
	size_t used, need;

	(void)state;
	stream[55] = 20;
	assert_int_equal(read_stream(stream, len, &hello, &used, &need), ZR_BAD);
	stream[55] = 22;
	stream[56] = 2;
	assert_int_equal(read_stream(stream, len, &hello, &used, &need), ZR_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello_of_rfc9001),
		cmocka_unit_test(test_every_prefix_of_a_message_needs_more),
		cmocka_unit_test(test_name_stands_anywhere),
		cmocka_unit_test(test_name_is_canonical),
		cmocka_unit_test(test_hello_without_name),
		cmocka_unit_test(test_malformed_names),
		cmocka_unit_test(test_host_name_among_other_name_types),
		cmocka_unit_test(test_two_server_name_extensions_are_bad),
		cmocka_unit_test(test_ech_is_told_with_the_outer_name),
		cmocka_unit_test(test_source_and_spoof_are_left_alone),
		cmocka_unit_test(test_broken_messages_are_bad),
		cmocka_unit_test(test_message_cut_inside_is_bad),
		cmocka_unit_test(test_other_messages_are_none),
		cmocka_unit_test(test_hello_over_records_of_any_length),
		cmocka_unit_test(test_reads_stay_few_however_it_is_cut),
		cmocka_unit_test(test_largest_hello),
		cmocka_unit_test(test_hello_too_large_is_told_from_its_header),
		cmocka_unit_test(test_empty_records_are_borne_with_up_to_a_bound),
		cmocka_unit_test(test_what_follows_the_hello_is_not_used),
		cmocka_unit_test(test_any_3_x_record_version),
		cmocka_unit_test(test_streams_that_are_not_tls),
		cmocka_unit_test(test_other_record_inside_the_hello_is_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

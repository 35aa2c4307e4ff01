/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers and strings: what is escaped, what is replaced, where a string is cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "control/record/json_writer.h"
#include "tests/support/guard.h"

/* Writes into memory that ends where the longest allowed result ends. */
static void check_string(const char *text, size_t room, const char *expected)
{
	static const uint8_t blank[256];
	struct guard guard;
	char *out = (char *)guard_copy(&guard, blank, room + 2);
	size_t len = (size_t)(zr_json_string(out, text, room) - out);

	assert_int_equal(len, strlen(expected));
	assert_memory_equal(out, expected, len);
	guard_free(&guard);
}

static void test_numbers(void **state)
{
	static const struct {
		uint64_t value;
		const char *text;
	} cases[] = {{0, "0"}, {9, "9"}, {10, "10"}, {UINT32_MAX, "4294967295"}, {UINT64_MAX, "18446744073709551615"}};
	char out[ZR_JSON_U64_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = (size_t)(zr_json_u64(out, cases[i].value) - out);

		assert_int_equal(len, strlen(cases[i].text));
		assert_memory_equal(out, cases[i].text, len);
	}
}

static void test_hex(void **state)
{
	char out[16];

	(void)state;
	assert_ptr_equal(zr_json_hex(out, 0xfedcba9876543210, 16), out + 16);
	assert_memory_equal(out, "fedcba9876543210", 16);
	zr_json_hex(out, 0xabcde, 4); /* higher digits are left out */
	assert_memory_equal(out, "bcde", 4);
	zr_json_hex(out, 7, 4);
	assert_memory_equal(out, "0007", 4);
}

static void test_plain_strings(void **state)
{
	(void)state;
	check_string("", 0, "\"\"");
	check_string(".olm.vn", 20, "\".olm.vn\"");
	check_string("!quangcao.olm.vn", 30, "\"!quangcao.olm.vn\"");
	check_string("203.162.10.0/24 udp 8801-8810", 40, "\"203.162.10.0/24 udp 8801-8810\"");
	check_string("h\xe1\xbb\x8d\x63.vn", 20, "\"h\xe1\xbb\x8d\x63.vn\"");
	check_string("\xf0\x9f\x8e\x93", 4, "\"\xf0\x9f\x8e\x93\"");
	check_string("\x7f", 4, "\"\x7f\"");
}

static void test_escapes(void **state)
{
	(void)state;
	check_string("\"", 10, "\"\\\"\"");
	check_string("\\", 10, "\"\\\\\"");
	check_string("a\nb\tc", 20, "\"a\\u000ab\\u0009c\"");
	check_string("\x01\x1f", 20, "\"\\u0001\\u001f\"");
}

static void test_not_utf8(void **state)
{
	(void)state;
	check_string("a\xff"
		     "b",
		     20,
		     "\"a\xef\xbf\xbd"
		     "b\"");
	check_string("\xe1\xbb", 20, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	check_string("\xc0\x80", 20, "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	check_string("\xed\xa0\x80.", 20, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd.\"");
}

static void test_cut(void **state)
{
	(void)state;
	check_string("abc", 3, "\"abc\"");
	check_string("abcd", 3, "\"abc\"");
	check_string("abc", 0, "\"\"");
	check_string("ab\xe1\xbb\x8d", 4, "\"ab\""); /* never inside a character */
	check_string("ab\n", 7, "\"ab\"");           /* nor inside an escape */
	check_string("ab\n", 8, "\"ab\\u000a\"");
	check_string("ab\"c", 3, "\"ab\"");
	check_string("ab\xff", 4, "\"ab\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers), cmocka_unit_test(test_hex),      cmocka_unit_test(test_plain_strings),
		cmocka_unit_test(test_escapes), cmocka_unit_test(test_not_utf8), cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

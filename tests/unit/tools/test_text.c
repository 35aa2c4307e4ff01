/* SPDX-License-Identifier: BSD-3-Clause */
/* Text for terminals: nothing a terminal obeys, widths in characters, cuts between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/guard.h"
#include "tools/zerorate/text.h"

static void check_clean(const char *text, size_t room, const char *expected)
{
	static const uint8_t blank[256];
	struct guard guard;
	char *out = (char *)guard_copy(&guard, blank, room);

	assert_int_equal(zr_text_clean(out, room, text), strlen(expected));
	assert_string_equal(out, expected);
	guard_free(&guard);
}

static void test_clean(void **state)
{
	(void)state;
	check_clean("", 1, "");
	check_clean(".olm.vn", 20, ".olm.vn");
	check_clean("h\xe1\xbb\x8d\x63.vn", 20, "h\xe1\xbb\x8d\x63.vn");
	check_clean("a\x1b[31mb\nc\x7f", 20, "a?[31mb?c?");
	check_clean("\xc2\x9b\x33\xc2\xa0", 20, "?3\xc2\xa0"); /* C1: an escape sequence in one character */
	/* U+2028, U+202E, U+2066: text that reads otherwise than it is; the mark U+200F belongs to texts of such scripts. */
	check_clean("a\xe2\x80\xa8z\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f", 20, "a?z??\xe2\x80\x8f");
	check_clean("\xff\xe1\xbb", 20, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void test_clean_cuts(void **state)
{
	(void)state;
	check_clean("abc", 4, "abc");
	check_clean("abcd", 4, "abc");
	check_clean("ab\xe1\xbb\x8d", 5, "ab"); /* not inside a character */
	check_clean("ab\xe1\xbb\x8d", 6, "ab\xe1\xbb\x8d");
	check_clean("\xff", 3, "");
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(zr_text_width(""), 0);
	assert_int_equal(zr_text_width("olm.vn"), 6);
	assert_int_equal(zr_text_width("h\xe1\xbb\x8d\x63.vn"), 6);
	assert_int_equal(zr_text_width("ho\xcc\xa3\x63.vn"), 6);  /* the same, decomposed */
	assert_int_equal(zr_text_width("e\xcc\x82\xcd\x81x"), 2); /* two marks on one letter */
	assert_int_equal(zr_text_width("\xcd\xb0"), 1);           /* U+0370 is a letter */
}

static void test_fit(void **state)
{
	(void)state;
	assert_int_equal(zr_text_fit("olm.vn", 0), 0);
	assert_int_equal(zr_text_fit("olm.vn", 3), 3);
	assert_int_equal(zr_text_fit("olm.vn", 6), 6);
	assert_int_equal(zr_text_fit("olm.vn", 60), 6);
	assert_int_equal(zr_text_fit("h\xe1\xbb\x8d\x63", 2), 4);
	assert_int_equal(zr_text_fit("ho\xcc\xa3\x63", 2), 4); /* a mark stays with its letter */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_clean_cuts),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

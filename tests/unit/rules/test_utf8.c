/* SPDX-License-Identifier: BSD-3-Clause */
/* Text of strangers on its way to a log or a terminal: what is masked, and what stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rules/utf8.h"
#include "tests/support/guard.h"

static void masks(const char *text, const char *wanted)
{
	struct guard guard;
	char *copy = (char *)(uintptr_t)guard_copy(&guard, text, strlen(text));

	assert_int_equal(zr_utf8_mask(copy, strlen(text)), strlen(wanted));
	assert_memory_equal(copy, wanted, strlen(wanted));
	guard_free(&guard);
}

static void masks_what_is_obeyed_or_unseen(void **state)
{
	(void)state;
	masks("", "");
	masks("Bộ Giáo dục \"và\" Đào tạo", "Bộ Giáo dục \"và\" Đào tạo");
	masks("a\x1b[2Jb\r\n\tc\x7f", "a?[2Jb???c?");
	masks("\xc2\x9b"
	      "31m\xc2\x85x\u00a0",
	      "?31m?x\u00a0"); /* C1: a terminal's own CSI and NEL */
	masks("list\u202evsc.\u2066\u200b\u00ad", "list?vsc.???");
	masks("\u200d\u0300", "\u200d\u0300"); /* joiners and accents are text */
	masks("\xff\xc3", "??");
	masks("\xe1\xbb", "??"); /* cut within a character */
	masks("\xc0\x80\xed\xa0\x80", "?????");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(masks_what_is_obeyed_or_unseen)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

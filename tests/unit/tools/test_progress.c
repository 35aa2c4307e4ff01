/* SPDX-License-Identifier: BSD-3-Clause */
/* The progress line: not early, not without a terminal, and gone when it is hidden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tools/zerorate/progress.h"

static void test_silent(void **state)
{
	struct zr_progress progress;

	(void)state;
	zr_progress_start(&progress, NULL, "a.pcap", 100);
	progress.next_ms = 0;
	for (unsigned int i = 0; i < 1000; i++)
		assert_false(zr_progress_due(&progress));
	zr_progress_hide(&progress);
}

static void test_not_early(void **state)
{
	struct zr_progress progress;

	(void)state;
	zr_progress_start(&progress, stderr, "a.pcap", 100);
	assert_false(zr_progress_due(&progress));
	progress.next_ms = 0; /* the time has come */
	progress.calls = 0;
	assert_true(zr_progress_due(&progress));
	assert_false(zr_progress_due(&progress)); /* the clock is not read every time */
}

static void test_lines(void **state)
{
	struct zr_progress progress;
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	(void)state;
	assert_non_null(file);
	zr_progress_start(&progress, file, "a.pcap", 100 << 20);
	zr_progress_hide(&progress); /* nothing is shown yet */
	assert_int_equal(fflush(file), 0);
	assert_int_equal(len, 0);
	zr_progress_show(&progress, 25 << 20, 1234);
	assert_string_equal(text, "\r\033[K 25 % of 100 MiB, 1234 packets  a.pcap");
	zr_progress_hide(&progress);
	assert_string_equal(text, "\r\033[K 25 % of 100 MiB, 1234 packets  a.pcap\r\033[K");
	fclose(file);
	free(text);
}

static void test_size_unknown(void **state)
{
	struct zr_progress progress;
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	(void)state;
	assert_non_null(file);
	zr_progress_start(&progress, file, "fifo", 0);
	zr_progress_show(&progress, 7 << 20, 9);
	assert_string_equal(text, "\r\033[K7 MiB, 9 packets  fifo");
	fclose(file);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silent),
		cmocka_unit_test(test_not_early),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_size_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

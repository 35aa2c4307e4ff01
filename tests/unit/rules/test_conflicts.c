/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries that contradict each other. */
#include "tests/unit/rules/findings.h"

static void refuses_duplicates_with_overlapping_windows(void **state)
{
	(void)state;
	expect_errors(HEAD "a.vn,a,1\n"
			   "A.vn.,b,1\n"
			   ".b.vn,a,1,2026-01-01T00:00:00Z,2026-02-01T00:00:00Z\n"
			   ".b.vn,a,1,2026-02-01T00:00:00Z,2026-03-01T00:00:00Z\n"
			   "!c.vn,,\n"
			   "!c.vn,,,2026-01-01T00:00:00Z,\n",
		      "7:1: \"A.vn.\" and \"a.vn\" in line 6 are the same name at the same time: remove one of them, "
		      "or give them from and until that do not overlap\n"
		      "9:1: \".b.vn\" and \".b.vn\" in line 8 are the same name at the same time: remove one of them, "
		      "or give them from and until that do not overlap\n"
		      "11:1: \"!c.vn\" and \"!c.vn\" in line 10 are the same name at the same time: remove one of "
		      "them, or give them from and until that do not overlap\n");
}

static void refuses_both_kinds_of_subtree_of_one_name(void **state)
{
	(void)state;
	expect_errors(HEAD ".a.vn,a,1\n"
			   "*.a.vn,a,1\n",
		      "7:1: \"*.a.vn\" and \".a.vn\" in line 6 cover the same subdomains at the same time: remove one "
		      "of them, or give them from and until that do not overlap\n");
}

static void refuses_names_at_or_under_an_exclusion(void **state)
{
	(void)state;
	expect_errors(HEAD "x.a.vn,a,1\n"
			   ".a.vn,a,1\n"
			   "*.a.vn,a,1,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z\n"
			   "!a.vn,,\n"
			   ".vn,a,1,,,,,public-suffix-intended\n"
			   "ba.vn,a,1\n"
			   "!b.a.vn,,\n",
		      "6:1: \"x.a.vn\" is excluded by \"!a.vn\" in line 9 at the same time: remove one of them, or "
		      "give them from and until that do not overlap\n"
		      "7:1: \".a.vn\" is excluded by \"!a.vn\" in line 9 at the same time: remove one of them, or give "
		      "them from and until that do not overlap\n"
		      "8:1: \"*.a.vn\" and \".a.vn\" in line 7 cover the same subdomains at the same time: remove one "
		      "of them, or give them from and until that do not overlap\n");
}

static void refuses_equal_blocks_with_overlapping_ports(void **state)
{
	(void)state;
	expect_errors(
		HEAD "10.0.0.0/24 udp 5-10,a,1\n"
		     "10.0.0.0/24 udp 10-12,a,1\n"
		     "10.0.0.0/24,a,1\n"
		     "10.0.0.0/24,b,2\n"
		     "10.0.0.0/24 tcp,a,1\n"
		     "10.0.0.0/24 TCP,b,2\n"
		     "2001:db8::/32 tcp 1-65535,a,1\n"
		     "2001:DB8:0::/32 tcp 443,a,1\n",
		"7:1: \"10.0.0.0/24 udp 10-12\" and \"10.0.0.0/24 udp 5-10\" in line 6 cover the same addresses and "
		"ports at the same time: remove one of them, or give them from and until that do not overlap\n"
		"9:1: \"10.0.0.0/24\" and \"10.0.0.0/24\" in line 8 cover the same addresses and ports at the same "
		"time: remove one of them, or give them from and until that do not overlap\n"
		"11:1: \"10.0.0.0/24 TCP\" and \"10.0.0.0/24 tcp\" in line 10 cover the same addresses and ports at "
		"the same time: remove one of them, or give them from and until that do not overlap\n"
		"13:1: \"2001:DB8:0::/32 tcp 443\" and \"2001:db8::/32 tcp 1-65535\" in line 12 cover the same "
		"addresses and ports at the same time: remove one of them, or give them from and until that do not "
		"overlap\n");
}

static void an_early_long_window_is_not_forgotten_behind_short_ones(void **state)
{
	(void)state;
	expect_errors(HEAD "a.vn,a,1,2026-01-01T00:00:00Z,2026-12-31T00:00:00Z\n"
			   "a.vn,a,1,2026-02-01T00:00:00Z,2026-02-02T00:00:00Z\n"
			   "a.vn,a,1,2026-03-01T00:00:00Z,2026-03-02T00:00:00Z\n",
		      "7:1: \"a.vn\" and \"a.vn\" in line 6 are the same name at the same time: remove one of them, or "
		      "give them from and until that do not overlap\n"
		      "8:1: \"a.vn\" and \"a.vn\" in line 6 are the same name at the same time: remove one of them, or "
		      "give them from and until that do not overlap\n");
}

/* 2 * 10^10 pairs of rows: comparing each with each would not end. */
static void a_name_with_many_windows_is_read_in_time(void **state)
{
	const unsigned int rows = 200000;
	char *text = malloc(strlen(HEAD) + (size_t)rows * 80);
	struct zr_findings errors = {0};
	struct zr_list *list = NULL;
	size_t len;

	(void)state;
	assert_non_null(text);
	len = (size_t)sprintf(text, "%s", HEAD);
	for (unsigned int i = 0; i < rows; i++)
		len += (size_t)sprintf(text + len, "a.vn,a,1,%04u-01-01T%02u:%02u:00Z,%04u-01-01T%02u:%02u:59Z\n",
				       1000 + i / 1440, i / 60 % 24, i % 60, 1000 + i / 1440, i / 60 % 24, i % 60);
	assert_int_equal(zr_list_read(text, len, &list, &errors), 0);
	zr_list_free(list);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_duplicates_with_overlapping_windows),
		cmocka_unit_test(refuses_both_kinds_of_subtree_of_one_name),
		cmocka_unit_test(refuses_names_at_or_under_an_exclusion),
		cmocka_unit_test(refuses_equal_blocks_with_overlapping_ports),
		cmocka_unit_test(an_early_long_window_is_not_forgotten_behind_short_ones),
		cmocka_unit_test(a_name_with_many_windows_is_read_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

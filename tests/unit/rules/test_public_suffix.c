/* SPDX-License-Identifier: BSD-3-Clause */
/* Subtrees of public suffixes are refused unless the note says that they are meant. */
#include "tests/unit/rules/findings.h"

#include "rules/public_suffix.h"

#define FAULT(suffix)                                                                                             \
	"\"" suffix "\" is a public suffix, under which others register their names: write the domains that are " \
	"meant, or public-suffix-intended into the note if all of them are\n"

static void knows_registries_companies_and_what_nobody_registered(void **state)
{
	static const char *const suffixes[] = {"vn",       "edu.vn",        "gov.vn", "com", "github.io", "x.ck",
					       "xn--p1ai", "xn--55qx5d.cn", "local",  "_x",  "xn--hc-68s"};
	static const char *const others[] = {"olm.vn",      "moet.gov.vn",   "hanoi.edu.vn", "www.ck",
					     "a.github.io", "xn--hc-68s.vn", "foo.local",    "a.b.c.d.e.f.g.h.i.j.k"};

	(void)state;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (!zr_public_suffix_is(suffixes[i]))
			fail_msg("%s", suffixes[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (zr_public_suffix_is(others[i]))
			fail_msg("%s", others[i]);
}

static void refuses_subtrees_of_both_kinds_and_names_the_suffix(void **state)
{
	(void)state;
	expect_errors(HEAD ".edu.vn,a,1\n"
			   "*.COM.,a,1\n"
			   ".localdomain,a,1,,,,,not public-suffix-intended-at-all\n"
			   "*.公司.cn,a,1\n",
		      "6:1: " FAULT("edu.vn") "7:1: " FAULT("com") "8:1: " FAULT("localdomain") "9:1: " FAULT(
			      "xn--55qx5d.cn"));
}

static void a_list_without_notes_has_no_exception(void **state)
{
	(void)state;
	expect_errors(DIRECTIVES "match,service,rating_group\n.vn,a,1\n", "6:1: " FAULT("vn"));
}

static void exact_names_and_exclusions_are_not_concerned(void **state)
{
	struct made made = make_rows("edu.vn,a,1\n!com,,\n.hanoi.edu.vn,a,1\n10.0.0.0/24,a,1\n");

	(void)state;
	assert_string_equal(ask_name(made.image, "edu.vn", NOW_S), "edu.vn");
	assert_string_equal(ask_name(made.image, "a.com", NOW_S), "!com");
	unmake(&made);
}

static void the_word_in_the_note_is_enough(void **state)
{
	struct made made = make_rows(".edu.vn,a,1,,,,,public-suffix-intended\n"
				     "*.gov.vn,a,1,,,,,\"tất cả, Public-Suffix-Intended.\"\n"
				     ".io,a,1,,,,,(public-suffix-intended)\n");

	(void)state;
	assert_string_equal(ask_name(made.image, "a.edu.vn", NOW_S), ".edu.vn");
	assert_string_equal(ask_name(made.image, "a.gov.vn", NOW_S), "*.gov.vn");
	unmake(&made);
}

static void only_the_whole_word_counts(void **state)
{
	static const char *const notes[] = {"",
					    "public-suffix",
					    "xpublic-suffix-intended",
					    "public-suffix-intendedx",
					    "public-suffix-intended-not",
					    "public suffix intended",
					    "public-suffix-intendedệ",
					    "not-public-suffix-intended"};

	(void)state;
	for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		struct guard guard;
		size_t len = strlen(notes[i]);

		assert_false(zr_public_suffix_is_intended((const char *)guard_copy(&guard, notes[i], len), len));
		guard_free(&guard);
	}
	assert_true(zr_public_suffix_is_intended("x public-suffix-intended", 24));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_registries_companies_and_what_nobody_registered),
		cmocka_unit_test(refuses_subtrees_of_both_kinds_and_names_the_suffix),
		cmocka_unit_test(a_list_without_notes_has_no_exception),
		cmocka_unit_test(exact_names_and_exclusions_are_not_concerned),
		cmocka_unit_test(the_word_in_the_note_is_enough),
		cmocka_unit_test(only_the_whole_word_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

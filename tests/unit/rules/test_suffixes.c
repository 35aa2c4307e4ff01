/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/rules/lists.h"

#include "rules/siphash.h"

static const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

/* The paper's example (appendix A), and the first of the reference implementation's vectors: input 00, 01, 02… */
static void siphash_agrees_with_its_test_vectors(void **state)
{
	uint8_t input[15];

	(void)state;
	for (uint8_t i = 0; i < sizeof(input); i++)
		input[i] = i;
	assert_true(zr_siphash(key, input, 15) == 0xa129ca6149be45e5);
	assert_true(zr_siphash(key, input, 0) == 0x726fdb47dd0e0e31);
	assert_true(zr_siphash(key, input, 8) == 0x93f5f5799a932462);
}

static const char *ask(const struct zr_image *image, const struct zr_suffix_index *index, const char *name,
		       int64_t now_s)
{
	struct zr_suffixes suffixes;

	zr_suffixes_make(key, name, strlen(name), &suffixes);
	return rule_of(image, zr_suffix_index_match(index, &suffixes, now_s));
}

static void keeps_the_whole_name_and_suffixes_of_at_most_five_labels(void **state)
{
	struct zr_suffixes s;

	(void)state;
	zr_suffixes_make(key, "", 0, &s);
	assert_int_equal(s.count, 0);
	zr_suffixes_make(key, "vn", 2, &s);
	assert_int_equal(s.count, 1);
	assert_true(s.hash[0] == zr_siphash(key, "vn", 2) && !s.cut);
	zr_suffixes_make(key, "e.d.c.b.a", 9, &s);
	assert_int_equal(s.count, 5);
	assert_true(s.hash[0] == zr_siphash(key, "e.d.c.b.a", 9) && s.hash[4] == zr_siphash(key, "a", 1) && !s.cut);
	zr_suffixes_make(key, "f.e.d.c.b.a", 11, &s);
	assert_int_equal(s.count, 6);
	assert_true(s.hash[0] == zr_siphash(key, "f.e.d.c.b.a", 11) && !s.cut);
	assert_true(s.hash[1] == zr_siphash(key, "e.d.c.b.a", 9) && s.hash[5] == zr_siphash(key, "a", 1));
	zr_suffixes_make(key, "h.g.f.e.d.c.b.a", 15, &s);
	assert_int_equal(s.count, 6);
	assert_true(s.hash[0] == zr_siphash(key, "h.g.f.e.d.c.b.a", 15) && s.cut);
	assert_true(s.hash[1] == zr_siphash(key, "e.d.c.b.a", 9) && s.hash[5] == zr_siphash(key, "a", 1));
}

static void hashes_answer_like_names(void **state)
{
	static const char *const names[] = {
		"olm.vn",     "www.olm.vn",           "hocmai.vn",   "a.hocmai.vn", "x.olm.vn",
		"a.x.olm.vn", "1.2.3.4.5.6.7.olm.vn", "f.e.d.c.b.a", "vn",          "badolm.vn"};
	struct made made = make_rows(".olm.vn,a,1\nwww.olm.vn,a,1\n*.hocmai.vn,a,1\n!x.olm.vn,,\n"
				     "f.e.d.c.b.a,a,1,1970-01-01T00:01:40Z,\n.c.b.a,a,1\n");
	struct zr_suffix_index *index;

	(void)state;
	assert_int_equal(zr_suffix_index_make(made.image, key, &index), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (int64_t now_s = 99; now_s <= 100; now_s++)
			assert_string_equal(ask(made.image, index, names[i], now_s),
					    ask_name(made.image, names[i], now_s));
	zr_suffix_index_free(index);
	unmake(&made);
}

static void a_cut_name_under_a_deep_entry_has_no_match(void **state)
{
	struct made made = make_rows(".c.b.a,a,1\n!g.f.e.d.c.b.a,,\nz.y.x.w.v.c.b.a,a,1\n");
	struct zr_suffix_index *index;

	(void)state;
	assert_int_equal(zr_suffix_index_make(made.image, key, &index), 0);
	assert_string_equal(ask_name(made.image, "h.g.f.e.d.c.b.a", NOW_S), "!g.f.e.d.c.b.a");
	assert_string_equal(ask(made.image, index, "h.g.f.e.d.c.b.a", NOW_S), "");
	/* Whole names are never cut, and only the suffix above the deep entry is in doubt. */
	assert_string_equal(ask(made.image, index, "g.f.e.d.c.b.a", NOW_S), "!g.f.e.d.c.b.a");
	assert_string_equal(ask(made.image, index, "x.e.d.c.b.a", NOW_S), ".c.b.a");
	assert_string_equal(ask(made.image, index, "q.z.y.x.w.v.c.b.a", NOW_S), ".c.b.a");
	assert_string_equal(ask(made.image, index, "z.y.x.w.v.c.b.a", NOW_S), "z.y.x.w.v.c.b.a");
	zr_suffix_index_free(index);
	unmake(&made);
}

static void another_key_finds_nothing(void **state)
{
	const uint64_t other_key[2] = {1, 2};
	struct made made = make_rows(".olm.vn,a,1\n");
	struct zr_suffix_index *index;

	(void)state;
	assert_int_equal(zr_suffix_index_make(made.image, other_key, &index), 0);
	assert_string_equal(ask(made.image, index, "olm.vn", NOW_S), "");
	zr_suffix_index_free(index);
	unmake(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash_agrees_with_its_test_vectors),
		cmocka_unit_test(keeps_the_whole_name_and_suffixes_of_at_most_five_labels),
		cmocka_unit_test(hashes_answer_like_names),
		cmocka_unit_test(a_cut_name_under_a_deep_entry_has_no_match),
		cmocka_unit_test(another_key_finds_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

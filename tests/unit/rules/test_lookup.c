/* SPDX-License-Identifier: BSD-3-Clause */
/* Which entry answers for a name, and when. */
#include "tests/unit/rules/lists.h"

#include "rules/name.h"

static void whole_labels_are_compared(void **state)
{
	struct made made = make_rows(".olm.vn,a,1\n");

	(void)state;
	assert_string_equal(ask_name(made.image, "olm.vn", NOW_S), ".olm.vn");
	assert_string_equal(ask_name(made.image, "www.olm.vn", NOW_S), ".olm.vn");
	assert_string_equal(ask_name(made.image, "a.b.c.olm.vn", NOW_S), ".olm.vn");
	assert_string_equal(ask_name(made.image, "badolm.vn", NOW_S), "");
	assert_string_equal(ask_name(made.image, "olm.vn.evil.com", NOW_S), "");
	assert_string_equal(ask_name(made.image, "lm.vn", NOW_S), "");
	assert_string_equal(ask_name(made.image, "vn", NOW_S), "");
	unmake(&made);
}

static void subdomains_at_any_depth_but_not_the_domain(void **state)
{
	struct made made = make_rows("*.hocmai.vn,a,1\n");

	(void)state;
	assert_string_equal(ask_name(made.image, "hocmai.vn", NOW_S), "");
	assert_string_equal(ask_name(made.image, "api.hocmai.vn", NOW_S), "*.hocmai.vn");
	assert_string_equal(ask_name(made.image, "a.b.hocmai.vn", NOW_S), "*.hocmai.vn");
	unmake(&made);
}

static void an_exact_entry_is_that_host_alone(void **state)
{
	struct made made = make_rows("thi.moet.gov.vn,a,1\n");

	(void)state;
	assert_string_equal(ask_name(made.image, "thi.moet.gov.vn", NOW_S), "thi.moet.gov.vn");
	assert_string_equal(ask_name(made.image, "www.thi.moet.gov.vn", NOW_S), "");
	assert_string_equal(ask_name(made.image, "moet.gov.vn", NOW_S), "");
	unmake(&made);
}

static void the_longest_match_wins_and_exact_beats_subtree(void **state)
{
	struct made made = make_rows(
		".vn,a,1,,,,,public-suffix-intended\n.olm.vn,a,1\nolm.vn,a,1\n*.lop.olm.vn,a,1\nx.lop.olm.vn,a,1\n");

	(void)state;
	assert_string_equal(ask_name(made.image, "vn", NOW_S), ".vn");
	assert_string_equal(ask_name(made.image, "a.vn", NOW_S), ".vn");
	assert_string_equal(ask_name(made.image, "olm.vn", NOW_S), "olm.vn");
	assert_string_equal(ask_name(made.image, "a.olm.vn", NOW_S), ".olm.vn");
	assert_string_equal(ask_name(made.image, "lop.olm.vn", NOW_S), ".olm.vn");
	assert_string_equal(ask_name(made.image, "a.lop.olm.vn", NOW_S), "*.lop.olm.vn");
	assert_string_equal(ask_name(made.image, "x.lop.olm.vn", NOW_S), "x.lop.olm.vn");
	assert_string_equal(ask_name(made.image, "a.x.lop.olm.vn", NOW_S), "*.lop.olm.vn");
	unmake(&made);
}

static void an_exclusion_covers_the_name_and_its_subdomains(void **state)
{
	struct made made = make_rows(".olm.vn,a,1\n!quangcao.olm.vn,,\n");

	(void)state;
	assert_string_equal(ask_name(made.image, "quangcao.olm.vn", NOW_S), "!quangcao.olm.vn");
	assert_string_equal(ask_name(made.image, "a.b.quangcao.olm.vn", NOW_S), "!quangcao.olm.vn");
	assert_string_equal(ask_name(made.image, "xquangcao.olm.vn", NOW_S), ".olm.vn");
	unmake(&made);
}

static void a_window_includes_its_first_and_its_last_second(void **state)
{
	struct made made = make_rows("a.vn,a,1,1970-01-01T00:01:40Z,1970-01-01T00:03:20Z\n.a.vn,a,1\n");

	(void)state;
	assert_string_equal(ask_name(made.image, "a.vn", 99), ".a.vn");
	assert_string_equal(ask_name(made.image, "a.vn", 100), "a.vn");
	assert_string_equal(ask_name(made.image, "a.vn", 200), "a.vn");
	assert_string_equal(ask_name(made.image, "a.vn", 201), ".a.vn");
	unmake(&made);
}

static void one_name_may_have_several_windows(void **state)
{
	struct made made = make_rows("a.vn,second,1,1970-01-01T00:05:00Z,\n"
				     "a.vn,first,1,,1970-01-01T00:01:39Z\n"
				     "!a.vn,,,1970-01-01T00:03:20Z,1970-01-01T00:04:59Z\n");
	struct zr_name_ref name = {.text = "a.vn", .len = 4};
	struct zr_match match;
	struct zr_entry entry;

	(void)state;
	zr_image_match_names(made.image, &name, 1, 99, &match);
	assert_int_equal(match.kind, ZR_MATCH_LISTED);
	zr_image_entry(made.image, match.entry, &entry);
	assert_string_equal(entry.service, "first");
	assert_true(entry.from_s == INT64_MIN && entry.until_s == 100);
	assert_string_equal(ask_name(made.image, "a.vn", 100), "");
	assert_string_equal(ask_name(made.image, "a.vn", 200), "!a.vn");
	assert_string_equal(ask_name(made.image, "a.vn", 299), "!a.vn");
	zr_image_match_names(made.image, &name, 1, 300, &match);
	zr_image_entry(made.image, match.entry, &entry);
	assert_string_equal(entry.service, "second");
	assert_true(entry.from_s == 300 && entry.until_s == INT64_MAX);
	unmake(&made);
}

static void edges_are_where_answers_may_change(void **state)
{
	struct made made = make_rows("a.vn,a,1,1970-01-01T00:01:40Z,1970-01-01T00:03:20Z\n"
				     "b.vn,a,1,1970-01-01T00:01:40Z,\n"
				     "10.0.0.0/24,a,1,,1970-01-01T00:02:29Z\n");
	static const int64_t edges_s[] = {100, 150, 201, 1814374800, INT64_MAX};
	int64_t now_s = INT64_MIN;

	(void)state;
	for (size_t i = 0; i < sizeof(edges_s) / sizeof(edges_s[0]); i++) {
		if (i > 0)
			assert_true(zr_image_next_edge_s(made.image, edges_s[i] - 1) == edges_s[i]);
		now_s = zr_image_next_edge_s(made.image, now_s);
		assert_true(now_s == edges_s[i]);
	}
	assert_true(zr_image_next_edge_s(made.image, INT64_MAX) == INT64_MAX);
	unmake(&made);
}

static void upper_case_and_a_trailing_dot_in_the_list_are_the_same_name(void **state)
{
	struct made made = make_rows(".OLM.vn.,a,1\n*.HocMai.VN,a,1\nA.b.,a,1\n");

	(void)state;
	assert_string_equal(ask_name(made.image, "www.olm.vn", NOW_S), ".OLM.vn.");
	assert_string_equal(ask_name(made.image, "www.hocmai.vn", NOW_S), "*.HocMai.VN");
	assert_string_equal(ask_name(made.image, "a.b", NOW_S), "A.b.");
	unmake(&made);
}

/* 127 labels are as many as fit into a name; each number of labels is listed once. */
static void names_and_entries_may_be_as_deep_as_names_go(void **state)
{
	char *rows = NULL, name[ZR_NAME_MAX + 1], rule[ZR_NAME_MAX + 2];
	struct zr_name_ref names[ZR_MATCH_BULK];
	struct zr_match out[ZR_MATCH_BULK];
	size_t rows_len = 0;
	struct made made;
	FILE *file = open_memstream(&rows, &rows_len);

	(void)state;
	for (int i = 0; i < ZR_NAME_MAX; i++)
		name[i] = i % 2 == 0 ? 'a' : '.';
	name[ZR_NAME_MAX] = '\0';
	for (int start = 0; start < ZR_NAME_MAX; start += 2)
		fprintf(file, ".%s,a,1,,,,,public-suffix-intended\n", name + start);
	fclose(file);
	made = make_rows(rows);
	free(rows);
	for (unsigned int i = 0; i < ZR_MATCH_BULK; i++)
		names[i] = (struct zr_name_ref){.text = name + 2 * i, .len = (uint8_t)(ZR_NAME_MAX - 2 * i)};
	zr_image_match_names(made.image, names, ZR_MATCH_BULK, NOW_S, out);
	for (unsigned int i = 0; i < ZR_MATCH_BULK; i++) {
		snprintf(rule, sizeof(rule), ".%s", name + 2 * i);
		assert_string_equal(rule_of(made.image, out[i]), rule);
	}
	unmake(&made);
}

/* A caller's mistake must not become a read beyond the name. */
static void names_that_are_not_canonical_find_nothing(void **state)
{
	struct made made = make_rows(".olm.vn,a,1\n.a,a,1,,,,,public-suffix-intended\n");
	char dots[255];
	struct zr_name_ref names[] = {{"", 0}, {".", 1}, {"olm.vn.", 7}, {"OLM.VN", 6}, {dots, sizeof(dots)}};
	struct zr_match out[5];

	(void)state;
	memset(dots, '.', sizeof(dots));
	zr_image_match_names(made.image, names, 5, NOW_S, out);
	for (int i = 0; i < 5; i++)
		assert_int_equal(out[i].kind, ZR_MATCH_NONE);
	unmake(&made);
}

static void the_same_list_gives_the_same_bytes(void **state)
{
	const char *rows = ".olm.vn,a,1\n!x.olm.vn,,\n10.0.0.0/24 udp 5,b,2\nA.b,c,3,2026-01-01T00:00:00Z\n";
	struct made one = make_rows(rows), two = make_rows(rows);

	(void)state;
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.block, two.block, one.len);
	unmake(&one);
	unmake(&two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_labels_are_compared),
		cmocka_unit_test(subdomains_at_any_depth_but_not_the_domain),
		cmocka_unit_test(an_exact_entry_is_that_host_alone),
		cmocka_unit_test(the_longest_match_wins_and_exact_beats_subtree),
		cmocka_unit_test(an_exclusion_covers_the_name_and_its_subdomains),
		cmocka_unit_test(a_window_includes_its_first_and_its_last_second),
		cmocka_unit_test(one_name_may_have_several_windows),
		cmocka_unit_test(edges_are_where_answers_may_change),
		cmocka_unit_test(upper_case_and_a_trailing_dot_in_the_list_are_the_same_name),
		cmocka_unit_test(names_and_entries_may_be_as_deep_as_names_go),
		cmocka_unit_test(names_that_are_not_canonical_find_nothing),
		cmocka_unit_test(the_same_list_gives_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

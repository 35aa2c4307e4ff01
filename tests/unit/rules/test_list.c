/* SPDX-License-Identifier: BSD-3-Clause */
/* What a list may look like: all that spreadsheets and people do to it. */
#include "tests/unit/rules/lists.h"

#include <errno.h>

#include "tests/support/guard.h"

#define ISSUED  "#! issued: 2026-11-22T00:00:00+07:00"
#define EXPIRES "#! expires: 2027-06-30T23:59:59+07:00"

/* Read a list of the one rule .olm.vn with service "olm, lớp" and rating group 90001. */
static void expect_olm(const char *text)
{
	struct made made = make_image(text, strlen(text));
	struct zr_entry entry;

	assert_int_equal(zr_image_entry_count(made.image), 1);
	zr_image_entry(made.image, 0, &entry);
	assert_string_equal(entry.rule, ".olm.vn");
	assert_string_equal(entry.service, "olm, lớp");
	assert_int_equal(entry.rating_group, 90001);
	assert_true(entry.from_s == INT64_MIN);
	assert_true(entry.until_s == INT64_MAX);
	assert_true(zr_image_serial(made.image) == 2026112201);
	assert_true(zr_image_expires_s(made.image) == 1814374800);
	unmake(&made);
}

static void reads_a_list_written_by_hand(void **state)
{
	(void)state;
	expect_olm("# a comment, \"with a quote that stays open\n"
		   "#\n"
		   "\n"
		   "#! serial: 2026112201\n"
		   "#!issuer:Bộ\n" ISSUED "\n" EXPIRES "\n"
		   "match, service ,rating_group\n"
		   "  # a comment between rows\n"
		   " .olm.vn\t, \"olm, lớp\" ,90001 \n");
}

static void reads_a_list_without_a_newline_at_its_end(void **state)
{
	(void)state;
	expect_olm("#! serial: 2026112201\n#! issuer: Bộ\n" ISSUED "\n" EXPIRES "\n"
		   "match,service,rating_group\n.olm.vn,\"olm, lớp\",90001");
}

static void columns_come_in_any_order(void **state)
{
	(void)state;
	expect_olm(DIRECTIVES "note,rating_group,until,match,from,service,verify,owner\n"
			      "a note,90001,,.olm.vn,,\"olm, lớp\",off,OLM\n");
}

static void reads_what_a_spreadsheet_saved_with_commas(void **state)
{
	(void)state;
	expect_olm("\xef\xbb\xbf#! serial: 2026112201,,,\r\n"
		   "\"#! issuer: Bộ, \"\"GD\"\"\",,,\r\n" ISSUED ",,,\r\n" EXPIRES ",,,\r\n"
		   ",,,\r\n"
		   "match,service,rating_group,note\r\n"
		   ".olm.vn,\"olm, lớp\",90001,\"two\r\nlines\"\r\n"
		   ",,,\r\n");
}

static void reads_what_a_spreadsheet_saved_with_semicolons(void **state)
{
	(void)state;
	expect_olm("\xef\xbb\xbf\"#! serial: 2026112201\";;;;;\r\n"
		   "#! issuer: Bộ, GD;;;;;\r\n\"" ISSUED "\";\"\";\"\";\"\"\r\n" EXPIRES ";;;;;\r\n"
		   "match;service;rating_group;note;;\r\n"
		   "\".olm.vn\";olm, lớp;\"90001\";a, note;;\r\n");
}

static void reads_lines_that_end_with_cr(void **state)
{
	(void)state;
	expect_olm("#! serial: 2026112201\r#! issuer: Bộ\r" ISSUED "\r" EXPIRES "\r"
		   "match;service;rating_group\r.olm.vn;olm, lớp;90001\r");
}

static void blank_columns_behind_the_last_are_no_columns(void **state)
{
	char text[4096] = DIRECTIVES "match,service,rating_group";

	(void)state;
	memset(text + strlen(text), ',', 1000);
	strcat(text, "\n.olm.vn,\"olm, lớp\",90001");
	memset(text + strlen(text), ',', 1000);
	expect_olm(text);
}

static void the_entry_is_kept_as_it_is_written(void **state)
{
	struct made made = make_rows(".OLM.vn.,a,0\n10.0.0.0/24  UDP 5,b,4294967295\n");
	struct zr_entry entry;

	(void)state;
	assert_string_equal(ask_name(made.image, "x.olm.vn", NOW_S), ".OLM.vn.");
	assert_string_equal(ask_address(made.image, "10.0.0.1", 17, 5, NOW_S), "10.0.0.0/24  UDP 5");
	zr_image_entry(made.image, 1, &entry);
	assert_true(entry.rating_group == UINT32_MAX);
	unmake(&made);
}

static void the_image_tells_who_issued_the_list_and_when(void **state)
{
	struct made made = make_rows("");

	(void)state;
	assert_string_equal(zr_image_issuer(made.image), "Bộ Giáo dục và Đào tạo");
	assert_true(zr_image_issued_s(made.image) == 1795280400);
	unmake(&made);
}

static void exclusions_have_no_service(void **state)
{
	struct made made = make_rows("!olm.vn,,,2026-06-01T00:00:00Z,,off,OLM,\n");
	struct zr_entry entry;

	(void)state;
	zr_image_entry(made.image, 0, &entry);
	assert_string_equal(entry.rule, "!olm.vn");
	assert_string_equal(entry.service, "");
	assert_int_equal(entry.rating_group, 0);
	unmake(&made);
}

static void a_list_without_rows_frees_nothing(void **state)
{
	struct made made = make_rows("");

	(void)state;
	assert_int_equal(zr_image_entry_count(made.image), 0);
	assert_false(zr_image_has_addresses(made.image));
	assert_string_equal(ask_name(made.image, "olm.vn", NOW_S), "");
	assert_string_equal(ask_address(made.image, "10.0.0.1", 6, 443, NOW_S), "");
	assert_true(zr_image_next_edge_s(made.image, NOW_S) == 1814374800);
	unmake(&made);
}

/* None of these contradict each other, though all of them are near to it. */
static void accepts_what_does_not_overlap(void **state)
{
	struct made made = make_rows("a.vn,a,1,,2026-06-01T00:00:00Z\n"
				     "a.vn,b,1,2026-06-01T00:00:01Z,\n"
				     ".a.vn,c,1,,\n"
				     "b.vn,a,1,,2019-12-31T23:59:59Z\n"
				     "!b.vn,,,2020-01-01T00:00:00Z,\n"
				     "!c.b.vn,,\n"
				     "ab.vn,a,1\n"
				     "*.d.vn,a,1\n"
				     "d.vn,a,1\n"
				     "10.0.0.0/24,a,1\n"
				     "10.0.0.0/25,a,1\n"
				     "10.0.0.0/24 udp,a,1\n"
				     "10.0.0.0/24 udp 5,a,1\n"
				     "10.0.0.0/24 udp 6,a,1\n"
				     "10.0.0.0/24 tcp 5-6,a,1\n");

	(void)state;
	unmake(&made);
}

static void every_beginning_of_a_list_is_read_within_its_bytes(void **state)
{
	static const char text[] = "\xef\xbb\xbf" HEAD "\"a.vn\",\"x \"\"y\"\"\nz\",1,2026-01-01T00:00:00Z\r\n"
				   "!x.a.vn;,\n10.0.0.0/24 udp 5-9,họ,1\n#! x\n\"# c\",\n";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		struct zr_findings errors = {0};
		struct zr_list *list = NULL;
		struct guard guard;
		int result = zr_list_read((const char *)guard_copy(&guard, text, len), len, &list, &errors);

		assert_int_equal(result, errors.count == 0 ? 0 : -EINVAL);
		zr_list_free(list);
		zr_findings_clear(&errors);
		guard_free(&guard);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_list_written_by_hand),
		cmocka_unit_test(reads_a_list_without_a_newline_at_its_end),
		cmocka_unit_test(columns_come_in_any_order),
		cmocka_unit_test(reads_what_a_spreadsheet_saved_with_commas),
		cmocka_unit_test(reads_what_a_spreadsheet_saved_with_semicolons),
		cmocka_unit_test(reads_lines_that_end_with_cr),
		cmocka_unit_test(blank_columns_behind_the_last_are_no_columns),
		cmocka_unit_test(the_entry_is_kept_as_it_is_written),
		cmocka_unit_test(the_image_tells_who_issued_the_list_and_when),
		cmocka_unit_test(exclusions_have_no_service),
		cmocka_unit_test(a_list_without_rows_frees_nothing),
		cmocka_unit_test(accepts_what_does_not_overlap),
		cmocka_unit_test(every_beginning_of_a_list_is_read_within_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What spreadsheets do to a list: accepted where its meaning is certain, else told with what to do. */
#include "tests/unit/rules/findings.h"

#include "rules/cell.h"

#define TIMES           "#! issued: 2026-11-22T00:00:00+07:00\n#! expires: 2027-06-30T23:59:59+07:00\n"
#define NO_BREAK        "\302\240"
#define IDEOGRAPHIC     "\343\200\200"
#define ZERO_WIDTH      "\342\200\213"
#define BYTE_ORDER_MARK "\357\273\277"

#define AS_TEXT ", in a column formatted as text\n"

/* Read a list of .olm.vn with rating group 90001 alone; the same bytes as when it is written plainly. */
static void expect_plain_bytes(const char *text)
{
	static const char plain[] = DIRECTIVES "match,service,rating_group,from\n"
					       ".olm.vn,lớp học,90001,2026-06-01T00:00:00+07:00\n";
	struct made made = make_image(text, strlen(text)), wanted = make_image(plain, strlen(plain));

	assert_int_equal(made.len, wanted.len);
	assert_memory_equal(made.block, wanted.block, made.len);
	unmake(&made);
	unmake(&wanted);
}

#define ISSUER "#! issuer: Bộ Giáo dục và Đào tạo"

static void the_same_list_gives_the_same_bytes_however_it_was_saved(void **state)
{
	(void)state;
	expect_plain_bytes(BYTE_ORDER_MARK "#! serial: 2026112201;;;\r\n\"" ISSUER "\";;;\r\n" TIMES
					   "note;match;service;rating_group;from\r\n"
					   "\"a, note\";.olm.vn;\"lớp học\";90001,00;2026-06-01T00:00:00+07:00\r\n");
	expect_plain_bytes("#! serial: 2026112201\r" ISSUER "\r" TIMES "match,service,rating_group,from\r"
			   ".olm.vn,lớp học,90001.0,2026-06-01T00:00:00+07:00\r,,,\r");
	expect_plain_bytes(DIRECTIVES "# another comment\nFrom,MATCH,Service,Rating_Group,Verify\n"
				      "2026-06-01T00:00:00+07:00,.olm.vn,lớp học,90001,\n");
}

static void the_line_that_names_the_separator_is_taken(void **state)
{
	static const char rest[] = TIMES "match;service;rating_group;from\n"
					 ".olm.vn;lớp học;90001;2026-06-01T00:00:00+07:00\n";
	static const char *const lines[] = {"sep=;\r\n", "SEP=;\n", "\"sep=;\"\r", BYTE_ORDER_MARK "sep=;\n"};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "%s#! serial: 2026112201\n" ISSUER "\n%s", lines[i], rest);
		expect_plain_bytes(text);
	}
	expect_plain_bytes("sep=,\n" DIRECTIVES "match,service,rating_group,from\n"
			   ".olm.vn,lớp học,90001,2026-06-01T00:00:00+07:00\n");
	expect_errors("sep=\t\n" DIRECTIVES "match,service,rating_group\n",
		      "1:1: the fields are not separated by commas or semicolons: save the list as \"CSV UTF-8\"\n");
}

/* A prefix of such a line at the end of the file. */
static void every_beginning_of_that_line_is_read_within_its_bytes(void **state)
{
	static const char text[] = "\"sep=;\"\r\n";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		struct zr_findings errors = {0};
		struct zr_list *list = NULL;
		struct guard guard;

		assert_int_equal(zr_list_read((const char *)guard_copy(&guard, text, len), len, &list, &errors),
				 -EINVAL);
		zr_findings_clear(&errors);
		guard_free(&guard);
	}
}

static void blanks_and_invisible_characters_around_cells_are_dropped(void **state)
{
	(void)state;
	expect_plain_bytes("#! serial:" NO_BREAK "2026112201" NO_BREAK ",,\n" NO_BREAK "#!" NO_BREAK "issuer" NO_BREAK
			   ": Bộ Giáo dục và Đào tạo" ZERO_WIDTH "\n" TIMES "match" NO_BREAK "," IDEOGRAPHIC
			   "service,rating_group,from\n" NO_BREAK "," ZERO_WIDTH ",,\n"
			   ".olm.vn" NO_BREAK ZERO_WIDTH "," BYTE_ORDER_MARK " lớp học," NO_BREAK "90001\t,"
			   "2026-06-01T00:00:00+07:00" NO_BREAK "\n");
}

static void rows_of_blanks_are_no_rows(void **state)
{
	(void)state;
	expect_plain_bytes(DIRECTIVES "match,service,rating_group,from\n,,,\n\"\",\"\",\"\",\"\"\n" NO_BREAK
				      "," NO_BREAK ",,\n.olm.vn,lớp học,90001,2026-06-01T00:00:00+07:00\n,,,,,,,\n");
}

static void rating_groups_that_a_spreadsheet_rewrote_are_told(void **state)
{
	(void)state;
	expect_errors(
		DIRECTIVES "match;service;rating_group\n"
			   "a.vn;a;9,0001E+04\n"
			   "b.vn;a;9.00E+04\n"
			   "c.vn;a;90.001\n"
			   "d.vn;a;90.001,00\n"
			   "e.vn;a;90" NO_BREAK "001\n"
			   "f.vn;a;90001.5\n"
			   "g.vn;a;'90001\n"
			   "h.vn;a;\"=\"\"90001\"\"\"\n"
			   "i.vn;a;#N/A\n"
			   "j.vn;a;90001.000\n"
			   "k.vn;a;\342\200\23190001\n",
		"6:8: \"9,0001E+04\" was shortened by a spreadsheet: write all its digits, like 90001" AS_TEXT
		"7:8: \"9.00E+04\" was shortened by a spreadsheet: write all its digits, like 90001" AS_TEXT
		"8:8: \"90.001\" has separators between its digits, or a fraction: write the digits alone, like "
		"90001" AS_TEXT
		"9:8: \"90.001,00\" has separators between its digits, or a fraction: write the digits alone, like "
		"90001" AS_TEXT "10:8: \"90" NO_BREAK
		"001\" has separators between its digits, or a fraction: write the digits alone, "
		"like 90001" AS_TEXT
		"11:8: \"90001.5\" has separators between its digits, or a fraction: write the digits alone, like "
		"90001" AS_TEXT
		"12:8: \"'90001\" begins with an apostrophe, with which spreadsheets mark text: remove it\n"
		"13:9: \"=\"90001\"\" is a formula or an error of a spreadsheet: write the value itself" AS_TEXT
		"14:8: \"#N/A\" is a formula or an error of a spreadsheet: write the value itself" AS_TEXT
		"15:8: \"90001.000\" has separators between its digits, or a fraction: write the digits alone, like "
		"90001" AS_TEXT "16:8: \"\342\200\23190001\" begins with an apostrophe, with which spreadsheets mark "
		"text: remove it\n");
}

static void times_that_a_spreadsheet_rewrote_are_told(void **state)
{
	static const char *const dates[] = {"22/11/2026 0:00", "11/22/2026 12:00 AM", "2026-11-22 00:00:00",
					    "22-Nov-26",       "22.11.2026",          "46348",
					    "46348.5",         "2026/11/22"};
	char text[1024], wanted[512];

	(void)state;
	for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
		snprintf(text, sizeof(text), HEAD "a.vn,a,1,%s\n", dates[i]);
		snprintf(wanted, sizeof(wanted),
			 "6:10: \"%s\" is a date as spreadsheets write it, without its time zone: write it like "
			 "2026-06-01T00:00:00+07:00" AS_TEXT,
			 dates[i]);
		expect_errors(text, wanted);
	}
	expect_errors(
		HEAD "a.vn,a,1,'2026-06-01T00:00:00+07:00\n"
		     "b.vn,a,1,2026-06-01 00:00:00+07:00\n"
		     "c.vn,a,1,2026-06-01T00:00\n",
		"6:10: \"'2026-06-01T00:00:00+07:00\" begins with an apostrophe, with which spreadsheets mark text: "
		"remove it\n"
		"7:10: \"2026-06-01 00:00:00+07:00\" is no time: write a day that exists, the time to the second "
		"and the time zone, like 2026-06-01T00:00:00+07:00\n"
		"8:10: \"2026-06-01T00:00\" is no time: write a day that exists, the time to the second and the time "
		"zone, like 2026-06-01T00:00:00+07:00\n");
}

static void marks_of_spreadsheets_before_a_match_are_told(void **state)
{
	(void)state;
	expect_errors(HEAD "'.olm.vn,a,1\n"
			   "=olm.vn,a,1\n"
			   "“.olm.vn”,a,1\n"
			   "10.0.0.0/24" NO_BREAK "udp" NO_BREAK "5,a,1\n",
		      "6:1: ''' before the name is a spreadsheet's mark: remove it\n"
		      "7:1: '=' before the name is a spreadsheet's mark: remove it\n"
		      "8:1: U+201C is a quotation mark: remove it\n"
		      "9:12: U+00A0 cannot stand in an address block: write it in ASCII, like 203.0.113.0/24 udp "
		      "8801-8810\n");
}

/* It begins with '#', like a comment: an entry would be lost without a word. */
static void a_match_that_became_an_error_is_no_comment(void **state)
{
	(void)state;
	expect_errors(HEAD "#NAME?,a,1\n"
			   "#REF!;a;1\n"
			   "\"#N/A\",a,1\n"
			   "#NAME? is what Excel writes\n"
			   "#VALUE!\n",
		      "6:1: #NAME? is what a spreadsheet shows for a formula that it cannot compute: write the value "
		      "itself" AS_TEXT
		      "7:1: #REF! is what a spreadsheet shows for a formula that it cannot compute: write the value "
		      "itself" AS_TEXT
		      "8:2: #N/A is what a spreadsheet shows for a formula that it cannot compute: write the value "
		      "itself" AS_TEXT
		      "10:1: #VALUE! is what a spreadsheet shows for a formula that it cannot compute: write the value "
		      "itself" AS_TEXT);
}

static void other_encodings_are_told(void **state)
{
	(void)state;
	/* Windows-1258: "Bộ" is B, o with circumflex, a combining dot below. */
	expect_errors(
		"#! serial: 1\n#! issuer: B\364\362 Gi\341o\n" TIMES "match,service,rating_group\n",
		"2:13: octet 0xF4 is not UTF-8, so the list is in another encoding (like Windows-1258): save it as "
		"\"CSV UTF-8\"\n");
	expect_errors("\377\376#", "1:1: the list is UTF-16 (\"Unicode Text\"): save it as \"CSV UTF-8\"\n");
}

static void numbers_are_read_within_their_bytes(void **state)
{
	static const struct {
		const char *text;
		uint64_t value;
		bool good;
	} cases[] = {{"90001", 90001, true},
		     {"90001.0", 90001, true},
		     {"90001,00", 90001, true},
		     {"1.0", 1, true},
		     {"100", 100, true},
		     {"0", 0, true},
		     {"00", 0, true},
		     {"0.0", 0, true},
		     {".0", 0, false},
		     {".00", 0, false},
		     {"1.000", 0, false},
		     {"1.", 0, false},
		     {"", 0, false},
		     {"1.1", 0, false},
		     {"1.10", 0, false},
		     {"1..0", 0, false},
		     {"4294967295.0", 4294967295, true},
		     {"4294967296", 0, false},
		     {"1.0.0", 0, false},
		     {"-1", 0, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct guard guard;
		size_t len = strlen(cases[i].text);
		const char *text = (const char *)guard_copy(&guard, cases[i].text, len);
		uint64_t value = 0;

		if (zr_cell_number(text, len, UINT32_MAX, &value) != cases[i].good)
			fail_msg("%s", cases[i].text);
		if (cases[i].good)
			assert_true(value == cases[i].value);
		zr_cell_number_fault(text, len);
		zr_cell_time_fault(text, len);
		guard_free(&guard);
	}
}

static void a_serial_may_have_zeros_behind_its_dot_too(void **state)
{
	struct made made;

	(void)state;
	made = make_image("#! serial: 7.0\n#! issuer: a\n" TIMES "match,service,rating_group\n",
			  strlen("#! serial: 7.0\n#! issuer: a\n" TIMES "match,service,rating_group\n"));
	assert_true(zr_image_serial(made.image) == 7);
	unmake(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_list_gives_the_same_bytes_however_it_was_saved),
		cmocka_unit_test(the_line_that_names_the_separator_is_taken),
		cmocka_unit_test(every_beginning_of_that_line_is_read_within_its_bytes),
		cmocka_unit_test(blanks_and_invisible_characters_around_cells_are_dropped),
		cmocka_unit_test(rows_of_blanks_are_no_rows),
		cmocka_unit_test(rating_groups_that_a_spreadsheet_rewrote_are_told),
		cmocka_unit_test(times_that_a_spreadsheet_rewrote_are_told),
		cmocka_unit_test(marks_of_spreadsheets_before_a_match_are_told),
		cmocka_unit_test(a_match_that_became_an_error_is_no_comment),
		cmocka_unit_test(other_encodings_are_told),
		cmocka_unit_test(numbers_are_read_within_their_bytes),
		cmocka_unit_test(a_serial_may_have_zeros_behind_its_dot_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wrong with a list, its head and its cells: every finding with its line, its column and its words. */
#include "tests/unit/rules/findings.h"

#define ISSUED_AND_HEADER                                                               \
	"#! issued: 2026-11-22T00:00:00+07:00\n#! expires: 2027-06-30T23:59:59+07:00\n" \
	"match,service,rating_group\n"

static void refuses_cells_that_are_blank_or_wrong(void **state)
{
	(void)state;
	expect_errors(HEAD "a.vn,,\n"
			   "b.vn,a,x\n"
			   "c.vn,a,4294967296\n"
			   "d.vn,a,-1\n"
			   "e.vn\n"
			   "f.vn,a,1,,,,,,,more\n",
		      "6:6: the service is blank: write the name under which this entry is accounted\n"
		      "6:7: the rating group is blank: write the number under which this entry is charged\n"
		      "7:8: \"x\" is no rating group: write a number from 0 to 4294967295\n"
		      "8:8: \"4294967296\" is no rating group: write a number from 0 to 4294967295\n"
		      "9:8: \"-1\" is no rating group: write a number from 0 to 4294967295\n"
		      "10:5: the rating group is blank: write the number under which this entry is charged\n"
		      "10:5: the service is blank: write the name under which this entry is accounted\n"
		      "11:16: \"more\" stands behind the last column: remove it, or put the field that holds a "
		      "separator in quotes\n");
}

static void refuses_times_that_are_wrong_or_in_the_wrong_order(void **state)
{
	(void)state;
	expect_errors(HEAD "a.vn,a,1,2026-06-01,2026-13-01T00:00:00Z\n"
			   "b.vn,a,1,2026-06-02T00:00:00Z,2026-06-01T23:59:59Z\n",
		      "6:10: \"2026-06-01\" is a date as spreadsheets write it, without its time zone: write it like "
		      "2026-06-01T00:00:00+07:00, in a column formatted as text\n"
		      "6:21: \"2026-13-01T00:00:00Z\" is no time: write a day that exists, the time to the second and "
		      "the time zone, like 2026-06-01T00:00:00+07:00\n"
		      "7:31: until is before from: exchange them, or write a later time\n");
}

static void a_row_with_the_other_separator_is_one_finding(void **state)
{
	(void)state;
	expect_errors(HEAD "a.vn;a;x\n"
			   "b.vn,a,x\n",
		      "6:5: the fields of this row are separated by ';', those of the header row by ',': write ','\n"
		      "7:8: \"x\" is no rating group: write a number from 0 to 4294967295\n");
	expect_errors(DIRECTIVES "match;service;rating_group\n"
				 "a.vn,a,1\n",
		      "6:5: the fields of this row are separated by ',', those of the header row by ';': write ';'\n");
}

static void refuses_a_verify_that_cannot_be(void **state)
{
	(void)state;
	expect_errors(HEAD "a.vn,a,1,,,flag\n"
			   "b.vn,a,1,,,Require\n"
			   "c.vn,a,1,,,learn\n"
			   "d.vn,a,1,,,on\n"
			   "e.vn,a,1,,,OFF\n"
			   "!f.vn,,,,,flag\n"
			   "10.0.0.0/24,a,1,,,require\n"
			   "10.0.1.0/24,a,1,,,off\n",
		      "9:12: unknown verify \"on\": write off, flag, require or learn, or leave it blank\n"
		      "11:11: an exclusion has no verify: leave it blank\n"
		      "12:19: an address entry needs no evidence, its address is what is listed: leave verify blank\n");
}

static void refuses_a_bind_that_cannot_be(void **state)
{
	char text[1024];

	(void)state;
	expect_errors(
		DIRECTIVES "match,service,rating_group,bind\n"
			   "a.vn,a,1,\n"
			   "b.vn,a,1,a\n"
			   "!c.vn,,,a\n"
			   "10.0.0.0/24,live,1,A\n"
			   "10.0.1.0/24,live,1,live\n"
			   "10.0.2.0/24,live,1,a\n"
			   "10.0.3.0/24,other,1,live\n",
		"7:10: only an address entry can be bound to a service: leave bind blank\n"
		"8:9: an exclusion has no bind: leave it blank\n"
		"9:20: no entry without a bind has the service \"A\": write a service of this list, whose flows "
		"then make this entry free\n"
		"10:20: no entry without a bind has the service \"live\": write a service of this list, whose flows "
		"then make this entry free\n"
		"12:21: no entry without a bind has the service \"live\": write a service of this list, whose flows "
		"then make this entry free\n");
	snprintf(text, sizeof(text), DIRECTIVES "match,service,rating_group,bind\na.vn,a,1\n10.0.0.0/24,live,1,%0*d\n",
		 ZR_SERVICE_MAX + 1, 0);
	expect_errors(text, "7:20: the service has 129 octets: at most 128 are allowed\n");
}

static void one_row_may_have_many_errors(void **state)
{
	(void)state;
	expect_errors(HEAD "h_ọc.vn,,x,2026,2027,learned,,,more\n",
		      "6:2: '_' cannot stand in a label with letters outside ASCII: write letters, digits and hyphens\n"
		      "6:9: the service is blank: write the name under which this entry is accounted\n"
		      "6:10: \"x\" is no rating group: write a number from 0 to 4294967295\n"
		      "6:12: \"2026\" is no time: write a day that exists, the time to the second and the time zone, "
		      "like 2026-06-01T00:00:00+07:00\n"
		      "6:17: \"2027\" is no time: write a day that exists, the time to the second and the time zone, "
		      "like 2026-06-01T00:00:00+07:00\n"
		      "6:22: unknown verify \"learned\": write off, flag, require or learn, or leave it blank\n"
		      "6:32: \"more\" stands behind the last column: remove it, or put the field that holds a "
		      "separator in quotes\n");
}

static void columns_count_characters_and_lines_count_newlines_in_quotes(void **state)
{
	(void)state;
	expect_errors(HEAD "\"a.vn\",a,1,,,,\"Bộ\n"
			   "Giáo dục\",\"ghi chú\"\n"
			   "b.vn,\"Bộ \"\"GD\"\"\",1,,,,Bộ,ệ,x\n",
		      "8:28: \"x\" stands behind the last column: remove it, or put the field that holds a separator "
		      "in quotes\n");
}

static void refuses_quotes_that_are_wrong_and_reads_on(void **state)
{
	(void)state;
	expect_errors(HEAD "a.vn,\"a\"b,1\n"
			   "b.vn,a\"b,1\n"
			   "c.vn,a,x\n"
			   "d.vn,\"never closed,1\n"
			   "e.vn,a,x\n",
		      "6:9: text behind the closing quote: remove it, or write a quote that belongs to the text twice\n"
		      "7:7: a quote inside a field: put the whole field in quotes and write this quote twice\n"
		      "8:8: \"x\" is no rating group: write a number from 0 to 4294967295\n"
		      "9:6: this quote is never closed: close it, or write it twice inside a quoted field\n"
		      "10:8: \"x\" is no rating group: write a number from 0 to 4294967295\n");
}

static void suggests_the_nearest_column_and_reads_on(void **state)
{
	(void)state;
	expect_errors(DIRECTIVES "matc,servce,rating group,foo,,note,note\n"
				 "a.vn,a,x\n",
		      "5:1: unknown column \"matc\": write match\n"
		      "5:6: unknown column \"servce\": write service\n"
		      "5:13: unknown column \"rating group\": write rating_group\n"
		      "5:26: unknown column \"foo\": the known ones are match, service, rating_group, from, until, "
		      "verify, bind, owner, note\n"
		      "5:30: a column without a name: remove it, or name it one of match, service, rating_group, from, "
		      "until, verify, bind, owner, note\n"
		      "5:36: the column note stands here a second time: keep one of them\n"
		      "6:8: \"x\" is no rating group: write a number from 0 to 4294967295\n");
}

static void names_all_columns_that_are_missing(void **state)
{
	(void)state;
	expect_errors(DIRECTIVES "service,owner\n"
				 "a,b\n",
		      "5:1: the header row lacks the required match, rating_group: write match,service,rating_group "
		      "and the columns that are used\n");
}

static void a_row_in_the_header_rows_place_is_one_finding(void **state)
{
	(void)state;
	expect_errors(DIRECTIVES "olm.vn,olm,90001\n"
				 "a.vn,a,x\n",
		      "5:1: the header row names no known column: write match,service,rating_group and, where they are "
		      "used, from, until, verify, bind, owner, note; entries follow in the next line\n");
}

static void columns_separated_by_tabs_are_one_finding(void **state)
{
	(void)state;
	expect_errors(
		DIRECTIVES "match\tservice\trating_group\n"
			   "a.vn\ta\t1\n",
		"5:6: columns are separated by tabs: save the list as \"CSV UTF-8\", with commas or semicolons\n");
}

static void names_all_directives_that_are_missing(void **state)
{
	(void)state;
	expect_errors("match,service,rating_group\n"
		      "a.vn,a,x\n",
		      "1:1: the list lacks the required serial, issuer, issued, expires: write each in a line of its "
		      "own before the header row, like \"#! serial: 2026112201\"\n"
		      "2:8: \"x\" is no rating group: write a number from 0 to 4294967295\n");
}

static void refuses_directives_that_are_wrong(void **state)
{
	(void)state;
	expect_errors(
		"#! seral: 0\n"
		"#! foo: 1\n"
		"#! issuer:\n"
		"#! issued: 2026-11-22\n"
		"#! expires: 2027-06-30T23:59:59\n"
		"#! issued: 2026-11-22T00:00:00+07:00\n"
		"#! no value\n"
		"match,service,rating_group\n"
		"#! serial: 1\n",
		"1:4: unknown directive \"seral\": write serial\n"
		"1:11: \"0\" cannot be the value of serial: write a number from 1 to 9223372036854775807, like "
		"2026112201\n"
		"2:4: unknown directive \"foo\": serial, issuer, issued and expires are known\n"
		"3:11: \"\" cannot be the value of issuer: write who issues the list, in one line of at most 256 "
		"octets\n"
		"4:12: \"2026-11-22\" cannot be the value of issued: write a day that exists, the time to the second "
		"and the time zone, like 2026-11-22T00:00:00+07:00\n"
		"5:13: \"2027-06-30T23:59:59\" cannot be the value of expires: write a day that exists, the time to "
		"the second and the time zone, like "
		"2027-06-30T23:59:59+07:00\n"
		"6:12: the directive issued stands here a second time: keep one of them\n"
		"7:4: a directive without a value: write it like \"#! serial: 2026112201\", or a comment with \"#\" "
		"alone\n"
		"9:1: a directive behind the header row: write all directives before it\n");
}

static void an_issuer_is_one_line_that_is_not_too_long(void **state)
{
	char text[1024], issuer[258];

	(void)state;
	memset(issuer, 'i', sizeof(issuer));
	snprintf(text, sizeof(text), "#! serial: 1\n#! issuer: %.257s\n" ISSUED_AND_HEADER, issuer);
	expect_errors(text,
		      "2:12: \"iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii\" cannot be the value of "
		      "issuer: write who issues the list, in one line of at most 256 octets\n");
	expect_errors("#! serial: 1\n\"#! issuer: one\ntwo\"\n" ISSUED_AND_HEADER,
		      "2:13: \"one?two\" cannot be the value of issuer: write who issues the list, in one line of at "
		      "most 256 octets\n");
}

static void refuses_a_list_that_expires_before_it_is_issued(void **state)
{
	(void)state;
	expect_errors("#! serial: 1\n"
		      "#! issuer: a\n"
		      "#! issued: 2026-11-22T00:00:00+07:00\n"
		      "#! expires: 2026-11-21T16:59:58Z\n"
		      "match,service,rating_group\n",
		      "4:13: the list expires before it is issued: write a later time\n");
}

static void refuses_an_empty_file(void **state)
{
	(void)state;
	expect_errors("", "1:1: the list has no header row: write match,service,rating_group behind the directives\n"
			  "1:1: the list lacks the required serial, issuer, issued, expires: write each in a line of "
			  "its own before the header row, like \"#! serial: 2026112201\"\n");
}

static void refuses_a_list_without_a_header_row(void **state)
{
	(void)state;
	expect_errors(DIRECTIVES "",
		      "5:1: the list has no header row: write match,service,rating_group behind the directives\n");
}

static void finds_the_first_octet_that_is_not_utf8(void **state)
{
	(void)state;
	expect_errors(
		HEAD "a.vn,a,1,,,,B\341\273\231\na.b.vn,a,1,,,,\341\273\n.c.vn,\377,1\n",
		"7:15: octet 0xE1 is not UTF-8, so the list is in another encoding (like Windows-1258): save it as "
		"\"CSV UTF-8\"\n");
}

static void control_characters_never_reach_a_message(void **state)
{
	(void)state;
	expect_errors(HEAD "a\033[31m.vn,a,1\nb.vn,a,\007\001\n10.0.0.0/24\tudp,a,1\n",
		      "6:2: a control character cannot stand here: remove it, or write a space\n"
		      "7:8: \"??\" is no rating group: write a number from 0 to 4294967295\n"
		      "8:12: a control character cannot stand here: remove it, or write a space\n");
}

static void long_texts_are_quoted_in_whole_characters_and_advice_in_full(void **state)
{
	(void)state;
	expect_errors(HEAD "a.vn,a,xxộộộộộộộộộộộộộộộộộộộộộộ\n"
			   "!.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.vn,,\n",
		      "6:8: \"xxộộộộộộộộộộộộộộộộộộộ\" is no rating group: write a number from 0 to 4294967295\n"
		      "7:2: an exclusion covers the name and all its subdomains by itself: write "
		      "!aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.vn\n");
}

static void refuses_utf16(void **state)
{
	(void)state;
	expect_errors("\377\376m", "1:1: the list is UTF-16 (\"Unicode Text\"): save it as \"CSV UTF-8\"\n");
}

static void refuses_workbooks(void **state)
{
	static const char wanted[] = "1:1: the list is a workbook of a spreadsheet program: save it as \"CSV UTF-8\"\n";

	(void)state;
	expect_errors("PK\003\004 rest of an xlsx or ods file\n", wanted);
	expect_errors("\320\317\021\340 rest of an xls file\n", wanted);
}

static void refuses_what_is_no_text(void **state)
{
	const char text[] = "#\0!\0 \0UTF-16 without its mark";
	struct zr_findings errors = {0};
	struct zr_list *list = NULL;

	(void)state;
	assert_int_equal(zr_list_read(text, sizeof(text) - 1, &list, &errors), -EINVAL);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.at[0].text,
			    "the list holds zero octets, so it is no text: save it as \"CSV UTF-8\"");
	zr_findings_clear(&errors);
}

static char *repeat(char c, size_t count, const char *behind)
{
	char *text = malloc(count + strlen(behind) + 1);

	assert_non_null(text);
	memset(text, c, count);
	strcpy(text + count, behind);
	return text;
}

static void refuses_overlong_labels_names_and_services(void **state)
{
	char *label = repeat('a', 64, ".vn,a,1\n"), *service = repeat('s', 129, ",1\n"), *text;
	char name[2 * 127 + 8];

	(void)state;
	for (size_t i = 0; i < 127; i++)
		memcpy(name + 2 * i, "a.", 2);
	strcpy(name + 2 * 127, "b,a,1");
	assert_true(asprintf(&text, HEAD "%s%s\nc.vn,%s", label, name, service) > 0);
	expect_errors(text, "6:1: the label has 64 octets: at most 63 are allowed\n"
			    "7:1: the name is longer than 253 octets: write a shorter one\n"
			    "8:6: the service has 129 octets: at most 128 are allowed\n");
	free(text);
	free(label);
	free(service);
}

/* Columns are counted from the beginning of the line: counting them for every field of a long one would not end. */
static void a_line_of_wrong_quotes_is_read_in_time(void **state)
{
	const unsigned int fields = 400000;
	char *text = malloc(strlen(HEAD) + (size_t)fields * 10 + 16);
	struct zr_findings errors = {0};
	struct zr_list *list = NULL;
	size_t len;

	(void)state;
	assert_non_null(text);
	len = (size_t)sprintf(text, "%sa.vn,a,1,,,,,", HEAD);
	for (unsigned int i = 0; i < fields; i++)
		len += (size_t)sprintf(text + len, "a\"b,\"c\"d,");
	assert_int_equal(zr_list_read(text, len, &list, &errors), -EINVAL);
	assert_in_range(errors.count, 200, 300);
	zr_findings_clear(&errors);
	free(text);
}

static void findings_are_in_line_order_and_added_to_those_before(void **state)
{
	const char *text = HEAD "b.vn,a,x\na.vn,a,1\na.vn,a,y\n";
	struct zr_findings errors = {0};
	struct zr_list *list;

	(void)state;
	assert_int_equal(zr_list_read(text, strlen(text), &list, &errors), -EINVAL);
	assert_int_equal(zr_list_read(text, strlen(text), &list, &errors), -EINVAL);
	assert_int_equal(errors.count, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(errors.at[i].line, i % 3 == 0 ? 6 : 8);
	zr_findings_clear(&errors);
	assert_int_equal(errors.count, 0);
}

/* Records, their SQLite files and JSON's readers hold numbers up to 2^63 - 1. */
static void takes_serials_up_to_the_largest_signed_number(void **state)
{
	static const char behind[] = "#! issuer: x\n"
				     "#! issued: 2026-11-22T00:00:00+07:00\n"
				     "#! expires: 2027-06-30T23:59:59+07:00\n"
				     "match,service,rating_group\n"
				     ".olm.vn,olm,1\n";
	struct zr_findings errors = {0};
	struct zr_list *list = NULL;
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "#! serial: 9223372036854775807\n%s", behind);
	assert_int_equal(zr_list_read(text, strlen(text), &list, &errors), 0);
	zr_list_free(list);
	snprintf(text, sizeof(text), "#! serial: 9223372036854775808\n%s", behind);
	expect_errors(text, "1:12: \"9223372036854775808\" cannot be the value of serial: write a number from 1 to "
			    "9223372036854775807, like 2026112201\n");
}

/* What turns the direction of text lets one name be read as another. */
static void refuses_controls_of_direction_in_texts(void **state)
{
	(void)state;
	expect_errors(HEAD "a.vn,x\342\200\256y,1\n"
			   "b.vn,x,\342\201\2461x\n"
			   "c.vn,x,1\342\200\2562\n",
		      "6:6: the service holds control characters or newlines: write it in one line of plain text\n"
		      "7:9: \"1x\" is no rating group: write a number from 0 to 4294967295\n"
		      "8:8: \"1?2\" has separators between its digits, or a fraction: write the digits alone, like "
		      "90001, in a "
		      "column formatted as text\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_cells_that_are_blank_or_wrong),
		cmocka_unit_test(refuses_times_that_are_wrong_or_in_the_wrong_order),
		cmocka_unit_test(a_row_with_the_other_separator_is_one_finding),
		cmocka_unit_test(refuses_a_verify_that_cannot_be),
		cmocka_unit_test(refuses_a_bind_that_cannot_be),
		cmocka_unit_test(one_row_may_have_many_errors),
		cmocka_unit_test(columns_count_characters_and_lines_count_newlines_in_quotes),
		cmocka_unit_test(refuses_quotes_that_are_wrong_and_reads_on),
		cmocka_unit_test(suggests_the_nearest_column_and_reads_on),
		cmocka_unit_test(names_all_columns_that_are_missing),
		cmocka_unit_test(a_row_in_the_header_rows_place_is_one_finding),
		cmocka_unit_test(columns_separated_by_tabs_are_one_finding),
		cmocka_unit_test(names_all_directives_that_are_missing),
		cmocka_unit_test(refuses_directives_that_are_wrong),
		cmocka_unit_test(an_issuer_is_one_line_that_is_not_too_long),
		cmocka_unit_test(refuses_a_list_that_expires_before_it_is_issued),
		cmocka_unit_test(refuses_an_empty_file),
		cmocka_unit_test(refuses_a_list_without_a_header_row),
		cmocka_unit_test(finds_the_first_octet_that_is_not_utf8),
		cmocka_unit_test(control_characters_never_reach_a_message),
		cmocka_unit_test(long_texts_are_quoted_in_whole_characters_and_advice_in_full),
		cmocka_unit_test(refuses_utf16),
		cmocka_unit_test(refuses_workbooks),
		cmocka_unit_test(refuses_what_is_no_text),
		cmocka_unit_test(refuses_overlong_labels_names_and_services),
		cmocka_unit_test(a_line_of_wrong_quotes_is_read_in_time),
		cmocka_unit_test(findings_are_in_line_order_and_added_to_those_before),
		cmocka_unit_test(takes_serials_up_to_the_largest_signed_number),
		cmocka_unit_test(refuses_controls_of_direction_in_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

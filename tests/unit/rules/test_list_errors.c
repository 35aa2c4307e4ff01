/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wrong with a list: every finding with its line, its column and its words. */
#include "tests/unit/rules/lists.h"

#include <errno.h>

#include "tests/support/guard.h"

/* Read text, which ends at a guard page; wanted holds the findings, one a line, as LINE:COLUMN: TEXT. */
static void expect_errors(const char *text, const char *wanted)
{
	char *found = NULL;
	size_t found_len = 0;
	FILE *out = open_memstream(&found, &found_len);
	struct zr_findings errors = {0};
	struct zr_list *list = NULL;
	size_t len = strlen(text);
	struct guard guard;

	assert_non_null(out);
	assert_int_equal(zr_list_read((const char *)guard_copy(&guard, text, len), len, &list, &errors), -EINVAL);
	assert_null(list);
	for (size_t i = 0; i < errors.count; i++)
		fprintf(out, "%u:%u: %s\n", errors.at[i].line, errors.at[i].column, errors.at[i].text);
	fclose(out);
	assert_string_equal(found, wanted);
	free(found);
	zr_findings_clear(&errors);
	guard_free(&guard);
}

static void refuses_names_that_are_no_host_names(void **state)
{
	(void)state;
	expect_errors(HEAD "học.vn,a,1\n"
			   "olm..vn,a,1\n"
			   "-olm.vn,a,1\n"
			   "olm-.vn,a,1\n"
			   "o!m.vn,a,1\n"
			   "b c.vn,a,1\n"
			   "a.b.c.123,a,1\n"
			   "300.1.1.1,a,1\n"
			   "*.,a,1\n"
			   "!,,\n"
			   ",a,1\n",
		      "6:2: U+1ECD is outside ASCII, and international names are not supported yet: write the name's "
		      "A-label (xn--...)\n"
		      "7:5: a label is empty: write one dot between labels\n"
		      "8:1: a label cannot begin or end with a hyphen: write it without\n"
		      "9:1: a label cannot begin or end with a hyphen: write it without\n"
		      "10:2: '!' cannot stand in a host name: write letters, digits, hyphens and dots\n"
		      "11:2: a blank cannot stand in a host name: write one entry a row\n"
		      "12:1: \"a.b.c.123\" is neither an address nor a host name, whose last label is never a number\n"
		      "13:1: \"300.1.1.1\" is no address block: write it like 203.0.113.0/24 or 2001:db8::/32\n"
		      "14:3: a host name is missing: write .domain, *.domain, !name or name\n"
		      "15:2: a host name is missing: write .domain, *.domain, !name or name\n"
		      "16:1: the match is blank: write .domain, *.domain, name, !name or a block\n");
}

static void refuses_asterisks_in_the_wrong_place(void **state)
{
	(void)state;
	expect_errors(
		HEAD "*olm.vn,a,1\n"
		     "a.*.olm.vn,a,1\n"
		     "*.*.olm.vn,a,1\n"
		     "*,a,1\n",
		"6:1: '*' can only stand alone at the beginning: write *.name, or .name to include the name itself\n"
		"7:3: '*' can only stand alone at the beginning: write *.name, or .name to include the name itself\n"
		"8:3: '*' can only stand alone at the beginning: write *.name, or .name to include the name itself\n"
		"9:1: '*' can only stand alone at the beginning: write *.name, or .name to include the name itself\n");
}

static void says_what_to_write_for_urls_ports_and_paths(void **state)
{
	(void)state;
	expect_errors(HEAD "https://olm.vn/lop-1,a,1\n"
			   "olm.vn:443,a,1\n"
			   "olm.vn/lop-1,a,1\n",
		      "6:1: a URL cannot be matched: write the host name alone, olm.vn\n"
		      "7:7: a port cannot be matched together with a name: write olm.vn alone\n"
		      "8:7: a path cannot be matched together with a name: write olm.vn alone\n");
}

static void refuses_exclusions_with_more_than_a_name(void **state)
{
	(void)state;
	expect_errors(HEAD "!.olm.vn,,\n"
			   "!*.hocmai.vn,,\n"
			   "!10.0.0.0/24,,\n"
			   "!vnedu.vn,a,1\n",
		      "6:2: an exclusion covers the name and all its subdomains by itself: write !olm.vn\n"
		      "7:2: an exclusion covers the name and all its subdomains by itself: write !hocmai.vn\n"
		      "8:2: addresses cannot be excluded: list the blocks that are meant without them\n"
		      "9:11: an exclusion has no service: leave it blank\n"
		      "9:13: an exclusion has no rating group: leave it blank\n");
}

static void refuses_blocks_that_are_wrong(void **state)
{
	(void)state;
	expect_errors(HEAD "10.0.0.0/11,a,1\n"
			   "2400::/27,a,1\n"
			   "10.0.0.1/24,a,1\n"
			   "2001:db8::1/64 udp 1,a,1\n"
			   "10.0.0.0/33,a,1\n"
			   "2001:::/32,a,1\n"
			   "10.0.0.0/24 sctp,a,1\n"
			   "10.0.0.0/24 8801,a,1\n"
			   "10.0.0.0/24 udp 0-5,a,1\n"
			   "10.0.0.0/24 udp 9-5,a,1\n"
			   "10.0.0.0/24 udp 65536,a,1\n"
			   "10.0.0.0/24 udp 5 - 9,a,1\n",
		      "6:1: /11 is wider than /12, the widest IPv4 block that may be listed: write the narrower blocks "
		      "that are meant\n"
		      "7:1: /27 is wider than /28, the widest IPv6 block that may be listed: write the narrower blocks "
		      "that are meant\n"
		      "8:1: address bits are set behind the prefix length: write 10.0.0.0/24\n"
		      "9:1: address bits are set behind the prefix length: write 2001:db8::/64\n"
		      "10:1: \"10.0.0.0/33\" is no address block: write it like 203.0.113.0/24 or 2001:db8::/32\n"
		      "11:1: \"2001:::/32\" is no address block: write it like 203.0.113.0/24 or 2001:db8::/32\n"
		      "12:13: \"sctp\" is no protocol: write tcp or udp behind the block, in a row each when both are "
		      "meant, or nothing for every protocol\n"
		      "13:13: \"8801\" is no protocol: write tcp or udp behind the block, in a row each when both are "
		      "meant, or nothing for every protocol\n"
		      "14:17: \"0-5\" is no port or range of ports: write 443 or 8801-8810\n"
		      "15:17: the range of ports ends before it begins: write 5-9\n"
		      "16:17: \"65536\" is no port or range of ports: write 443 or 8801-8810\n"
		      "17:19: too much behind the ports: write one range of ports a row, like 8801-8810\n");
}

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
		      "6:10: \"2026-06-01\" is no time: write it like 2026-06-01T00:00:00+07:00\n"
		      "6:21: \"2026-13-01T00:00:00Z\" is no time: write it like 2026-06-01T00:00:00+07:00\n"
		      "7:31: until is before from: exchange them, or write a later time\n");
}

static void refuses_every_verify_but_off(void **state)
{
	(void)state;
	expect_errors(HEAD "a.vn,a,1,,,flag\n"
			   "b.vn,a,1,,,require\n"
			   "c.vn,a,1,,,learn\n"
			   "d.vn,a,1,,,OFF\n",
		      "6:12: verify \"flag\" is not supported yet: write off, or leave it blank\n"
		      "7:12: verify \"require\" is not supported yet: write off, or leave it blank\n"
		      "8:12: verify \"learn\" is not supported yet: write off, or leave it blank\n"
		      "9:12: unknown verify \"OFF\": write off, or leave it blank\n");
}

static void one_row_may_have_many_errors(void **state)
{
	(void)state;
	expect_errors(HEAD "học.vn,,x,2026,2027,learn,,,more\n",
		      "6:2: U+1ECD is outside ASCII, and international names are not supported yet: write the name's "
		      "A-label (xn--...)\n"
		      "6:8: the service is blank: write the name under which this entry is accounted\n"
		      "6:9: \"x\" is no rating group: write a number from 0 to 4294967295\n"
		      "6:11: \"2026\" is no time: write it like 2026-06-01T00:00:00+07:00\n"
		      "6:16: \"2027\" is no time: write it like 2026-06-01T00:00:00+07:00\n"
		      "6:21: verify \"learn\" is not supported yet: write off, or leave it blank\n"
		      "6:29: \"more\" stands behind the last column: remove it, or put the field that holds a "
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
		      "6:9: \"b\" stands behind the closing quote: remove it, or write a quote that belongs to the "
		      "text twice\n"
		      "7:7: a quote inside a field: put the whole field in quotes and write this quote twice\n"
		      "8:8: \"x\" is no rating group: write a number from 0 to 4294967295\n"
		      "9:6: this quote is never closed: close it, or write it twice inside a quoted field\n"
		      "10:8: \"x\" is no rating group: write a number from 0 to 4294967295\n");
}

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
			   ".vn,a,1\n"
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

static void suggests_the_nearest_column_and_reads_on(void **state)
{
	(void)state;
	expect_errors(DIRECTIVES "matc,servce,rating group,foo,,note,note\n"
				 "a.vn,a,x\n",
		      "5:1: unknown column \"matc\": write match\n"
		      "5:6: unknown column \"servce\": write service\n"
		      "5:13: unknown column \"rating group\": write rating_group\n"
		      "5:26: unknown column \"foo\": the known ones are match, service, rating_group, from, until, "
		      "verify, owner, note\n"
		      "5:30: a column without a name: remove it, or name it one of match, service, rating_group, from, "
		      "until, verify, owner, note\n"
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
		"1:11: \"0\" cannot be the value of serial: write a number above 0, like 2026112201\n"
		"2:4: unknown directive \"foo\": serial, issuer, issued and expires are known\n"
		"3:11: \"\" cannot be the value of issuer: write who issues the list\n"
		"4:12: \"2026-11-22\" cannot be the value of issued: write a time like 2026-11-22T00:00:00+07:00\n"
		"5:13: \"2027-06-30T23:59:59\" cannot be the value of expires: write a time like "
		"2027-06-30T23:59:59+07:00\n"
		"6:12: the directive issued stands here a second time: keep one of them\n"
		"7:4: a directive without a value: write it like \"#! serial: 2026112201\", or a comment with \"#\" "
		"alone\n"
		"9:1: a directive behind the header row: write all directives before it\n");
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
	expect_errors(HEAD "a.vn,a,1,,,,B\341\273\231\na.b.vn,a,1,,,,\341\273\n.c.vn,\377,1\n",
		      "7:15: octet 0xE1 is not UTF-8: save the list as \"CSV UTF-8\"\n");
}

static void control_characters_never_reach_a_message(void **state)
{
	(void)state;
	expect_errors(HEAD "a\033[31m.vn,a,1\nb.vn,a,\007\001\n10.0.0.0/24\tudp,a,1\n",
		      "6:2: a control character cannot stand here: remove it, or write a space\n"
		      "7:8: \"??\" is no rating group: write a number from 0 to 4294967295\n"
		      "8:12: a control character cannot stand here: remove it, or write a space\n");
}

static void refuses_utf16(void **state)
{
	(void)state;
	expect_errors("\377\376m", "1:1: the list is UTF-16: save it as \"CSV UTF-8\"\n");
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
			    "7:1: the name has 255 octets: at most 253 are allowed\n"
			    "8:6: the service has 129 octets: at most 128 are allowed\n");
	free(text);
	free(label);
	free(service);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_names_that_are_no_host_names),
		cmocka_unit_test(refuses_asterisks_in_the_wrong_place),
		cmocka_unit_test(says_what_to_write_for_urls_ports_and_paths),
		cmocka_unit_test(refuses_exclusions_with_more_than_a_name),
		cmocka_unit_test(refuses_blocks_that_are_wrong),
		cmocka_unit_test(refuses_cells_that_are_blank_or_wrong),
		cmocka_unit_test(refuses_times_that_are_wrong_or_in_the_wrong_order),
		cmocka_unit_test(refuses_every_verify_but_off),
		cmocka_unit_test(one_row_may_have_many_errors),
		cmocka_unit_test(columns_count_characters_and_lines_count_newlines_in_quotes),
		cmocka_unit_test(refuses_quotes_that_are_wrong_and_reads_on),
		cmocka_unit_test(refuses_duplicates_with_overlapping_windows),
		cmocka_unit_test(refuses_both_kinds_of_subtree_of_one_name),
		cmocka_unit_test(refuses_names_at_or_under_an_exclusion),
		cmocka_unit_test(refuses_equal_blocks_with_overlapping_ports),
		cmocka_unit_test(an_early_long_window_is_not_forgotten_behind_short_ones),
		cmocka_unit_test(suggests_the_nearest_column_and_reads_on),
		cmocka_unit_test(names_all_columns_that_are_missing),
		cmocka_unit_test(names_all_directives_that_are_missing),
		cmocka_unit_test(refuses_directives_that_are_wrong),
		cmocka_unit_test(refuses_a_list_that_expires_before_it_is_issued),
		cmocka_unit_test(refuses_an_empty_file),
		cmocka_unit_test(refuses_a_list_without_a_header_row),
		cmocka_unit_test(finds_the_first_octet_that_is_not_utf8),
		cmocka_unit_test(control_characters_never_reach_a_message),
		cmocka_unit_test(refuses_utf16),
		cmocka_unit_test(refuses_overlong_labels_names_and_services),
		cmocka_unit_test(a_name_with_many_windows_is_read_in_time),
		cmocka_unit_test(findings_are_in_line_order_and_added_to_those_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

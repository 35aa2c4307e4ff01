/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wrong with a match column, and what to write instead. */
#include "tests/unit/rules/findings.h"

static void refuses_names_that_are_no_host_names(void **state)
{
	(void)state;
	expect_errors(HEAD "học..vn,a,1\n"
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
		      "6:5: a label is empty: write one dot between labels\n"
		      "7:5: a label is empty: write one dot between labels\n"
		      "8:1: a label cannot begin or end with a hyphen: write it without\n"
		      "9:1: a label cannot begin or end with a hyphen: write it without\n"
		      "10:2: '!' cannot stand in a host name: write letters, digits, hyphens and dots\n"
		      "11:2: a blank cannot stand in a host name: write one entry a row, without blanks\n"
		      "12:1: \"a.b.c.123\" is neither an address nor a host name, whose last label is never a number\n"
		      "13:1: \"300.1.1.1\" is no address block: write it like 203.0.113.0/24 or 2001:db8::/32, with "
		      "ports like 203.0.113.0/24 udp 8801-8810\n"
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

static void addresses_in_other_notations_are_told_as_blocks(void **state)
{
	(void)state;
	expect_errors(HEAD "10.0.0.0/24:443,a,1\n"
			   "10.0.0.1:443,a,1\n"
			   "[2001:db8::1]:443,a,1\n"
			   "10.0.0.0-10.0.0.255,a,1\n"
			   "10.0.0.*,a,1\n"
			   "10.0.0.0/255.255.255.0,a,1\n"
			   "10.0.0.0/24 udp 5\342\200\2239,a,1\n",
		      "6:1: \"10.0.0.0/24:443\" is no address block: write it like 203.0.113.0/24 or 2001:db8::/32, "
		      "with ports like 203.0.113.0/24 udp 8801-8810\n"
		      "7:1: \"10.0.0.1:443\" is no address block: write it like 203.0.113.0/24 or 2001:db8::/32, with "
		      "ports like 203.0.113.0/24 udp 8801-8810\n"
		      "8:1: \"[2001:db8::1]:443\" is no address block: write it like 203.0.113.0/24 or 2001:db8::/32, "
		      "with ports like 203.0.113.0/24 udp 8801-8810\n"
		      "9:1: \"10.0.0.0-10.0.0.255\" is no address block: write it like 203.0.113.0/24 or "
		      "2001:db8::/32, with ports like 203.0.113.0/24 udp 8801-8810\n"
		      "10:1: \"10.0.0.*\" is no address block: write it like 203.0.113.0/24 or 2001:db8::/32, with "
		      "ports like 203.0.113.0/24 udp 8801-8810\n"
		      "11:1: \"10.0.0.0/255.255.255.0\" is no address block: write it like 203.0.113.0/24 or "
		      "2001:db8::/32, with ports like 203.0.113.0/24 udp 8801-8810\n"
		      "12:18: U+2013 cannot stand in an address block: write it in ASCII, like 203.0.113.0/24 udp "
		      "8801-8810\n");
}

static void several_names_in_one_cell_are_told(void **state)
{
	(void)state;
	expect_errors(HEAD "\"a.vn, b.vn\",a,1\n"
			   "! a.vn,,\n"
			   "\"a.vn\nb.vn\",a,1\n"
			   ".c\342\200\213.vn,a,1\n",
		      "6:7: a blank cannot stand in a host name: write one entry a row, without blanks\n"
		      "7:2: a blank cannot stand in a host name: write one entry a row, without blanks\n"
		      "8:6: the match goes on in the next line: write one entry a row, and close each quote in its "
		      "line\n"
		      "10:3: U+200B is invisible: remove it\n");
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
		      "10:1: \"10.0.0.0/33\" is no address block: write it like 203.0.113.0/24 or 2001:db8::/32, with "
		      "ports like 203.0.113.0/24 udp 8801-8810\n"
		      "11:1: \"2001:::/32\" is no address block: write it like 203.0.113.0/24 or 2001:db8::/32, with "
		      "ports like 203.0.113.0/24 udp 8801-8810\n"
		      "12:13: \"sctp\" is no protocol: write tcp or udp behind the block, in a row each when both are "
		      "meant, or nothing for every protocol\n"
		      "13:13: \"8801\" is no protocol: write tcp or udp behind the block, in a row each when both are "
		      "meant, or nothing for every protocol\n"
		      "14:17: \"0-5\" is no port or range of ports: write 443 or 8801-8810\n"
		      "15:17: the range of ports ends before it begins: write 5-9\n"
		      "16:17: \"65536\" is no port or range of ports: write 443 or 8801-8810\n"
		      "17:19: too much behind the ports: write one range of ports a row, like 8801-8810\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_names_that_are_no_host_names),
		cmocka_unit_test(refuses_asterisks_in_the_wrong_place),
		cmocka_unit_test(says_what_to_write_for_urls_ports_and_paths),
		cmocka_unit_test(addresses_in_other_notations_are_told_as_blocks),
		cmocka_unit_test(several_names_in_one_cell_are_told),
		cmocka_unit_test(refuses_exclusions_with_more_than_a_name),
		cmocka_unit_test(refuses_blocks_that_are_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Which entry answers for an address. */
#include "tests/unit/rules/lists.h"

enum { TCP = 6, UDP = 17, ICMP = 1 };

static void the_longest_prefix_wins(void **state)
{
	struct made made = make_rows("10.16.0.0/12,a,1\n10.16.1.0/24,a,1\n10.16.1.7,a,1\n2001:db0::/28,a,1\n"
				     "2001:db8:1::/48,a,1\n2001:db8:1::1/128,a,1\n");

	(void)state;
	assert_true(zr_image_has_addresses(made.image));
	assert_string_equal(ask_address(made.image, "10.16.0.0", TCP, 1, NOW_S), "10.16.0.0/12");
	assert_string_equal(ask_address(made.image, "10.31.255.255", TCP, 1, NOW_S), "10.16.0.0/12");
	assert_string_equal(ask_address(made.image, "10.32.0.0", TCP, 1, NOW_S), "");
	assert_string_equal(ask_address(made.image, "10.15.255.255", TCP, 1, NOW_S), "");
	assert_string_equal(ask_address(made.image, "10.16.1.255", TCP, 1, NOW_S), "10.16.1.0/24");
	assert_string_equal(ask_address(made.image, "10.16.1.7", TCP, 1, NOW_S), "10.16.1.7");
	assert_string_equal(ask_address(made.image, "2001:dbf:ffff::1", TCP, 1, NOW_S), "2001:db0::/28");
	assert_string_equal(ask_address(made.image, "2001:dc0::", TCP, 1, NOW_S), "");
	assert_string_equal(ask_address(made.image, "2001:db8:1:ffff::", TCP, 1, NOW_S), "2001:db8:1::/48");
	assert_string_equal(ask_address(made.image, "2001:db8:1::1", TCP, 1, NOW_S), "2001:db8:1::1/128");
	unmake(&made);
}

static void of_one_block_the_entry_with_ports_wins(void **state)
{
	struct made made = make_rows("10.0.0.0/24,a,1\n10.0.0.0/24 udp,a,1\n10.0.0.0/24 udp 8801-8810,a,1\n"
				     "10.0.0.0/24 tcp 443,a,1\n");

	(void)state;
	assert_string_equal(ask_address(made.image, "10.0.0.1", UDP, 8800, NOW_S), "10.0.0.0/24 udp");
	assert_string_equal(ask_address(made.image, "10.0.0.1", UDP, 8801, NOW_S), "10.0.0.0/24 udp 8801-8810");
	assert_string_equal(ask_address(made.image, "10.0.0.1", UDP, 8810, NOW_S), "10.0.0.0/24 udp 8801-8810");
	assert_string_equal(ask_address(made.image, "10.0.0.1", UDP, 8811, NOW_S), "10.0.0.0/24 udp");
	assert_string_equal(ask_address(made.image, "10.0.0.1", TCP, 443, NOW_S), "10.0.0.0/24 tcp 443");
	assert_string_equal(ask_address(made.image, "10.0.0.1", TCP, 8801, NOW_S), "10.0.0.0/24");
	assert_string_equal(ask_address(made.image, "10.0.0.1", ICMP, 0, NOW_S), "10.0.0.0/24");
	unmake(&made);
}

static void a_shorter_prefix_answers_for_other_ports(void **state)
{
	struct made made = make_rows("10.0.0.0/16 udp,a,1\n10.0.0.0/24 udp 5,a,1\n");

	(void)state;
	assert_string_equal(ask_address(made.image, "10.0.0.1", UDP, 5, NOW_S), "10.0.0.0/24 udp 5");
	assert_string_equal(ask_address(made.image, "10.0.0.1", UDP, 6, NOW_S), "10.0.0.0/16 udp");
	assert_string_equal(ask_address(made.image, "10.0.0.1", TCP, 5, NOW_S), "");
	unmake(&made);
}

static void an_entry_outside_its_window_is_as_if_absent(void **state)
{
	struct made made = make_rows("10.0.0.0/16,a,1\n"
				     "10.0.0.0/24,a,1,1970-01-01T00:01:40Z,1970-01-01T00:03:20Z\n"
				     "10.0.0.0/24 udp 5,a,1,1970-01-01T00:03:20Z,\n");

	(void)state;
	assert_string_equal(ask_address(made.image, "10.0.0.1", UDP, 5, 99), "10.0.0.0/16");
	assert_string_equal(ask_address(made.image, "10.0.0.1", UDP, 5, 100), "10.0.0.0/24");
	assert_string_equal(ask_address(made.image, "10.0.0.1", UDP, 5, 200), "10.0.0.0/24 udp 5");
	assert_string_equal(ask_address(made.image, "10.0.0.1", UDP, 6, 200), "10.0.0.0/24");
	assert_string_equal(ask_address(made.image, "10.0.0.1", UDP, 6, 201), "10.0.0.0/16");
	unmake(&made);
}

static void families_do_not_meet(void **state)
{
	struct made made = make_rows("10.0.0.0/12,a,1\n");

	(void)state;
	assert_string_equal(ask_address(made.image, "a00::", TCP, 1, NOW_S), "");
	assert_string_equal(ask_address(made.image, "::10.0.0.1", TCP, 1, NOW_S), "");
	unmake(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_prefix_wins),
		cmocka_unit_test(of_one_block_the_entry_with_ports_wins),
		cmocka_unit_test(a_shorter_prefix_answers_for_other_ports),
		cmocka_unit_test(an_entry_outside_its_window_is_as_if_absent),
		cmocka_unit_test(families_do_not_meet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

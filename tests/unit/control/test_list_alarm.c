/* SPDX-License-Identifier: BSD-3-Clause */
/* The alarms before a list expires: each at its second, and what they say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "control/list_alarm.h"

#define DAY_S 86400

static void test_levels(void **state)
{
	static const struct {
		int64_t left_s;
		unsigned int level;
	} cases[] = {
		{INT64_MAX, 0},
		{30 * DAY_S + 1, 0},
		{30 * DAY_S, 1},
		{7 * DAY_S + 1, 1},
		{7 * DAY_S, 2},
		{DAY_S + 1, 2},
		{DAY_S, 3},
		{1, 3},
		{0, 4},
		{-1, 4},
		{INT64_MIN / 2, 4},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(zr_list_alarm_level(cases[i].left_s), cases[i].level);
}

/* Each level once; again when a clock that went ahead is set back. */
static void test_told_once(void **state)
{
	static const struct {
		int64_t left_s;
		bool is_due;
	} steps[] = {{31 * DAY_S, false}, {30 * DAY_S, true}, {29 * DAY_S, false}, {DAY_S, true},
		     {0, true},           {-9, false},        {40 * DAY_S, false}, {30 * DAY_S, true},
		     {-1, true},          {7 * DAY_S, false}, {0, true},           {-1, false}};
	unsigned int told = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
		assert_int_equal(zr_list_alarm_is_due(&told, steps[i].left_s), steps[i].is_due);
}

static void test_texts(void **state)
{
	char issuer[257], text[ZR_LIST_ALARM_TEXT];

	(void)state;
	zr_list_alarm_format(7, "Bộ", 1800000000, 2 * DAY_S + 5, text);
	assert_string_equal(
		text, "list 7 expires in 2 days (2027-01-15T08:00:00Z), and from then on everything is charged: get "
		      "a newer one from its issuer (Bộ)");
	zr_list_alarm_format(7, "Bộ", 1800000000, 3601, text);
	assert_non_null(strstr(text, "expires in 2 hours"));
	zr_list_alarm_format(7, "Bộ", 1800000000, 0, text);
	assert_string_equal(text,
			    "list 7 has expired (2027-01-15T08:00:00Z): everything is charged until a newer one is in "
			    "force: get it from its issuer (Bộ)");
	memset(issuer, 'i', sizeof(issuer) - 1);
	issuer[sizeof(issuer) - 1] = '\0';
	zr_list_alarm_format(UINT64_MAX, issuer, INT64_MIN, INT64_MIN, text);
	assert_non_null(strstr(text, "iii)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_levels), cmocka_unit_test(test_told_once),
					   cmocka_unit_test(test_texts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

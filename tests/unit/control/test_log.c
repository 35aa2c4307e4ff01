/* SPDX-License-Identifier: BSD-3-Clause */
/* Log lines: levels, what a terminal must not obey, and lines that come too often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "control/log.h"
#include "tests/support/standard_error.h"

static char text[1 << 16];

/* What log writes to standard error, in text. */
static void listen_to(void (*log)(void))
{
	struct standard_error taken;

	standard_error_begin(&taken);
	log();
	standard_error_end(&taken, text, sizeof(text));
}

static unsigned int lines(void)
{
	unsigned int count = 0;

	for (const char *at = text; *at != '\0'; at++)
		count += *at == '\n';
	return count;
}

static void say_evil(void)
{
	zr_log(ZR_LOG_ERROR, "a\n<0>b\033[2J%s", "\xff");
}

static void one_line_with_its_level(void **state)
{
	(void)state;
	listen_to(say_evil);
	assert_string_equal(text, "<3>a?<0>b?[2J?\n");
}

static void say_long(void)
{
	static char name[5000];

	memset(name, 'x', sizeof(name) - 1);
	zr_log(ZR_LOG_INFO, "%s", name);
}

static void long_lines_are_cut(void **state)
{
	(void)state;
	listen_to(say_long);
	assert_int_equal(strlen(text), 2049);
	assert_int_equal(lines(), 1);
}

static void flap(void)
{
	zr_log_tick(1000);
	for (unsigned int i = 0; i < ZR_LOG_OFTEN_LINES; i++)
		zr_log_often(ZR_LOG_KIND_LINK, 1, ZR_LOG_NOTICE, "flap %u", i);
}

static void flap_once(void)
{
	zr_log_often(ZR_LOG_KIND_LINK, 1, ZR_LOG_WARNING, "flap\n");
	zr_log_often(ZR_LOG_KIND_LINK, 1, ZR_LOG_INFO, "and again");
	zr_log_often(ZR_LOG_KIND_CONSUMER, 1, ZR_LOG_INFO, "somebody else");
}

static void time_is_not_over(void)
{
	zr_log_tick(1000 + ZR_LOG_OFTEN_MS - 1);
}

static void time_is_over(void)
{
	zr_log_tick(1000 + ZR_LOG_OFTEN_MS);
}

static void lines_of_a_kind_are_bounded(void **state)
{
	(void)state;
	listen_to(flap);
	assert_int_equal(lines(), ZR_LOG_OFTEN_LINES);
	assert_non_null(strstr(text, "<5>flap 19\n"));
	listen_to(flap_once);
	assert_string_equal(text, "<6>somebody else\n");
	listen_to(time_is_not_over);
	assert_string_equal(text, "");
	listen_to(time_is_over);
	assert_string_equal(text, "<4>2 more lines about links of ports in 60 s, the last: and again\n");
	/* It begins anew. */
	listen_to(time_is_over);
	assert_string_equal(text, "");
	listen_to(flap_once);
	assert_string_equal(text, "<4>flap?\n<6>and again\n<6>somebody else\n");
	listen_to(zr_log_end);
	assert_string_equal(text, "");
}

static void flap_and_end(void)
{
	flap();
	flap_once();
	zr_log_end();
	zr_log_end();
}

static void nothing_is_left_untold_at_the_end(void **state)
{
	(void)state;
	listen_to(flap_and_end);
	assert_int_equal(lines(), ZR_LOG_OFTEN_LINES + 2);
	assert_non_null(strstr(text, "<4>2 more lines about links of ports"));
}

/* Somebody makes all the noise they can. */
static void be_noisy(void)
{
	zr_log_tick(1000);
	for (unsigned int i = 0; i < 10 * ZR_LOG_OFTEN_LINES; i++)
		zr_log_often(ZR_LOG_KIND_REFUSED, 1001, ZR_LOG_WARNING, "uid 1001");
}

static void be_somebody_else(void)
{
	zr_log_often(ZR_LOG_KIND_REFUSED, 1002, ZR_LOG_WARNING, "uid 1002");
}

static void noise_hides_nobody_else(void **state)
{
	(void)state;
	listen_to(be_noisy);
	assert_int_equal(lines(), ZR_LOG_OFTEN_LINES);
	listen_to(be_somebody_else);
	assert_string_equal(text, "<4>uid 1002\n");
	listen_to(time_is_over);
	assert_string_equal(text,
			    "<4>180 more lines about connections that were refused in 60 s, the last: uid 1001\n");
	listen_to(zr_log_end);
	assert_string_equal(text, "");
}

/* More than are told apart. */
static void be_many(void)
{
	zr_log_tick(1000);
	for (unsigned int who = 0; who < 1000; who++)
		zr_log_often(ZR_LOG_KIND_REFUSED, who, ZR_LOG_WARNING, "uid %u", who);
}

static void so_many_are_bounded_too(void **state)
{
	(void)state;
	listen_to(be_many);
	assert_int_equal(lines(), ZR_LOG_OFTEN_WHO + ZR_LOG_OFTEN_LINES);
	listen_to(zr_log_end);
	assert_string_equal(text, "<4>972 more lines about connections that were refused in 0 s, the last: uid 999\n");
}

static void names_have_numbers(void **state)
{
	(void)state;
	assert_int_equal(zr_log_who("billing"), zr_log_who("billing"));
	assert_int_not_equal(zr_log_who("billing"), zr_log_who("billinh"));
	assert_int_not_equal(zr_log_who(""), zr_log_who("b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_with_its_level),     cmocka_unit_test(long_lines_are_cut),
		cmocka_unit_test(lines_of_a_kind_are_bounded), cmocka_unit_test(nothing_is_left_untold_at_the_end),
		cmocka_unit_test(noise_hides_nobody_else),     cmocka_unit_test(so_many_are_bounded_too),
		cmocka_unit_test(names_have_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

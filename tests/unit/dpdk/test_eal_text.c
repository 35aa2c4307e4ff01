/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers and EAL arguments as text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/dpdk/eal_args.h"
#include "dataplane/dpdk/lcores.h"

static void lcores_are(const char *text, unsigned int count, const unsigned int *ids)
{
	struct zr_lcores lcores;
	char error[256] = "";

	assert_int_equal(zr_lcores_parse(text, &lcores, error, sizeof(error)), 0);
	assert_int_equal(lcores.count, count);
	assert_memory_equal(lcores.ids, ids, count * sizeof(*ids));
}

static void lcore_lists_are_read(void **state)
{
	(void)state;
	lcores_are("1-3", 3, (const unsigned int[]){1, 2, 3});
	lcores_are("4,2", 2, (const unsigned int[]){2, 4});
	lcores_are("0", 1, (const unsigned int[]){0});
	lcores_are("5-5,127", 2, (const unsigned int[]){5, 127});
}

static void bad_lcore_lists_are_refused(void **state)
{
	static const char *const bad[] = {"",     "-",     "1-",    "1-3,",  ",1",
					  "3-1",  "1,1",   "1-3,2", "128",   "1 2",
					  "1-3x", "0-127", "+1",    "1-128", "99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct zr_lcores lcores;
		char error[256] = "";

		assert_int_equal(zr_lcores_parse(bad[i], &lcores, error, sizeof(error)), -EINVAL);
		assert_non_null(strstr(error, bad[i]));
	}
}

static void map_is(const char *workers, unsigned int cpus, const char *lcores, unsigned int main_lcore, bool shared)
{
	struct zr_lcore_map map;
	struct zr_lcores ids;
	char error[256] = "";
	cpu_set_t set;

	CPU_ZERO(&set);
	for (unsigned int i = 0; i < cpus; i++)
		CPU_SET(i, &set);
	assert_int_equal(zr_lcores_parse(workers, &ids, error, sizeof(error)), 0);
	assert_int_equal(zr_lcores_map(&ids, &set, &map), 0);
	assert_string_equal(map.lcores, lcores);
	assert_int_equal(map.main_lcore, main_lcore);
	assert_int_equal(map.shared, shared);
	free(map.lcores);
}

static void workers_have_their_cpus_while_there_are_some(void **state)
{
	(void)state;
	map_is("1-3", 4, "1@1,2@2,3@3,0@(0)", 0, false);
	map_is("1-3", 2, "1@1,2@(0,1),3@(0,1),0@(0)", 0, true);
	map_is("0-1", 2, "0@0,1@1,2@(0,1)", 2, true);
	map_is("0,2", 4, "0@0,2@2,1@(1,3)", 1, false);
	map_is("0", 1, "0@0,1@(0)", 1, true);
}

static void words_are(const char *text, size_t count, const char *const *words)
{
	struct zr_eal_args args;
	char error[256] = "";

	assert_int_equal(zr_eal_args_split(text, &args, error, sizeof(error)), 0);
	assert_int_equal(args.count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(args.words[i], words[i]);
	zr_eal_args_clear(&args);
}

static void arguments_are_split_at_blanks(void **state)
{
	(void)state;
	words_are("", 0, NULL);
	words_are(" \t\n", 0, NULL);
	words_are("--no-huge  -m\t512", 3, (const char *const[]){"--no-huge", "-m", "512"});
	words_are("--vdev='net_pcap0,rx_pcap=my file.pcap' --no-pci", 2,
		  (const char *const[]){"--vdev=net_pcap0,rx_pcap=my file.pcap", "--no-pci"});
	words_are("\"it's\" ''", 2, (const char *const[]){"it's", ""});
}

static void prepended_words_come_first_and_one_is_replaced(void **state)
{
	static const char *const first[] = {"zerorate", "--lcores"};
	struct zr_eal_args args;
	char error[256] = "";

	(void)state;
	assert_int_equal(zr_eal_args_split("--no-huge", &args, error, sizeof(error)), 0);
	assert_int_equal(zr_eal_args_prepend(&args, first, 2), 0);
	assert_int_equal(args.count, 3);
	assert_string_equal(args.words[0], "zerorate");
	assert_string_equal(args.words[1], "--lcores");
	assert_string_equal(args.words[2], "--no-huge");
	assert_null(args.words[3]);
	assert_int_equal(zr_eal_args_replace(&args, 2, "--no-shconf"), 0);
	assert_string_equal(args.words[2], "--no-shconf");
	assert_int_equal(args.count, 3);
	assert_null(args.words[3]);
	zr_eal_args_clear(&args);
}

static void cores_and_what_ends_the_program_are_refused(void **state)
{
	static const char *const bad[] = {
		"-l 1", "-l1-3",  "-c 0xf", "--lcores=1", "--lc 1", "--main-lcore=1", "--no-huge -s 1",
		"-S1",  "--help", "-h",     "-v",         "--",     "'open",          "--vdev=\"x"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct zr_eal_args args;
		char error[256] = "";

		assert_int_equal(zr_eal_args_split(bad[i], &args, error, sizeof(error)), -EINVAL);
		assert_memory_equal(error, "eal: ", 5);
		assert_null(args.words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lcore_lists_are_read),
		cmocka_unit_test(bad_lcore_lists_are_refused),
		cmocka_unit_test(workers_have_their_cpus_while_there_are_some),
		cmocka_unit_test(arguments_are_split_at_blanks),
		cmocka_unit_test(prepended_words_come_first_and_one_is_replaced),
		cmocka_unit_test(cores_and_what_ends_the_program_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

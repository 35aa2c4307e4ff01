/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line: what it means, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rules/image.h"
#include "tools/zerorate/options.h"

#define ARGS_MAX 12

/* Read a command line of words separated by spaces. */
static enum zr_options_result read_line(const char *line, bool terminal, struct zr_options *options)
{
	static char copy[512];
	static char *argv[ARGS_MAX + 1];
	int argc = 0;

	assert_true(strlen(line) < sizeof(copy));
	strcpy(copy, line);
	for (char *word = strtok(copy, " "); word != NULL && argc < ARGS_MAX; word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	return zr_options_read(argc, argv, terminal, options);
}

static void refused(const char *line)
{
	struct zr_options options;

	assert_int_equal(read_line(line, false, &options), ZR_OPTIONS_BAD);
	zr_options_clear(&options);
}

static void test_least(void **state)
{
	struct zr_options options;

	(void)state;
	assert_int_equal(read_line("classify --list l.csv a.pcap", false, &options), ZR_OPTIONS_OK);
	assert_string_equal(options.list, "l.csv");
	assert_int_equal(options.capture_count, 1);
	assert_string_equal(options.captures[0], "a.pcap");
	assert_int_equal(options.subscribers.count, 0);
	assert_int_equal(options.tunnel_endpoints.count, 0);
	assert_false(options.all);
	assert_false(options.show_names);
	assert_false(options.verify_checksums);
	assert_int_equal(options.format, ZR_FORMAT_JSON);
	zr_options_clear(&options);
	assert_int_equal(read_line("classify --list l.csv a.pcap", true, &options), ZR_OPTIONS_OK);
	assert_int_equal(options.format, ZR_FORMAT_TABLE);
	zr_options_clear(&options);
}

static void test_all_options(void **state)
{
	struct zr_options options;

	(void)state;
	assert_int_equal(
		read_line("classify a.pcap --all --format=table --show-names --list=l.csv b.pcap --verify-checksums "
			  "--subscribers 10.0.0.0/8,2405:4800::/32 --tunnel-endpoints 10.200.0.1",
			  false, &options),
		ZR_OPTIONS_OK);
	assert_int_equal(options.capture_count, 2);
	assert_string_equal(options.captures[0], "a.pcap");
	assert_string_equal(options.captures[1], "b.pcap");
	assert_true(options.all);
	assert_true(options.show_names);
	assert_true(options.verify_checksums);
	assert_int_equal(options.format, ZR_FORMAT_TABLE);
	assert_int_equal(options.subscribers.count, 2);
	assert_int_equal(options.subscribers.prefixes[0].len, 8);
	assert_int_equal(options.subscribers.prefixes[1].family, 6);
	assert_int_equal(options.tunnel_endpoints.count, 1);
	assert_int_equal(options.tunnel_endpoints.prefixes[0].len, 32);
	zr_options_clear(&options);
}

static void test_evidence(void **state)
{
	struct zr_options options;

	(void)state;
	assert_int_equal(
		read_line("classify --list l.csv --trusted-resolvers 10.0.0.53,2001:db8::/64 --verify require a.pcap",
			  false, &options),
		ZR_OPTIONS_OK);
	assert_int_equal(options.trusted_resolvers.count, 2);
	assert_int_equal(options.verify, ZR_VERIFY_REQUIRE);
	zr_options_clear(&options);
	assert_int_equal(read_line("classify --list l.csv --verify off a.pcap", false, &options), ZR_OPTIONS_OK);
	assert_int_equal(options.verify, ZR_VERIFY_OFF);
	zr_options_clear(&options);
	refused("classify --list l.csv --verify flag a.pcap");
	refused("classify --list l.csv --trusted-resolvers 10.0.0.53 --verify learn a.pcap");
	refused("classify --list l.csv --trusted-resolvers 10.0.0.53 --verify  a.pcap");
	refused("classify --list l.csv --trusted-resolvers 10.0.0.53/8 a.pcap");
}

static void test_help(void **state)
{
	struct zr_options options;

	(void)state;
	assert_int_equal(read_line("classify --help", false, &options), ZR_OPTIONS_HELP);
	zr_options_clear(&options);
	assert_int_equal(read_line("classify -h", false, &options), ZR_OPTIONS_HELP);
	zr_options_clear(&options);
}

static void test_names_like_options(void **state)
{
	struct zr_options options;

	(void)state;
	assert_int_equal(read_line("classify --list l.csv -- --all", false, &options), ZR_OPTIONS_OK);
	assert_int_equal(options.capture_count, 1);
	assert_string_equal(options.captures[0], "--all");
	assert_false(options.all);
	zr_options_clear(&options);
}

static void test_refused(void **state)
{
	(void)state;
	refused("classify");
	refused("classify a.pcap");
	refused("classify --list l.csv");
	refused("classify --list");
	refused("classify --list l.csv --list m.csv a.pcap");
	refused("classify --list l.csv --unknown a.pcap");
	refused("classify --list l.csv -x a.pcap");
	refused("classify --list l.csv --format xml a.pcap");
	refused("classify --list l.csv --subscribers 10.0.0.0/33 a.pcap");
	refused("classify --list l.csv --subscribers 10.0.0.1/8 a.pcap"); /* bits behind the length */
	refused("classify --list l.csv --subscribers 10.0.0.0/8, a.pcap");
	refused("classify --list l.csv --subscribers ,10.0.0.0/8 a.pcap");
	refused("classify --list l.csv --tunnel-endpoints here a.pcap");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_least),   cmocka_unit_test(test_all_options),
		cmocka_unit_test(test_help),    cmocka_unit_test(test_names_like_options),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration of ports that forward: pairs and marks, and every error with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/config.h"

#define A(more) "{ device = \"a\"; " more " }"
#define B(more) "{ device = \"b\"; " more " }"
#define PAIR    A("peer = \"b\"; role = \"access\";") ", " B("peer = \"a\"; role = \"core\";")

static char path[] = "/tmp/zr-config-XXXXXX";

/* Line 2 is the dataplane's mode and marks, line 3 its ports. */
static int read_config(const char *dataplane, const char *ports, struct zr_config *config,
		       struct zr_config_errors *errors)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file,
		"gateway = \"gw\"; list = { file = \"l\"; };\ndataplane = { workers = \"1\"; %s\nports = ( %s ); };\n",
		dataplane, ports);
	assert_int_equal(fclose(file), 0);
	return zr_config_read(path, config, errors);
}

static void has_errors(const char *dataplane, const char *ports, unsigned int count, const char *const *expected)
{
	struct zr_config_errors errors;
	struct zr_config config;

	assert_int_equal(read_config(dataplane, ports, &config, &errors), -EINVAL);
	for (unsigned int i = 0; i < count && i < errors.count; i++)
		assert_string_equal(errors.lines[i] + strlen(path) + 1, expected[i]);
	assert_int_equal(errors.count, count);
	zr_config_errors_clear(&errors);
	zr_config_clear(&config);
}

static void has_error(const char *dataplane, const char *ports, const char *expected)
{
	has_errors(dataplane, ports, 1, &expected);
}

static void is_read(const char *dataplane, const char *ports, struct zr_dataplane_config *out)
{
	struct zr_config_errors errors;
	struct zr_config config;

	if (read_config(dataplane, ports, &config, &errors) != 0)
		fail_msg("%s", errors.lines[0]);
	zr_config_dataplane(&config, out);
	zr_config_errors_clear(&errors);
	zr_config_clear(&config);
}

static void tap_forwards_nothing(void **state)
{
	struct zr_dataplane_config config;

	(void)state;
	is_read("", A(""), &config);
	assert_false(config.forwards);
	assert_int_equal(config.pipeline.marks.otherwise, ZR_MARK_NONE);
	has_error("mode = \"tap\";", A("peer = \"b\";"),
		  "3: a tap forwards nothing: remove peer, or write mode = \"inline\" into dataplane");
	has_error("mark = { default = 10; };", A(""),
		  "2: a tap forwards nothing: remove mark, or write mode = \"inline\" into dataplane");
	has_error("mode = \"bridge\";", A(""),
		  "2: there is no mode \"bridge\": write mode = \"tap\" or mode = \"inline\"");
}

static void ports_in_pairs(void **state)
{
	struct zr_dataplane_config config;

	(void)state;
	is_read("mode = \"inline\";",
		PAIR ", { device = \"c\"; peer = \"d\"; domain = 2; }, { device = \"d\"; peer = \"c\"; domain = 2; }",
		&config);
	assert_true(config.forwards);
	assert_int_equal(config.ports[0].peer, 1);
	assert_int_equal(config.ports[1].peer, 0);
	assert_int_equal(config.ports[2].peer, 3);
	assert_int_equal(config.ports[3].peer, 2);
}

static void pairs_that_cannot_be(void **state)
{
	static const char *const both[] = {
		"3: port \"a\" has no peer to forward to: write peer = \"DEVICE\"",
		"3: port \"b\" has no peer to forward to: write peer = \"DEVICE\"",
	};
	static const char *const three[] = {
		"3: port \"b\" forwards to \"c\", which forwards to \"a\": ports stand in pairs, each the other's peer",
		"3: port \"a\" forwards to \"b\", which forwards to \"c\": ports stand in pairs, each the other's peer",
		"3: port \"c\" forwards to \"a\", which forwards to \"b\": ports stand in pairs, each the other's peer",
	};

	(void)state;
	has_errors("mode = \"inline\";", A("") ", " B(""), 2, both);
	has_error("mode = \"inline\";", A("peer = \"b\";") ", " B(""), both[1]);
	has_error("mode = \"inline\";", A("peer = \"a\";"),
		  "3: peer \"a\" of port \"a\" is itself: name another device of ports");
	has_error("mode = \"inline\";", A("peer = \"x\";"),
		  "3: peer \"x\" of port \"a\" is no port: name another device of ports");
	has_error("mode = \"inline\";", A("peer = 7;"), "3: peer is a text in quotes: write peer = \"0000:03:00.1\"");
	has_errors("mode = \"inline\";",
		   B("peer = \"c\";") ", " A("peer = \"b\";") ", { device = \"c\"; peer = \"a\"; }", 3, three);
	has_error("mode = \"inline\";", A("peer = \"b\"; domain = 1;") ", " B("peer = \"a\"; domain = 2;"),
		  "3: domain of \"b\" and its peer \"a\" differ, and a flow has one: write the same");
	has_error(
		"mode = \"inline\";", A("peer = \"b\"; role = \"core\";") ", " B("peer = \"a\"; role = \"core\";"),
		"3: \"b\" and its peer \"a\" face the same side: write role = \"access\" and role = \"core\", or role "
		"= \"both\" for both");
	has_error(
		"mode = \"inline\";", A("peer = \"b\";") ", " B("peer = \"a\"; role = \"core\";"),
		"3: \"b\" and its peer \"a\" face the same side: write role = \"access\" and role = \"core\", or role "
		"= \"both\" for both");
	has_error(
		"mode = \"inline\";", A("peer = \"b\"; role = \"core\";") ", " B("peer = \"a\";"),
		"3: \"b\" and its peer \"a\" face the same side: write role = \"access\" and role = \"core\", or role "
		"= \"both\" for both");
}

static void marks(void **state)
{
	struct zr_dataplane_config config;

	(void)state;
	is_read("mode = \"inline\"; mark = { default = \"AF11\"; };", PAIR, &config);
	assert_int_equal(config.pipeline.marks.otherwise, 10);
	assert_int_equal(config.pipeline.marks.count, 0);
	assert_int_equal(config.marks.cleared, UINT64_C(1) << 10);
	assert_false(config.marks.outer);
	is_read("mode = \"inline\"; mark = { default = 63; outer = true; clear = false; };", PAIR, &config);
	assert_int_equal(config.pipeline.marks.otherwise, 63);
	assert_int_equal(config.marks.cleared, 0);
	assert_true(config.marks.outer);
	is_read("mode = \"inline\"; mark = { clear = true; rating_groups = ( { rating_group = 90001; dscp = \"CS1\"; },"
		"{ rating_group = 4294967295L; dscp = \"EF\"; }, { dscp = \"none\"; rating_group = 0; } ); };",
		PAIR, &config);
	assert_int_equal(config.pipeline.marks.otherwise, ZR_MARK_NONE);
	assert_int_equal(config.pipeline.marks.count, 3);
	assert_int_equal(config.pipeline.marks.groups[0].rating_group, 90001);
	assert_int_equal(config.pipeline.marks.groups[0].code_point, 8);
	assert_int_equal(config.pipeline.marks.groups[1].rating_group, UINT32_MAX);
	assert_int_equal(config.pipeline.marks.groups[1].code_point, 46);
	assert_int_equal(config.pipeline.marks.groups[2].rating_group, 0);
	assert_int_equal(config.pipeline.marks.groups[2].code_point, ZR_MARK_NONE);
	assert_int_equal(config.marks.cleared, UINT64_C(1) << 8 | UINT64_C(1) << 46);
}

/* The classes of RFC 2597 and RFC 2474 follow a rule. */
static void names_of_code_points(void **state)
{
	struct zr_dataplane_config config;
	char text[64];

	(void)state;
	for (unsigned int class = 1; class <= 7; class ++) {
		snprintf(text, sizeof(text), "mode = \"inline\"; mark = { default = \"CS%u\"; };", class);
		is_read(text, PAIR, &config);
		assert_int_equal(config.pipeline.marks.otherwise, 8 * class);
		for (unsigned int drop = 1; class <= 4 && drop <= 3; drop++) {
			snprintf(text, sizeof(text), "mode = \"inline\"; mark = { default = \"AF%u%u\"; };", class,
				 drop);
			is_read(text, PAIR, &config);
			assert_int_equal(config.pipeline.marks.otherwise, 8 * class + 2 * drop);
		}
	}
	is_read("mode = \"inline\"; mark = { default = \"EF\"; };", PAIR, &config);
	assert_int_equal(config.pipeline.marks.otherwise, 46);
	is_read("mode = \"inline\"; mark = { default = \"VA\"; };", PAIR, &config);
	assert_int_equal(config.pipeline.marks.otherwise, 44);
	is_read("mode = \"inline\"; mark = { default = \"LE\"; };", PAIR, &config);
	assert_int_equal(config.pipeline.marks.otherwise, 1);
}

/* As many rating groups as there is room for, and one more. */
static void rating_groups_up_to_their_bound(void **state)
{
	struct zr_dataplane_config config;

	(void)state;
	for (unsigned int count = ZR_MARK_GROUPS_MAX; count <= ZR_MARK_GROUPS_MAX + 1; count++) {
		char text[8192];
		int len = snprintf(text, sizeof(text), "mode = \"inline\"; mark = { rating_groups = ( ");

		for (unsigned int i = 0; i < count; i++)
			len += snprintf(text + len, sizeof(text) - (size_t)len, "%s{ rating_group = %u; dscp = 9; }",
					i > 0 ? ", " : "", i);
		snprintf(text + len, sizeof(text) - (size_t)len, " ); };");
		if (count == ZR_MARK_GROUPS_MAX) {
			is_read(text, PAIR, &config);
			assert_int_equal(config.pipeline.marks.count, count);
		} else {
			has_error(text, PAIR,
				  "2: rating_groups is a list of 1 to 64 groups in ( ): write rating_groups = ( { "
				  "rating_group = 90001; dscp = \"AF11\"; } )");
		}
	}
}

static void marks_that_cannot_be(void **state)
{
#define CODE_POINTS "is a DSCP code point, 1 to 63, AF11 to AF43, CS1 to CS7, EF, VA, LE or none: write "
	static const char *const cases[][2] = {
		{"{ default = 0; }", "2: code point 0 is what every packet carries that nobody marked: write default = "
				     "\"AF11\" or default = 10"},
		{"{ default = 64; }", "2: default " CODE_POINTS "default = \"AF11\" or default = 10"},
		{"{ default = -1; }", "2: default " CODE_POINTS "default = \"AF11\" or default = 10"},
		{"{ default = \"AF44\"; }", "2: default " CODE_POINTS "default = \"AF11\" or default = 10"},
		{"{ default = 1.5; }", "2: default " CODE_POINTS "default = \"AF11\" or default = 10"},
		{"{ default = { }; }", "2: default " CODE_POINTS "default = \"AF11\" or default = 10"},
		{"{ }", "2: mark marks nothing: write mark = { default = \"AF11\"; }"},
		{"{ default = \"none\"; }", "2: mark marks nothing: write mark = { default = \"AF11\"; }"},
		{"{ default = 10; outer = 1; }", "2: outer is yes or no: write outer = true"},
		{"{ default = 10; rating_groups = 7; }",
		 "2: rating_groups is a list of 1 to 64 groups in ( ): write rating_groups = ( { rating_group = 90001; "
		 "dscp = \"AF11\"; } )"},
		{"{ rating_groups = ( { rating_group = -1; dscp = 10; } ); }",
		 "2: rating_group is a number up to 4294967295, with L behind it beyond 2147483647: write rating_group "
		 "= 90001"},
		{"{ rating_groups = ( { rating_group = 4294967296L; dscp = 10; } ); }",
		 "2: rating_group is a number up to 4294967295, with L behind it beyond 2147483647: write rating_group "
		 "= 90001"},
		{"{ rating_groups = ( { rating_group = 4294967295; dscp = 10; } ); }",
		 "2: rating_group is a number up to 4294967295, with L behind it beyond 2147483647: write rating_group "
		 "= 90001"},
		{"{ rating_groups = ( { rating_group = 1; dscp = 99; } ); }",
		 "2: dscp " CODE_POINTS "dscp = \"AF11\" or dscp = 10"},
		{"{ rating_groups = ( { rating_group = 1; dscp = 9; }, { rating_group = 1; dscp = 8; } ); }",
		 "2: rating group 1 has a mark already: name each once"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char text[512];

		snprintf(text, sizeof(text), "mode = \"inline\"; mark = %s;", cases[i][0]);
		has_error(text, PAIR, cases[i][1]);
	}
}

static int begin(void **state)
{
	(void)state;
	close(mkstemp(path));
	return 0;
}

static int end(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tap_forwards_nothing),
		cmocka_unit_test(ports_in_pairs),
		cmocka_unit_test(pairs_that_cannot_be),
		cmocka_unit_test(marks),
		cmocka_unit_test(names_of_code_points),
		cmocka_unit_test(marks_that_cannot_be),
		cmocka_unit_test(rating_groups_up_to_their_bound),
	};

	return cmocka_run_group_tests(tests, begin, end);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The sample list is good, and says what the shipped captures count on. Its path is the first argument. */
#include "tests/unit/rules/lists.h"

static const char *sample_path;

static struct made read_sample(void)
{
	static char text[1 << 16];
	FILE *file = fopen(sample_path, "rb");
	size_t len;

	assert_non_null(file);
	len = fread(text, 1, sizeof(text), file);
	fclose(file);
	return make_image(text, len);
}

static void names_of_the_captures_are_judged(void **state)
{
	static const char *const wanted[][2] = {
		{"olm.vn", ".olm.vn"},
		{"www.olm.vn", ".olm.vn"},
		{"quangcao.olm.vn", "!quangcao.olm.vn"},
		{"hocmai.vn", ""},
		{"api.hocmai.vn", "*.hocmai.vn"},
		{"lms.vnedu.vn", ".vnedu.vn"},
		{"hanoi.k12online.vn", ".k12online.vn"},
		{"temis.csdl.edu.vn", "temis.csdl.edu.vn"},
		{"csdl.edu.vn", ""},
		{"facebook.com", ""},
	};
	struct made made = read_sample();

	(void)state;
	assert_true(zr_image_serial(made.image) == 2026112201);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_string_equal(ask_name(made.image, wanted[i][0], NOW_S), wanted[i][1]);
	unmake(&made);
}

static void the_exam_host_is_free_in_its_window_only(void **state)
{
	const int64_t from_s = 1780246800, until_s = 1784134800;
	struct made made = read_sample();

	(void)state;
	assert_string_equal(ask_name(made.image, "thi.moet.gov.vn", from_s - 1), "");
	assert_string_equal(ask_name(made.image, "thi.moet.gov.vn", from_s), "thi.moet.gov.vn");
	assert_string_equal(ask_name(made.image, "thi.moet.gov.vn", until_s - 1), "thi.moet.gov.vn");
	assert_string_equal(ask_name(made.image, "thi.moet.gov.vn", until_s), "");
	unmake(&made);
}

static void class_media_are_free_by_address_and_port(void **state)
{
	struct made made = read_sample();

	(void)state;
	assert_string_equal(ask_address(made.image, "203.162.10.9", 17, 8801, NOW_S), "203.162.10.0/24 udp 8801-8810");
	assert_string_equal(ask_address(made.image, "203.162.10.9", 17, 8811, NOW_S), "");
	assert_string_equal(ask_address(made.image, "203.162.10.9", 6, 8801, NOW_S), "");
	assert_string_equal(ask_address(made.image, "2401:d800:10::1", 6, 443, NOW_S), "2401:d800:10::/48");
	assert_string_equal(ask_address(made.image, "2401:d800:11::1", 6, 443, NOW_S), "");
	unmake(&made);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_the_captures_are_judged),
		cmocka_unit_test(the_exam_host_is_free_in_its_window_only),
		cmocka_unit_test(class_media_are_free_by_address_and_port),
	};

	if (argc != 2)
		return 2;
	sample_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}

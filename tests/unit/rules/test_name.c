/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/unit/rules/lists.h"

#include <errno.h>

#include "rules/name.h"
#include "tests/support/guard.h"

static int canonical(const void *in, size_t len, char *out)
{
	struct guard guard;
	int result = zr_name_canonical(guard_copy(&guard, in, len), len, out);

	guard_free(&guard);
	return result;
}

static void expect(const char *in, const char *wanted)
{
	char out[ZR_NAME_MAX + 1];

	assert_int_equal(canonical(in, strlen(in), out), strlen(wanted));
	assert_string_equal(out, wanted);
}

static void refuse(const void *in, size_t len)
{
	char out[ZR_NAME_MAX + 1] = "untouched";

	assert_int_equal(canonical(in, len, out), -EINVAL);
	assert_string_equal(out, "untouched");
}

static void lower_cases_and_drops_one_trailing_dot(void **state)
{
	(void)state;
	expect("WWW.OLM.vn", "www.olm.vn");
	expect("olm.vn.", "olm.vn");
	expect("a", "a");
	expect("_dmarc.a-b.xn--hc-yxs.vn", "_dmarc.a-b.xn--hc-yxs.vn");
}

static void refuses_empty_names_and_labels(void **state)
{
	(void)state;
	refuse("", 0);
	refuse(".", 1);
	refuse("..", 2);
	refuse("olm.vn..", 8);
	refuse(".olm.vn", 7);
	refuse("olm..vn", 7);
}

static void refuses_every_octet_that_is_no_host_character(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char in[] = {'a', (char)c, 'b', '\0'};
		char out[ZR_NAME_MAX + 1];
		int good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
			   c == '_' || c == '.';

		assert_int_equal(canonical(in, 3, out), good ? 3 : -EINVAL);
	}
}

static void takes_labels_of_63_octets_and_no_more(void **state)
{
	char label[80];

	(void)state;
	memset(label, 'x', sizeof(label));
	memcpy(label + 63, ".vn", 4);
	expect(label, label);
	memset(label, 'x', sizeof(label));
	memcpy(label + 64, ".vn", 4);
	refuse(label, strlen(label));
}

static void takes_names_of_253_octets_and_no_more(void **state)
{
	char name[256];

	(void)state;
	for (int i = 0; i < 256; i++)
		name[i] = i % 2 == 0 ? 'a' : '.';
	name[253] = '\0';
	expect(name, name);
	name[253] = '.';
	name[254] = '\0';
	name[252] = 'b';
	{
		char out[ZR_NAME_MAX + 1];

		assert_int_equal(canonical(name, 254, out), 253);
	}
	name[254] = 'a';
	refuse(name, 255);
	refuse(name, 256);
}

static void every_shorter_copy_of_a_name_is_read_within_its_bytes(void **state)
{
	const char name[] = "lms.hanoi.edu.vn.";
	char out[ZR_NAME_MAX + 1];

	(void)state;
	for (size_t len = 0; len < sizeof(name); len++)
		assert_int_equal(canonical(name, len, out) > 0, len > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lower_cases_and_drops_one_trailing_dot),
		cmocka_unit_test(refuses_empty_names_and_labels),
		cmocka_unit_test(refuses_every_octet_that_is_no_host_character),
		cmocka_unit_test(takes_labels_of_63_octets_and_no_more),
		cmocka_unit_test(takes_names_of_253_octets_and_no_more),
		cmocka_unit_test(every_shorter_copy_of_a_name_is_read_within_its_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

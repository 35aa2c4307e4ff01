/* SPDX-License-Identifier: BSD-3-Clause */
/* What the entries of an image cover is what their text says. */
#include "tests/unit/rules/lists.h"

#include "rules/image_rule.h"

static void every_form_is_as_it_was_read(void **state)
{
	struct made made = make_rows("thi.a.vn,s,1\n.B.vn.,s,1\n*.c.vn,s,1\n!d.vn,,\nh\u1ecdc.vn,s,1\n10.0.0.0/24,s,1\n"
				     "10.0.0.0/24 udp,s,1\n10.0.0.0/24 tcp 5-9,s,1\n2001:db8::/32 udp 7,s,1\n");

	(void)state;
	assert_int_equal(zr_image_entry_count(made.image), 9);
	for (uint32_t i = 0; i < 9; i++) {
		struct zr_rule read, kept;
		struct zr_entry entry;

		zr_image_entry(made.image, i, &entry);
		assert_int_equal(zr_rule_parse(entry.rule, strlen(entry.rule), &read, NULL), 0);
		zr_image_rule(made.image, i, &kept);
		assert_int_equal(kept.kind, read.kind);
		assert_int_equal(kept.name_len, read.name_len);
		if (kept.kind == ZR_RULE_BLOCK)
			assert_memory_equal(&kept.block, &read.block, sizeof(kept.block));
		else
			assert_string_equal(kept.name, read.name);
	}
	unmake(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_as_it_was_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
